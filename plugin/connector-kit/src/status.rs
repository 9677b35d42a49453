//! What an HTTP status means.

use crate::{
    Effect, Response,
    base_types::{Milliseconds, Moment},
    failure::{self, lost},
    text::{message, quoting},
    time::parse_http_date,
    types::{Detail, Failure, Pause, WrongFields},
};

/// Shortest pause taken from an answer: one second.
pub const SHORTEST_PAUSE: Milliseconds = 1_000;
/// Longest pause taken from an answer: a day.
pub const LONGEST_PAUSE: Milliseconds = 24 * 3_600_000;

/// What the CRM itself said about a refusal. Each vendor has its own place for it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusal {
    /// Its error code.
    pub code: Option<String>,
    /// Its words.
    pub words: Option<String>,
    /// The fields that it complains of.
    pub fields: Vec<String>,
}

/// The failure that a status without special meaning to the vendor stands for; none for 200 to 299.
///
/// | status | failure |
/// |---|---|
/// | 300 to 399 | garbled: redirections are not followed, and nothing was done |
/// | 401 | authorise-again |
/// | 403 | forbidden |
/// | 404, 410 | gone |
/// | 405, 501 | unsupported |
/// | 407 | unreachable: a proxy answered |
/// | 408, 425, 429 | busy, with the pause of `retry-after` |
/// | 409 | conflict; connectors to whose CRM it means more look first |
/// | other 4xx | invalid |
/// | other 5xx | unreachable for reads, unclear for writes |
/// | anything else | garbled for reads, unclear for writes |
#[must_use]
pub fn failure(response: &Response, effect: Effect, now: Moment, refusal: &Refusal) -> Option<Failure> {
    let status = response.status;
    if (200..=299).contains(&status) {
        return None;
    }
    let detail = |id| {
        let plain = message(id, &[("status", &status.to_string())]);
        let said = match &refusal.words {
            Some(words) => quoting(plain, words),
            None => plain,
        };
        Detail { status: Some(status), code: refusal.code.clone(), ..failure::detail(said) }
    };
    Some(match status {
        300..=399 => Failure::Garbled(detail("kit.status-redirect")),
        401 => Failure::AuthoriseAgain(detail("kit.status-authorise")),
        403 => Failure::Forbidden(detail("kit.status-forbidden")),
        404 | 410 => Failure::Gone(detail("kit.status-gone")),
        405 | 501 => Failure::Unsupported(detail("kit.status-unsupported")),
        407 => Failure::Unreachable(detail("kit.status-between")),
        408 | 425 | 429 => {
            let wait = response.header("retry-after").and_then(|text| retry_after(text, now));
            Failure::Busy(Pause { wait, detail: detail("kit.status-busy") })
        }
        409 => Failure::Conflict(detail("kit.status-conflict")),
        400..=499 => {
            let fields = refusal.fields.clone();
            Failure::Invalid(WrongFields { fields, detail: detail("kit.status-invalid") })
        }
        502..=504 => lost(effect, detail("kit.status-between")),
        500..=599 => lost(effect, detail("kit.status-broken")),
        _ => failure::senseless(effect, detail("kit.status-senseless")),
    })
}

/// The pause that a `retry-after` header asks for, [`SHORTEST_PAUSE`] to [`LONGEST_PAUSE`]. None: it is neither seconds nor a date.
#[must_use]
pub fn retry_after(text: &str, now: Moment) -> Option<Milliseconds> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let wait = if !digits.is_empty() && digits.bytes().all(|sign| sign.is_ascii_digit()) {
        let seconds = if digits.len() < text.len() { 0 } else { digits.parse().unwrap_or(u64::MAX) };
        seconds.saturating_mul(1_000)
    } else {
        parse_http_date(text)?.saturating_sub(now)
    };
    Some(wait.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The failure's case, or "ok".
    fn kind(status: u16, effect: Effect) -> String {
        let response = Response { status, headers: Vec::new(), body: Vec::new() };
        let Some(failure) = failure(&response, effect, 0, &Refusal::default()) else {
            return "ok".to_owned();
        };
        let shown = format!("{failure:?}");
        shown.trim_start_matches("Failure::").split('(').next().unwrap().to_owned()
    }

    #[test]
    fn maps_statuses() {
        let table = [
            (200, "ok", "ok"),
            (302, "Garbled", "Garbled"),
            (400, "Invalid", "Invalid"),
            (401, "AuthoriseAgain", "AuthoriseAgain"),
            (403, "Forbidden", "Forbidden"),
            (404, "Gone", "Gone"),
            (405, "Unsupported", "Unsupported"),
            (407, "Unreachable", "Unreachable"),
            (409, "Conflict", "Conflict"),
            (410, "Gone", "Gone"),
            (422, "Invalid", "Invalid"),
            (429, "Busy", "Busy"),
            (500, "Unreachable", "Unclear"),
            (501, "Unsupported", "Unsupported"),
            (503, "Unreachable", "Unclear"),
            (599, "Unreachable", "Unclear"),
            (99, "Garbled", "Unclear"),
            (600, "Garbled", "Unclear"),
        ];
        for (status, reads, writes) in table {
            assert_eq!(kind(status, Effect::Reads), reads, "{status}");
            assert_eq!(kind(status, Effect::Writes), writes, "{status}");
        }
    }

    #[test]
    fn clamps_pauses() {
        let now = 1_767_578_400_000;
        assert_eq!(retry_after("30", now), Some(30_000));
        assert_eq!(retry_after("0", now), Some(SHORTEST_PAUSE));
        assert_eq!(retry_after("-5", now), Some(SHORTEST_PAUSE));
        assert_eq!(retry_after("315360000", now), Some(LONGEST_PAUSE));
        assert_eq!(retry_after("99999999999999999999999", now), Some(LONGEST_PAUSE));
        assert_eq!(retry_after("Mon, 05 Jan 2026 02:01:00 GMT", now), Some(60_000));
        assert_eq!(retry_after("Mon, 05 Jan 2015 02:01:00 GMT", now), Some(SHORTEST_PAUSE));
        for bad in ["", "-", "soon", "1.5", "+3"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
    }
}
