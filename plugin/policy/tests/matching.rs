//! Who calls: when the CRM is asked, and which of several records is chosen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::pbx::base::types::NumberKind;
use pbx_crm_policy::contract::pbx::crm::known_records::{Known, Origin};
use pbx_crm_policy::contract::pbx::crm::requests::RequestError;
use pbx_crm_policy::contract::pbx::crm::types::{Entity, RecordRef, Role};
use pbx_crm_policy::contract::pbx::hooks::calls::{LegState, Outcome, Via};
use pbx_crm_policy::testing::{Deed, InMemory, PlayedCall, number, of_kind, person};

const CALLER: &str = "+1 555 010 0199";

fn bound() -> InMemory {
    let mut host = InMemory::new();
    host.bind("1001", "ada");
    host.bind("1002", "bob");
    host
}

fn known(entity: Entity, origin: Origin) -> Known {
    Known { entity, origin, seen_at: u64::MAX, extras: vec![] }
}

/// The name of the record that is chosen among the hits.
fn chosen(hits: Vec<Entity>) -> String {
    let mut host = bound();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hits);
    host.deeds
        .iter()
        .find_map(|deed| match deed {
            Deed::Card(_, card) => Some(card.title.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

#[test]
fn m_bind_5_the_crm_is_asked_once_when_the_first_bound_phone_rings() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("2001");
    assert_eq!(call.host.look_ups(), 0, "nobody bound yet");
    call.ring("1001").ring("1002").answer("1001").end(Outcome::Answered);
    assert_eq!(host.look_ups(), 1);
}

#[test]
fn m_bind_5_unbound_extensions_cause_nothing_but_one_reason() {
    let mut host = InMemory::new();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("2001").answer("2001").end(Outcome::Answered).tell_end();
    assert_eq!(host.reasons(), ["call.no-bound-extension"]);
    assert_eq!(host.deeds.len(), 1);
}

#[test]
fn m_bind_5_an_outbound_call_is_looked_up_when_it_is_placed() {
    let mut host = bound();
    PlayedCall::to_outside(&mut host, "call-1", "1001", number(CALLER));
    assert_eq!(host.look_ups(), 1);
}

#[test]
fn a_busy_phone_is_looked_up_for_at_the_end_only_if_it_was_called_itself() {
    for (via, look_ups) in [(Via::Direct, 1), (Via::RingGroup("6200".into()), 0)] {
        let mut host = bound();
        let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
        call.cannot_ring("1001", via, LegState::Busy).end(Outcome::Busy);
        assert_eq!(host.look_ups(), look_ups);
    }
}

#[test]
fn numbers_that_mean_nobody_are_not_asked_for_and_say_why_once() {
    for (kind, why) in [
        (NumberKind::Withheld, "ask.withheld"),
        (NumberKind::Emergency, "ask.emergency"),
        (NumberKind::Service, "ask.service"),
        (NumberKind::Impossible, "ask.impossible"),
        (NumberKind::Other("new".into()), "ask.impossible"),
        (NumberKind::External, "ask.no-forms"),
    ] {
        let mut host = bound();
        let mut call = PlayedCall::from_outside(&mut host, "call-1", of_kind("112", kind));
        call.ring("1001").ring("1002").answer("1001").end(Outcome::Answered);
        assert_eq!(host.reasons(), [why]);
        assert_eq!(host.deeds.len(), 1);
    }
}

#[test]
fn m_new_7_a_record_made_here_is_used_without_asking() {
    let mut host = bound();
    host.known = vec![known(person("7", "Ada", "5503301"), Origin::CreatedByUs("c-1".into()))];
    PlayedCall::from_outside(&mut host, "call-1", number("5503301")).ring("1001");
    assert_eq!(host.look_ups(), 0);
    assert_eq!(host.reasons(), ["known.used", "card.shown", "pop.ringing"]);
}

#[test]
fn a_record_known_by_a_look_up_is_asked_for_again() {
    let mut host = bound();
    host.known = vec![known(person("7", "Ada", "5503301"), Origin::Matched)];
    PlayedCall::from_outside(&mut host, "call-1", number("5503301")).ring("1001");
    assert_eq!(host.look_ups(), 1);
}

#[test]
fn m_new_7_a_record_made_while_the_crm_was_asked_counts_as_a_hit() {
    let mut host = bound();
    host.set_text("create.mode", "automatic");
    let mut call = PlayedCall::from_outside(&mut host, "call-2", number("5503301"));
    call.ring("1001");
    call.host.known = vec![known(person("7", "Ada", "5503301"), Origin::CreatedByUs("c-1".into()))];
    call.matched(vec![]);
    assert_eq!(host.drafts().len(), 0);
    assert_eq!(host.reasons(), ["ask.sent", "match.exact", "card.shown", "pop.ringing"]);
}

#[test]
fn the_choice_prefers_live_then_likeness_then_role_then_the_newest_then_the_smallest_id() {
    let exact = |name: &str| person("5", name, "+1 (555) 010-0199");
    let tail = |name: &str, stored: &str| person("1", name, stored);
    let role = |name: &str, role| Entity { role, ..exact(name) };
    let changed = |name: &str, at| Entity { changed_at: at, ..exact(name) };
    let at = |name: &str, connector: &str, kind: &str, id: &str| Entity {
        reference: RecordRef { connector: connector.into(), kind: kind.into(), id: id.into() },
        ..exact(name)
    };
    let retired = Entity { retired: true, ..exact("retired") };
    for (loser, winner) in [
        (retired, tail("winner", "0100199")),
        (tail("loser", "555 010 0199"), exact("winner")),
        (tail("loser", "0100199"), tail("winner", "555 010 0199")),
        (role("loser", Role::Other("team".into())), role("winner", Role::Organisation)),
        (role("loser", Role::Organisation), role("winner", Role::Prospect)),
        (role("loser", Role::Prospect), role("winner", Role::Person)),
        (changed("loser", None), changed("winner", Some(1))),
        (changed("loser", Some(1)), changed("winner", Some(2))),
        (at("loser", "crm", "contact", "6"), at("winner", "crm", "contact", "5")),
        (at("loser", "crm", "contact", "5"), at("winner", "crm", "account", "6")),
    ] {
        assert_eq!(chosen(vec![loser.clone(), winner.clone()]), winner.name);
        assert_eq!(chosen(vec![winner.clone(), loser]), winner.name);
    }
}

#[test]
fn m_new_8_the_reason_says_which_number_matched_how_and_who_was_passed_over() {
    let mut host = bound();
    let two_numbers =
        Entity { phones: vec![("home".into(), "0100199".into()), ("mobile".into(), "555-010-0199".into())], ..person("5", "Ada", "") };
    let hits = vec![two_numbers, person("6", "Bob", "0100199"), person("8", "No one", "999")];
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hits);
    assert_eq!(
        host.timeline("en")[1],
        "match: The other side is Ada (contact 5): its number 555-010-0199 agrees in the last 10 digits. \
         Other records with the number that were passed over: 1."
    );
}

#[test]
fn an_answer_told_twice_changes_nothing() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![person("5", "Ada", CALLER)]);
    let once = call.host.deeds.len();
    call.matched(vec![person("6", "Bob", CALLER)]).matched(vec![]);
    assert_eq!(host.deeds.len(), once);
}

