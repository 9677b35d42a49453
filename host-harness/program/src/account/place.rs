//! Where the program keeps accounts: a folder with one sealed file, its key, and the lock of whoever is changing it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::problem::Problem;
use pbx_crm_host::credential::sealed_file::{Key, SealedFile};
use pbx_crm_host::credential::store::CredentialStore;

/// The sealed file.
const SEALED: &str = "credentials.sealed";
/// Its key.
const KEY: &str = "credentials.key";
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
    pub store: Arc<dyn CredentialStore>,
    /// The file of a key that was made just now.
    pub key_made: Option<PathBuf>,
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

    /// What is there; none: nothing was ever connected here.
    ///
    /// # Errors
    /// The key is missing or not to be trusted, or the file cannot be read with it.
    pub fn open(&self) -> Result<Option<Opened>, NoPlace> {
        if !self.sealed().exists() {
            return Ok(None);
        }
        self.check_folder()?;
        self.with(Key::from_file(&self.key()).map_err(NoPlace::Sealed)?, None).map(Some)
    }

    /// The same, made where there is nothing yet. A key is made only where nothing is sealed: what was sealed with a lost one stays for
    /// whoever finds it.
    ///
    /// # Errors
    /// See [`Place::open`]; or something cannot be made.
    pub fn open_or_make(&self) -> Result<Opened, NoPlace> {
        self.make_folder()?;
        let file = self.key();
        if self.sealed().exists() || file.exists() {
            return self.with(Key::from_file(&file).map_err(NoPlace::Sealed)?, None);
        }
        let key = Key::made(&SystemEntropy).map_err(NoPlace::Sealed)?;
        key.write(&file).map_err(NoPlace::Sealed)?;
        self.with(key, Some(file))
    }

    fn with(&self, key: Key, key_made: Option<PathBuf>) -> Result<Opened, NoPlace> {
        let store = SealedFile::open(self.sealed(), key, Arc::new(SystemEntropy)).map_err(NoPlace::Sealed)?;
        Ok(Opened { store: Arc::new(store), key_made })
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
    fn check_folder(&self) -> Result<(), NoPlace> {
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
    fn check_folder(&self) -> Result<(), NoPlace> {
        Ok(())
    }

    fn failed(&self, why: std::io::Error) -> NoPlace {
        NoPlace::Folder { folder: self.folder.display().to_string(), why }
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
