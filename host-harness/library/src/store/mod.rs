//! What must outlive a restart: waiting work, known records, phonebooks. A trait, since firmware may have its own store.

pub mod memory;

use serde::{Deserialize, Serialize};

use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::{About, Amendment, Draft, Failure, JournalEntry, RecordRef};
use crate::bindings::hooks::calls::Call;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::bindings::hooks::types::Number;
use crate::event::Moment;

/// What is to be done at a CRM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Whose is this number?
    Match(Number),
    /// Make this record unless it is there.
    Create(Box<Draft>),
    /// Write this into a record's history.
    Journal {
        /// Where it goes.
        about: About,
        /// What.
        entry: Box<JournalEntry>,
    },
    /// Change what was journalled with this key.
    Amend {
        /// Key of the journal entry.
        journal_key: String,
        /// Absent parts stay.
        change: Box<Amendment>,
    },
}

/// Where a piece of work stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WorkState {
    /// To be done, not before that moment.
    Pending(Moment),
    /// Given to a connector at that moment.
    Leased(Moment),
    /// Done: the CRM's record or activity, where there is one.
    Done(Option<RecordRef>),
    /// Over, until somebody replays it.
    Dead(Box<Failure>),
}

/// A piece of durable work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkItem {
    /// Stable: the same key means the same work.
    pub key: String,
    /// Order of asking, given by the store's user; grows.
    pub order: u64,
    /// The call for which it is done.
    pub call: Option<String>,
    /// The call's summary once it has ended, so that a late answer finds it.
    pub summary: Option<Box<Call>>,
    /// What.
    pub task: Task,
    /// Where it stands.
    pub state: WorkState,
    /// Tries so far.
    pub tries: u32,
    /// First try, for looking an unclear one up.
    pub first_tried: Option<Moment>,
    /// The last answer was unclear: look it up by its key before it is done again.
    pub unclear: bool,
    /// How often an unclear one was looked up without being found.
    pub looked_up: u32,
    /// The plugin was told that it waits.
    pub told_waiting: bool,
    /// For a match with several connectors: how many of them have answered that they have nothing.
    pub asked: u32,
}

/// One durable change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Adds or replaces a work item, by key.
    PutWork(Box<WorkItem>),
    /// Remembers a record, by reference. `digits`: the last seven of each of its numbers.
    PutKnown {
        /// The record.
        known: Box<Known>,
        /// For [`Store::known_by_digits`].
        digits: Vec<String>,
    },
    /// Forgets a record.
    ForgetKnown(RecordRef),
    /// Adds or replaces a phonebook's description.
    PutBook(Book),
    /// Adds or replaces an entry, by key.
    PutEntry {
        /// The book's id.
        book: String,
        /// The entry.
        entry: Entry,
    },
    /// Takes an entry away.
    RemoveEntry {
        /// The book's id.
        book: String,
        /// The entry's key.
        key: String,
    },
    /// The hook for this event of this call is done.
    MarkEvent {
        /// The call.
        call: String,
        /// Its event.
        sequence: u64,
    },
}

/// The store cannot do its work now.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot write: {0}")]
pub struct StoreError(pub String);

/// The durable state. Reads are answered within a hook: in microseconds.
pub trait Store: Send {
    /// Writes all of it or nothing. When it returns, the changes survive a power cut (unless the store says that it does not last).
    ///
    /// # Errors
    /// Nothing was written.
    fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError>;
    /// By key.
    fn work(&self, key: &str) -> Option<WorkItem>;
    /// All that is pending, leased or dead, in order.
    fn unfinished(&self) -> Vec<WorkItem>;
    /// By reference.
    fn known(&self, reference: &RecordRef) -> Option<Known>;
    /// Records of which a number ends in these seven digits, newest first, at most 50.
    fn known_by_digits(&self, digits: &str) -> Vec<Known>;
    /// All company phonebooks, by name.
    fn books(&self) -> Vec<Book>;
    /// An entry.
    fn entry(&self, book: &str, key: &str) -> Option<Entry>;
    /// All entries with a number that ends in these seven digits: (book, entry).
    fn entries_by_digits(&self, digits: &str) -> Vec<(String, Entry)>;
    /// All entries of a book, by key.
    fn entries(&self, book: &str) -> Vec<Entry>;
    /// The last event of the call whose hook is done; 0: none.
    fn marked(&self, call: &str) -> u64;
}

/// The last seven digits of a number in any spelling: what records and entries are indexed by.
#[must_use]
pub fn index_digits(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(usize::from(crate::number::LAST_DIGITS))).collect()
}
