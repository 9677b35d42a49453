use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::bindings::base::types::Message;
use crate::bindings::hooks::calls::Direction;
use crate::core::Ignored;
use crate::core::io::{AskedResult, HookFailure, LogLine, Told};
use crate::event::{CallEvent, Happening, Start};
use crate::store::memory::MemoryStore;
use crate::store::{AccountRef, AccountState, Change, Store, Unwritten};

fn metrics() -> Metrics {
    Metrics::new(["salesforce".to_owned(), "od\"oo\\\n".to_owned()], 1_000_000)
}

fn message() -> Message {
    Message {
        id: "host.no-outcome".to_owned(),
        arguments: vec![("who".to_owned(), "Ada Canary".to_owned())],
        verbatim: Some("+15550100199".to_owned()),
    }
}

/// One of each thing that the host can tell.
fn everything() -> Vec<Told> {
    let (call, key) = ("call-1".to_owned(), "match call-1 15550100199".to_owned());
    let start =
        Happening::Started(Start { name: Some("Ada Canary".to_owned()), ..Start::new(Direction::Inbound, "+15550100199", "+15550100100") });
    let event = Box::new(CallEvent::new("call-1", 1, start));
    let line = |level: &str| LogLine { level: level.to_owned(), text: "Ada Canary".to_owned(), fields: vec![] };
    let asked = |connector: &str, result| Told::Asked {
        connector: connector.to_owned(),
        function: "find",
        about: vec!["15550100199".to_owned()],
        result,
        requests: 2,
        spent: 3,
    };
    let log = |level| Told::Log { component: "plugin".to_owned(), line: line(level) };
    vec![
        Told::Event { call: call.clone(), event },
        Told::Ignored { call: call.clone(), event: "ring", why: Ignored::UnknownLeg },
        Told::HookFailed { call: Some(call.clone()), hook: "on-ring", why: HookFailure::Trapped("at +15550100199".to_owned()) },
        asked("salesforce", AskedResult::Answered(1)),
        asked("salesforce", AskedResult::Failed(message())),
        asked("who is that?", AskedResult::Answered(1)),
        Told::Denied { connector: "salesforce".to_owned(), why: "GET /15550100199".to_owned() },
        Told::Waiting { key: key.clone(), call: Some(call.clone()), task: "match", why: message(), again: 5 },
        Told::Dead { key, call: Some(call), task: "journal", why: message() },
        Told::AccountClosed { connector: "salesforce".to_owned(), why: message(), until: 9 },
        Told::FunctionCrashed { connector: "salesforce".to_owned(), function: "write" },
        Told::Ordered { id: 1, by: "ann (uid 7)".to_owned(), result: "work 17 is tried again".to_owned() },
        log("warning"),
        log("nonsense"),
    ]
}

