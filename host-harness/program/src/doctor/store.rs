//! The host's store: whether it can be opened and is sound, who may read it, how full it is, and what lies in it.

use std::io;
use std::path::Path;

use pbx_crm_host::host::now;
use pbx_crm_host::store::sqlite::{Database, DatabaseError, Look, OpenError};

use super::finding::{Findings, Grade};
use crate::queue::not_opened;

/// Work that waits longer than this is worth a look, in minutes.
const OLDEST: u64 = 15;
/// An order that nobody has carried out for so long, in milliseconds, says that no host runs.
const ORDER_MS: u64 = 60_000;

/// False: it is damaged or cannot be opened, and nobody should try to.
pub(super) fn check(file: &Path, findings: &mut Findings<'_>) -> io::Result<bool> {
    let shown = file.display().to_string();
    let look = match Database::look(file) {
        Ok(look) => look,
        Err(OpenError::Missing(_)) => return findings.find(Grade::Warning, "store-new", &[("file", &shown)]).map(|()| true),
        Err(why) => {
            let text = not_opened(&why, findings.words());
            return findings.tell(Grade::Broken, &text).map(|()| false);
        }
    };
    mode(file, &shown, findings)?;
    match look.check() {
        Ok(None) => findings.find(Grade::Ok, "store", &[("file", &shown)])?,
        Ok(Some(why)) | Err(DatabaseError::Damaged(why)) => {
            return findings.find(Grade::Broken, "store-damaged", &[("file", &shown), ("why", &why)]).map(|()| false);
        }
        Err(why) => return findings.tell(Grade::Broken, &why.to_string()).map(|()| false),
    }
    match within(&look, findings) {
        Ok(told) => told.map(|()| true),
        Err(why) => findings.tell(Grade::Broken, &why.to_string()).map(|()| false),
    }
}

fn within(look: &Look, findings: &mut Findings<'_>) -> Result<io::Result<()>, DatabaseError> {
    let (counts, fill, accounts, orders) = (look.counts()?, look.fill()?, look.accounts()?, look.orders()?);
    let mut tell = || -> io::Result<()> {
        let [waiting, dead] = [counts.pending + counts.leased, counts.dead].map(|count| count.to_string());
        let minutes = counts.oldest.map_or(0, |oldest| now().saturating_sub(oldest) / 60_000);
        let (grade, id) = if minutes > OLDEST { (Grade::Warning, "waiting-long") } else { (Grade::Ok, "waiting") };
        findings.find(grade, id, &[("waiting", &waiting), ("minutes", &minutes.to_string())])?;
        if counts.dead > 0 {
            findings.find(Grade::Warning, "dead", &[("dead", &dead)])?;
        }
        let percent = (fill.rows * 100 / fill.of_rows.max(1)).max(fill.bytes * 100 / fill.of_bytes.max(1));
        let grade = match percent {
            0..80 => Grade::Ok,
            80..100 => Grade::Warning,
            _ => Grade::Broken,
        };
        findings.find(grade, if grade == Grade::Ok { "room" } else { "room-scarce" }, &[("percent", &percent.to_string())])?;
        for state in &accounts {
            let (grade, id) = match (state.enabled, state.crashed.is_empty()) {
                (false, _) => (Grade::Warning, "disabled"),
                (true, false) => (Grade::Broken, "crashed"),
                (true, true) => continue,
            };
            findings.find(grade, id, &[("account", &state.account.connector)])?;
        }
        let stale = orders.iter().filter(|ordered| now().saturating_sub(ordered.at) > ORDER_MS).count();
        if stale > 0 {
            findings.find(Grade::Warning, "orders-wait", &[("count", &stale.to_string())])?;
        }
        Ok(())
    };
    Ok(tell())
}

/// The store says who called whom.
#[cfg(unix)]
fn mode(file: &Path, shown: &str, findings: &mut Findings<'_>) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    for ending in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        let Ok(about) = std::fs::metadata(&name) else { continue };
        let mode = about.mode() & 0o7777;
        if mode & 0o077 != 0 {
            findings.find(Grade::Broken, "store-mode", &[("file", &format!("{shown}{ending}")), ("mode", &format!("{mode:04o}"))])?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn mode(_: &Path, _: &str, _: &mut Findings<'_>) -> io::Result<()> {
    Ok(())
}
