//! A store in memory: for tests, scenarios and simulations. It does not outlive the process.

use std::collections::BTreeMap;

use super::{Change, Store, StoreError, WorkItem, WorkState, index_digits};
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};

type Reference = (String, String, String);

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryStore {
    work: BTreeMap<String, WorkItem>,
    known: BTreeMap<Reference, (Known, Vec<String>)>,
    books: BTreeMap<String, Book>,
    entries: BTreeMap<(String, String), Entry>,
    marks: BTreeMap<String, u64>,
}

impl Store for MemoryStore {
    fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        for change in changes {
            match change {
                Change::PutWork(item) => {
                    self.work.insert(item.key.clone(), *item);
                }
                Change::PutKnown { known, digits } => {
                    self.known.insert(reference(&known.entity.reference), (*known, digits));
                }
                Change::ForgetKnown(gone) => {
                    self.known.remove(&reference(&gone));
                }
                Change::PutBook(book) => {
                    self.books.insert(book.id.clone(), book);
                }
                Change::PutEntry { book, entry } => {
                    self.entries.insert((book, entry.key.clone()), entry);
                }
                Change::RemoveEntry { book, key } => {
                    self.entries.remove(&(book, key));
                }
                Change::MarkEvent { call, sequence } => {
                    self.marks.insert(call, sequence);
                }
            }
        }
        Ok(())
    }

    fn work(&self, key: &str) -> Option<WorkItem> {
        self.work.get(key).cloned()
    }

    fn unfinished(&self) -> Vec<WorkItem> {
        let mut items: Vec<WorkItem> = self.work.values().filter(|item| !matches!(item.state, WorkState::Done(_))).cloned().collect();
        items.sort_by_key(|item| item.order);
        items
    }

    fn known(&self, wanted: &RecordRef) -> Option<Known> {
        self.known.get(&reference(wanted)).map(|(known, _)| known.clone())
    }

    fn known_by_digits(&self, digits: &str) -> Vec<Known> {
        let mut found: Vec<Known> =
            self.known.values().filter(|(_, all)| all.iter().any(|one| one == digits)).map(|(known, _)| known.clone()).collect();
        found.sort_by_key(|known| std::cmp::Reverse(known.seen_at));
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

    fn marked(&self, call: &str) -> u64 {
        self.marks.get(call).copied().unwrap_or(0)
    }
}

fn reference(record: &RecordRef) -> Reference {
    (record.connector.clone(), record.kind.clone(), record.id.clone())
}
