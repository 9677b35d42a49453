//! What connectors answered, and what follows from it.

use super::Core;
use super::io::{AskedResult, LogLine, Told};
use super::lanes::Waiting;
use super::work::{Asking, AskingFor, Job, Purpose, number_key};
use crate::bindings::connector::exports::pbx::crm::journal::ItemOutcome;
use crate::bindings::crm::known_records::{Known, Origin};
use crate::bindings::crm::types::{Detail, Draft, Entity, Failure, RecordRef, Usage};
use crate::bindings::crm_exports::crm_answers::{Amended, Created, Fate, Journalled, Matched, Refused, Searched, Work};
use crate::bindings::crm_exports::visibility_answers::Visibility;
use crate::bindings::hooks::calls::Call;
use crate::bindings::hooks::numbers::Sameness;
use crate::bindings::hooks::types::{Message, Number};
use crate::connector::run::{Answer, Finished, RunFailure};
use crate::event::Moment;
use crate::hook::Hook;
use crate::number::cut;
use crate::store::{Change, Task, WorkItem, WorkState, index_digits};

/// First pause after a failure, in milliseconds. A caller's record is still wanted two seconds later.
const FIRST_PAUSE_MS: u64 = 2_000;
/// Longest pause between two tries, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 600_000;
/// Pause where somebody else holds a lock, in milliseconds.
const CONFLICT_PAUSE_MS: u64 = 2_000;
/// Tries where somebody else holds a lock.
const CONFLICT_TRIES: u32 = 5;
/// How often the check is repeated when a CRM says that the record is there and does not show it.
const DUPLICATE_CHECKS: u32 = 1;
/// An unclear outcome is looked up after this time, in milliseconds, and again after it: a CRM may commit long after it was cut off.
const LOOK_UP_AFTER_MS: u64 = 30_000;
/// How often an unclear outcome is looked up before the work is done again.
const LOOK_UPS: u32 = 2;
/// Shortest and longest pause that a CRM can ask for, in milliseconds: a wrong clock or a joke must neither flood nor stop us.
const ASKED_PAUSE_MS: (u64, u64) = (1_000, 86_400_000);

impl Core {
    pub(super) fn take_result(&mut self, finished: Finished) {
        let Finished { run, outcome, requests, denied, log } = finished;
        let Some(job) = self.jobs.remove(&run) else { return };
        let id = match self.slots.get_mut(job.slot) {
            Some(slot) => {
                slot.running = slot.running.saturating_sub(1);
                slot.id.clone()
            }
            None => return,
        };
        for line in log {
            self.tell(Told::Log { component: id.clone(), line });
        }
        for why in denied {
            self.tell(Told::Denied { connector: id.clone(), why });
        }
        let answer = match outcome {
            Ok(answer) => answer,
            Err(why) => {
                let failure = run_failure(&why, job.writes && requests > 0);
                if !matches!(why, RunFailure::Deadline) {
                    let line = LogLine {
                        level: "error".to_owned(),
                        text: why.to_string(),
                        fields: vec![("function".to_owned(), job.function.to_owned())],
                    };
                    self.tell(Told::Log { component: id.clone(), line });
                }
                Err(failure)
            }
        };
        let result = match &answer {
            Ok(answer) => AskedResult::Answered(size(answer)),
            Err(failure) => AskedResult::Failed(failure_detail(failure).said.clone()),
        };
        let spent = match &answer {
            Ok(answer) => usage(answer).map_or(requests, |usage| usage.spent),
            Err(failure) => failure_detail(failure).usage.as_ref().map_or(requests, |usage| usage.spent),
        };
        self.tell(Told::Asked { connector: id, function: job.function, about: job.about.clone(), result, requests, spent });
        match answer {
            Ok(answer) => self.take_answer(job, answer),
            Err(failure) => self.take_failure(job, failure),
        }
    }

