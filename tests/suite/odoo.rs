//! The whole way to a real Odoo: hosts that crash into each other and into its database, real sockets, the program's commands, and what people see in a real
//! browser. Skipped, loudly, where no Odoo is installed (`tests/odoo/install.sh`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

#[path = "odoo/commands.rs"]
mod commands;
#[path = "odoo/crashing.rs"]
mod crashing;
#[path = "odoo/people.rs"]
mod people;
#[path = "odoo/real_host.rs"]
mod real_host;

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use crm_fake::{CrmFake, Phone, Role, SeedRecord, SeedUser};
use odoo_server::{Instance, OdooCrm};
use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::core::io::{Output, Told};

use crashing::Crashing;

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::new(Components::built_with("odoo").unwrap()).unwrap());

/// Hosts that hold the same calls.
const HOSTS: usize = 6;
/// Calls that each of them holds.
const CALLS: u64 = 5;
/// At which request of all hosts together PostgreSQL is killed.
const CRASHES: [u32; 4] = [25, 70, 120, 180];

/// Ann, and Maria, who calls.
fn office(instance: &Arc<Instance>) -> OdooCrm {
    let mut crm = OdooCrm::new(instance).unwrap();
    let ann = SeedUser { id: Some("ann".to_owned()), name: "Ann Field".to_owned(), email: "ann@acme.example".to_owned(), active: true };
    crm.seed_users(0, vec![ann]).unwrap();
    let mut maria = SeedRecord::new(Role::Person);
    maria.id = Some("maria".to_owned());
    maria.name = Some("Maria Torres".to_owned());
    maria.phones = vec![Phone { label: "mobile".to_owned(), number: "(555) 010-0142".to_owned() }];
    crm.seed(0, vec![maria]).unwrap();
    crm
}

/// What every host is told: answered calls of Maria, each half a minute, a minute apart. `faults` is in the words of scenarios.
fn scenario_of(faults: &str, seed: usize) -> String {
    let calls = (0..CALLS).map(|call| {
        let (start, end) = (call * 60, call * 60 + 30 + call);
        format!(
            r#"{{ at = "{start}s", what = "start", call = "call-{call}", direction = "inbound", from = "+15550100142", to = "+15550100100" }},
               {{ at = "{start}s", what = "ring", call = "call-{call}", extension = "1001" }},
               {{ at = "{start}s", what = "answer", call = "call-{call}", extension = "1001" }},
               {{ at = "{end}s", what = "end", call = "call-{call}" }},
            "#
        )
    });
    let calls: String = calls.collect();
    format!(
        r#"title = "a host among others"
        seed = {seed}
        then-wait = "4d"
        extension = [{{ id = "1001", name = "Ann Field" }}]
        crm.user = [{{ id = "ann", name = "Ann Field" }}]
        binding = [{{ user = "ann", extensions = ["1001"] }}]
        crm.record = [{{ id = "maria", role = "person", name = "Maria Torres", phones = [{{ label = "mobile", number = "(555) 010-0142" }}] }}]
        crm.fault = [{faults}]
        event = [{calls}]
        "#
    )
}

fn play(text: &str, crm: Box<dyn CrmFake>) -> Play {
    let file = Path::new("a-host.toml");
    let parsed = scenario::parse(file, text).unwrap_or_else(|why| panic!("{why}"));
    STAGE.play(file, text, &parsed, Crm::with(crm)).unwrap_or_else(|why| panic!("{why}"))
}

/// Why work was given up or waited, for messages.
fn troubles(play: &Play) -> String {
    let told = play.outputs.iter().filter_map(|(at, output)| match output {
        Output::Told(Told::Dead { why, .. }) => Some(format!("dead at {}: {}", at - play.starts, play.texts.render("en", why))),
        Output::Told(Told::Waiting { why, .. }) => Some(format!("waits at {}: {}", at - play.starts, play.texts.render("en", why))),
        _ => None,
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn m_log_3_m_log_5_six_hosts_write_the_same_calls_once_through_crashes_and_people_see_them() {
    let Some(instance) = Instance::start_or_skip("six hosts with the same calls, crashes of PostgreSQL, and what people see of it") else {
        return;
    };
    let office = office(&instance);
    LazyLock::force(&STAGE);
    let crashes = Arc::new(Crashing::at(&instance, &CRASHES));
    let faults = [
        "",
        r#"{ what = "cut-after-commit", on = ["write"], times = 2 }"#,
        r#"{ what = "commit-after-cut", ms = 20000, on = ["write"], times = 1 }"#,
        r#"{ what = "status", status = 503, on = ["write"], times = 3 }"#,
        r#"{ what = "garbled", on = ["write"], times = 2 }"#,
        r#"{ what = "delay", ms = 400 }"#,
    ];
    let plays: Mutex<Vec<Play>> = Mutex::default();
    std::thread::scope(|scope| {
        for (host, fault) in faults.iter().enumerate().take(HOSTS) {
            let crashes = Arc::clone(&crashes);
            let crm = Box::new(office.beside().with_beside(move || crashes.crash_beside()));
            let plays = &plays;
            scope.spawn(move || {
                let play = play(&scenario_of(fault, host), crm);
                plays.lock().unwrap().push(play);
            });
        }
    });
    assert_eq!(crashes.happened(), CRASHES.len(), "PostgreSQL was killed while the hosts were at work");
    let plays = plays.into_inner().unwrap();
    assert_eq!(plays.len(), HOSTS);
    for play in &plays {
        assert_eq!(play.unfinished, (0, 0), "a host has brought all to an end: {}", troubles(play));
    }
    let entries = office.activities();
    let mut keys: Vec<String> = entries.iter().map(|entry| entry.key.clone().unwrap()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((entries.len() as u64, keys.len() as u64), (CALLS, CALLS), "each call stands there once: {entries:#?}");
    for entry in &entries {
        assert_eq!((entry.record.as_str(), entry.user.as_deref(), entry.outcome.as_deref()), ("maria", Some("ann"), Some("answered")));
    }
    let mut talked: Vec<u64> = entries.iter().filter_map(|entry| entry.talked_ms).collect();
    talked.sort_unstable();
    assert_eq!(talked, (0..CALLS).map(|call| 30_000 + call * 1_000).collect::<Vec<_>>());

    let link = plays[0].links.get("maria").unwrap();
    let page = format!("{}{}", instance.address(), link.strip_prefix("http://crm.test").unwrap());
    people::see(&instance, office.database(), &page, &entries);
}

#[test]
fn m_log_5_a_database_that_dies_while_an_entry_is_written_loses_and_doubles_nothing() {
    let Some(instance) = Instance::start_or_skip("a crash of PostgreSQL at each request of a call") else { return };
    LazyLock::force(&STAGE);
    // Once at each request that a call needs, and beyond: a host may ask again.
    for at in 1..=7 {
        let office = office(&instance);
        let crashes = Arc::new(Crashing::at(&instance, &[at]));
        let killer = Arc::clone(&crashes);
        let play = play(&scenario_of("", 0), Box::new(office.beside().with_beside(move || killer.crash_beside())));
        assert_eq!((crashes.happened(), play.unfinished), (1, (0, 0)), "killed at request {at}: {}", troubles(&play));
        let entries = office.activities();
        let mut keys: Vec<&str> = entries.iter().filter_map(|entry| entry.key.as_deref()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((entries.len() as u64, keys.len() as u64), (CALLS, CALLS), "killed at request {at}: {entries:#?}");
    }
}
