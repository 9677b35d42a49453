//! A damaged file is noticed, set aside and told; the host goes on.

use std::path::Path;

use super::disk::Random;
use super::{Folder, opened};
use crate::store::check::{known, moved, put, put_known, work};
use crate::store::sqlite::{Database, SqliteStore};
use crate::store::{Kind, Store, WorkState};

const ITEMS: u64 = 60;

/// A store with work, of which the second half is done.
fn filled(path: &Path) {
    let mut store = opened(path);
    store.commit((1..=ITEMS).map(|order| put(&work(order, Kind::Journal, "15550150", order))).collect());
    store.commit((1..=ITEMS).map(|order| put_known(&known(&order.to_string(), &["15550150"], order), true)).collect());
    store.commit((ITEMS / 2 + 1..=ITEMS).map(|order| moved(order, WorkState::Done(None), order)).collect());
    store.sync().unwrap();
}

/// The store as the host finds it, and what people are told.
fn found(path: &Path) -> (SqliteStore, Vec<String>) {
    let opened = Database::open(path, 77).expect("the host starts whatever the file is like");
    (SqliteStore::new(std::sync::Arc::new(opened.database)).unwrap(), opened.notices)
}

/// It serves: takes, keeps and finds.
fn serves(mut store: SqliteStore, path: &Path) {
    let order = store.last_order() + 1;
    store.commit(vec![put(&work(order, Kind::Create, "15550151", 1))]);
    store.sync().unwrap();
    drop(store);
    assert!(opened(path).work_at(order).is_some());
}

#[test]
fn f26_a_truncated_file_is_set_aside_and_what_can_be_read_is_kept() {
    let mut most = 0;
    for tenths in 0..10 {
        let folder = Folder::new();
        filled(&folder.file());
        let whole = std::fs::read(folder.file()).unwrap();
        let cut = &whole[..whole.len() * tenths / 10];
        std::fs::write(folder.file(), cut).unwrap();
        if tenths == 0 {
            // As if the log had been in use: an empty file alone is a new one.
            std::fs::write(folder.0.join("pbx-crm.db-wal"), b"log").unwrap();
        }
        let (store, notices) = found(&folder.file());
        let aside = folder.0.join("pbx-crm.db.damaged-77");
        assert_eq!(std::fs::read(&aside).unwrap(), cut, "the copy is as the file was");
        assert_eq!(notices.len(), 1);
        assert!(notices[0].contains("was damaged") && notices[0].contains(&aside.display().to_string()), "{notices:?}");
        let kept = store.unfinished(0, 1000).len();
        assert!(notices[0].contains(&format!("{kept} of them work that is not finished")), "{kept}: {notices:?}");
        most = most.max(kept);
        serves(store, &folder.file());
    }
    assert!(most > 5, "nothing was kept: {most}");
}

#[test]
fn f26_flipped_bits_are_noticed_or_do_no_harm() {
    let (mut noticed, mut kept) = (0, 0);
    for seed in 0..60 {
        let folder = Folder::new();
        filled(&folder.file());
        let mut random = Random(seed);
        let mut bytes = std::fs::read(folder.file()).unwrap();
        // Every third in the first header, and whole bursts elsewhere.
        let (start, bits) = if seed % 3 == 0 { (random.below(100), 1) } else { (random.below(bytes.len() - 64), 64) };
        for byte in &mut bytes[start..start + bits] {
            *byte ^= 1 << random.below(8);
        }
        std::fs::write(folder.file(), &bytes).unwrap();
        let (store, notices) = found(&folder.file());
        if !notices.is_empty() {
            noticed += 1;
            kept += store.unfinished(0, 1000).len();
            assert!(!folder.named("pbx-crm.db.damaged-77").is_empty());
        }
        serves(store, &folder.file());
    }
    assert!(noticed > 10 && kept > noticed, "{noticed} noticed, {kept} kept");
}

#[test]
fn f26_a_file_that_is_no_database_or_somebody_elses_is_set_aside() {
    let folder = Folder::new();
    std::fs::write(
        folder.file(),
        "not a database, but a text that is long enough to have a header of a hundred bytes, which it needs".repeat(90),
    )
    .unwrap();
    let (store, notices) = found(&folder.file());
    assert_eq!(notices.len(), 1);
    serves(store, &folder.file());
    let folder = Folder::new();
    rusqlite::Connection::open(folder.file()).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let (store, notices) = found(&folder.file());
    assert_eq!(notices.len(), 1);
    serves(store, &folder.file());
}

#[test]
fn f26_a_missing_log_is_told_and_the_file_copied() {
    let folder = Folder::new();
    filled(&folder.file());
    std::fs::remove_file(folder.0.join("pbx-crm.db-wal")).unwrap();
    let (store, notices) = found(&folder.file());
    assert!(notices.len() == 1 && notices[0].contains("pbx-crm.db-wal is missing"), "{notices:?}");
    assert_eq!(store.unfinished(0, 1000).len(), 30);
    assert_eq!(folder.named("pbx-crm.db.damaged-77").len(), 1);
    serves(store, &folder.file());
}

#[test]
fn f26_an_older_copy_that_was_set_aside_is_never_overwritten() {
    let folder = Folder::new();
    for copies in 1..4 {
        std::fs::write(folder.file(), "rubbish".repeat(1000)).unwrap();
        drop(found(&folder.file()));
        let aside = folder.named("pbx-crm.db.damaged-77").into_iter().filter(|path| !path.to_string_lossy().ends_with("wal"));
        assert_eq!(aside.filter(|path| !path.to_string_lossy().ends_with("shm")).count(), copies);
    }
}
