//! Credentials in the host's database.
//!
//! Each row is sealed with XChaCha20-Poly1305 under a random nonce; connector, account, part, version and the key's id are bound in, so a row
//! that is moved, or exchanged with another one, does not open. A sealed list says which rows there are in which version: a row that was
//! taken out, or put back from an older copy, is noticed, and the others still open. A change is one transaction, durable when it returns.
//!
//! What it cannot notice is the whole database put back from an older copy. Whoever can do that has the rights of the host already.
//!
//! All rows are under one key; [`SealedRows::rotate`] puts another one in its place. Without the right key nothing opens and nothing is
//! overwritten, and the host runs all the same: what was sealed is told to need its key.

mod database;
mod rekey;
mod seal;
mod table;
mod take_over;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use self::database::{Stop, Within};
use self::seal::{Keys, List, damaged, seal_list, seal_row};
use super::disk::{Disk, Files};
use super::entropy::Entropy;
use super::key::Key;
use super::keys::KeySource;
use super::problem::{Kind, Problem};
use super::store::{CredentialStore, NotStored, Row, Stored};
use crate::store::sqlite::Database;

/// A store in the host's database. Several threads may use it, and other processes by a store of their own.
pub struct SealedRows {
    database: Within,
    source: Box<dyn KeySource>,
    /// What the source gave last.
    keys: Mutex<Vec<Key>>,
    entropy: Arc<dyn Entropy>,
    files: Box<dyn Files>,
    /// The sealed file of an older release, until its rows are here.
    old: Mutex<Option<PathBuf>>,
    /// Something that was deleted may still be in the database's log.
    log_holds_deleted: AtomicBool,
}

impl SealedRows {
    /// The store in this database. `key` seals; what `previous` sealed is read as well, until a rotation.
    ///
    /// A wrong key is no error here: what was sealed with another one is told when it is asked for. See [`SealedRows::check`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn open(database: Arc<Database>, key: Key, previous: Option<Key>, entropy: Arc<dyn Entropy>) -> Result<Self, Problem> {
        let keys: Vec<Key> = std::iter::once(key).chain(previous).collect();
        Self::open_with(database, Box::new(keys), entropy)
    }

    /// The same with keys that can change while the host runs, such as [`KeyFiles`](super::keys::KeyFiles).
    ///
    /// # Errors
    /// See [`SealedRows::open`].
    pub fn open_with(database: Arc<Database>, keys: Box<dyn KeySource>, entropy: Arc<dyn Entropy>) -> Result<Self, Problem> {
        Ok(Self {
            database: Within::new(database)?,
            source: keys,
            keys: Mutex::default(),
            entropy,
            files: Box::new(Disk),
            old: Mutex::default(),
            log_holds_deleted: AtomicBool::new(false),
        })
    }

    /// The same, with what is in the sealed file of an older release; the file is erased after that. Rows that are here already win. If that
    /// cannot be done now, it is tried again with each use, and what could be in the file is not taken for absent.
    #[must_use]
    pub fn taking_over(self, file: &Path) -> Self {
        *self.old.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.to_owned());
        if let Err(problem) = self.take_over() {
            tracing::warn!(%problem, "the credentials of an older release are not taken over yet");
        }
        self
    }

    /// Are the keys of all that is sealed at hand?
    ///
    /// # Errors
    /// Why not: as every use of it would tell.
    pub fn check(&self) -> Result<(), Problem> {
        self.take_over()?;
        let list = self.list()?;
        let ids = self.database.read(table::key_ids)?;
        if ids.is_empty() {
            return Ok(());
        }
        let keys = self.keys_of(list.key_id.as_deref())?;
        ids.iter().try_for_each(|id| Keys(&keys).find(id).map(|_| ())).map_err(|problem| self.here(problem))
    }

    /// Is no row sealed here, nor in a file that waits to be taken over? Only then may a key be made.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn is_empty(&self) -> Result<bool, Problem> {
        let waiting = self.old.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|file| file.exists());
        Ok(!waiting && !self.database.read(table::list)?.rows)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// The list does not open.
    pub fn rows(&self) -> Result<usize, Problem> {
        Ok(self.list()?.rows.len())
    }

    fn list(&self) -> Result<List, Problem> {
        let found = self.database.read(table::list)?;
        let keys = self.keys_for(&found)?;
        Keys(&keys).understand(&found).map_err(|problem| self.here(problem))
    }

    /// A transaction. Asks for the keys again where it meets an unknown one.
    fn change<T>(&self, mut by: impl FnMut(&Connection, &Keys<'_>) -> Result<T, Stop>) -> Result<T, NotStored> {
        let keys = self.keys_of(self.database.read(table::list)?.key_id())?;
        let mut done = self.database.write(|connection| by(connection, &Keys(&keys)));
        if matches!(&done, Err(NotStored::Failed(problem)) if problem.kind() == Kind::KeyWrong) {
            // Another process may have put a new key in the old one's place just before.
            let keys = self.refreshed_keys()?;
            done = self.database.write(|connection| by(connection, &Keys(&keys)));
        }
        if self.log_holds_deleted.load(Ordering::SeqCst) {
            self.empty_log();
        }
        done.map_err(|why| match why {
            NotStored::Changed => NotStored::Changed,
            NotStored::Failed(problem) => NotStored::Failed(self.here(problem)),
        })
    }

    /// For reading what is there. Where there is nothing, no key is missed.
    fn keys_for(&self, found: &table::Found) -> Result<Vec<Key>, Problem> {
        self.keys_of(found.key_id()).or_else(|problem| if found.rows { Err(problem) } else { Ok(Vec::new()) })
    }

    /// The keys at hand, asked for again where the one with this id is not among them.
    fn keys_of(&self, id: Option<&str>) -> Result<Vec<Key>, Problem> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let enough = id.map_or(!keys.is_empty(), |id| keys.iter().any(|key| key.id() == id));
        if enough { Ok(keys) } else { self.refreshed_keys() }
    }

    fn refreshed_keys(&self) -> Result<Vec<Key>, Problem> {
        let keys = self.source.keys()?;
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys.clone();
        Ok(keys)
    }

    /// Leaves nothing of what was deleted in the log. All that is there is sealed, so where another process reads just now it is done with the
    /// next change.
    fn empty_log(&self) {
        let emptied = self.database.empty_log();
        self.log_holds_deleted.store(emptied.is_err(), Ordering::SeqCst);
    }

    /// A problem of this store names its file.
    fn here(&self, problem: Problem) -> Problem {
        let named = problem.arguments().iter().any(|(name, _)| name == "file");
        match problem.kind() {
            Kind::KeyWrong | Kind::FileDamaged | Kind::FileVersion if !named => problem.with("file", self.database.file()),
            _ => problem,
        }
    }
}

