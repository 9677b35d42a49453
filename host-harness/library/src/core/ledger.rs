//! The store and the index over it, kept in step: every change of work goes through here.

use std::collections::BTreeSet;

use super::Core;
use super::failures::LONGEST_PAUSE_MS;
use crate::bindings::crm::types::About;
use crate::event::Moment;
use crate::store::{AccountRef, Change, EndedCall, Progress, Task, WorkItem, WorkState};

/// How many items are read at once at the start.
const PAGE: usize = 500;

impl Core {
    /// Takes in what the store holds, once. What was given to a connector when the last process ended may have been done: it is looked for.
    pub(super) fn begin_with_the_store(&mut self, now: Moment) {
        let mut after = 0;
        loop {
            let Some(state) = self.state.as_ref() else { return };
            let items = state.store.unfinished(after, PAGE);
            let Some(last) = items.last().map(|item| item.order) else { return };
            after = last;
            let changes = items.iter().filter_map(|item| at_the_start(item, now)).collect();
            for item in &items {
                self.index(item.order);
            }
            self.commit_all(changes);
        }
    }

    /// Takes changes in.
    pub(super) fn commit_all(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let Some(state) = self.state.as_mut() else { return };
        let put: Vec<u64> =
            changes.iter().filter_map(|change| if let Change::PutWork(item) = change { Some(item.order) } else { None }).collect();
        let moved: Vec<(u64, Progress)> = changes
            .iter()
            .filter_map(
                |change| if let Change::Progress { order, progress } = change { Some((*order, (**progress).clone())) } else { None },
            )
            .collect();
        state.store.commit(changes);
        let mut held_up: BTreeSet<u64> = BTreeSet::new();
        for (order, progress) in moved {
            match state.agenda.progress(order, &progress) {
                Some(others) => held_up.extend(others),
                // Replayed: it was over.
                None if progress.state.is_unfinished() => {
                    held_up.insert(order);
                }
                None => {}
            }
        }
        held_up.extend(put);
        self.index_all(held_up);
    }

    fn index_all(&mut self, mut orders: BTreeSet<u64>) {
        // Each round goes to what was held up by the last: at most from a creation over its entries to their amendments.
        while !orders.is_empty() {
            orders = orders.into_iter().flat_map(|order| self.index(order)).collect();
        }
    }

    /// Gives what was held up by it.
    fn index(&mut self, order: u64) -> BTreeSet<u64> {
        let Some(item) = self.item(order) else { return BTreeSet::new() };
        let slot = self.slot_of(&item.account);
        let waits_for = self.waits_for(&item);
        let Some(state) = self.state.as_mut() else { return BTreeSet::new() };
        let before = state.agenda.head(order).map(|head| (head.due, head.waits_for));
        let held_up = state.agenda.put(&item, slot, waits_for);
        let after = state.agenda.head(order).map(|head| (head.due, head.waits_for));
        if before == after && after.is_some() { BTreeSet::new() } else { held_up }
    }

    /// What must be done before this item.
    fn waits_for(&self, item: &WorkItem) -> Option<u64> {
        let store = &self.state.as_ref()?.store;
        let (first, ready): (WorkItem, fn(&WorkItem) -> bool) = match &item.task {
            Task::Journal { about: About::CreatedBy(key), .. } => {
                (store.work(key)?, |creation| matches!(creation.progress.state, WorkState::Done(_)))
            }
            Task::Amend { journal_key, .. } => (store.work(journal_key)?, |journal| match journal.progress.state {
                WorkState::Done(_) => true,
                WorkState::Pending(_) => !journal.progress.unclear,
                WorkState::Leased(_) | WorkState::Dead(_) | WorkState::Discarded(_) => false,
            }),
            _ => return None,
        };
        (!ready(&first)).then_some(first.order)
    }

    pub(super) fn item(&self, order: u64) -> Option<WorkItem> {
        self.state.as_ref()?.store.work_at(order)
    }

    /// An item that is still to be answered: not one that was discarded while its connector's call was under way.
    pub(super) fn unfinished(&self, order: u64) -> Option<WorkItem> {
        self.item(order).filter(|item| item.progress.state.is_unfinished())
    }

