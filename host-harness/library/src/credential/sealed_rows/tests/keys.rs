//! The right key, a wrong one, none, and another one in its place.

use super::*;
use crate::credential::keys::KeyFiles;

/// A store whose keys are in files.
fn with_files(bench: &Bench, files: &KeyFiles) -> SealedRows {
    SealedRows::open_with(Arc::clone(&bench.database), Box::new(files.clone()), Arc::new(SystemEntropy)).unwrap()
}

#[test]
fn f51_a_wrong_key_opens_nothing_and_changes_nothing() {
    let bench = Bench::new();
    bench.store().put(&main_row(), None, b"x").unwrap();
    let before = bench.everything();
    let wrong = bench.store_with(&key());
    let problem = wrong.load(&main_row()).err().unwrap();
    assert_eq!(
        (problem.kind(), problem.arguments()),
        (Kind::KeyWrong, [("file".to_owned(), bench.file().display().to_string())].as_slice())
    );
    assert_eq!(wrong.check().err().map(|problem| problem.kind()), Some(Kind::KeyWrong));
    assert_eq!(content(&wrong, &second_row()), Err(Kind::KeyWrong), "whether it is there cannot be known");
    assert_eq!(put_kind(wrong.put(&main_row(), Some(1), b"y")), Some(Kind::KeyWrong));
    assert_eq!(put_kind(wrong.put(&main_row(), None, b"y")), Some(Kind::KeyWrong));
    assert_eq!(put_kind(wrong.put(&second_row(), None, b"y")), Some(Kind::KeyWrong), "no row under a second key");
    assert!(matches!(wrong.delete(&main_row(), 1), Err(NotStored::Failed(problem)) if problem.kind() == Kind::KeyWrong));
    assert_eq!(wrong.rotate(&key()).err().map(|problem| problem.kind()), Some(Kind::KeyWrong));
    assert_eq!(bench.everything(), before);
    assert_eq!(content(&bench.store(), &main_row()), Ok(Some(b"x".to_vec())), "the right one still opens it");
}

#[test]
fn f51_without_a_key_the_host_starts_and_goes_on_when_the_key_is_back() {
    let bench = Bench::new();
    let files = KeyFiles::new(bench.folder.path().join("credentials.key"));
    let store = with_files(&bench, &files);
    assert_eq!(content(&store, &main_row()), Ok(None), "where nothing is sealed no key is missed");
    assert!(store.is_empty().unwrap() && store.check().is_ok());
    assert_eq!(put_kind(store.put(&main_row(), None, b"x")), Some(Kind::KeyMissing));
    bench.key.write(files.path()).unwrap();
    store.put(&main_row(), None, b"x").unwrap();
    std::fs::rename(files.path(), bench.folder.path().join("elsewhere")).unwrap();
    let before = bench.everything();
    let started = with_files(&bench, &files);
    let problem = started.load(&main_row()).err().unwrap();
    let place = files.path().display().to_string();
    assert_eq!((problem.kind(), problem.arguments()), (Kind::KeyMissing, [("place".to_owned(), place)].as_slice()));
    assert!(!problem.passes(), "the administrator must act");
    assert_eq!(started.check().err().map(|problem| problem.kind()), Some(Kind::KeyMissing));
    assert!(!started.is_empty().unwrap(), "so no other key is made");
    assert_eq!(put_kind(started.put(&main_row(), Some(1), b"y")), Some(Kind::KeyMissing));
    assert_eq!(bench.everything(), before);
    std::fs::rename(bench.folder.path().join("elsewhere"), files.path()).unwrap();
    assert_eq!(content(&started, &main_row()), Ok(Some(b"x".to_vec())), "without a restart");
}

#[test]
fn a_rotation_seals_every_row_anew_and_changes_no_version() {
    let bench = Bench::new();
    let store = bench.store();
    let first = store.put(&main_row(), None, b"one").unwrap();
    store.put(&Row::approval("salesforce", "main"), None, b"approved").unwrap();
    let (_, before) = bench.everything();
    let new = key();
    assert_eq!(store.rotate(&new), Ok(2));
    let (found, after) = bench.everything();
    assert_eq!(found.key_id(), Some(new.id().as_str()));
    for (old, new) in before.iter().zip(&after) {
        assert_eq!((old.row(), old.record.version), (new.row(), new.record.version));
        assert!(old.record.content.sealed != new.record.content.sealed && old.record.content.key_id != new.record.content.key_id);
    }
    let started = bench.store_with(&new);
    assert_eq!(content(&started, &main_row()), Ok(Some(b"one".to_vec())));
    assert!(store.put(&main_row(), Some(first), b"two").is_ok(), "who was in the middle of something goes on");
    assert_eq!(content(&started, &main_row()), Ok(Some(b"two".to_vec())));
}

