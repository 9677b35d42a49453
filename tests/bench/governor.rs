//! The governor of an account's allowance, at a working day of 2,000 calls: what it lets through at which allowance, and the settings with which it does.
//! `cargo bench --bench governor`; time is virtual, so the figures are the same in each run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a bench may stop")]

use std::fmt::Write;
use std::path::Path;

use crm_fake::Operation;
use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::core::budget::BudgetSettings;
use pbx_crm_host::core::io::{AskedResult, Output, Told};

const CALLS: u64 = 2_000;
const HOURS: u64 = 8;
/// People in the CRM who call; three of ten calls are of others.
const KNOWN: u64 = 600;
const UNKNOWN: u64 = 150;
const AGENTS: u64 = 20;

fn number(index: u64) -> String {
    format!("+1{}55501{:02}", 201 + index / 100, index % 100)
}

fn caller(index: u64) -> u64 {
    let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    if index % 10 < 3 { KNOWN + mixed % UNKNOWN } else { mixed % KNOWN }
}

fn text(daily: Option<u64>) -> String {
    let list = |count: u64, form: &dyn Fn(u64) -> String| (0..count).map(form).collect::<Vec<_>>().join(",\n");
    let mut text = format!(
        "title = \"a working day\"\nthen-wait = \"40h\"\nsettings.\"create.mode\" = \"automatic\"\nextension = [{}]\ncrm.user = [{}]\nbinding = [{}]\ncrm.record = [{}]\n",
        list(AGENTS, &|index| format!("{{ id = \"{}\", name = \"Agent {index}\" }}", 1000 + index)),
        list(AGENTS, &|index| format!("{{ id = \"u{index}\", name = \"Agent {index}\" }}")),
        list(AGENTS, &|index| format!("{{ user = \"u{index}\", extensions = [\"{}\"] }}", 1000 + index)),
        list(KNOWN, &|index| format!(
            "{{ id = \"p-{index}\", role = \"person\", last-name = \"Caller {index}\", phones = [{{ label = \"mobile\", number = \"{}\" }}] }}",
            number(index)
        )),
    );
    if let Some(daily) = daily {
        let _ = writeln!(text, "crm.budget = {{ daily = {daily} }}");
    }
    let _ = writeln!(text, "event = [");
    for index in 0..CALLS {
        let (at, extension) = (index * HOURS * 3_600_000 / CALLS, 1000 + index % AGENTS);
        let of = format!("call = \"c{index}\"");
        let from = number(caller(index));
        let _ = writeln!(
            text,
            "{{ at = \"{at}ms\", what = \"start\", {of}, direction = \"inbound\", from = \"{from}\", to = \"+15550100100\" }},"
        );
        let _ = writeln!(text, "{{ at = \"{at}ms\", what = \"ring\", {of}, extension = \"{extension}\" }},");
        let _ = writeln!(text, "{{ at = \"{}ms\", what = \"answer\", {of}, extension = \"{extension}\" }},", at + 5_000);
        let _ = writeln!(text, "{{ at = \"{}ms\", what = \"end\", {of} }},", at + 65_000);
    }
    text + "]\n"
}

fn main() {
    let settings = BudgetSettings::default();
    println!(
        "Stops at these percents of the allowance: lists fetched anew {}, searches {}, look-ups {}, creations {}, journals {} (of the own limit alone).\n",
        settings.refresh, settings.search, settings.look_up, settings.create, settings.journal
    );
    println!(
        "| allowance a day | requests | look-ups | creations and checks | journals | pops while it rang or was talked | entries after 8 h | after 48 h |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let stage = Stage::new(Components::built_with("webhook").unwrap()).unwrap();
    for daily in [None, Some(4_000), Some(3_000), Some(2_000), Some(1_000)] {
        let (file, text) = (Path::new("governor.toml"), text(daily));
        let parsed = scenario::parse(file, &text).unwrap_or_else(|why| panic!("{why}"));
        let play = stage.play(file, &text, &parsed, Crm::in_process("webhook").unwrap()).unwrap_or_else(|why| panic!("{why}"));
        row(daily, &play);
    }
}

fn row(daily: Option<u64>, play: &Play) {
    let day = play.starts + 24 * 3_600_000;
    let of = |operations: &[Operation]| {
        play.requests.iter().filter(|request| request.at_ms < day && operations.contains(&request.operation)).count()
    };
    let pops = play.outputs.iter().filter(|(_, output)| matches!(output, Output::OpenPage { .. })).count();
    let after = |hours: u64| {
        let written = |(at, output): &(u64, Output)| match output {
            Output::Told(Told::Asked { function: "write", result: AskedResult::Answered(count), .. })
                if *at <= play.starts + hours * 3_600_000 =>
            {
                *count
            }
            _ => 0,
        };
        play.outputs.iter().map(written).sum::<usize>()
    };
    println!(
        "| {} | {} | {} | {} | {} | {pops} | {} | {} |",
        daily.map_or_else(|| "none".to_owned(), |daily| daily.to_string()),
        play.requests.iter().filter(|request| request.at_ms < day).count(),
        of(&[Operation::Find]),
        of(&[Operation::ExactCheck, Operation::Create, Operation::FindCreated]),
        of(&[Operation::Write, Operation::FindWritten]),
        after(HOURS),
        after(48),
    );
}
