//! From the sealed file of an older release into the database: never lost, never doubled, never brought back.

use std::io;

use super::*;
use crate::credential::sealed_file::tests::write_as_before;

/// A bench with a file of the release before: an account and its approval.
fn before() -> (Bench, PathBuf) {
    let bench = Bench::new();
    let file = bench.folder.path().join("credentials.sealed");
    write_as_before(&file, &bench.key, &[(main_row(), b"token"), (Row::approval("salesforce", "main"), b"approved")]);
    (bench, file)
}

/// A disk on which a file cannot be erased.
struct Stubborn;

impl Files for Stubborn {
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        Disk.write_new(path, bytes)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
    fn erase(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// The process is gone after the transaction, and before the file is.
fn interrupted_before_erasing(bench: &Bench, file: &Path) {
    let mut store = bench.store();
    store.files = Box::new(Stubborn);
    drop(store.taking_over(file));
    assert!(file.exists());
}

#[test]
fn the_rows_of_the_file_are_moved_and_the_file_is_erased() {
    let (bench, file) = before();
    let store = bench.store().taking_over(&file);
    assert_eq!(content(&store, &main_row()), Ok(Some(b"token".to_vec())));
    assert_eq!(content(&store, &Row::approval("salesforce", "main")), Ok(Some(b"approved".to_vec())));
    assert!(!file.exists() && !bench.folder.path().join("credentials.sealed.lock").exists());
    assert!(store.load(&main_row()).unwrap().unwrap().version > 2, "no version of the file comes again");
    let again = bench.store().taking_over(&file);
    assert_eq!((again.rows(), content(&again, &main_row())), (Ok(2), Ok(Some(b"token".to_vec()))));
}

#[test]
fn interrupted_before_the_commit_all_is_still_in_the_file() {
    let (bench, file) = before();
    drop(bench.store());
    bench.sql("CREATE TRIGGER cut BEFORE INSERT ON credential_list BEGIN SELECT RAISE(ABORT, 'cut'); END");
    let store = bench.store().taking_over(&file);
    assert!(file.exists());
    assert_eq!(bench.everything().1, [], "no half of it");
    assert_eq!(content(&store, &main_row()), Err(Kind::FileFailed), "what is in the file is not taken for absent");
    assert_eq!(put_kind(store.put(&main_row(), None, b"x")), Some(Kind::FileFailed));
    bench.sql("DROP TRIGGER cut");
    assert_eq!(content(&store, &main_row()), Ok(Some(b"token".to_vec())), "tried again by itself");
    assert!(!file.exists());
}

#[test]
fn interrupted_before_erasing_the_rows_of_the_database_win() {
    let (bench, file) = before();
    interrupted_before_erasing(&bench, &file);
    let store = bench.store();
    let version = store.load(&main_row()).unwrap().unwrap().version;
    store.put(&main_row(), Some(version), b"refreshed").unwrap();
    let started = bench.store().taking_over(&file);
    assert_eq!(content(&started, &main_row()), Ok(Some(b"refreshed".to_vec())));
    assert_eq!(started.rows(), Ok(2));
    assert!(!file.exists());
}

#[test]
fn interrupted_before_erasing_what_was_disconnected_since_does_not_come_back() {
    let (bench, file) = before();
    interrupted_before_erasing(&bench, &file);
    let store = bench.store();
    let version = store.load(&main_row()).unwrap().unwrap().version;
    store.delete(&main_row(), version).unwrap();
    assert_eq!(content(&bench.store().taking_over(&file), &main_row()), Ok(None));
    assert!(!file.exists());
}

#[test]
fn a_file_that_another_program_wrote_since_adds_what_is_not_there() {
    let (bench, file) = before();
    drop(bench.store().taking_over(&file));
    write_as_before(&file, &bench.key, &[(main_row(), b"of the older release"), (second_row(), b"second")]);
    let store = bench.store().taking_over(&file);
    assert_eq!(content(&store, &main_row()), Ok(Some(b"token".to_vec())));
    assert_eq!(content(&store, &second_row()), Ok(Some(b"second".to_vec())));
    assert_eq!(store.rows(), Ok(3));
}

#[test]
fn f51_a_file_under_another_key_is_left_as_it_is_and_nothing_is_written_in_its_stead() {
    let (bench, file) = before();
    let bytes = std::fs::read(&file).unwrap();
    let store = bench.store_with(&key()).taking_over(&file);
    assert!(!store.is_empty().unwrap(), "so no key is made");
    let problem = store.load(&main_row()).err().unwrap();
    assert_eq!((problem.kind(), problem.arguments()), (Kind::KeyWrong, [("file".to_owned(), file.display().to_string())].as_slice()));
    assert_eq!(put_kind(store.put(&main_row(), None, b"x")), Some(Kind::KeyWrong));
    assert_eq!(store.check().err().map(|problem| problem.kind()), Some(Kind::KeyWrong));
    assert!(store.rotate(&key()).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    // Both keys: the file is read with the one, and sealed under the key of the rows.
    let both = SealedRows::open(Arc::clone(&bench.database), key(), Some(bench.key.clone()), Arc::new(SystemEntropy)).unwrap();
    assert_eq!(content(&both.taking_over(&file), &main_row()), Ok(Some(b"token".to_vec())));
}

#[test]
fn a_damaged_file_is_left_as_it_is_and_what_the_database_has_goes_on() {
    let (bench, file) = before();
    let version = bench.store().put(&second_row(), None, b"here").unwrap();
    std::fs::write(&file, b"half a fi").unwrap();
    let store = bench.store().taking_over(&file);
    assert_eq!(content(&store, &main_row()), Err(Kind::FileDamaged));
    assert_eq!(content(&store, &second_row()), Ok(Some(b"here".to_vec())));
    let version = store.put(&second_row(), Some(version), b"refreshed").unwrap();
    assert!(store.delete(&second_row(), version).is_err(), "it could come back with the file");
    assert_eq!(std::fs::read(&file).unwrap(), b"half a fi");
    assert_eq!(store.forget_unreadable(), Ok(0));
    assert!(!file.exists());
    assert_eq!(std::fs::read(bench.folder.path().join("credentials.sealed.unreadable")).unwrap(), b"half a fi");
    assert_eq!((content(&store, &main_row()), content(&store, &second_row())), (Ok(None), Ok(Some(b"refreshed".to_vec()))));
}
