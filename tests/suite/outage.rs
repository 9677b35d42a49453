//! Eight hours without the CRM: 20,000 calls, nearly a third of them from numbers that nobody knows, a host that dies twice meanwhile, and what
//! stands in the CRM in the end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::core::io::{Output, Told};

const CALLS: u64 = 20_000;
const HOURS: u64 = 8;
/// People in the CRM who call.
const KNOWN: u64 = 2_000;
/// Numbers that call and are nowhere.
const UNKNOWN: u64 = 1_500;
const EXTENSIONS: u64 = 40;
/// Requests that the host may make in 24 hours.
const BUDGET: u64 = 15_000;

/// A number of those reserved for fiction: 555-01xx in an area code of its own for each hundred.
fn number(index: u64) -> String {
    format!("+1{}55501{:02}", 201 + index / 100, index % 100)
}

/// The number of call `index`: 30 of a hundred calls are of numbers that nobody knows.
fn caller(index: u64) -> u64 {
    let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    if index % 10 < 3 { KNOWN + mixed % UNKNOWN } else { mixed % KNOWN }
}

fn milliseconds(index: u64) -> u64 {
    60_000 + index * HOURS * 3_600_000 / CALLS
}

fn scenario_text() -> String {
    let mut text = format!(
        "title = \"eight hours\"\nthen-wait = \"12h\"\nsettings.\"create.mode\" = \"automatic\"\ncrm.budget = {{ daily = {BUDGET} }}\n"
    );
    let list = |count: u64, form: &dyn Fn(u64) -> String| (0..count).map(form).collect::<Vec<_>>().join(",\n");
    let extensions = list(EXTENSIONS, &|index| format!("{{ id = \"{}\", name = \"Agent {index}\" }}", 1000 + index));
    let users = list(EXTENSIONS, &|index| format!("{{ id = \"u{index}\", name = \"Agent {index}\" }}"));
    let bindings = list(EXTENSIONS, &|index| format!("{{ user = \"u{index}\", extensions = [\"{}\"] }}", 1000 + index));
    let records = list(KNOWN, &|index| {
        format!(
            "{{ id = \"p-{index}\", role = \"person\", last-name = \"Caller {index}\", phones = [{{ label = \"mobile\", number = \"{}\" }}] }}",
            number(index)
        )
    });
    let _ = write!(text, "extension = [{extensions}]\ncrm.user = [{users}]\nbinding = [{bindings}]\ncrm.record = [{records}]\nevent = [\n");
    let _ = writeln!(text, "{{ at = \"0s\", what = \"fault\", fault = {{ what = \"unreachable\" }} }},");
    for index in 0..CALLS {
        let (at, extension, from) = (milliseconds(index), 1000 + index % EXTENSIONS, number(caller(index)));
        let _ = writeln!(
            text,
            "{{ at = \"{at}ms\", what = \"start\", call = \"c{index}\", direction = \"inbound\", from = \"{from}\", to = \"+15550100100\" }},"
        );
        let _ = writeln!(text, "{{ at = \"{at}ms\", what = \"ring\", call = \"c{index}\", extension = \"{extension}\" }},");
        let _ = writeln!(text, "{{ at = \"{}ms\", what = \"answer\", call = \"c{index}\", extension = \"{extension}\" }},", at + 400);
        let _ = writeln!(text, "{{ at = \"{}ms\", what = \"end\", call = \"c{index}\" }},", at + 1_400);
    }
    // Between two calls, so that no call is cut in two: what is told again is the business of other tests.
    for third in [1, 2] {
        let _ = writeln!(text, "{{ at = \"{}ms\", what = \"restart\" }},", milliseconds(CALLS * third / 3) - 10);
    }
    let _ = writeln!(text, "{{ at = \"{}ms\", what = \"clear-faults\" }},\n]", HOURS * 3_600_000 + 120_000);
    text
}

fn play() -> Play {
    let text = scenario_text();
    let parsed = scenario::parse(Path::new("eight-hours.toml"), &text).unwrap_or_else(|why| panic!("{why}"));
    let folder = tempfile::tempdir().unwrap();
    let crm = Crm::in_process("webhook").unwrap().with_database(folder.path().join("pbx-crm.db"));
    let stage = Stage::new(Components::built_with("webhook").unwrap()).unwrap();
    stage.play(Path::new("eight-hours.toml"), &text, &parsed, crm).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn m_log_5_m_new_7_eight_hours_without_the_crm_lose_nothing_and_double_nothing() {
    let play = play();
    assert_eq!(play.unfinished, (0, 0), "nothing waits, nothing is dead");

    // One record for each new number, none for a known one.
    let mut records: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for record in &play.records {
        for phone in &record.phones {
            records.entry(phone.number.clone()).or_default().push(&record.id);
        }
    }
    let callers: BTreeSet<u64> = (0..CALLS).map(caller).collect();
    assert!(callers.iter().filter(|caller| **caller >= KNOWN).count() > 1_000, "the test has new numbers in it");
    for caller in &callers {
        assert_eq!(records.get(&number(*caller)).map(Vec::len), Some(1), "records of {}", number(*caller));
    }
    assert_eq!(play.records.len() as u64, KNOWN + callers.iter().filter(|caller| **caller >= KNOWN).count() as u64);

    // Each call once, on the record of its number, and what one caller did in the order in which they did it.
    assert_eq!(play.activities.len() as u64, CALLS);
    let mut by_start: BTreeMap<u64, Vec<(usize, &str)>> = BTreeMap::new();
    for (place, activity) in play.activities.iter().enumerate() {
        by_start.entry(activity.started_at.unwrap() - play.starts).or_default().push((place, &activity.record));
    }
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for index in 0..CALLS {
        let entries = &by_start[&milliseconds(index)];
        let [(place, record)] = entries[..] else { panic!("call {index} has {} entries", entries.len()) };
        assert_eq!(record, records[&number(caller(index))][0], "call {index}");
        if let Some(before) = last.insert(record, place) {
            assert!(before < place, "call {index} came into the CRM before an earlier one of the same caller");
        }
    }

    // Within the budget, and no event of a call waited for anything.
    let sent: u64 = play.requests.iter().map(|request| u64::from(request.cost)).sum();
    assert!(sent <= BUDGET, "{sent} requests");
    let mut events = 0;
    for (at, output) in &play.outputs {
        if let Output::Told(Told::Event { event, .. }) = output {
            assert_eq!(*at, event.at);
            events += 1;
        }
    }
    assert_eq!(events, CALLS * 4);
    println!("{sent} requests for {CALLS} calls, {} new records", callers.iter().filter(|caller| **caller >= KNOWN).count());
}
