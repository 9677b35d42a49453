//! The power goes at any moment: what was acknowledged is there, and no group is there by half.

use std::sync::Arc;

use super::disk::{Disk, Random};
use crate::store::check::{known, moved, put, put_known, work};
use crate::store::sqlite::place::Place;
use crate::store::sqlite::schema::VERSIONS;
use crate::store::sqlite::{Database, SqliteStore};
use crate::store::{Change, Kind, Store, WorkItem, WorkState};

/// What came of one cut.
#[derive(Debug, Default, PartialEq)]
struct Found {
    acknowledged: u64,
    lost: u64,
    halves: u64,
    notices: usize,
}

fn open(place: Place) -> Option<(SqliteStore, usize)> {
    let opened = Database::open_at(place, VERSIONS, 1).ok()?;
    let notices = opened.notices.len();
    Some((SqliteStore::new(Arc::new(opened.database)).ok()?, notices))
}

/// A group that belongs together: two items, a record, and the end of an earlier item.
fn group(number: u64) -> Vec<Change> {
    let (first, second) = (2 * number + 1, 2 * number + 2);
    let mut changes = vec![
        put(&work(first, Kind::Create, "15550120", number)),
        put(&WorkItem { ended: None, ..work(second, Kind::Journal, "15550120", number) }),
        put_known(&known(&number.to_string(), &["15550120"], number), true),
    ];
    if number > 0 {
        changes.push(moved(first - 2, WorkState::Done(None), number));
    }
    changes
}

fn is_there(store: &SqliteStore, number: u64) -> [bool; 4] {
    let (first, second) = (2 * number + 1, 2 * number + 2);
    let before = number == 0 || store.work_at(first - 2).is_some_and(|item| !item.progress.state.is_unfinished());
    let record = store.known(&known(&number.to_string(), &[], 0).entity.reference).is_some();
    [store.work_at(first).is_some(), store.work_at(second).is_some(), record, before]
}

/// Writes groups until the power goes after so many steps of the disk, and looks what is there afterwards.
fn cut(place: &Place, disk: &Disk, after: u64, seed: u64) -> Found {
    let mut found = Found::default();
    let (mut store, _) = open(place.clone()).unwrap();
    let mut random = Random(seed);
    disk.state().faults.power_goes_after = Some(after);
    let mut begun = 0;
    for number in 0..120 {
        store.commit(group(number));
        begun = number;
        if random.below(3) > 0 {
            if store.sync().is_err() {
                break;
            }
            found.acknowledged = number + 1;
        }
        if random.below(20) == 0 && store.database.empty_log().is_err() {
            break;
        }
    }
    drop(store);
    disk.power_returns(seed);
    let (store, notices) = open(place.clone()).expect("it opens again");
    found.notices = notices;
    for number in 0..=begun {
        let parts = is_there(&store, number);
        let all = parts.iter().all(|part| *part);
        found.lost += u64::from(number < found.acknowledged && !all);
        found.halves += u64::from(!all && parts[..3].iter().any(|part| *part));
    }
    let check: String = store.database.read(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get(0))).unwrap();
    assert_eq!(check, "ok", "seed {seed}");
    found
}

#[test]
fn f05_after_a_power_cut_all_that_was_acknowledged_is_there_and_nothing_by_half() {
    let mut acknowledged = 0;
    for seed in 0..300 {
        let disk = Disk::new();
        let after = 1 + Random(seed).below(300) as u64;
        let found = cut(&disk.place(), &disk, after, seed);
        assert_eq!((found.lost, found.halves, found.notices), (0, 0, 0), "seed {seed}, cut after {after}: {found:?}");
        acknowledged += found.acknowledged;
    }
    assert!(acknowledged > 1000, "the cuts came too early to prove anything: {acknowledged}");
}

#[test]
fn f05_control_without_full_synchronisation_acknowledged_changes_are_lost() {
    let mut lost = 0;
    for seed in 0..60 {
        let disk = Disk::new();
        let after = 1 + Random(seed).below(300) as u64;
        let found = cut(&Place { synchronous: "NORMAL", ..disk.place() }, &disk, after, seed);
        assert_eq!(found.halves, 0, "seed {seed}");
        lost += found.lost;
    }
    assert!(lost > 0, "the disk of this test forgets nothing: it proves nothing");
}
