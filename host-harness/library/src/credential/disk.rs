//! The steps by which files of credentials and keys are replaced and erased, as a trait: tests break each of them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::problem::{Kind, Problem};

/// What is done to the disk.
pub(super) trait Files: Send + Sync {
    /// A new file with these bytes, on the disk when it returns.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// In place of whatever is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a rename or removal in this folder last.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Writes zeros over it, then removes it.
    fn erase(&self, path: &Path) -> io::Result<()>;
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

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    // A folder cannot be opened as a file there; a rename lasts by itself.
    #[cfg(not(unix))]
    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn erase(&self, path: &Path) -> io::Result<()> {
        // A link is removed and nothing behind it overwritten.
        let about = std::fs::symlink_metadata(path)?;
        if about.is_file() {
            let mut file = OpenOptions::new().write(true).open(path)?;
            io::copy(&mut io::Read::take(io::repeat(0), about.len()), &mut file)?;
            file.sync_all()?;
        }
        std::fs::remove_file(path)
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

/// The file whose name has this at its end.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The folder in which a file lies.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Why a file cannot be read or written, in words.
pub(super) fn failed(path: &Path, why: &io::Error) -> Problem {
    let file = path.display().to_string();
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::new(Kind::DiskFull).with("file", &file),
        _ => Problem::new(Kind::FileFailed).with("file", &file).saying(&why.to_string()),
    }
}
