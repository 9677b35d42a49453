//! The card of a call: who the outside party is, beside the PBX's own window.

use crate::contract::pbx::hooks::clients::{Card, Lifetime, Line};
use crate::involvement::Member;
use crate::memory::{Done, Seen, mark_done};
use crate::message_ids as id;
use crate::scene::Scene;
use crate::settings::PopMode;
use crate::texts::message;
use crate::wording::list;
use crate::world::World;

/// Shows the card to every bound extension that rings or talks and has not seen it as it is now. `records` are those of the
/// call's parties, whom the call is about first.
pub fn show(world: &mut impl World, scene: &Scene<'_>, records: &[Seen]) {
    let mut due: Vec<(&str, Card)> = Vec::new();
    for member in scene.members.iter().filter(|member| member.is_in_call()) {
        if let Some(card) = card_for(world, scene, member, records) {
            let lines = card.lines.iter().map(|line| line.value.as_str());
            let content: Vec<&str> =
                [member.extension, &card.title, card.link.as_deref().unwrap_or_default()].into_iter().chain(lines).collect();
            if mark_done(world, scene.call, Done::Cards, &content) {
                due.push((member.extension, card));
            }
        }
    }
    // One reason for each title: extensions bound at different connections may see different records.
    while let Some((_, first)) = due.first() {
        let title = first.title.clone();
        let (same, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|(_, card)| card.title == title);
        let extensions: Vec<&str> = same.iter().map(|(extension, _)| *extension).collect();
        world.reason("card", &message(id::CARD_SHOWN, &[("name", &title), ("extensions", &list(&extensions))]));
        for (extension, card) in &same {
            if world.show_card(extension, &scene.call.id, card, &Lifetime::WhileInCall).is_err() {
                world.reason("nothing", &message(id::CARD_NOT_SHOWN, &[("extension", extension)]));
            }
        }
        due = others;
    }
}

fn card_for(world: &impl World, scene: &Scene<'_>, member: &Member<'_>, records: &[Seen]) -> Option<Card> {
    let mut visible = records.iter().filter(|record| world.user_of(member.extension, &record.reference.connector).is_some());
    let first = visible.next()?;
    let mut lines = Vec::new();
    if !first.company.is_empty() {
        lines.push(line(id::CARD_COMPANY, &first.company));
    }
    lines.extend(visible.map(|record| line(id::CARD_ALSO, &record.name)).take(8));
    Some(Card {
        title: first.name.clone(),
        tag: Some(message(id::CARD_TAG, &[])),
        lines,
        actions: vec![],
        link: if scene.settings.pop_mode == PopMode::Off { None } else { world.link(&first.reference) },
        extras: vec![],
    })
}

fn line(label: &str, value: &str) -> Line {
    Line { label: message(label, &[]), value: value.to_owned(), extras: vec![] }
}
