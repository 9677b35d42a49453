//! The one way by which rows change, so that indexes follow and every change can be undone.

use std::collections::VecDeque;

use super::{Org, Row, Savepoint, search::Reindexed};
use crate::id::Id;

/// More changes than the biggest transaction of the REST API makes; older ones cannot be undone any more.
const KEPT: usize = 60_000;

/// What a change replaced.
#[derive(Debug)]
struct Change {
    table: usize,
    id: Id,
    before: Option<Row>,
    reindexed: Reindexed,
}

/// The latest changes, counted from the org's beginning.
#[derive(Debug, Default)]
pub(super) struct Journal {
    changes: VecDeque<Change>,
    forgotten: usize,
}

/// When a changed row is found by searches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Indexed {
    /// When the lag is over.
    After(i64),
    /// At once, as if it had always been there.
    Always,
}

impl Org {
    /// Puts a row in, new or changed.
    pub(super) fn store(&mut self, table: usize, row: Row, indexed: Indexed) {
        let Some(there) = self.tables.get_mut(table) else { return };
        let id = row.id;
        let written = match indexed {
            Indexed::After(moment) => moment,
            Indexed::Always => i64::MIN,
        };
        let before = there.rows.get(&id);
        let seen = (!row.is_deleted).then_some(&row);
        let reindexed = if there.object.searchable { there.search.reindex(id, before, seen, written) } else { Reindexed::default() };
        if row.is_deleted && !self.knobs.deleted_rows_linger {
            there.search.forget(reindexed);
        }
        let before = there.replace(id, Some(row));
        self.journal.changes.push_back(Change { table, id, before, reindexed });
        if self.journal.changes.len() > KEPT {
            self.journal.changes.pop_front();
            self.journal.forgotten += 1;
        }
    }

    /// Remembers this moment; one that is left open costs nothing.
    pub fn savepoint(&mut self) -> Savepoint {
        Savepoint(self.journal.forgotten + self.journal.changes.len())
    }

    /// Ends the putting in of many rows: it cannot be undone, and the search indexes are put in order.
    pub(crate) fn settle(&mut self) {
        for table in &mut self.tables {
            table.search.settle();
        }
        self.journal.forgotten += self.journal.changes.len();
        self.journal.changes.clear();
    }

    /// Undoes all changes since the savepoint. Ids that were given out are not given out again.
    pub fn roll_back(&mut self, to: Savepoint) {
        while self.journal.forgotten + self.journal.changes.len() > to.0 {
            let Some(change) = self.journal.changes.pop_back() else { return };
            let Some(table) = self.tables.get_mut(change.table) else { continue };
            table.replace(change.id, change.before);
            table.search.undo(change.id, change.reindexed);
        }
    }
}
