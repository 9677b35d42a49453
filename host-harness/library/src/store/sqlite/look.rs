//! For commands of an administrator, beside a running host: looking into the store, and leaving orders in it.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, params};

use super::database::Database;
use super::error::{DatabaseError, OpenError};
use super::place::Place;
use super::read;
use super::rows::{FINISHED_ITEM, UNFINISHED_ITEM, item, signed, text, unsigned};
use super::schema::{Newer, Standing, VERSIONS, standing};
use crate::event::Moment;
use crate::store::{Counts, Kind, Order, Ordered, WorkItem};

/// States of work, as on command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// To be done.
    Pending,
    /// Given to a connector.
    Leased,
    /// Over without success, until it is replayed.
    Dead,
    /// Done.
    Done,
    /// Over for ever.
    Discarded,
}

/// Which work is listed. Empty and absent: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// In one of these states.
    pub states: BTreeSet<State>,
    /// Of one of these kinds.
    pub kinds: BTreeSet<Kind>,
    /// For this remote number.
    pub lane: Option<String>,
    /// For this account.
    pub connector: Option<String>,
}

/// An order that was carried out, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReport {
    /// What was ordered, by whom and when. The number of an order to erase is left out.
    pub ordered: Ordered,
    /// When it was carried out.
    pub at: Moment,
    /// What came of it, in English.
    pub result: String,
}

/// The store as it is in the file, for reading only, beside a host that may run. What the host has not synced yet is not there.
#[derive(Debug)]
pub struct Look {
    connection: Connection,
}

impl Database {
    /// Opens the store for reading, without taking it from the host.
    ///
    /// # Errors
    /// There is none, or another release has written it.
    pub fn look(path: &Path) -> Result<Look, OpenError> {
        let place = Place::new(path);
        let connection = visited(&place, Place::look)?;
        Ok(Look { connection })
    }

    /// Work after this order, by order, at most so many.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, filter: &ListFilter, after: u64, limit: usize) -> Result<Vec<WorkItem>, DatabaseError> {
        self.read(|file| list(file, filter, after, limit))
    }

    /// Orders that were carried out, the latest first, at most so many.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn orders_done(&self, limit: usize) -> Result<Vec<OrderReport>, DatabaseError> {
        self.read(|file| orders_done(file, limit))
    }
}

impl Look {
    /// As [`Database::list`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, filter: &ListFilter, after: u64, limit: usize) -> Result<Vec<WorkItem>, DatabaseError> {
        list(&self.connection, filter, after, limit).map_err(|why| DatabaseError::of(&why))
    }

    /// As [`Database::orders_done`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn orders_done(&self, limit: usize) -> Result<Vec<OrderReport>, DatabaseError> {
        orders_done(&self.connection, limit).map_err(|why| DatabaseError::of(&why))
    }

    /// Orders that have not been carried out.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn orders(&self) -> Result<Vec<Ordered>, DatabaseError> {
        read::orders(&self.connection).map_err(|why| DatabaseError::of(&why))
    }

    /// How much work there is.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn counts(&self) -> Result<Counts, DatabaseError> {
        let counted = read::tally(&self.connection).and_then(|tally| Ok((tally, read::oldest_pending(&self.connection, |_| false)?)));
        let ([pending, leased, dead, done, discarded], oldest) = counted.map_err(|why| DatabaseError::of(&why))?;
        Ok(Counts { pending, leased, done, dead, discarded, oldest })
    }

    /// Any other read.
    ///
    /// # Errors
    /// It failed.
    pub fn read<T>(&self, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        by(&self.connection).map_err(|why| DatabaseError::of(&why))
    }
}

