//! A store in memory: for tests, scenarios and simulations. It does not outlive the process.

use std::collections::BTreeMap;

use super::{AccountState, Change, Counts, Ordered, Store, Unwritten, WorkItem, WorkState, index_digits};
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::event::Moment;

type Reference = (String, String, String);

/// See the module.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore {
    work: BTreeMap<u64, WorkItem>,
    keys: BTreeMap<String, u64>,
    last_order: u64,
    known: BTreeMap<Reference, (Known, Vec<String>)>,
    by_digits: BTreeMap<String, Vec<Reference>>,
    books: BTreeMap<String, Book>,
    entries: BTreeMap<(String, String), Entry>,
    accounts: BTreeMap<String, AccountState>,
    orders: Vec<Ordered>,
}

impl MemoryStore {
    /// Puts an administrator's order in, as another process would.
    pub fn order(&mut self, ordered: Ordered) {
        self.orders.push(ordered);
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::PutWork(item) => {
                self.keys.insert(item.key.clone(), item.order);
                self.last_order = self.last_order.max(item.order);
                self.work.insert(item.order, *item);
            }
            Change::Progress { order, progress } => {
                if let Some(item) = self.work.get_mut(&order) {
                    item.progress = *progress;
                }
            }
            Change::PutKnown { known, digits, lasting: _ } => self.put_known(*known, digits),
            Change::ForgetKnown(gone) => self.forget_known(&reference(&gone)),
            Change::PutBook(book) => {
                self.books.insert(book.id.clone(), book);
            }
            Change::PutEntry { book, entry } => {
                self.entries.insert((book, entry.key.clone()), entry);
            }
            Change::RemoveEntry { book, key } => {
                self.entries.remove(&(book, key));
            }
            Change::PutAccount(state) => {
                self.accounts.insert(state.account.connector.clone(), state);
            }
            Change::OrderDone { id, .. } => self.orders.retain(|ordered| ordered.id != id),
        }
    }

    fn put_known(&mut self, known: Known, digits: Vec<String>) {
        let reference = reference(&known.entity.reference);
        self.forget_known(&reference);
        for one in &digits {
            self.by_digits.entry(one.clone()).or_default().push(reference.clone());
        }
        self.known.insert(reference, (known, digits));
    }

    fn forget_known(&mut self, reference: &Reference) {
        let Some((_, digits)) = self.known.remove(reference) else { return };
        for one in digits {
            if let Some(all) = self.by_digits.get_mut(&one) {
                all.retain(|other| other != reference);
            }
        }
    }

    fn of_state(&self, after: u64, limit: usize, wanted: impl Fn(&WorkState) -> bool) -> Vec<WorkItem> {
        self.work
            .range(after.saturating_add(1)..)
            .map(|(_, item)| item)
            .filter(|item| wanted(&item.progress.state))
            .take(limit)
            .cloned()
            .collect()
    }
}

impl Store for MemoryStore {
    fn commit(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.take(change);
        }
    }

    fn sync(&mut self) -> Result<(), Unwritten> {
        Ok(())
    }

    fn forget_what_lives(&mut self) {
        self.work.retain(|_, item| item.lasting);
        self.keys = self.work.values().map(|item| (item.key.clone(), item.order)).collect();
    }

    fn unsynced(&self) -> bool {
        false
    }

    fn work(&self, key: &str) -> Option<WorkItem> {
        self.work_at(*self.keys.get(key)?)
    }

    fn work_at(&self, order: u64) -> Option<WorkItem> {
        self.work.get(&order).cloned()
    }

    fn unfinished(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.of_state(after, limit, WorkState::is_unfinished)
    }

    fn dead(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.of_state(after, limit, |state| matches!(state, WorkState::Dead(_)))
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in self.work.values() {
            match item.progress.state {
                WorkState::Pending(_) => {
                    counts.pending += 1;
                    counts.oldest = Some(counts.oldest.map_or(item.asked_at, |oldest| oldest.min(item.asked_at)));
                }
                WorkState::Leased(_) => counts.leased += 1,
                WorkState::Done(_) => counts.done += 1,
                WorkState::Dead(_) => counts.dead += 1,
                WorkState::Discarded(_) => counts.discarded += 1,
            }
        }
        counts
    }

    fn last_order(&self) -> u64 {
        self.last_order
    }

    fn accounts(&self) -> Vec<AccountState> {
        self.accounts.values().cloned().collect()
    }

    fn orders(&self) -> Vec<Ordered> {
        self.orders.clone()
    }

    fn erase(&mut self, lane: &str, _digits: &str, same: &dyn Fn(&str) -> bool, _now: Moment) -> Result<usize, Unwritten> {
        let before = self.work.len() + self.known.len() + self.entries.len();
        self.work.retain(|_, item| item.lane != lane || item.progress.state.is_unfinished());
        self.keys.retain(|_, order| self.work.contains_key(order));
        let gone: Vec<Reference> = self
            .known
            .iter()
            .filter(|(_, (known, _))| known.entity.phones.iter().any(|(_, number)| same(number)))
            .map(|(reference, _)| reference.clone())
            .collect();
        for reference in gone {
            self.forget_known(&reference);
        }
        self.entries.retain(|_, entry| !entry.numbers.iter().any(|(_, number)| same(number)));
        Ok(before - self.work.len() - self.known.len() - self.entries.len())
    }

    fn known(&self, wanted: &RecordRef) -> Option<Known> {
        self.known.get(&reference(wanted)).map(|(known, _)| known.clone())
    }

    fn known_by_digits(&self, digits: &str) -> Vec<Known> {
        let references = self.by_digits.get(digits).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Known> = references.iter().filter_map(|one| self.known.get(one)).map(|(known, _)| known.clone()).collect();
        found.sort_by(|a, b| (b.seen_at, reference(&a.entity.reference)).cmp(&(a.seen_at, reference(&b.entity.reference))));
        found.dedup_by(|a, b| a.entity.reference == b.entity.reference);
        found.truncate(50);
        found
    }

    fn books(&self) -> Vec<Book> {
        let mut books: Vec<Book> = self.books.values().cloned().collect();
        for book in &mut books {
            book.entries = u32::try_from(self.entries.keys().filter(|(id, _)| *id == book.id).count()).unwrap_or(u32::MAX);
        }
        books.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        books
    }

    fn entry(&self, book: &str, key: &str) -> Option<Entry> {
        self.entries.get(&(book.to_owned(), key.to_owned())).cloned()
    }

    fn entries_by_digits(&self, digits: &str) -> Vec<(String, Entry)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.numbers.iter().any(|(_, number)| index_digits(number) == digits))
            .map(|((book, _), entry)| (book.clone(), entry.clone()))
            .collect()
    }

    fn entries(&self, book: &str) -> Vec<Entry> {
        self.entries.iter().filter(|((id, _), _)| id == book).map(|(_, entry)| entry.clone()).collect()
    }
}

fn reference(record: &RecordRef) -> Reference {
    (record.connector.clone(), record.kind.clone(), record.id.clone())
}
