//! From one schema to the next.

use std::sync::Arc;

use rusqlite::Connection;

use super::Folder;
use super::disk::{Disk, Random};
use crate::store::check::{put, work};
use crate::store::sqlite::schema::{VERSIONS, Versions};
use crate::store::sqlite::{Database, OpenError, SqliteStore};
use crate::store::{Kind, Store};

/// As a later release might have it.
const LATER: Versions = &[
    match VERSIONS.first() {
        Some(first) => first,
        None => &[],
    },
    &[
        "ALTER TABLE finished ADD COLUMN cost INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE usage (connector TEXT PRIMARY KEY, spent INTEGER NOT NULL) STRICT",
        "INSERT INTO usage (connector, spent) SELECT connector, count(*) FROM work GROUP BY connector",
        "CREATE INDEX usage_spent ON usage (spent)",
        "DROP TABLE erased",
    ],
];

/// The version, and what of the two schemas is there: the old table, the new one, the new column, and the new table's rows.
fn look(file: &Connection) -> rusqlite::Result<(i64, bool, bool, bool)> {
    let has = |name: &str| file.query_row("SELECT count(*) FROM sqlite_schema WHERE name = ?1", [name], |row| row.get::<_, bool>(0));
    let column = file.query_row("SELECT count(*) FROM pragma_table_info('finished') WHERE name = 'cost'", [], |row| row.get(0))?;
    Ok((file.query_row("PRAGMA user_version", [], |row| row.get(0))?, has("erased")?, has("usage_spent")?, column))
}

#[test]
fn f25_a_migration_that_is_interrupted_anywhere_leaves_the_old_schema_or_the_new_one() {
    let mut seen = [0, 0];
    for seed in 0..4 {
        for after in 0.. {
            let disk = Disk::new();
            let database = Database::open_at(disk.place(), VERSIONS, 1).unwrap().database;
            let mut store = SqliteStore::new(Arc::new(database)).unwrap();
            store.commit((1..30).map(|order| put(&work(order, Kind::Journal, "15550140", 1))).collect());
            store.sync().unwrap();
            drop(store);
            disk.state().faults.power_goes_after = Some(after);
            let through = Database::open_at(disk.place(), LATER, 1).is_ok();
            let untouched = disk.state().faults.power_goes_after.is_some_and(|left| left > 0);
            disk.power_returns(Random(seed).next() ^ after);
            // As the next start finds it, before it goes on.
            let found = look(&disk.place().connect().unwrap()).unwrap();
            match found {
                (1, true, false, false) => seen[0] += 1,
                (2, false, true, true) => seen[1] += 1,
                between => panic!("between old and new after {after} steps: {between:?}"),
            }
            if through {
                assert_eq!(found.0, 2, "what was acknowledged is lost");
            }
            let opened = Database::open_at(disk.place(), LATER, 1).unwrap();
            assert_eq!(opened.notices, Vec::<String>::new());
            assert_eq!(SqliteStore::new(Arc::new(opened.database)).unwrap().unfinished(0, 100).len(), 29);
            if through && untouched {
                break;
            }
        }
    }
    assert!(seen[0] > 3 && seen[1] > 3, "{seen:?}");
}

#[test]
fn f25_a_migration_of_which_any_statement_fails_leaves_the_old_schema() {
    for broken in 0..LATER[1].len() {
        let folder = Folder::new();
        drop(super::opened(&folder.file()));
        let mut statements = LATER[1].to_vec();
        statements.insert(broken, "INSERT INTO nowhere VALUES (1)");
        let versions: Versions = Box::leak(Box::new([LATER[0], Box::leak(statements.into_boxed_slice())]));
        let refused = Database::open_at(crate::store::sqlite::place::Place::new(&folder.file()), versions, 1);
        assert!(matches!(refused, Err(OpenError::Failed { .. })));
        assert_eq!(look(&crate::store::sqlite::place::Place::new(&folder.file()).look().unwrap()).unwrap(), (1, true, false, false));
        super::opened(&folder.file());
    }
}

#[test]
fn f25_a_file_of_a_newer_release_is_refused_and_not_touched() {
    let folder = Folder::new();
    drop(Database::open_at(crate::store::sqlite::place::Place::new(&folder.file()), LATER, 1).unwrap());
    let before = std::fs::read(folder.file()).unwrap();
    let refused = Database::open(&folder.file(), 1).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { theirs: 2, ours: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("nothing was changed"), "{refused}");
    assert_eq!(std::fs::read(folder.file()).unwrap(), before);
    assert!(folder.named("pbx-crm.db.damaged").is_empty());
    assert!(matches!(Database::look(&folder.file()), Err(OpenError::Newer { .. })));
}
