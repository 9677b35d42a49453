//! The call journal: one entry for each CRM user who took part, about each outside party with a record.

use crate::contract::pbx::crm::types::{About, JournalEntry, UserRef};
use crate::contract::pbx::hooks::calls::{Call, Direction, Leg, Outcome, Party};
use crate::identify::not_taken;
use crate::involvement::{Member, Participant, anybody_talked, by_group, participants, taken_by_a_colleague};
use crate::keys;
use crate::memory::{Memory, Stage};
use crate::message_ids as id;
use crate::outside::Outside;
use crate::scene::Scene;
use crate::settings::{DEFAULT_DESCRIPTION, DEFAULT_SUBJECT};
use crate::template::{Template, Variable};
use crate::texts::{message, word};
use crate::wording::{cut, duration, list, one_line, shown, time, with_line_feeds};
use crate::world::World;

/// Version of an entry's meaning.
const VERSION: u32 = 1;
/// Most bytes of a subject.
const SUBJECT_BYTES: usize = 255;
/// Most bytes of a body.
const BODY_BYTES: usize = 32_000;

/// Asks for the entries about a number, once, after the call's end and when it is known where they go.
pub fn write(world: &mut impl World, scene: &Scene<'_>, outside: &Outside<'_>, memory: &mut Memory) {
    let destination = match (memory.stage, &memory.record, &memory.creation) {
        (Stage::Found, Some(record), _) => Some((record.reference.connector.clone(), About::Existing(record.reference.clone()))),
        (Stage::Creating, _, Some((connector, key))) => Some((connector.clone(), About::CreatedBy(key.clone()))),
        _ => None,
    };
    let Some((connector, about)) = destination.filter(|_| scene.ended() && !memory.journalled) else {
        return;
    };
    memory.journalled = true;
    if !scene.settings.journal {
        world.reason("nothing", &message(id::JOURNAL_OFF, &[]));
        return;
    }
    let (users, strangers) = participants(world, &scene.members, &connector);
    let templates = Templates::read(world, scene);
    let mut left_out: Vec<&str> = Vec::new();
    let mut written = false;
    for party in &outside.all {
        for participant in &users {
            match part_of(scene, party, participant) {
                Part::None => {}
                Part::LeftOut(extension) => left_out.push(extension),
                Part::Took(part) => {
                    written = true;
                    let record_name = memory.record.as_ref().map(|record| record.name.as_str());
                    let entry = entry(world, scene.call, party, participant, &part, record_name, &templates);
                    let key = keys::journal(&scene.call.id, &party.id, &participant.user.reference);
                    world.reason("journal", &why(scene.call, participant, &part));
                    if let Err(error) = world.journal(&key, &about, &entry) {
                        world.reason("nothing", &not_taken(&error));
                    }
                }
            }
        }
    }
    if !left_out.is_empty() {
        let why = if anybody_talked(scene.call) { id::JOURNAL_ANSWERING_ONLY_LEFT } else { id::JOURNAL_NOBODY_ANSWERED };
        world.reason("nothing", &message(why, &[("extensions", &list(&left_out))]));
    }
    if !strangers.is_empty() {
        world.reason("nothing", &message(id::JOURNAL_NOT_BOUND, &[("extensions", &list(&strangers))]));
    }
    if !written && left_out.is_empty() && strangers.is_empty() {
        world.reason("nothing", &message(id::JOURNAL_NOBODY, &[]));
    }
}

/// What a user did with a party.
enum Part<'a> {
    /// Nothing that an entry could tell.
    None,
    /// This extension rang with its group and did not answer, and such entries are not wanted.
    LeftOut(&'a str),
    /// Something to write.
    Took(Took<'a>),
}

struct Took<'a> {
    extension: &'a str,
    outcome: Outcome,
    talked: u64,
}

fn part_of<'a>(scene: &Scene<'_>, party: &Party, participant: &Participant<'_, 'a>) -> Part<'a> {
    let call = scene.call;
    let talks: Vec<(&Member<'a>, u64)> =
        participant.members.iter().filter_map(|member| member.talked_with(call, party).map(|talked| (*member, talked))).collect();
    // The first of those who talked longest.
    if let Some((longest, _)) = talks.iter().rev().max_by_key(|(_, talked)| *talked) {
        let talked = talks.iter().map(|(_, talked)| *talked).fold(0, u64::saturating_add);
        return Part::Took(Took { extension: longest.extension, outcome: Outcome::Answered, talked });
    }
    let talked_elsewhere = participant.members.iter().any(|member| member.talked(call));
    let legs = || participant.members.iter().flat_map(|member| member.legs.iter().map(|leg| (member.extension, *leg)));
    let placed = legs().find(|(_, leg)| leg.placed_call);
    let called_itself = legs().find(|(_, leg)| !by_group(leg));
    let Some((extension, leg)) = placed.or(called_itself).or_else(|| legs().next()) else {
        return Part::None;
    };
    if !party.main || talked_elsewhere {
        Part::None
    } else if scene.settings.answering_only && by_group(leg) && !leg.placed_call {
        Part::LeftOut(extension)
    } else {
        Part::Took(Took { extension, outcome: without_talk(call, leg), talked: 0 })
    }
}

