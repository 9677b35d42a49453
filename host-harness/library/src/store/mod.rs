//! What must outlive a restart: waiting work, records that we made, phonebooks, the state of accounts. A trait, since firmware may have
//! its own store; [`sqlite`] is the one that everybody else uses, [`memory`] is for simulations.
//!
//! **Two steps.** [`Store::commit`] takes a group of changes, and every later read sees them. [`Store::sync`] makes all that
//! was taken so far survive a power cut. Between both, nothing may leave the host that rests on those changes: no acknowledgement and no
//! request to a CRM. So many events share one write to the disk.
//!
//! **What lasts.** An item whose [`WorkItem::lasting`] is false belongs to a call that still lives: the PBX tells of it again after a
//! restart, so it is kept in memory alone. It becomes lasting when the call ends before it is answered.

pub mod memory;
pub mod sqlite;

#[cfg(test)]
pub(crate) mod check;

use serde::{Deserialize, Serialize};

use crate::bindings::base::types::Number;
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::{About, Amendment, Draft, Failure, JournalEntry, RecordRef};
use crate::bindings::hooks::calls::Call;
use crate::bindings::hooks::phonebook::{Book, Entry};
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

/// Kinds of [`Task`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// [`Task::Match`].
    Match,
    /// [`Task::Create`].
    Create,
    /// [`Task::Journal`].
    Journal,
    /// [`Task::Amend`].
    Amend,
}

/// For whom work is done: never at another organisation, whoever is connected under that name later.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    /// Id of the account's connector in the host's words, as in `record-ref.connector`.
    pub connector: String,
    /// The CRM's id of the organisation, "" if it has none.
    pub organisation: String,
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
    /// Over for ever: an administrator discarded it, or disconnected its account.
    Discarded(String),
}

/// How far a piece of work has come: what changes while it is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Where it stands.
    pub state: WorkState,
    /// Since when it stands there.
    pub since: Moment,
    /// Tries so far.
    pub tries: u32,
    /// Failures of a kind that does not pass by itself; five bury it.
    pub strikes: u32,
    /// First try, for looking an unclear one up.
    pub first_tried: Option<Moment>,
    /// The last answer was unclear: look it up by its key before it is done again.
    pub unclear: bool,
    /// How often an unclear one was looked up without being found.
    pub looked_up: u32,
    /// The plugin was told that it waits.
    pub told_waiting: bool,
    /// Why the last try failed, for people.
    pub last: Option<Box<Failure>>,
}

/// What a late answer needs to know of a call that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndedCall {
    /// The call as it was at its end.
    pub call: Call,
    /// The plugin's notes of the call, by key.
    pub notes: Vec<(String, String)>,
}

/// A piece of work. All but `account`, `ended`, `task`, `lasting` and `progress` stays as it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkItem {
    /// Stable: the same key means the same work. At most 200 bytes.
    pub key: String,
    /// Names the item too; given by the store's user, grows, never used twice.
    pub order: u64,
    /// For whom it is done. A match that one account has answered with nothing goes on to the next one.
    pub account: AccountRef,
    /// The remote number in the form by which numbers are compared first; what bears the same one goes on in order.
    pub lane: String,
    /// The call for which it is done.
    pub call: Option<String>,
    /// Set once the call has ended.
    pub ended: Option<Box<EndedCall>>,
    /// What.
    pub task: Task,
    /// When it was asked for.
    pub asked_at: Moment,
    /// False: in memory alone, see the module.
    pub lasting: bool,
    /// How far it has come.
    pub progress: Progress,
}

/// An account as far as it must be known before its connector is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Which.
    pub account: AccountRef,
    /// False: nothing happens on calls, and waiting work is kept unsent.
    pub enabled: bool,
    /// Functions of its connector that crashed at one call after another, such as "write". They are called no more, and their work waits, until an
    /// administrator enables the account again; calls are served.
    pub crashed: Vec<String>,
    /// Requests to the CRM by the hour in which they were made, counted from 1970: those of the last 25 hours, oldest first.
    pub spent: Vec<(u64, u64)>,
}

impl AccountState {
    /// Of an account of which nothing is known yet.
    #[must_use]
    pub fn new(account: AccountRef) -> Self {
        Self { account, enabled: true, crashed: Vec::new(), spent: Vec::new() }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Adds or replaces a work item, by `order`. A key is never given to two of them.
    PutWork(Box<WorkItem>),
    /// Replaces the progress of the item with this `order`.
    Progress {
        /// Which.
        order: u64,
        /// From now on.
        progress: Box<Progress>,
    },
    /// Remembers a record, by reference.
    PutKnown {
        /// The record.
        known: Box<Known>,
        /// The last seven digits of each of its numbers, for [`Store::known_by_digits`].
        digits: Vec<String>,
        /// False: in memory alone, and forgotten when there is no room.
        lasting: bool,
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
    /// Adds or replaces an account's state, by its connector.
    PutAccount(AccountState),
    /// An administrator's order was carried out, or could not be.
    OrderDone {
        /// Which.
        id: u64,
        /// When.
        at: Moment,
        /// What came of it, in English.
        result: String,
    },
}

/// What an administrator orders from outside the host's process, such as with `pbx-crm queue`. The store hands orders over; the host carries
/// them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Tries dead work again, with its key.
    Replay {
        /// The item's `order`.
        item: u64,
    },
    /// Gives up waiting or dead work for ever.
    Discard {
        /// The item's `order`.
        item: u64,
    },
    /// Calls are served again, and what waits is delivered.
    Enable {
        /// Which account.
        connector: String,
    },
    /// Nothing happens on calls; what waits is kept.
    Disable {
        /// Which account.
        connector: String,
    },
    /// The account was connected anew, or what was wrong with its credential is mended: what waits for it is tried at once.
    Reopen {
        /// Which account.
        connector: String,
    },
    /// What waits for the account is discarded.
    Forget {
        /// Which account.
        connector: String,
    },
    /// Forgets all that is kept of a number. The report begins with "erased" if it was done.
    Erase {
        /// As somebody wrote it; the host reads it as it reads the numbers of calls.
        number: String,
    },
}

/// An order that has not been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Names it.
    pub id: u64,
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// What.
    pub order: Order,
}

