//! Work for connectors: which is due, what goes together into one call, and how it is begun.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Core;
use super::agenda::{Head, Lot};
use super::budget::Worth;
use super::failures::detail;
use super::gate::Pass;
use crate::bindings::base::types::Number;
use crate::bindings::connector::exports::pbx::crm::{amending, journal};
use crate::bindings::connector::pbx::crm::context::Context;
use crate::bindings::crm::types::{About, Draft, Failure, RecordRef, UserRef};
use crate::connector::run::Question;
use crate::credential::problem::Problem;
use crate::event::Moment;
use crate::limits;
use crate::store::{AccountRef, Change, Kind, Progress, Task, WorkItem, WorkState};

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

/// What a connector call's answer is for. Items are named by their `order`.
#[derive(Clone)]
pub(super) enum Purpose {
    /// All waiting matches of these numbers at this connector.
    Find(Vec<Number>),
    /// The check before a creation.
    ExactCheck(u64),
    /// Did an unclear creation succeed?
    FindCreated(u64),
    Create(u64),
    Write(Vec<u64>),
    /// Which unclear entries are there?
    FindWritten(Vec<u64>),
    Amend(Vec<u64>),
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

/// So many records are asked for, for each number.
const HITS: u32 = 50;

/// Key of a match: once for each call and number, whoever asks.
pub(super) fn match_key(call: &str, number: &Number) -> String {
    format!("match {call} {}", number_key(number))
}

/// What makes two numbers one for pooling and for lanes: the most telling form.
pub(crate) fn number_key(number: &Number) -> &str {
    number.forms.first().map_or("", String::as_str)
}

/// In order of worth while time is short; what is looked for comes before what is made anew.
const LOTS: [Lot; 7] = [Lot::LiveMatch, Lot::CreationCheck, Lot::Creation, Lot::JournalCheck, Lot::Journal, Lot::Amendment, Lot::LateMatch];

impl Lot {
    fn worth(self) -> Worth {
        match self {
            Self::LiveMatch | Self::LateMatch => Worth::Match,
            Self::CreationCheck | Self::Creation => Worth::Create,
            Self::JournalCheck | Self::Journal | Self::Amendment => Worth::Journal,
        }
    }

    /// Functions of the connector that it needs.
    fn functions(self) -> &'static [&'static str] {
        match self {
            Self::LiveMatch | Self::LateMatch => Kind::Match.functions(false),
            Self::CreationCheck => Kind::Create.functions(true),
            Self::Creation => Kind::Create.functions(false),
            Self::JournalCheck => Kind::Journal.functions(true),
            Self::Journal => Kind::Journal.functions(false),
            Self::Amendment => Kind::Amend.functions(false),
        }
    }
}

impl Core {
    /// Begins every connector call that can begin now.
    pub(super) fn dispatch(&mut self) {
        self.tell_fresh();
        for slot in 0..self.slots.len() {
            while self.begin_one(slot) {}
        }
    }

    /// Begins what is worth most, or finishes something without a call. False: nothing can be done for this account now.
    fn begin_one(&mut self, slot: usize) -> bool {
        let Some(pass) = self.slots.get(slot).map(|slot| slot.gate.pass(self.now)).filter(|pass| *pass != Pass::Closed) else {
            return false;
        };
        // A probe is the only call of its account.
        if pass == Pass::Probe && self.slots.get(slot).is_some_and(|slot| slot.running > 0) {
            return false;
        }
        for lot in LOTS {
            if lot == Lot::LateMatch && self.begin_asking(slot) {
                if let Some(slot) = self.slots.get_mut(slot).filter(|_| pass == Pass::Probe) {
                    slot.gate.probe();
                }
                return true;
            }
            // Whether the CRM is back is found out with whatever waits for it; only what it may just be working on is left in peace.
            let until = match lot {
                Lot::CreationCheck | Lot::JournalCheck => self.now,
                _ if pass == Pass::Probe => Moment::MAX,
                _ => self.now,
            };
            // Some room is kept for calls that ring now.
            let room = if lot == Lot::LiveMatch { self.free(slot, 0) } else { self.free(slot, 1) };
            if !room || !self.affordable(slot, lot.worth()) || !self.works(slot, lot) {
                continue;
            }
            let begun = match lot {
                Lot::LiveMatch | Lot::LateMatch => self.begin_matches(slot, lot, until),
                Lot::CreationCheck | Lot::Creation => self.begin_a_creation(slot, lot, until),
                Lot::JournalCheck | Lot::Journal => self.begin_journals(slot, lot, pass, until),
                Lot::Amendment => self.begin_amendments(slot, until),
            };
            if begun {
                if let Some(slot) = self.slots.get_mut(slot).filter(|slot| pass == Pass::Probe && slot.running > 0) {
                    slot.gate.probe();
                }
                return true;
            }
        }
        false
    }

