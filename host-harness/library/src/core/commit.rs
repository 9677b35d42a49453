//! The end of a hook: its unit of work is committed as a whole, and only then carried out.

use super::io::{Line, Output, Reply, Told, Write};
use super::work::{Asking, AskingFor, match_key, number_key};
use super::{Core, Slot};
use crate::bindings::crm::types::About;
use crate::hook::unit::Unit;
use crate::limits;
use crate::store::{AccountRef, Change, EndedCall, Kind, Progress, Task, WorkItem, WorkState};

impl Core {
    /// Takes the durable part into the store, together with the end of the work whose answer the hook took.
    pub(super) fn commit(&mut self, unit: &Unit, lane: Option<&str>, settles: Option<u64>) {
        let mut changes: Vec<Change> = Vec::new();
        let notes: Vec<(String, Option<String>)> = unit
            .notes
            .iter()
            .filter(|((call, _), _)| Some(call.as_str()) == lane)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        let settled = settles.and_then(|order| self.unfinished(order));
        if let Some(item) = &settled {
            changes.push(self.finished(item, WorkState::Done(None)));
        }
        // What follows from a late answer has the call's summary as the answered work had it.
        let summary = settled.and_then(|item| item.ended);
        for ((book, key), entry) in &unit.entries {
            changes.push(match entry {
                Some(entry) => Change::PutEntry { book: book.clone(), entry: entry.clone() },
                None => Change::RemoveEntry { book: book.clone(), key: key.clone() },
            });
        }
        for line in &unit.lines {
            let Line::Write(write) = line else { continue };
            let (key, call, task) = match write {
                Write::Match { call, number } => (match_key(call, number), Some(call.clone()), Task::Match(number.clone())),
                Write::Create { key, call, draft } => (key.clone(), call.clone().or(lane.map(str::to_owned)), Task::Create(draft.clone())),
                Write::Journal { key, about, entry } => {
                    (key.clone(), Some(entry.call.clone()), Task::Journal { about: about.clone(), entry: entry.clone() })
                }
                Write::Amend { key, journal_key, change } => {
                    (key.clone(), lane.map(str::to_owned), Task::Amend { journal_key: journal_key.clone(), change: change.clone() })
                }
                _ => continue,
            };
            let again = changes.iter().any(|change| matches!(change, Change::PutWork(known) if known.key == key));
            if let Some(item) = self.new_work(key, call, task, &notes, &changes, summary.as_deref()).filter(|_| !again) {
                changes.push(Change::PutWork(Box::new(item)));
            }
        }
        if let Some(call) = lane {
            changes.extend(self.settle_call(call, &notes).into_iter().filter(|change| match change {
                Change::PutWork(item) => Some(item.order) != settles,
                _ => true,
            }));
        }
        self.commit_all(changes);
    }

    /// None: the same key means the same work, and it is there already. `asked`: what the same hook asked for before.
    fn new_work(
        &mut self,
        key: String,
        call: Option<String>,
        task: Task,
        notes: &[(String, Option<String>)],
        asked: &[Change],
        summary: Option<&EndedCall>,
    ) -> Option<WorkItem> {
        let state = self.state.as_ref()?;
        let ended = call.as_ref().and_then(|call| self.ended_call(call, notes)).or_else(|| summary.cloned()).map(Box::new);
        if state.store.work(&key).is_some() {
            return None;
        }
        let earlier = |key: &str| {
            let now = asked.iter().find_map(|change| match change {
                Change::PutWork(item) if item.key == key => Some((**item).clone()),
                _ => None,
            });
            now.or_else(|| state.store.work(key))
        };
        let (account, lane) = match &task {
            Task::Match(number) => (self.first_account(), number_key(number).to_owned()),
            Task::Create(draft) => (self.creating_account(), number_key(&draft.number).to_owned()),
            Task::Journal { about: About::Existing(record), entry } => {
                (self.account_of(&record.connector), number_key(&entry.number).to_owned())
            }
            Task::Journal { about: About::CreatedBy(creation), entry } => {
                let account = earlier(creation).map_or_else(|| self.creating_account(), |creation| creation.account);
                (account, number_key(&entry.number).to_owned())
            }
            Task::Journal { about: About::Other(_), entry } => (self.first_account(), number_key(&entry.number).to_owned()),
            Task::Amend { journal_key, .. } => {
                let journal = earlier(journal_key)?;
                (journal.account, journal.lane)
            }
        };
        let lasting = ended.is_some() || task.kind() != Kind::Match;
        self.order += 1;
        let (order, asked_at, progress) = (self.order, self.now, Progress::new(self.now));
        Some(WorkItem { key, order, account, lane, call, ended, task, asked_at, lasting, progress })
    }

