//! The call journal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::pbx::base::types::SettingValue;
use pbx_crm_policy::contract::pbx::crm::types::{About, Entity, JournalEntry};
use pbx_crm_policy::contract::pbx::hooks::calls::{Direction, LegState, Outcome, Via};
use pbx_crm_policy::testing::{Deed, InMemory, PlayedCall, number, person};

const CALLER: &str = "+1 555 010 0199";

fn bound() -> InMemory {
    let mut host = InMemory::new();
    for (extension, user, name) in [("1001", "ada", "Ada"), ("1002", "bob", ""), ("1003", "cyd", "Cyd")] {
        host.bind(extension, user);
        host.add_extension(extension, name);
    }
    host
}

fn answering_only() -> InMemory {
    let mut host = bound();
    host.set("journal.answering-only", SettingValue::Flag(true));
    host
}

fn hit() -> Vec<Entity> {
    vec![person("5", "Grace", CALLER)]
}

/// (user, outcome, talk time in milliseconds) of all entries.
fn entries(host: &InMemory) -> Vec<(&str, Outcome, u64)> {
    let user = |entry: &&JournalEntry| entry.user.is_some();
    host.entries()
        .into_iter()
        .filter(user)
        .map(|entry| (entry.user.as_ref().unwrap().id.as_str(), entry.outcome.clone(), entry.talked))
        .collect()
}

fn group() -> Via {
    Via::RingGroup("6200".into())
}

fn queue() -> Via {
    Via::Queue("6400".into())
}

#[test]
fn m_log_1_the_default_texts_of_an_answered_call() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.call.recording = Some("https://pbx.example/recording/1".into());
    call.ring("1001").matched(hit()).answer("1001").wait(61_500).end(Outcome::Answered);
    let entry = host.entries()[0];
    assert_eq!(entry.subject, "Extension Call");
    assert_eq!(entry.body, "Call: 2026-01-02 05:04:05 Incoming from Grace <+1 555 010 0199> to Ada <1001> 00:01:01");
    assert_eq!((entry.direction, entry.utc_offset_minutes, entry.talked), (Direction::Inbound, 120, 61_500));
    assert_eq!((entry.version, entry.number.raw.as_str()), (1, CALLER));
    assert_eq!(entry.recording.as_deref(), Some("https://pbx.example/recording/1"));
}

#[test]
fn m_log_1_an_outgoing_call_has_its_sides_the_other_way_round() {
    let mut host = bound();
    let mut call = PlayedCall::to_outside(&mut host, "call-1", "1002", number(CALLER));
    call.matched(hit()).far_end_rings().wait(3_000).answer("1002").wait(5_000).end(Outcome::Answered);
    assert_eq!(host.entries()[0].body, "Call: 2026-01-02 05:04:05 Outgoing from 1002 to Grace <+1 555 010 0199> 00:00:05");
}

#[test]
fn m_log_1_the_words_are_those_of_the_journals_language() {
    let word = |outcome, outbound| {
        let mut host = bound();
        host.facts.language = "zh-CN".into();
        host.set_text("journal.description", "{{.Call_Log_Status}}");
        if outbound {
            PlayedCall::to_outside(&mut host, "call-1", "1001", number(CALLER)).matched(hit()).end(outcome);
        } else {
            PlayedCall::from_outside(&mut host, "call-1", number(CALLER)).ring("1001").matched(hit()).end(outcome);
        }
        host.entries()[0].body.clone()
    };
    assert_eq!(word(Outcome::Missed, false), "未接");
    assert_eq!(word(Outcome::Voicemail, false), "语音留言");
    assert_eq!(word(Outcome::Forwarded, false), "呼叫转移");
    assert_eq!(word(Outcome::NoAnswer, true), "无人接听");
    assert_eq!(word(Outcome::Busy, true), "占线");
    assert_eq!(word(Outcome::Failed, true), "失败");
}

#[test]
fn m_log_1_switched_off_writes_nothing_and_says_so_once() {
    let mut host = bound();
    host.set("journal.enabled", SettingValue::Flag(false));
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").end(Outcome::Answered).tell_end();
    assert!(host.entries().is_empty());
    assert_eq!(host.reasons().iter().filter(|why| **why == "journal.off").count(), 1);
}

#[test]
fn m_log_1_subject_and_body_keep_their_limits() {
    let mut host = bound();
    host.set_text("journal.subject", "呼\n{{.Call_From}}");
    host.set_text("journal.description", "a\r\nb");
    let long = vec![person("5", &"名".repeat(300), CALLER)];
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(long).end(Outcome::Missed);
    let entry = host.entries()[0];
    assert!(entry.subject.len() <= 255 && entry.subject.starts_with("呼 名"));
    assert_eq!(entry.body, "a\nb");
}

