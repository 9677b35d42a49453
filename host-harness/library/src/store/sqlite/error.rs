//! What can go wrong with the file, in words for people.

use rusqlite::{Error, ErrorCode};

use crate::store::Unwritten;

/// The store cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{0} is in use by another host: stop that one first, or give each a folder of its own")]
    InUse(String),
    /// A newer release has written it.
    #[error(
        "{path} was written by a newer release (schema {theirs}, this one knows up to {ours}): install that release again, or put back a \
         copy from before the update; nothing was changed"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema.
        theirs: i64,
        /// The last one that is known here.
        ours: i64,
    },
    /// An older release has written it, and whoever opens it only reads.
    #[error("{0} was written by an older release: start the host once, it brings the file up to date")]
    Older(String),
    /// Nothing is there.
    #[error("there is no store at {0}: is this the right folder, and was the host ever started?")]
    Missing(String),
    /// The linked SQLite has a fault that damages files.
    #[error("SQLite {0} is too old: at least 3.51.3 is needed, older ones can damage a file")]
    OldSqlite(String),
    /// The disk, or a right, or something of SQLite.
    #[error("{path} cannot be opened: {why}; look at the disk, and at who may write the folder")]
    Failed {
        /// The file.
        path: String,
        /// As the system says it.
        why: String,
    },
}

/// A read or a write did not happen. Nothing of the write is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// No room.
    #[error("the disk is full ({0}): make room, what waits is written then")]
    Full(String),
    /// Another process holds the file.
    #[error("another program holds the store ({0}): end it, what waits is written then")]
    Busy(String),
    /// The disk failed: the file is opened anew and checked before it is written again.
    #[error("the disk failed ({0}): look at the system's log; the store tries again")]
    Disk(String),
    /// What was read cannot be true.
    #[error("the store is damaged ({0}): restart the host, it sets the file aside and keeps what can be read")]
    Damaged(String),
    /// Anything else.
    #[error("the store failed ({0})")]
    Other(String),
}

impl DatabaseError {
    /// By SQLite's code.
    pub(super) fn of(error: &Error) -> Self {
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(said),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(said),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::FileLockingProtocolFailed) => {
                Self::Disk(said)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(said),
            _ => Self::Other(said),
        }
    }
}

impl From<DatabaseError> for Unwritten {
    fn from(error: DatabaseError) -> Self {
        Self(error.to_string())
    }
}