    /// The account that is asked first.
    fn first_account(&self) -> AccountRef {
        let first = self.slots.iter().find(|slot| slot.gate.is_enabled()).or(self.slots.first());
        first.map_or_else(AccountRef::default, Slot::account)
    }

    /// The account in which records are made.
    fn creating_account(&self) -> AccountRef {
        let state = self.state.as_ref();
        let creating = state.and_then(|state| state.accounts.iter().find(|account| account.connection.creates));
        creating.map_or_else(|| self.first_account(), |account| self.account_of(&account.connection.id))
    }

    /// What is live: notes, links, screens, replies; and the explanation.
    pub(super) fn carry_out(&mut self, unit: Unit, lane: Option<&str>, hook: &'static str) {
        if let Some(state) = self.state.as_mut() {
            for ((call, key), value) in unit.notes {
                let notes = state.notes.entry(call).or_default();
                match value {
                    Some(value) => notes.insert(key, value),
                    None => notes.remove(&key),
                };
            }
            if let Some(lane) = lane.filter(|_| !unit.links.is_empty()) {
                state.links.entry(lane.to_owned()).or_default().extend(unit.links);
            }
        }
        for line in unit.lines {
            let Line::Write(write) = &line else {
                self.tell(Told::Line { call: lane.map(str::to_owned), hook, line });
                continue;
            };
            let (output, told) = self.effect(write.clone());
            if told {
                self.tell(Told::Line { call: lane.map(str::to_owned), hook, line });
            }
            self.outputs.extend(output);
        }
    }

    /// The output of a live write, and whether it did anything at all.
    fn effect(&mut self, write: Write) -> (Option<Output>, bool) {
        match write {
            Write::ShowCard { extension, call, card, lifetime } => {
                self.screens.show(&extension, &call, card.clone(), &lifetime);
                (Some(Output::ShowCard { extension, call, card }), true)
            }
            Write::RemoveCard { extension, call } => {
                let there = self.screens.remove(&extension, &call);
                (there.then_some(Output::RemoveCard { extension, call }), there)
            }
            Write::OpenPage { extension, call, link, title, lifetime } => {
                let first = self.screens.open(&extension, &call, &link);
                (first.then_some(Output::OpenPage { extension, call, link, title, lifetime }), first)
            }
            Write::Dial { key, extension, number } => (Some(Output::Dial { key, extension, number }), true),
            Write::ReplyDone { request, said } => self.reply(request, Reply::Done(said)),
            Write::ReplyRefused { request, why } => self.reply(request, Reply::Refused(why)),
            Write::ReplyRows { request, rows, more } => self.reply(request, Reply::Rows { rows, more }),
            Write::Search { request, text, limit } => {
                let able = self.able("search");
                self.asked.push(Asking {
                    until: self.now + limits::SEARCH_MS,
                    call: None,
                    waiting: able,
                    what: AskingFor::Search { request, text, limit },
                });
                (None, true)
            }
            Write::Visibility { call, user, records } => {
                let slot = self.slots.iter().position(|slot| slot.id == user.connector);
                self.asked.push(Asking {
                    until: self.now + limits::CONNECTOR_TIME_MS * 2,
                    call: Some(call),
                    waiting: slot.into_iter().collect(),
                    what: AskingFor::Visibility { user, records },
                });
                (None, true)
            }
            Write::PutEntry { .. }
            | Write::RemoveEntry { .. }
            | Write::Match { .. }
            | Write::Create { .. }
            | Write::Journal { .. }
            | Write::Amend { .. } => (None, true),
        }
    }

    /// A question is answered once.
    fn reply(&mut self, request: String, reply: Reply) -> (Option<Output>, bool) {
        let first = self.questions.remove(&request).is_some();
        (first.then_some(Output::Reply { request, reply }), first)
    }
}
