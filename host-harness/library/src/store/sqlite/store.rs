//! The trait [`Store`] over the file: changes are taken into memory and written with the next `sync`.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::apply::apply;
use super::database::Database;
use super::error::DatabaseError;
use super::layer::{Layer, Work};
use super::{erase, maintain, read, rows};
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::event::Moment;
use crate::store::{AccountState, Change, Counts, Ordered, Room, Store, Unwritten, WorkItem, WorkState};

/// Changes in one transaction, once more than that wait: while the disk is full, a try in vain costs little.
const ONE_TRANSACTION: usize = 500;

/// Most records by digits.
const MOST_KNOWN_BY_DIGITS: usize = 50;

/// Work, records, phonebooks and accounts in an SQLite file. See the module.
#[derive(Debug)]
pub struct SqliteStore {
    pub(super) database: Arc<Database>,
    pub(super) layer: Layer,
    /// How much work is in each state, by its number, memory included.
    pub(super) tally: [u64; 5],
    pub(super) last_order: u64,
    /// How many entries each book has, memory included.
    pub(super) entries: BTreeMap<String, u32>,
    pub(super) upkeep: maintain::Upkeep,
}

impl SqliteStore {
    /// The store in this file. Counts what is there, so the time grows with the number of items.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(database: Arc<Database>) -> Result<Self, DatabaseError> {
        let (tally, last_order, entries) =
            database.read(|file| Ok((read::tally(file)?, read::last_order(file)?, read::entry_counts(file)?)))?;
        let entries = entries.into_iter().collect();
        Ok(Self { database, layer: Layer::default(), tally, last_order, entries, upkeep: maintain::Upkeep::default() })
    }

    /// Reads the file. A failure is told in the log, and as nothing found: who asks can do nothing about it.
    pub(super) fn look<T: Default>(&self, what: &str, by: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        self.database.read(by).unwrap_or_else(|why| {
            tracing::error!(%what, %why, "the store could not be read");
            T::default()
        })
    }

    fn state_of(&self, order: u64) -> Result<Option<i64>, DatabaseError> {
        match self.layer.work(order) {
            Some(Work::Whole(item)) => Ok(Some(number(&item.progress.state))),
            Some(Work::Progress(progress)) => Ok(Some(number(&progress.state))),
            None => self.database.read(|file| read::state_of(file, order)),
        }
    }

    /// Keeps the figures true to a change that is about to be taken. False: it changes nothing, since there is no such item.
    fn count(&mut self, change: &Change) -> bool {
        match change {
            Change::PutWork(item) => {
                self.last_order = self.last_order.max(item.order);
                let before = self.state_of(item.order).unwrap_or_default();
                self.moved(before, number(&item.progress.state));
            }
            Change::Progress { order, progress } => {
                let before = match self.state_of(*order) {
                    Ok(None) => return false,
                    // While the file cannot be read nobody knows: what follows from an answer must not be lost for that.
                    before => before.unwrap_or_default(),
                };
                self.moved(before, number(&progress.state));
            }
            Change::PutEntry { book, entry } if Store::entry(self, book, &entry.key).is_none() => {
                let count = self.entries.entry(book.clone()).or_default();
                *count = count.saturating_add(1);
            }
            Change::RemoveEntry { book, key } if Store::entry(self, book, key).is_some() => {
                if let Some(count) = self.entries.get_mut(book) {
                    *count = count.saturating_sub(1);
                }
            }
            _ => {}
        }
        true
    }

    fn moved(&mut self, from: Option<i64>, to: i64) {
        if let Some(count) = from.and_then(|from| self.figure(from)) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.figure(to) {
            *count = count.saturating_add(1);
        }
    }

    fn figure(&mut self, state: i64) -> Option<&mut u64> {
        usize::try_from(state).ok().and_then(|state| self.tally.get_mut(state))
    }

    /// Work that was in memory alone is forgotten.
    pub(super) fn uncount(&mut self, gone: &[WorkItem]) {
        for item in gone {
            if let Some(count) = self.figure(number(&item.progress.state)) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// Items of unfinished or dead work, by order: those of the file and those of memory, merged.
    fn listed(&self, dead: bool, after: u64, limit: usize) -> Vec<WorkItem> {
        let wanted = |state: &WorkState| if dead { matches!(state, WorkState::Dead(_)) } else { state.is_unfinished() };
        let mut items: Vec<WorkItem> = Vec::new();
        if limit == 0 {
            return items;
        }
        self.look("work", |file| {
            // Where memory knows something of an item, the file's word does not count.
            let mut in_memory = self.layer.work_after(after).peekable();
            let mut from_memory = |items: &mut Vec<WorkItem>, before: Option<u64>| -> rusqlite::Result<()> {
                while let Some(order) = in_memory.next_if(|order| before.is_none_or(|before| *order < before)) {
                    if items.len() >= limit {
                        break;
                    }
                    items.extend(self.merged(file, order)?.filter(|item| wanted(&item.progress.state)));
                }
                Ok(())
            };
            let mut failed = Ok(());
            read::each(file, dead, after, |item| {
                failed = from_memory(&mut items, Some(item.order));
                if failed.is_ok() && items.len() < limit && self.layer.work(item.order).is_none() {
                    items.push(item);
                }
                failed.is_ok() && items.len() < limit
            })?;
            failed?;
            from_memory(&mut items, None)
        });
        items
    }

    fn merged(&self, file: &Connection, order: u64) -> rusqlite::Result<Option<WorkItem>> {
        match self.layer.work(order) {
            Some(Work::Whole(item)) => Ok(Some((**item).clone())),
            Some(Work::Progress(progress)) => {
                Ok(read::work_at(file, order)?.map(|item| WorkItem { progress: (**progress).clone(), ..item }))
            }
            None => read::work_at(file, order),
        }
    }
}

impl Store for SqliteStore {
    fn commit(&mut self, changes: Vec<Change>) {
        for change in changes {
            if self.count(&change) {
                self.layer.take(change);
            }
        }
        self.layer.close_group();
    }

    fn sync(&mut self) -> Result<(), Unwritten> {
        while let Some(last) = self.layer.next(ONE_TRANSACTION) {
            self.database.write(|file| self.layer.up_to(last).try_for_each(|change| apply(file, change)))?;
            self.layer.written(last);
        }
        Ok(())
    }

    fn unsynced(&self) -> bool {
        self.layer.waiting() > 0
    }

    fn work(&self, key: &str) -> Option<WorkItem> {
        match self.layer.order_of(key) {
            Some(order) => self.work_at(order),
            None => {
                let order = self.look("work", |file| read::order_of(file, key))?;
                self.work_at(order)
            }
        }
    }

    fn work_at(&self, order: u64) -> Option<WorkItem> {
        match self.layer.work(order) {
            Some(Work::Whole(item)) => Some((**item).clone()),
            _ => self.look("work", |file| self.merged(file, order)),
        }
    }

    fn unfinished(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.listed(false, after, limit)
    }

    fn dead(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.listed(true, after, limit)
    }

    fn counts(&self) -> Counts {
        let [pending, leased, dead, done, discarded] = self.tally;
        let in_file = self.look("counts", |file| read::oldest_pending(file, |order| self.layer.work(order).is_some()));
        let in_memory = self.layer.work_after(0).filter_map(|order| self.work_at(order));
        let in_memory = in_memory.filter(|item| matches!(item.progress.state, WorkState::Pending(_))).map(|item| item.asked_at);
        Counts { pending, leased, dead, done, discarded, oldest: in_memory.chain(in_file).min() }
    }

    fn room(&self) -> Room {
        maintain::room(self)
    }

    fn last_order(&self) -> u64 {
        self.last_order
    }

    fn accounts(&self) -> Vec<AccountState> {
        let in_file = self.look("accounts", read::accounts).into_iter().map(|state| (state.account.connector.clone(), state));
        let mut all: BTreeMap<String, AccountState> = in_file.collect();
        all.extend(self.layer.accounts().map(|state| (state.account.connector.clone(), state.clone())));
        all.into_values().collect()
    }

    fn orders(&self) -> Vec<Ordered> {
        let mut orders = self.look("orders", read::orders);
        orders.retain(|order| !self.layer.is_order_done(order.id));
        orders
    }

    fn maintain(&mut self, now: Moment) {
        maintain::maintain(self, now);
    }

    fn erase(&mut self, lane: &str, digits: &str, same: &dyn Fn(&str) -> bool, now: Moment) -> Result<usize, Unwritten> {
        erase::erase(self, lane, digits, same, now)
    }

    fn known(&self, reference: &RecordRef) -> Option<Known> {
        match self.layer.known(reference) {
            Some(known) => known.cloned(),
            None => self.look("known", |file| read::known(file, reference)),
        }
    }

    fn known_by_digits(&self, digits: &str) -> Vec<Known> {
        let mut found = self.look("known", |file| read::known_by_digits(file, digits));
        found.retain(|known| self.layer.known(&known.entity.reference).is_none());
        found.extend(self.layer.known_by_digits(digits).cloned());
        found.sort_by_cached_key(|known| {
            let reference = &known.entity.reference;
            (std::cmp::Reverse(known.seen_at), reference.connector.clone(), reference.kind.clone(), reference.id.clone())
        });
        found.truncate(MOST_KNOWN_BY_DIGITS);
        found
    }

    fn books(&self) -> Vec<Book> {
        let in_file = self.look("books", read::books).into_iter().map(|book| (book.id.clone(), book));
        let mut all: BTreeMap<String, Book> = in_file.collect();
        all.extend(self.layer.books().map(|book| (book.id.clone(), book.clone())));
        let mut books: Vec<Book> = all.into_values().collect();
        for book in &mut books {
            book.entries = self.entries.get(&book.id).copied().unwrap_or(0);
        }
        books.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        books
    }

    fn entry(&self, book: &str, key: &str) -> Option<Entry> {
        match self.layer.entry(book, key) {
            Some(entry) => entry.cloned(),
            None => self.look("entry", |file| read::entry(file, book, key)),
        }
    }

    fn entries_by_digits(&self, digits: &str) -> Vec<(String, Entry)> {
        let mut found = self.look("entries", |file| read::entries_by_digits(file, digits));
        found.retain(|(book, entry)| self.layer.entry(book, &entry.key).is_none());
        found.extend(self.layer.entries_by_digits(digits).map(|(book, entry)| (book.to_owned(), entry.clone())));
        found.sort_by(|a, b| (&a.0, &a.1.key).cmp(&(&b.0, &b.1.key)));
        found
    }

    fn entries(&self, book: &str) -> Vec<Entry> {
        let mut found = self.look("entries", |file| read::entries(file, book));
        found.retain(|entry| self.layer.entry(book, &entry.key).is_none());
        found.extend(self.layer.entries().filter(|(of, _)| *of == book).map(|(_, entry)| entry.clone()));
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found
    }
}

pub(super) fn number(state: &WorkState) -> i64 {
    match state {
        WorkState::Pending(_) => rows::PENDING,
        WorkState::Leased(_) => rows::LEASED,
        WorkState::Dead(_) => rows::DEAD,
        WorkState::Done(_) => rows::DONE,
        WorkState::Discarded(_) => rows::DISCARDED,
    }
}