#[test]
fn after_a_rotation_the_old_key_alone_is_told_to_be_wrong_and_both_open_all() {
    let bench = Bench::new();
    let (old, new) = (bench.store(), key());
    old.put(&main_row(), None, b"x").unwrap();
    let both = || SealedRows::open(Arc::clone(&bench.database), new.clone(), Some(bench.key.clone()), Arc::new(SystemEntropy)).unwrap();
    let before = both();
    assert_eq!(content(&before, &main_row()), Ok(Some(b"x".to_vec())));
    let version = before.put(&main_row(), Some(1), b"y").unwrap();
    assert_eq!(content(&old, &main_row()), Ok(Some(b"y".to_vec())), "until the rotation all rows are under one key, the old one");
    assert!(before.is_sealed_with(&bench.key).unwrap() && !before.is_sealed_with(&new).unwrap());
    // By another process.
    bench.elsewhere().rotate(&new).unwrap();
    assert_eq!(content(&old, &main_row()), Err(Kind::KeyWrong));
    assert_eq!(put_kind(old.put(&main_row(), Some(version), b"z")), Some(Kind::KeyWrong));
    for store in [before, both(), bench.store_with(&new)] {
        assert_eq!(content(&store, &main_row()), Ok(Some(b"y".to_vec())));
        assert!(store.is_sealed_with(&new).unwrap());
    }
}

#[test]
fn where_the_key_is_lost_an_administrator_can_begin_anew() {
    let bench = Bench::new();
    bench.store().put(&main_row(), None, b"x").unwrap();
    bench.store().put(&second_row(), None, b"x").unwrap();
    let another = bench.store_with(&key());
    assert_eq!(another.forget_unreadable(), Ok(2));
    assert_eq!(content(&another, &main_row()), Ok(None));
    assert!(another.put(&main_row(), None, b"anew").unwrap() > 2);
    assert_eq!(another.forget_unreadable(), Ok(0), "what opens is kept");
    assert_eq!(content(&another, &main_row()), Ok(Some(b"anew".to_vec())));
}

/// A list with nothing in it is no reason to miss a key.
#[test]
fn a_lost_key_with_which_nothing_is_sealed_is_in_nobodys_way() {
    let bench = Bench::new();
    let store = bench.store();
    let version = store.put(&main_row(), None, b"x").unwrap();
    store.delete(&main_row(), version).unwrap();
    let another = bench.store_with(&key());
    assert!(another.is_empty().unwrap() && another.check().is_ok());
    assert_eq!(content(&another, &main_row()), Ok(None));
    assert!(another.put(&main_row(), None, b"y").unwrap() > version);
}

/// Keys that are replaced by somebody else right after they were read for the first time.
struct JustReplaced {
    keys: [Key; 2],
    by: SealedRows,
    read: AtomicBool,
}

impl KeySource for JustReplaced {
    fn keys(&self) -> Result<Vec<Key>, Problem> {
        let [old, new] = &self.keys;
        if self.read.swap(true, Ordering::SeqCst) {
            return Ok(vec![new.clone()]);
        }
        self.by.rotate(new)?;
        Ok(vec![old.clone()])
    }
}

#[test]
fn a_key_replaced_between_reading_it_and_the_change_is_asked_for_again() {
    let bench = Bench::new();
    let version = bench.store().put(&main_row(), None, b"old").unwrap();
    let keys = JustReplaced { keys: [bench.key.clone(), key()], by: bench.elsewhere(), read: AtomicBool::new(false) };
    let store = SealedRows::open_with(Arc::clone(&bench.database), Box::new(keys), Arc::new(SystemEntropy)).unwrap();
    store.put(&main_row(), Some(version), b"new").unwrap();
    assert_eq!(content(&store, &main_row()), Ok(Some(b"new".to_vec())));
}
