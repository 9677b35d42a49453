//! What is in memory above the file: changes that wait to be written, and what never is. Reads look here first.
//!
//! A change goes into the file only by `sync`, all that wait in one transaction. So there is one way for good days and bad ones: while the
//! file cannot be written, changes wait here longer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::event::Moment;
use crate::store::{AccountState, Change, Progress, WorkItem, index_digits};

/// So many changes may wait to be written; near it no events are taken any more.
pub(super) const MOST_WAITING: usize = 10_000;

/// Most records that are kept in memory alone.
const MOST_KNOWN: usize = 10_000;

/// Most finished work that is kept in memory alone, and how long.
const MOST_FINISHED: usize = 10_000;
const FINISHED_KEPT: Moment = 24 * 60 * 60 * 1000;

/// Connector, kind, id.
type Reference = (String, String, String);

/// Something in memory, and the group of changes that brings it into the file: with that group it leaves memory. None: memory alone.
#[derive(Debug)]
struct Slot<T> {
    group: Option<u64>,
    value: T,
}

/// A work item in memory.
#[derive(Debug)]
pub(super) enum Work {
    /// All of it.
    Whole(Box<WorkItem>),
    /// How far the item in the file has come.
    Progress(Box<Progress>),
}

/// Changes that were taken together.
#[derive(Debug)]
struct Group {
    number: u64,
    changes: Vec<Change>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// Number of the group that was taken last.
    last: u64,
    /// Changes of the group that is being taken.
    open: Vec<Change>,
    groups: VecDeque<Group>,
    waiting: usize,
    work: BTreeMap<u64, Slot<Work>>,
    keys: BTreeMap<String, u64>,
    /// None: forgotten.
    known: BTreeMap<Reference, Slot<Option<Box<Known>>>>,
    known_digits: BTreeMap<String, BTreeSet<Reference>>,
    /// The digits under which a record was put into `known_digits`.
    digits_of: BTreeMap<Reference, Vec<String>>,
    /// Records in memory alone, oldest first.
    passing: VecDeque<Reference>,
    books: BTreeMap<String, Slot<Book>>,
    /// None: taken away.
    entries: BTreeMap<(String, String), Slot<Option<Entry>>>,
    accounts: BTreeMap<String, Slot<AccountState>>,
    orders_done: BTreeMap<u64, Slot<()>>,
}

impl Layer {
    /// How many changes wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Does this change go into the file?
    pub(super) fn lasts(&self, change: &Change) -> bool {
        match change {
            Change::PutWork(item) => item.lasting,
            // Lasting unless the item is known to be in memory alone.
            Change::Progress { order, .. } => self.work.get(order).is_none_or(|slot| slot.group.is_some()),
            Change::PutKnown { lasting, .. } => *lasting,
            _ => true,
        }
    }

    /// Takes a change into the group that is open. It shows at once.
    pub(super) fn take(&mut self, change: Change) {
        let lasts = self.lasts(&change);
        self.show(&change, lasts.then_some(self.last + 1));
        if lasts {
            self.open.push(change);
        }
    }

    /// The group is whole: what of it lasts waits to be written from now on.
    pub(super) fn close_group(&mut self) {
        if !self.open.is_empty() {
            self.last += 1;
            self.waiting += self.open.len();
            self.groups.push_back(Group { number: self.last, changes: std::mem::take(&mut self.open) });
        }
        self.make_room();
    }

    fn show(&mut self, change: &Change, group: Option<u64>) {
        match change {
            Change::PutWork(item) => {
                self.keys.insert(item.key.clone(), item.order);
                self.work.insert(item.order, Slot { group, value: Work::Whole(item.clone()) });
            }
            Change::Progress { order, progress } => match self.work.get_mut(order) {
                Some(Slot { group: known, value: Work::Whole(item) }) => {
                    item.progress = (**progress).clone();
                    *known = group;
                }
                _ => drop(self.work.insert(*order, Slot { group, value: Work::Progress(progress.clone()) })),
            },
            Change::PutKnown { known, digits, .. } => self.show_known(&known.entity.reference, Some((known, digits)), group),
            Change::ForgetKnown(gone) => self.show_known(gone, None, group),
            Change::PutBook(book) => drop(self.books.insert(book.id.clone(), Slot { group, value: book.clone() })),
            Change::PutEntry { book, entry } => {
                drop(self.entries.insert((book.clone(), entry.key.clone()), Slot { group, value: Some(entry.clone()) }));
            }
            Change::RemoveEntry { book, key } => drop(self.entries.insert((book.clone(), key.clone()), Slot { group, value: None })),
            Change::PutAccount(state) => {
                drop(self.accounts.insert(state.account.connector.clone(), Slot { group, value: state.clone() }));
            }
            Change::OrderDone { id, .. } => drop(self.orders_done.insert(*id, Slot { group, value: () })),
        }
    }

