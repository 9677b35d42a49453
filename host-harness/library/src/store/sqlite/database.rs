//! The file with its one writer: reads, and writes that last when they return.

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

use super::error::{DatabaseError, OpenError};
use super::look::visited;
use super::opening;
use super::place::{COMMANDS_PATIENCE, PAGE, PATIENCE, Place};
use super::schema::VERSIONS;
use crate::event::Moment;

/// After so many pages the log is carried over into the file: 4 MiB of them. Fewer write the same pages more often, more make a restart slower.
const LOG_PAGES: i32 = 4 * 1024 * 1024 / PAGE;

/// An SQLite file that one host owns. Several parts of the host share it: work, phonebooks, credentials.
#[derive(Debug)]
pub struct Database {
    pub(super) place: Place,
    held: Mutex<Held>,
    /// Of the host, or of a command beside it.
    owner: bool,
    /// Closing it lets the next host in.
    _lock: Option<File>,
}

/// A database, and what people must be told of how it was found.
#[derive(Debug)]
pub struct Opened {
    /// Ready.
    pub database: Database,
    /// Sentences for people and logs: what was damaged, where the old file is, what was kept. Empty as a rule.
    pub notices: Vec<String>,
}

#[derive(Debug)]
struct Held {
    /// None: it was closed after a failure, and could not be opened again yet.
    connection: Option<Connection>,
    /// Why nothing may be written before the file was opened anew.
    distrusted: Option<String>,
    /// The last write found the file held by another process: so long it waits for nobody.
    impatient: bool,
}

impl Database {
    /// Opens the store in this file, or begins one. A damaged file is set aside, and what can be read of it kept. `now` names that copy.
    /// Reads the whole file once to check it, so the time grows with its size.
    ///
    /// # Errors
    /// Another host has it, a newer release has written it, or the system refuses. Nothing was changed then.
    pub fn open(path: &Path, now: Moment) -> Result<Opened, OpenError> {
        Self::open_at(Place::new(path), VERSIONS, now)
    }

    pub(super) fn open_at(place: Place, versions: super::schema::Versions, now: Moment) -> Result<Opened, OpenError> {
        let failed = |why: &dyn std::fmt::Display| OpenError::Failed { path: place.shown(), why: why.to_string() };
        let lock = match place.file_system {
            None => Some(place.lock().map_err(|why| failed(&why))?.ok_or_else(|| OpenError::InUse(place.shown()))?),
            Some(_) => None,
        };
        let (connection, notices) = opening::open(&place, versions, now)?;
        let held = Held { connection: Some(connection), distrusted: None, impatient: false };
        Ok(Opened { database: Self { place, held: Mutex::new(held), owner: true, _lock: lock }, notices })
    }

    /// The store beside a host that may run, for a command that writes shortly, such as `pbx-crm connect`. Each write waits up to five seconds
    /// for other writers, and is seen by the host at once.
    ///
    /// # Errors
    /// There is none yet or an older release has written it ([`Database::open`] helps), or a newer one has.
    pub fn beside(path: &Path) -> Result<Self, OpenError> {
        let place = Place::new(path);
        let connection = visited(&place, Place::visit)?;
        let held = Held { connection: Some(connection), distrusted: None, impatient: false };
        Ok(Self { place, held: Mutex::new(held), owner: false, _lock: None })
    }

    /// Reads. The closure must not write.
    ///
    /// # Errors
    /// The read failed, or the file is closed after a failure.
    pub fn read<T>(&self, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let held = self.held();
        let Some(connection) = &held.connection else { return Err(closed(&held)) };
        by(connection).map_err(|why| DatabaseError::of(&why))
    }

