//! Work for connectors: which is due, what goes together into one call, and how it is begun.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Core;
use crate::bindings::connector::exports::pbx::crm::{amending, journal};
use crate::bindings::connector::pbx::crm::context::Context;
use crate::bindings::crm::types::{About, Draft, Failure, RecordRef, UserRef};
use crate::bindings::hooks::types::Number;
use crate::connector::run::Question;
use crate::credential::problem::Problem;
use crate::event::Moment;
use crate::limits;
use crate::store::{Change, Task, WorkItem, WorkState};

/// A connector call that is under way, and what its answer is for.
pub(super) struct Job {
    pub(super) slot: usize,
    pub(super) deadline: Moment,
    pub(super) function: &'static str,
    pub(super) writes: bool,
    /// Numbers or keys, for the explanation.
    pub(super) about: Vec<String>,
    pub(super) purpose: Purpose,
    /// Why one of its requests could not be sent.
    pub(super) problem: Option<Problem>,
}

/// What a connector call's answer is for.
pub(super) enum Purpose {
    /// All waiting matches of these numbers at this connector.
    Find(Vec<Number>),
    /// The check before a creation.
    ExactCheck(String),
    /// Did an unclear creation succeed?
    FindCreated(String),
    Create(String),
    Write(Vec<String>),
    /// Which unclear entries are there?
    FindWritten(Vec<String>),
    Amend(Vec<String>),
    /// Index of the question in `Core::asked`, by its serial number.
    Asking(String),
}

/// A request that is not durable: somebody looks at a screen.
pub(super) struct Asking {
    pub(super) until: Moment,
    pub(super) call: Option<String>,
    /// Connectors that are still to be asked.
    pub(super) waiting: Vec<usize>,
    pub(super) what: AskingFor,
}

pub(super) enum AskingFor {
    Search { request: String, text: String, limit: u32 },
    Visibility { user: UserRef, records: Vec<RecordRef> },
}

impl Asking {
    pub(super) fn id(&self) -> String {
        match &self.what {
            AskingFor::Search { request, .. } => format!("search {request}"),
            AskingFor::Visibility { user, .. } => {
                format!("visibility {} {} {}", user.connector, user.id, self.call.as_deref().unwrap_or(""))
            }
        }
    }
}

/// Key of a match: once for each call and number, whoever asks.
pub(super) fn match_key(call: &str, number: &Number) -> String {
    format!("match {call} {}", number_key(number))
}

/// What makes two numbers one for pooling and for lanes: the most telling form.
pub(super) fn number_key(number: &Number) -> &str {
    number.forms.first().map_or("", String::as_str)
}

fn is_due(item: &WorkItem, now: Moment) -> bool {
    matches!(item.state, WorkState::Pending(due) if due <= now)
}

impl Core {
    /// Begins every connector call that can begin now.
    pub(super) fn dispatch(&mut self) {
        let Some(state) = self.state.as_ref() else { return };
        let items = state.store.unfinished();
        self.dispatch_matches(&items);
        self.dispatch_creations(&items);
        self.dispatch_journals(&items);
        self.dispatch_amendments(&items);
        self.dispatch_asking();
    }

    /// When waiting work is due next.
    pub(super) fn next_work(&self) -> Option<Moment> {
        let items = self.state.as_ref()?.store.unfinished();
        items
            .iter()
            .filter_map(|item| if let WorkState::Pending(due) = item.state { Some(due) } else { None })
            // What is due and yet was not begun waits for something else than time.
            .filter(|due| *due > self.now)
            .min()
    }