    fn show_known(&mut self, reference: &RecordRef, shown: Option<(&Known, &[String])>, group: Option<u64>) {
        let reference = key_of(reference);
        self.unindex(&reference);
        if let Some((_, digits)) = shown {
            for one in digits {
                self.known_digits.entry(one.clone()).or_default().insert(reference.clone());
            }
            self.digits_of.insert(reference.clone(), digits.to_vec());
        }
        if group.is_none() && self.known.get(&reference).is_none_or(|slot| slot.group.is_some()) {
            self.passing.push_back(reference.clone());
        }
        self.known.insert(reference, Slot { group, value: shown.map(|(known, _)| Box::new(known.clone())) });
    }

    fn unindex(&mut self, reference: &Reference) {
        for digits in self.digits_of.remove(reference).unwrap_or_default() {
            if let Some(references) = self.known_digits.get_mut(&digits) {
                references.remove(reference);
                if references.is_empty() {
                    self.known_digits.remove(&digits);
                }
            }
        }
    }

    fn make_room(&mut self) {
        while self.passing.len() > MOST_KNOWN {
            let Some(oldest) = self.passing.pop_front() else { return };
            if self.known.get(&oldest).is_some_and(|slot| slot.group.is_none()) {
                self.known.remove(&oldest);
                self.unindex(&oldest);
            }
        }
    }

    /// Number of the last group to be written next: at least one group, and no more than so many changes in all of them.
    pub(super) fn next(&self, most: usize) -> Option<u64> {
        let mut changes = 0;
        let mut last = None;
        for group in &self.groups {
            changes += group.changes.len();
            if last.is_some() && changes > most {
                break;
            }
            last = Some(group.number);
        }
        last
    }

    /// Changes that wait, up to this group.
    pub(super) fn up_to(&self, last: u64) -> impl Iterator<Item = &Change> {
        self.groups.iter().take_while(move |group| group.number <= last).flat_map(|group| &group.changes)
    }

    /// These groups are in the file: reads find there what they changed, unless a later group changed it again.
    pub(super) fn written(&mut self, last: u64) {
        while let Some(group) = self.groups.pop_front_if(|group| group.number <= last) {
            self.waiting = self.waiting.saturating_sub(group.changes.len());
            for change in &group.changes {
                self.leave(change, last);
            }
        }
    }

    fn leave(&mut self, change: &Change, last: u64) {
        let over = |group: Option<u64>| group.is_some_and(|group| group <= last);
        match change {
            Change::PutWork(item) => self.work_leaves(item.order, over),
            Change::Progress { order, .. } => self.work_leaves(*order, over),
            Change::PutKnown { known, .. } => self.known_leaves(&key_of(&known.entity.reference), over),
            Change::ForgetKnown(reference) => self.known_leaves(&key_of(reference), over),
            Change::PutBook(book) => leave(&mut self.books, &book.id, over),
            Change::PutEntry { book, entry } => leave(&mut self.entries, &(book.clone(), entry.key.clone()), over),
            Change::RemoveEntry { book, key } => leave(&mut self.entries, &(book.clone(), key.clone()), over),
            Change::PutAccount(state) => leave(&mut self.accounts, &state.account.connector, over),
            Change::OrderDone { id, .. } => leave(&mut self.orders_done, id, over),
        }
    }

    fn work_leaves(&mut self, order: u64, over: impl Fn(Option<u64>) -> bool) {
        if self.work.get(&order).is_some_and(|slot| over(slot.group)) {
            self.remove_work(order);
        }
    }

    fn remove_work(&mut self, order: u64) {
        if let Some(Slot { value: Work::Whole(item), .. }) = self.work.remove(&order)
            && self.keys.get(&item.key) == Some(&order)
        {
            self.keys.remove(&item.key);
        }
    }

    fn known_leaves(&mut self, reference: &Reference, over: impl Fn(Option<u64>) -> bool) {
        if self.known.get(reference).is_some_and(|slot| over(slot.group)) {
            self.known.remove(reference);
            self.unindex(reference);
        }
    }

    pub(super) fn work(&self, order: u64) -> Option<&Work> {
        self.work.get(&order).map(|slot| &slot.value)
    }

    pub(super) fn order_of(&self, key: &str) -> Option<u64> {
        self.keys.get(key).copied()
    }

    /// Orders of work in memory after this one.
    pub(super) fn work_after(&self, after: u64) -> impl Iterator<Item = u64> {
        self.work.range((Bound::Excluded(after), Bound::Unbounded)).map(|(order, _)| *order)
    }

    /// `Some(None)`: it was forgotten.
    pub(super) fn known(&self, reference: &RecordRef) -> Option<Option<&Known>> {
        self.known.get(&key_of(reference)).map(|slot| slot.value.as_deref())
    }

    /// Records in memory of which a number ends so.
    pub(super) fn known_by_digits(&self, digits: &str) -> impl Iterator<Item = &Known> {
        let references = self.known_digits.get(digits).into_iter().flatten();
        references.filter_map(|reference| self.known.get(reference)?.value.as_deref())
    }

