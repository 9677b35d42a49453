//! What is to be done and when: an index over unfinished work. The items themselves are in the store; what stands here is what a step must
//! know to find the few that are due, however many wait.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Moment;
use crate::store::{Kind, Progress, WorkItem, WorkState};

/// Queues of an account, those first that are worth most when time is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lot {
    /// Matches for calls that still live: somebody looks at a screen.
    LiveMatch,
    /// Creations of unclear outcome: they are looked for.
    CreationCheck,
    /// Creations.
    Creation,
    /// Journal entries of unclear outcome: they are looked for.
    JournalCheck,
    /// Journal entries.
    Journal,
    /// Amendments.
    Amendment,
    /// Matches for calls that are over.
    LateMatch,
}

/// What is known of an unfinished item without asking the store.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) key: Box<str>,
    pub(crate) lane: Box<str>,
    pub(crate) call: Option<Box<str>>,
    /// The account's place among those connected; none: it is not connected now.
    pub(crate) slot: Option<usize>,
    /// None: given to a connector.
    pub(crate) due: Option<Moment>,
    /// The item that must be done before; this one is in no queue until then.
    pub(crate) waits_for: Option<u64>,
    pub(crate) unclear: bool,
    /// It was tried before.
    pub(crate) tried: bool,
    /// The call has left its summary with it.
    pub(crate) ended: bool,
    /// Most items that may share a connector's call with it: fewer after a call failed for what one of them has in it.
    pub(crate) share: usize,
}

