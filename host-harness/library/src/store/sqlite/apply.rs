//! Changes as SQL, within a transaction of the caller. No change can be refused for what it says: else one bad change would hold up all that
//! come after it.

use rusqlite::{Connection, Error, OptionalExtension, params};

use super::contents;
use super::rows::{Columns, DEAD, signed, text};
use super::schema::WHOLE;
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::Entry;
use crate::event::Moment;
use crate::store::{Change, Order, Progress, WorkItem, index_digits};

/// One change.
pub(super) fn apply(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::PutWork(item) => put_work(connection, item),
        Change::Progress { order, progress } => put_progress(connection, *order, progress),
        Change::PutKnown { known, digits, .. } => put_known(connection, known, digits),
        Change::ForgetKnown(reference) => forget_known(connection, reference).map(|_| ()),
        Change::PutBook(book) => run(connection
            .prepare_cached("INSERT INTO book (id, book) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET book = excluded.book")?
            .execute(params![book.id, text(book)?])),
        Change::PutEntry { book, entry } => put_entry(connection, book, entry),
        Change::RemoveEntry { book, key } => remove_entry(connection, book, key).map(|_| ()),
        Change::PutAccount(state) => run(connection
            .prepare_cached(
                "INSERT INTO account (connector, organisation, enabled, crashed, spent) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET organisation = excluded.organisation, enabled = excluded.enabled,
                         crashed = excluded.crashed, spent = excluded.spent",
            )?
            .execute(params![
                state.account.connector,
                state.account.organisation,
                state.enabled,
                text(&state.crashed)?,
                text(&state.spent)?
            ])),
        Change::OrderDone { id, at, result } => order_done(connection, *id, *at, result),
    }
}

fn run(done: rusqlite::Result<usize>) -> rusqlite::Result<()> {
    done.map(|_| ())
}

fn put_work(connection: &Connection, item: &WorkItem) -> rusqlite::Result<()> {
    let contents = contents::packed(&item.task, item.ended.as_deref()).map_err(|why| Error::ToSqlConversionFailure(Box::new(why)))?;
    connection
        .prepare_cached(
            "INSERT INTO work (item, key, kind, connector, organisation, lane, call, asked_at, contents)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET key = excluded.key, kind = excluded.kind, connector = excluded.connector,
                 organisation = excluded.organisation, lane = excluded.lane, call = excluded.call, asked_at = excluded.asked_at,
                 contents = excluded.contents",
        )?
        .execute(params![
            signed(item.order),
            item.key,
            item.task.kind().word(),
            item.account.connector,
            item.account.organisation,
            item.lane,
            item.call,
            signed(item.asked_at),
            contents
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO work_key (key, item) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET item = excluded.item WHERE item <> excluded.item",
        )?
        .execute(params![item.key, signed(item.order)])?;
    // What the item was before may stand in a finished row too: it is made anew.
    connection.prepare_cached("DELETE FROM finished WHERE item = ?1")?.execute([signed(item.order)])?;
    put_progress(connection, item.order, &item.progress)
}

/// The progress of an item that there is.
fn put_progress(connection: &Connection, order: u64, progress: &Progress) -> rusqlite::Result<()> {
    let columns = Columns::of(progress)?;
    let item = signed(order);
    if columns.state <= DEAD {
        let changed = connection
            .prepare_cached(
                "UPDATE progress SET state = ?2, due = ?3, since = ?4, tries = ?5, strikes = ?6, first_tried = ?7, marks = ?8, looked_up = ?9,
                     outcome = ?10, last = ?11 WHERE item = ?1",
            )?
            .execute(params![
                item, columns.state, columns.due, columns.since, progress.tries, progress.strikes, columns.first_tried, columns.marks,
                progress.looked_up, columns.outcome, columns.last
            ])?;
        if changed > 0 {
            return Ok(());
        }
        let begun = connection
            .prepare_cached(
                "INSERT INTO progress (item, state, due, asked_at, since, tries, strikes, first_tried, marks, looked_up, outcome, last)
                 SELECT item, ?2, ?3, asked_at, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM work WHERE item = ?1",
            )?
            .execute(params![
                item,
                columns.state,
                columns.due,
                columns.since,
                progress.tries,
                progress.strikes,
                columns.first_tried,
                columns.marks,
                progress.looked_up,
                columns.outcome,
                columns.last
            ])?;
        if begun > 0 {
            connection.prepare_cached("DELETE FROM finished WHERE item = ?1")?.execute([item])?;
        }
        return Ok(());
    }
    connection.prepare_cached("DELETE FROM progress WHERE item = ?1")?.execute([item])?;
    let changed = connection
        .prepare_cached(
            "UPDATE finished SET state = ?2, since = ?3, tries = ?4, strikes = ?5, first_tried = ?6, marks = ?7, looked_up = ?8, outcome = ?9,
                 last = ?10 WHERE item = ?1",
        )?
        .execute(params![
            item, columns.state, columns.since, progress.tries, progress.strikes, columns.first_tried, columns.marks, progress.looked_up,
            columns.outcome, columns.last
        ])?;
    if changed > 0 {
        return Ok(());
    }
    run(connection
        .prepare_cached(
            "INSERT INTO finished (item, state, stage, key, kind, connector, organisation, lane, call, asked_at, since, tries, strikes,
                 first_tried, marks, looked_up, outcome, last)
             SELECT item, ?2, ?3, key, kind, connector, organisation, lane, call, asked_at, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
             FROM work WHERE item = ?1",
        )?
        .execute(params![
            item,
            columns.state,
            WHOLE,
            columns.since,
            progress.tries,
            progress.strikes,
            columns.first_tried,
            columns.marks,
            progress.looked_up,
            columns.outcome,
            columns.last
        ]))
}