#[test]
fn a_late_answer_after_none_is_still_taken() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![]).matched(vec![]).matched(vec![person("5", "Ada", CALLER)]);
    assert_eq!(host.reasons(), ["ask.sent", "match.none", "create.off", "match.exact", "card.shown", "pop.ringing"]);
}

#[test]
fn m_off_1_a_request_that_is_not_taken_is_told_once() {
    let mut host = bound();
    host.refuses = Some(RequestError::SwitchedOff);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").answer("1001").end(Outcome::Answered);
    assert_eq!(host.reasons(), ["ask.sent", "request.switched-off"]);
}

#[test]
fn two_parties_with_one_number_are_asked_for_once() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").answer("1001").consult("1001", number(CALLER), 5_000);
    call.consult("1001", number("5503301"), 5_000).ring("1002");
    assert_eq!(host.look_ups(), 2);
}

#[test]
fn a_second_party_is_asked_for_only_if_a_bound_extension_talks_with_it() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("2001").answer("2001").consult("2001", number("5503301"), 5_000).end(Outcome::Answered);
    assert_eq!(host.look_ups(), 1);
}

/// Two calls from outside become one: the first, whose party keeps its note, and the second, which survives.
fn merged(host: &mut InMemory) {
    let mut first = PlayedCall::from_outside(host, "call-1", number(CALLER));
    first.call.parties[0].id = "party-9".into();
    first.ring("1001").matched(vec![person("5", "Ada", CALLER)]).answer("1001");
    let first = first.call.clone();
    let mut second = PlayedCall::from_outside(host, "call-2", number("5503301"));
    second.ring("2001").ring("1002").matched(vec![person("6", "Bob", "5503301")]).answer("1002");
    second.host.take();
    second.merge(first);
}

#[test]
fn m_pop_1_calls_that_become_one_pop_and_ask_nothing_again() {
    let mut host = bound();
    merged(&mut host);
    assert_eq!(host.pages(), Vec::<&str>::new());
    assert_eq!(host.look_ups(), 0);
    assert_eq!(host.reasons(), ["card.shown", "pop.not-caller"], "both now see both on their card");
}
