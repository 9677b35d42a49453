//! One encrypted file as a store.
//!
//! Each row is sealed with XChaCha20-Poly1305 under a random nonce; connector, account, part and version are bound in, so a row that is
//! moved, or put back from an older copy, does not open. One more seal over the whole notices a row that was taken out. A change writes a
//! new file beside the old one, forces it to the disk, and renames it: whoever is interrupted has the old file or the new one.
//!
//! What it cannot notice is the whole file put back from an older copy. Whoever can do that has the rights of the host already.

mod disk;
mod form;
mod key;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::disk::{Disk, Files};
use self::form::Contents;
pub use self::key::Key;
use super::entropy::Entropy;
use super::problem::{Kind, Problem};
use super::store::{CredentialStore, NotStored, Row, Stored};

/// How long another program may hold the file: a change takes milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A store in one sealed file. Several threads and processes may use it.
pub struct SealedFile {
    path: PathBuf,
    key: Key,
    entropy: Arc<dyn Entropy>,
    files: Box<dyn Files>,
    lock_patience: Duration,
    /// One change at a time in this process; the lock file is for others.
    changing: Mutex<()>,
}

impl SealedFile {
    /// The store in this file, which need not exist yet. What cannot be read is left as it is.
    ///
    /// # Errors
    /// The file is there and cannot be read with this key.
    pub fn open(path: impl Into<PathBuf>, key: Key, entropy: Arc<dyn Entropy>) -> Result<Self, Problem> {
        let store = Self { path: path.into(), key, entropy, files: Box::new(Disk), lock_patience: LOCK_PATIENCE, changing: Mutex::new(()) };
        store.read()?;
        Ok(store)
    }

    fn read(&self) -> Result<Contents, Problem> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Contents::read(&bytes, &self.key).map_err(|problem| problem.with("file", &self.shown())),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Contents::default()),
            Err(why) => Err(self.failed(&why)),
        }
    }

    /// Reads, changes and writes while nobody else does.
    fn change<T>(&self, by: impl FnOnce(&mut Contents) -> Result<T, NotStored>) -> Result<T, NotStored> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = self.lock()?;
        let mut contents = self.read()?;
        let changed = by(&mut contents)?;
        let bytes = contents.write(&self.key, &*self.entropy)?;
        self.replace(&bytes).map_err(|why| NotStored::Failed(self.failed(&why)))?;
        Ok(changed)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let beside = beside(&self.path, ".new");
        let written = self.files.write_new(&beside, bytes).and_then(|()| self.files.rename(&beside, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        written?;
        // Without this the rename itself may be lost with the power, and the old token with its successor.
        self.files.sync_folder(folder(&self.path))
    }

    fn lock(&self) -> Result<File, Problem> {
        let file = disk::options().create(true).truncate(false).open(beside(&self.path, ".lock")).map_err(|why| self.failed(&why))?;
        let until = Instant::now() + self.lock_patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(std::fs::TryLockError::Error(why)) => return Err(self.failed(&why)),
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOCK_PAUSE),
                Err(std::fs::TryLockError::WouldBlock) => return Err(Problem::new(Kind::FileBusy).with("file", &self.shown())),
            }
        }
    }

    fn failed(&self, why: &io::Error) -> Problem {
        match why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::new(Kind::DiskFull).with("file", &self.shown()),
            _ => Problem::new(Kind::FileFailed).with("file", &self.shown()).saying(&why.to_string()),
        }
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

impl CredentialStore for SealedFile {
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem> {
        let contents = self.read()?;
        let Some(version) = contents.version(row) else { return Ok(None) };
        let content = contents.open(row, &self.key).map_err(|problem| problem.with("file", &self.shown()))?;
        Ok(Some(Stored { version, content: Zeroizing::new(content) }))
    }

    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored> {
        self.change(|contents| {
            if contents.version(row) != expected {
                return Err(NotStored::Changed);
            }
            Ok(contents.put(row, content, &self.key, &*self.entropy)?)
        })
    }

    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored> {
        self.change(|contents| {
            if contents.version(row) != Some(expected) {
                return Err(NotStored::Changed);
            }
            contents.remove(row);
            Ok(())
        })
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
