//! The encrypted file in which credentials lay before the [database](super::sealed_rows) took them over. It is read once and erased; nothing
//! writes it any more.
//!
//! Each row is sealed with XChaCha20-Poly1305; connector, account, part and version are bound in. One more seal over the whole notices a row
//! that was taken out.

mod form;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

pub(super) use self::form::Contents;
use super::disk::{self, Files, beside, failed, folder};
use super::key::Key;
use super::problem::{Kind, Problem};

/// How long an older release may hold the file: a change takes milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The file, while nobody of an older release changes it.
pub(super) struct SealedFile {
    path: PathBuf,
    bytes: Vec<u8>,
    _lock: File,
}

impl SealedFile {
    /// The file as it is; none: there is none.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, Problem> {
        Self::find_within(path, LOCK_PATIENCE)
    }

    fn find_within(path: &Path, patience: Duration) -> Result<Option<Self>, Problem> {
        // Asked before the lock is made, so that no lock is left where nothing ever was.
        if !path.try_exists().map_err(|why| failed(path, &why))? {
            return Ok(None);
        }
        let lock = lock(path, patience)?;
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(Self { path: path.to_owned(), bytes, _lock: lock })),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(failed(path, &why)),
        }
    }

    /// Tells this state of the file from all others.
    pub(super) fn mark(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is in it. `key` gives the key with that id. The file is left as it is.
    pub(super) fn read(&self, key: impl FnOnce(&str) -> Result<Key, Problem>) -> Result<Contents, Problem> {
        Contents::read(&self.bytes, key).map_err(|problem| match problem.kind() {
            Kind::FileDamaged | Kind::FileVersion | Kind::KeyWrong => problem.with("file", &self.path.display().to_string()),
            _ => problem,
        })
    }

    /// Erases it, and what an interrupted change of it may have left.
    pub(super) fn erase(self, files: &dyn Files) -> Result<(), Problem> {
        for path in [&beside(&self.path, ".new"), &self.path, &beside(&self.path, ".lock")] {
            match files.erase(path) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(failed(path, &why)),
                _ => {}
            }
        }
        files.sync_folder(folder(&self.path)).map_err(|why| failed(&self.path, &why))
    }

    /// Puts it aside for whoever finds its key.
    pub(super) fn put_aside(self, files: &dyn Files) -> Result<PathBuf, Problem> {
        let mut aside = beside(&self.path, ".unreadable");
        for more in 2_u32.. {
            if !aside.exists() {
                break;
            }
            aside = beside(&self.path, &format!(".unreadable-{more}"));
        }
        let moved = files.rename(&self.path, &aside).and_then(|()| files.sync_folder(folder(&self.path)));
        moved.map_err(|why| failed(&self.path, &why))?;
        Ok(aside)
    }
}

fn lock(path: &Path, patience: Duration) -> Result<File, Problem> {
    let place = beside(path, ".lock");
    let file = disk::options().create(true).truncate(false).open(&place).map_err(|why| failed(&place, &why))?;
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::Error(why)) => return Err(failed(&place, &why)),
            Err(std::fs::TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOCK_PAUSE),
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(Problem::new(Kind::FileBusy).with("file", &path.display().to_string()));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
