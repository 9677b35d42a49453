//! What is forgotten, and what is not.

use std::path::Path;

use super::{Folder, opened};
use crate::store::check::{entry, failure, known, moved, put, put_known, reference, work};
use crate::store::sqlite::{Database, order};
use crate::store::{Change, Kind, Order, Store, WorkState};

const DAY: u64 = 24 * 60 * 60 * 1000;
const START: u64 = 200 * DAY;

fn occurrences(folder: &Folder, needle: &str) -> usize {
    let count = |path: &Path| std::fs::read(path).unwrap().windows(needle.len()).filter(|window| *window == needle.as_bytes()).count();
    folder.named("pbx-crm.db").iter().map(|path| count(path)).sum()
}

#[test]
fn f73_after_erasing_a_number_none_of_the_files_has_a_trace_of_it() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    // Two numbers among each other, so that pages are split and rows moved; the traces of what was forgotten earlier count too.
    for order in 1..400 {
        let digits = if order % 3 == 0 { "15550163" } else { "15550164" };
        let kind = [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend][order as usize % 4];
        let id = format!("{digits}-{}", (order * 7919) % 400);
        let mut changes = vec![put(&work(order, kind, digits, START)), put_known(&known(&id, &[digits], order), true)];
        changes.push(Change::PutEntry { book: "b".to_owned(), entry: entry(&id, &[digits, "+15550199"]) });
        store.commit(changes);
        store.sync().unwrap();
        let state = match order % 5 {
            0 => WorkState::Dead(Box::new(failure(digits))),
            1 => WorkState::Discarded(format!("by Ann, for {digits}")),
            _ => WorkState::Done(Some(reference(&id))),
        };
        store.commit(vec![moved(order, state, START + order)]);
        if order % 50 == 0 {
            store.maintain(START + DAY);
        }
    }
    let id = order(&folder.file(), &Order::Erase { number: "+15550163".to_owned() }, "ann", 5).unwrap();
    store.sync().unwrap();
    assert!(occurrences(&folder, "5550163") > 100);
    let same = |text: &str| text.ends_with("15550163");
    let erased = store.erase("+15550163", "5550163", &same, START + DAY).unwrap();
    assert!(erased > 300, "{erased}");
    let others = occurrences(&folder, "5550164");
    let done = Change::OrderDone { id, at: START + DAY, result: format!("{erased} items erased") };
    store.commit(vec![done]);
    store.sync().unwrap();
    store.database.empty_log().unwrap();
    assert_eq!(occurrences(&folder, "5550163"), 0);
    assert!(others > 100, "the other number is still there");
    assert_eq!(store.work_at(1).unwrap().lane, "+15550164");
    // Who ordered it, and that it was done, is kept.
    let report = &store.database.orders_done(10).unwrap()[0];
    assert_eq!(
        (report.ordered.id, report.ordered.by.as_str(), &report.ordered.order),
        (id, "ann", &Order::Erase { number: String::new() })
    );
    let trace: (u64, u64) = store
        .database
        .read(|file| {
            file.query_row("SELECT at, items FROM erased", [], |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)))
        })
        .unwrap();
    assert_eq!(trace, (START + DAY, erased as u64));
}

#[test]
fn finished_work_is_forgotten_step_by_step_and_its_key_last_of_all() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    let (done, dead, waiting) =
        (work(1, Kind::Journal, "15550160", START), work(2, Kind::Create, "15550160", START), work(3, Kind::Match, "15550160", START));
    store.commit(vec![put(&done), put(&dead), put(&waiting)]);
    let outcome = WorkState::Done(Some(reference("00T1")));
    store.commit(vec![moved(1, outcome.clone(), START), moved(2, WorkState::Dead(Box::new(failure("no"))), START)]);
    store.sync().unwrap();
    store.maintain(START + 60_000);
    assert_eq!(store.work(&done.key).unwrap().task, done.task);
    store.maintain(START + DAY);
    let remainder = store.work(&done.key).unwrap();
    assert_eq!((remainder.task.kind(), &remainder.ended, &remainder.lane), (Kind::Journal, &None, &done.lane));
    assert_ne!(remainder.task, done.task);
    assert_eq!((remainder.progress.state, store.counts().done), (outcome.clone(), 1));
    store.maintain(START + 31 * DAY);
    let key_alone = store.work(&done.key).unwrap();
    assert_eq!((key_alone.lane.as_str(), key_alone.progress.state, store.counts().done), ("", outcome, 0));
    store.maintain(START + 89 * DAY);
    assert!(store.work(&done.key).is_some());
    store.maintain(START + 91 * DAY);
    assert_eq!((store.work(&done.key), store.work_at(1)), (None, None));
    assert_eq!((store.work(&dead.key).unwrap().task, store.work_at(3)), (dead.task, Some(waiting)));
    drop(store);
    let store = opened(&folder.file());
    let counts = store.counts();
    assert_eq!((counts.pending, counts.dead, counts.done), (1, 1, 0));
}

#[test]
fn an_order_is_never_given_twice_even_after_all_its_rows_are_forgotten() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    store.commit(vec![put(&work(9, Kind::Match, "15550161", START)), moved(9, WorkState::Done(None), START)]);
    store.sync().unwrap();
    for days in [1, 31, 91] {
        store.maintain(START + days * DAY);
    }
    assert_eq!(store.work_at(9), None);
    drop(store);
    assert_eq!(opened(&folder.file()).last_order(), 9);
}

#[test]
fn upkeep_does_a_bounded_part_at_a_time_and_comes_to_an_end() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    for order in 1..=5000 {
        let item = crate::store::WorkItem { ended: None, ..work(order, Kind::Match, "15550162", START) };
        store.commit(vec![put(&item), moved(order, WorkState::Done(None), START)]);
    }
    store.sync().unwrap();
    let rows = |store: &super::SqliteStore| -> i64 {
        store.database.read(|file| file.query_row("SELECT count(*) FROM work", [], |row| row.get(0))).unwrap()
    };
    let left: Vec<i64> = (0..3).map(|_| (store.maintain(START + DAY), rows(&store)).1).collect();
    assert_eq!(left, [3000, 1000, 0]);
    let fill = store.fill();
    assert_eq!((fill.rows, fill.of_rows, fill.of_bytes), (0, 1_000_000, 2 << 30));
    assert!(fill.bytes > 4096);
}

#[test]
fn a_copy_is_made_while_the_host_runs_and_opens() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    store.commit(vec![put(&work(1, Kind::Match, "15550165", START))]);
    store.sync().unwrap();
    let to = folder.0.join("copy.db");
    for _ in 0..2 {
        store.database.backup(&to).unwrap();
    }
    store.commit(vec![put(&work(2, Kind::Match, "15550165", START))]);
    store.sync().unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions()) & 0o777, 0o600);
    let copy = Database::open(&to, 1).unwrap();
    assert_eq!(copy.notices, Vec::<String>::new());
    let copy = super::SqliteStore::new(std::sync::Arc::new(copy.database)).unwrap();
    assert_eq!((copy.work_at(1).is_some(), copy.work_at(2)), (true, None));
    assert!(store.database.backup(&folder.0.join("nowhere/copy.db")).is_err());
}
