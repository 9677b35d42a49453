//! Which keys there are: while one takes the other's place there are two.

use std::path::{Path, PathBuf};

use super::disk::beside;
use super::key::Key;
use super::problem::{Kind, Problem};

/// The end of the name of a key's successor, while it waits beside it.
const SUCCESSOR: &str = ".new";

/// Where keys come from. Asked again whenever something is met that was sealed with none of those at hand.
pub trait KeySource: Send + Sync {
    /// All of them. Where nothing is sealed yet, the first one seals.
    ///
    /// # Errors
    /// There is none, or it is not to be trusted.
    fn keys(&self) -> Result<Vec<Key>, Problem>;
}

impl KeySource for Vec<Key> {
    fn keys(&self) -> Result<Vec<Key>, Problem> {
        Ok(self.clone())
    }
}

/// A key in a file, and its successor beside it (with `.new` at the end of its name) while [`rotate`](super::rotation::rotate) is under way or
/// was interrupted.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    path: PathBuf,
}

impl KeyFiles {
    /// The key in this file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The key's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn successor(&self) -> PathBuf {
        beside(&self.path, SUCCESSOR)
    }
}

impl KeySource for KeyFiles {
    fn keys(&self) -> Result<Vec<Key>, Problem> {
        // The successor first: read the other way round, one that takes the name in between would be missed under both.
        let successor = Key::from_file(&self.successor());
        match (Key::from_file(&self.path), successor) {
            (Ok(key), Ok(successor)) => Ok(vec![key, successor]),
            // A successor that is not to be trusted must not stop what was sealed before it.
            (Ok(key), Err(_)) => Ok(vec![key]),
            (Err(problem), Ok(successor)) if problem.kind() == Kind::KeyMissing => Ok(vec![successor]),
            (Err(problem), _) => Err(problem),
        }
    }
}
