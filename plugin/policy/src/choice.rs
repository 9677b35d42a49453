//! Which of several records the caller is.

use crate::contract::pbx::base::types::Number;
use crate::contract::pbx::crm::types::{Entity, Role};
use crate::contract::pbx::hooks::numbers::Sameness;
use crate::world::World;
use std::cmp::Reverse;

/// How alike the caller's number and a stored one are; the greater the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The last digits agree, this many.
    Last(u8),
    /// The same subscriber beyond doubt.
    Exact,
}

/// The record chosen, and why.
pub struct Choice {
    /// It.
    pub entity: Entity,
    /// Its number that is the caller's, as the CRM stores it.
    pub stored: String,
    /// How that number matched.
    pub likeness: Likeness,
    /// How many other records have the number too.
    pub passed_over: usize,
}

/// Chooses among records, each once. The order of preference makes every choice repeatable: live before retired; the
/// more certain number; person, prospect, organisation, other; the newest change; the smallest (connector, kind, id).
pub fn choose(world: &impl World, number: &Number, candidates: Vec<Entity>) -> Option<Choice> {
    let mut choices: Vec<Choice> = candidates
        .into_iter()
        .filter_map(|entity| {
            let (likeness, stored) = best_number(world, number, &entity)?;
            Some(Choice { entity, stored, likeness, passed_over: 0 })
        })
        .collect();
    let passed_over = choices.len().saturating_sub(1);
    choices.sort_by(|a, b| rank(a).cmp(&rank(b)));
    choices.into_iter().next().map(|choice| Choice { passed_over, ..choice })
}

fn best_number(world: &impl World, number: &Number, entity: &Entity) -> Option<(Likeness, String)> {
    let mut best: Option<(Likeness, &str)> = None;
    for (_, stored) in &entity.phones {
        let likeness = match world.same(number, stored) {
            Sameness::Exact => Likeness::Exact,
            Sameness::Last(digits) => Likeness::Last(digits),
            Sameness::No | Sameness::Other(_) => continue,
        };
        if best.is_none_or(|(so_far, _)| likeness > so_far) {
            best = Some((likeness, stored));
        }
    }
    best.map(|(likeness, stored)| (likeness, stored.to_owned()))
}

fn rank(choice: &Choice) -> impl Ord {
    let entity = &choice.entity;
    let role = match entity.role {
        Role::Person => 0,
        Role::Prospect => 1,
        Role::Organisation => 2,
        Role::Other(_) => 3,
    };
    let at = &entity.reference;
    (entity.retired, Reverse(choice.likeness), role, Reverse(entity.changed_at), (at.connector.clone(), at.kind.clone(), at.id.clone()))
}
