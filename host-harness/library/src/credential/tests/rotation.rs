//! Promises of a rotation with its files, interrupted at each step.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::credential::entropy::SystemEntropy;
use crate::credential::store::{CredentialStore, Row};
use crate::credential::tests::Folder;
use crate::store::sqlite::Database;

struct Bench {
    folder: Folder,
    database: Arc<Database>,
    files: KeyFiles,
}

impl Bench {
    /// An account, sealed with a key in a file.
    fn new() -> Self {
        let folder = Folder::new();
        let database = Arc::new(Database::open(&folder.path().join("pbx-crm.db"), 0).unwrap().database);
        let files = KeyFiles::new(folder.path().join("credentials.key"));
        Key::made(&SystemEntropy).unwrap().write(files.path()).unwrap();
        let bench = Self { folder, database, files };
        bench.store().put(&row(), None, b"token").unwrap();
        bench
    }

    fn store(&self) -> SealedRows {
        SealedRows::open_with(Arc::clone(&self.database), Box::new(self.files.clone()), Arc::new(SystemEntropy)).unwrap()
    }

    fn key(&self) -> String {
        Key::from_file(self.files.path()).unwrap().id()
    }

    fn opens(&self, store: &SealedRows) -> bool {
        store.load(&row()).is_ok_and(|found| found.is_some_and(|stored| stored.content.as_slice() == b"token"))
    }

    fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.contains("key")).collect();
        names.sort();
        names
    }
}

fn row() -> Row {
    Row::connection("salesforce", "main")
}

/// Fails from the given step on, as if the power had been cut there.
struct Cut {
    left: AtomicUsize,
}

impl Cut {
    fn after(steps: usize) -> Self {
        Self { left: AtomicUsize::new(steps) }
    }

    fn step(&self) -> io::Result<()> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| io::ErrorKind::Interrupted.into())
    }
}

impl Files for Cut {
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.left.load(Ordering::SeqCst) == 0 {
            // Half of it is there.
            Disk.write_new(path, &bytes[..bytes.len() / 2])?;
        }
        self.step()?;
        Disk.write_new(path, bytes)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        Disk.sync_folder(folder)
    }
    fn erase(&self, _path: &Path) -> io::Result<()> {
        // Who is cut off tidies nothing up.
        self.step()
    }
}

#[test]
fn a_rotation_ends_with_one_file_that_holds_the_new_key() {
    let bench = Bench::new();
    let (old, host) = (bench.key(), bench.store());
    assert_eq!(rotate(&bench.files, &bench.store(), None, &SystemEntropy), Ok(1));
    assert_ne!(bench.key(), old);
    assert_eq!(bench.names(), ["credentials.key"]);
    assert!(bench.opens(&bench.store()));
    assert!(bench.opens(&host), "a host that was running takes the new key by itself");
    host.put(&row(), Some(1), b"renewed").unwrap();
}

#[cfg(unix)]
#[test]
fn the_new_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new();
    rotate(&bench.files, &bench.store(), None, &SystemEntropy).unwrap();
    assert_eq!(std::fs::metadata(bench.files.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_that_is_brought_along_takes_the_place() {
    let bench = Bench::new();
    let brought = Key::made(&SystemEntropy).unwrap();
    rotate(&bench.files, &bench.store(), Some(brought.clone()), &SystemEntropy).unwrap();
    assert_eq!(bench.key(), brought.id());
    assert!(bench.opens(&bench.store()));
}

#[test]
fn cut_off_at_any_step_all_opens_and_the_next_try_ends_it() {
    let mut seen = Vec::new();
    for steps in 0.. {
        let bench = Bench::new();
        let (old, running) = (bench.key(), bench.store());
        let cut = rotate_on(&Cut::after(steps), &bench.files, &bench.store(), None, &SystemEntropy);
        assert!(bench.opens(&running), "the host that runs on, after {steps} steps");
        assert!(bench.opens(&bench.store()), "one that starts, after {steps} steps");
        seen.push((bench.names().len(), bench.key() == old));
        let successor = Key::from_file(&bench.files.successor()).ok().map(|key| key.id());
        assert_eq!(rotate(&bench.files, &bench.store(), None, &SystemEntropy), Ok(1), "{steps}");
        assert_eq!(bench.names(), ["credentials.key"], "{steps}");
        assert!(bench.key() != old && successor.is_none_or(|successor| successor == bench.key()), "{steps}");
        assert!(bench.opens(&bench.store()) && bench.opens(&running));
        if cut.is_ok() {
            break;
        }
    }
    // Half a key, a whole one under the first name, the successor (before and after the rows were sealed anew), the name taken.
    assert_eq!(seen, [(2, true), (2, true), (2, true), (2, true), (1, false), (1, false)]);
}

/// The rows in the transaction between both steps: refused by the database.
#[test]
fn cut_off_within_the_transaction_all_opens_with_the_old_key() {
    let bench = Bench::new();
    let old = bench.key();
    let sql = |change: &str| bench.database.write(|connection| connection.execute_batch(change)).unwrap();
    sql("CREATE TRIGGER cut BEFORE INSERT ON credential_list BEGIN SELECT RAISE(ABORT, 'cut'); END");
    let problem = rotate(&bench.files, &bench.store(), None, &SystemEntropy).unwrap_err();
    assert_eq!(problem.kind(), Kind::FileFailed);
    assert!(bench.key() == old && bench.opens(&bench.store()));
    sql("DROP TRIGGER cut");
    assert_eq!(rotate(&bench.files, &bench.store(), None, &SystemEntropy), Ok(1));
    assert!(bench.key() != old && bench.opens(&bench.store()));
}

#[test]
fn another_key_brought_after_an_interruption_is_the_one_in_the_end() {
    for steps in 0..6 {
        let bench = Bench::new();
        let _cut = rotate_on(&Cut::after(steps), &bench.files, &bench.store(), None, &SystemEntropy);
        let brought = Key::made(&SystemEntropy).unwrap();
        assert_eq!(rotate(&bench.files, &bench.store(), Some(brought.clone()), &SystemEntropy), Ok(1), "{steps}");
        assert_eq!((bench.key(), bench.names().len()), (brought.id(), 1), "{steps}");
        assert!(bench.opens(&bench.store()));
    }
}

#[test]
fn nothing_is_begun_with_a_wrong_key() {
    let bench = Bench::new();
    let right: PathBuf = bench.folder.path().join("right");
    std::fs::rename(bench.files.path(), &right).unwrap();
    Key::made(&SystemEntropy).unwrap().write(bench.files.path()).unwrap();
    assert_eq!(rotate(&bench.files, &bench.store(), None, &SystemEntropy).unwrap_err().kind(), Kind::KeyWrong);
    assert_eq!(bench.names(), ["credentials.key"]);
    std::fs::rename(&right, bench.files.path()).unwrap();
    assert!(bench.opens(&bench.store()));
}
