//! The folder, the disk, the key, and the year.

use std::io;
use std::path::Path;

use super::finding::{Findings, Grade};
use crate::account::place::Place;
use crate::account::{About, now};

/// Below this the host soon cannot write, in MiB.
const BROKEN_MIB: u64 = 64;
/// Below this somebody should make room, in MiB.
const SCARCE_MIB: u64 = 1024;
/// No clock is right that stands before this release: 2026-01-01, in milliseconds since 1970.
const EARLIEST: u64 = 1_767_225_600_000;

/// False: there is no folder.
pub(super) fn check(about: &About, place: &Place, findings: &mut Findings<'_>) -> io::Result<bool> {
    let folder = place.folder().display().to_string();
    if now() < EARLIEST {
        findings.find(Grade::Broken, "clock-unset", &[("time", &crate::account::time(now()))])?;
    }
    if !place.folder().is_dir() {
        findings.find(Grade::Broken, "no-folder", &[("folder", &folder)])?;
        return Ok(false);
    }
    match place.check_folder() {
        Ok(()) => findings.find(Grade::Ok, "folder", &[("folder", &folder)])?,
        Err(why) => findings.tell(Grade::Broken, &about.said(why).to_string())?,
    }
    disk(place.folder(), &folder, findings)?;
    Ok(true)
}

/// The key, and whether what is sealed opens with it. True: accounts can be looked at. To be asked only where the store is sound: it is opened
/// for this as the host would do it.
pub(super) fn key(about: &About, place: &Place, findings: &mut Findings<'_>) -> io::Result<bool> {
    match place.open(now()) {
        Ok(Some(_)) if !place.lacks_key() => findings.find(Grade::Ok, "key", &[]).map(|()| true),
        Ok(_) => findings.find(Grade::Warning, "no-credentials", &[]).map(|()| false),
        Err(why) => findings.tell(Grade::Broken, &about.said(why).to_string()).map(|()| false),
    }
}

#[cfg(unix)]
fn disk(folder: &Path, shown: &str, findings: &mut Findings<'_>) -> io::Result<()> {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize) / (1 << 20);
            let grade = match free {
                0..BROKEN_MIB => Grade::Broken,
                BROKEN_MIB..SCARCE_MIB => Grade::Warning,
                _ => Grade::Ok,
            };
            let id = if grade == Grade::Ok { "disk" } else { "disk-full" };
            findings.find(grade, id, &[("folder", shown), ("free", &free.to_string()), ("wanted", &SCARCE_MIB.to_string())])
        }
        Err(why) => findings.find(Grade::Warning, "disk-unknown", &[("folder", shown), ("why", &why.to_string())]),
    }
}

#[cfg(not(unix))]
fn disk(_: &Path, _: &str, _: &mut Findings<'_>) -> io::Result<()> {
    Ok(())
}
