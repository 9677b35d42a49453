//! A copy while the host runs.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::database::Database;
use super::error::DatabaseError;
use super::place::{Place, private};

impl Database {
    /// A consistent copy of all that was synced, in a new file; readable by nobody else, since it says who called whom. An older copy there is
    /// replaced once the new one is whole. The host goes on meanwhile.
    ///
    /// # Errors
    /// The copy cannot be made; an older one is still there then.
    pub fn backup(&self, to: &Path) -> Result<(), DatabaseError> {
        copy(&self.place, to)
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
    // Emptied, not used: what an interrupted copy has left is no database.
    private().create(true).truncate(true).open(&beside).map_err(system)?;
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
    Ok(())
}
