//! Upkeep, a little every minute: finished work is forgotten step by step, and the log is emptied now and then.
//!
//! What was to be done is forgotten ten minutes after it was done: it is nine tenths of the bytes. How it ended is kept for 30 days, its key
//! for 90, so that asking for the same again finds it done. Dead work stays until somebody decides.
//!
//! The file does not shrink: freed pages are used again, and moving pages (incremental vacuum) would write each of them twice more on disks
//! that wear out. It is bounded by what is unfinished.

use rusqlite::Connection;
use serde::Serialize;

use super::layer::MOST_WAITING;
use super::read;
use super::rows::signed;
use super::schema::{KEY_ALONE, REMAINDER, WHOLE};
use super::store::SqliteStore;
use crate::event::Moment;
use crate::store::Room;

const MINUTE: Moment = 60_000;
const DAY: Moment = 24 * 60 * MINUTE;
const WHOLE_KEPT: Moment = 10 * MINUTE;
const REMAINDER_KEPT: Moment = 30 * DAY;
const KEY_KEPT: Moment = 90 * DAY;
const ORDERS_KEPT: Moment = 365 * DAY;

/// Most rows of each kind in one call. Asked every minute, it keeps up with 33 items a second day and night.
const ROWS: i64 = 2000;

/// Calls of upkeep until the log is emptied in passing.
const CALLS_PER_EMPTYING: u32 = 10;

/// Most unfinished work, in rows.
pub(super) const MOST_ROWS: u64 = 1_000_000;
/// Most bytes.
pub(super) const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// How full the store is. At 80 % of either the administrator is to be warned; at the bound records are no longer created by themselves.
/// Journals are taken as long as the disk has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fill {
    /// Unfinished work items.
    pub rows: u64,
    /// Bytes of the file that are in use.
    pub bytes: u64,
    /// Most rows: 1,000,000.
    pub of_rows: u64,
    /// Most bytes: 2 GiB.
    pub of_bytes: u64,
}

/// What upkeep remembers between calls.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    calls: u32,
    /// Of the file, when it was looked at last.
    bytes: u64,
    /// Something deleted is still in the log and must not stay there.
    pub(super) empty_log: bool,
}

impl SqliteStore {
    /// How full the store is. Cheap.
    #[must_use]
    pub fn fill(&self) -> Fill {
        let [pending, leased, ..] = self.tally;
        let bytes = self.look("fill", |file| {
            let figure = |pragma: &str| file.query_row(pragma, [], |row| row.get::<_, i64>(0));
            let pages = figure("PRAGMA page_count")?.saturating_sub(figure("PRAGMA freelist_count")?);
            Ok(pages.saturating_mul(figure("PRAGMA page_size")?).cast_unsigned())
        });
        Fill { rows: pending.saturating_add(leased), bytes, of_rows: MOST_ROWS, of_bytes: MOST_BYTES }
    }

    /// The figures anew, after rows were forgotten. Nothing may wait to be written.
    pub(super) fn recount(&mut self) {
        self.tally = self.look("tally", read::tally);
        for item in self.layer.passing_work() {
            if let Some(count) =
                usize::try_from(super::store::number(&item.progress.state)).ok().and_then(|state| self.tally.get_mut(state))
            {
                *count = count.saturating_add(1);
            }
        }
    }
}

/// Without a look into the file: its size is that of the last upkeep.
pub(super) fn room(store: &SqliteStore) -> Room {
    let [pending, leased, ..] = store.tally;
    let waiting = u64::try_from(store.layer.waiting()).unwrap_or(u64::MAX);
    let most_waiting = u64::try_from(MOST_WAITING).unwrap_or(u64::MAX);
    let part = |used: u64, most: u64| u128::from(used) * 100 / u128::from(most.max(1));
    let rows = part(pending.saturating_add(leased), MOST_ROWS);
    match rows.max(part(store.upkeep.bytes, MOST_BYTES)) {
        _ if waiting >= most_waiting => Room::None,
        110.. => Room::None,
        100.. => Room::NoCreations,
        80.. => Room::Scarce,
        _ => Room::Enough,
    }
}

/// See [`crate::store::Store::maintain`].
pub(super) fn maintain(store: &mut SqliteStore, now: Moment) {
    store.upkeep.bytes = store.fill().bytes;
    let gone = store.layer.maintain(now);
    store.uncount(&gone);
    let last_order = store.last_order;
    match store.database.write(|file| forget(file, now, last_order)) {
        Ok([done, discarded]) => {
            let [.., done_before, discarded_before] = &mut store.tally;
            *done_before = done_before.saturating_sub(done);
            *discarded_before = discarded_before.saturating_sub(discarded);
        }
        Err(why) => tracing::warn!(%why, "the store's upkeep failed and is tried again"),
    }
    store.upkeep.calls = store.upkeep.calls.wrapping_add(1);
    if store.upkeep.empty_log || store.upkeep.calls.is_multiple_of(CALLS_PER_EMPTYING) {
        match store.database.empty_log() {
            Ok(()) => store.upkeep.empty_log = false,
            // Readers hold it; no harm, it is carried over with the next write.
            Err(why) => tracing::debug!(%why, "the store's log was not emptied"),
        }
    }
}

/// One step of each kind. Gives how many done and discarded items are no longer counted.
fn forget(file: &Connection, now: Moment, last_order: u64) -> rusqlite::Result<[u64; 2]> {
    let before = |kept: Moment| signed(now.saturating_sub(kept));
    for item in aged(file, WHOLE, before(WHOLE_KEPT))? {
        file.prepare_cached("DELETE FROM work WHERE item = ?1")?.execute([item])?;
        file.prepare_cached("UPDATE finished SET stage = ?2 WHERE item = ?1")?.execute([item, REMAINDER])?;
    }
    let mut uncounted = [0, 0];
    for item in aged(file, REMAINDER, before(REMAINDER_KEPT))? {
        let state: i64 = file
            .prepare_cached("UPDATE finished SET stage = ?2, lane = '', call = NULL, last = NULL WHERE item = ?1 RETURNING state")?
            .query_row([item, KEY_ALONE], |row| row.get(0))?;
        let [done, discarded] = &mut uncounted;
        *(if state == super::rows::DONE { done } else { discarded }) += 1;
    }
    let keys = aged(file, KEY_ALONE, before(KEY_KEPT))?;
    if !keys.is_empty() {
        file.execute(
            "INSERT INTO meta (name, value) VALUES ('last-order', ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
            [signed(last_order)],
        )?;
    }
    for item in keys {
        file.prepare_cached("DELETE FROM work_key WHERE item = ?1 AND key = (SELECT key FROM finished WHERE item = ?1)")?
            .execute([item])?;
        file.prepare_cached("DELETE FROM finished WHERE item = ?1")?.execute([item])?;
    }
    file.prepare_cached("DELETE FROM administrator_order WHERE done_at < ?1")?.execute([before(ORDERS_KEPT)])?;
    Ok(uncounted)
}

fn aged(file: &Connection, stage: i64, before: i64) -> rusqlite::Result<Vec<i64>> {
    file.prepare_cached("SELECT item FROM finished WHERE stage = ?1 AND since < ?2 ORDER BY since LIMIT ?3")?
        .query_map([stage, before, ROWS], |row| row.get(0))?
        .collect()
}
