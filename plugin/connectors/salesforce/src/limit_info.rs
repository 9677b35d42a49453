//! `Sforce-Limit-Info`: what is left of the API requests of the last 24 hours.

use pbx_connector_kit::Response;

const HEADER: &str = "sforce-limit-info";
const ITEM: &str = "api-usage";

/// In the log, without the header's own words, which are the CRM's.
const WARNING: &str = "the header Sforce-Limit-Info cannot be read and is ignored";

/// The header is not of the known form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Unreadable;

/// Requests used and allowed, as an answer tells them; for a while more may be used than allowed. None: it does not tell, or tells nonsense, which
/// the log says then.
pub fn told(response: &Response) -> Option<(u64, u64)> {
    let (_, value) = response.headers.iter().find(|(name, _)| name == HEADER)?;
    let text = std::str::from_utf8(value).map_err(|_| Unreadable);
    text.and_then(read).unwrap_or_else(|Unreadable| {
        log::warn(WARNING);
        None
    })
}

/// Requests used and allowed, from a header such as `api-usage=891/15000; per-app-api-usage=17/250(appName=x)`. None: it speaks of other
/// limits only.
fn read(header: &str) -> Result<Option<(u64, u64)>, Unreadable> {
    let mut items = header.split(';').map(|item| item.trim().split_once('=').unwrap_or((item.trim(), "")));
    let Some((_, value)) = items.clone().find(|(name, _)| name.trim() == ITEM) else {
        return if items.any(|(_, value)| !value.is_empty()) { Ok(None) } else { Err(Unreadable) };
    };
    let (used, allowed) = value.split_once('/').ok_or(Unreadable)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| Unreadable);
    let (used, allowed) = (number(used)?, number(allowed)?);
    if allowed == 0 { Err(Unreadable) } else { Ok(Some((used, allowed))) }
}

#[cfg(target_arch = "wasm32")]
mod log {
    use pbx_connector_kit::connector_log::{self, Level};

    pub fn warn(text: &str) {
        connector_log::write(Level::Warning, text, &[]);
    }
}

/// Outside a component there is no log, only whoever looks what would stand in it.
#[cfg(not(target_arch = "wasm32"))]
mod log {
    use std::cell::RefCell;

    thread_local! {
        static WARNINGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub fn warn(text: &str) {
        WARNINGS.with_borrow_mut(|warnings| warnings.push(text.to_owned()));
    }

    /// Those of this thread since this was asked last.
    #[cfg(test)]
    pub fn warnings() -> Vec<String> {
        WARNINGS.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &[u8])]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        Response { status: 200, headers, body: Vec::new() }
    }

    #[test]
    fn reads_by_key_and_ignores_the_rest() {
        for (header, told) in [
            ("api-usage=891/15000", Some((891, 15_000))),
            ("api-usage=15000/15000", Some((15_000, 15_000))),
            ("api-usage=15010/15000", Some((15_010, 15_000))),
            ("api-bursts=1/750; api-usage=3/9; x", Some((3, 9))),
            ("per-app-api-usage=17/250(appName=x); api-usage = 1/2", Some((1, 2))),
            ("per-app-api-usage=17/250(appName=api)", None),
        ] {
            assert_eq!(read(header), Ok(told), "{header}");
        }
    }

    #[test]
    fn f23_a_header_that_cannot_be_true_is_known() {
        for header in [
            "",
            ";",
            "x",
            "api-usage",
            "api-usage=1",
            "api-usage=a/b",
            "api-usage=-1/5",
            "api-usage=1/99999999999999999999",
            "api-usage=0/0",
        ] {
            assert_eq!(read(header), Err(Unreadable), "{header}");
        }
    }

    #[test]
    fn f23_a_header_that_is_ignored_is_told_in_the_log_and_one_that_is_absent_is_not() {
        for (headers, told_of, warned) in [
            (vec![], None, false),
            (vec![("sforce-limit-info", b"api-usage=1/5".as_slice())], Some((1, 5)), false),
            (vec![("x", b"1".as_slice()), ("sforce-limit-info", b"api-usage=?".as_slice())], None, true),
            (vec![("sforce-limit-info", b"api-usage=\xff".as_slice())], None, true),
        ] {
            assert_eq!(told(&answer(&headers)), told_of, "{headers:?}");
            let warnings: &[&str] = if warned { &[WARNING] } else { &[] };
            assert_eq!(log::warnings(), warnings, "{headers:?}");
        }
    }
}