    pub(super) fn books(&self) -> impl Iterator<Item = &Book> {
        self.books.values().map(|slot| &slot.value)
    }

    /// `Some(None)`: it was taken away.
    pub(super) fn entry(&self, book: &str, key: &str) -> Option<Option<&Entry>> {
        self.entries.get(&(book.to_owned(), key.to_owned())).map(|slot| slot.value.as_ref())
    }

    /// Entries in memory, with their books.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().filter_map(|((book, _), slot)| Some((book.as_str(), slot.value.as_ref()?)))
    }

    /// Entries in memory with a number that ends so.
    pub(super) fn entries_by_digits(&self, digits: &str) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries().filter(move |(_, entry)| entry.numbers.iter().any(|(_, number)| index_digits(number) == digits))
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountState> {
        self.accounts.values().map(|slot| &slot.value)
    }

    pub(super) fn is_order_done(&self, id: u64) -> bool {
        self.orders_done.contains_key(&id)
    }

    /// Forgets finished work that is in memory alone and a day old, or more than there is room for.
    pub(super) fn maintain(&mut self, now: Moment) -> Vec<WorkItem> {
        let mut finished: Vec<(Moment, u64)> =
            self.passing_work().filter(|item| !item.progress.state.is_unfinished()).map(|item| (item.progress.since, item.order)).collect();
        finished.sort_unstable();
        let surplus = finished.len().saturating_sub(MOST_FINISHED);
        let over = |index: usize, since: Moment| index < surplus || since.saturating_add(FINISHED_KEPT) < now;
        let gone = finished.iter().enumerate().filter(|(index, (since, _))| over(*index, *since)).map(|(_, (_, order))| *order).collect();
        self.remove_passing(gone)
    }

    /// Records in memory with this number.
    pub(super) fn records_with(&self, digits: &str, same: &dyn Fn(&str) -> bool) -> Vec<RecordRef> {
        let found = self.known_by_digits(digits).filter(|known| known.entity.phones.iter().any(|(_, phone)| same(phone)));
        found.map(|known| known.entity.reference.clone()).collect()
    }

    /// Forgets these records, and finished work of this number that is in memory alone. Gives how much work there was.
    pub(super) fn erase(&mut self, lane: &str, records: &[RecordRef]) -> usize {
        let of_lane = self.passing_work().filter(|item| item.lane == lane && !item.progress.state.is_unfinished()).map(|item| item.order);
        let of_lane = of_lane.collect();
        let work = self.remove_passing(of_lane);
        for record in records.iter().map(key_of) {
            self.known.remove(&record);
            self.unindex(&record);
        }
        work.len()
    }

    pub(super) fn passing_work(&self) -> impl Iterator<Item = &WorkItem> {
        self.work.values().filter(|slot| slot.group.is_none()).filter_map(|slot| match &slot.value {
            Work::Whole(item) => Some(&**item),
            Work::Progress(_) => None,
        })
    }

    fn remove_passing(&mut self, orders: Vec<u64>) -> Vec<WorkItem> {
        let mut gone = Vec::new();
        for order in orders {
            if let Some(Slot { value: Work::Whole(item), .. }) = self.work.get(&order) {
                gone.push((**item).clone());
            }
            self.remove_work(order);
        }
        gone
    }
}

fn leave<K: Ord, V>(map: &mut BTreeMap<K, Slot<V>>, key: &K, over: impl Fn(Option<u64>) -> bool) {
    if map.get(key).is_some_and(|slot| over(slot.group)) {
        map.remove(key);
    }
}

fn key_of(record: &RecordRef) -> Reference {
    (record.connector.clone(), record.kind.clone(), record.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::check::{moved, put, put_known, reference, work};
    use crate::store::{Kind, WorkState};

    #[test]
    fn what_was_written_leaves_memory_unless_it_was_changed_again_meanwhile() {
        let mut layer = Layer::default();
        let record = crate::store::check::known("1", &["15550100"], 1);
        for change in [put(&work(1, Kind::Journal, "15550100", 1)), put_known(&record, true)] {
            layer.take(change);
        }
        layer.close_group();
        layer.take(moved(1, WorkState::Leased(2), 2));
        layer.take(Change::ForgetKnown(reference("1")));
        layer.close_group();

        layer.written(1);
        let Some(Work::Whole(item)) = layer.work(1) else { panic!("the file has an older state of it") };
        assert_eq!(item.progress.state, WorkState::Leased(2));
        assert_eq!(layer.known(&reference("1")), Some(None), "the file has a record that was forgotten");
        assert_eq!(layer.waiting(), 2);

        layer.written(2);
        assert!(layer.work(1).is_none() && layer.known(&reference("1")).is_none(), "memory grows for ever");
        assert!(layer.order_of(&work(1, Kind::Journal, "15550100", 1).key).is_none());
        assert_eq!(layer.waiting(), 0);
    }
}
