//! A folder that is gone after the test, with the store in it that credentials are sealed in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::key::Key;
use pbx_crm_host::credential::sealed_rows::SealedRows;
use pbx_crm_host::store::sqlite::Database;

pub struct Folder(PathBuf, OnceLock<Arc<Database>>);

impl Folder {
    pub fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!("pbx-crm-secrets-{}-{}", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder, OnceLock::new())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn store(&self) -> Arc<SealedRows> {
        let place = self.0.join("credentials.key");
        if !place.exists() {
            Key::made(&SystemEntropy).and_then(|key| key.write(&place)).expect("a key");
        }
        let key = Key::from_file(&place).expect("a key");
        let database = self.1.get_or_init(|| Arc::new(Database::open(&self.0.join("pbx-crm.db"), 0).expect("a database").database));
        Arc::new(SealedRows::open(Arc::clone(database), key, None, Arc::new(SystemEntropy)).expect("a store"))
    }

    /// The key as it stands in its file.
    pub fn key(&self) -> String {
        std::fs::read_to_string(self.0.join("credentials.key")).expect("a key").trim().to_owned()
    }

    /// All files below it, with their names below it.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                if entry.file_type().expect("a type").is_dir() {
                    folders.push(entry.path());
                } else {
                    let name = entry.path().strip_prefix(&self.0).expect("below").display().to_string();
                    files.push((name, std::fs::read(entry.path()).expect("a file")));
                }
            }
        }
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
