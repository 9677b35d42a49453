//! What the tests of sealed rows share, and the promises of every store.

mod erasing;
mod failing;
mod keys;
mod refreshing;
mod taking_over;
mod tampering;

use rusqlite::Connection;

use super::*;
use crate::credential::entropy::SystemEntropy;
use crate::credential::store::check_a_store;
use crate::credential::tests::Folder;

pub(super) fn key() -> Key {
    Key::made(&SystemEntropy).unwrap()
}

pub(super) fn main_row() -> Row {
    Row::connection("salesforce", "main")
}

pub(super) fn second_row() -> Row {
    Row::connection("salesforce", "second")
}

/// A folder with a database, and a key.
pub(super) struct Bench {
    pub(super) folder: Folder,
    pub(super) database: Arc<Database>,
    pub(super) key: Key,
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = Folder::new();
        let database = Arc::new(Database::open(&folder.path().join("pbx-crm.db"), 0).unwrap().database);
        Self { folder, database, key: key() }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("pbx-crm.db")
    }

    /// The store of the bench's key.
    pub(super) fn store(&self) -> SealedRows {
        self.store_with(&self.key)
    }

    pub(super) fn store_with(&self, key: &Key) -> SealedRows {
        SealedRows::open(Arc::clone(&self.database), key.clone(), None, Arc::new(SystemEntropy)).unwrap()
    }

    /// The store as another process has it.
    pub(super) fn elsewhere(&self) -> SealedRows {
        let database = Arc::new(Database::beside(&self.file()).unwrap());
        SealedRows::open(database, self.key.clone(), None, Arc::new(SystemEntropy)).unwrap()
    }

    /// Somebody else changes the database.
    pub(super) fn sql(&self, change: &str) {
        self.database.write(|connection| connection.execute_batch(change)).unwrap();
    }

    /// All that is in the tables.
    pub(super) fn everything(&self) -> (table::Found, Vec<table::Lying>) {
        self.database.read(|connection: &Connection| Ok((table::list(connection)?, table::all(connection)?))).unwrap()
    }

    /// The bytes of all files in the folder.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub(super) fn content(store: &SealedRows, row: &Row) -> Result<Option<Vec<u8>>, Kind> {
    store.load(row).map(|stored| stored.map(|stored| stored.content.to_vec())).map_err(|problem| problem.kind())
}

pub(super) fn put_kind(put: Result<u64, NotStored>) -> Option<Kind> {
    match put {
        Err(NotStored::Failed(problem)) => Some(problem.kind()),
        Ok(_) | Err(NotStored::Changed) => None,
    }
}

#[test]
fn it_is_a_store_and_keeps_what_it_was_given() {
    let bench = Bench::new();
    check_a_store(&bench.store());
    assert_eq!(content(&bench.store(), &main_row()), Ok(Some(b"again".to_vec())));
    assert_eq!(content(&bench.elsewhere(), &main_row()), Ok(Some(b"again".to_vec())), "it is in the file when the change returns");
}

#[test]
fn two_programs_see_each_others_changes_and_never_overwrite_them() {
    let bench = Bench::new();
    let (one, other) = (bench.store(), bench.elsewhere());
    let version = one.put(&main_row(), None, b"one").unwrap();
    assert_eq!(other.put(&main_row(), None, b"other"), Err(NotStored::Changed));
    let next = other.put(&main_row(), Some(version), b"other").unwrap();
    assert_eq!(one.put(&main_row(), Some(version), b"one again"), Err(NotStored::Changed));
    assert_eq!(one.delete(&main_row(), version), Err(NotStored::Changed));
    assert_eq!(one.load(&main_row()).unwrap().unwrap().version, next);
}

#[test]
fn many_threads_of_two_programs_lose_no_change() {
    let bench = Bench::new();
    let stores = [bench.store(), bench.elsewhere()];
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &stores[thread % 2];
            scope.spawn(move || {
                for index in 0..10 {
                    let row = Row::connection("c", &format!("{thread}-{index}"));
                    // A host serves calls and waits for nobody long: it is told to try again later.
                    while put_kind(store.put(&row, None, b"x")) == Some(Kind::FileBusy) {}
                    assert_eq!(content(store, &row), Ok(Some(b"x".to_vec())));
                }
            });
        }
    });
    for name in (0..4).flat_map(|thread| (0..10).map(move |index| format!("{thread}-{index}"))) {
        assert_eq!(content(&stores[0], &Row::connection("c", &name)), Ok(Some(b"x".to_vec())), "{name}");
    }
}

#[test]
fn a_version_never_comes_twice_whoever_deleted_the_last_one() {
    let bench = Bench::new();
    let store = bench.store();
    let mut last = 0;
    for _ in 0..3 {
        let version = store.put(&main_row(), None, b"x").unwrap();
        assert!(version > last);
        last = version;
        bench.elsewhere().delete(&main_row(), version).unwrap();
    }
    assert!(store.is_empty().unwrap());
    // Not even under another key, which nothing speaks against where nothing is sealed.
    assert!(bench.store_with(&key()).put(&main_row(), None, b"y").unwrap() > last);
}

#[test]
fn no_two_seals_have_the_same_nonce() {
    let bench = Bench::new();
    let store = bench.store();
    let (mut version, mut seen) = (None, std::collections::BTreeSet::new());
    for _ in 0..100 {
        version = Some(store.put(&main_row(), version, b"same").unwrap());
        let (found, all) = bench.everything();
        for sealed in [&found.list.unwrap().content, &all[0].record.content] {
            assert!(seen.insert(sealed.nonce.clone()) && seen.insert(sealed.sealed.clone()));
        }
    }
}