/// Samples by name and labels. Panics at whatever Prometheus' parser would not take, and at samples without HELP and TYPE before them.
fn parsed(page: &str) -> BTreeMap<String, f64> {
    assert!(page.ends_with('\n') && !page.contains("\n\n"));
    let (mut samples, mut helped, mut typed) = (BTreeMap::new(), BTreeSet::new(), String::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(helped.insert(name.to_owned()) && !help.is_empty(), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name) && ["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            typed = name.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert_eq!(name, typed, "a sample stands under its own TYPE: {line}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            labels(series.strip_prefix(name).unwrap());
            assert!(samples.insert(series.to_owned(), value.parse::<f64>().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

/// `{name="value",...}` or nothing.
fn labels(text: &str) {
    let Some(mut rest) = text.strip_prefix('{') else { return assert_eq!(text, "") };
    loop {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{text}");
        let mut signs = after.char_indices();
        let end = loop {
            match signs.next().unwrap() {
                (_, '\\') => assert!("\\\"n".contains(signs.next().unwrap().1), "{text}"),
                (at, '"') => break at,
                (_, sign) => assert_ne!(sign, '\n'),
            }
        };
        match after.get(end + 1..).unwrap() {
            "}" => return,
            more => rest = more.strip_prefix(',').unwrap(),
        }
    }
}

#[test]
fn every_documented_metric_is_on_the_page_and_every_one_on_the_page_is_documented() {
    let documented: BTreeSet<&str> =
        include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//! | `")?.split('`').next()).collect();
    let named: BTreeSet<&str> = families::FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(documented, named);
    for (metrics, when) in [(metrics(), "at the start"), (metrics(), "later")] {
        if when == "later" {
            everything().iter().for_each(|told| metrics.told(told));
        }
        let samples = parsed(&metrics.page(2_000_000));
        for name in &documented {
            let sampled = samples.keys().any(|series| series.split('{').next() == Some(*name));
            assert!(sampled, "{when}: no sample of {name}");
        }
    }
}

#[test]
fn counts_what_is_told_under_labels_of_closed_sets() {
    let metrics = metrics();
    everything().iter().for_each(|told| metrics.told(told));
    metrics.log_lines_dropped(12);
    metrics.counted(Ok(Counts { pending: 7, dead: 2, oldest: Some(1_000_000), ..Counts::default() }));
    let page = metrics.page(1_061_000);
    let samples = parsed(&page);
    for (series, value) in [
        ("events_total{event=\"start\"}", 1.0),
        ("events_ignored_total{why=\"unknown-leg\"}", 1.0),
        ("hook_failures_total{why=\"trapped\"}", 1.0),
        ("connector_calls_total{connector=\"salesforce\",function=\"find\",outcome=\"answered\"}", 1.0),
        ("connector_calls_total{connector=\"salesforce\",function=\"find\",outcome=\"failed\"}", 1.0),
        ("connector_calls_total{connector=\"other\",function=\"find\",outcome=\"answered\"}", 1.0),
        ("connector_requests_total{connector=\"salesforce\"}", 4.0),
        ("connector_cost_total{connector=\"salesforce\"}", 6.0),
        ("connector_denied_total{connector=\"salesforce\"}", 1.0),
        ("account_open{connector=\"salesforce\"}", 0.0),
        ("account_open{connector=\"od\\\"oo\\\\\\n\"}", 1.0),
        ("work_retries_total{task=\"match\"}", 1.0),
        ("work_deaths_total{task=\"journal\"}", 1.0),
        ("orders_total", 1.0),
        ("component_log_lines_total{level=\"warning\"}", 1.0),
        ("component_log_lines_total{level=\"info\"}", 1.0),
        ("log_lines_dropped_total", 12.0),
        ("work_items{state=\"pending\"}", 7.0),
        ("work_items{state=\"dead\"}", 2.0),
        ("work_oldest_seconds", 61.0),
        ("store_room{room=\"enough\"}", 1.0),
        ("store_room{room=\"none\"}", 0.0),
        ("store_writable", 1.0),
    ] {
        assert_eq!(samples.get(&format!("pbx_crm_{series}")), Some(&value), "{series}\n{page}");
    }
    for canary in ["Canary", "5550100", "who is that", "call-1"] {
        assert!(!page.contains(canary), "{canary} is on the page");
    }
}

#[test]
fn health_names_what_is_wrong_and_how_grave_it_is() {
    let metrics = metrics();
    let ids = |now| metrics.health(now).reasons.iter().map(|reason| reason.id).collect::<Vec<_>>();
    assert_eq!(metrics.health(1_000_000), Health { status: Grade::Ok, reasons: vec![] });

    metrics.counted(Ok(Counts { dead: 1, oldest: Some(1_000_000), ..Counts::default() }));
    assert_eq!(
        (ids(1_900_000), metrics.health(1_900_000).status),
        (vec!["dead"], Grade::Degraded),
        "a quarter of an hour is not yet too long"
    );
    assert_eq!((ids(1_900_001), metrics.health(1_900_001).status), (vec!["oldest-waiting", "dead"], Grade::Failing));
    metrics.counted(Ok(Counts::default()));

    metrics.told(&Told::AccountClosed { connector: "salesforce".to_owned(), why: message(), until: 9 });
    assert_eq!((ids(1), metrics.health(1).status), (vec!["account-closed"], Grade::Failing));
    let account = AccountRef { connector: "salesforce".to_owned(), organisation: "o".to_owned() };
    let on = AccountState::new(account);
    metrics.accounts(&[AccountState { enabled: false, ..on.clone() }]);
    assert_eq!((ids(1), metrics.health(1).status), (vec!["account-disabled"], Grade::Degraded), "it is closed on purpose");
    metrics.told(&Told::AccountOpen { connector: "salesforce".to_owned() });
    metrics.accounts(&[AccountState { crashed: vec!["write".to_owned()], ..on.clone() }]);
    assert_eq!((ids(1), metrics.health(1).status), (vec!["account-crashed"], Grade::Failing), "nobody wanted it");
    metrics.accounts(&[AccountState { enabled: false, crashed: vec!["write".to_owned()], ..on }]);
    assert_eq!(ids(1), ["account-disabled"], "it is off on purpose");
    metrics.accounts(&[]);

    for (room, id) in [(Room::Scarce, "room-scarce"), (Room::NoCreations, "room-no-creations"), (Room::None, "room-none")] {
        metrics.room(room);
        assert_eq!(ids(1), [id]);
    }
    metrics.room(Room::Enough);
    metrics.counted(Err("the disk failed".to_owned()));
    assert_eq!((ids(1), metrics.health(1).status), (vec!["store-unread"], Grade::Failing));
}

/// Fails to write as long as it is told to.
struct Sick(MemoryStore, std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Store for Sick {
    fn sync(&mut self) -> Result<(), Unwritten> {
        let sick = self.1.load(std::sync::atomic::Ordering::SeqCst);
        if sick { Err(Unwritten("the disk is full".to_owned())) } else { self.0.sync() }
    }
    fn room(&self) -> Room {
        Room::Scarce
    }
    fn commit(&mut self, changes: Vec<Change>) {
        self.0.commit(changes);
    }
    fn unsynced(&self) -> bool {
        self.0.unsynced()
    }
    fn work(&self, key: &str) -> Option<crate::store::WorkItem> {
        self.0.work(key)
    }
    fn work_at(&self, order: u64) -> Option<crate::store::WorkItem> {
        self.0.work_at(order)
    }
    fn unfinished(&self, after: u64, limit: usize) -> Vec<crate::store::WorkItem> {
        self.0.unfinished(after, limit)
    }
    fn dead(&self, after: u64, limit: usize) -> Vec<crate::store::WorkItem> {
        self.0.dead(after, limit)
    }
    fn counts(&self) -> Counts {
        Counts { pending: 41, ..Counts::default() }
    }
    fn last_order(&self) -> u64 {
        self.0.last_order()
    }
    fn accounts(&self) -> Vec<AccountState> {
        self.0.accounts()
    }
    fn erase(&mut self, lane: &str, digits: &str, same: &dyn Fn(&str) -> bool, now: Moment) -> Result<usize, Unwritten> {
        self.0.erase(lane, digits, same, now)
    }
    fn known(&self, reference: &crate::bindings::crm::types::RecordRef) -> Option<crate::bindings::crm::known_records::Known> {
        self.0.known(reference)
    }
    fn known_by_digits(&self, digits: &str) -> Vec<crate::bindings::crm::known_records::Known> {
        self.0.known_by_digits(digits)
    }
    fn books(&self) -> Vec<crate::bindings::hooks::phonebook::Book> {
        self.0.books()
    }
    fn entry(&self, book: &str, key: &str) -> Option<crate::bindings::hooks::phonebook::Entry> {
        self.0.entry(book, key)
    }
    fn entries_by_digits(&self, digits: &str) -> Vec<(String, crate::bindings::hooks::phonebook::Entry)> {
        self.0.entries_by_digits(digits)
    }
    fn entries(&self, book: &str) -> Vec<crate::bindings::hooks::phonebook::Entry> {
        self.0.entries(book)
    }
}

#[test]
fn f06_a_store_that_cannot_write_is_told_until_it_can() {
    let sick = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let metrics = metrics();
    let mut store = Watched::new(Box::new(Sick(MemoryStore::default(), sick.clone())), metrics.clone());
    let now = crate::host::now();
    assert!(store.sync().is_err());
    let health = metrics.health(now);
    assert!(health.reasons.iter().any(|reason| reason.id == "store-unwritten" && reason.what.contains("the disk is full")), "{health:?}");
    assert_eq!(health.status, Grade::Failing);
    let page = parsed(&metrics.page(now));
    assert_eq!((page["pbx_crm_store_writable"], page["pbx_crm_store_write_errors_total"]), (0.0, 1.0));
    assert!(page["pbx_crm_store_last_error_timestamp_seconds"] > 0.0);

    sick.store(false, std::sync::atomic::Ordering::SeqCst);
    store.sync().unwrap();
    let page = parsed(&metrics.page(now));
    assert_eq!((page["pbx_crm_store_writable"], page["pbx_crm_store_write_errors_total"]), (1.0, 1.0));
    assert!(metrics.health(now).reasons.iter().all(|reason| reason.id == "room-scarce"));
}

#[test]
fn a_watched_store_shows_counts_room_and_accounts_and_that_the_core_lives() {
    let metrics = metrics();
    let mut store = Watched::new(Box::new(Sick(MemoryStore::default(), Default::default())), metrics.clone());
    let account = AccountRef { connector: "salesforce".to_owned(), organisation: String::new() };
    store.commit(vec![Change::PutAccount(AccountState { enabled: false, ..AccountState::new(account) })]);
    assert!(store.orders().is_empty());
    store.maintain(1);
    let now = crate::host::now();
    let page = parsed(&metrics.page(now));
    assert_eq!(page["pbx_crm_account_enabled{connector=\"salesforce\"}"], 0.0);
    assert_eq!(page["pbx_crm_work_items{state=\"pending\"}"], 41.0);
    assert_eq!(page["pbx_crm_store_room{room=\"scarce\"}"], 1.0);
    assert!(page["pbx_crm_core_seen_timestamp_seconds"] > 0.0);
    let silent = metrics.health(now + 60_000);
    assert!(silent.status == Grade::Failing && silent.reasons.iter().any(|reason| reason.id == "core-silent"), "{silent:?}");
}

/// A method with a default that is not handed on would silently do nothing.
#[test]
fn every_method_of_a_store_is_handed_on() {
    let contract = include_str!("../store/mod.rs").split("pub trait Store").nth(1).unwrap().split("\n}\n").next().unwrap();
    let methods: Vec<&str> = contract.lines().filter_map(|line| line.strip_prefix("    fn ")?.split('(').next()).collect();
    assert!(methods.len() > 15, "{methods:?}");
    for method in methods {
        assert!(include_str!("watched.rs").contains(&format!("self.store.{method}(")), "{method} is not handed on");
    }
}
