//! Another key in place of the one that seals: the files, the rows, and what happens if it is interrupted.
//!
//! | step | files | rows are under |
//! |---|---|---|
//! | 1. the successor is written beside the key | key, successor | the old key |
//! | 2. all rows are sealed anew, in one transaction | key, successor | the new key |
//! | 3. the successor takes the key's name | key (the new one) | the new key |
//!
//! Between all of them [`KeyFiles`] gives every key that is needed, to the host that runs meanwhile too; the next [`rotate`] goes on where the
//! last one was interrupted.

use std::io;
use std::path::Path;

use super::disk::{Disk, Files, beside, failed, folder};
use super::entropy::Entropy;
use super::key::Key;
use super::keys::KeyFiles;
use super::problem::{Kind, Problem};
use super::sealed_rows::SealedRows;

/// Puts a new key in place of that in the files, made here or brought along. Gives the number of rows that were sealed anew. `store` must
/// read the same key files. Two at once are not for one place: the caller sees to that.
///
/// # Errors
/// The key cannot be replaced. Whatever step was reached: all rows open with what is in the files, and the same may be tried again.
pub fn rotate(files: &KeyFiles, store: &SealedRows, brought: Option<Key>, entropy: &dyn Entropy) -> Result<usize, Problem> {
    rotate_on(&Disk, files, store, brought, entropy)
}

fn rotate_on(
    disk: &dyn Files,
    files: &KeyFiles,
    store: &SealedRows,
    brought: Option<Key>,
    entropy: &dyn Entropy,
) -> Result<usize, Problem> {
    // Nothing is begun that could not be ended.
    store.check()?;
    let waiting = match Key::from_file(&files.successor()) {
        Ok(key) => Some(key),
        Err(problem) if problem.kind() == Kind::KeyMissing => None,
        Err(problem) => return Err(problem),
    };
    let waiting = match waiting {
        // Step 2 was reached: only the name is missing.
        Some(key) if !store.is_empty()? && store.is_sealed_with(&key)? => {
            take_the_name(disk, files)?;
            match &brought {
                Some(brought) if brought.id() != key.id() => None,
                _ => return store.rows(),
            }
        }
        waiting => waiting,
    };
    let new = match (brought, waiting) {
        (Some(brought), _) => brought,
        // Written by one who was interrupted, and used for nothing yet.
        (None, Some(waiting)) => waiting,
        (None, None) => Key::made(entropy)?,
    };
    write(disk, &files.successor(), &new)?;
    let count = store.rotate(&new)?;
    take_the_name(disk, files)?;
    Ok(count)
}

/// Under the name of a successor there is a whole key or none.
fn write(disk: &dyn Files, path: &Path, key: &Key) -> Result<(), Problem> {
    let part = beside(path, ".part");
    let text = key.text();
    let written = disk.write_new(&part, text.as_bytes()).and_then(|()| disk.rename(&part, path));
    if written.is_err() {
        let _ = disk.erase(&part);
    }
    written.and_then(|()| disk.sync_folder(folder(path))).map_err(|why| failed(path, &why))
}

fn take_the_name(disk: &dyn Files, files: &KeyFiles) -> Result<(), Problem> {
    let step = || -> io::Result<()> {
        disk.rename(&files.successor(), files.path())?;
        disk.sync_folder(folder(files.path()))
    };
    step().map_err(|why| failed(files.path(), &why))
}

#[cfg(test)]
#[path = "tests/rotation.rs"]
mod tests;
