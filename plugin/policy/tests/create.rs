//! Records for unknown numbers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::pbx::base::types::NumberKind;
use pbx_crm_policy::contract::pbx::crm::types::{About, Role};
use pbx_crm_policy::contract::pbx::hooks::calls::{Outcome, Via};
use pbx_crm_policy::testing::{Deed, InMemory, PlayedCall, number, of_kind, person};

const CALLER: &str = "550-3301";

fn creating() -> InMemory {
    let mut host = InMemory::new();
    host.bind("1001", "ada");
    host.bind("1002", "bob");
    host.set_text("create.mode", "automatic");
    host
}

fn key(host: &InMemory) -> String {
    let key = |deed: &Deed| match deed {
        Deed::Create(key, _) => Some(key.clone()),
        _ => None,
    };
    host.deeds.iter().find_map(key).expect("a creation")
}

fn owner(host: &InMemory) -> Option<&str> {
    host.drafts()[0].owner.as_ref().map(|owner| owner.id.as_str())
}

#[test]
fn m_new_1_nothing_is_created_until_it_is_switched_on() {
    let mut host = creating();
    host.set_text("create.mode", "off");
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert!(host.drafts().is_empty());
    assert_eq!(host.reasons(), ["ask.sent", "match.none", "create.off"]);
}

#[test]
fn m_new_4_name_is_automatic_new_contact_and_the_number() {
    for (raw, last_name) in [(CALLER, "-5503301"), ("+1 (555) 010-0199", "-+15550100199")] {
        let mut host = creating();
        PlayedCall::from_outside(&mut host, "call-1", number(raw)).ring("1001").matched(vec![]);
        let draft = host.drafts()[0];
        assert_eq!(draft.first_name, "Automatic New Contact");
        assert_eq!(draft.last_name, last_name);
        assert_eq!(draft.company, "");
        assert_eq!(draft.number.raw, raw);
        assert_eq!(draft.role, Role::Person);
    }
}

#[test]
fn m_new_1_a_prospect_is_created_if_the_admin_picks_it() {
    let mut host = creating();
    host.set_text("create.role", "prospect");
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert_eq!(host.drafts()[0].role, Role::Prospect);
}

#[test]
fn m_new_3_directions_are_chosen() {
    for (directions, inbound, outbound) in [(&["inbound"][..], 1, 0), (&["outbound"], 0, 1), (&["inbound", "outbound"], 1, 1)] {
        let mut host = creating();
        host.set_texts("create.directions", directions);
        PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
        assert_eq!(host.drafts().len(), inbound);
        host.take();
        PlayedCall::to_outside(&mut host, "call-2", "1001", number(CALLER)).matched(vec![]);
        assert_eq!(host.drafts().len(), outbound);
    }
}

#[test]
fn m_new_3_a_missed_call_counts_also_when_the_answer_comes_after_it() {
    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").end(Outcome::Missed).wait(3_600_000).matched(vec![]);
    assert_eq!(host.drafts().len(), 1);
    assert_eq!(host.entries().len(), 1);
    assert_eq!(host.entries()[0].outcome, Outcome::Missed);
}

#[test]
fn m_new_3_hidden_numbers_never_become_records() {
    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", of_kind("anonymous", NumberKind::Withheld));
    call.ring("1001").end(Outcome::Missed);
    assert!(host.drafts().is_empty());
}

#[test]
fn m_new_7_one_call_asks_once_and_under_one_key_for_ever() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let mut host = creating();
        let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
        call.ring("1001").ring("1002").matched(vec![]).matched(vec![]).answer("1001").end(Outcome::Answered);
        assert_eq!(host.drafts().len(), 1);
        keys.push(key(&host));
    }
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0].starts_with("c-") && keys[0].len() == 34);
}

#[test]
fn the_owner_is_who_talks_else_the_only_one_else_nobody() {
    let mut host = creating();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").ring("1002").answer("1002").matched(vec![]);
    assert_eq!(owner(&host), Some("bob"));

    let mut host = creating();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("2001").ring("1001").matched(vec![]);
    assert_eq!(owner(&host), Some("ada"));

    let mut host = creating();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").ring("1002").matched(vec![]);
    assert_eq!(owner(&host), None);

    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").answer("1001").wait(1_000).leave("1001").ring_via("1002", Via::Transfer("1001".into()));
    call.answer("1002").wait(5_000).end(Outcome::Answered).matched(vec![]);
    assert_eq!(owner(&host), Some("bob"), "talked longer");
}

#[test]
fn an_owner_who_is_signed_off_in_the_crm_is_not_taken() {
    let mut host = creating();
    host.bindings.values_mut().for_each(|user| user.active = false);
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert_eq!(owner(&host), None);
}

#[test]
fn only_a_connection_that_creates_this_kind_is_asked() {
    let mut host = creating();
    host.connections[0].creates = false;
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert_eq!(host.reasons().last(), Some(&"create.no-connection"));

    let mut host = creating();
    host.connections[0].kinds[0].can_create = false;
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert_eq!(host.reasons().last(), Some(&"create.role-not-made"));

    let mut host = creating();
    host.bindings.clear();
    host.bind_at("1001", "other-crm", "ada");
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(vec![]);
    assert_eq!(host.reasons().last(), Some(&"create.nobody-bound"));
    assert!(host.drafts().is_empty());
}

#[test]
fn a_created_record_pops_and_is_journalled_like_a_found_one() {
    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![]);
    let made = key(call.host);
    let record = person("9", "Automatic New Contact -5503301", CALLER);
    call.created(&made, record.clone(), false).created(&made, record.clone(), false).answer("1001").wait(1_000);
    call.end(Outcome::Answered);
    assert_eq!(
        host.reasons(),
        ["ask.sent", "match.none", "create.asked-owner", "created.made", "card.shown", "pop.ringing", "journal.incoming"]
    );
    let Some(Deed::Journal(_, about, _)) = host.deeds.last() else { panic!("no entry") };
    assert_eq!(*about, About::Existing(record.reference));
}

#[test]
fn m_log_5_entries_wait_for_a_record_that_is_still_being_created() {
    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.call.parties[0].name = Some("WIRELESS CALLER".into());
    call.ring("1001").matched(vec![]).answer("1001").end(Outcome::Answered);
    let made = key(call.host);
    let Some(Deed::Journal(_, about, entry)) = call.host.deeds.last().cloned() else { panic!("no entry") };
    assert_eq!(about, About::CreatedBy(made.clone()));
    assert_eq!(entry.from_shown, "WIRELESS CALLER <550-3301>");
    call.wait(90_000).created(&made, person("9", "Automatic New Contact -5503301", CALLER), true);
    assert_eq!(host.entries().len(), 1);
    assert!(host.pages().is_empty());
    assert!(host.reasons().contains(&"created.was-there"));
}

#[test]
fn a_created_record_is_recognised_though_the_notes_are_lost() {
    let mut host = creating();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![]);
    let made = key(call.host);
    call.host.notes.clear();
    call.created(&made, person("9", "Automatic New Contact -5503301", CALLER), false);
    assert_eq!(host.pages(), ["1001"]);
    assert_eq!(host.look_ups(), 1);
}
