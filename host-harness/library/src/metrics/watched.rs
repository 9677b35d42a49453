//! A store that is watched: what the host notices of it is noticed here.

use super::Metrics;
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::event::Moment;
use crate::store::{AccountState, Change, Counts, Ordered, Room, Store, Unwritten, WorkItem};

/// Hands everything on to a store, and tells [`Metrics`] of failed writes, of room and counts. The host asks for orders every second: by that
/// it is known to live.
pub struct Watched {
    store: Box<dyn Store>,
    metrics: Metrics,
    /// For the moment of an error.
    clock: fn() -> Moment,
}

impl Watched {
    /// This one.
    #[must_use]
    pub fn new(store: Box<dyn Store>, metrics: Metrics) -> Self {
        let watched = Self { store, metrics, clock: crate::host::now };
        watched.look();
        watched
    }

    /// States that cost little to find out.
    fn look(&self) {
        self.metrics.room(self.store.room());
        self.metrics.accounts(&self.store.accounts());
    }
}

impl Store for Watched {
    fn commit(&mut self, changes: Vec<Change>) {
        self.store.commit(changes);
    }

    fn sync(&mut self) -> Result<(), Unwritten> {
        let written = self.store.sync();
        let mut inner = self.metrics.inner();
        inner.unwritten = written.as_ref().err().map(ToString::to_string);
        if written.is_err() {
            inner.values.add("pbx_crm_store_write_errors_total", &[], 1);
            inner.values.set("pbx_crm_store_last_error_timestamp_seconds", &[], (self.clock)() / 1000);
        }
        written
    }

    fn orders(&self) -> Vec<Ordered> {
        self.look();
        // From now on, and not from the start: components may still have to be compiled before the first look.
        self.metrics.inner().seen = Some((self.clock)());
        self.store.orders()
    }

    fn maintain(&mut self, now: Moment) {
        self.store.maintain(now);
        self.metrics.counted(Ok(self.store.counts()));
    }

    fn forget_what_lives(&mut self) {
        self.store.forget_what_lives();
    }

    fn unsynced(&self) -> bool {
        self.store.unsynced()
    }

    fn work(&self, key: &str) -> Option<WorkItem> {
        self.store.work(key)
    }

    fn work_at(&self, order: u64) -> Option<WorkItem> {
        self.store.work_at(order)
    }

    fn unfinished(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.store.unfinished(after, limit)
    }

    fn dead(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.store.dead(after, limit)
    }

    fn counts(&self) -> Counts {
        self.store.counts()
    }

    fn room(&self) -> Room {
        self.store.room()
    }

    fn last_order(&self) -> u64 {
        self.store.last_order()
    }

    fn accounts(&self) -> Vec<AccountState> {
        self.store.accounts()
    }

    fn erase(&mut self, lane: &str, digits: &str, same: &dyn Fn(&str) -> bool, now: Moment) -> Result<usize, Unwritten> {
        self.store.erase(lane, digits, same, now)
    }

    fn known(&self, reference: &RecordRef) -> Option<Known> {
        self.store.known(reference)
    }

    fn known_by_digits(&self, digits: &str) -> Vec<Known> {
        self.store.known_by_digits(digits)
    }

    fn books(&self) -> Vec<Book> {
        self.store.books()
    }

    fn entry(&self, book: &str, key: &str) -> Option<Entry> {
        self.store.entry(book, key)
    }

    fn entries_by_digits(&self, digits: &str) -> Vec<(String, Entry)> {
        self.store.entries_by_digits(digits)
    }

    fn entries(&self, book: &str) -> Vec<Entry> {
        self.store.entries(book)
    }
}