impl CredentialStore for SealedRows {
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem> {
        let waiting = self.take_over().err();
        let (found, record) = self.database.read(|connection| table::list_and_row(connection, row))?;
        let keys = self.keys_for(&found)?;
        let keys = Keys(&keys);
        let opened = keys.understand(&found).and_then(|list| match &record {
            Some(record) => Ok(Some(Stored { version: record.version, content: keys.open_row(&list, row, record)? })),
            None if list.rows.contains_key(row) => Err(damaged()),
            None => Ok(None),
        });
        match (opened.map_err(|problem| self.here(problem))?, waiting) {
            // It could be in the file.
            (None, Some(problem)) => Err(problem),
            (found, _) => Ok(found),
        }
    }

    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored> {
        let waiting = self.take_over().err();
        self.change(|connection, keys| {
            let mut list = keys.understand(&table::list(connection)?)?;
            let known = list.rows.get(row).copied();
            if let (None, Some(problem)) = (known, &waiting) {
                // It could be in the file.
                return Err(problem.clone().into());
            }
            let (_, record) = table::list_and_row(connection, row)?;
            if record.as_ref().map(|record| record.version) != known {
                return Err(damaged().into());
            }
            record.map(|record| keys.find(&record.content.key_id).map(|_| ())).transpose()?;
            if known != expected {
                return Err(Stop::Told(NotStored::Changed));
            }
            let key = keys.for_list(&list)?;
            let version = list.next_version()?;
            list.key_id = Some(key.id());
            list.rows.insert(row.clone(), version);
            let sealed = seal_row(row, version, content, key, &*self.entropy)?;
            let listed = seal_list(&list, key, &*self.entropy)?;
            table::put(connection, &table::Lying::new(row, sealed))?;
            table::put_list(connection, &listed)?;
            Ok(version)
        })
    }

    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored> {
        // Else it would come back with the file.
        self.take_over()?;
        self.change(|connection, keys| {
            let mut list = keys.understand(&table::list(connection)?)?;
            if list.rows.get(row) != Some(&expected) {
                return Err(Stop::Told(NotStored::Changed));
            }
            // Others stay as they are, damaged or not.
            let mut rows = table::all(connection)?;
            rows.retain(|lying| lying.row().as_ref() != Some(row));
            list.rows.remove(row);
            let sealed = seal_list(&list, keys.for_list(&list)?, &*self.entropy)?;
            table::replace_all(connection, &rows)?;
            table::put_list(connection, &sealed)?;
            Ok(())
        })?;
        self.empty_log();
        Ok(())
    }
}

fn as_problem(not_stored: NotStored) -> Problem {
    match not_stored {
        NotStored::Failed(problem) => problem,
        // No caller compares versions.
        NotStored::Changed => damaged(),
    }
}

#[cfg(test)]
mod tests;
