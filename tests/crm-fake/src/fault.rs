use serde::{Deserialize, Serialize};

use crate::{Operation, fault_form::FaultForm};

/// Something that goes wrong, as tests write it in JSON or TOML:
///
/// ```toml
/// what = "status"
/// status = 429
/// retry-after = 30
/// on = ["write"]
/// times = 2
/// ```
///
/// Names that do not belong to the kind of fault are refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "FaultForm", into = "FaultForm")]
pub struct Fault {
    /// What happens (`what`, and the fields of that kind).
    pub what: FaultKind,
    /// To which requests; empty: to all that it can happen to.
    pub on: Vec<Operation>,
    /// To how many of them; then it is spent. None: until the faults are cleared. At least 1.
    pub times: Option<u32>,
}

/// Longest time between a cut and its late commit, in milliseconds.
pub const LATEST_COMMIT_MS: u64 = 20_000;

/// Kinds of fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// `delay`: the answer comes `ms` milliseconds later; with `to-ms`, anything from `ms` to `to-ms`, evenly spread and the same in
    /// each run. Several delays add up.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// `to-ms`: the longest; at least `ms`.
        to_ms: Option<u64>,
    },
    /// `search-lag`: a new record is hidden from [`Operation::Find`] and [`Operation::Search`] until it is `ms` milliseconds old, as in
    /// a CRM whose search index is late. The exact check sees it.
    SearchLag {
        /// Milliseconds.
        ms: u64,
    },
    /// `unreachable`: no connection; nothing is sent, nothing is done.
    Unreachable,
    /// `status`: answered so, without doing anything.
    Status {
        /// 400 to 599, or 300 to 399 for redirections that must not be followed.
        status: u16,
        /// `body`, sent as `text/plain`, or as JSON if it is JSON; absent: the fake's own error of that status, or none.
        body: Option<String>,
        /// `retry-after`: the header's text, however senseless; in TOML and JSON also a number.
        retry_after: Option<String>,
    },
    /// `cut-before-commit`: the connection breaks after the request was sent; nothing is done.
    CutBeforeCommit,
    /// `cut-after-commit`: the work is done, and the connection breaks before the answer.
    CutAfterCommit,
    /// `commit-after-cut`: the connection breaks after the request was sent, and the work is done `ms` milliseconds later, at most
    /// [`LATEST_COMMIT_MS`]: a client that looks at once whether it was done sees nothing.
    CommitAfterCut {
        /// Milliseconds.
        ms: u64,
    },
    /// `slow-loris`: the work is done; the answer's body dribbles, `bytes` bytes every `ms` milliseconds. Where time is virtual, the answer
    /// comes when its last byte is there.
    SlowLoris {
        /// Milliseconds before each piece.
        ms: u64,
        /// Bytes in a piece; at least 1.
        bytes: u32,
    },
    /// `clock-shift`: the CRM's own clock is `ms` milliseconds ahead, or behind if that is negative. Belongs to no request: takes neither
    /// `on` nor `times`. The last one counts.
    ClockShift {
        /// Milliseconds.
        ms: i64,
    },
    /// `garbled`: the work is done; the body of the answer is a web page.
    Garbled,
    /// `garbled` with `body`: the work is done; this is the body of the answer, whose status stays. Sent as `text/plain`, or as JSON if it
    /// is JSON. So `""` and `"{}"` are a success that does not say what was done.
    GarbledTo {
        /// `body`.
        body: String,
    },
    /// `truncated`: the work is done; the second half of the answer's body is missing.
    Truncated,
}

impl Fault {
    /// A fault that happens to every request until the faults are cleared.
    #[must_use]
    pub fn always(what: FaultKind) -> Self {
        Self { what, on: Vec::new(), times: None }
    }

    /// Narrowed to these operations.
    #[must_use]
    pub fn on(mut self, operations: &[Operation]) -> Self {
        self.on = operations.to_vec();
        self
    }

    /// Spent after so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Can it happen to a request of this kind?
    #[must_use]
    pub fn concerns(&self, operation: Operation) -> bool {
        let named = self.on.is_empty() || self.on.contains(&operation);
        match self.what {
            FaultKind::SearchLag { .. } => named && matches!(operation, Operation::Find | Operation::Search),
            FaultKind::ClockShift { .. } => false,
            _ => named,
        }
    }
}