fn put_known(connection: &Connection, known: &Known, digits: &[String]) -> rusqlite::Result<()> {
    let reference = &known.entity.reference;
    let joined = digits.join(" ");
    let before: Option<String> = connection
        .prepare_cached("SELECT digits FROM known WHERE connector = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![reference.connector, reference.kind, reference.id], |row| row.get(0))
        .optional()?;
    if before.as_ref().is_some_and(|before| *before != joined) {
        forget_known(connection, reference)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO known (connector, kind, id, seen_at, digits, known) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at, digits = excluded.digits, known = excluded.known",
        )?
        .execute(params![reference.connector, reference.kind, reference.id, signed(known.seen_at), joined, text(known)?])?;
    let mut index =
        connection.prepare_cached("INSERT OR IGNORE INTO known_digits (digits, connector, kind, id) VALUES (?1, ?2, ?3, ?4)")?;
    for digits in digits {
        index.execute(params![digits, reference.connector, reference.kind, reference.id])?;
    }
    Ok(())
}

/// Gives whether it was there.
pub(super) fn forget_known(connection: &Connection, reference: &RecordRef) -> rusqlite::Result<bool> {
    let digits: Option<String> = connection
        .prepare_cached("DELETE FROM known WHERE connector = ?1 AND kind = ?2 AND id = ?3 RETURNING digits")?
        .query_row(params![reference.connector, reference.kind, reference.id], |row| row.get(0))
        .optional()?;
    let Some(digits) = digits else { return Ok(false) };
    let mut index = connection.prepare_cached("DELETE FROM known_digits WHERE digits = ?1 AND connector = ?2 AND kind = ?3 AND id = ?4")?;
    for digits in digits.split(' ') {
        index.execute(params![digits, reference.connector, reference.kind, reference.id])?;
    }
    Ok(true)
}

fn put_entry(connection: &Connection, book: &str, entry: &Entry) -> rusqlite::Result<()> {
    remove_entry(connection, book, &entry.key)?;
    connection.prepare_cached("INSERT INTO entry (book, key, entry) VALUES (?1, ?2, ?3)")?.execute(params![
        book,
        entry.key,
        text(entry)?
    ])?;
    let mut index = connection.prepare_cached("INSERT OR IGNORE INTO entry_digits (digits, book, key) VALUES (?1, ?2, ?3)")?;
    for (_, number) in &entry.numbers {
        index.execute(params![index_digits(number), book, entry.key])?;
    }
    Ok(())
}

/// Gives whether it was there.
pub(super) fn remove_entry(connection: &Connection, book: &str, key: &str) -> rusqlite::Result<bool> {
    let before: Option<String> = connection
        .prepare_cached("DELETE FROM entry WHERE book = ?1 AND key = ?2 RETURNING entry")?
        .query_row(params![book, key], |row| row.get(0))
        .optional()?;
    let Some(before) = before else { return Ok(false) };
    let mut index = connection.prepare_cached("DELETE FROM entry_digits WHERE digits = ?1 AND book = ?2 AND key = ?3")?;
    // An entry that cannot be read any more has index rows that lead nowhere, which does no harm.
    for (_, number) in serde_json::from_str::<Entry>(&before).map(|entry| entry.numbers).unwrap_or_default() {
        index.execute(params![index_digits(&number), book, key])?;
    }
    Ok(true)
}

fn order_done(connection: &Connection, id: u64, at: Moment, result: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE administrator_order SET done_at = ?2, result = ?3 WHERE id = ?1")?.execute(params![
        signed(id),
        signed(at),
        result
    ])?;
    // Who ordered that a number be forgotten stays, and when; the number does not.
    connection
        .prepare_cached("UPDATE administrator_order SET wanted = ?2 WHERE id = ?1 AND wanted LIKE '{\"erase\":%'")?
        .execute(params![signed(id), text(&Order::Erase { number: String::new() })?])?;
    Ok(())
}
