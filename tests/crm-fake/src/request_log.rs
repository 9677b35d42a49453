use std::collections::VecDeque;

use crate::{Answer, Operation, RecordedRequest};

/// The requests that a fake got. Keeps the last [`RequestLog::CAPACITY`].
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    kept: VecDeque<RecordedRequest>,
}

impl RequestLog {
    /// How many are kept: more than any scenario makes, few enough for a day of load.
    pub const CAPACITY: usize = 200_000;

    /// Notes a request and how it ended. `cost` is in the CRM's own counting. A request that never arrived
    /// ([`Outcome::Refused`](crate::Outcome::Refused)) is noted too: with no status.
    pub fn note(&mut self, at_ms: u64, method: &http::Method, uri: &http::Uri, operation: Operation, answer: &Answer, cost: u32) {
        if self.kept.len() >= Self::CAPACITY {
            self.kept.pop_front();
        }
        let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
        let method = method.as_str().to_owned();
        self.kept.push_back(RecordedRequest { at_ms, method, path, operation, status: answer.status(), cost });
    }

    /// Oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }
}
