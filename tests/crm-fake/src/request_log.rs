use std::collections::VecDeque;

use http::Request;

use crate::{Answer, Operation, RecordedRequest, secrets};

/// The requests that a fake got. Keeps the last [`RequestLog::CAPACITY`], and of the last [`RequestLog::DETAILED`] also headers and body where
/// the fake gives them.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    kept: VecDeque<RecordedRequest>,
}

impl RequestLog {
    /// How many are kept: more than any scenario makes, few enough for a day of load.
    pub const CAPACITY: usize = 200_000;
    /// How many are kept with headers and body.
    pub const DETAILED: usize = 5_000;
    /// Longest body that is kept, in bytes; the rest is left away.
    pub const BODY: usize = 64 * 1024;

    /// Notes a request and how it ended. `cost` is in the CRM's own counting. A request that never arrived
    /// ([`Outcome::Refused`](crate::Outcome::Refused)) is noted too: with no status. Secrets in the query are hidden.
    pub fn note(&mut self, at_ms: u64, method: &http::Method, uri: &http::Uri, operation: Operation, answer: &Answer, cost: u32) {
        if self.kept.len() >= Self::CAPACITY {
            self.kept.pop_front();
        }
        let path = secrets::path(uri.path_and_query().map_or_else(|| uri.path(), |path| path.as_str()));
        let method = method.as_str().to_owned();
        let status = answer.status();
        self.kept.push_back(RecordedRequest { at_ms, method, path, operation, status, cost, headers: None, body: None });
        // What falls out of the detailed part keeps its line.
        if let Some(old) = self.kept.len().checked_sub(Self::DETAILED + 1).and_then(|at| self.kept.get_mut(at)) {
            old.headers = None;
            old.body = None;
        }
    }

    /// As [`RequestLog::note`], with headers and body, secrets hidden.
    pub fn note_whole(&mut self, at_ms: u64, request: &Request<Vec<u8>>, operation: Operation, answer: &Answer, cost: u32) {
        self.note(at_ms, request.method(), request.uri(), operation, answer, cost);
        if let Some(noted) = self.kept.back_mut() {
            noted.headers = Some(secrets::headers(request.headers()));
            noted.body = (!request.body().is_empty()).then(|| secrets::body(request.headers(), request.body(), Self::BODY));
        }
    }

    /// Oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }
}
