//! What administrators order while the host runs, and accounts that are switched off, on and anew.

use super::Core;
use super::crashes::Crashes;
use super::io::Told;
use super::work::number_key;
use crate::bindings::crm::types::Failure;
use crate::bindings::hooks::numbers::Sameness;
use crate::store::{AccountRef, AccountState, Change, Kind, Order, Ordered, Progress, WorkItem, WorkState, index_digits};

impl Core {
    pub(super) fn take_order(&mut self, ordered: Ordered) {
        let Ordered { id, by, order, .. } = ordered;
        let result = match order {
            Order::Replay { item } => self.replay(item),
            Order::Discard { item } => self.discard_one(item, &by),
            Order::Enable { connector } => self.switch(&connector, true),
            Order::Disable { connector } => self.switch(&connector, false),
            Order::Reopen { connector } => {
                self.reopen(&connector);
                format!("account {connector} is tried at once")
            }
            Order::Forget { connector } => self.forget_account(&connector, &by),
            Order::Erase { number } => self.erase(&number, &by),
        };
        self.commit_all(vec![Change::OrderDone { id, at: self.now, result: result.clone() }]);
        self.tell(Told::Ordered { id, by, result });
    }

    /// The key stays: where the CRM has it after all, it is found.
    fn replay(&mut self, order: u64) -> String {
        let Some(item) = self.item(order) else { return format!("there is no work {order}") };
        let WorkState::Dead(failure) = &item.progress.state else {
            return format!("work {order} is not dead, so there is nothing to replay");
        };
        let unclear =
            matches!(**failure, Failure::Unclear(_) | Failure::Garbled(_) | Failure::Other(_)) && super::failures::changes_the_crm(&item);
        let progress =
            Progress { unclear, told_waiting: true, first_tried: item.progress.first_tried.filter(|_| unclear), ..Progress::new(self.now) };
        self.commit_all(vec![Change::Progress { order, progress: Box::new(progress) }]);
        format!("work {order} is tried again")
    }

    fn discard_one(&mut self, order: u64, by: &str) -> String {
        let Some(item) = self.item(order) else { return format!("there is no work {order}") };
        match item.progress.state {
            WorkState::Done(_) | WorkState::Discarded(_) => format!("work {order} is over already"),
            WorkState::Pending(_) | WorkState::Leased(_) | WorkState::Dead(_) => {
                let count = self.discard(vec![item], by);
                format!("discarded {count} items of work")
            }
        }
    }

    /// Discards items with all that waits for them. Gives how many.
    fn discard(&mut self, mut items: Vec<WorkItem>, by: &str) -> usize {
        let mut count = 0;
        while !items.is_empty() {
            let mut held_up = Vec::new();
            let mut changes = Vec::new();
            for item in &items {
                if let Some(state) = self.state.as_ref() {
                    held_up.extend(state.agenda.held_up_by(item.order));
                }
                changes.push(self.finished(item, WorkState::Discarded(by.to_owned())));
            }
            count += changes.len();
            self.commit_all(changes);
            items = held_up.into_iter().filter_map(|order| self.unfinished(order)).collect();
        }
        count
    }

    fn switch(&mut self, connector: &str, enabled: bool) -> String {
        let known = match self.slots.iter_mut().find(|slot| slot.id == connector) {
            Some(slot) => {
                slot.gate.enable(enabled);
                // Switched off it is not asked at all, and switched on again it begins with a clean sheet.
                slot.crashes = Crashes::default();
                Some(slot.state())
            }
            None => None,
        };
        let is_known = known.is_some();
        let state = known.unwrap_or_else(|| AccountState { enabled, crashed: Vec::new(), ..self.kept_state(connector) });
        self.commit_all(vec![Change::PutAccount(state)]);
        if let Some(state) = self.state.as_mut() {
            for account in state.accounts.iter_mut().filter(|account| account.connection.id == connector) {
                account.enabled = enabled;
            }
        }
        let word = if enabled { "enabled" } else { "disabled" };
        if is_known { format!("account {connector} is {word}") } else { format!("account {connector} is not connected; it will be {word}") }
    }

