//! A copy while the host runs.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::database::Database;
use super::error::DatabaseError;
use super::place::{Place, private};
use super::rows::{LEASED, UNCLEAR};

impl Database {
    /// A consistent copy of all that was synced, in a new file; readable by nobody else, since it says who called whom. An older copy there is
    /// replaced once the new one is whole. The host goes on meanwhile.
    ///
    /// Who puts the copy back later must not do again what was done since. So creations and entries that wait are marked in it as of unclear
    /// outcome: a host looks for them in the CRM first. Orders that wait are left out.
    ///
    /// # Errors
    /// The copy cannot be made, or would take the place of the store; an older one is still there then.
    pub fn backup(&self, to: &Path) -> Result<(), DatabaseError> {
        if Self::belongs_to(&self.place.path, to) {
            return Err(DatabaseError::Other(format!("{} is the store itself, or belongs to it: name another file", to.display())));
        }
        copy(&self.place, to)
    }

    /// Is this file the store, or one of those that SQLite and the host keep beside it, by whatever name?
    #[must_use]
    pub fn belongs_to(store: &Path, file: &Path) -> bool {
        let place = Place::new(store);
        let own = [store.to_owned(), place.beside("-wal"), place.beside("-shm"), place.beside(".lock")];
        let file = real(file);
        own.iter().any(|own| real(own) == file)
    }
}

/// Without links, as far as the file or its folder is there.
fn real(file: &Path) -> PathBuf {
    if let Ok(real) = file.canonicalize() {
        return real;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

fn copy(from: &Place, to: &Path) -> Result<(), DatabaseError> {
    let system = |why: std::io::Error| match why.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => DatabaseError::Full(format!("{}: {why}", to.display())),
        _ => DatabaseError::Disk(format!("{}: {why}", to.display())),
    };
    let mut name = to.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    // What an interrupted copy, or anybody else, has left there is not written into: it could be a link, or somebody could read it.
    match std::fs::remove_file(&beside) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(system(why)),
        _ => {}
    }
    private().create_new(true).open(&beside).map_err(system)?;
    let copied = within(from, &beside).map_err(|why| DatabaseError::of(&why)).and_then(|()| {
        File::open(&beside).and_then(|file| file.sync_all()).map_err(system)?;
        std::fs::rename(&beside, to).map_err(system)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(system)
    });
    if copied.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    copied
}

/// By a connection of its own, which reads one state of the file while others write.
fn within(from: &Place, to: &Path) -> rusqlite::Result<()> {
    let reader = from.look()?;
    reader.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    drop(reader);
    let copy = Connection::open(to)?;
    copy.execute(
        "UPDATE progress SET marks = marks | ?1, looked_up = 0, first_tried = coalesce(first_tried, asked_at)
         WHERE state <= ?2 AND item IN (SELECT item FROM work WHERE kind IN ('create', 'journal'))",
        [UNCLEAR, LEASED],
    )?;
    copy.execute("DELETE FROM administrator_order WHERE done_at IS NULL", [])?;
    copy.close().map_err(|(_, why)| why)
}
