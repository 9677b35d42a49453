//! The screen pop: opening the caller's page at the moments that the admin chose.

use crate::contract::pbx::hooks::calls::{Call, Direction, Party};
use crate::contract::pbx::hooks::clients::{ClientError, Lifetime};
use crate::involvement::{Member, anybody_talked};
use crate::memory::{Done, Seen, is_done, mark_done, tell_once};
use crate::message_ids as id;
use crate::outside::Outside;
use crate::scene::Scene;
use crate::settings::PopMode;
use crate::texts::message;
use crate::wording::list;
use crate::world::World;

/// How long after the call's end a page may still open, in milliseconds.
const AFTER_END: u64 = 60_000;

/// Opens what is due now, and says why the rest stays closed. `found_now`: the record became known in this hook.
pub fn open(world: &mut impl World, scene: &Scene<'_>, outside: &Outside<'_>, record: &Seen, found_now: bool) {
    let nothing = |world: &mut _, why, arguments: &[(&str, &str)]| {
        tell_once(world, scene.call, outside, "nothing", &message(why, arguments));
    };
    match (scene.settings.pop_mode, scene.call.direction) {
        (PopMode::Off, _) => return nothing(world, id::POP_OFF, &[]),
        (PopMode::Manual, _) => return nothing(world, id::POP_MANUAL, &[]),
        (PopMode::Automatic, Direction::Outbound | Direction::Internal) => {
            return nothing(world, id::POP_OUTBOUND, &[]);
        }
        (PopMode::Automatic, Direction::Inbound) if !outside.is_main() => {
            return nothing(world, id::POP_NOT_CALLER, &[]);
        }
        (PopMode::Automatic, Direction::Inbound) => {}
    }
    let Some(link) = world.link(&record.reference) else {
        return nothing(world, id::POP_NO_PAGE, &[("name", &record.name)]);
    };
    let connector = &record.reference.connector;
    let unopened: Vec<&Member<'_>> = scene
        .members
        .iter()
        .filter(|member| world.user_of(member.extension, connector).is_some())
        .filter(|member| !talks_with_others_only(scene.call, outside, member))
        .filter(|member| !is_done(world, scene.call, Done::Pops(outside), &popped(member, record)))
        .collect();
    let page = Page { scene, outside, record, link: &link };
    if scene.ended() {
        after_the_end(world, &page, &unopened, found_now);
        return;
    }
    for member in unopened {
        if is_done(world, scene.call, Done::Pops(outside), &told_again(member.extension)) {
            continue;
        }
        // A phone that picked up somebody else's ring never rang itself: the call came to it all the same.
        if scene.settings.pop_ringing && member.is_called_now() {
            page.open(world, member, if member.talks_as_called() { id::POP_LATE } else { id::POP_RINGING }, &Lifetime::WhileInCall);
        } else if scene.settings.pop_answered && member.talks_as_called() {
            page.open(world, member, id::POP_ANSWERED, &Lifetime::WhileInCall);
        }
    }
}

/// The PBX tells again what was so before a restart: the page was opened then, and this leg opens none while the call lives.
pub fn forgo(world: &mut impl World, call: &Call, leg: &str) {
    let Some(leg) = call.legs.iter().find(|known| known.id == leg) else { return };
    for outside in crate::outside::groups(call) {
        mark_done(world, call, Done::Pops(&outside), &told_again(&leg.extension));
    }
}

fn told_again(extension: &str) -> [&str; 2] {
    ["told-again", extension]
}

fn after_the_end(world: &mut impl World, page: &Page<'_>, unopened: &[&Member<'_>], found_now: bool) {
    let Page { scene, outside, .. } = *page;
    let nobody_talked = !anybody_talked(scene.call);
    let (due, missed): (Vec<&Member<'_>>, Vec<&Member<'_>>) = unopened
        .iter()
        .copied()
        .partition(|member| scene.settings.pop_ended && (member.talked(scene.call) || (nobody_talked && member.rang())));
    let deadline = scene.call.ended_at.unwrap_or_else(|| world.now()).saturating_add(AFTER_END);
    let in_time = world.now() <= deadline;
    if in_time {
        for member in &due {
            page.open(world, member, id::POP_ENDED, &Lifetime::Until(deadline));
        }
    } else if !due.is_empty() {
        tell_once(world, scene.call, outside, "nothing", &message(id::POP_TOO_LATE, &[]));
    }
    if !missed.is_empty() {
        let extensions: Vec<&str> = missed.iter().map(|member| member.extension).collect();
        let why = if found_now { id::POP_AFTER_END } else { id::POP_MOMENT_MISSED };
        // Once for both: a later hook does not know any more when the record was found.
        if mark_done(world, scene.call, Done::Told(outside), &["pop.left-out"]) {
            world.reason("nothing", &message(why, &[("extensions", &list(&extensions))]));
        }
    }
}

struct Page<'a> {
    scene: &'a Scene<'a>,
    outside: &'a Outside<'a>,
    record: &'a Seen,
    link: &'a str,
}

impl Page<'_> {
    fn open(&self, world: &mut impl World, member: &Member<'_>, why: &str, lifetime: &Lifetime) {
        mark_done(world, self.scene.call, Done::Pops(self.outside), &popped(member, self.record));
        let extension = ("extension", member.extension);
        world.reason("open-page", &message(why, &[("name", &self.record.name), extension]));
        match world.open_page(member.extension, &self.scene.call.id, self.link, &self.record.name, lifetime) {
            Ok(()) => {}
            Err(ClientError::Expired) => world.reason("nothing", &message(id::POP_EXPIRED, &[extension])),
            Err(_) => world.reason("nothing", &message(id::POP_NOT_TAKEN, &[extension])),
        }
    }
}

/// Of calls that became one, an extension may be in the call for somebody else.
fn talks_with_others_only(call: &Call, outside: &Outside<'_>, member: &Member<'_>) -> bool {
    let talked = |parties: &[&Party]| parties.iter().any(|party| member.talked_with(call, party).is_some());
    talked(&call.parties.iter().collect::<Vec<_>>()) && !talked(&outside.all)
}

fn popped<'a>(member: &Member<'a>, record: &'a Seen) -> [&'a str; 4] {
    let at = &record.reference;
    [member.extension, &at.connector, &at.kind, &at.id]
}
