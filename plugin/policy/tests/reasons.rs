//! The explanation of a call: reasons in order, as a person reads them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::exports::pbx::crm::crm_answers::{Fate, Refused, Work};
use pbx_crm_policy::contract::pbx::base::types::{Message, SettingValue};
use pbx_crm_policy::contract::pbx::crm::types::{Detail, Failure};
use pbx_crm_policy::contract::pbx::hooks::calls::{Outcome, Via};
use pbx_crm_policy::policy;
use pbx_crm_policy::testing::{InMemory, PlayedCall, number, person};

const CALLER: &str = "+1 555 010 0199";

#[test]
fn a_queue_call_reads_as_a_story() {
    let mut host = InMemory::new();
    host.bind("1001", "Ada");
    host.bind("1002", "Bob");
    host.set("journal.answering-only", SettingValue::Flag(true));
    host.set_texts("pop.when", &["answered"]);
    let mut call = PlayedCall::from_outside(&mut host, "call-1", number(CALLER));
    call.ring_via("1001", Via::Queue("6400".into())).ring_via("1002", Via::Queue("6400".into()));
    call.matched(vec![person("5", "Grace", CALLER), person("6", "Linus", "0100199")]);
    call.answer("1002").wait(65_000).end(Outcome::Answered);
    assert_eq!(
        host.timeline("en"),
        [
            "ask: The CRM is asked for +1 555 010 0199.",
            "match: The other side is Grace (contact 5): its number +1 555 010 0199 is the same. \
             Other records with the number that were passed over: 1.",
            "card: The card of Grace is shown to 1001, 1002.",
            "open-page: The page of Grace opens for 1002: it has answered.",
            "nothing: No page for 1001: the chosen moment did not come while the record was known.",
            "journal: Entry for Bob (1002): incoming call, talked for 00:01:05.",
            "nothing: No entry for 1001: of groups and queues only those who answer get one.",
        ]
    );
    assert!(host.timeline("zh-CN").iter().all(|line| !line.contains('{')));
}

#[test]
fn a_failure_is_told_with_the_crms_own_words() {
    let detail = |words: &str| Detail {
        said: Message { id: "connector.said".into(), arguments: vec![], verbatim: Some(words.into()) },
        status: None,
        code: None,
        usage: None,
        extras: vec![],
    };
    let mut host = InMemory::new();
    for (work, why, fate) in [
        (Work::Match(number(CALLER)), Failure::Unreachable(detail("timed out")), Fate::Waiting),
        (Work::Journal("j-1".into()), Failure::Forbidden(detail("no rights")), Fate::Dead),
        (Work::Create("c-1".into()), Failure::Garbled(detail("?")), Fate::Other("new".into())),
    ] {
        let refused = Refused { at: 0, call: None, work, why, fate, extras: vec![] };
        assert_eq!(policy::on_refused(&mut host, &refused), Ok(()));
    }
    assert_eq!(
        host.timeline("en"),
        [
            "ask: Not done yet: the CRM cannot be reached. It is tried again. “timed out”",
            "journal: Given up: the CRM does not allow it. “no rights”",
            "create: Not done yet: the CRM gave no usable answer. It is tried again. “?”",
        ]
    );
}