    fn take_answer(&mut self, job: Job, answer: Answer) {
        let slot = job.slot;
        match (job.purpose, answer) {
            (Purpose::Find(numbers), Answer::Found(found)) => {
                let entities: Vec<Entity> = found.entities.into_iter().filter_map(|entity| self.checked(slot, entity)).collect();
                self.remember(&entities);
                let mut usage = found.usage;
                for item in self.matches_of(slot, &numbers) {
                    self.answer_match(item, slot, &entities, found.more, usage.clone());
                    usage.spent = 0;
                }
            }
            (Purpose::ExactCheck(key), Answer::Found(found)) => {
                let Some((item, draft)) = self.creation(&key) else { return };
                let hit = found
                    .entities
                    .into_iter()
                    .filter_map(|entity| self.checked(slot, entity))
                    .find(|entity| self.has_number(entity, &draft.number));
                match hit {
                    Some(entity) => self.finish_creation(item, entity, true, found.usage.spent, true),
                    None => self.begin_creation(slot, &key, draft),
                }
            }
            (Purpose::FindCreated(key), Answer::MaybeMade(made)) => {
                let Some((item, _)) = self.creation(&key) else { return };
                match made.and_then(|made| Some((self.checked(slot, made.entity)?, made.usage))) {
                    Some((entity, usage)) => self.finish_creation(item, entity, false, usage.spent, false),
                    None => self.not_found_yet(item),
                }
            }
            (Purpose::Create(key), Answer::Made(made)) => {
                let Some((item, draft)) = self.creation(&key) else { return };
                let (was_there, spent) = (made.was_there, made.usage.spent);
                match self.checked(slot, made.entity) {
                    Some(entity) => self.finish_creation(item, entity, was_there, spent, false),
                    None => {
                        let _ = draft;
                        self.fail(item, Failure::Unclear(detail("host.bad-record")));
                    }
                }
            }
            (Purpose::Write(keys), Answer::Written(written)) => {
                let mut usage = written.usage;
                let mut outcomes = written.outcomes.into_iter();
                for key in keys {
                    let Some(item) = self.item(&key) else { continue };
                    match outcomes.next() {
                        Some(ItemOutcome::Written(activity) | ItemOutcome::WasThere(activity)) => {
                            self.finish_journal(item, slot, activity, usage.clone())
                        }
                        Some(ItemOutcome::Failed(failure)) => self.fail(item, failure),
                        Some(ItemOutcome::Other(_)) | None => self.fail(item, Failure::Unclear(detail("host.no-outcome"))),
                    }
                    usage.spent = 0;
                }
            }
            (Purpose::FindWritten(keys), Answer::WhichWritten(found)) => {
                let mut found = found.into_iter();
                for key in keys {
                    let Some(item) = self.item(&key) else { continue };
                    match found.next().flatten() {
                        Some(activity) => self.finish_journal(item, slot, activity, no_usage()),
                        None => self.not_found_yet(item),
                    }
                }
            }
            (Purpose::Amend(keys), Answer::Amended(done)) => {
                let mut outcomes = done.outcomes.into_iter();
                for key in keys {
                    let Some(item) = self.item(&key) else { continue };
                    match outcomes.next() {
                        Some(Ok(())) => {
                            self.put(WorkItem { state: WorkState::Done(None), ..item.clone() });
                            let amended =
                                Amended { at: self.now, call: self.call_of(&item), key, usage: done.usage.clone(), extras: Vec::new() };
                            self.answer_hook(&item, Hook::Amended(amended));
                        }
                        Some(Err(failure)) => self.fail(item, failure),
                        None => self.fail(item, Failure::Unclear(detail("host.no-outcome"))),
                    }
                }
            }
            (Purpose::Asking(id), answer) => self.answer_asking(slot, &id, answer),
            // A run answers the question that it was given; other pairs do not exist.
            _ => {}
        }
    }

