//! A damaged file: set aside as it is, for those who can do more with it, and what SQLite can still read is carried over.

use std::io;
use std::path::PathBuf;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::place::Place;
use super::rows::{UNFINISHED_ITEM, item};
use crate::event::Moment;

/// What was carried over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Salvaged {
    rows: usize,
    /// Of which are work that was not finished.
    unfinished: usize,
}

/// What can be seen before SQLite touches the file: it would clean some of it away. Gives what is damaged.
pub(super) fn before_opening(place: &Place, now: Moment, notices: &mut Vec<String>) -> io::Result<Option<String>> {
    if place.file_system.is_some() {
        return Ok(None);
    }
    let log = place.beside("-wal");
    let bytes = match std::fs::metadata(&place.path) {
        Ok(about) => about.len(),
        Err(why) if why.kind() == io::ErrorKind::NotFound => 0,
        Err(why) => return Err(why),
    };
    if bytes == 0 {
        // SQLite would take the log of a vanished file for rubbish.
        return Ok(std::fs::metadata(&log).is_ok_and(|log| log.len() > 0).then(|| "the file is empty, its log is not".to_owned()));
    }
    // A host never removes its log, and marks the file as one with a log in the header's bytes 18 and 19.
    if !log.exists() && wants_log(place)? {
        let copy = place.beside(&format!(".damaged-{now}"));
        std::fs::copy(&place.path, &copy)?;
        notices.push(format!(
            "{} is missing: if it was not an SQLite tool that removed it, the changes of the last minutes before the host stopped are lost. \
             The host goes on with {}; a copy of it is {}.",
            log.display(),
            place.shown(),
            copy.display()
        ));
    }
    Ok(None)
}

fn wants_log(place: &Place) -> io::Result<bool> {
    let mut header = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(std::fs::File::open(&place.path)?, 20), &mut header)?;
    Ok(header.starts_with(b"SQLite format 3\0") && header.get(18..20) == Some(&[2, 2]))
}

/// Renames the file with all that belongs to it. Gives its new place.
pub(super) fn set_aside(place: &Place, now: Moment) -> io::Result<Place> {
    let aside = free_name(place, now);
    // The log first: alone it would be taken for rubbish. Its name must fit, or SQLite would not find it again.
    for ending in ["-wal", "-shm", ""] {
        match std::fs::rename(place.beside(ending), aside.beside(ending)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    Ok(aside)
}

fn free_name(place: &Place, now: Moment) -> Place {
    let mut aside = Place::new(&place.beside(&format!(".damaged-{now}")));
    for more in 2_u32.. {
        if !aside.path.exists() {
            break;
        }
        aside.path = place.beside(&format!(".damaged-{now}-{more}"));
    }
    aside
}

/// Carries over what can be read, table by table, unfinished work first. Whatever fails is left out.
pub(super) fn salvage(new: &Connection, aside: &Place) -> Salvaged {
    let mut saved = Salvaged::default();
    let Ok(old) = aside.connect().and_then(lenient) else { return saved };
    for table in tables(new) {
        let Ok(columns) = columns(new, &table) else { continue };
        saved.rows += carry(&old, new, &table, &columns).unwrap_or(0);
    }
    for item in unreadable(new).unwrap_or_default() {
        if let Err(why) = new.execute("DELETE FROM progress WHERE item = ?1", [item]) {
            tracing::error!(%why, "salvaged work could not be put in order");
        }
    }
    // Half of a piece of work is none.
    for orphans in [
        "DELETE FROM progress WHERE item NOT IN (SELECT item FROM work)",
        "DELETE FROM work WHERE item NOT IN (SELECT item FROM progress) AND item NOT IN (SELECT item FROM finished)",
        "INSERT OR IGNORE INTO work_key (key, item) SELECT key, item FROM finished",
        "INSERT OR REPLACE INTO work_key (key, item) SELECT key, item FROM work",
    ] {
        if let Err(why) = new.execute(orphans, []) {
            tracing::error!(%why, "salvaged work could not be put in order");
        }
    }
    let unfinished = new.query_row("SELECT count(*) FROM progress WHERE state < 2", [], |row| row.get::<_, u32>(0));
    saved.unfinished = unfinished.ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    saved
}

fn unreadable(new: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = new.prepare(UNFINISHED_ITEM)?;
    let found: Vec<Option<i64>> = statement
        .query_map([], |row| if item(row).is_err() { row.get(0).map(Some) } else { Ok(None) })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Reads as far as it can: by default SQLite reads nothing of a file that is shorter than its header says.
fn lenient(old: Connection) -> rusqlite::Result<Connection> {
    old.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    old.execute_batch("PRAGMA writable_schema = ON; PRAGMA query_only = ON; PRAGMA cell_size_check = ON")?;
    Ok(old)
}

fn tables(new: &Connection) -> Vec<String> {
    let named = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        connection
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'
                 ORDER BY CASE name WHEN 'progress' THEN 0 WHEN 'work' THEN 1 ELSE 2 END, name",
            )?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    named(new).unwrap_or_default()
}

fn columns(new: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    new.prepare("SELECT name FROM pragma_table_info(?1)")?.query_map([table], |row| row.get(0))?.collect()
}

/// Forwards until a damaged page, and backwards from the end until the same.
fn carry(old: &Connection, new: &Connection, table: &str, columns: &[String]) -> rusqlite::Result<usize> {
    let names = columns.join(", ");
    let places = vec!["?"; columns.len()].join(", ");
    let first = columns.first().map_or("1", String::as_str);
    new.execute_batch("BEGIN IMMEDIATE")?;
    let mut carried = 0;
    for direction in ["ASC", "DESC"] {
        let Ok(mut from) = old.prepare(&format!("SELECT {names} FROM {table} ORDER BY {first} {direction}")) else { continue };
        let mut into = new.prepare_cached(&format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"))?;
        let Ok(mut rows) = from.query([]) else { continue };
        let whole = loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let values: rusqlite::Result<Vec<Value>> = (0..columns.len()).map(|index| row.get(index)).collect();
                    // A row that does not fit the table is damaged.
                    carried += values.and_then(|values| into.execute(params_from_iter(values))).unwrap_or(0);
                }
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        if whole {
            break;
        }
    }
    new.execute_batch("COMMIT")?;
    Ok(carried)
}

/// What people are told.
pub(super) fn notice(place: &Place, aside: &Place, found: &str, saved: &Salvaged) -> String {
    format!(
        "{} was damaged ({}). It was set aside as {}; {} rows of it could be read and were kept, {} of them work that is not finished. Look at \
         the disk, and keep that copy until you are sure that nothing is missing.",
        place.shown(),
        found.trim().replace('\n', " "),
        PathBuf::from(&aside.path).display(),
        saved.rows,
        saved.unfinished
    )
}
