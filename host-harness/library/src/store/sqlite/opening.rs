//! Opening at start: the file is looked at before anything is written to it, set aside where it is damaged, and brought up to date.

use rusqlite::{Connection, ErrorCode};

use super::damage;
use super::error::OpenError;
use super::place::{OLDEST_SQLITE, Place};
use super::schema::{Newer, Standing, Versions, migrate, standing};
use crate::event::Moment;

/// Why a file was not opened.
enum Refused {
    Newer(Newer),
    /// With what was found.
    Damaged(String),
    Failed(rusqlite::Error),
}

/// The connection, and what people must be told.
pub(super) fn open(place: &Place, versions: Versions, now: Moment) -> Result<(Connection, Vec<String>), OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::OldSqlite(rusqlite::version().to_owned()));
    }
    let failed = |why: &dyn std::fmt::Display| OpenError::Failed { path: place.shown(), why: why.to_string() };
    let mut notices = Vec::new();
    let found = damage::before_opening(place, now, &mut notices).map_err(|why| failed(&why))?;
    place.prepare().map_err(|why| failed(&why))?;
    let refused = match found {
        Some(found) => Refused::Damaged(found),
        None => match attempt(place, versions) {
            Ok(connection) => return Ok((connection, notices)),
            Err(refused) => refused,
        },
    };
    let found = match refused {
        Refused::Newer(Newer(theirs, ours)) => return Err(OpenError::Newer { path: place.shown(), theirs, ours }),
        Refused::Failed(why) => return Err(failed(&why)),
        Refused::Damaged(found) => found,
    };
    let aside = damage::set_aside(place, now).map_err(|why| failed(&why))?;
    place.prepare().map_err(|why| failed(&why))?;
    let connection = match attempt(place, versions) {
        Ok(connection) => connection,
        Err(Refused::Failed(why)) => return Err(failed(&why)),
        Err(Refused::Damaged(why)) => return Err(failed(&why)),
        Err(Refused::Newer(_)) => return Err(failed(&"it changed while it was opened")),
    };
    let saved = damage::salvage(&connection, &aside);
    notices.push(damage::notice(place, &aside, &found, &saved));
    Ok((connection, notices))
}

fn attempt(place: &Place, versions: Versions) -> Result<Connection, Refused> {
    let connection = place.connect()?;
    let from = match standing(&connection, versions)? {
        Standing::Newer(newer) => return Err(Refused::Newer(newer)),
        Standing::Strange => return Err(Refused::Damaged("its header is not that of a store".to_owned())),
        Standing::Empty => 0,
        Standing::Known(version) => {
            check(&connection)?;
            version
        }
    };
    place.tune(&connection)?;
    migrate(&connection, from, versions)?;
    // A header that forbids writing is told here, not with the first call.
    connection.execute("UPDATE meta SET value = value WHERE name = 'schema'", [])?;
    Ok(connection)
}

fn check(connection: &Connection) -> Result<(), Refused> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Refused::Damaged(said)) }
}

impl From<rusqlite::Error> for Refused {
    fn from(why: rusqlite::Error) -> Self {
        match why.sqlite_error_code() {
            // The file may be written, else it would not have come so far: so the header is what forbids it.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ReadOnly) => Self::Damaged(why.to_string()),
            _ => Self::Failed(why),
        }
    }
}