    fn take_failure(&mut self, job: Job, failure: Failure) {
        match job.purpose {
            Purpose::Find(numbers) => {
                for item in self.matches_of(job.slot, &numbers) {
                    self.fail(item, failure.clone());
                }
            }
            Purpose::ExactCheck(key) | Purpose::FindCreated(key) | Purpose::Create(key) => {
                if let Some(item) = self.item(&key) {
                    self.fail(item, failure);
                }
            }
            Purpose::Write(keys) | Purpose::FindWritten(keys) | Purpose::Amend(keys) => {
                for key in keys {
                    if let Some(item) = self.item(&key) {
                        self.fail(item, failure.clone());
                    }
                }
            }
            Purpose::Asking(id) => {
                if let Some(index) = self.asked.iter().position(|asking| asking.id() == id) {
                    let others = self.jobs.values().any(|job| matches!(&job.purpose, Purpose::Asking(other) if *other == id));
                    // One connector of several failed: the others still answer.
                    if !others && self.asked.get(index).is_some_and(|asking| asking.waiting.is_empty()) {
                        let asking = self.asked.remove(index);
                        self.refuse_asking(asking, failure);
                    }
                }
            }
        }
    }

    /// Waiting matches of these numbers at this connector, those included that were asked for while the look-up was out.
    fn matches_of(&self, slot: usize, numbers: &[Number]) -> Vec<WorkItem> {
        let Some(state) = self.state.as_ref() else { return Vec::new() };
        let mut items = state.store.unfinished();
        items.retain(|item| {
            let Task::Match(number) = &item.task else { return false };
            item.asked as usize == slot
                && matches!(item.state, WorkState::Leased(_) | WorkState::Pending(_))
                && numbers.iter().any(|asked| number_key(asked) == number_key(number))
        });
        items
    }

    fn answer_match(&mut self, item: WorkItem, slot: usize, entities: &[Entity], more: bool, usage: Usage) {
        let Task::Match(number) = item.task.clone() else { return };
        let mut hits: Vec<Entity> = entities.iter().filter(|entity| self.has_number(entity, &number)).cloned().collect();
        // The CRM's search index may lag behind what we made ourselves a moment ago.
        for known in self.known_by_us(slot, &number) {
            if !hits.iter().any(|hit| hit.reference == known.entity.reference) {
                hits.push(known.entity);
            }
        }
        hits.truncate(50);
        if hits.is_empty() && slot + 1 < self.slots.len() {
            self.put(WorkItem { state: WorkState::Pending(self.now), asked: item.asked + 1, tries: 0, ..item });
            return;
        }
        self.put(WorkItem { state: WorkState::Done(None), ..item.clone() });
        let matched = Matched { at: self.now, call: self.call_of(&item), number, hits, more, remembered: false, usage, extras: Vec::new() };
        self.answer_hook(&item, Hook::Matched(matched));
    }

    /// Records of this number that we made at this connector.
    fn known_by_us(&self, slot: usize, number: &Number) -> Vec<Known> {
        let (Some(state), Some(slot)) = (self.state.as_ref(), self.slots.get(slot)) else { return Vec::new() };
        let mut known = state.store.known_by_digits(&index_digits(number_key(number)));
        known.retain(|known| {
            known.entity.reference.connector == slot.id
                && matches!(known.origin, Origin::CreatedByUs(_))
                && self.has_number(&known.entity, number)
        });
        known
    }

    /// A record that makes this creation needless.
    pub(super) fn known_creation(&self, slot: usize, draft: &Draft) -> Option<Known> {
        self.known_by_us(slot, &draft.number).into_iter().next()
    }

    fn has_number(&self, entity: &Entity, number: &Number) -> bool {
        let Some(state) = self.state.as_ref() else { return false };
        entity.phones.iter().any(|(_, stored)| !matches!(state.numbers.same(number, stored), Sameness::No))
    }

