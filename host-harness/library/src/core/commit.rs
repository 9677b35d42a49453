//! The end of a hook: its unit of work is committed as a whole, and only then carried out.

use super::Core;
use super::io::{Line, Output, Reply, Told, Write};
use super::work::{Asking, AskingFor, match_key};
use crate::hook::HookFailure;
use crate::hook::unit::Unit;
use crate::limits;
use crate::store::{Change, Task, WorkItem, WorkState};

impl Core {
    /// Writes the durable part, with the event's mark. Nothing has happened if this fails.
    pub(super) fn commit(&mut self, unit: &Unit, lane: Option<&str>, sequence: Option<u64>) -> Result<(), HookFailure> {
        let mut changes: Vec<Change> = Vec::new();
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
            if let Some(item) = self.new_work(key, call, task) {
                let again = changes.iter().any(|change| matches!(change, Change::PutWork(known) if known.key == item.key));
                if !again {
                    changes.push(Change::PutWork(Box::new(item)));
                }
            }
        }
        // A hook with live effects alone waits for no disk.
        if changes.is_empty() {
            return Ok(());
        }
        if let (Some(call), Some(sequence)) = (lane, sequence) {
            changes.push(Change::MarkEvent { call: call.to_owned(), sequence });
        }
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        state.store.commit(changes).map_err(|why| HookFailure::Store(why.to_string()))
    }

    /// None: the same key means the same work, and it is there already.
    fn new_work(&mut self, key: String, call: Option<String>, task: Task) -> Option<WorkItem> {
        let state = self.state.as_ref()?;
        if state.store.work(&key).is_some() {
            return None;
        }
        let summary =
            call.as_ref().and_then(|call| state.calls.get(call)).filter(|call| call.ended()).map(|call| Box::new(call.call().clone()));
        self.order += 1;
        Some(WorkItem {
            key,
            order: self.order,
            call,
            summary,
            task,
            state: WorkState::Pending(self.now),
            tries: 0,
            first_tried: None,
            unclear: false,
            looked_up: 0,
            told_waiting: false,
            asked: 0,
        })
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
