//! Each class of error, provoked at a fake CRM, with the waits that the host's table promises (`core/failures.rs`, `core/gate.rs`), in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

use crm_fake::Operation;
use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::component::Source;
use pbx_crm_host::core::io::{AskedResult, Output, Told};

/// Crashes at entries of numbers that end in 0111 and at look-ups of those that end in 0101; see there.
const NAUGHTY_CONNECTOR: &[u8] = include_bytes!(env!("PBX_CRM_TEST_NAUGHTY_CONNECTOR"));

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

/// Plays answered calls of ten seconds from these numbers, at these moments in milliseconds, and these other events, with the naughty connector.
fn play_naughty(calls: &[(u64, String)], others: &str) -> Play {
    play_naughty_in("", calls, others)
}

/// The same in an office of which something more is said.
fn play_naughty_in(office: &str, calls: &[(u64, String)], others: &str) -> Play {
    static NAUGHTY: OnceLock<Stage> = OnceLock::new();
    let components = || Components { connector: Source::bytes("naughty.wasm", NAUGHTY_CONNECTOR), ..Components::built() };
    let mut text = format!(
        r#"
        title = "crashes"
        then-wait = "1h"
        {office}
        extension = [{{ id = "1001", name = "Ann Field" }}]
        crm.user = [{{ id = "ann", name = "Ann Field" }}]
        binding = [{{ user = "ann", extensions = ["1001"] }}]
        event = [
        "#,
    );
    for (index, (at, from)) in calls.iter().enumerate() {
        let (call, answered, ended) = (format!("call = \"c{index}\""), at + 2_000, at + 10_000);
        let _ =
            writeln!(text, "{{ at = \"{at}ms\", what = \"start\", {call}, direction = \"inbound\", from = \"{from}\", to = \"100\" }},");
        let _ = writeln!(text, "{{ at = \"{at}ms\", what = \"ring\", {call}, extension = \"1001\" }},");
        let _ = writeln!(text, "{{ at = \"{answered}ms\", what = \"answer\", {call}, extension = \"1001\" }},");
        let _ = writeln!(text, "{{ at = \"{ended}ms\", what = \"end\", {call} }},");
    }
    let _ = write!(text, "{others}\n]");
    let file = Path::new("crashes.toml");
    let parsed = scenario::parse(file, &text).unwrap_or_else(|why| panic!("{why}"));
    let stage = NAUGHTY.get_or_init(|| Stage::new(components()).unwrap());
    stage.play(file, &text, &parsed, Crm::in_process(stage.connector_id()).unwrap()).unwrap_or_else(|why| panic!("{why}"))
}

/// Calls of a connector's function: when, about what, and whether it failed.
fn asked(play: &Play, wanted: &str) -> Vec<(u64, Vec<String>, bool)> {
    let asked = |(at, output): &(u64, Output)| match output {
        Output::Told(Told::Asked { function, about, result, .. }) if *function == wanted => {
            Some((*at - play.starts, about.clone(), matches!(result, AskedResult::Failed(_))))
        }
        _ => None,
    };
    play.outputs.iter().filter_map(asked).collect()
}

fn dead(play: &Play) -> Vec<(&str, &'static str)> {
    let dead = |(_, output): &(u64, Output)| match output {
        Output::Told(Told::Dead { call, task, .. }) => Some((call.as_deref().unwrap().to_owned(), *task)),
        _ => None,
    };
    play.outputs.iter().filter_map(dead).map(|(call, task)| (&*call.leak(), task)).collect()
}

/// Functions that the host gave up, and when.
fn given_up(play: &Play) -> Vec<(u64, &'static str)> {
    let given_up = |(at, output): &(u64, Output)| match output {
        Output::Told(Told::FunctionCrashed { function, .. }) => Some((*at - play.starts, *function)),
        _ => None,
    };
    play.outputs.iter().filter_map(given_up).collect()
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
fn f03_f15_ambiguous_and_found_it_is_not_written_again() {
    for fault in [
        r#"what = "cut-after-commit""#,
        r#"what = "garbled""#,
        r#"what = "garbled", body = """#,
        r#"what = "garbled", body = "{}""#,
        r#"what = "garbled", body = "[true]""#,
        r#"what = "truncated""#,
        r#"what = "commit-after-cut", ms = 20000"#,
    ] {
        let play = play("webhook", &format!(r#"{{ {fault}, on = ["write"], times = 1 }}"#), HOUR, "1h");
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

#[test]
fn f13_one_entry_that_crashes_the_connector_among_a_thousand_dies_alone_and_holds_up_nobody() {
    // Ten calls end at once, every ten seconds: so an entry that crashes shares its connector's call with others.
    let number = |index: u64| format!("+1{}555{}", 201 + index % 700, if index == 505 { "0111" } else { "0113" });
    let calls: Vec<(u64, String)> = (0..1_000).map(|index| (index / 10 * 10_000, number(index))).collect();
    let play = play_naughty(&calls, "");
    assert_eq!((dead(&play), play.unfinished), (vec![("c505", "journal")], (0, 1)));
    let writes = asked(&play, "write");
    let written: BTreeSet<&String> = writes.iter().filter(|(_, _, failed)| !failed).flat_map(|(_, keys, _)| keys).collect();
    assert_eq!(written.len(), 999);
    // Those beside it were written within a second of the first crash.
    let crashed: Vec<&(u64, Vec<String>, bool)> = writes.iter().filter(|(_, _, failed)| *failed).collect();
    let (first, together, _) = crashed[0];
    assert!(together.len() > 5, "the test wants several of them in one call: {together:?}");
    let late = |key: &&String| !writes.iter().any(|(at, keys, failed)| !failed && keys.contains(key) && *at <= first + 1_000);
    assert_eq!(together.iter().filter(late).count(), 1);
    // Parted by halves, then five times alone.
    let sizes: Vec<usize> = crashed.iter().map(|(_, keys, _)| keys.len()).collect();
    let (parted, alone) = sizes.split_at(sizes.len() - 5);
    assert_eq!(alone, [1; 5]);
    assert!(parted.windows(2).all(|pair| pair[1] <= pair[0] / 2) && parted.last().is_some_and(|last| *last > 1), "{sizes:?}");
}

#[test]
fn a_crash_five_of_them_bury_the_entry_with_growing_pauses() {
    let play = play_naughty(&[(0, "+12015550111".to_owned())], "");
    let times: Vec<u64> = asked(&play, "write").iter().map(|(at, ..)| *at).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps.len(), 4, "{times:?}");
    for (gap, longest) in gaps.iter().zip([2_000, 4_000, 8_000, 16_000]) {
        assert!((longest / 2..=longest).contains(gap), "{gap} of {longest} in {gaps:?}");
    }
    assert_eq!((dead(&play), play.unfinished), (vec![("c0", "journal")], (0, 1)));
}

#[test]
fn f23_what_a_look_up_cost_that_found_nothing_is_counted() {
    let spent = |play: &Play| -> Vec<u32> {
        let told = play.outputs.iter().filter_map(|(_, output)| match output {
            Output::Told(Told::Asked { function: "find-written", spent, .. }) => Some(*spent),
            _ => None,
        });
        told.collect()
    };
    let calls = [(0, "+12015550114".to_owned())];
    let unbounded = spent(&play_naughty(&calls, ""));
    assert!(unbounded.len() > 1 && unbounded.iter().all(|spent| *spent == 100), "{unbounded:?}");
    // The first uses up all that may be used in a day.
    let bounded = play_naughty_in("crm.budget = { daily = 100 }", &calls, "");
    assert_eq!((spent(&bounded), bounded.unfinished), (vec![100], (1, 0)));
}

#[test]
fn f22_of_a_batch_that_succeeds_in_part_only_what_failed_is_tried_again() {
    // The first entry goes alone, since nobody was waiting; the others go together.
    let calls: Vec<(u64, String)> =
        (0..10).map(|index| (0, format!("+1{}5550{}", 201 + index, if index == 3 { 112 } else { 113 }))).collect();
    let play = play_naughty(&calls, "");
    let writes = asked(&play, "write");
    assert_eq!(writes[..2].iter().map(|(_, keys, _)| keys.len()).collect::<Vec<_>>(), [1, 9]);
    assert!(writes.len() > 3, "it was locked for a while");
    for (_, keys, _) in &writes[2..] {
        assert_eq!(keys, &writes[1].1[2..=2]);
    }
    assert_eq!((dead(&play), play.unfinished), (Vec::new(), (0, 0)));
}

#[test]
fn f31_a_function_that_crashes_whatever_it_is_about_is_called_no_more_and_no_call_is_lost_by_that() {
    let mut calls: Vec<(u64, String)> = (0..4).map(|index| (index * 60_000, format!("+1{}5550101", 201 + index))).collect();
    // What a mended connector would do: it waits, over a restart, until the account is enabled.
    calls.push((300_000, "+12015550113".to_owned()));
    let others = r#"
        { at = "400s", what = "restart" },
        { at = "900s", what = "order", order = "enable" },
    "#;
    let play = play_naughty(&calls, others);
    let finds = asked(&play, "find");
    let before: Vec<&(u64, Vec<String>, bool)> = finds.iter().filter(|(at, ..)| *at < 900_000).collect();
    assert_eq!(given_up(&play)[0], (before.last().unwrap().0, "find"), "nothing is asked after it");
    assert!(before.len() >= 5 && before.iter().map(|(_, about, _)| about).collect::<BTreeSet<_>>().len() == 2, "{before:?}");
    assert!(finds.iter().any(|(at, about, failed)| *at >= 900_000 && about == &["+12015550113"] && !failed), "{finds:?}");
    assert!(asked(&play, "write").iter().any(|(_, _, failed)| !failed), "its call is journalled");
}

#[test]
fn f31_look_ups_go_on_where_only_entries_crash_and_the_entries_wait() {
    let calls: Vec<(u64, String)> = (0..8).map(|index| (index * 3_000, format!("+1{}5550111", 201 + index))).collect();
    let play = play_naughty(&calls, "");
    assert_eq!(given_up(&play).iter().map(|(_, function)| *function).collect::<Vec<_>>(), ["write"]);
    assert_eq!(asked(&play, "find").iter().filter(|(_, _, failed)| !failed).count(), 8, "each caller is looked up");
    let pops = play.outputs.iter().filter(|(_, output)| matches!(output, Output::OpenPage { .. })).count();
    assert_eq!((pops, dead(&play), play.unfinished), (8, Vec::new(), (8, 0)));
}

#[test]
fn a_number_that_crashes_the_connector_and_calls_twice_is_asked_five_times_for_each_call_at_most() {
    // Two matches of one number wait together: there is nothing to part, and each crash counts for both.
    let calls = vec![(0, "+12015550101".to_owned()), (5_000, "+12015550101".to_owned())];
    let play = play_naughty(&calls, "");
    let finds = asked(&play, "find");
    assert!((5..=10).contains(&finds.len()), "{finds:?}");
    assert_eq!((dead(&play), given_up(&play)), (vec![("c0", "match"), ("c1", "match")], Vec::new()));
}

#[test]
fn one_entry_of_thirty_two_that_crashes_the_connector_stops_no_other_one() {
    // One entry goes alone, the others together, with the one that crashes among the first.
    let calls: Vec<(u64, String)> =
        (0..33).map(|index| (0, format!("+1{}5550{}", 201 + index, if index == 1 { 111 } else { 113 }))).collect();
    let play = play_naughty(&calls, "");
    assert_eq!((dead(&play), given_up(&play), play.unfinished), (vec![("c1", "journal")], Vec::new(), (0, 1)));
}

#[test]
fn f12_a_record_that_is_gone_buries_its_entry_with_that_reason() {
    let gone = r#"[{"errorCode":"ENTITY_IS_DELETED","message":"entity is deleted"}]"#;
    let play = play("salesforce", &format!("{{ what = \"status\", status = 404, body = '{gone}', on = [\"write\"] }}"), 48 * HOUR, "1h");
    assert_eq!((count(&play, Operation::Write), ends(&play)), (1, (0, 0, 1)));
    let why = |(_, output): &(u64, Output)| if let Output::Told(Told::Dead { why, .. }) = output { Some(why.id.clone()) } else { None };
    assert_eq!(play.outputs.iter().find_map(why).as_deref(), Some("salesforce.deleted"));
}

#[test]
fn f20_several_records_where_one_was_wanted_bury_it_and_are_named() {
    let paths = r#"["/services/data/v66.0/sobjects/Contact/003A", "/services/data/v66.0/sobjects/Contact/003B"]"#;
    let play = play("salesforce", &format!("{{ what = \"status\", status = 300, body = '{paths}', on = [\"write\"] }}"), 48 * HOUR, "1h");
    assert_eq!((count(&play, Operation::Write), ends(&play)), (1, (0, 0, 1)));
    let named = |(_, output): &(u64, Output)| if let Output::Told(Told::Dead { why, .. }) = output { why.verbatim.clone() } else { None };
    assert_eq!(play.outputs.iter().find_map(named).as_deref(), Some("Contact 003A, Contact 003B"));
}

/// Two look-ups share a request, and one of the numbers has more records than the connector is asked for.
#[test]
fn m_pop_1_a_number_with_very_many_records_hides_nobody_else() {
    let record = |id: String, name: &str, number: &str| {
        format!(r#"{{ id = "{id}", role = "person", name = "{name}", phones = [{{ label = "mobile", number = "{number}" }}] }},"#)
    };
    let crowd: String = (0..130).map(|index| record(format!("c-{index}"), "Call Center", "+15550100111")).collect();
    let text = format!(
        r#"
        title = "a crowd"
        extension = [{{ id = "1001", name = "Ann Field" }}]
        crm.user = [{{ id = "ann", name = "Ann Field" }}]
        binding = [{{ user = "ann", extensions = ["1001"] }}]
        crm.record = [{crowd} {}]
        crm.fault = [{{ what = "status", status = 429, retry-after = 5, on = ["find"], times = 2 }}]
        event = [
          {{ at = "0s", what = "start", call = "crowd", direction = "inbound", from = "+15550100111", to = "+15550100100" }},
          {{ at = "0s", what = "ring", call = "crowd", extension = "1001" }},
          {{ at = "0s", what = "start", call = "maria", direction = "inbound", from = "+15550100142", to = "+15550100100" }},
          {{ at = "0s", what = "ring", call = "maria", extension = "1001" }},
          {{ at = "1m", what = "end", call = "crowd" }},
          {{ at = "1m", what = "end", call = "maria" }},
        ]
        "#,
        record("maria".to_owned(), "Maria Torres", "+15550100142")
    );
    let file = Path::new("a-crowd.toml");
    let parsed = scenario::parse(file, &text).unwrap_or_else(|why| panic!("{why}"));
    let play = stage("webhook").play(file, &text, &parsed, Crm::in_process("webhook").unwrap()).unwrap_or_else(|why| panic!("{why}"));
    let finds = asked(&play, "find");
    assert!(finds.iter().any(|(_, about, failed)| about.len() == 2 && !failed), "both were asked for at once: {finds:?}");
    assert!(finds.iter().any(|(_, about, failed)| about == &["+15550100142"] && !failed), "and one again alone: {finds:?}");
    let entries: Vec<&str> = play.activities.iter().map(|entry| entry.record.as_str()).collect();
    assert!(entries.contains(&"maria") && entries.len() == 2, "{entries:?}");
}
