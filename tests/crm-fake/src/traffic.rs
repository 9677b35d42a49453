use serde::{Deserialize, Serialize};

/// What a request is for, in the words of the connectors' contract.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Who has these numbers? May use an index.
    Find,
    /// Who has this number? From the data itself.
    ExactCheck,
    /// By a piece of text.
    Search,
    /// Making a record.
    Create,
    /// Was it made?
    FindCreated,
    /// Journalling calls.
    Write,
    /// Were they journalled?
    FindWritten,
    /// Changing what was journalled.
    Amend,
    /// Who are we?
    Verify,
    /// Anything else: pages for people, sign-in, what the fake refused.
    Other,
}

/// A request that the fake got.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecordedRequest {
    /// When, by the clock that the tests give.
    pub at_ms: u64,
    /// "GET", ...
    pub method: String,
    /// Path with the query as it was sent.
    pub path: String,
    /// What it was for.
    pub operation: Operation,
    /// Status of the answer; none if there was no answer.
    pub status: Option<u16>,
    /// What it cost in the CRM's own counting.
    pub cost: u32,
    /// The headers in their order, names in lower case, where the fake keeps them; secrets are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<(String, String)>>,
    /// The body, where the fake keeps it; secrets are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What comes back for a request.
#[derive(Debug)]
pub struct Answer {
    /// How long the CRM took until the last byte of the answer, in milliseconds. No fake sleeps: a simulation adds it to its clock.
    pub after_ms: u64,
    /// How its body dribbled; none: it came at once. The time that this took is in `after_ms` already.
    pub pace: Option<Pace>,
    /// What came.
    pub outcome: Outcome,
}

/// How fast a body dribbles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// Milliseconds before each piece.
    pub ms: u64,
    /// Bytes in a piece.
    pub bytes: u32,
}

impl Pace {
    /// How long a body of this length takes, in milliseconds.
    #[must_use]
    pub fn total_ms(&self, length: usize) -> u64 {
        let pieces = u64::try_from(length).unwrap_or(u64::MAX).div_ceil(u64::from(self.bytes.max(1)));
        pieces.saturating_mul(self.ms)
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Outcome {
    /// With an answer.
    Response(http::Response<Vec<u8>>),
    /// The request was sent, and the connection closed without an answer. The CRM may or may not have done its work.
    Cut,
    /// The connection was never made; nothing was sent.
    Refused,
}

impl Answer {
    /// An answer that comes at once.
    #[must_use]
    pub fn now(response: http::Response<Vec<u8>>) -> Self {
        Self { after_ms: 0, pace: None, outcome: Outcome::Response(response) }
    }

    /// Status of the answer, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Response(response) => Some(response.status().as_u16()),
            Outcome::Cut | Outcome::Refused => None,
        }
    }
}