    /// When waiting work can go on by time alone.
    pub(super) fn next_work(&self) -> Option<Moment> {
        let agenda = &self.state.as_ref()?.agenda;
        let mut wakes: Vec<Moment> = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.gate.pass(self.now) == Pass::Closed {
                wakes.extend(slot.gate.opens(self.now));
                continue;
            }
            for lot in LOTS {
                let waiting = agenda.due(index, lot, self.now).next().is_some();
                match slot.budget.allows(lot.worth(), self.now) {
                    Err(until) if waiting => wakes.push(until),
                    _ => wakes.extend(agenda.next_due(index, lot, self.now)),
                }
                if lot == Lot::Journal && waiting && slot.pool_until > self.now {
                    wakes.push(slot.pool_until);
                }
            }
        }
        wakes.into_iter().min()
    }

    /// Indices of connectors that have an ability.
    pub(super) fn able(&self, ability: &str) -> Vec<usize> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.gate.is_enabled() && slot.connector.abilities().iter().any(|known| known == ability))
            .map(|(index, _)| index)
            .collect()
    }

    /// The place of an account among those connected.
    pub(super) fn slot_of(&self, account: &AccountRef) -> Option<usize> {
        self.slots.iter().position(|slot| slot.id == account.connector && slot.organisation == account.organisation)
    }

    fn free(&self, slot: usize, kept: u32) -> bool {
        let Some(connected) = self.slots.get(slot) else { return false };
        let parallel = connected.connector.description().parallel;
        self.runs.len() < limits::RUNNING_CONNECTORS && connected.running < parallel.saturating_sub(kept).max(1)
    }

    /// Does the connector still do what such work needs?
    fn works(&self, slot: usize, lot: Lot) -> bool {
        self.slots.get(slot).is_some_and(|slot| !lot.functions().iter().any(|function| slot.crashes.has_ended(function)))
    }

    /// May a further call of this function begin, for work that has one behind it?
    pub(super) fn is_open(&self, slot: usize, function: &str) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.gate.pass(self.now) != Pass::Closed && !slot.crashes.has_ended(function))
    }

    fn affordable(&self, slot: usize, worth: Worth) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.budget.allows(worth, self.now).is_ok())
    }

    /// Work that came while its account cannot be asked: the plugin is told that it waits, and why.
    fn tell_fresh(&mut self) {
        let Some(state) = self.state.as_mut() else { return };
        for order in state.agenda.fresh() {
            let Some(head) = self.state.as_ref().and_then(|state| state.agenda.head(order)) else { continue };
            let Some(slot) = head.slot.and_then(|slot| self.slots.get(slot)) else { continue };
            if head.kind.functions(head.unclear).iter().any(|function| slot.crashes.has_ended(function)) {
                if let Some(item) = self.item(order) {
                    self.tell_plugin_waiting(&item, Failure::Garbled(detail("host.connector-trapped")));
                }
                continue;
            }
            if slot.gate.pass(self.now) != Pass::Closed {
                continue;
            }
            let Some((why, until)) = slot.gate.why().map(|(why, until)| (why.clone(), until)) else { continue };
            if let Some(item) = self.item(order) {
                self.tell_waiting(item, why, until);
            }
        }
    }

    /// One look-up serves every call that waits for the same number, and takes as many numbers as the connector can.
    fn begin_matches(&mut self, slot: usize, lot: Lot, until: Moment) -> bool {
        let Some(state) = self.state.as_ref() else { return false };
        let out: BTreeSet<&str> = self
            .jobs
            .values()
            .filter(|job| job.slot == slot)
            .filter_map(|job| if let Purpose::Find(numbers) = &job.purpose { Some(numbers) } else { None })
            .flatten()
            .map(number_key)
            .collect();
        let batch = self.slots.get(slot).map_or(1, |slot| slot.connector.description().find_batch as usize);
        let mut lanes: BTreeSet<&str> = BTreeSet::new();
        let mut numbers: Vec<Number> = Vec::new();
        for (order, head) in state.agenda.due(slot, lot, until) {
            if numbers.len() >= batch.min(head.share) {
                break;
            }
            if out.contains(&*head.lane) || lanes.contains(&*head.lane) {
                continue;
            }
            if let Some(WorkItem { task: Task::Match(number), .. }) = state.store.work_at(order) {
                lanes.insert(&head.lane);
                numbers.push(number);
            }
        }
        if numbers.is_empty() {
            return false;
        }
        let served: Vec<u64> = lanes
            .iter()
            .flat_map(|lane| state.agenda.in_lane(Kind::Match, lane))
            .filter(|(_, head)| head.slot == Some(slot))
            .map(|(order, _)| order)
            .collect();
        if let Some(state) = self.state.as_mut() {
            // A look-up may be made twice, so the store need not know of it.
            served.into_iter().for_each(|order| state.agenda.lend(order));
        }
        let about = numbers.iter().map(|number| number.raw.clone()).collect();
        let limit = HITS.saturating_mul(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        self.begin(slot, Question::Find { numbers: numbers.clone(), limit }, Purpose::Find(numbers), about);
        true
    }

    /// Creations of one number go one after another, so that the second finds what the first has made: also while it is not known whether the
    /// first was made, for the CRM may make it yet.
    fn begin_a_creation(&mut self, slot: usize, lot: Lot, until: Moment) -> bool {
        let Some(state) = self.state.as_ref() else { return false };
        let first = |order: u64, head: &Head| {
            let mut others = state.agenda.in_lane(Kind::Create, &head.lane).filter(|(other, _)| *other != order);
            !others.any(|(other, it)| other < order || it.due.is_none())
        };
        let next = state.agenda.due(slot, lot, until).find(|(order, head)| first(*order, head)).map(|(order, _)| order);
        let Some(item) = next.and_then(|order| self.item(order)) else { return false };
        let Task::Create(draft) = &item.task else { return false };
        if let Some(known) = self.known_creation(slot, draft) {
            self.finish_creation(item, known.entity, true, 0, false);
            return true;
        }
        let about = vec![draft.number.raw.clone()];
        let (question, purpose) = if item.progress.unclear {
            let since = item.progress.first_tried.unwrap_or(self.now);
            (Question::FindCreated { key: item.key.clone(), draft: draft.clone(), since }, Purpose::FindCreated(item.order))
        } else {
            (Question::ExactCheck { number: draft.number.clone() }, Purpose::ExactCheck(item.order))
        };
        self.lease(vec![item]);
        self.begin(slot, question, purpose, about);
        true
    }

    /// The second step of a creation, after the check has found nothing.
    pub(super) fn begin_creation(&mut self, slot: usize, item: &WorkItem, draft: Box<Draft>) {
        let about = vec![draft.number.raw.clone()];
        self.begin(slot, Question::Create { key: item.key.clone(), draft }, Purpose::Create(item.order), about);
    }

    /// Entries go together, as many as the connector takes; where they come often, they wait for each other a little.
    fn begin_journals(&mut self, slot: usize, lot: Lot, pass: Pass, until: Moment) -> bool {
        let Some(state) = self.state.as_ref() else { return false };
        let Some(connected) = self.slots.get(slot) else { return false };
        let most = if pass == Pass::Probe { 1 } else { connected.connector.description().write_batch as usize };
        let mut batch = most;
        // What was tried before has waited long enough.
        let mut pooled = lot == Lot::Journal;
        let mut taken: BTreeSet<u64> = BTreeSet::new();
        for (order, head) in state.agenda.due(slot, lot, until) {
            batch = batch.min(head.share);
            if taken.len() >= batch {
                break;
            }
            // What one caller did comes into the CRM in the order in which they did it.
            let first = |other: u64, earlier: &Head| other < order && earlier.slot == Some(slot) && !taken.contains(&other);
            if !state.agenda.in_lane(Kind::Journal, &head.lane).any(|(other, earlier)| first(other, earlier)) {
                taken.insert(order);
                pooled &= !head.tried;
            }
        }
        if taken.is_empty() || (pooled && taken.len() < most && connected.pool_until > self.now) {
            return false;
        }
        let mut items: Vec<WorkItem> = Vec::new();
        let mut entries: Vec<journal::Item> = Vec::new();
        for item in taken.into_iter().filter_map(|order| self.item(order)) {
            let Task::Journal { about, entry } = &item.task else { continue };
            let Some(about) = self.resolve(about) else { continue };
            entries.push(journal::Item { key: item.key.clone(), about, entry: (**entry).clone(), extras: Vec::new() });
            items.push(item);
        }
        if items.is_empty() {
            return false;
        }
        let orders = items.iter().map(|item| item.order).collect();
        let about = items.iter().map(|item| item.key.clone()).collect();
        let since = items.iter().filter_map(|item| item.progress.first_tried).min().unwrap_or(self.now);
        self.lease(items);
        if lot == Lot::JournalCheck {
            self.begin(slot, Question::FindWritten { items: entries, since }, Purpose::FindWritten(orders), about);
        } else {
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.pool_until = self.now + limits::JOURNAL_POOL_MS;
            }
            self.begin(slot, Question::Write { items: entries }, Purpose::Write(orders), about);
        }
        true
    }

    /// The record of a journal entry; none while its creation is out.
    pub(super) fn resolve(&self, about: &About) -> Option<RecordRef> {
        match about {
            About::Existing(record) => Some(record.clone()),
            About::CreatedBy(key) => match self.state.as_ref()?.store.work(key)?.progress.state {
                WorkState::Done(record) => record,
                _ => None,
            },
            About::Other(_) => None,
        }
    }

    fn begin_amendments(&mut self, slot: usize, until: Moment) -> bool {
        let Some(state) = self.state.as_ref() else { return false };
        let batch = self.slots.get(slot).map_or(1, |slot| slot.connector.description().amend_batch as usize);
        let mut batch = batch.max(1);
        let mut due: Vec<u64> = Vec::new();
        for (order, head) in state.agenda.due(slot, Lot::Amendment, until) {
            batch = batch.min(head.share);
            if due.len() >= batch {
                break;
            }
            due.push(order);
        }
        let mut items: Vec<WorkItem> = Vec::new();
        let mut amendments: Vec<amending::Item> = Vec::new();
        let mut folded = false;
        for order in due {
            let Some(item) = self.item(order) else { continue };
            let Task::Amend { journal_key, change } = &item.task else { continue };
            let Some(journal) = self.state.as_ref().and_then(|state| state.store.work(journal_key)) else { continue };
            match (&journal.task, &journal.progress.state) {
                (_, WorkState::Done(Some(activity))) => {
                    let (key, activity, change) = (item.key.clone(), activity.clone(), (**change).clone());
                    amendments.push(amending::Item { key, activity, change, extras: Vec::new() });
                    items.push(item);
                }
                // Not yet written: folded in, and done.
                (Task::Journal { about, entry }, WorkState::Pending(_)) if !journal.progress.unclear => {
                    let mut entry = entry.clone();
                    entry.subject = change.subject.clone().unwrap_or(entry.subject);
                    entry.body = change.body.clone().unwrap_or(entry.body);
                    entry.recording = change.recording.clone().or(entry.recording);
                    entry.user = change.user.clone().or(entry.user);
                    let task = Task::Journal { about: about.clone(), entry };
                    let done = self.finished(&item, WorkState::Done(None));
                    self.commit_all(vec![Change::PutWork(Box::new(WorkItem { task, ..journal })), done]);
                    folded = true;
                }
                _ => {}
            }
        }
        if items.is_empty() {
            return folded;
        }
        let orders = items.iter().map(|item| item.order).collect();
        let about = items.iter().map(|item| item.key.clone()).collect();
        self.lease(items);
        self.begin(slot, Question::Amend { items: amendments }, Purpose::Amend(orders), about);
        true
    }

    fn begin_asking(&mut self, slot: usize) -> bool {
        let Some(index) = self.asked.iter().position(|asking| asking.waiting.contains(&slot)) else { return false };
        if !self.free(slot, 0) || !self.affordable(slot, Worth::Search) {
            return false;
        }
        let Some(asking) = self.asked.get_mut(index) else { return false };
        asking.waiting.retain(|known| *known != slot);
        let id = asking.id();
        let question = match &asking.what {
            AskingFor::Search { text, limit, .. } => Question::Search { text: text.clone(), limit: *limit },
            AskingFor::Visibility { user, records } => Question::Visible { user: user.clone(), records: records.clone() },
        };
        self.begin(slot, question, Purpose::Asking(id), Vec::new());
        true
    }

    /// Marks items as given to a connector.
    fn lease(&mut self, items: Vec<WorkItem>) {
        let now = self.now;
        let leased = |item: WorkItem| Change::Progress {
            order: item.order,
            progress: Box::new(Progress {
                state: WorkState::Leased(now),
                since: now,
                tries: item.progress.tries.saturating_add(1),
                first_tried: item.progress.first_tried.or(Some(now)),
                ..item.progress
            }),
        };
        self.commit_all(items.into_iter().map(leased).collect());
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
            self.refuse_asking(asking, Failure::Unreachable(detail("host.asked-too-long")));
        }
    }
}