    /// What the store knows of an account that is not connected now.
    fn kept_state(&self, connector: &str) -> AccountState {
        let kept =
            self.state.as_ref().and_then(|state| state.store.accounts().into_iter().find(|kept| kept.account.connector == connector));
        kept.unwrap_or_else(|| AccountState::new(AccountRef { connector: connector.to_owned(), organisation: String::new() }))
    }

    /// A function of its connector crashes whatever it is about.
    pub(super) fn give_up(&mut self, slot: usize, function: &'static str) {
        let Some(connected) = self.slots.get(slot) else { return };
        let (connector, state) = (connected.id.clone(), connected.state());
        self.commit_all(vec![Change::PutAccount(state)]);
        self.tell(Told::FunctionCrashed { connector, function });
    }

    /// The account was disconnected: nothing is sent to it any more, and what waited for it is discarded.
    fn forget_account(&mut self, connector: &str, by: &str) -> String {
        self.switch(connector, false);
        let mut items = Vec::new();
        if let Some(state) = self.state.as_ref() {
            let lists: [&dyn Fn(u64) -> Vec<WorkItem>; 2] =
                [&|after| state.store.unfinished(after, 500), &|after| state.store.dead(after, 500)];
            for list in lists {
                let mut page = list(0);
                while let Some(last) = page.last().map(|item| item.order) {
                    items.extend(page.into_iter().filter(|item| item.account.connector == connector));
                    page = list(last);
                }
            }
        }
        let count = self.discard(items, by);
        format!("discarded {count} items of work for {connector}")
    }

    fn erase(&mut self, number: &str, by: &str) -> String {
        let number = self.state.as_ref().map(|state| state.numbers.parse(number));
        // Calls without a number share a lane: they must not be erased with somebody's number.
        let Some(number) = number.filter(|number| !number.forms.is_empty()) else {
            return "that is no telephone number of somebody outside, so nothing was erased: write it with + and its country's code"
                .to_owned();
        };
        let lane = number_key(&number);
        let orders: Vec<u64> = match self.state.as_ref() {
            Some(state) => [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend]
                .into_iter()
                .flat_map(|kind| state.agenda.in_lane(kind, lane))
                .map(|(order, _)| order)
                .collect(),
            None => Vec::new(),
        };
        let items = orders.into_iter().filter_map(|order| self.unfinished(order)).collect();
        let discarded = self.discard(items, by);
        let Some(state) = self.state.as_mut() else { return String::new() };
        let gone: Vec<String> = state
            .calls
            .iter()
            .filter(|(_, call)| call.ended() && call.call().parties.iter().any(|party| number_key(&party.number) == lane))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            state.calls.remove(&id);
            state.notes.remove(&id);
            state.links.remove(&id);
            self.screens.forget(&id);
        }
        let numbers = &state.numbers;
        let same = |stored: &str| matches!(numbers.same(&number, stored), Sameness::Exact);
        match state.store.erase(lane, &index_digits(lane), &same, self.now) {
            Ok(count) => format!("erased {count} things, {discarded} of them were still to be done"),
            Err(why) => format!("not erased: {why}"),
        }
    }

    /// What waited for the account is due now, and its gate is open.
    pub(super) fn reopen(&mut self, connector: &str) {
        let mut slots = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate().filter(|(_, slot)| slot.id == connector) {
            slot.gate.reopened();
            slots.push(index);
        }
        let Some(state) = self.state.as_ref() else { return };
        let waiting: Vec<WorkItem> = slots
            .into_iter()
            .flat_map(|slot| state.agenda.of_slot(Some(slot)))
            .filter(|order| state.agenda.head(*order).is_some_and(|head| !head.unclear && head.due.is_some_and(|due| due > self.now)))
            .filter_map(|order| state.store.work_at(order))
            .collect();
        for item in waiting {
            self.pend(&item, self.now, |_| {});
        }
    }
}