/// Leaves an order for the host that has this store, or for the next one that starts. Waits up to five seconds for other writers. Gives the
/// order's id; when it returns, the order is on the disk.
///
/// # Errors
/// There is no store, another release has written it, or it cannot be written.
pub fn order(path: &Path, order: &Order, by: &str, now: Moment) -> Result<u64, OpenError> {
    let place = Place::new(path);
    let connection = visited(&place, Place::visit)?;
    let left = text(order).and_then(|wanted| {
        connection.execute("INSERT INTO administrator_order (by, at, wanted) VALUES (?1, ?2, ?3)", params![by, signed(now), wanted])
    });
    left.map_err(|why| OpenError::Failed { path: place.shown(), why: why.to_string() })?;
    Ok(connection.last_insert_rowid().cast_unsigned())
}

pub(super) fn visited(place: &Place, open: impl FnOnce(&Place) -> rusqlite::Result<Connection>) -> Result<Connection, OpenError> {
    if !std::fs::metadata(&place.path).is_ok_and(|about| about.len() > 0) {
        return Err(OpenError::Missing(place.shown()));
    }
    let looked = open(place).and_then(|connection| Ok((standing(&connection, VERSIONS)?, connection)));
    match looked {
        Ok((Standing::Known(version), connection)) if version == VERSIONS.len() => Ok(connection),
        Ok((Standing::Known(_), _)) => Err(OpenError::Older(place.shown())),
        Ok((Standing::Newer(Newer(theirs, ours)), _)) => Err(OpenError::Newer { path: place.shown(), theirs, ours }),
        Ok((Standing::Empty, _)) => Err(OpenError::Missing(place.shown())),
        Ok((Standing::Strange, _)) => Err(OpenError::Failed { path: place.shown(), why: "it is no store, or damaged".to_owned() }),
        Err(why) => Err(OpenError::Failed { path: place.shown(), why: why.to_string() }),
    }
}

fn list(file: &Connection, filter: &ListFilter, after: u64, limit: usize) -> rusqlite::Result<Vec<WorkItem>> {
    let all = [(State::Pending, 0), (State::Leased, 1), (State::Dead, 2), (State::Done, 3), (State::Discarded, 4)];
    let wanted = |table: std::ops::Range<i64>| -> String {
        let states =
            all.iter().filter(|(state, number)| table.contains(number) && (filter.states.is_empty() || filter.states.contains(state)));
        states.map(|(_, number)| number.to_string()).collect::<Vec<_>>().join(", ")
    };
    let kinds: Vec<String> = filter.kinds.iter().map(|kind| format!("'{}'", kind.word())).collect();
    let mut items: Vec<WorkItem> = Vec::new();
    for (select, own, asked, states) in [(UNFINISHED_ITEM, "p", "w", wanted(0..3)), (FINISHED_ITEM, "f", "f", wanted(3..5))] {
        if states.is_empty() {
            continue;
        }
        let of_kinds = if kinds.is_empty() { String::new() } else { format!("AND {asked}.kind IN ({})", kinds.join(", ")) };
        let mut statement = file.prepare(&format!(
            "{select} WHERE {own}.item > ?1 AND {own}.state IN ({states}) {of_kinds} AND (?2 IS NULL OR {asked}.lane = ?2)
             AND (?3 IS NULL OR {asked}.connector = ?3) ORDER BY {own}.item LIMIT ?4"
        ))?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = statement.query_map(params![signed(after), filter.lane, filter.connector, most], item)?;
        // Some rows that cannot be read must not hide the others.
        items.extend(
            found.filter_map(|found| found.inspect_err(|why| tracing::error!(%why, "a work item in the store cannot be read")).ok()),
        );
    }
    items.sort_by_key(|item| item.order);
    items.truncate(limit);
    Ok(items)
}

fn orders_done(file: &Connection, limit: usize) -> rusqlite::Result<Vec<OrderReport>> {
    file.prepare("SELECT id, by, at, wanted, done_at, result FROM administrator_order WHERE done_at IS NOT NULL ORDER BY done_at DESC, id DESC LIMIT ?1")?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(OrderReport { ordered: read::ordered(row)?, at: unsigned(row, 4)?, result: row.get(5)? })
        })?
        .collect()
}
