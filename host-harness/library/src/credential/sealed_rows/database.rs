//! The database as rows need it: why something failed is told in an administrator's words.

use std::sync::Arc;

use rusqlite::Connection;

use crate::credential::problem::{Kind, Problem};
use crate::credential::store::NotStored;
use crate::store::sqlite::{Database, DatabaseError};

/// Why a transaction was given up. Nothing of it is left.
pub(super) enum Stop {
    /// With a reason of ours.
    Told(NotStored),
    /// SQLite could not.
    Sql(rusqlite::Error),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Told(NotStored::Failed(problem))
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(why: rusqlite::Error) -> Self {
        Self::Sql(why)
    }
}

/// The database and the name of its file.
pub(super) struct Within {
    database: Arc<Database>,
    file: String,
}

impl Within {
    pub(super) fn new(database: Arc<Database>) -> Result<Self, Problem> {
        let file = database.read(|connection| Ok(connection.path().unwrap_or_default().to_owned())).map_err(|why| problem(&why, ""))?;
        Ok(Self { database, file })
    }

    /// For people.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn read<T>(&self, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Problem> {
        self.database.read(by).map_err(|why| problem(&why, &self.file))
    }

    /// What was deleted is then neither in the file nor in its log.
    pub(super) fn empty_log(&self) -> Result<(), Problem> {
        self.database.empty_log().map_err(|why| problem(&why, &self.file))
    }

    /// A transaction: all of it or nothing, and durable when it returns.
    pub(super) fn write<T>(&self, by: impl FnOnce(&Connection) -> Result<T, Stop>) -> Result<T, NotStored> {
        let mut told = None;
        let written = self.database.write(|connection| {
            by(connection).map_err(|stop| match stop {
                Stop::Sql(why) => why,
                Stop::Told(reason) => {
                    told = Some(reason);
                    // Any error rolls back; this one means that nothing is wrong with the database.
                    rusqlite::Error::QueryReturnedNoRows
                }
            })
        });
        written.map_err(|why| told.unwrap_or_else(|| NotStored::Failed(problem(&why, &self.file))))
    }
}

/// In words.
fn problem(why: &DatabaseError, file: &str) -> Problem {
    let (kind, said) = match why {
        DatabaseError::Full(_) => (Kind::DiskFull, None),
        DatabaseError::Busy(_) => (Kind::FileBusy, None),
        DatabaseError::Damaged(_) => (Kind::FileDamaged, None),
        DatabaseError::Disk(said) | DatabaseError::Other(said) => (Kind::FileFailed, Some(said)),
    };
    Problem::new(kind).with("file", file).saying(said.map_or("", String::as_str))
}
