//! Each class of error, provoked at a fake CRM, with the waits that the host's table promises (`core/failures.rs`, `core/gate.rs`), in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::Path;
use std::sync::OnceLock;

use crm_fake::Operation;
use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;

const HOUR: u64 = 3_600_000;

fn stage(connector: &str) -> &'static Stage {
    static WEBHOOK: OnceLock<Stage> = OnceLock::new();
    static SALESFORCE: OnceLock<Stage> = OnceLock::new();
    let stage = if connector == "webhook" { &WEBHOOK } else { &SALESFORCE };
    stage.get_or_init(|| Stage::new(Components::built_with(connector).unwrap()).unwrap())
}

/// Plays one answered call of a known person, with these faults from the beginning, cleared after `cleared` milliseconds.
fn play(connector: &str, fault: &str, cleared: u64, then_wait: &str) -> Play {
    let text = format!(
        r#"
        title = "an error"
        then-wait = "{then_wait}"
        extension = [{{ id = "1001", name = "Ann Field" }}]
        crm.user = [{{ id = "ann", name = "Ann Field" }}]
        binding = [{{ user = "ann", extensions = ["1001"] }}]
        crm.record = [{{ id = "p-1", role = "person", first-name = "Maria", last-name = "Torres", phones = [{{ label = "mobile", number = "+15550100142" }}] }}]
        crm.fault = [{fault}]
        event = [
          {{ at = "0s", what = "start", call = "one", direction = "inbound", from = "+15550100142", to = "+15550100100" }},
          {{ at = "0s", what = "ring", call = "one", extension = "1001" }},
          {{ at = "5s", what = "answer", call = "one", extension = "1001" }},
          {{ at = "10s", what = "end", call = "one" }},
          {{ at = "{cleared}ms", what = "clear-faults" }},
        ]
        "#
    );
    let file = Path::new("an-error.toml");
    let parsed = scenario::parse(file, &text).unwrap_or_else(|why| panic!("{why}"));
    stage(connector).play(file, &text, &parsed, Crm::in_process(connector).unwrap()).unwrap_or_else(|why| panic!("{why}"))
}

