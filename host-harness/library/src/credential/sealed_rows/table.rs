//! The rows as they lie in the database, still sealed: SQL and nothing else. The tables are made with all others of the store.

use rusqlite::{Connection, Row as Columns, params};

use crate::credential::store::{Part, Row};

/// What is sealed, and what it takes to open it but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    /// With which key.
    pub(super) key_id: String,
    pub(super) nonce: Vec<u8>,
    pub(super) sealed: Vec<u8>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) version: u64,
    pub(super) content: Sealed,
}

/// A row with its name as it lies there, which may be none that this release knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lying {
    connector: String,
    account: String,
    part: String,
    pub(super) record: Record,
}

impl Lying {
    pub(super) fn new(row: &Row, record: Record) -> Self {
        Self { connector: row.connector.clone(), account: row.account.clone(), part: word(row.part).to_owned(), record }
    }

    pub(super) fn row(&self) -> Option<Row> {
        let part = [Part::Connection, Part::Approval].into_iter().find(|part| word(*part) == self.part)?;
        Some(Row { connector: self.connector.clone(), account: self.account.clone(), part })
    }
}

/// The list of all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListRecord {
    pub(super) form: u64,
    pub(super) last_version: u64,
    pub(super) content: Sealed,
}

/// What there is, before anything is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Is there any row?
    pub(super) rows: bool,
    pub(super) list: Option<ListRecord>,
}

impl Found {
    /// Of the key of the list.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.list.as_ref().map(|list| list.content.key_id.as_str())
    }
}

/// The list and one row, at the same moment.
pub(super) fn list_and_row(connection: &Connection, row: &Row) -> rusqlite::Result<(Found, Option<Record>)> {
    let both = "SELECT EXISTS (SELECT 1 FROM credential), l.form, l.last_version, l.key_id, l.nonce, l.sealed,
            c.version, c.key_id, c.nonce, c.sealed
        FROM (SELECT 1) LEFT JOIN credential_list l ON l.one = 1
        LEFT JOIN credential c ON c.connector = ?1 AND c.account = ?2 AND c.part = ?3";
    let mut statement = connection.prepare_cached(both)?;
    statement.query_row(params![row.connector, row.account, word(row.part)], |columns| Ok((found_in(columns)?, record_at(columns, 6)?)))
}

/// The list.
pub(super) fn list(connection: &Connection) -> rusqlite::Result<Found> {
    let list = "SELECT EXISTS (SELECT 1 FROM credential), l.form, l.last_version, l.key_id, l.nonce, l.sealed
        FROM (SELECT 1) LEFT JOIN credential_list l ON l.one = 1";
    connection.prepare_cached(list)?.query_row([], found_in)
}

/// Ids of all keys with which rows are sealed.
pub(super) fn key_ids(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("SELECT DISTINCT key_id FROM credential")?.query_map([], |columns| columns.get(0))?.collect()
}

pub(super) fn put_list(connection: &Connection, list: &ListRecord) -> rusqlite::Result<()> {
    let put = "INSERT OR REPLACE INTO credential_list (one, form, last_version, key_id, nonce, sealed) VALUES (1, ?1, ?2, ?3, ?4, ?5)";
    let Sealed { key_id, nonce, sealed } = &list.content;
    connection.execute(put, params![signed(list.form), signed(list.last_version), key_id, nonce, sealed]).map(|_| ())
}

/// All rows.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Lying>> {
    let all = "SELECT connector, account, part, version, key_id, nonce, sealed FROM credential";
    let mut statement = connection.prepare(all)?;
    let rows = statement.query_map([], |columns| {
        let record = Record { version: unsigned(columns.get(3)?), content: sealed_at(columns, 4)? };
        Ok(Lying { connector: columns.get(0)?, account: columns.get(1)?, part: columns.get(2)?, record })
    })?;
    rows.collect()
}

pub(super) fn put(connection: &Connection, row: &Lying) -> rusqlite::Result<()> {
    let put = "INSERT OR REPLACE INTO credential (connector, account, part, version, key_id, nonce, sealed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Sealed { key_id, nonce, sealed } = &row.record.content;
    let values = params![row.connector, row.account, row.part, signed(row.record.version), key_id, nonce, sealed];
    connection.execute(put, values).map(|_| ())
}

/// Leaves these rows and nothing of any other. The whole table is cleared, which writes zeros over each of its pages: nobody has to know where
/// in them SQLite may have left a copy of a cell that it moved.
pub(super) fn replace_all(connection: &Connection, rows: &[Lying]) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM credential", [])?;
    rows.iter().try_for_each(|row| put(connection, row))
}

fn found_in(columns: &Columns<'_>) -> rusqlite::Result<Found> {
    let rows = columns.get(0)?;
    let Some(form) = columns.get::<_, Option<i64>>(1)? else { return Ok(Found { rows, list: None }) };
    let last_version = unsigned(columns.get(2)?);
    Ok(Found { rows, list: Some(ListRecord { form: unsigned(form), last_version, content: sealed_at(columns, 3)? }) })
}

fn record_at(columns: &Columns<'_>, from: usize) -> rusqlite::Result<Option<Record>> {
    let Some(version) = columns.get::<_, Option<i64>>(from)? else { return Ok(None) };
    Ok(Some(Record { version: unsigned(version), content: sealed_at(columns, from + 1)? }))
}

fn sealed_at(columns: &Columns<'_>, from: usize) -> rusqlite::Result<Sealed> {
    Ok(Sealed { key_id: columns.get(from)?, nonce: columns.get(from + 1)?, sealed: columns.get(from + 2)? })
}

fn word(part: Part) -> &'static str {
    match part {
        Part::Connection => "connection",
        Part::Approval => "approval",
    }
}

/// SQLite counts to half of what we could; no version comes near it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Somebody else's negative number is none of ours: nothing opens with it.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
