//! What is in the file, without what waits in memory.

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{FINISHED_ITEM, UNFINISHED_ITEM, item, parsed, signed, unsigned};
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::event::Moment;
use crate::store::{AccountRef, AccountState, Ordered, WorkItem};

/// The order of the item with this key.
pub(super) fn order_of(connection: &Connection, key: &str) -> rusqlite::Result<Option<u64>> {
    connection.prepare_cached("SELECT item FROM work_key WHERE key = ?1")?.query_row([key], |row| unsigned(row, 0)).optional()
}

/// The item of this order, whatever its state.
pub(super) fn work_at(connection: &Connection, order: u64) -> rusqlite::Result<Option<WorkItem>> {
    for (select, table) in [(UNFINISHED_ITEM, "p"), (FINISHED_ITEM, "f")] {
        let mut statement = connection.prepare_cached(&format!("{select} WHERE {table}.item = ?1"))?;
        if let Some(found) = statement.query_row([signed(order)], item).optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The number of the state of this order.
pub(super) fn state_of(connection: &Connection, order: u64) -> rusqlite::Result<Option<i64>> {
    for table in ["progress", "finished"] {
        let mut statement = connection.prepare_cached(&format!("SELECT state FROM {table} WHERE item = ?1"))?;
        if let Some(found) = statement.query_row([signed(order)], |row| row.get(0)).optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Items after this order, by order, as long as the caller wants more. What cannot be read is left out, and told in the log.
pub(super) fn each(connection: &Connection, dead: bool, after: u64, mut wanted: impl FnMut(WorkItem) -> bool) -> rusqlite::Result<()> {
    let condition = if dead { "p.state = 2" } else { "p.state < 2" };
    let mut statement = connection.prepare_cached(&format!("{UNFINISHED_ITEM} WHERE {condition} AND p.item > ?1 ORDER BY p.item"))?;
    let mut rows = statement.query([signed(after)])?;
    while let Some(row) = rows.next()? {
        match item(row) {
            Ok(found) => {
                if !wanted(found) {
                    break;
                }
            }
            Err(why) => tracing::error!(order = unsigned(row, 0).unwrap_or(0), %why, "a work item in the store cannot be read"),
        }
    }
    Ok(())
}

/// When the oldest pending item was asked for, of those that are not left out.
pub(super) fn oldest_pending(connection: &Connection, left_out: impl Fn(u64) -> bool) -> rusqlite::Result<Option<Moment>> {
    let mut statement = connection.prepare_cached("SELECT item, asked_at FROM progress WHERE state = 0")?;
    let mut rows = statement.query([])?;
    let mut oldest: Option<Moment> = None;
    while let Some(row) = rows.next()? {
        let asked_at = unsigned(row, 1)?;
        if oldest.is_none_or(|oldest| asked_at < oldest) && !left_out(unsigned(row, 0)?) {
            oldest = Some(asked_at);
        }
    }
    Ok(oldest)
}

/// How much there is in each state, by its number.
pub(super) fn tally(connection: &Connection) -> rusqlite::Result<[u64; 5]> {
    let mut tally = [0; 5];
    let mut statement = connection.prepare(
        "SELECT state, count(*) FROM progress GROUP BY state UNION ALL SELECT state, count(*) FROM finished WHERE stage < 2 GROUP BY state",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(count) = usize::try_from(row.get::<_, i64>(0)?).ok().and_then(|state| tally.get_mut(state)) {
            *count = unsigned(row, 1)?;
        }
    }
    Ok(tally)
}

/// The greatest order that the file remembers.
pub(super) fn last_order(connection: &Connection) -> rusqlite::Result<u64> {
    let query = "SELECT max((SELECT coalesce(max(item), 0) FROM work), (SELECT coalesce(max(item), 0) FROM finished),
                 (SELECT coalesce(max(value), 0) FROM meta WHERE name = 'last-order'))";
    connection.query_row(query, [], |row| unsigned(row, 0))
}

/// All accounts, by connector.
pub(super) fn accounts(connection: &Connection) -> rusqlite::Result<Vec<AccountState>> {
    connection
        .prepare_cached("SELECT connector, organisation, enabled, crashed, spent FROM account ORDER BY connector")?
        .query_map([], |row| {
            let account = AccountRef { connector: row.get(0)?, organisation: row.get(1)? };
            // Lists that cannot be read are begun anew; whether the account is enabled must not be lost with them.
            let crashed = serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default();
            let spent = serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or_default();
            Ok(AccountState { account, enabled: row.get(2)?, crashed, spent })
        })?
        .collect()
}

/// Orders that have not been carried out. One that cannot be read is left out, and told in the log.
pub(super) fn orders(connection: &Connection) -> rusqlite::Result<Vec<Ordered>> {
    let mut statement =
        connection.prepare_cached("SELECT id, by, at, wanted FROM administrator_order WHERE done_at IS NULL ORDER BY id LIMIT 1000")?;
    let mut rows = statement.query([])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        match ordered(row) {
            Ok(order) => orders.push(order),
            Err(why) => tracing::error!(id = unsigned(row, 0).unwrap_or(0), %why, "an administrator's order cannot be read"),
        }
    }
    Ok(orders)
}

/// An order from its columns `id`, `by`, `at` and `wanted`.
pub(super) fn ordered(row: &rusqlite::Row<'_>) -> rusqlite::Result<Ordered> {
    Ok(Ordered { id: unsigned(row, 0)?, by: row.get(1)?, at: unsigned(row, 2)?, order: parsed(row, 3)? })
}

/// A record.
pub(super) fn known(connection: &Connection, reference: &RecordRef) -> rusqlite::Result<Option<Known>> {
    connection
        .prepare_cached("SELECT known FROM known WHERE connector = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![reference.connector, reference.kind, reference.id], |row| parsed(row, 0))
        .optional()
}

/// All records of which a number ends so.
pub(super) fn known_by_digits(connection: &Connection, digits: &str) -> rusqlite::Result<Vec<Known>> {
    connection
        .prepare_cached("SELECT k.known FROM known_digits d JOIN known k USING (connector, kind, id) WHERE d.digits = ?1")?
        .query_map([digits], |row| parsed(row, 0))?
        .collect()
}

/// All books, in no order.
pub(super) fn books(connection: &Connection) -> rusqlite::Result<Vec<Book>> {
    connection.prepare_cached("SELECT book FROM book")?.query_map([], |row| parsed(row, 0))?.collect()
}

/// How many entries each book has.
pub(super) fn entry_counts(connection: &Connection) -> rusqlite::Result<Vec<(String, u32)>> {
    connection.prepare("SELECT book, count(*) FROM entry GROUP BY book")?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// An entry.
pub(super) fn entry(connection: &Connection, book: &str, key: &str) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached("SELECT entry FROM entry WHERE book = ?1 AND key = ?2")?
        .query_row(params![book, key], |row| parsed(row, 0))
        .optional()
}

/// All entries with a number that ends so.
pub(super) fn entries_by_digits(connection: &Connection, digits: &str) -> rusqlite::Result<Vec<(String, Entry)>> {
    connection
        .prepare_cached("SELECT d.book, e.entry FROM entry_digits d JOIN entry e USING (book, key) WHERE d.digits = ?1")?
        .query_map([digits], |row| Ok((row.get(0)?, parsed(row, 1)?)))?
        .collect()
}

/// All entries of a book.
pub(super) fn entries(connection: &Connection, book: &str) -> rusqlite::Result<Vec<Entry>> {
    connection.prepare_cached("SELECT entry FROM entry WHERE book = ?1")?.query_map([book], |row| parsed(row, 0))?.collect()
}
