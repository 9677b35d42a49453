//! How many bytes go to the disk for each call: flash wears out.

use std::sync::Arc;

use super::disk::Disk;
use crate::store::check::{known, moved, put, put_known, reference, work};
use crate::store::sqlite::schema::VERSIONS;
use crate::store::sqlite::{Database, SqliteStore};
use crate::store::{Change, EndedCall, Kind, Store, WorkItem, WorkState};

const START: u64 = 1_767_225_600_000;

/// When the match of an unknown caller is answered.
#[derive(Clone, Copy, PartialEq)]
enum Match {
    /// Answered while the call lived: in memory alone.
    InTime,
    /// It waited for its call's end and is lasting.
    Late,
}

/// Plays ten minutes, or 40 seconds of a storm. In each step `calls` calls end within one sync. Of ten calls three are of unknown callers: a match before, and a creation,
/// whose record is remembered. Journals are leased every five seconds or when there are 200 of them, and done in a group. Upkeep runs each
/// minute. Gives bytes for each call.
fn play(calls_a_second: u64, syncs_a_second: u64, matched: Match, upkeep: bool) -> u64 {
    let disk = Disk::new();
    let database = Database::open_at(disk.place(), VERSIONS, START).unwrap().database;
    let mut store = SqliteStore::new(Arc::new(database)).unwrap();
    let mut order = 0;
    let mut next = |kind: Kind, call: u64, now: u64| {
        order += 1;
        WorkItem {
            key: format!("{}:{}.{call}:1001", kind.word(), now / 1000),
            ..work(order, kind, &format!("1555010{:04}", call % 10_000), now)
        }
    };
    let (mut journals, mut creations): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut call = 0;
    let before = disk.state().bytes;
    let seconds = if calls_a_second == 1 { 1200 } else { 40 };
    for step in 0..seconds * syncs_a_second {
        let now = START + step * 1000 / syncs_a_second;
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..calls_a_second / syncs_a_second {
            call += 1;
            let unknown = call % 10 < 3;
            if unknown {
                let item = next(Kind::Match, call, now);
                let item = match matched {
                    Match::InTime => WorkItem { lasting: false, ended: None, ..item },
                    Match::Late => item,
                };
                store.commit(vec![put(&item)]);
                if matched == Match::Late {
                    store.sync().unwrap();
                }
                changes.push(moved(item.order, WorkState::Done(None), now));
                let creation = next(Kind::Create, call, now);
                creations.push(creation.order);
                changes.push(put(&creation));
            }
            let journal = next(Kind::Journal, call, now);
            journals.push(journal.order);
            changes.push(put(&journal));
        }
        store.commit(changes);
        store.sync().unwrap();
        if !creations.is_empty() {
            store.commit(creations.iter().map(|creation| moved(*creation, WorkState::Leased(now), now)).collect());
            store.sync().unwrap();
            for creation in std::mem::take(&mut creations) {
                let made = known(&format!("003A{creation:011}"), &[&format!("+1555010{:04}", call % 10_000)], now);
                let done = WorkState::Done(Some(reference(&format!("003A{creation:011}"))));
                store.commit(vec![moved(creation, done, now), put_known(&made, true)]);
            }
            store.sync().unwrap();
        }
        let due = step % (5 * syncs_a_second) == 0 || journals.len() >= 200;
        if due && !journals.is_empty() {
            for state in [WorkState::Leased(now), WorkState::Done(Some(reference("00T000000000001")))] {
                store.commit(journals.iter().map(|order| moved(*order, state.clone(), now)).collect());
                store.sync().unwrap();
            }
            journals.clear();
        }
        if upkeep && step % (60 * syncs_a_second) == 0 {
            store.maintain(now);
        }
    }
    let bytes = disk.state().bytes - before;
    let steps = disk.state().steps;
    let item = next(Kind::Journal, 1, START);
    let size = |ended: &Option<Box<EndedCall>>| serde_json::to_string(ended).unwrap().len();
    eprintln!(
        "{calls_a_second} calls a second, {syncs_a_second} ends synced a second, {}: {} bytes a call; {steps} steps; a journal has {} + {} bytes of JSON; upkeep: {upkeep}",
        if matched == Match::Late { "late matches" } else { "matches in time" },
        bytes / call,
        serde_json::to_string(&item.task).unwrap().len(),
        size(&item.ended),
    );
    bytes / call
}

#[test]
fn a_call_writes_at_most_40_kb_at_one_call_a_second_and_16_kb_at_a_hundred() {
    assert!(play(1, 1, Match::InTime, true) <= 40_000);
    assert!(play(100, 10, Match::InTime, true) <= 16_000);
}
