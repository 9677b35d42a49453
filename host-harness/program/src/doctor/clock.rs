//! Does this machine's clock agree with the CRM's? Signed requests, tokens and the times of calls rest on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::header::DATE;
use http::{HeaderMap, Request};
use pbx_crm_host::core::io::HttpAnswer;
use pbx_crm_host::egress::Wire;

use crate::account::now;

/// So far clocks may differ, in milliseconds.
pub(super) const ALLOWED_MS: u64 = 300_000;

/// Hands on to another wire, and remembers by how much the other side's clock differed: of several answers the least, since an answer may
/// come from a cache.
pub(super) struct Listening {
    wire: Arc<dyn Wire>,
    heard: Heard,
}

/// What was heard: how much this machine's clock is ahead, in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Option<i64>>>);

impl Heard {
    pub(super) fn over(&self, wire: Arc<dyn Wire>) -> Arc<dyn Wire> {
        Arc::new(Listening { wire, heard: self.clone() })
    }

    /// None: no answer told a time.
    pub(super) fn ahead(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, headers: &HeaderMap, now: u64) {
        let told = headers.get(DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
        if let (Some(told), Ok(now)) = (told, i64::try_from(now)) {
            let ahead = now.saturating_sub(told.timestamp_millis());
            let mut least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if least.is_none_or(|least| ahead.unsigned_abs() < least.unsigned_abs()) {
                *least = Some(ahead);
            }
        }
    }
}

impl Wire for Listening {
    fn carry(&self, request: Request<Bytes>, time_left: Duration) -> HttpAnswer {
        let answer = self.wire.carry(request, time_left);
        if let Ok(response) = &answer {
            self.heard.hear(response.headers(), now());
        }
        answer
    }

    fn shut_down(&self) {
        self.wire.shut_down();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_least_difference_counts_and_nonsense_does_not() {
        let heard = Heard::default();
        let hear = |date: &'static str| {
            let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]);
            heard.hear(&headers, 784_111_777_000 + 60_000);
        };
        hear("yesterday");
        assert_eq!(heard.ahead(), None);
        hear("Sun, 06 Nov 1994 08:29:37 GMT");
        assert_eq!(heard.ahead(), Some(1_260_000));
        hear("Sun, 06 Nov 1994 08:49:37 GMT");
        hear("Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(heard.ahead(), Some(60_000));
    }
}
