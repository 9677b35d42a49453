//! The tables, and how an older file becomes today's: a list of statements for each version.
//!
//! One version is one transaction, its number with it: whoever is interrupted has the old schema or the new one. A released version is
//! never changed; what is to be different goes into a new one.

use rusqlite::Connection;

/// Statements that lead from one version to the next; the first list makes version 1 of an empty file.
pub(super) type Versions = &'static [&'static [&'static str]];

/// All versions so far.
pub(super) const VERSIONS: Versions = &[VERSION_1];

/// Marks a file as ours ("pbxc"), for `file` and for telling a stranger's database from a newer one of ours.
pub(super) const APPLICATION: i32 = 0x7062_7863;

/// `stage` of finished work: all is there.
pub(super) const WHOLE: i64 = 0;
/// `stage` of finished work: what was to be done is forgotten.
pub(super) const REMAINDER: i64 = 1;
/// `stage` of finished work: only its key and how it ended are left.
pub(super) const KEY_ALONE: i64 = 2;

const VERSION_1: &[&str] = &[
    // What is not about one row: `schema` repeats the version, `last-order` outlives the rows that were forgotten.
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    // A key names the same work for 90 days, longer than the rest of it is kept.
    "CREATE TABLE work_key (key TEXT PRIMARY KEY, item INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    // What was asked for. `item` is the work item's order. Written once, apart from what changes, since it is big. `contents` is task and
    // ended call, see `contents.rs`.
    "CREATE TABLE work (
        item INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, connector TEXT NOT NULL, organisation TEXT NOT NULL,
        lane TEXT NOT NULL, call TEXT, asked_at INTEGER NOT NULL, contents BLOB NOT NULL) STRICT",
    // Pending, leased and dead work: small rows that change. `asked_at` is here again for the oldest one's age.
    "CREATE TABLE progress (
        item INTEGER PRIMARY KEY, state INTEGER NOT NULL, due INTEGER NOT NULL, asked_at INTEGER NOT NULL, since INTEGER NOT NULL,
        tries INTEGER NOT NULL, strikes INTEGER NOT NULL, first_tried INTEGER, marks INTEGER NOT NULL, looked_up INTEGER NOT NULL,
        outcome TEXT, last TEXT) STRICT",
    "CREATE INDEX dead ON progress (item) WHERE state = 2",
    // Done and discarded work, without what was asked for. A row moves here when it is finished: so those unfinished need no index.
    "CREATE TABLE finished (
        item INTEGER PRIMARY KEY, state INTEGER NOT NULL, stage INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
        connector TEXT NOT NULL, organisation TEXT NOT NULL, lane TEXT NOT NULL, call TEXT, asked_at INTEGER NOT NULL,
        since INTEGER NOT NULL, tries INTEGER NOT NULL, strikes INTEGER NOT NULL, first_tried INTEGER, marks INTEGER NOT NULL,
        looked_up INTEGER NOT NULL, outcome TEXT, last TEXT) STRICT",
    "CREATE INDEX finished_age ON finished (stage, since)",
    "CREATE TABLE known (
        connector TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, seen_at INTEGER NOT NULL, digits TEXT NOT NULL,
        known TEXT NOT NULL, PRIMARY KEY (connector, kind, id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE known_digits (
        digits TEXT NOT NULL, connector TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (digits, connector, kind, id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE book (id TEXT PRIMARY KEY, book TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry (
        book TEXT NOT NULL, key TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (book, key)) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry_digits (
        digits TEXT NOT NULL, book TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (digits, book, key)) STRICT, WITHOUT ROWID",
    "CREATE TABLE account (
        connector TEXT PRIMARY KEY, organisation TEXT NOT NULL, enabled INTEGER NOT NULL, crashed TEXT NOT NULL,
        spent TEXT NOT NULL) STRICT, WITHOUT ROWID",
    // An administrator's orders. AUTOINCREMENT: an id is never used twice, reports name it.
    "CREATE TABLE administrator_order (
        id INTEGER PRIMARY KEY AUTOINCREMENT, by TEXT NOT NULL, at INTEGER NOT NULL, wanted TEXT NOT NULL, done_at INTEGER,
        result TEXT) STRICT",
    "CREATE INDEX order_waiting ON administrator_order (id) WHERE done_at IS NULL",
    // That something was erased, and when; nothing says what.
    "CREATE TABLE erased (at INTEGER NOT NULL, items INTEGER NOT NULL) STRICT",
    // Credentials, sealed row by row; `credential_list` is the sealed list of them, one row. See `credential::sealed_rows`.
    "CREATE TABLE credential (
        connector TEXT NOT NULL, account TEXT NOT NULL, part TEXT NOT NULL, version INTEGER NOT NULL, key_id TEXT NOT NULL,
        nonce BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (connector, account, part)) STRICT, WITHOUT ROWID",
    "CREATE TABLE credential_list (
        one INTEGER PRIMARY KEY CHECK (one = 1), form INTEGER NOT NULL, last_version INTEGER NOT NULL, key_id TEXT NOT NULL,
        nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT",
];

/// The file was written by a newer release; the numbers are its version and ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Newer(pub(super) i64, pub(super) i64);

/// What a file's header says of its schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// An empty file.
    Empty,
    /// This version, which is known here.
    Known(usize),
    /// Made by a newer release.
    Newer(Newer),
    /// No database of ours, or its header is damaged.
    Strange,
}

/// Which version is this? Writes nothing.
pub(super) fn standing(connection: &Connection, versions: Versions) -> rusqlite::Result<Standing> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if objects == 0 && version == 0 {
        return Ok(Standing::Empty);
    }
    // Each bit of the header may have flipped; a newer release is believed only when the table says the same.
    let repeated = connection.query_row("SELECT value FROM meta WHERE name = 'schema'", [], |row| row.get::<_, i64>(0));
    let ours = i64::try_from(versions.len()).unwrap_or(i64::MAX);
    Ok(match repeated {
        Ok(repeated) if application == APPLICATION && repeated == version => match usize::try_from(version) {
            Ok(known) if (1..=versions.len()).contains(&known) => Standing::Known(known),
            _ if version > ours => Standing::Newer(Newer(version, ours)),
            _ => Standing::Strange,
        },
        Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => Standing::Strange,
        Err(rusqlite::Error::SqliteFailure(why, _)) if why.code == rusqlite::ErrorCode::Unknown => Standing::Strange,
        Err(why) => return Err(why),
    })
}

/// Brings the schema from this version (0: an empty file) to the last one.
pub(super) fn migrate(connection: &Connection, from: usize, versions: Versions) -> rusqlite::Result<()> {
    for (number, statements) in (1_i64..).zip(versions.iter()).skip(from) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = one_version(connection, number, statements).and_then(|()| connection.execute_batch("COMMIT"));
        if done.is_err() && !connection.is_autocommit() {
            // Where even this fails the transaction is gone with the connection.
            let _ = connection.execute_batch("ROLLBACK");
        }
        done?;
    }
    Ok(())
}

fn one_version(connection: &Connection, number: i64, statements: &[&str]) -> rusqlite::Result<()> {
    for statement in statements {
        connection.execute_batch(statement)?;
    }
    connection
        .execute("INSERT INTO meta (name, value) VALUES ('schema', ?1) ON CONFLICT DO UPDATE SET value = excluded.value", [number])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", number)
}
