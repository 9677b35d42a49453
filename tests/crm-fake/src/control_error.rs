use serde::{Deserialize, Serialize};

/// Why a fake could not do what a test asked of its control side.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "error")]
pub enum ControlError {
    /// This CRM has no such thing.
    #[error("this fake cannot do that: {0}")]
    Unsupported(String),
    /// What was asked makes no sense.
    #[error("not understood: {0}")]
    Invalid(String),
    /// A fake in another process did not answer as it should. Never comes from a fake itself.
    #[error("the fake cannot be reached: {0}")]
    Unreachable(String),
}
