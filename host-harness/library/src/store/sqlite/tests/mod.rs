//! Tests of the store in a file.

mod damage;
mod disk;
mod failures;
mod forgetting;
mod looking;
mod migrations;
mod power_cut;
mod random;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Database, SqliteStore};
use crate::store::check::check_a_store;

/// A folder of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pbx-crm-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("pbx-crm.db")
    }

    /// Files whose names begin so, sorted.
    fn named(&self, beginning: &str) -> Vec<PathBuf> {
        let all = std::fs::read_dir(&self.0).unwrap().map(|found| found.unwrap().path());
        let mut found: Vec<PathBuf> = all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(beginning)).collect();
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens a file in which nothing is damaged.
fn opened(path: &Path) -> SqliteStore {
    let opened = Database::open(path, 1).unwrap();
    assert_eq!(opened.notices, Vec::<String>::new());
    SqliteStore::new(Arc::new(opened.database)).unwrap()
}

#[test]
fn a_store_in_a_file_does_what_every_store_must() {
    let folder = Folder::new();
    check_a_store(&mut opened(&folder.file()));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    std::fs::write(folder.file(), b"").unwrap();
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let _store = opened(&folder.file());
    let files = folder.named("pbx-crm.db");
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn f69_a_second_host_on_one_file_is_refused_until_the_first_has_gone() {
    let folder = Folder::new();
    let first = opened(&folder.file());
    let refused = Database::open(&folder.file(), 2).unwrap_err();
    assert!(refused.to_string().contains("in use by another host"), "{refused}");
    drop(first);
    opened(&folder.file());
}
