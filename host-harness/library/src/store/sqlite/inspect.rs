//! Further looks into the file, for commands of an administrator: at one item, at accounts, at its state.

use super::error::DatabaseError;
use super::look::Look;
use super::maintain::{Fill, MOST_BYTES, MOST_ROWS};
use super::read;
use crate::store::{AccountState, WorkItem};

impl Look {
    /// The item with this key, whatever its state.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn work(&self, key: &str) -> Result<Option<WorkItem>, DatabaseError> {
        self.read(|file| match read::order_of(file, key)? {
            Some(order) => read::work_at(file, order),
            None => Ok(None),
        })
    }

    /// The item of this order, whatever its state.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn work_at(&self, order: u64) -> Result<Option<WorkItem>, DatabaseError> {
        self.read(|file| read::work_at(file, order))
    }

    /// What is known of accounts, by connector.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn accounts(&self) -> Result<Vec<AccountState>, DatabaseError> {
        self.read(read::accounts)
    }

    /// How full the store is.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fill(&self) -> Result<Fill, DatabaseError> {
        self.read(|file| {
            let figure = |pragma: &str| file.query_row(pragma, [], |row| row.get::<_, i64>(0));
            let pages = figure("PRAGMA page_count")?.saturating_sub(figure("PRAGMA freelist_count")?);
            let bytes = pages.saturating_mul(figure("PRAGMA page_size")?).cast_unsigned();
            let [pending, leased, ..] = read::tally(file)?;
            Ok(Fill { rows: pending.saturating_add(leased), bytes, of_rows: MOST_ROWS, of_bytes: MOST_BYTES })
        })
    }

    /// Reads the whole file to see whether it is sound, so the time grows with its size. Gives what is wrong with it; none: nothing.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check(&self) -> Result<Option<String>, DatabaseError> {
        let said = self.read(|file| file.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)))?;
        Ok((said != "ok").then_some(said))
    }
}