    /// `checked`: the record was found by the check before the creation, it is not ours.
    pub(super) fn finish_creation(&mut self, item: WorkItem, entity: Entity, was_there: bool, spent: u32, checked: bool) {
        let origin = if checked { Origin::Matched } else { Origin::CreatedByUs(item.key.clone()) };
        let Task::Create(draft) = &item.task else { return };
        // A CRM may answer without numbers: what we asked for is what it has.
        let mut known = entity.clone();
        if !self.has_number(&known, &draft.number) {
            known.phones.push(("business".to_owned(), draft.number.e164.clone().unwrap_or_else(|| draft.number.raw.clone())));
        }
        let done = WorkItem { state: WorkState::Done(Some(entity.reference.clone())), ..item.clone() };
        let mut changes = vec![Change::PutWork(Box::new(done))];
        if !(was_there && self.state.as_ref().is_some_and(|state| state.store.known(&entity.reference).is_some())) {
            changes.push(put_known(known.clone(), origin, self.now));
        }
        self.commit_all(changes);
        let usage = Usage { spent, ..no_usage() };
        let created =
            Created { at: self.now, call: self.call_of(&item), key: item.key.clone(), entity: known, was_there, usage, extras: Vec::new() };
        self.answer_hook(&item, Hook::Created(created));
    }

    fn finish_journal(&mut self, item: WorkItem, slot: usize, mut activity: RecordRef, usage: Usage) {
        let Task::Journal { about, .. } = &item.task else { return };
        let Some(about) = self.resolve(about) else { return };
        if let Some(slot) = self.slots.get(slot) {
            activity.connector = slot.id.clone();
        }
        self.put(WorkItem { state: WorkState::Done(Some(activity.clone())), ..item.clone() });
        let journalled =
            Journalled { at: self.now, call: self.call_of(&item), key: item.key.clone(), activity, about, usage, extras: Vec::new() };
        self.answer_hook(&item, Hook::Journalled(journalled));
    }

    /// An unclear outcome was looked up and not found.
    fn not_found_yet(&mut self, item: WorkItem) {
        let looked_up = item.looked_up + 1;
        let (unclear, looked_up, due) =
            if looked_up >= LOOK_UPS { (false, 0, self.now) } else { (true, looked_up, self.now + LOOK_UP_AFTER_MS) };
        self.put(WorkItem { state: WorkState::Pending(due), unclear, looked_up, ..item });
    }

    /// A piece of work failed: when again, or never.
    fn fail(&mut self, item: WorkItem, failure: Failure) {
        let tries = item.tries;
        let pause = |asked: Option<u64>| asked.map_or_else(|| growing_pause(tries), |wait| wait.clamp(ASKED_PAUSE_MS.0, ASKED_PAUSE_MS.1));
        match &failure {
            Failure::Unreachable(_) => self.wait(item, failure, growing_pause(tries), false),
            Failure::Garbled(_) | Failure::Other(_) => {
                let unclear = changes_the_crm(&item);
                self.wait(item, failure, if unclear { LOOK_UP_AFTER_MS } else { growing_pause(tries) }, unclear);
            }
            Failure::Busy(paused) | Failure::Quota(paused) => {
                let wait = pause(paused.wait);
                self.wait(item, failure, wait, false);
            }
            Failure::AuthoriseAgain(_) => self.wait(item, failure, LONGEST_PAUSE_MS, false),
            Failure::Conflict(_) if tries < CONFLICT_TRIES => self.wait(item, failure, CONFLICT_PAUSE_MS, false),
            Failure::Unclear(_) => {
                let unclear = changes_the_crm(&item);
                self.wait(item, failure, if unclear { LOOK_UP_AFTER_MS } else { growing_pause(tries) }, unclear);
            }
            Failure::Moved(elsewhere) if matches!(item.task, Task::Journal { .. }) && tries <= CONFLICT_TRIES => {
                let found = elsewhere.found.clone();
                self.follow(item, found);
            }
            // Somebody made it between the check and the creation: the check finds it now, whole.
            Failure::Duplicate(_) if matches!(item.task, Task::Create(_)) && tries <= DUPLICATE_CHECKS => {
                self.put(WorkItem { state: WorkState::Pending(self.now), unclear: false, ..item });
            }
            Failure::Duplicate(elsewhere) if matches!(item.task, Task::Create(_)) => {
                let found = elsewhere.found.clone();
                let entity = self.state.as_ref().and_then(|state| state.store.known(&found)).map(|known| known.entity);
                if let Task::Create(draft) = &item.task {
                    let entity = entity.unwrap_or_else(|| stand_in(found, draft));
                    self.finish_creation(item, entity, true, 0, true);
                }
            }
            Failure::Gone(_) => {
                if let Task::Journal { about, .. } = &item.task
                    && let Some(record) = self.resolve(about)
                {
                    self.commit_all(vec![Change::ForgetKnown(record)]);
                }
                self.bury(item, failure);
            }
            Failure::Forbidden(_)
            | Failure::Invalid(_)
            | Failure::Unsupported(_)
            | Failure::Conflict(_)
            | Failure::Moved(_)
            | Failure::Duplicate(_) => {
                self.bury(item, failure);
            }
        }
    }