/// The call's outcome as one sees it who did not talk.
fn without_talk(call: &Call, leg: &Leg) -> Outcome {
    let outcome = call.outcome.clone().unwrap_or(Outcome::Lost);
    let dialled_out = leg.placed_call && call.direction != Direction::Inbound;
    match (dialled_out, outcome) {
        (false, outcome @ (Outcome::Voicemail | Outcome::Forwarded | Outcome::Busy)) => outcome,
        (false, _) => Outcome::Missed,
        (true, outcome @ (Outcome::NoAnswer | Outcome::Busy | Outcome::Failed | Outcome::Forwarded | Outcome::Lost)) => outcome,
        (true, Outcome::Other(_)) => Outcome::Failed,
        (true, Outcome::Answered | Outcome::Missed | Outcome::Voicemail) => Outcome::NoAnswer,
    }
}

struct Templates {
    subject: Template,
    description: Template,
}

impl Templates {
    /// A template with faults cannot have been saved; should one be there, the call is journalled all the same.
    fn read(world: &mut impl World, scene: &Scene<'_>) -> Self {
        let mut read = |text: &str, default: &str| {
            Template::parse(text).or_else(|_| {
                world.reason("journal", &message(id::JOURNAL_TEMPLATE_BROKEN, &[]));
                Template::parse(default)
            })
        };
        Self {
            subject: read(&scene.settings.subject, DEFAULT_SUBJECT).unwrap_or_default(),
            description: read(&scene.settings.description, DEFAULT_DESCRIPTION).unwrap_or_default(),
        }
    }
}

fn entry(
    world: &impl World,
    call: &Call,
    party: &Party,
    participant: &Participant<'_, '_>,
    part: &Took<'_>,
    record_name: Option<&str>,
    templates: &Templates,
) -> JournalEntry {
    let started = world.wall_clock_at(call.started_at);
    let facts = world.facts();
    let outside = shown(record_name.or(party.name.as_deref()), &party.number.raw);
    let directory = world.extension(part.extension);
    let inside = shown(directory.map(|extension| extension.name).as_deref(), part.extension);
    // Seen from the party: it was dialled in every call that did not come from outside.
    let direction = match call.direction {
        Direction::Inbound => Direction::Inbound,
        Direction::Outbound | Direction::Internal => Direction::Outbound,
    };
    let (from, to) = if direction == Direction::Inbound { (outside, inside) } else { (inside, outside) };
    let value = |variable| match variable {
        Variable::Time => time(&started),
        Variable::CallLogStatus => word(&facts.language, status(direction, &part.outcome)).to_owned(),
        Variable::CallFrom => from.clone(),
        Variable::CallTo => to.clone(),
        Variable::TalkDuration => duration(part.talked),
    };
    let subject = one_line(&templates.subject.render(value));
    let body = with_line_feeds(&templates.description.render(value));
    // A user who is signed off may not own anything new in the CRM; the entry goes in under the connected account.
    let user = Some(&participant.user).filter(|user| user.active).map(|user| UserRef::clone(&user.reference));
    JournalEntry {
        version: VERSION,
        call: call.id.clone(),
        subject: cut(&subject, SUBJECT_BYTES).to_owned(),
        body: cut(&body, BODY_BYTES).to_owned(),
        direction,
        outcome: part.outcome.clone(),
        answered_elsewhere: part.outcome != Outcome::Answered && taken_by_a_colleague(call, participant),
        started_at: call.started_at,
        utc_offset_minutes: started.utc_offset_minutes,
        talked: part.talked,
        from_shown: from.clone(),
        to_shown: to.clone(),
        number: party.number.clone(),
        user,
        recording: call.recording.clone(),
        extras: vec![],
    }
}

fn status(direction: Direction, outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered if direction == Direction::Inbound => id::STATUS_INCOMING,
        Outcome::Answered => id::STATUS_OUTGOING,
        Outcome::Missed => id::STATUS_MISSED,
        Outcome::Voicemail => id::STATUS_VOICEMAIL,
        Outcome::NoAnswer => id::STATUS_NO_ANSWER,
        Outcome::Busy => id::STATUS_BUSY,
        Outcome::Forwarded => id::STATUS_FORWARDED,
        Outcome::Failed | Outcome::Lost | Outcome::Other(_) => id::STATUS_FAILED,
    }
}

fn why(call: &Call, participant: &Participant<'_, '_>, part: &Took<'_>) -> crate::contract::pbx::base::types::Message {
    let who = [("user", participant.user.name.as_str()), ("extension", part.extension)];
    let length = duration(part.talked);
    let talked = [who.as_slice(), &[("duration", length.as_str())]].concat();
    match &part.outcome {
        Outcome::Answered if call.direction == Direction::Inbound => message(id::JOURNAL_INCOMING, &talked),
        Outcome::Answered => message(id::JOURNAL_OUTGOING, &talked),
        Outcome::Missed => message(id::JOURNAL_MISSED, &who),
        Outcome::Voicemail => message(id::JOURNAL_VOICEMAIL, &who),
        Outcome::NoAnswer => message(id::JOURNAL_NO_ANSWER, &who),
        Outcome::Busy => message(id::JOURNAL_BUSY, &who),
        Outcome::Forwarded => message(id::JOURNAL_FORWARDED, &who),
        Outcome::Failed | Outcome::Lost | Outcome::Other(_) => message(id::JOURNAL_FAILED, &who),
    }
}
