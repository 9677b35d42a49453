//! Where the program keeps accounts: a folder with the host's database and the key with which credentials in it are sealed. The host may run
//! meanwhile: commands write beside it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::key::Key;
use pbx_crm_host::credential::keys::KeyFiles;
use pbx_crm_host::credential::problem::Problem;
use pbx_crm_host::credential::sealed_rows::SealedRows;
use pbx_crm_host::store::sqlite::{Database, OpenError};

/// The host's database.
const DATABASE: &str = "pbx-crm.db";
/// Where older releases kept credentials.
const SEALED: &str = "credentials.sealed";
/// With what they are sealed.
const KEY: &str = "credentials.key";
/// Held by the one command that changes the key.
const KEY_LOCK: &str = "credentials.key.lock";
/// The folder, if no argument names it.
const VARIABLE: &str = "PBX_CRM_STATE_DIR";

/// The folder.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
}

/// The store in a folder.
pub struct Opened {
    /// It.
    pub store: Arc<SealedRows>,
    /// The file of a key that was made just now.
    pub key_made: Option<PathBuf>,
}

/// All that a host keeps, in the one file that it owns.
pub struct OfHost {
    /// The file.
    pub database: Arc<Database>,
    /// What its accounts were connected with; none: no account was ever connected here.
    pub credentials: Option<Arc<SealedRows>>,
    /// What people must be told of how the file was found.
    pub notices: Vec<String>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// Neither argument nor environment says where.
    #[error("it is not known where accounts are kept: name a folder with --state-dir, or set {VARIABLE}")]
    Nowhere,
    /// The folder cannot be made.
    #[error("the folder {folder} cannot be made: {why}. Name another one with --state-dir.")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        why: std::io::Error,
    },
    /// Somebody else could change what is kept there.
    #[error("the folder {folder} is not safe to keep accounts in")]
    Unsafe {
        /// Which.
        folder: String,
        /// Who may change it, as digits; none: it is another user's.
        mode: Option<String>,
    },
    /// See there.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// Another command is changing the key.
    #[error("another `pbx-crm key` is at work in {0}: let it end first")]
    KeyBusy(String),
    /// See there; in the reader's language.
    #[error("{0}")]
    Sealed(Problem),
}

