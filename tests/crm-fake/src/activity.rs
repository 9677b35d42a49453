use serde::{Deserialize, Serialize};

/// Seen from the PBX.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From outside.
    Inbound,
    /// To the outside.
    Outbound,
    /// Between extensions.
    Internal,
}

/// A call in the history of a record. What the CRM does not store is none.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Activity {
    /// The CRM's id.
    pub id: String,
    /// Id of the record whose history it is.
    pub record: String,
    /// Id of the CRM user whose activity it is.
    pub user: Option<String>,
    /// The line that lists show.
    pub subject: String,
    /// The text below it.
    pub body: String,
    /// From or to whom.
    pub direction: Option<Direction>,
    /// How it ended, in the contract's word ("answered", "no-answer") if the CRM keeps it, else in the CRM's own.
    pub outcome: Option<String>,
    /// When the call began, in milliseconds since 1970, as exactly as the CRM stores it.
    pub started_at: Option<u64>,
    /// Time in conversation in milliseconds, as exactly as the CRM stores it.
    pub talked_ms: Option<u64>,
    /// The work key with which it was written, where the CRM stores it.
    pub key: Option<String>,
}
