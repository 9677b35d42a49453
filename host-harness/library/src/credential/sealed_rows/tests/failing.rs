//! Full disks, busy files and power cuts: a change is there as a whole, or not at all and told.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::credential::entropy::Entropy;

/// Gives random bytes so many times.
struct Few(AtomicUsize);

impl Entropy for Few {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Problem> {
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => SystemEntropy.fill(bytes),
            Err(_) => Err(Problem::new(Kind::NoRandomness)),
        }
    }
}

#[test]
fn f06_a_full_disk_leaves_the_old_row_and_says_so() {
    let bench = Bench::new();
    let store = bench.store();
    let version = store.put(&main_row(), None, b"old").unwrap();
    let before = bench.everything();
    let pages: i64 = bench.database.read(|connection| connection.query_row("PRAGMA page_count", [], |row| row.get(0))).unwrap();
    let most = |pages: i64| {
        let limit = format!("PRAGMA max_page_count = {pages}");
        bench.database.read(|connection| connection.query_row(&limit, [], |_| Ok(()))).unwrap();
    };
    most(pages);
    let Err(NotStored::Failed(problem)) = store.put(&main_row(), Some(version), &[7; 100_000]) else { panic!("there is no room") };
    let file = ("file".to_owned(), bench.file().display().to_string());
    assert_eq!((problem.kind(), problem.passes(), problem.arguments()), (Kind::DiskFull, true, [file].as_slice()));
    assert_eq!(bench.everything(), before);
    most(1_000_000);
    store.put(&main_row(), Some(version), &[7; 100_000]).unwrap();
}

#[test]
fn f08_a_file_that_another_program_holds_is_told_and_tried_again_later() {
    let bench = Bench::new();
    let store = bench.store();
    let version = store.put(&main_row(), None, b"old").unwrap();
    let other = Connection::open(bench.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    bench.database.read(|connection| connection.busy_timeout(std::time::Duration::ZERO)).unwrap();
    let put = store.put(&main_row(), Some(version), b"new");
    assert!(matches!(put, Err(NotStored::Failed(problem)) if problem.kind() == Kind::FileBusy && problem.passes()));
    assert_eq!(content(&store, &main_row()), Ok(Some(b"old".to_vec())), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    store.put(&main_row(), Some(version), b"new").unwrap();
}

#[test]
fn without_random_bytes_nothing_is_changed() {
    let bench = Bench::new();
    let whole = bench.store();
    whole.put(&main_row(), None, b"one").unwrap();
    whole.put(&second_row(), None, b"two").unwrap();
    let before = bench.everything();
    for left in 0..3 {
        let few = Arc::new(Few(AtomicUsize::new(left)));
        let store = SealedRows::open(Arc::clone(&bench.database), bench.key.clone(), None, few).unwrap();
        assert_eq!(store.rotate(&key()).err().map(|problem| problem.kind()), Some(Kind::NoRandomness), "{left}");
        if left < 1 {
            assert_eq!(put_kind(store.put(&main_row(), Some(1), b"x")), Some(Kind::NoRandomness));
            assert!(store.delete(&main_row(), 1).is_err());
        }
        assert_eq!(bench.everything(), before);
    }
}

#[test]
fn f05_a_rotation_cut_short_anywhere_leaves_all_rows_under_the_old_key_or_all_under_the_new_one() {
    let bench = Bench::new();
    let store = bench.store();
    let rows: Vec<Row> = (0..20).map(|index| Row::connection("salesforce", &format!("account-{index}"))).collect();
    for row in &rows {
        store.put(row, None, &[9; 900]).unwrap();
    }
    // Who reads keeps the log from being emptied, so that it shows each page as it was written.
    let reader = Connection::open(bench.file()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM credential;").unwrap();
    bench.database.read(|connection| connection.busy_timeout(std::time::Duration::ZERO)).unwrap();
    let log_file = bench.folder.path().join("pbx-crm.db-wal");
    let start = std::fs::read(&log_file).unwrap().len();
    let new = key();
    store.rotate(&new).unwrap();
    let (file, log) = (std::fs::read(bench.file()).unwrap(), std::fs::read(&log_file).unwrap());
    let mut seen = [0, 0];
    for end in (start..=log.len()).step_by(1030).chain([log.len()]) {
        let cut = Folder::new();
        std::fs::write(cut.path().join("pbx-crm.db"), &file).unwrap();
        std::fs::write(cut.path().join("pbx-crm.db-wal"), &log[..end]).unwrap();
        let database = Arc::new(Database::open(&cut.path().join("pbx-crm.db"), 0).unwrap().database);
        let after = SealedRows::open(database, bench.key.clone(), Some(new.clone()), Arc::new(SystemEntropy)).unwrap();
        for row in &rows {
            assert_eq!(content(&after, row), Ok(Some(vec![9; 900])), "cut at {end}");
        }
        let (old, new) = (after.is_sealed_with(&bench.key).unwrap(), after.is_sealed_with(&new).unwrap());
        assert!(old != new);
        seen[usize::from(new)] += 1;
    }
    assert!(seen[0] > 10 && seen[1] >= 1, "{seen:?}");
}
