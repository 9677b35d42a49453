//! Another key for all rows, and rows that no key opens any more.

use std::sync::PoisonError;

use super::seal::{Keys, List, damaged, seal_list, seal_row};
use super::{SealedRows, as_problem, table};
use crate::credential::key::Key;
use crate::credential::problem::{Kind, Problem};

/// A greater version was given by nobody.
const MOST_BELIEVED: u64 = 1 << 62;

impl SealedRows {
    /// Seals every row with another key, all or none, and leaves nothing that is sealed with the old one in the file and its log. Versions
    /// stay: nothing has changed for those who use the rows. Gives how many there are.
    ///
    /// # Errors
    /// Nothing was changed: a row does not open, or the database cannot be written.
    pub fn rotate(&self, new: &Key) -> Result<usize, Problem> {
        self.take_over()?;
        let count = self.change(|connection, keys| {
            let mut list = keys.understand(&table::list(connection)?)?;
            if list.key_id.is_none() {
                return Ok(0);
            }
            let mut rows = Vec::new();
            for lying in table::all(connection)? {
                let row = lying.row().ok_or_else(damaged)?;
                let content = keys.open_row(&list, &row, &lying.record)?;
                rows.push(table::Lying::new(&row, seal_row(&row, lying.record.version, &content, new, &*self.entropy)?));
            }
            if rows.len() != list.rows.len() {
                return Err(damaged().into());
            }
            list.key_id = Some(new.id());
            let sealed = seal_list(&list, new, &*self.entropy)?;
            table::replace_all(connection, &rows)?;
            table::put_list(connection, &sealed)?;
            Ok(rows.len())
        });
        let count = count.map_err(as_problem)?;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(new.clone());
        self.empty_log();
        Ok(count)
    }

    /// Is all that there is sealed with this key?
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn is_sealed_with(&self, key: &Key) -> Result<bool, Problem> {
        let found = self.database.read(table::list)?;
        Ok(!found.rows || found.key_id() == Some(&key.id()))
    }

    /// Forgets the rows that do not open with the keys at hand, after a key was lost or something was damaged; a sealed file that cannot be
    /// read is put aside. Only where an administrator has said so: those accounts are to be connected again. Gives how many rows there were.
    ///
    /// # Errors
    /// There is no key, or the database cannot be written.
    pub fn forget_unreadable(&self) -> Result<usize, Problem> {
        let keys = self.refreshed_keys()?;
        let first = keys.first().ok_or_else(|| Problem::new(Kind::KeyWrong)).map_err(|problem| self.here(problem))?.clone();
        let forgotten = self.database.write(|connection| {
            let keys = Keys(&keys);
            let found = table::list(connection)?;
            let all = table::all(connection)?;
            let mut list = match keys.understand(&found) {
                // A later release can read it.
                Err(problem) if problem.kind() == Kind::FileVersion => return Err(problem.into()),
                Ok(list) if list.key_id.is_some() => list,
                _ => {
                    // What was tampered with could say any number; it must only never go back.
                    let told = found.list.iter().map(|list| list.last_version).chain(all.iter().map(|lying| lying.record.version));
                    let last_version = told.filter(|version| *version < MOST_BELIEVED).max().unwrap_or_default();
                    List { last_version, key_id: Some(first.id()), ..List::default() }
                }
            };
            let (mut kept, mut count) = (Vec::new(), 0);
            for lying in all {
                match lying.row() {
                    Some(row) if keys.open_row(&list, &row, &lying.record).is_ok() => kept.push(lying),
                    _ => count += 1,
                }
            }
            list.rows = kept.iter().filter_map(|lying| Some((lying.row()?, lying.record.version))).collect();
            let sealed = seal_list(&list, keys.for_list(&list)?, &*self.entropy)?;
            table::replace_all(connection, &kept)?;
            table::put_list(connection, &sealed)?;
            Ok(count)
        });
        let count = forgotten.map_err(|why| self.here(as_problem(why)))?;
        self.empty_log();
        self.put_old_aside()?;
        Ok(count)
    }
}
