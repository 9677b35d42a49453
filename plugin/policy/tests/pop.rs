//! The screen pop and the card.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::exports::pbx::crm::agent_questions::{Pressed, Question};
use pbx_crm_policy::contract::pbx::crm::types::Entity;
use pbx_crm_policy::contract::pbx::hooks::calls::{Outcome, Via};
use pbx_crm_policy::contract::pbx::hooks::clients::{Card, ClientError, Lifetime};
use pbx_crm_policy::testing::{Deed, InMemory, PlayedCall, number, person};

const CALLER: &str = "+1 555 010 0199";

fn bound() -> InMemory {
    let mut host = InMemory::new();
    for (extension, user) in [("1001", "ada"), ("1002", "bob"), ("1003", "cyd")] {
        host.bind(extension, user);
    }
    host
}

fn when(moments: &[&str]) -> InMemory {
    let mut host = bound();
    host.set_texts("pop.when", moments);
    host
}

fn hit() -> Vec<Entity> {
    vec![person("5", "Grace", CALLER)]
}

fn cards(host: &InMemory) -> Vec<(&str, &Card)> {
    host.deeds
        .iter()
        .filter_map(|deed| match deed {
            Deed::Card(extension, card) => Some((extension.as_str(), card)),
            _ => None,
        })
        .collect()
}

#[test]
fn m_pop_1_an_incoming_call_opens_the_page_when_the_phone_rings() {
    let mut host = bound();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hit());
    assert_eq!(host.deeds.last(), Some(&Deed::Page("1001".into(), "https://crm.example/contact/5".into(), Lifetime::WhileInCall)));
    assert_eq!(host.reasons(), ["ask.sent", "match.exact", "card.shown", "pop.ringing"]);
}

#[test]
fn m_pop_1_every_page_stands_behind_its_own_reason() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).ring("1003");
    assert_eq!(host.pages(), ["1001", "1002", "1003"]);
    for (at, deed) in host.deeds.iter().enumerate() {
        if let Deed::Page(extension, ..) = deed {
            let Deed::Reason(decision, why) = &host.deeds[at - 1] else { panic!("no reason before the page") };
            assert_eq!(decision, "open-page");
            assert!(why.arguments.contains(&("extension".into(), extension.clone())));
        }
    }
}

#[test]
fn m_pop_1_unbound_extensions_see_nothing() {
    let mut host = bound();
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("2001").ring("1001").matched(hit());
    assert_eq!(host.pages(), ["1001"]);
    assert_eq!(cards(&host).len(), 1);
}

