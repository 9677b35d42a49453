use serde::{Deserialize, Serialize};

/// A user of the CRM that a test puts into it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SeedUser {
    /// The id by which the test speaks of the user; absent: the next free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The whole name.
    pub name: String,
    /// Several users may share one.
    pub email: String,
    /// May they sign in and own records?
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}
