use std::collections::BTreeMap;

/// Requests whose connection was cut before their work was done, until that is done; see
/// [`Plan::commits_at`](crate::Plan::commits_at).
#[derive(Debug, Default)]
pub struct LateCommits {
    /// By the moment, then by their order.
    waiting: BTreeMap<(u64, u64), http::Request<Vec<u8>>>,
    kept: u64,
}

impl LateCommits {
    /// Keeps a request until `at_ms`.
    pub fn keep(&mut self, at_ms: u64, request: http::Request<Vec<u8>>) {
        self.kept = self.kept.saturating_add(1);
        self.waiting.insert((at_ms, self.kept), request);
    }

    /// The next one whose time has come at `now_ms`, with its time.
    pub fn due(&mut self, now_ms: u64) -> Option<(u64, http::Request<Vec<u8>>)> {
        let first = self.waiting.first_entry()?;
        let (at_ms, _) = *first.key();
        (at_ms <= now_ms).then(|| (at_ms, first.remove()))
    }
}
