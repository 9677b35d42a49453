//! Rows and what they stand for.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Error, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{blank, contents};
use crate::bindings::crm::types::{Failure, RecordRef};
use crate::store::{AccountRef, Kind, Progress, WorkItem, WorkState};

/// `state`: to be done.
pub(super) const PENDING: i64 = 0;
/// `state`: given to a connector.
pub(super) const LEASED: i64 = 1;
/// `state`: over without success.
pub(super) const DEAD: i64 = 2;
/// `state`: done.
pub(super) const DONE: i64 = 3;
/// `state`: over for ever.
pub(super) const DISCARDED: i64 = 4;

/// Bit of `marks`: the last answer was unclear.
pub(super) const UNCLEAR: i64 = 1;
/// Bit of `marks`: the plugin was told.
const TOLD_WAITING: i64 = 2;

/// The columns of unfinished and dead work, as [`item`] reads them.
pub(super) const UNFINISHED_ITEM: &str =
    "SELECT p.item, w.key, w.kind, w.connector, w.organisation, w.lane, w.call, w.asked_at, w.contents,
        p.state, p.due, p.since, p.tries, p.strikes, p.first_tried, p.marks, p.looked_up, p.outcome, p.last
    FROM progress p JOIN work w ON w.item = p.item";

/// The columns of done and discarded work, as [`item`] reads them.
pub(super) const FINISHED_ITEM: &str = "SELECT f.item, f.key, f.kind, f.connector, f.organisation, f.lane, f.call, f.asked_at, w.contents,
        f.state, 0, f.since, f.tries, f.strikes, f.first_tried, f.marks, f.looked_up, f.outcome, f.last
    FROM finished f LEFT JOIN work w ON w.item = f.item";

/// SQLite's numbers have a sign, ours have none: the same 64 bits.
pub(super) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The other way round.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

/// As it is kept.
pub(super) fn text(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|why| Error::ToSqlConversionFailure(Box::new(why)))
}

/// What was kept.
pub(super) fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let kept = row.get_ref(column)?.as_str().map_err(|why| unreadable(column, why))?;
    serde_json::from_str(kept).map_err(|why| unreadable(column, why))
}

fn parsed_if_any<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null { Ok(None) } else { parsed(row, column).map(Some) }
}

fn unreadable(column: usize, why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(why))
}

/// Progress in columns. `state` and `due` first, since they stand in different tables.
pub(super) struct Columns {
    pub(super) state: i64,
    pub(super) due: i64,
    pub(super) since: i64,
    pub(super) first_tried: Option<i64>,
    pub(super) marks: i64,
    pub(super) outcome: Option<String>,
    pub(super) last: Option<String>,
}

impl Columns {
    pub(super) fn of(progress: &Progress) -> rusqlite::Result<Self> {
        let (state, due, outcome) = match &progress.state {
            WorkState::Pending(due) => (PENDING, signed(*due), None),
            WorkState::Leased(at) => (LEASED, signed(*at), None),
            WorkState::Dead(why) => (DEAD, 0, Some(text(why)?)),
            WorkState::Done(record) => (DONE, 0, record.as_ref().map(text).transpose()?),
            WorkState::Discarded(why) => (DISCARDED, 0, Some(text(why)?)),
        };
        let mark = |set: bool, bit: i64| if set { bit } else { 0 };
        Ok(Self {
            state,
            due,
            since: signed(progress.since),
            first_tried: progress.first_tried.map(signed),
            marks: mark(progress.unclear, UNCLEAR) | mark(progress.told_waiting, TOLD_WAITING),
            outcome,
            last: progress.last.as_ref().map(text).transpose()?,
        })
    }
}

/// The state by its number, from [`UNFINISHED_ITEM`] or [`FINISHED_ITEM`].
fn state(row: &Row<'_>) -> rusqlite::Result<WorkState> {
    Ok(match row.get(9)? {
        PENDING => WorkState::Pending(unsigned(row, 10)?),
        LEASED => WorkState::Leased(unsigned(row, 10)?),
        DEAD => WorkState::Dead(Box::new(parsed::<Failure>(row, 17)?)),
        DONE => WorkState::Done(parsed_if_any::<RecordRef>(row, 17)?),
        DISCARDED => WorkState::Discarded(parsed(row, 17)?),
        strange => return Err(unreadable(9, FromSqlError::OutOfRange(strange))),
    })
}

/// A work item from [`UNFINISHED_ITEM`] or [`FINISHED_ITEM`].
pub(super) fn item(row: &Row<'_>) -> rusqlite::Result<WorkItem> {
    let marks: i64 = row.get(15)?;
    let kind = kind(row, 2)?;
    let (task, ended) = match row.get_ref(8)?.as_blob_or_null()? {
        Some(packed) => contents::unpacked(packed).map_err(|why| unreadable(8, why))?,
        None => (blank::task(kind), None),
    };
    Ok(WorkItem {
        order: unsigned(row, 0)?,
        key: row.get(1)?,
        account: AccountRef { connector: row.get(3)?, organisation: row.get(4)? },
        lane: row.get(5)?,
        call: row.get(6)?,
        ended,
        task,
        asked_at: unsigned(row, 7)?,
        lasting: true,
        progress: Progress {
            state: state(row)?,
            since: unsigned(row, 11)?,
            tries: row.get(12)?,
            strikes: row.get(13)?,
            first_tried: row.get::<_, Option<i64>>(14)?.map(i64::cast_unsigned),
            unclear: marks & UNCLEAR != 0,
            looked_up: row.get(16)?,
            told_waiting: marks & TOLD_WAITING != 0,
            last: parsed_if_any(row, 18)?,
        },
    })
}

/// A kind by its word.
fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    let word = row.get_ref(column)?.as_str()?;
    [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend]
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| unreadable(column, FromSqlError::InvalidType))
}