    /// Writes in one transaction of its own: when it returns `Ok`, all of it survives a power cut; else nothing of it is there. An error of
    /// the closure takes all back. The closure must not begin or end transactions.
    ///
    /// # Errors
    /// The disk is full or fails, or another process holds the file: try again later.
    pub fn write<T>(&self, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let mut held = self.held();
        held.make_ready(&self.place)?;
        let Some(connection) = &held.connection else { return Err(closed(&held)) };
        connection
            .busy_timeout(match (self.owner, held.impatient) {
                (false, _) => COMMANDS_PATIENCE,
                (true, true) => Duration::ZERO,
                (true, false) => PATIENCE,
            })
            .map_err(|why| DatabaseError::of(&why))?;
        match transaction(connection, by) {
            Ok(done) => {
                held.impatient = false;
                held.shorten_log();
                Ok(done)
            }
            Err(why) => {
                let error = DatabaseError::of(&why);
                match &error {
                    DatabaseError::Busy(_) => held.impatient = true,
                    // After a failed write or fsync nobody knows what the disk has.
                    DatabaseError::Disk(said) | DatabaseError::Damaged(said) => held.distrusted = Some(said.clone()),
                    DatabaseError::Full(_) | DatabaseError::Other(_) => {}
                }
                Err(error)
            }
        }
    }

    /// Carries the whole log over into the file and empties it: what was deleted is then in neither. To be called after secrets were
    /// deleted.
    ///
    /// # Errors
    /// Another process reads just now, or the disk fails: try again later.
    pub fn empty_log(&self) -> Result<(), DatabaseError> {
        let mut held = self.held();
        held.make_ready(&self.place)?;
        let Some(connection) = &held.connection else { return Err(closed(&held)) };
        let emptied = connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::TRUNCATE);
        held.trust(emptied.map(|_| ()))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.owner
            && held.distrusted.is_none()
            && let Some(connection) = &held.connection
        {
            // Only so that the next start has less to do.
            let _ = connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::TRUNCATE);
        }
    }
}

impl Held {
    /// Opens the file anew where it is not to be trusted.
    fn make_ready(&mut self, place: &Place) -> Result<(), DatabaseError> {
        if self.connection.is_some() && self.distrusted.is_none() {
            return Ok(());
        }
        // First closed: else the next one would share this one's picture of the log.
        self.connection = None;
        match reopened(place) {
            Ok(connection) => {
                tracing::warn!(file = %place.shown(), "the store was opened anew after a failure of the disk");
                self.connection = Some(connection);
                self.distrusted = None;
                Ok(())
            }
            Err(why) => {
                self.distrusted = Some(why.to_string());
                Err(DatabaseError::of(&why))
            }
        }
    }

    fn shorten_log(&mut self) {
        let Some(connection) = &self.connection else { return };
        let shortened = connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::NOOP).and_then(|(pages, _)| {
            if pages >= LOG_PAGES { connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE) } else { Ok((0, 0)) }
        });
        // What was written is safe in the log.
        let _ = self.trust(shortened.map(|_| ()));
    }

    /// Carrying over may be hindered or find no room, which does no harm. Any other failure leaves pages of which nobody knows whether the
    /// disk has them.
    fn trust(&mut self, result: rusqlite::Result<()>) -> Result<(), DatabaseError> {
        let error = match result {
            Ok(()) => return Ok(()),
            Err(why) => DatabaseError::of(&why),
        };
        if !matches!(error, DatabaseError::Busy(_) | DatabaseError::Full(_)) {
            self.distrusted = Some(error.to_string());
        }
        Err(error)
    }
}

/// The file as if the host had just started, with an empty log: nothing then rests on pages of which a sync failed.
fn reopened(place: &Place) -> rusqlite::Result<Connection> {
    let connection = place.connect()?;
    place.tune(&connection)?;
    connection.query_row("SELECT value FROM meta WHERE name = 'schema'", [], |_| Ok(()))?;
    connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::TRUNCATE)?;
    Ok(connection)
}

fn transaction<T>(connection: &Connection, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    if !connection.is_autocommit() {
        // Somebody panicked within a write.
        connection.execute_batch("ROLLBACK")?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = by(connection).and_then(|done| connection.execute_batch("COMMIT").map(|()| done));
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

fn closed(held: &Held) -> DatabaseError {
    DatabaseError::Disk(held.distrusted.clone().unwrap_or_else(|| "it is closed".to_owned()))
}