    /// The record of a journal entry lives on as another one.
    fn follow(&mut self, item: WorkItem, found: RecordRef) {
        let Task::Journal { entry, .. } = item.task.clone() else { return };
        let about = crate::bindings::crm::types::About::Existing(found);
        let why = Message { id: "host.record-moved".to_owned(), arguments: Vec::new(), verbatim: None };
        self.tell(Told::Waiting { key: item.key.clone(), call: item.call.clone(), task: "journal", why, again: self.now });
        self.put(WorkItem { task: Task::Journal { about, entry }, state: WorkState::Pending(self.now), ..item });
    }

    fn wait(&mut self, item: WorkItem, failure: Failure, pause: u64, unclear: bool) {
        let again = self.now.saturating_add(pause);
        let told = item.told_waiting;
        let waiting = WorkItem { state: WorkState::Pending(again), unclear: item.unclear || unclear, told_waiting: true, ..item };
        self.put(waiting.clone());
        let why = failure_detail(&failure).said.clone();
        self.tell(Told::Waiting { key: waiting.key.clone(), call: waiting.call.clone(), task: task_word(&waiting.task), why, again });
        if !told {
            self.refuse(&waiting, failure, Fate::Waiting);
        }
    }

    fn bury(&mut self, item: WorkItem, failure: Failure) {
        let dead = WorkItem { state: WorkState::Dead(Box::new(failure.clone())), ..item };
        self.put(dead.clone());
        let why = failure_detail(&failure).said.clone();
        self.tell(Told::Dead { key: dead.key.clone(), call: dead.call.clone(), task: task_word(&dead.task), why });
        self.refuse(&dead, failure, Fate::Dead);
    }

    fn refuse(&mut self, item: &WorkItem, why: Failure, fate: Fate) {
        let work = match &item.task {
            Task::Match(number) => Work::Match(number.clone()),
            Task::Create(_) => Work::Create(item.key.clone()),
            Task::Journal { .. } => Work::Journal(item.key.clone()),
            Task::Amend { .. } => Work::Amend(item.key.clone()),
        };
        let refused = Refused { at: self.now, call: self.call_of(item), work, why, fate, extras: Vec::new() };
        self.answer_hook(item, Hook::Refused(refused));
    }

    fn answer_asking(&mut self, slot: usize, id: &str, answer: Answer) {
        let Some(index) = self.asked.iter().position(|asking| asking.id() == id) else { return };
        let out = self.jobs.values().any(|job| matches!(&job.purpose, Purpose::Asking(other) if other == id));
        let Some(asking) = self.asked.get(index) else { return };
        let last = asking.waiting.is_empty() && !out;
        let connector = self.slots.get(slot).map(|slot| slot.id.clone()).unwrap_or_default();
        let call = asking.call.clone();
        let hook = match (&asking.what, answer) {
            (AskingFor::Search { request, text, .. }, Answer::Page(page)) => {
                let found = page.entities.into_iter().filter_map(|entity| self.checked(slot, entity)).collect();
                Hook::Searched(Searched {
                    at: self.now,
                    request: request.clone(),
                    text: text.clone(),
                    connector,
                    last,
                    found,
                    more: page.more,
                    usage: page.usage,
                    extras: Vec::new(),
                })
            }
            (AskingFor::Visibility { user, records }, Answer::Seen(seen)) => {
                let visible = records.iter().zip(seen.visible).filter(|(_, visible)| *visible).map(|(record, _)| record.clone()).collect();
                let state = self.state.as_ref();
                let call = call.as_ref().and_then(|id| state?.calls.get(id)).map(|call| call.at(self.now));
                Hook::Visibility(Visibility { at: self.now, call, user: user.clone(), visible, usage: seen.usage, extras: Vec::new() })
            }
            _ => return,
        };
        if last {
            self.asked.remove(index);
        }
        self.lanes.push(Waiting { call, hook, sequence: None });
    }

