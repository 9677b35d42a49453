//! Where credentials are kept, behind a trait: the host's database, or memory in simulations.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::problem::Problem;

/// Names a row. It is bound into what is sealed: a row that is put in another one's place does not open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    /// Id of the connector.
    pub connector: String,
    /// Which of its accounts, in the host's words.
    pub account: String,
    /// What is in it.
    pub part: Part,
}

/// What is in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The [`Connection`](super::connection::Connection).
    Connection,
    /// What the administrator approved.
    Approval,
}

impl Row {
    /// The connection of an account.
    #[must_use]
    pub fn connection(connector: &str, account: &str) -> Self {
        Self { connector: connector.to_owned(), account: account.to_owned(), part: Part::Connection }
    }

    /// The approval of an account.
    #[must_use]
    pub fn approval(connector: &str, account: &str) -> Self {
        Self { connector: connector.to_owned(), account: account.to_owned(), part: Part::Approval }
    }
}

/// What is in a row, and which state of it.
pub struct Stored {
    /// Grows with every change; no row gets the same one twice, not even after it was deleted.
    pub version: u64,
    /// As it was put. Wiped from memory in the end.
    pub content: Zeroizing<Vec<u8>>,
}

/// A change was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStored {
    /// The row is not in the state that was expected: load it again.
    Changed,
    /// The store cannot.
    Failed(Problem),
}

impl From<Problem> for NotStored {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// Keeps rows. When a change returns, it survives a power cut. To be shared between threads; another process may use the same store.
pub trait CredentialStore: Send + Sync {
    /// The row, if there is one.
    ///
    /// # Errors
    /// The store cannot be read. It is left as it is.
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem>;

    /// Puts the row in place of the one with that version, or where none is (`None`). Gives the new version.
    ///
    /// # Errors
    /// Nothing was changed.
    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored>;

    /// Takes the row with that version away.
    ///
    /// # Errors
    /// Nothing was changed.
    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored>;
}

/// A store in memory, for simulations and tests. It does not last.
#[derive(Default)]
pub struct MemoryStore {
    /// The last version, and the rows with theirs.
    rows: Mutex<(u64, Rows)>,
}

type Rows = BTreeMap<Row, (u64, Zeroizing<Vec<u8>>)>;

impl MemoryStore {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl CredentialStore for MemoryStore {
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.1.get(row).map(|(version, content)| Stored { version: *version, content: content.clone() }))
    }

    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.1.get(row).map(|(version, _)| *version) != expected {
            return Err(NotStored::Changed);
        }
        rows.0 += 1;
        let version = rows.0;
        rows.1.insert(row.clone(), (version, Zeroizing::new(content.to_vec())));
        Ok(version)
    }

    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.1.get(row).map(|(version, _)| *version) != Some(expected) {
            return Err(NotStored::Changed);
        }
        rows.1.remove(row);
        Ok(())
    }
}

/// What every store must do; each runs it over itself.
#[cfg(test)]
pub(super) fn check_a_store(store: &dyn CredentialStore) {
    let (one, other) = (Row::connection("salesforce", "main"), Row::connection("salesforce", "second"));
    assert!(store.load(&one).unwrap().is_none());
    let first = store.put(&one, None, b"a").unwrap();
    assert_eq!(store.put(&one, None, b"b"), Err(NotStored::Changed), "there is one already");
    let second = store.put(&one, Some(first), b"b").unwrap();
    assert!(second > first);
    assert_eq!(store.put(&one, Some(first), b"c"), Err(NotStored::Changed), "an old state");
    assert_eq!(store.put(&other, Some(second), b"c"), Err(NotStored::Changed), "another row's state");
    store.put(&other, None, b"other").unwrap();
    store.put(&Row::approval("salesforce", "main"), None, b"approved").unwrap();
    let stored = store.load(&one).unwrap().unwrap();
    assert_eq!((stored.version, stored.content.as_slice()), (second, b"b".as_slice()));
    assert_eq!(store.delete(&one, first), Err(NotStored::Changed));
    store.delete(&one, second).unwrap();
    assert!(store.load(&one).unwrap().is_none());
    assert_eq!(store.delete(&one, second), Err(NotStored::Changed));
    assert!(store.put(&one, None, b"again").unwrap() > second, "a version never comes twice");
    assert_eq!(store.load(&other).unwrap().unwrap().content.as_slice(), b"other");
    assert_eq!(store.load(&Row::approval("salesforce", "main")).unwrap().unwrap().content.as_slice(), b"approved");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_rows() {
        check_a_store(&MemoryStore::new());
    }
}
