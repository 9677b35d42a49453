//! A record for a number that the CRM does not have.

use crate::contract::pbx::crm::connections::{Connection, User};
use crate::contract::pbx::crm::types::{Draft, Role, UserRef};
use crate::contract::pbx::hooks::calls::Direction;
use crate::identify::not_taken;
use crate::involvement::{Participant, participants};
use crate::keys;
use crate::memory::{Memory, Stage};
use crate::message_ids as id;
use crate::outside::Outside;
use crate::scene::Scene;
use crate::texts::message;
use crate::world::World;

/// First name of every record that is made without a person's help.
const FIRST_NAME: &str = "Automatic New Contact";

/// Decides once, when the CRM has answered that it has no record.
pub fn decide(world: &mut impl World, scene: &Scene<'_>, outside: &Outside<'_>, memory: &mut Memory) {
    let settings = &scene.settings;
    let wanted_direction = match scene.call.direction {
        Direction::Inbound => settings.create_inbound,
        Direction::Outbound | Direction::Internal => settings.create_outbound,
    };
    let role = if settings.create_prospect { Role::Prospect } else { Role::Person };
    let connection = world.connections().into_iter().find(|connection| connection.creates);
    let refusal = match &connection {
        _ if !settings.create => Some(id::CREATE_OFF),
        _ if !wanted_direction => Some(id::CREATE_DIRECTION_OFF),
        None => Some(id::CREATE_NO_CONNECTION),
        Some(at) if !makes(at, &role) => Some(id::CREATE_ROLE_NOT_MADE),
        Some(_) => None,
    };
    match (refusal, connection) {
        (None, Some(at)) => create(world, scene, outside, memory, role, &at),
        (refusal, _) => world.reason("nothing", &message(refusal.unwrap_or(id::CREATE_NO_CONNECTION), &[])),
    }
}

fn create(world: &mut impl World, scene: &Scene<'_>, outside: &Outside<'_>, memory: &mut Memory, role: Role, at: &Connection) {
    let (involved, _) = participants(world, &scene.members, &at.id);
    if involved.is_empty() {
        world.reason("nothing", &message(id::CREATE_NOBODY_BOUND, &[]));
        return;
    }
    let number = &outside.first.number;
    let owner = owner(scene, outside, &involved);
    let why = match owner {
        Some(user) => message(id::CREATE_ASKED_OWNER, &[("number", &number.raw), ("owner", &user.name)]),
        None => message(id::CREATE_ASKED, &[("number", &number.raw)]),
    };
    let draft = Draft {
        role,
        kind: None,
        first_name: FIRST_NAME.to_owned(),
        last_name: last_name(&number.raw),
        company: String::new(),
        number: number.clone(),
        emails: vec![],
        owner: owner.map(|user| UserRef::clone(&user.reference)),
        extras: vec![],
    };
    let key = keys::creation(&scene.call.id, &outside.first.id);
    world.reason("create", &why);
    match world.create(&key, &scene.call.id, &draft) {
        Ok(()) => {
            memory.stage = Stage::Creating;
            memory.creation = Some((at.id.clone(), key));
        }
        Err(error) => world.reason("nothing", &not_taken(&error)),
    }
}

fn makes(connection: &Connection, role: &Role) -> bool {
    connection.kinds.iter().any(|kind| kind.can_create && kind.role == *role)
}

/// Who talks or talked with the party, the longest first; else the only one who has to do with the call; else nobody.
fn owner<'p>(scene: &Scene<'_>, outside: &Outside<'_>, involved: &'p [Participant<'_, '_>]) -> Option<&'p User> {
    let talked = |participant: &Participant<'_, '_>| {
        let pairs =
            participant.members.iter().flat_map(|member| outside.all.iter().filter_map(|party| member.talked_with(scene.call, party)));
        pairs.reduce(u64::saturating_add)
    };
    let active = || involved.iter().filter(|participant| participant.user.active);
    let talks_now = |participant: &&Participant<'_, '_>| participant.members.iter().any(|member| member.talks_now());
    let longest = active().rev().filter_map(|p| talked(p).map(|talked| (talked, p))).max_by_key(|(talked, _)| *talked);
    let talker = longest.map(|(_, participant)| participant).or_else(|| active().find(talks_now));
    match (talker, involved) {
        (Some(participant), _) => Some(&participant.user),
        (None, [only]) if only.user.active => Some(&only.user),
        _ => None,
    }
}

/// "-" and the number as received: blanks and punctuation removed, a leading + kept.
fn last_name(raw: &str) -> String {
    let plus = if raw.trim_start().starts_with('+') { "+" } else { "" };
    let number: String = raw.chars().filter(|character| character.is_alphanumeric()).collect();
    format!("-{plus}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_new_4_last_name_keeps_the_digits_and_a_leading_plus() {
        assert_eq!(last_name("5503301"), "-5503301");
        assert_eq!(last_name(" +1 (555) 010-0199"), "-+15550100199");
        assert_eq!(last_name("555/010.0199"), "-5550100199");
    }
}