    /// Indices of connectors that have an ability.
    pub(super) fn able(&self, ability: &str) -> Vec<usize> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.connector.abilities().iter().any(|known| known == ability))
            .map(|(index, _)| index)
            .collect()
    }

    fn free(&self, slot: usize) -> bool {
        self.runs.len() < limits::RUNNING_CONNECTORS
            && self.slots.get(slot).is_some_and(|slot| slot.running < slot.connector.description().parallel)
    }

    /// One look-up serves every call that waits for the same number, and takes as many numbers as the connector can.
    fn dispatch_matches(&mut self, items: &[WorkItem]) {
        let now = self.now;
        for slot in 0..self.slots.len() {
            while self.free(slot) {
                let out: BTreeSet<String> = self
                    .jobs
                    .values()
                    .filter(|job| job.slot == slot)
                    .filter_map(|job| if let Purpose::Find(numbers) = &job.purpose { Some(numbers) } else { None })
                    .flatten()
                    .map(|number| number_key(number).to_owned())
                    .collect();
                let batch = self.slots.get(slot).map_or(1, |slot| slot.connector.description().find_batch as usize);
                let mut numbers: Vec<Number> = Vec::new();
                let mut taken: Vec<&WorkItem> = Vec::new();
                for item in items.iter().filter(|item| item.asked as usize == slot && is_due(item, now)) {
                    let Task::Match(number) = &item.task else { continue };
                    let known = numbers.iter().any(|other| number_key(other) == number_key(number));
                    if out.contains(number_key(number)) || (!known && numbers.len() >= batch) {
                        continue;
                    }
                    if !known {
                        numbers.push(number.clone());
                    }
                    taken.push(item);
                }
                if numbers.is_empty() {
                    break;
                }
                self.lease(&taken);
                let about = numbers.iter().map(|number| number.raw.clone()).collect();
                self.begin(slot, Question::Find { numbers: numbers.clone(), limit: 50 }, Purpose::Find(numbers), about);
            }
        }
    }

    /// Creations of one number go one after another, so that the second finds what the first has made.
    fn dispatch_creations(&mut self, items: &[WorkItem]) {
        let Some(slot) = self.creating_slot() else { return };
        let now = self.now;
        let mut busy: BTreeSet<String> = items
            .iter()
            .filter_map(|item| match (&item.task, &item.state) {
                (Task::Create(draft), WorkState::Leased(_)) => Some(number_key(&draft.number).to_owned()),
                _ => None,
            })
            .collect();
        for item in items.iter().filter(|item| is_due(item, now)) {
            let Task::Create(draft) = &item.task else { continue };
            if !self.free(slot) {
                return;
            }
            if !busy.insert(number_key(&draft.number).to_owned()) {
                continue;
            }
            if let Some(known) = self.known_creation(slot, draft) {
                self.finish_creation(item.clone(), known.entity, true, 0, false);
                continue;
            }
            self.lease(&[item]);
            let about = vec![draft.number.raw.clone()];
            let (question, purpose) = if item.unclear {
                let since = item.first_tried.unwrap_or(self.now);
                (Question::FindCreated { key: item.key.clone(), draft: draft.clone(), since }, Purpose::FindCreated(item.key.clone()))
            } else {
                (Question::ExactCheck { number: draft.number.clone() }, Purpose::ExactCheck(item.key.clone()))
            };
            self.begin(slot, question, purpose, about);
        }
    }

    /// The second step of a creation, after the check has found nothing.
    pub(super) fn begin_creation(&mut self, slot: usize, key: &str, draft: Box<Draft>) {
        let about = vec![draft.number.raw.clone()];
        self.begin(slot, Question::Create { key: key.to_owned(), draft }, Purpose::Create(key.to_owned()), about);
    }

    fn dispatch_journals(&mut self, items: &[WorkItem]) {
        let now = self.now;
        for slot in 0..self.slots.len() {
            for unclear in [true, false] {
                let batch = self.slots.get(slot).map_or(1, |slot| slot.connector.description().write_batch as usize);
                let mut rest: Vec<(&WorkItem, journal::Item)> = items
                    .iter()
                    .filter(|item| item.unclear == unclear && is_due(item, now))
                    .filter_map(|item| {
                        let Task::Journal { about, entry } = &item.task else { return None };
                        let about = self.resolve(about)?;
                        let here = self.slots.get(slot).is_some_and(|slot| slot.id == about.connector);
                        here.then(|| (item, journal::Item { key: item.key.clone(), about, entry: (**entry).clone(), extras: Vec::new() }))
                    })
                    .collect();
                while !rest.is_empty() && self.free(slot) {
                    let part: Vec<_> = rest.drain(..rest.len().min(batch)).collect();
                    let (taken, entries): (Vec<&WorkItem>, Vec<journal::Item>) = part.into_iter().unzip();
                    self.lease(&taken);
                    let keys: Vec<String> = taken.iter().map(|item| item.key.clone()).collect();
                    let about = keys.clone();
                    if unclear {
                        let since = taken.iter().filter_map(|item| item.first_tried).min().unwrap_or(self.now);
                        self.begin(slot, Question::FindWritten { items: entries, since }, Purpose::FindWritten(keys), about);
                    } else {
                        self.begin(slot, Question::Write { items: entries }, Purpose::Write(keys), about);
                    }
                }
            }
        }
    }

    /// The record of a journal entry; none while its creation is out.
    pub(super) fn resolve(&self, about: &About) -> Option<RecordRef> {
        match about {
            About::Existing(record) => Some(record.clone()),
            About::CreatedBy(key) => match self.state.as_ref()?.store.work(key)?.state {
                WorkState::Done(record) => record,
                _ => None,
            },
            About::Other(_) => None,
        }
    }

    fn dispatch_amendments(&mut self, items: &[WorkItem]) {
        let now = self.now;
        for item in items.iter().filter(|item| is_due(item, now)) {
            let Task::Amend { journal_key, change } = &item.task else { continue };
            let Some(state) = self.state.as_mut() else { return };
            let Some(journal) = state.store.work(journal_key) else { continue };
            match (&journal.task, &journal.state) {
                // Not yet written: folded in, and done.
                (Task::Journal { about, entry }, WorkState::Pending(_)) if !journal.unclear => {
                    let mut entry = entry.clone();
                    entry.subject = change.subject.clone().unwrap_or(entry.subject);
                    entry.body = change.body.clone().unwrap_or(entry.body);
                    entry.recording = change.recording.clone().or(entry.recording);
                    entry.user = change.user.clone().or(entry.user);
                    let folded = WorkItem { task: Task::Journal { about: about.clone(), entry }, ..journal };
                    let done = WorkItem { state: WorkState::Done(None), ..item.clone() };
                    let _ = state.store.commit(vec![Change::PutWork(Box::new(folded)), Change::PutWork(Box::new(done))]);
                }
                (_, WorkState::Done(Some(activity))) => {
                    let activity = activity.clone();
                    let Some(slot) = self.slots.iter().position(|slot| slot.id == activity.connector) else { continue };
                    if !self.free(slot) {
                        continue;
                    }
                    self.lease(&[item]);
                    let amendment = amending::Item { key: item.key.clone(), activity, change: (**change).clone(), extras: Vec::new() };
                    self.begin(
                        slot,
                        Question::Amend { items: vec![amendment] },
                        Purpose::Amend(vec![item.key.clone()]),
                        vec![item.key.clone()],
                    );
                }
                _ => {}
            }
        }
    }

    fn dispatch_asking(&mut self) {
        let mut begin = Vec::new();
        for index in 0..self.asked.len() {
            let Some(asking) = self.asked.get(index) else { break };
            let (id, waiting) = (asking.id(), asking.waiting.clone());
            for slot in waiting {
                if !self.free(slot) {
                    continue;
                }
                let Some(asking) = self.asked.get_mut(index) else { break };
                asking.waiting.retain(|known| *known != slot);
                let question = match &asking.what {
                    AskingFor::Search { text, limit, .. } => Question::Search { text: text.clone(), limit: *limit },
                    AskingFor::Visibility { user, records } => Question::Visible { user: user.clone(), records: records.clone() },
                };
                begin.push((slot, question, id.clone()));
            }
        }
        for (slot, question, id) in begin {
            self.begin(slot, question, Purpose::Asking(id), Vec::new());
        }
    }

    fn creating_slot(&self) -> Option<usize> {
        let state = self.state.as_ref()?;
        let id = &state.accounts.iter().find(|account| account.connection.creates)?.connection.id;
        self.slots.iter().position(|slot| slot.id == *id)
    }

    /// Marks items as given to a connector.
    fn lease(&mut self, items: &[&WorkItem]) {
        let Some(state) = self.state.as_mut() else { return };
        let changes = items
            .iter()
            .map(|item| {
                Change::PutWork(Box::new(WorkItem {
                    state: WorkState::Leased(self.now),
                    tries: item.tries.saturating_add(1),
                    first_tried: item.first_tried.or(Some(self.now)),
                    ..(*item).clone()
                }))
            })
            .collect();
        let _ = state.store.commit(changes);
    }

    fn begin(&mut self, slot: usize, question: Question, purpose: Purpose, about: Vec<String>) {
        let language = self.state.as_ref().map(|state| state.pbx.facts().language).unwrap_or_default();
        let seed = self.draw();
        let Some(connected) = self.slots.get_mut(slot) else { return };
        connected.running += 1;
        self.last_run += 1;
        let context = Context {
            connector: connected.id.clone(),
            base: connected.base.clone(),
            settings: connected.settings.all(),
            now: self.now,
            time_left: limits::CONNECTOR_TIME_MS,
            requests_left: limits::CONNECTOR_REQUESTS,
            language,
            organisation: Some(connected.organisation.clone()).filter(|organisation| !organisation.is_empty()),
            user: connected.user.clone(),
            extras: Vec::new(),
        };
        let job = Job {
            slot,
            deadline: self.now + limits::CONNECTOR_TIME_MS,
            function: question.function(),
            writes: question.writes(),
            about,
            purpose,
            problem: None,
        };
        self.jobs.insert(self.last_run, job);
        self.runs.start(
            self.last_run,
            Arc::clone(&connected.connector),
            Arc::clone(&connected.permits),
            context,
            seed,
            self.connector_cpu,
            question,
        );
    }

    /// Gives up questions that nobody waits for any more.
    pub(super) fn give_up_asking(&mut self) {
        let now = self.now;
        let over: Vec<Asking> = self.asked.extract_if(.., |asking| asking.until <= now).collect();
        for asking in over {
            self.jobs.retain(|_, job| !matches!(&job.purpose, Purpose::Asking(id) if *id == asking.id()));
            self.refuse_asking(asking, Failure::Unreachable(super::failures::detail("host.asked-too-long")));
        }
    }
}