#[test]
fn f67_a_name_of_a_mebibyte_is_cut_at_a_character_and_not_read_as_a_template() {
    const BEGINNING: &str = "{{.Time}} ";
    // Three bytes each: the subject's limit does not fall between two of them.
    const SIGN: &str = "名";
    let name = BEGINNING.to_owned() + &SIGN.repeat((1 << 20) / SIGN.len());
    let mut host = bound();
    host.set_text("journal.subject", "{{.Call_From}}");
    host.set_text("journal.description", "{{.Call_From}} {{.Time}}");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![person("5", &name, CALLER)]).answer("1001").wait(2_000).end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 2_000)]);
    let entry = host.entries()[0];
    assert_eq!(entry.subject, BEGINNING.to_owned() + &SIGN.repeat((255 - BEGINNING.len()) / SIGN.len()));
    // In a longer text one value has a limit of its own, and what stands behind it is still there.
    assert!(entry.body.len() <= 32_000 && entry.body.starts_with(&(BEGINNING.to_owned() + SIGN)), "{}", entry.body);
    assert!(!entry.body.ends_with(SIGN), "the time is cut off: {}", entry.body);
}

#[test]
fn m_log_3_without_a_record_there_is_no_entry() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(vec![]).answer("1001").end(Outcome::Answered);
    assert!(host.entries().is_empty());
}

#[test]
fn m_log_3_each_user_has_their_own_view_of_the_call() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", group()).ring_via("1002", group()).matched(hit()).answer("1002").wait(4_000);
    call.end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Missed, 0), ("bob", Outcome::Answered, 4_000)]);
    assert!(host.entries()[0].body.contains("Missed from Grace <+1 555 010 0199> to Ada <1001> 00:00:00"));
}

#[test]
fn m_log_3_who_missed_a_call_that_a_colleague_took_need_not_call_back() {
    let elsewhere = |host: &InMemory| -> Vec<(String, bool)> {
        let user = |entry: &&JournalEntry| entry.user.as_ref().unwrap().id.clone();
        host.entries().iter().map(|entry| (user(entry), entry.answered_elsewhere)).collect()
    };
    let told = |who: &str, is: bool| (who.to_owned(), is);
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", group()).ring_via("1002", group()).matched(hit()).answer("1002").wait(5_000).end(Outcome::Answered);
    assert_eq!(elsewhere(&host), [told("ada", true), told("bob", false)]);
    // Nobody took it.
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", group()).ring_via("1002", group()).matched(hit()).wait(5_000).end(Outcome::Missed);
    assert_eq!(elsewhere(&host), [told("ada", false), told("bob", false)]);
    // An extension without a CRM user is a colleague too.
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1009").matched(hit()).answer("1009").wait(5_000).end(Outcome::Answered);
    assert_eq!(elsewhere(&host), [told("ada", true)]);
    // Passed on to Ada by Bob, who has left: the caller waits for her.
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1002").matched(hit()).answer("1002").wait(5_000).leave("1002").ring("1001").wait(5_000).end(Outcome::Answered);
    assert_eq!(elsewhere(&host), [told("bob", false), told("ada", false)]);
}

#[test]
fn m_log_3_two_extensions_of_one_user_make_one_entry() {
    let mut host = bound();
    host.bind("1002", "ada");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").wait(2_000).leave("1001");
    call.ring_via("1002", Via::Transfer("1001".into())).answer("1002").wait(5_000).end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 7_000)]);
    assert_eq!(host.entries()[0].to_shown, "1002", "talked longer");
}

#[test]
fn m_log_3_a_transferred_call_stands_with_both_agents_for_their_own_time() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").wait(2_000).leave("1001");
    call.ring_via("1003", Via::Transfer("1001".into())).answer("1003").wait(5_000).end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 2_000), ("cyd", Outcome::Answered, 5_000)]);
}

#[test]
fn m_log_3_a_call_to_a_busy_extension_was_missed_by_its_owner() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.cannot_ring("1001", Via::Direct, LegState::Busy).cannot_ring("1002", group(), LegState::Busy);
    call.end(Outcome::Missed).matched(hit());
    assert_eq!(entries(&host), [("ada", Outcome::Missed, 0)]);
}

#[test]
fn m_log_3_the_end_of_the_call_is_carried_over_for_those_who_did_not_talk() {
    for outcome in [Outcome::Voicemail, Outcome::Forwarded, Outcome::Busy] {
        let mut host = bound();
        let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
        call.ring("1001").matched(hit()).end(outcome.clone());
        assert_eq!(entries(&host), [("ada", outcome, 0)]);
    }
    for (outcome, seen) in [
        (Outcome::NoAnswer, Outcome::NoAnswer),
        (Outcome::Busy, Outcome::Busy),
        (Outcome::Failed, Outcome::Failed),
        (Outcome::Other("new".into()), Outcome::Failed),
    ] {
        let mut host = bound();
        PlayedCall::to_outside(&mut host, "call-1", "1001", number(CALLER)).matched(hit()).end(outcome);
        assert_eq!(entries(&host), [("ada", seen, 0)]);
    }
}

#[test]
fn m_log_3_a_lost_call_is_journalled_as_far_as_it_is_known() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).answer("1001").wait(3_000).end(Outcome::Lost);
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 3_000), ("bob", Outcome::Missed, 0)]);
}

