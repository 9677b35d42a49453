//! The contract's words for what has a case there, for CRMs that take any text.

use crate::base_types::{Direction, Outcome};

/// "inbound", "outbound" or "internal".
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

/// Such as "no-answer". What is newer than this release is "failed", as the contract says.
#[must_use]
pub fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Missed => "missed",
        Outcome::Voicemail => "voicemail",
        Outcome::NoAnswer => "no-answer",
        Outcome::Busy => "busy",
        Outcome::Forwarded => "forwarded",
        Outcome::Lost => "lost",
        Outcome::Failed | Outcome::Other(_) => "failed",
    }
}