impl Place {
    /// As an argument names it; else as the environment does; else where programs of this user keep their state.
    ///
    /// # Errors
    /// Nobody says where.
    pub fn of(argument: Option<PathBuf>) -> Result<Self, NoPlace> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = argument
            .or_else(|| variable(VARIABLE))
            .or_else(|| variable("XDG_STATE_HOME").map(|home| home.join("pbx-crm")))
            .or_else(|| variable("HOME").map(|home| home.join(".local/state/pbx-crm")));
        folder.map(|folder| Self { folder }).ok_or(NoPlace::Nowhere)
    }

    /// What is there; none: nothing was ever kept here.
    ///
    /// # Errors
    /// The key is missing or not to be trusted, or what is sealed cannot be read with it.
    pub fn open(&self, now: u64) -> Result<Option<Opened>, NoPlace> {
        if !self.database().exists() && !self.sealed().exists() {
            return Ok(None);
        }
        self.check_folder()?;
        let store = self.store(now)?;
        store.check().map_err(NoPlace::Sealed)?;
        Ok(Some(Opened { store: Arc::new(store), key_made: None }))
    }

    /// The same, made where there is nothing yet. A key is made only where nothing is sealed: what was sealed with a lost one stays for
    /// whoever finds it.
    ///
    /// # Errors
    /// See [`Place::open`]; or something cannot be made.
    pub fn open_or_make(&self, now: u64) -> Result<Opened, NoPlace> {
        self.make_folder()?;
        let store = self.store(now)?;
        let key_made = if !self.key().exists() && store.is_empty().map_err(NoPlace::Sealed)? { Some(self.make_key()?) } else { None };
        // Before anybody is asked for anything: a key that cannot be used is told now.
        Key::from_file(&self.key()).map_err(NoPlace::Sealed)?;
        store.check().map_err(NoPlace::Sealed)?;
        Ok(Opened { store: Arc::new(store), key_made })
    }

    /// For a host, made where there is nothing yet. A key that is missing or wrong stops no host: its accounts tell of it, and their work waits.
    ///
    /// # Errors
    /// Another host has it; or the folder or the file cannot be used.
    pub fn of_host(&self, now: u64) -> Result<OfHost, NoPlace> {
        self.make_folder()?;
        let opened = Database::open(&self.database(), now)?;
        let database = Arc::new(opened.database);
        // Whoever died between erasing a credential and emptying the log left its sealed bytes there. Another reader only puts it off.
        let _ = database.empty_log();
        let store = self.sealed_rows(Arc::clone(&database))?;
        let empty = store.is_empty().map_err(NoPlace::Sealed)?;
        Ok(OfHost { database, credentials: (!empty).then(|| Arc::new(store)), notices: opened.notices })
    }

    /// For who changes the key: the store whatever its key, and the key's files. Nobody else changes them while the lock lives.
    ///
    /// # Errors
    /// There is nothing, or another command is at it.
    pub fn for_key(&self, now: u64) -> Result<(SealedRows, KeyFiles, File), NoPlace> {
        self.check_folder()?;
        let place = self.folder.join(KEY_LOCK);
        let failed = |why: std::io::Error| NoPlace::Folder { folder: place.display().to_string(), why };
        let lock = File::options().write(true).create(true).truncate(false).open(&place).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok((self.store(now)?, KeyFiles::new(self.key()), lock)),
            Err(TryLockError::WouldBlock) => Err(NoPlace::KeyBusy(self.folder.display().to_string())),
            Err(TryLockError::Error(why)) => Err(failed(why)),
        }
    }

    /// Writes a new key, where there is none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn make_key(&self) -> Result<PathBuf, NoPlace> {
        let file = self.key();
        Key::made(&SystemEntropy).and_then(|key| key.write(&file)).map_err(NoPlace::Sealed)?;
        Ok(file)
    }

    /// Is there no key, and no successor of one?
    #[must_use]
    pub fn lacks_key(&self) -> bool {
        !self.key().exists() && !self.folder.join(format!("{KEY}.new")).exists()
    }

    fn store(&self, now: u64) -> Result<SealedRows, NoPlace> {
        let path = self.database();
        let database = match Database::beside(&path) {
            // The host has never run here, or not since an update. Made or brought up to date, and let go: the host may start meanwhile.
            Err(OpenError::Missing(_) | OpenError::Older(_)) => {
                drop(Database::open(&path, now)?);
                Database::beside(&path)?
            }
            opened => opened?,
        };
        self.sealed_rows(Arc::new(database))
    }

    fn sealed_rows(&self, database: Arc<Database>) -> Result<SealedRows, NoPlace> {
        let store = SealedRows::open_with(database, Box::new(KeyFiles::new(self.key())), Arc::new(SystemEntropy));
        Ok(store.map_err(NoPlace::Sealed)?.taking_over(&self.sealed()))
    }

    fn make_folder(&self) -> Result<(), NoPlace> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|why| self.failed(why))?;
        self.check_folder()
    }

    /// Who can change the folder can put files of their own in place of ours.
    #[cfg(unix)]
    pub(crate) fn check_folder(&self) -> Result<(), NoPlace> {
        use std::os::unix::fs::MetadataExt;

        let about = std::fs::metadata(&self.folder).map_err(|why| self.failed(why))?;
        let not_safe = |mode| NoPlace::Unsafe { folder: self.folder.display().to_string(), mode };
        if about.uid() != rustix::process::geteuid().as_raw() {
            return Err(not_safe(None));
        }
        match about.mode() & 0o7777 {
            mode if mode & 0o022 != 0 => Err(not_safe(Some(format!("{mode:04o}")))),
            _ => Ok(()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn check_folder(&self) -> Result<(), NoPlace> {
        Ok(())
    }

    fn failed(&self, why: std::io::Error) -> NoPlace {
        NoPlace::Folder { folder: self.folder.display().to_string(), why }
    }

    /// The host's database, whether it is there or not.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    fn sealed(&self) -> PathBuf {
        self.folder.join(SEALED)
    }

    fn key(&self) -> PathBuf {
        self.folder.join(KEY)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