    pub(super) fn refuse_asking(&mut self, asking: Asking, why: Failure) {
        let work = match asking.what {
            AskingFor::Search { request, .. } => Work::Search(request),
            AskingFor::Visibility { user, .. } => Work::Visibility(user),
        };
        let state = self.state.as_ref();
        let call = asking.call.as_ref().and_then(|id| state?.calls.get(id)).map(|call| call.at(self.now));
        let refused = Refused { at: self.now, call, work, why, fate: Fate::Dead, extras: Vec::new() };
        self.lanes.push(Waiting { call: asking.call, hook: Hook::Refused(refused), sequence: None });
    }

    fn answer_hook(&mut self, item: &WorkItem, hook: Hook) {
        self.lanes.push(Waiting { call: item.call.clone(), hook, sequence: None });
    }

    /// The call as it stands now, or its summary.
    fn call_of(&self, item: &WorkItem) -> Option<Call> {
        let id = item.call.as_ref()?;
        let id = self.vanished.get(id).unwrap_or(id);
        let live = self.state.as_ref()?.calls.get(id).map(|call| call.at(self.now));
        live.or_else(|| item.summary.as_deref().cloned())
    }

    fn item(&self, key: &str) -> Option<WorkItem> {
        self.state.as_ref()?.store.work(key)
    }

    fn creation(&self, key: &str) -> Option<(WorkItem, Box<Draft>)> {
        let item = self.item(key)?;
        let Task::Create(draft) = &item.task else { return None };
        let draft = draft.clone();
        Some((item, draft))
    }

    fn put(&mut self, item: WorkItem) {
        self.commit_all(vec![Change::PutWork(Box::new(item))]);
    }

    fn commit_all(&mut self, changes: Vec<Change>) {
        let Some(state) = self.state.as_mut() else { return };
        if let Err(why) = state.store.commit(changes) {
            let line = LogLine { level: "error".to_owned(), text: why.to_string(), fields: Vec::new() };
            self.tell(Told::Log { component: "host".to_owned(), line });
        }
    }

    /// What the CRM told is remembered; what we made ourselves keeps that origin.
    fn remember(&mut self, entities: &[Entity]) {
        let Some(state) = self.state.as_ref() else { return };
        let changes = entities
            .iter()
            .map(|entity| {
                let origin = state.store.known(&entity.reference).map_or(Origin::Matched, |known| known.origin);
                put_known(entity.clone(), origin, self.now)
            })
            .collect();
        self.commit_all(changes);
    }

    /// A connector's record as far as it can be believed: its own connector's id, lengths within the contract; none without an id.
    fn checked(&self, slot: usize, mut entity: Entity) -> Option<Entity> {
        let slot = self.slots.get(slot)?;
        if entity.reference.id.is_empty() || entity.reference.id.len() > 128 {
            return None;
        }
        entity.reference.connector.clone_from(&slot.id);
        if let Some(organisation) = &mut entity.organisation {
            organisation.connector.clone_from(&slot.id);
        }
        if let Some(owner) = &mut entity.owner {
            owner.connector.clone_from(&slot.id);
        }
        let name = entity.name.chars().filter(|character| !character.is_control()).collect::<String>();
        entity.name = cut(name.trim(), 256).to_owned();
        if entity.name.is_empty() {
            entity.name = format!("{} {}", entity.reference.kind, entity.reference.id);
        }
        entity.phones.truncate(32);
        entity.emails.truncate(8);
        Some(entity)
    }
}

fn put_known(entity: Entity, origin: Origin, now: Moment) -> Change {
    let digits = entity.phones.iter().map(|(_, number)| index_digits(number)).collect();
    Change::PutKnown { known: Box::new(Known { entity, origin, seen_at: now, extras: Vec::new() }), digits }
}

