//! Who the outside party is: asking the CRM at most once, and taking its answer.

use crate::choice::{Choice, Likeness, choose};
use crate::contract::pbx::base::types::{Message, Number, NumberKind};
use crate::contract::pbx::crm::known_records::Origin;
use crate::contract::pbx::crm::requests::RequestError;
use crate::contract::pbx::crm::types::Entity;
use crate::memory::{Memory, Seen, Stage};
use crate::message_ids as id;
use crate::outside::Outside;
use crate::scene::Scene;
use crate::texts::message;
use crate::world::World;

/// How long a record that we made is used without asking the CRM, in milliseconds: a day, far longer than any search index lags. Later
/// people may have renamed, merged or deleted it.
const FRESH_MS: u64 = 86_400_000;

/// Looks the party up as soon as a bound extension has to do with it.
pub fn look_up(world: &mut impl World, scene: &Scene<'_>, outside: &Outside<'_>, memory: &mut Memory) {
    let concerned = scene.members.iter().any(|member| outside.concerns(scene.call, member));
    if memory.stage != Stage::Fresh || !concerned {
        return;
    }
    let number = &outside.first.number;
    if let Some(why) = not_to_be_asked(number) {
        memory.stage = Stage::LeftAlone;
        world.reason("nothing", &message(why, &[]));
    } else if let Some(Choice { entity, .. }) = choose(world, number, made_by_us(world, number, FRESH_MS)) {
        // The CRM's search would miss a record that is minutes old.
        world.reason("known-record", &message(id::KNOWN_USED, &record_arguments(&entity)));
        memory.stage = Stage::Found;
        memory.record = Some(Seen::from(&entity));
    } else {
        world.reason("ask", &message(id::ASK_SENT, &[("number", &number.raw)]));
        memory.stage = Stage::Asked;
        if let Err(error) = world.match_number(&scene.call.id, number) {
            memory.stage = Stage::LeftAlone;
            world.reason("nothing", &not_taken(&error));
        }
    }
}

/// Takes the CRM's answer; a number that is settled stays as it is.
pub fn take_answer(world: &mut impl World, outside: &Outside<'_>, memory: &mut Memory, hits: &[Entity]) {
    if matches!(memory.stage, Stage::Found | Stage::Creating) {
        return;
    }
    let number = &outside.first.number;
    let mut candidates = hits.to_vec();
    for ours in made_by_us(world, number, u64::MAX) {
        if !candidates.iter().any(|hit| hit.reference == ours.reference) {
            candidates.push(ours);
        }
    }
    if let Some(choice) = choose(world, number, candidates) {
        world.reason("match", &why_this_one(&choice));
        memory.stage = Stage::Found;
        memory.record = Some(Seen::from(&choice.entity));
    } else if memory.stage != Stage::Unknown {
        world.reason("no-match", &message(id::MATCH_NONE, &[("number", &number.raw)]));
        memory.stage = Stage::Unknown;
    }
}

/// Why a request was not taken, for people.
pub fn not_taken(error: &RequestError) -> Message {
    match error {
        RequestError::SwitchedOff | RequestError::Other(_) => message(id::REQUEST_SWITCHED_OFF, &[]),
        RequestError::Unsupported => message(id::REQUEST_UNSUPPORTED, &[]),
        RequestError::NoNumber => message(id::ASK_NO_FORMS, &[]),
        RequestError::Full => message(id::REQUEST_FULL, &[]),
        RequestError::BadKey => message(id::REQUEST_MISTAKE, &[("what", "key")]),
        RequestError::Invalid(what) => message(id::REQUEST_MISTAKE, &[("what", what)]),
    }
}

fn not_to_be_asked(number: &Number) -> Option<&'static str> {
    match &number.kind {
        NumberKind::External if number.forms.is_empty() => Some(id::ASK_NO_FORMS),
        NumberKind::External => None,
        NumberKind::Withheld => Some(id::ASK_WITHHELD),
        NumberKind::Emergency => Some(id::ASK_EMERGENCY),
        NumberKind::Service => Some(id::ASK_SERVICE),
        NumberKind::Extension | NumberKind::Impossible | NumberKind::Other(_) => Some(id::ASK_IMPOSSIBLE),
    }
}

/// Records of this number that we made and that the CRM told us of at most `age` milliseconds ago.
fn made_by_us(world: &impl World, number: &Number, age: u64) -> Vec<Entity> {
    let since = world.now().saturating_sub(age);
    let known = world.known_by_number(number);
    known.into_iter().filter(|one| matches!(one.origin, Origin::CreatedByUs(_)) && one.seen_at >= since).map(|one| one.entity).collect()
}

fn record_arguments(entity: &Entity) -> [(&str, &str); 3] {
    [("name", &entity.name), ("kind", &entity.reference.kind), ("id", &entity.reference.id)]
}

fn why_this_one(choice: &Choice) -> Message {
    let (digits, others) = match choice.likeness {
        Likeness::Exact => (String::new(), choice.passed_over.to_string()),
        Likeness::Last(digits) => (digits.to_string(), choice.passed_over.to_string()),
    };
    let why = match (choice.likeness, choice.passed_over) {
        (Likeness::Exact, 0) => id::MATCH_EXACT,
        (Likeness::Exact, _) => id::MATCH_EXACT_OTHERS,
        (Likeness::Last(_), 0) => id::MATCH_LAST,
        (Likeness::Last(_), _) => id::MATCH_LAST_OTHERS,
    };
    let mut arguments = record_arguments(&choice.entity).to_vec();
    arguments.push(("stored", &choice.stored));
    if !digits.is_empty() {
        arguments.push(("digits", &digits));
    }
    if choice.passed_over > 0 {
        arguments.push(("others", &others));
    }
    message(why, &arguments)
}
