//! How rows and their list are sealed: what is bound into a seal, and what opens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::table::{Found, ListRecord, Record, Sealed};
use crate::credential::entropy::Entropy;
use crate::credential::key::{Key, NONCE};
use crate::credential::problem::{Kind, Problem};
use crate::credential::store::Row;

/// The form that this release writes.
pub(super) const FORM: u64 = 1;

/// Which rows there are, in which version each. Sealed itself: a row that was taken out, or put back from an older copy, differs from it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// The last version that was given; it never goes back.
    pub(super) last_version: u64,
    /// With which key the list is sealed, and whatever is sealed next; none: nothing was ever sealed.
    pub(super) key_id: Option<String>,
    pub(super) rows: BTreeMap<Row, u64>,
    /// Mark of the sealed file that was taken over.
    pub(super) taken: Option<String>,
}

impl List {
    /// The version after the last one.
    pub(super) fn next_version(&mut self) -> Result<u64, Problem> {
        // SQLite counts no further. No honest change comes near it.
        self.last_version = self.last_version.checked_add(1).filter(|version| i64::try_from(*version).is_ok()).ok_or_else(damaged)?;
        Ok(self.last_version)
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    rows: Vec<(Row, u64)>,
    taken: Option<String>,
}

/// The keys at hand.
pub(super) struct Keys<'a>(pub(super) &'a [Key]);

impl Keys<'_> {
    pub(super) fn find(&self, id: &str) -> Result<&Key, Problem> {
        self.0.iter().find(|key| key.id() == id).ok_or_else(|| Problem::new(Kind::KeyWrong))
    }

    /// For what is sealed next. Not simply the first one: all rows are to be under one key, and only a rotation changes it.
    pub(super) fn for_list(&self, list: &List) -> Result<&Key, Problem> {
        match &list.key_id {
            Some(id) => self.find(id),
            None => self.0.first().ok_or_else(|| Problem::new(Kind::KeyWrong)),
        }
    }

    /// The list, of which the absence is damage where there are rows. Where there are none, it does not matter that nobody can open it: only
    /// its last version does.
    pub(super) fn understand(&self, found: &Found) -> Result<List, Problem> {
        match &found.list {
            None if found.rows => Err(damaged()),
            None => Ok(List::default()),
            Some(record) => match self.open_list(record) {
                Err(problem) if problem.kind() == Kind::KeyWrong && !found.rows => {
                    Ok(List { last_version: record.last_version, ..List::default() })
                }
                opened => opened,
            },
        }
    }

    fn open_list(&self, record: &ListRecord) -> Result<List, Problem> {
        if record.form != FORM {
            return Err(Problem::new(Kind::FileVersion).with("format", &record.form.to_string()));
        }
        let key_id = &record.content.key_id;
        let opened = open(self.find(key_id)?, &record.content, &about_list(record.last_version, key_id)?)?;
        let written: Written = serde_json::from_slice(&opened).map_err(|_| damaged())?;
        let rows = written.rows.into_iter().collect();
        Ok(List { last_version: record.last_version, key_id: Some(key_id.clone()), rows, taken: written.taken })
    }

    /// The row, if it is the one that the list names.
    pub(super) fn open_row(&self, list: &List, row: &Row, record: &Record) -> Result<Zeroizing<Vec<u8>>, Problem> {
        // First the key: that the right one is missing is not damage.
        let key = self.find(&record.content.key_id)?;
        if list.rows.get(row) != Some(&record.version) {
            return Err(damaged());
        }
        open(key, &record.content, &about_row(row, record.version, &record.content.key_id)?)
    }
}

pub(super) fn seal_list(list: &List, key: &Key, entropy: &dyn Entropy) -> Result<ListRecord, Problem> {
    let written = Written { rows: list.rows.iter().map(|(row, version)| (row.clone(), *version)).collect(), taken: list.taken.clone() };
    let content = serde_json::to_vec(&written).map_err(|_| damaged())?;
    let content = seal(key, entropy, &content, |id| about_list(list.last_version, id))?;
    Ok(ListRecord { form: FORM, last_version: list.last_version, content })
}

pub(super) fn seal_row(row: &Row, version: u64, content: &[u8], key: &Key, entropy: &dyn Entropy) -> Result<Record, Problem> {
    Ok(Record { version, content: seal(key, entropy, content, |id| about_row(row, version, id))? })
}

/// What is bound into a row's seal. JSON, so that no two rows can be spelt the same.
fn about_row(row: &Row, version: u64, key_id: &str) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&("database row", FORM, row, key_id, version)).map_err(|_| damaged())
}

fn about_list(last_version: u64, key_id: &str) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&("database list", FORM, key_id, last_version)).map_err(|_| damaged())
}

fn seal(key: &Key, entropy: &dyn Entropy, content: &[u8], about: impl FnOnce(&str) -> Result<Vec<u8>, Problem>) -> Result<Sealed, Problem> {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce)?;
    let key_id = key.id();
    let sealed = key.seal(nonce, content, &about(&key_id)?).ok_or_else(damaged)?;
    Ok(Sealed { key_id, nonce: nonce.to_vec(), sealed })
}

fn open(key: &Key, content: &Sealed, about: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let nonce = content.nonce.as_slice().try_into().map_err(|_| damaged())?;
    key.open(nonce, &content.sealed, about).map(Zeroizing::new).ok_or_else(damaged)
}

pub(super) fn damaged() -> Problem {
    Problem::new(Kind::FileDamaged)
}