/// Could trying it again without a look make it twice?
fn changes_the_crm(item: &WorkItem) -> bool {
    matches!(item.task, Task::Create(_) | Task::Journal { .. })
}

fn growing_pause(tries: u32) -> u64 {
    FIRST_PAUSE_MS.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS)
}

fn run_failure(why: &RunFailure, may_have_written: bool) -> Failure {
    let id = match why {
        RunFailure::Trapped(_) => "host.connector-trapped",
        RunFailure::Cpu => "host.connector-cpu",
        RunFailure::Memory => "host.connector-memory",
        RunFailure::Deadline => "host.connector-deadline",
        RunFailure::Stuck => "host.connector-stuck",
        RunFailure::Missing(_) => "host.connector-cannot",
    };
    match why {
        RunFailure::Missing(_) => Failure::Unsupported(detail(id)),
        _ if may_have_written => Failure::Unclear(detail(id)),
        RunFailure::Deadline => Failure::Unreachable(detail(id)),
        _ => Failure::Garbled(detail(id)),
    }
}

/// A failure of the host's own.
pub(super) fn detail(id: &str) -> Detail {
    Detail { said: super::host_message(id), status: None, code: None, usage: None, extras: Vec::new() }
}

pub(super) fn failure_detail(failure: &Failure) -> &Detail {
    match failure {
        Failure::Unreachable(detail)
        | Failure::AuthoriseAgain(detail)
        | Failure::Forbidden(detail)
        | Failure::Gone(detail)
        | Failure::Conflict(detail)
        | Failure::Unclear(detail)
        | Failure::Unsupported(detail)
        | Failure::Garbled(detail)
        | Failure::Other(detail) => detail,
        Failure::Busy(pause) | Failure::Quota(pause) => &pause.detail,
        Failure::Moved(elsewhere) | Failure::Duplicate(elsewhere) => &elsewhere.detail,
        Failure::Invalid(fields) => &fields.detail,
    }
}

fn usage(answer: &Answer) -> Option<&Usage> {
    Some(match answer {
        Answer::Found(found) => &found.usage,
        Answer::Page(page) => &page.usage,
        Answer::Made(made) => &made.usage,
        Answer::Written(written) => &written.usage,
        Answer::Amended(done) => &done.usage,
        Answer::Seen(seen) => &seen.usage,
        Answer::MaybeMade(_) | Answer::WhichWritten(_) => return None,
    })
}

fn size(answer: &Answer) -> usize {
    match answer {
        Answer::Found(found) => found.entities.len(),
        Answer::Page(page) => page.entities.len(),
        Answer::Made(_) => 1,
        Answer::MaybeMade(made) => usize::from(made.is_some()),
        Answer::Written(written) => {
            written.outcomes.iter().filter(|outcome| matches!(outcome, ItemOutcome::Written(_) | ItemOutcome::WasThere(_))).count()
        }
        Answer::WhichWritten(found) => found.iter().flatten().count(),
        Answer::Amended(done) => done.outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        Answer::Seen(seen) => seen.visible.len(),
    }
}

fn no_usage() -> Usage {
    Usage { spent: 0, left: None, allowed: None, renewed_at: None, extras: Vec::new() }
}

fn task_word(task: &Task) -> &'static str {
    match task {
        Task::Match(_) => "match",
        Task::Create(_) => "create",
        Task::Journal { .. } => "journal",
        Task::Amend { .. } => "amend",
    }
}

/// A record that the CRM named without showing it.
fn stand_in(reference: RecordRef, draft: &Draft) -> Entity {
    Entity {
        reference,
        role: draft.role.clone(),
        name: draft.number.raw.clone(),
        first_name: None,
        last_name: None,
        company: None,
        organisation: None,
        phones: vec![("business".to_owned(), draft.number.e164.clone().unwrap_or_else(|| draft.number.raw.clone()))],
        emails: Vec::new(),
        owner: None,
        changed_at: None,
        retired: false,
        extras: Vec::new(),
    }
}