    /// The change by which an item comes to an end.
    pub(super) fn finished(&self, item: &WorkItem, state: WorkState) -> Change {
        let progress = Progress { state, since: self.now, unclear: false, last: None, ..item.progress.clone() };
        Change::Progress { order: item.order, progress: Box::new(progress) }
    }

    /// The item is to be done at that moment.
    pub(super) fn pend(&mut self, item: &WorkItem, due: Moment, change: impl FnOnce(&mut Progress)) {
        let mut progress = Progress { state: WorkState::Pending(due), since: self.now, ..item.progress.clone() };
        change(&mut progress);
        self.commit_all(vec![Change::Progress { order: item.order, progress: Box::new(progress) }]);
    }

    /// A call that has ended leaves its summary and notes with its work, which lasts from now on. `notes`: those that the hook that is being
    /// committed has written.
    pub(super) fn settle_call(&self, id: &str, notes: &[(String, Option<String>)]) -> Vec<Change> {
        let Some(state) = self.state.as_ref() else { return Vec::new() };
        let Some(ended) = self.ended_call(id, notes) else { return Vec::new() };
        let open = state.agenda.of_call(id).into_iter().filter(|order| state.agenda.head(*order).is_some_and(|head| !head.ended));
        open.filter_map(|order| state.store.work_at(order))
            .map(|item| Change::PutWork(Box::new(WorkItem { ended: Some(Box::new(ended.clone())), lasting: true, ..item })))
            .collect()
    }

    /// None: it has not ended, or nothing is known of it.
    pub(super) fn ended_call(&self, id: &str, notes: &[(String, Option<String>)]) -> Option<EndedCall> {
        let state = self.state.as_ref()?;
        let call = state.calls.get(id).filter(|call| call.ended())?.call().clone();
        let mut kept = state.notes.get(id).cloned().unwrap_or_default();
        for (key, value) in notes {
            match value {
                Some(value) => kept.insert(key.clone(), value.clone()),
                None => kept.remove(key),
            };
        }
        Some(EndedCall { call, notes: kept.into_iter().collect() })
    }

    /// The account of an id, with its organisation.
    pub(super) fn account_of(&self, connector: &str) -> AccountRef {
        let organisation = self.slots.iter().find(|slot| slot.id == connector).map(|slot| slot.organisation.clone());
        AccountRef { connector: connector.to_owned(), organisation: organisation.unwrap_or_default() }
    }
}

/// None: it goes on as it stands there.
fn at_the_start(item: &WorkItem, now: Moment) -> Option<Change> {
    match item.progress.state {
        WorkState::Leased(_) => Some(interrupted_progress(item, now)),
        // No item waits so long: the clock was ahead when this was written, and has been set right.
        WorkState::Pending(due) if due > now.saturating_add(LONGEST_PAUSE_MS) => {
            let progress = Box::new(Progress { state: WorkState::Pending(now), ..item.progress.clone() });
            Some(Change::Progress { order: item.order, progress })
        }
        _ => None,
    }
}

fn interrupted_progress(item: &WorkItem, now: Moment) -> Change {
    let looked_for = super::failures::changes_the_crm(item);
    let due = if looked_for { now.saturating_add(super::failures::LOOK_UP_AFTER_MS) } else { now };
    let progress = Progress { state: WorkState::Pending(due), since: now, unclear: looked_for, looked_up: 0, ..item.progress.clone() };
    Change::Progress { order: item.order, progress: Box::new(progress) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::check::work;

    #[test]
    fn f24_what_a_clock_that_was_ahead_put_off_by_a_day_is_due_at_the_next_start() {
        let now = 1_000_000_000;
        let waiting = |due: Moment| {
            let item = work(1, Kind::Journal, "15550100", now);
            WorkItem { progress: Progress { state: WorkState::Pending(due), tries: 3, ..item.progress.clone() }, ..item }
        };
        for due in [0, now, now + LONGEST_PAUSE_MS] {
            assert_eq!(at_the_start(&waiting(due), now), None, "{due}");
        }
        let Some(Change::Progress { order: 1, progress }) = at_the_start(&waiting(now + 86_400_000), now) else {
            panic!("it waits for a day")
        };
        assert_eq!((&progress.state, progress.tries), (&WorkState::Pending(now), 3));
    }
}