impl Head {
    fn lot(&self) -> Lot {
        match (self.kind, self.unclear) {
            (Kind::Match, _) if self.ended => Lot::LateMatch,
            (Kind::Match, _) => Lot::LiveMatch,
            (Kind::Create, true) => Lot::CreationCheck,
            (Kind::Create, false) => Lot::Creation,
            (Kind::Journal, true) => Lot::JournalCheck,
            (Kind::Journal, false) => Lot::Journal,
            (Kind::Amend, _) => Lot::Amendment,
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heads: BTreeMap<u64, Head>,
    queues: BTreeMap<(usize, Lot), BTreeSet<(Moment, u64)>>,
    of_call: BTreeMap<Box<str>, BTreeSet<u64>>,
    of_lane: BTreeMap<(Kind, Box<str>), BTreeSet<u64>>,
    /// By the item that must be done before.
    held_up: BTreeMap<u64, BTreeSet<u64>>,
    /// Came since the last look, and nobody was told of their waiting.
    fresh: BTreeSet<u64>,
}

impl Agenda {
    /// Takes an item in, in place of what was known of it. A finished one is forgotten. Gives what was held up by it.
    pub(crate) fn put(&mut self, item: &WorkItem, slot: Option<usize>, waits_for: Option<u64>) -> BTreeSet<u64> {
        let known = self.remove(item.order);
        let share = known.as_ref().map_or(usize::MAX, |head| head.share);
        let due = match item.progress.state {
            WorkState::Pending(due) => Some(due),
            WorkState::Leased(_) => None,
            WorkState::Done(_) | WorkState::Dead(_) | WorkState::Discarded(_) => {
                return self.held_up.remove(&item.order).unwrap_or_default();
            }
        };
        if known.is_none() && !item.progress.told_waiting {
            self.fresh.insert(item.order);
        }
        let head = Head {
            kind: item.task.kind(),
            key: item.key.as_str().into(),
            lane: item.lane.as_str().into(),
            call: item.call.as_deref().map(Into::into),
            slot,
            due,
            waits_for,
            unclear: item.progress.unclear,
            tried: item.progress.tries > 0,
            ended: item.ended.is_some(),
            share,
        };
        if let Some(call) = &head.call {
            self.of_call.entry(call.clone()).or_default().insert(item.order);
        }
        self.of_lane.entry((head.kind, head.lane.clone())).or_default().insert(item.order);
        if let Some(first) = waits_for {
            self.held_up.entry(first).or_default().insert(item.order);
        }
        self.enqueue(item.order, &head);
        self.heads.insert(item.order, head);
        self.held_up.get(&item.order).cloned().unwrap_or_default()
    }

    /// Takes in how far an item has come. Gives what was held up by it; none: the item is not known here.
    pub(crate) fn progress(&mut self, order: u64, progress: &Progress) -> Option<BTreeSet<u64>> {
        let mut head = self.heads.remove(&order)?;
        self.dequeue(order, &head);
        head.tried = progress.tries > 0;
        (head.due, head.unclear) = match progress.state {
            WorkState::Pending(due) => (Some(due), progress.unclear),
            WorkState::Leased(_) => (None, progress.unclear),
            WorkState::Done(_) | WorkState::Dead(_) | WorkState::Discarded(_) => {
                self.heads.insert(order, Head { due: None, ..head });
                self.remove(order);
                return Some(self.held_up.remove(&order).unwrap_or_default());
            }
        };
        self.enqueue(order, &head);
        self.heads.insert(order, head);
        Some(self.held_up.get(&order).cloned().unwrap_or_default())
    }

    /// Given to a connector, without the store knowing: for what may be done twice.
    pub(crate) fn lend(&mut self, order: u64) {
        let Some(mut head) = self.heads.remove(&order) else { return };
        self.dequeue(order, &head);
        head.due = None;
        self.heads.insert(order, head);
    }

    /// So many may share a connector's call with it from now on.
    pub(crate) fn share(&mut self, order: u64, most: usize) {
        if let Some(head) = self.heads.get_mut(&order) {
            head.share = most.max(1);
        }
    }

    fn remove(&mut self, order: u64) -> Option<Head> {
        let head = self.heads.remove(&order)?;
        self.dequeue(order, &head);
        if let Some(call) = &head.call {
            take_out(&mut self.of_call, call, order);
        }
        take_out(&mut self.of_lane, &(head.kind, head.lane.clone()), order);
        if let Some(first) = head.waits_for {
            take_out(&mut self.held_up, &first, order);
        }
        self.fresh.remove(&order);
        Some(head)
    }

    fn enqueue(&mut self, order: u64, head: &Head) {
        if let (Some(slot), Some(due), None) = (head.slot, head.due, head.waits_for) {
            self.queues.entry((slot, head.lot())).or_default().insert((due, order));
        }
    }

    fn dequeue(&mut self, order: u64, head: &Head) {
        if let (Some(slot), Some(due), None) = (head.slot, head.due, head.waits_for) {
            take_out(&mut self.queues, &(slot, head.lot()), (due, order));
        }
    }

    pub(crate) fn head(&self, order: u64) -> Option<&Head> {
        self.heads.get(&order)
    }

    /// What is due in a queue, longest due first.
    pub(crate) fn due(&self, slot: usize, lot: Lot, now: Moment) -> impl Iterator<Item = (u64, &Head)> {
        let queue = self.queues.get(&(slot, lot));
        let due = queue.into_iter().flat_map(move |queue| queue.range(..=(now, u64::MAX)));
        due.filter_map(|(_, order)| Some((*order, self.heads.get(order)?)))
    }

    /// The account answers again: what waited for that waits no longer. (What is to be looked for waits for the CRM's own work, not for an answer.)
    pub(crate) fn release(&mut self, slot: usize, now: Moment) {
        for lot in [Lot::LiveMatch, Lot::Creation, Lot::Journal, Lot::Amendment, Lot::LateMatch] {
            let Some(queue) = self.queues.get_mut(&(slot, lot)) else { continue };
            for (_, order) in queue.split_off(&(now.saturating_add(1), 0)) {
                if let Some(head) = self.heads.get_mut(&order) {
                    head.due = Some(now);
                    queue.insert((now, order));
                }
            }
        }
    }

    /// When something becomes due in a queue that is not due now.
    pub(crate) fn next_due(&self, slot: usize, lot: Lot, now: Moment) -> Option<Moment> {
        let later = (now.saturating_add(1), 0);
        self.queues.get(&(slot, lot))?.range(later..).next().map(|(due, _)| *due)
    }

    /// Unfinished items of a kind in a lane, by order.
    pub(crate) fn in_lane(&self, kind: Kind, lane: &str) -> impl Iterator<Item = (u64, &Head)> {
        let orders = self.of_lane.get(&(kind, lane.into()));
        orders.into_iter().flatten().filter_map(|order| Some((*order, self.heads.get(order)?)))
    }

    /// Unfinished items of a call, by order.
    pub(crate) fn of_call(&self, call: &str) -> Vec<u64> {
        self.of_call.get(call).into_iter().flatten().copied().collect()
    }

    /// What waits for this item.
    pub(crate) fn held_up_by(&self, order: u64) -> impl Iterator<Item = u64> {
        self.held_up.get(&order).into_iter().flatten().copied()
    }

    /// Unfinished items of an account.
    pub(crate) fn of_slot(&self, slot: Option<usize>) -> Vec<u64> {
        self.heads.iter().filter(|(_, head)| head.slot == slot).map(|(order, _)| *order).collect()
    }

    /// What came since the last look.
    pub(crate) fn fresh(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.fresh)
    }
}

fn take_out<K: Ord, V: Ord>(sets: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: V) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(&value);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}
