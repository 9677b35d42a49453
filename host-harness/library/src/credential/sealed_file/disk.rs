//! The three steps by which a file is replaced, as a trait: tests break each of them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What is done to the disk.
pub(super) trait Files: Send + Sync {
    /// A new file with these bytes, on the disk when it returns.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// In place of whatever is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a rename in this folder last.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The real ones.
pub(super) struct Disk;

impl Files for Disk {
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Left by one who was interrupted. Removed, not overwritten: it could be a link to somewhere else.
        match std::fs::remove_file(path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
        let mut file = options().create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

/// For writing, readable by nobody else.
pub(super) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