/// Is there room for more work?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Room {
    /// Yes.
    #[default]
    Enough,
    /// More than four fifths are used: somebody should look.
    Scarce,
    /// No new records are asked for any more; calls are still journalled.
    NoCreations,
    /// Nothing more is taken: events of calls are refused, loudly, so that the PBX can offer them again.
    None,
}

/// How much work there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// To be done.
    pub pending: u64,
    /// Given to a connector.
    pub leased: u64,
    /// Done and still remembered.
    pub done: u64,
    /// Over without success.
    pub dead: u64,
    /// Discarded and still remembered.
    pub discarded: u64,
    /// When the oldest of those pending was asked for.
    pub oldest: Option<Moment>,
}

/// The store cannot write now. What was taken is kept in memory, and the next [`Store::sync`] tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot write: {0}")]
pub struct Unwritten(pub String);

/// The durable state. Reads are answered within a hook: in microseconds.
pub trait Store: Send {
    /// Takes the changes as one group; later reads see them. It never refuses: what is asked for here follows from an event or an answer that was
    /// taken before, and its place is to say so in [`Store::room`] before the next event is taken.
    fn commit(&mut self, changes: Vec<Change>);
    /// When it returns `Ok`, all changes so far survive a power cut (unless the store says that it does not last). Does nothing where nothing
    /// lasting was changed.
    ///
    /// # Errors
    /// Nothing is lost while the process lives; try again.
    fn sync(&mut self) -> Result<(), Unwritten>;
    /// Is there a change that a power cut would take back?
    fn unsynced(&self) -> bool;
    /// By key, whatever its state.
    fn work(&self, key: &str) -> Option<WorkItem>;
    /// By order.
    fn work_at(&self, order: u64) -> Option<WorkItem>;
    /// Items that are pending or leased, with a greater `order` than `after`, by order, at most so many.
    fn unfinished(&self, after: u64, limit: usize) -> Vec<WorkItem>;
    /// Dead items likewise.
    fn dead(&self, after: u64, limit: usize) -> Vec<WorkItem>;
    /// How much there is. May take milliseconds: not for hooks.
    fn counts(&self) -> Counts;
    /// Is there room for more? Asked before each event: at once.
    fn room(&self) -> Room {
        Room::Enough
    }
    /// The greatest `order` that was ever given; 0: none.
    fn last_order(&self) -> u64;
    /// What is known of accounts.
    fn accounts(&self) -> Vec<AccountState>;
    /// Orders that have not been carried out. Cheap where there are none: asked every second.
    fn orders(&self) -> Vec<Ordered> {
        Vec::new()
    }
    /// Forgets what is in memory alone, as if the process had ended: for simulations of a restart.
    fn forget_what_lives(&mut self) {}
    /// Forgets what is older than it must be kept and tidies up. Asked every minute; takes milliseconds.
    fn maintain(&mut self, now: Moment) {
        let _ = now;
    }
    /// Forgets all that is kept of a number: done, dead and discarded work of this lane, known records and entries of phonebooks with a number
    /// for which `same` is true. (The host has finished or discarded what was unfinished before.) Gives how many there were. What is left says
    /// only that something was erased, and when.
    ///
    /// # Errors
    /// As [`Store::sync`].
    fn erase(&mut self, lane: &str, digits: &str, same: &dyn Fn(&str) -> bool, now: Moment) -> Result<usize, Unwritten>;
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
}

impl Task {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Match(_) => Kind::Match,
            Self::Create(_) => Kind::Create,
            Self::Journal { .. } => Kind::Journal,
            Self::Amend { .. } => Kind::Amend,
        }
    }
}

impl Kind {
    /// Functions of a connector that such work needs next. `unclear`: it is looked for first.
    #[must_use]
    pub fn functions(self, unclear: bool) -> &'static [&'static str] {
        match (self, unclear) {
            (Self::Match, _) => &["find"],
            (Self::Create, true) => &["find-created"],
            (Self::Create, false) => &["exact-check", "create"],
            (Self::Journal, true) => &["find-written"],
            (Self::Journal, false) => &["write"],
            (Self::Amend, _) => &["amend"],
        }
    }

    /// As in reports and on command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Create => "create",
            Self::Journal => "journal",
            Self::Amend => "amend",
        }
    }
}

impl Progress {
    /// Of work that was asked for now.
    #[must_use]
    pub fn new(now: Moment) -> Self {
        Self {
            state: WorkState::Pending(now),
            since: now,
            tries: 0,
            strikes: 0,
            first_tried: None,
            unclear: false,
            looked_up: 0,
            told_waiting: false,
            last: None,
        }
    }
}

impl WorkState {
    /// Is there anything left to be done?
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(self, Self::Pending(_) | Self::Leased(_))
    }
}

/// The last seven digits of a number in any spelling: what records and entries are indexed by.
#[must_use]
pub fn index_digits(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(usize::from(crate::number::LAST_DIGITS))).collect()
}
