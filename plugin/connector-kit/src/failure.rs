//! Making the contract's failures.

use crate::{
    base_types::Message,
    text,
    types::{Detail, Failure, Usage},
};

/// What a request does in the CRM. It decides what a lost answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Nothing changes: asking again is harmless.
    Reads,
    /// Something may have changed already: the host must look before it asks again.
    Writes,
}

/// A detail with nothing but words.
#[must_use]
pub fn detail(said: Message) -> Detail {
    Detail { said, status: None, code: None, usage: None, extras: Vec::new() }
}

/// The answer did not come: `unreachable` for reads, `unclear` for writes.
#[must_use]
pub fn lost(effect: Effect, detail: Detail) -> Failure {
    match effect {
        Effect::Reads => Failure::Unreachable(detail),
        Effect::Writes => Failure::Unclear(detail),
    }
}

/// An answer came that should have been a success and makes no sense: `garbled` for reads; `unclear` for writes, since the work may be
/// done.
#[must_use]
pub fn senseless(effect: Effect, detail: Detail) -> Failure {
    match effect {
        Effect::Reads => Failure::Garbled(detail),
        Effect::Writes => Failure::Unclear(detail),
    }
}

/// As [`senseless`], saying where the answer is wrong.
#[must_use]
pub fn wrong_answer(effect: Effect, status: u16, wrong: &crate::json::Wrong) -> Failure {
    let said = text::message("kit.wrong-answer", &[("where", &wrong.place), ("expected", wrong.expected)]);
    senseless(effect, Detail { status: Some(status), ..detail(said) })
}

/// The detail inside a failure, to add to it.
#[must_use]
pub fn detail_of(failure: &mut Failure) -> &mut Detail {
    match failure {
        Failure::Unreachable(detail)
        | Failure::AuthoriseAgain(detail)
        | Failure::Forbidden(detail)
        | Failure::Gone(detail)
        | Failure::Conflict(detail)
        | Failure::Unclear(detail)
        | Failure::Unsupported(detail)
        | Failure::Garbled(detail)
        | Failure::Other(detail) => detail,
        Failure::Busy(pause) | Failure::Quota(pause) => &mut pause.detail,
        Failure::Moved(elsewhere) | Failure::Duplicate(elsewhere) => &mut elsewhere.detail,
        Failure::Invalid(wrong) => &mut wrong.detail,
    }
}

/// The same failure with what it cost.
#[must_use]
pub fn with_usage(mut failure: Failure, usage: Usage) -> Failure {
    detail_of(&mut failure).usage = Some(usage);
    failure
}