#[test]
fn m_log_3_the_second_party_of_a_consultation_has_its_own_entry() {
    let mut host = bound();
    let other = number("5503301");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).answer("1001").consult("1001", other.clone(), 7_000);
    call.matched_for(other, vec![person("6", "Linus", "5503301")]).wait(9_000);
    call.call.talks[1].talked = 7_000;
    // The agent's time with the main party ends with the call; with the other it was shorter.
    call.leave("1001");
    call.call.talks[1].talked = 7_000;
    call.end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 9_000), ("bob", Outcome::Missed, 0), ("ada", Outcome::Answered, 7_000)]);
    assert_eq!(host.entries()[2].number.raw, "5503301");
    let keys: Vec<_> = host.deeds.iter().filter_map(|deed| if let Deed::Journal(key, ..) = deed { Some(key) } else { None }).collect();
    assert!(keys.iter().all(|key| keys.iter().filter(|other| other == &key).count() == 1));
}

#[test]
fn m_log_4_only_the_answering_agent_of_a_queue_has_an_entry() {
    let mut host = answering_only();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", queue()).ring_via("1002", queue()).matched(hit()).answer("1002").wait(1_000);
    call.end(Outcome::Answered);
    assert_eq!(entries(&host), [("bob", Outcome::Answered, 1_000)]);
    assert_eq!(host.reasons().last(), Some(&"journal.answering-only"));
}

#[test]
fn m_log_4_a_group_call_that_nobody_answers_has_no_entry_and_the_reason_says_so() {
    let mut host = answering_only();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", group()).ring_via("1002", group()).matched(hit()).end(Outcome::Missed);
    assert!(entries(&host).is_empty());
    assert_eq!(host.reasons().last(), Some(&"journal.nobody-answered"));
}

#[test]
fn m_log_4_a_direct_call_is_missed_all_the_same() {
    let mut host = answering_only();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).end(Outcome::Missed);
    assert_eq!(entries(&host), [("ada", Outcome::Missed, 0)]);
}

#[test]
fn m_log_5_the_same_call_has_the_same_keys_and_is_asked_for_once() {
    let play = || {
        let mut host = bound();
        let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
        call.ring("1001").matched(hit()).answer("1001").end(Outcome::Answered).tell_end().matched(hit());
        let keys = host.deeds.iter().filter_map(|deed| match deed {
            Deed::Journal(key, about, _) => Some((key.clone(), about.clone())),
            _ => None,
        });
        keys.collect::<Vec<_>>()
    };
    let (first, second) = (play(), play());
    assert_eq!(first.len(), 1);
    assert_eq!(first, second);
    assert_eq!(first[0].1, About::Existing(hit()[0].reference.clone()));
    assert!(first[0].0.starts_with("j-") && first[0].0.len() == 34);
}

#[test]
fn m_log_5_a_match_that_comes_after_the_end_is_journalled() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").answer("1001").wait(2_000).end(Outcome::Answered).wait(86_400_000).matched(hit());
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 2_000)]);
}

#[test]
fn m_log_5_a_restart_during_the_call_loses_no_entry() {
    let mut host = bound();
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).answer("1001").wait(2_000);
    call.host.notes.clear();
    call.resync = true;
    call.end(Outcome::Lost).matched(hit());
    assert_eq!(entries(&host), [("ada", Outcome::Answered, 2_000)]);
}

#[test]
fn m_bind_5_only_users_of_the_crm_that_has_the_record_have_entries() {
    let mut host = InMemory::new();
    host.bind("1001", "ada");
    host.bind_at("1002", "other-crm", "bob");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").ring("1002").matched(hit()).answer("1002").end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Missed, 0)]);
    assert!(host.reasons().contains(&"journal.not-bound"));
}

#[test]
fn an_entry_of_a_user_who_is_signed_off_goes_in_without_an_owner() {
    let mut host = bound();
    host.bindings.values_mut().for_each(|user| user.active = false);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).end(Outcome::Missed);
    assert_eq!(host.entries()[0].user, None);
}

#[test]
fn a_template_that_cannot_be_read_does_not_lose_the_entry() {
    let mut host = bound();
    host.set_text("journal.subject", "{{.Nope}}");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).end(Outcome::Missed);
    assert_eq!(host.entries()[0].subject, "Extension Call");
}

#[test]
fn m_log_3_who_talked_with_somebody_else_in_the_call_did_not_miss_its_caller() {
    let mut host = bound();
    let other = number("5503301");
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring("1001").matched(hit()).ring("1002").ring("2001").answer("2001").wait(1_000);
    call.ring_via("1003", Via::Transfer("2001".into()));
    call.consult("1003", other.clone(), 4_000);
    call.matched_for(other, vec![person("6", "Linus", "5503301")]);
    call.end(Outcome::Answered);
    assert_eq!(entries(&host), [("ada", Outcome::Missed, 0), ("bob", Outcome::Missed, 0), ("cyd", Outcome::Answered, 0)]);
    assert_eq!(host.entries()[2].number.raw, "5503301");
}
