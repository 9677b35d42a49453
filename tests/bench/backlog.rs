//! A backlog of 100,000 entries: how long a host's store takes to open, an administrator's page of the queue to be read, and how fast a CRM that is back
//! takes them. `cargo bench --bench backlog`. The fake CRM runs in the same thread and is part of the last figure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a bench may stop")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::store::sqlite::{Database, ListFilter, SqliteStore};
use pbx_crm_host::store::{Change, Progress, Store, WorkItem, WorkState};

const BACKLOG: u64 = 100_000;

/// An answered call, before an hour in which nothing else happens.
fn text(fault: &str) -> String {
    format!(
        r#"
        title = "a backlog"
        then-wait = "1h"
        extension = [{{ id = "1001", name = "Ann Field" }}]
        crm.user = [{{ id = "ann", name = "Ann Field" }}]
        binding = [{{ user = "ann", extensions = ["1001"] }}]
        crm.record = [{{ id = "p-1", role = "person", last-name = "Torres", phones = [{{ label = "mobile", number = "+15550100142" }}] }}]
        crm.fault = [{fault}]
        event = [
          {{ at = "0s", what = "start", call = "one", direction = "inbound", from = "+15550100142", to = "+15550100100" }},
          {{ at = "0s", what = "ring", call = "one", extension = "1001" }},
          {{ at = "5s", what = "answer", call = "one", extension = "1001" }},
          {{ at = "10s", what = "end", call = "one" }},
        ]
        "#
    )
}

fn play(stage: &Stage, file: &Path, fault: &str) -> Play {
    let (name, text) = (Path::new("backlog.toml"), text(fault));
    let parsed = scenario::parse(name, &text).unwrap_or_else(|why| panic!("{why}"));
    stage.play(name, &text, &parsed, Crm::in_process("webhook").unwrap().with_database(file)).unwrap_or_else(|why| panic!("{why}"))
}

fn store(file: &Path) -> SqliteStore {
    SqliteStore::new(Arc::new(Database::open(file, 0).unwrap().database)).unwrap()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pbx-crm.db");
    let stage = Stage::new(Components::built_with("webhook").unwrap()).unwrap();
    play(&stage, &file, r#"{ what = "unreachable", on = ["write"] }"#);

    let (opened, small) = timed(|| store(&file));
    let mut filled = small;
    let entry = filled.unfinished(0, 1).remove(0);
    let last = filled.last_order();
    // The entry of the call that the last part plays again is not among them.
    filled.commit(vec![Change::Progress {
        order: entry.order,
        progress: Box::new(Progress { state: WorkState::Done(None), ..entry.progress.clone() }),
    }]);
    for index in 1..=BACKLOG {
        let order = last + index;
        filled.commit(vec![Change::PutWork(Box::new(WorkItem {
            order,
            key: format!("j-{order}"),
            lane: format!("1{order}"),
            call: Some(format!("c-{order}")),
            progress: Progress::new(entry.asked_at),
            ..entry.clone()
        }))]);
        if index % 500 == 0 {
            filled.sync().unwrap();
        }
    }
    filled.sync().unwrap();
    drop(filled);

    let (opened_full, store) = timed(|| store(&file));
    assert_eq!(store.counts().pending, BACKLOG);
    drop(store);
    println!(
        "opened and checked: {opened_full:.0?} ({:.1} MB); with one entry {opened:.1?}",
        std::fs::metadata(&file).unwrap().len() as f64 / 1e6
    );
    let (page, listed) = timed(|| {
        let look = Database::look(&file).unwrap();
        (look.list(&ListFilter::default(), BACKLOG / 2, 1_000).unwrap(), look.counts().unwrap())
    });
    assert_eq!((listed.0.len(), listed.1.pending), (1_000, BACKLOG));
    println!("a page of 1,000 from the middle, with the counts: {page:.1?}");
    assert!(page < Duration::from_millis(300), "an administrator waits too long");

    let (took, play) = timed(|| play(&stage, &file, ""));
    assert_eq!((play.activities.len() as u64, play.unfinished), (BACKLOG, (0, 0)));
    let rate = BACKLOG as f64 / took.as_secs_f64();
    assert!(rate >= 20.0, "{rate} a second");
    println!(
        "written: {:.0} a second of the machine, in {} requests; the CRM, which answers at once, had them after {} s of its own time",
        rate,
        play.requests.len(),
        play.requests.iter().map(|request| request.at_ms - play.starts).max().unwrap_or(0) / 1000,
    );
}

fn timed<T>(what: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = what();
    (begun.elapsed(), done)
}