/// Milliseconds between requests of a kind.
fn gaps(play: &Play, operation: Operation) -> Vec<u64> {
    let times: Vec<u64> = play.requests.iter().filter(|request| request.operation == operation).map(|request| request.at_ms).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn count(play: &Play, operation: Operation) -> usize {
    play.requests.iter().filter(|request| request.operation == operation).count()
}

/// Entries in the CRM, work that waits, work that is dead.
fn ends(play: &Play) -> (usize, u32, u32) {
    (play.activities.len(), play.unfinished.0, play.unfinished.1)
}

#[test]
fn f09_transient_errors_are_tried_with_growing_pauses_then_the_breaker_lets_one_through_now_and_then() {
    for connector in ["webhook", "salesforce"] {
        let play = play(connector, r#"{ what = "status", status = 503 }"#, 6 * HOUR, "7h");
        let gaps = gaps(&play, Operation::Find);
        for (gap, longest) in gaps.iter().zip([2_000, 4_000, 8_000, 16_000]) {
            assert!((longest / 2..=longest).contains(gap), "{connector}: {gap} of {longest} in {gaps:?}");
        }
        let closed: Vec<u64> = gaps.iter().skip(4).copied().filter(|gap| *gap > 0).collect();
        for (gap, pause) in closed.iter().zip([30_000, 60_000, 120_000, 240_000, 480_000].into_iter().chain(std::iter::repeat(600_000))) {
            assert_eq!(*gap, pause, "{connector}: {gaps:?}");
        }
        assert!(play.requests.len() <= 60, "{connector}: {} requests", play.requests.len());
        assert_eq!(ends(&play), (1, 0, 0), "{connector}");
        // Ten minutes after the CRM is back at the latest.
        let last = play.requests.last().map(|request| request.at_ms - play.starts).unwrap();
        assert!(last <= 6 * HOUR + 600_000, "{connector}: {last}");
    }
}

#[test]
fn f10_throttled_the_account_waits_as_long_as_was_asked_within_bounds() {
    for (asked, waits) in [("30", 30_000), ("0", 1_000), ("315360000", 24 * HOUR), ("-5", 1_000), ("soon", 900_000)] {
        let fault = format!(r#"{{ what = "status", status = 429, retry-after = "{asked}", times = 1 }}"#);
        let play = play("webhook", &fault, 48 * HOUR, "1h");
        assert_eq!(gaps(&play, Operation::Find), [waits], "Retry-After: {asked}");
        assert_eq!(ends(&play), (1, 0, 0), "Retry-After: {asked}");
    }
}

#[test]
fn f11_throttled_without_a_time_the_account_waits_a_quarter_of_an_hour_doubling_to_one() {
    let limit = r#"{ what = "status", status = 403, body = '[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]', times = 4 }"#;
    for (connector, fault) in [("webhook", r#"{ what = "status", status = 429, times = 4 }"#), ("salesforce", limit)] {
        let play = play(connector, fault, 48 * HOUR, "1h");
        assert_eq!(gaps(&play, Operation::Find)[..4], [900_000, 1_800_000, 3_600_000, 3_600_000], "{connector}");
        assert_eq!(ends(&play), (1, 0, 0), "{connector}: four times patience is no strike");
    }
}

#[test]
fn f50_unauthorised_the_account_is_looked_at_more_and_more_seldom_and_nothing_dies() {
    let play = play("webhook", r#"{ what = "status", status = 401 }"#, 24 * HOUR, "1h");
    let gaps = gaps(&play, Operation::Find);
    assert_eq!(gaps[..6], [30_000, 60_000, 120_000, 240_000, 480_000, 600_000]);
    assert!(gaps[6..].iter().all(|gap| *gap == 600_000), "{gaps:?}");
    assert_eq!(ends(&play), (1, 0, 0));
}

#[test]
fn f21_locked_it_is_tried_with_growing_pauses_and_never_buried_for_that() {
    let locked = r#"{ what = "status", status = 409, on = ["write"], times = 9 }"#;
    let play = play("webhook", locked, 48 * HOUR, "1h");
    let gaps = gaps(&play, Operation::Write);
    assert_eq!(gaps.len(), 9);
    for (index, gap) in gaps.iter().enumerate() {
        let longest = 2_000 << index;
        assert!((longest / 2..=longest).contains(gap), "{gap} of {longest}");
    }
    assert_eq!(ends(&play), (1, 0, 0));
}

#[test]
fn f15_f16_ambiguous_it_is_looked_for_after_30_seconds_and_after_30_more_then_written_again() {
    let play = play("webhook", r#"{ what = "cut-before-commit", on = ["write"], times = 1 }"#, HOUR, "1h");
    let times: Vec<(Operation, u64)> =
        play.requests.iter().skip(1).map(|request| (request.operation, request.at_ms - play.starts)).collect();
    let begun = times[0].1;
    let expected = [(Operation::Write, 0), (Operation::FindWritten, 30_000), (Operation::FindWritten, 60_000), (Operation::Write, 60_000)];
    assert_eq!(times.iter().map(|(operation, at)| (*operation, at - begun)).collect::<Vec<_>>(), expected);
    assert_eq!(ends(&play), (1, 0, 0));
}

#[test]
fn f03_ambiguous_and_found_it_is_not_written_again() {
    for fault in ["cut-after-commit", "garbled", "truncated", "commit-after-cut\", ms = 20000, x = \""] {
        let fault = format!(r#"{{ what = "{fault}", on = ["write"], times = 1 }}"#).replace(r#", x = """#, "");
        let play = play("webhook", &fault, HOUR, "1h");
        assert_eq!((count(&play, Operation::Write), count(&play, Operation::FindWritten)), (1, 1), "{fault}");
        assert_eq!(ends(&play), (1, 0, 0), "{fault}");
    }
}

#[test]
fn f15_five_ambiguous_outcomes_bury_it() {
    let play = play("webhook", r#"{ what = "cut-before-commit", on = ["write"] }"#, 48 * HOUR, "1h");
    assert_eq!((count(&play, Operation::Write), count(&play, Operation::FindWritten)), (5, 8));
    assert_eq!(ends(&play), (0, 0, 1));
}

#[test]
fn a_wrong_address_of_the_crm_is_waited_out_and_loses_nothing() {
    let play = play("webhook", r#"{ what = "status", status = 404 }"#, 3 * HOUR, "2h");
    assert_eq!(ends(&play), (1, 0, 0));
}

#[test]
fn f12_permanent_errors_bury_it_at_once_with_the_reason() {
    for (connector, status) in [("webhook", 400), ("webhook", 413), ("webhook", 422), ("salesforce", 400)] {
        let play = play(connector, &format!(r#"{{ what = "status", status = {status}, on = ["write"] }}"#), 48 * HOUR, "1h");
        assert_eq!(count(&play, Operation::Write), 1, "{connector}, {status}");
        assert_eq!(ends(&play), (0, 0, 1), "{connector}, {status}");
    }
}
