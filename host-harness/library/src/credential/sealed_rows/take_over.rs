//! The rows of the sealed file of an older release are moved into the database.
//!
//! One transaction puts them there, together with a mark of the file; only when that is durable is the file erased. Whoever is interrupted
//! between both finds the mark, and erases the file without looking into it: what was changed or deleted since does not come back.

use std::path::Path;
use std::sync::PoisonError;

use super::seal::{Keys, seal_list, seal_row};
use super::{SealedRows, as_problem, table};
use crate::credential::key::Key;
use crate::credential::problem::{Kind, Problem};
use crate::credential::sealed_file::SealedFile;

impl SealedRows {
    /// Takes over what waits for it.
    pub(super) fn take_over(&self) -> Result<(), Problem> {
        let mut old = self.old.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = old.as_deref() {
            self.take(path)?;
            *old = None;
        }
        Ok(())
    }

    fn take(&self, path: &Path) -> Result<(), Problem> {
        let Some(file) = SealedFile::find(path)? else { return Ok(()) };
        let mark = file.mark();
        if self.list()?.taken.as_ref() != Some(&mark) {
            let contents = file.read(|id| self.key_of(id))?;
            let moved = self.change(|connection, keys| {
                let mut list = keys.understand(&table::list(connection)?)?;
                let key = keys.for_list(&list)?;
                list.last_version = list.last_version.max(contents.last_version);
                let mut sealed = Vec::new();
                for (row, content) in &contents.rows {
                    // The one that is here is the later one.
                    if !list.rows.contains_key(row) {
                        let version = list.next_version()?;
                        list.rows.insert(row.clone(), version);
                        let record = seal_row(row, version, content, key, &*self.entropy)?;
                        sealed.push(table::Lying::new(row, record));
                    }
                }
                (list.key_id, list.taken) = (Some(key.id()), Some(mark.clone()));
                let listed = seal_list(&list, key, &*self.entropy)?;
                sealed.iter().try_for_each(|row| table::put(connection, row))?;
                table::put_list(connection, &listed)?;
                Ok(sealed.len())
            });
            let moved = moved.map_err(as_problem)?;
            tracing::info!(moved, "the credentials of an older release were moved into the database");
        }
        if let Err(problem) = file.erase(&*self.files) {
            // Nothing needs it any more; the next start tries again.
            tracing::warn!(%problem, "the old file of credentials could not be erased");
        }
        Ok(())
    }

    /// Puts a file that cannot be taken over out of the way.
    pub(super) fn put_old_aside(&self) -> Result<(), Problem> {
        let Err(problem) = self.take_over() else { return Ok(()) };
        if !matches!(problem.kind(), Kind::KeyWrong | Kind::FileDamaged) {
            return Err(problem);
        }
        let mut old = self.old.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = old.as_deref().map(SealedFile::find).transpose()?.flatten() {
            let aside = file.put_aside(&*self.files)?;
            tracing::warn!(file = %aside.display(), "the old file of credentials could not be read and was put aside");
        }
        *old = None;
        Ok(())
    }

    /// The key with that id, asked for again if it is not at hand.
    fn key_of(&self, id: &str) -> Result<Key, Problem> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match Keys(&keys).find(id) {
            Ok(key) => Ok(key.clone()),
            Err(_) => Keys(&self.refreshed_keys()?).find(id).cloned(),
        }
    }
}
