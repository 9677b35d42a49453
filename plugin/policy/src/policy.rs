//! The hooks: one function each. After every hook of a call the same steps run over the whole call, and its notes keep
//! them from doing anything twice; so it does not matter which event came, in which order, or again after a restart.

use crate::contract::exports::pbx::crm::agent_questions::Asked;
use crate::contract::exports::pbx::crm::crm_answers::{Amended, Created, Journalled, Matched, Refused, Searched};
use crate::contract::exports::pbx::hooks::call_events::{Answered, Ended, Merged, Rang, Started};
use crate::contract::pbx::base::types::HookError;
use crate::contract::pbx::hooks::calls::Call;
use crate::contract::pbx::hooks::log::Level;
use crate::memory::{Memory, Seen, Stage, tell_once};
use crate::message_ids as id;
use crate::outside::{self, Outside, same_number};
use crate::scene::Scene;
use crate::texts::message;
use crate::world::World;
use crate::{cards, creation, identify, journal, keys, pops, questions, refusals};

/// A call began.
pub fn on_start(world: &mut impl World, event: &Started) -> Result<(), HookError> {
    consider(world, &event.call, &mut |_, _, _| {});
    Ok(())
}

/// A phone rings.
pub fn on_ring(world: &mut impl World, event: &Rang) -> Result<(), HookError> {
    if event.resync {
        pops::forgo(world, &event.call, &event.leg);
    }
    consider(world, &event.call, &mut |_, _, _| {});
    Ok(())
}

/// Somebody took the call.
pub fn on_answer(world: &mut impl World, event: &Answered) -> Result<(), HookError> {
    if event.resync {
        pops::forgo(world, &event.call, &event.leg);
    }
    consider(world, &event.call, &mut |_, _, _| {});
    Ok(())
}

/// The call is over.
pub fn on_end(world: &mut impl World, event: &Ended) -> Result<(), HookError> {
    consider(world, &event.call, &mut |_, _, _| {});
    Ok(())
}

/// Two calls became one.
pub fn on_merged(world: &mut impl World, event: &Merged) -> Result<(), HookError> {
    consider(world, &event.call, &mut |_, _, _| {});
    Ok(())
}

/// The CRM was asked for a number.
pub fn on_matched(world: &mut impl World, answer: &Matched) -> Result<(), HookError> {
    if let Some(call) = remembered_call(world, answer.call.as_ref()) {
        consider(world, call, &mut |world, outside, memory| {
            if same_number(&outside.first.number, &answer.number) {
                identify::take_answer(world, outside, memory, &answer.hits);
            }
        });
    }
    Ok(())
}

/// Nothing is searched here, so no answer is waited for.
pub fn on_searched(_world: &mut impl World, _answer: &Searched) -> Result<(), HookError> {
    Ok(())
}

/// A record is there.
pub fn on_created(world: &mut impl World, answer: &Created) -> Result<(), HookError> {
    if let Some(call) = remembered_call(world, answer.call.as_ref()) {
        consider(world, call, &mut |world, outside, memory| take_creation(world, call, outside, memory, answer));
    }
    Ok(())
}

/// A call stands in the CRM's history.
pub fn on_journalled(world: &mut impl World, answer: &Journalled) -> Result<(), HookError> {
    if answer.call.is_some() {
        world.reason("journal", &message(id::JOURNAL_WRITTEN, &[]));
    }
    Ok(())
}

/// An activity was changed.
pub fn on_amended(world: &mut impl World, answer: &Amended) -> Result<(), HookError> {
    if answer.call.is_some() {
        world.reason("journal", &message(id::JOURNAL_AMENDED, &[]));
    }
    Ok(())
}

/// A request failed.
pub fn on_refused(world: &mut impl World, refused: &Refused) -> Result<(), HookError> {
    refusals::tell(world, refused);
    Ok(())
}

/// An agent asks something.
pub fn on_question(world: &mut impl World, asked: &Asked) -> Result<(), HookError> {
    questions::answer(world, asked);
    Ok(())
}

/// Takes the CRM's answer for an outside number. Not a type parameter: the steps below are compiled once, not for each hook.
type News<'n, W> = &'n mut dyn FnMut(&mut W, &Outside<'_>, &mut Memory);

/// All that a call needs now. `news` takes the CRM's answer, if this hook brought one, for each outside number.
fn consider<W: World>(world: &mut W, call: &Call, news: News<'_, W>) {
    if call.parties.is_empty() {
        return;
    }
    let scene = Scene::of(world, call);
    let mut outsiders = outside::groups(call);
    outsiders.sort_by_key(|outside| !outside.is_main());
    if scene.members.is_empty() {
        if let Some(outside) = outsiders.first().filter(|_| scene.ended()) {
            tell_once(world, call, outside, "nothing", &message(id::CALL_NO_BOUND_EXTENSION, &[]));
        }
        return;
    }

    let mut numbers = Vec::new();
    for outside in outsiders {
        let before = Memory::load(world, call, &outside);
        let mut memory = before.clone();
        news(world, &outside, &mut memory);
        identify::look_up(world, &scene, &outside, &mut memory);
        if memory.stage == Stage::Unknown && before.stage != Stage::Unknown {
            creation::decide(world, &scene, &outside, &mut memory);
        }
        numbers.push((outside, before, memory));
    }

    let records: Vec<Seen> = numbers.iter().filter_map(|(_, _, memory)| memory.record.clone()).collect();
    if !scene.ended() {
        cards::show(world, &scene, &records);
    }
    for (outside, before, memory) in &mut numbers {
        if let Some(record) = &memory.record {
            pops::open(world, &scene, outside, record, before.record.is_none());
        }
        journal::write(world, &scene, outside, memory);
        if memory != before {
            memory.save(world, call, outside);
        }
    }
}

fn take_creation(world: &mut impl World, call: &Call, outside: &Outside<'_>, memory: &mut Memory, answer: &Created) {
    let asked = memory.creation.as_ref().is_some_and(|(_, key)| *key == answer.key);
    // The notes may be lost, the key can be told from the call.
    let ours = asked || keys::creation(&call.id, &outside.first.id) == answer.key;
    if !ours || memory.record.is_some() {
        return;
    }
    let why = if answer.was_there { id::CREATED_WAS_THERE } else { id::CREATED_MADE };
    world.reason("created", &message(why, &[("name", &answer.entity.name)]));
    memory.stage = Stage::Found;
    memory.record = Some(Seen::from(&answer.entity));
}

/// A call that was forgotten with its data leaves nobody to tell, and nothing to write about.
fn remembered_call<'a>(world: &mut impl World, call: Option<&'a Call>) -> Option<&'a Call> {
    if call.is_none() {
        world.log(Level::Debug, "an answer came for a call that was forgotten");
    }
    call
}
