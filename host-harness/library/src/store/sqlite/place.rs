//! Where the file is and how it is opened: every setting of SQLite stands here.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// How long a write may wait for another process. The thread that waits serves calls.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// How long a command of an administrator may wait, beside a running host.
pub(super) const COMMANDS_PATIENCE: Duration = Duration::from_secs(5);

/// Oldest SQLite without the fault that damages a file when two connections write or checkpoint at once: 3.51.3.
pub(super) const OLDEST_SQLITE: i32 = 3_051_003;

/// Bytes in a page of the file. A call changes a few rows in a few pages, each of which is written whole, twice: small pages wear a flash disk
/// less. (At 4096, the usual size, a call costs nearly twice as much; `tests/bench/disk_writes.rs` measures it.)
pub(super) const PAGE: i32 = 1024;

/// A file, and on which file system.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Of tests: a file system of their own, where nobody else is.
    pub(super) file_system: Option<String>,
    /// FULL, but for the control of a test.
    pub(super) synchronous: &'static str,
}

impl Place {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file_system: None, synchronous: "FULL" }
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The file with that ending, such as `-wal`.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }

    /// The file is there and nobody else may read it. Must not be called while it is open: on closing a file the system drops all locks
    /// that this process has on it.
    pub(super) fn prepare(&self) -> io::Result<()> {
        if self.file_system.is_some() {
            return Ok(());
        }
        drop(private().create(true).truncate(false).open(&self.path)?);
        for path in [self.path.clone(), self.beside("-wal"), self.beside("-shm")] {
            #[cfg(unix)]
            if path.exists() {
                std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            }
        }
        Ok(())
    }

    /// For the host: reads and writes.
    pub(super) fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        if self.file_system.is_some() {
            connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
        }
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }

    /// For a command, beside a running host: reads.
    pub(super) fn look(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(COMMANDS_PATIENCE)?;
        Ok(connection)
    }

    /// For a command, beside a running host: a short write.
    pub(super) fn visit(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(COMMANDS_PATIENCE)?;
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;")?;
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.file_system {
            Some(name) => Connection::open_with_flags_and_vfs(&self.path, flags, name.as_str())?,
            None => Connection::open_with_flags(&self.path, flags)?,
        };
        // Whoever closes the file last would empty the log and remove it, also after a failed write. Only the host does that, knowingly.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")?;
        Ok(connection)
    }

    /// The host's settings. Writes to an empty file, so the schema is looked at first.
    pub(super) fn tune(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(&format!("PRAGMA page_size = {PAGE}"))?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        // Spilling would write to the disk before a commit, where nobody expects an error. Checkpoints are the host's to do: SQLite's own
        // swallow their errors.
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {}; PRAGMA secure_delete = ON; PRAGMA cache_spill = OFF; PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -8192;",
            self.synchronous
        ))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// The lock that says: a host has this store. Gone with the process.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let file = private().create(true).truncate(false).open(self.beside(".lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(why)) => Err(why),
        }
    }
}

/// For writing, readable by nobody else.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
