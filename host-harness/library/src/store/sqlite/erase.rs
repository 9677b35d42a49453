//! Forgetting a number: afterwards none of its digits is in the file or its log.

use rusqlite::{Connection, params};

use super::apply::{forget_known, remove_entry};
use super::read;
use super::rows::signed;
use super::store::SqliteStore;
use crate::bindings::crm::types::RecordRef;
use crate::event::Moment;
use crate::store::{Store, Unwritten};

/// See [`Store::erase`]. Reads all rows of finished work, about a million in a second: an administrator orders it, no call does.
pub(super) fn erase(
    store: &mut SqliteStore,
    lane: &str,
    digits: &str,
    same: &dyn Fn(&str) -> bool,
    now: Moment,
) -> Result<usize, Unwritten> {
    // What waits to be written may speak of the number.
    store.sync()?;
    let last_order = store.last_order;
    let in_memory = store.layer.records_with(digits, same);
    let (in_file, counts) = store.database.write(|file| {
        let shadowed = |reference: &RecordRef| store.layer.known(reference).is_some();
        let erased = work(file, lane)? + records(file, digits, same, shadowed)? + entries(file, digits, same)?;
        for reference in &in_memory {
            forget_known(file, reference)?;
        }
        // Its rows may have been the last ones with a high order.
        file.execute(
            "INSERT INTO meta (name, value) VALUES ('last-order', ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
            [signed(last_order)],
        )?;
        file.execute(
            "INSERT INTO erased (at, items) VALUES (?1, ?2)",
            params![signed(now), signed(u64::try_from(erased).unwrap_or(u64::MAX))],
        )?;
        Ok((erased, read::entry_counts(file)?))
    })?;
    let work = store.layer.erase(lane, &in_memory);
    store.entries = counts.into_iter().collect();
    store.recount();
    if let Err(why) = store.database.empty_log() {
        // Somebody reads just now. Upkeep tries again.
        tracing::warn!(%why, "what was erased is still in the store's log");
    }
    // The order itself, which names the number, is blanked when this has returned: within a minute that reaches the file too.
    store.upkeep.empty_log = true;
    Ok(in_file + work + in_memory.len())
}

fn work(file: &Connection, lane: &str) -> rusqlite::Result<usize> {
    let dead = "SELECT p.item FROM progress p JOIN work w ON w.item = p.item WHERE p.state = 2 AND w.lane = ?1";
    let finished = "SELECT f.item FROM finished f WHERE f.lane = ?1";
    let mut statement = file.prepare(&format!("{dead} UNION {finished}"))?;
    let items: Vec<i64> = statement.query_map([lane], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for item in &items {
        for delete in [
            "DELETE FROM work_key WHERE key IN (SELECT key FROM work WHERE item = ?1 UNION SELECT key FROM finished WHERE item = ?1)",
            "DELETE FROM work WHERE item = ?1",
            "DELETE FROM progress WHERE item = ?1",
            "DELETE FROM finished WHERE item = ?1",
        ] {
            file.prepare_cached(delete)?.execute([item])?;
        }
    }
    Ok(items.len())
}

/// A record that memory has in a newer form is counted there, or does not have the number any more.
fn records(file: &Connection, digits: &str, same: &dyn Fn(&str) -> bool, shadowed: impl Fn(&RecordRef) -> bool) -> rusqlite::Result<usize> {
    let mut erased = 0;
    for known in read::known_by_digits(file, digits)? {
        let reference = &known.entity.reference;
        if known.entity.phones.iter().any(|(_, phone)| same(phone)) && forget_known(file, reference)? && !shadowed(reference) {
            erased += 1;
        }
    }
    Ok(erased)
}

fn entries(file: &Connection, digits: &str, same: &dyn Fn(&str) -> bool) -> rusqlite::Result<usize> {
    let mut erased = 0;
    for (book, entry) in read::entries_by_digits(file, digits)? {
        if entry.numbers.iter().any(|(_, number)| same(number)) && remove_entry(file, &book, &entry.key)? {
            erased += 1;
        }
    }
    Ok(erased)
}
