//! Requests that were not fulfilled: telling why, in words of people. Trying again is the host's business.

use crate::contract::exports::pbx::crm::crm_answers::{Fate, Refused, Work};
use crate::contract::pbx::crm::types::{Detail, Failure};
use crate::message_ids as id;
use crate::texts::message;
use crate::world::World;

/// One reason for each time that the host tells: with the first failure, and when it gives up.
pub fn tell(world: &mut impl World, refused: &Refused) {
    let decision = match &refused.work {
        Work::Match(_) => "ask",
        Work::Create(_) => "create",
        Work::Journal(_) | Work::Amend(_) => "journal",
        // Never asked for here.
        Work::Search(_) | Work::Visibility(_) | Work::Other(_) => return,
    };
    let dead = matches!(refused.fate, Fate::Dead);
    let why = match (&refused.why, dead) {
        (Failure::Unreachable(_), false) => id::WAITING_UNREACHABLE,
        (Failure::Busy(_), false) => id::WAITING_BUSY,
        (Failure::Quota(_), false) => id::WAITING_QUOTA,
        (Failure::AuthoriseAgain(_), false) => id::WAITING_AUTHORISE_AGAIN,
        (_, false) => id::WAITING_OTHER,
        (Failure::Forbidden(_), true) => id::DEAD_FORBIDDEN,
        (Failure::Gone(_), true) => id::DEAD_GONE,
        (Failure::Invalid(_), true) => id::DEAD_INVALID,
        (Failure::Unsupported(_), true) => id::DEAD_UNSUPPORTED,
        (_, true) => id::DEAD_OTHER,
    };
    let mut why = message(why, &[]);
    why.verbatim = detail(&refused.why).said.verbatim.clone();
    world.reason(decision, &why);
}

fn detail(failure: &Failure) -> &Detail {
    match failure {
        Failure::Busy(pause) | Failure::Quota(pause) => &pause.detail,
        Failure::Moved(elsewhere) | Failure::Duplicate(elsewhere) => &elsewhere.detail,
        Failure::Invalid(wrong) => &wrong.detail,
        Failure::Unreachable(detail)
        | Failure::AuthoriseAgain(detail)
        | Failure::Forbidden(detail)
        | Failure::Gone(detail)
        | Failure::Conflict(detail)
        | Failure::Unclear(detail)
        | Failure::Unsupported(detail)
        | Failure::Garbled(detail)
        | Failure::Other(detail) => detail,
    }
}
