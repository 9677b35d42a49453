//! Questions that agents ask on the card of a call.

use crate::contract::exports::pbx::crm::agent_questions::{Asked, Question};
use crate::contract::pbx::crm::types::RecordRef;
use crate::contract::pbx::hooks::clients::Lifetime;
use crate::message_ids as id;
use crate::texts::message;
use crate::world::World;

/// How long a page that was asked for may take to open, in milliseconds.
const PATIENCE: u64 = 60_000;

/// Answers the question in any case, so that nobody waits for the host's "no answer".
pub fn answer(world: &mut impl World, asked: &Asked) {
    let refusal = match &asked.question {
        Question::OpenRecord(reference) => match open_record(world, asked, reference) {
            Ok(()) => return world.reply_done(&asked.request, &message(id::QUESTION_OPENED, &[])),
            Err(why) => why,
        },
        // The cards of this policy have no buttons.
        Question::Press(_) => id::QUESTION_UNKNOWN_BUTTON,
        Question::ChooseMatch(_)
        | Question::Create(_)
        | Question::Note(_)
        | Question::Dial(_)
        | Question::Search(_)
        | Question::Other(_) => id::QUESTION_NOT_OFFERED,
    };
    world.reply_refused(&asked.request, &message(refusal, &[]));
}

fn open_record(world: &mut impl World, asked: &Asked, reference: &RecordRef) -> Result<(), &'static str> {
    let call = asked.call.as_ref().ok_or(id::QUESTION_NEEDS_CALL)?;
    world.user_of(&asked.asked_by, &reference.connector).ok_or(id::QUESTION_NOT_BOUND)?;
    let link = world.link(reference).ok_or(id::QUESTION_NO_PAGE)?;
    let title = world.known(reference).map_or_else(|| reference.id.clone(), |known| known.entity.name);
    let lifetime = Lifetime::Until(world.now().saturating_add(PATIENCE));
    world.reason("open-page", &message(id::POP_ASKED_FOR, &[("name", &title), ("extension", &asked.asked_by)]));
    world.open_page(&asked.asked_by, &call.id, &link, &title, &lifetime).map_err(|_| id::QUESTION_NOT_OPENED)
}
