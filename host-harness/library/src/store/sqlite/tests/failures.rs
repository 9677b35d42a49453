//! The disk is full, fails, or somebody else holds the file: nothing is lost while the process lives.

use std::sync::Arc;

use super::disk::Disk;
use super::{Folder, opened};
use crate::store::check::{moved, put, work};
use crate::store::sqlite::layer::MOST_WAITING;
use crate::store::sqlite::schema::VERSIONS;
use crate::store::sqlite::{Database, SqliteStore};
use crate::store::{Change, Kind, Room, Store, Unwritten, WorkItem, WorkState};

fn on(disk: &Disk) -> SqliteStore {
    let opened = Database::open_at(disk.place(), VERSIONS, 1).unwrap();
    assert_eq!(opened.notices, Vec::<String>::new());
    SqliteStore::new(Arc::new(opened.database)).unwrap()
}

fn item(order: u64) -> WorkItem {
    WorkItem { ended: None, ..work(order, Kind::Journal, "15550130", order) }
}

/// Reads and later changes go on as if all were well.
fn serves(store: &mut SqliteStore, order: u64) {
    store.commit(vec![put(&item(order))]);
    store.commit(vec![moved(order, WorkState::Leased(9), 9)]);
    assert_eq!(store.work(&item(order).key).unwrap().progress.state, WorkState::Leased(9));
    assert!(store.unsynced());
}

fn orders(store: &SqliteStore) -> Vec<u64> {
    store.unfinished(0, 1000).iter().map(|item| item.order).collect()
}

/// As after a power cut: of what was not synced, nothing is left.
fn after_a_power_cut(store: SqliteStore, disk: &Disk) -> SqliteStore {
    disk.state().faults.power_goes_after = Some(0);
    drop(store);
    disk.power_returns(1);
    on(disk)
}

#[test]
fn f06_with_a_full_disk_changes_wait_in_memory_and_are_written_when_there_is_room() {
    for after in 0..12 {
        let disk = Disk::new();
        let mut store = on(&disk);
        store.commit(vec![put(&item(1))]);
        store.sync().unwrap();
        disk.state().faults.full_after = Some(after);
        let mut failed = None;
        for order in 2..8 {
            serves(&mut store, order);
            failed = store.sync().err().or(failed);
        }
        let Unwritten(said) = failed.expect("the disk was full");
        assert!(said.contains("the disk is full") && said.contains("make room"), "{said}");
        assert_eq!(orders(&store), [1, 2, 3, 4, 5, 6, 7]);
        disk.state().faults.full_after = None;
        store.sync().unwrap();
        assert!(!store.unsynced());
        let store = after_a_power_cut(store, &disk);
        assert_eq!(orders(&store), [1, 2, 3, 4, 5, 6, 7], "full after {after}");
    }
}

#[test]
fn f07_after_a_failed_fsync_the_file_is_opened_anew_and_everything_written_again() {
    // The first syncs are those of a commit; where the log is carried over, others fail.
    for after in 0..12 {
        let disk = Disk::new();
        let mut store = on(&disk);
        disk.state().faults.sync_fails_after = Some(after);
        let (mut acknowledged, mut opened) = (0, None);
        for order in 1..40 {
            serves(&mut store, order);
            // Nothing is written by a connection of which a sync has failed.
            let failed = disk.state().faults.sync_fails_after.is_none();
            let before = *opened.get_or_insert(disk.state().opened);
            if failed && store.sync().is_ok() {
                assert!(disk.state().opened > before, "sync {after} failed, and the file was not opened anew");
            }
            if order % 5 == 0 {
                // One of its syncs may be the one that fails.
                let _ = store.database.empty_log();
            }
            if store.sync().is_ok() {
                acknowledged = order;
            }
        }
        assert!(disk.state().faults.sync_fails_after.is_none(), "no sync has failed");
        assert_eq!(acknowledged, 39, "it has recovered");
        let store = after_a_power_cut(store, &disk);
        assert_eq!(orders(&store), (1..40).collect::<Vec<_>>(), "sync {after} failed");
        let check: String = store.database.read(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get(0))).unwrap();
        assert_eq!(check, "ok");
    }
}

#[test]
fn f08_while_another_process_holds_the_file_changes_wait_up_to_ten_thousand() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let items: Vec<Change> = (1..=MOST_WAITING as u64).map(|order| put(&item(order))).collect();
    for group in items.chunks(100) {
        assert_eq!(store.room(), Room::Enough);
        store.commit(group.to_vec());
        assert!(matches!(store.sync(), Err(Unwritten(said)) if said.contains("another program holds the store")));
    }
    assert_eq!(store.room(), Room::None, "no more events are taken");
    // What follows from those that were taken is taken all the same: else an answer of the CRM would be lost.
    store.commit(vec![moved(1, WorkState::Done(None), 9), put(&item(20_000)), put(&WorkItem { lasting: false, ..item(30_000) })]);
    assert_eq!((store.counts().pending, store.counts().done), (10_001, 1));
    other.execute_batch("ROLLBACK").unwrap();
    store.sync().unwrap();
    drop(store);
    let store = opened(&folder.file());
    assert_eq!((store.counts().pending, store.counts().done, store.last_order()), (10_000, 1, 20_000));
}

#[test]
fn a_write_of_another_part_of_the_host_lasts_when_it_returns_or_is_not_there_at_all() {
    let disk = Disk::new();
    let store = on(&disk);
    store.database.write(|file| file.execute("INSERT INTO erased (at, items) VALUES (1, 1)", [])).unwrap();
    let refused = store.database.write(|file| {
        file.execute("INSERT INTO erased (at, items) VALUES (2, 2)", [])?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(refused.is_err());
    let store = after_a_power_cut(store, &disk);
    let rows: i64 = store.database.read(|file| file.query_row("SELECT sum(at) FROM erased", [], |row| row.get(0))).unwrap();
    assert_eq!(rows, 1);
}