#[test]
fn m_pop_3_at_answer_only_the_agent_who_talks_gets_the_page() {
    let mut host = when(&["answered"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit());
    assert!(call.host.pages().is_empty());
    call.answer("1002");
    assert_eq!(call.host.pages(), ["1002"]);
    call.end(Outcome::Answered);
    assert_eq!(host.pages(), ["1002"]);
}

#[test]
fn m_pop_3_a_page_opened_at_the_ring_does_not_open_again() {
    let mut host = when(&["ringing", "answered", "ended"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").wait(1_000).end(Outcome::Answered).tell_end();
    assert_eq!(host.pages(), ["1001"]);
}

#[test]
fn m_pop_3_a_late_match_opens_the_page_while_the_agent_is_in_the_call() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").answer("1001").wait(10_000).matched(hit());
    assert_eq!(host.pages(), ["1001"], "1002 has stopped ringing");
    assert_eq!(host.reasons().last(), Some(&"pop.late"));
}

#[test]
fn m_pop_3_answered_needs_somebody_who_still_talks() {
    let mut host = when(&["answered"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").answer("1001").leave("1001").ring_via("1002", Via::Transfer("1001".into())).matched(hit());
    assert!(host.pages().is_empty());
}

#[test]
fn m_pop_3_after_the_end_a_page_of_ringing_never_opens_and_the_reason_says_so() {
    let mut host = when(&["ringing", "answered"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").answer("1001").end(Outcome::Answered).wait(10).matched(hit()).tell_end();
    assert!(host.pages().is_empty());
    assert!(cards(&host).is_empty());
    assert_eq!(host.reasons().iter().filter(|why| **why == "pop.after-end").count(), 1);
    assert!(!host.reasons().contains(&"pop.moment-missed"));
}

#[test]
fn m_pop_3_at_the_end_those_who_talked_get_the_page_for_a_minute() {
    let mut host = when(&["ended"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).answer("1001").wait(5_000).end(Outcome::Answered);
    let ended = call.host.now;
    let link = "https://crm.example/contact/5".to_owned();
    assert!(host.deeds.contains(&Deed::Page("1001".into(), link, Lifetime::Until(ended + 60_000))));
    assert_eq!(host.pages(), ["1001"]);
}

#[test]
fn m_pop_3_at_the_end_of_a_missed_call_every_phone_that_rang_gets_the_page() {
    let mut host = when(&["ended"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).end(Outcome::Missed);
    assert_eq!(host.pages(), ["1001", "1002"]);
}

#[test]
fn m_pop_3_the_end_counts_for_sixty_seconds() {
    for (late, pages) in [(60_000, 1), (60_001, 0)] {
        let mut host = when(&["ended"]);
        let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
        call.ring("1001").answer("1001").end(Outcome::Answered).wait(late).matched(hit()).tell_end();
        assert_eq!(host.pages().len(), pages);
        assert_eq!(host.reasons().contains(&"pop.too-late"), pages == 0);
    }
}

#[test]
fn m_pop_3_only_calls_from_outside_pop() {
    let mut host = when(&["ringing", "answered", "ended"]);
    let mut call = PlayedCall::to_outside(&mut host, "call-1", "1001", number(CALLER));
    call.far_end_rings().matched(hit()).answer("1001").end(Outcome::Answered);
    assert!(host.pages().is_empty());
    assert_eq!(cards(&host).len(), 1);
    assert_eq!(host.reasons(), ["ask.sent", "match.exact", "card.shown", "pop.outbound", "journal.outgoing"]);
}

#[test]
fn m_pop_3_somebody_who_is_consulted_does_not_pop() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").consult("1001", number("5503301"), 0).ring("1002");
    call.matched_for(number("5503301"), vec![person("6", "Linus", "5503301")]);
    assert_eq!(host.pages(), ["1001", "1002"]);
    assert!(host.reasons().contains(&"pop.not-caller"));
    let (_, last) = cards(&host).pop().unwrap();
    assert_eq!(last.title, "Grace");
    assert_eq!(last.lines.iter().map(|line| line.value.as_str()).collect::<Vec<_>>(), ["Example Ltd", "Linus"]);
}

#[test]
fn m_pop_4_manual_shows_the_card_with_the_link_and_opens_nothing() {
    let mut host = bound();
    host.set_text("pop.mode", "manual");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").end(Outcome::Answered);
    assert!(host.pages().is_empty());
    let (extension, card) = cards(&host)[0];
    assert_eq!((extension, card.title.as_str()), ("1001", "Grace"));
    assert_eq!(card.tag.as_ref().unwrap().id, "card.tag");
    assert_eq!(card.lines[0].value, "Example Ltd");
    assert_eq!(card.link.as_deref(), Some("https://crm.example/contact/5"));
    assert_eq!(host.reasons().iter().filter(|why| **why == "pop.manual").count(), 1);
}

#[test]
fn m_pop_2_off_opens_nothing_and_gives_no_link() {
    let mut host = bound();
    host.set_text("pop.mode", "off");
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hit());
    assert!(host.pages().is_empty());
    assert_eq!(cards(&host)[0].1.link, None);
}

#[test]
fn m_pop_4_a_phone_that_joins_later_gets_the_card_and_nobody_gets_it_twice() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").ring_via("1002", Via::Transfer("1001".into()));
    assert_eq!(cards(&host).iter().map(|(extension, _)| *extension).collect::<Vec<_>>(), ["1001", "1002"]);
}

#[test]
fn a_phone_that_picks_up_gets_the_page_though_it_never_rang() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("2001").ring_via("1001", Via::Pickup("2001".into()));
    call.call.legs[1].rang_at = None;
    call.answer("1001").matched(hit());
    assert_eq!(host.pages(), ["1001"]);
}

#[test]
fn m_pop_1_a_restart_repeats_nothing_that_people_see() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit());
    let once = call.host.deeds.len();
    call.resync = true;
    call.start().tell_ring("leg-0".into());
    assert_eq!(call.host.deeds.len(), once);
    call.resync = false;
    call.ring("1002");
    assert_eq!(host.pages(), ["1001", "1002"], "a phone that rings after the restart is new");
}

#[test]
fn m_pop_1_a_page_that_is_refused_is_not_tried_again() {
    let mut host = bound();
    host.shows_nothing = Some(ClientError::Expired);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001");
    assert_eq!(host.reasons(), ["ask.sent", "match.exact", "card.shown", "card.not-shown", "pop.ringing", "pop.expired"]);
}

#[test]
fn m_pop_1_without_a_page_the_reason_says_so() {
    let mut host = bound();
    host.has_pages = false;
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hit()).ring("1002");
    assert_eq!(host.reasons(), ["ask.sent", "match.exact", "card.shown", "pop.no-page", "card.shown"]);
}

#[test]
fn m_bind_5_pages_go_only_to_users_of_the_crm_that_has_the_record() {
    let mut host = InMemory::new();
    host.bind("1001", "ada");
    host.bind_at("1002", "other-crm", "bob");
    PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").ring("1002").matched(hit());
    assert_eq!(host.pages(), ["1001"]);
    assert_eq!(cards(&host).len(), 1);
}

#[test]
fn a_ring_group_of_two_hundred_phones_fits_into_the_notes() {
    let mut host = InMemory::new();
    let extensions: Vec<String> = (1000..1200).map(|id| id.to_string()).collect();
    for extension in &extensions {
        host.bind(extension, extension);
    }
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    for extension in &extensions {
        call.ring_via(extension, Via::RingGroup("6200".into()));
    }
    call.matched(hit()).answer("1199").tell_ring("leg-0".into());
    assert_eq!(host.pages().len(), 200);
    assert_eq!(cards(&host).len(), 200);
    assert!(host.notes.len() <= 5 && host.notes.values().all(|note| note.len() <= 4096));
}

#[test]
fn an_agent_opens_the_record_and_other_questions_are_refused_clearly() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit());
    let reference = hit()[0].reference.clone();
    let replies = |host: &mut InMemory| {
        let deeds = host.take();
        deeds.into_iter().find_map(|deed| match deed {
            Deed::Reply(done, said) => Some((done, said.id)),
            _ => None,
        })
    };
    call.host.take();
    call.ask("1001", Question::OpenRecord(reference.clone()));
    assert_eq!(call.host.pages(), ["1001"]);
    assert_eq!(replies(call.host), Some((true, "question.opened".into())));
    call.ask("2001", Question::OpenRecord(reference));
    assert_eq!(replies(call.host), Some((false, "question.not-bound".into())));
    call.ask("1001", Question::Note("text".into()));
    assert_eq!(replies(call.host), Some((false, "question.not-offered".into())));
    call.ask("1001", Question::Press(Pressed { action: "x".into(), fields: vec![], extras: vec![] }));
    assert_eq!(replies(call.host), Some((false, "question.unknown-button".into())));
}
