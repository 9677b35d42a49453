//! What failed: when it is tried again, when it is looked up first, when never.

use super::Core;
use super::io::Told;
use super::results::stand_in;
use super::work::{Job, Purpose};
use crate::bindings::crm::types::{About, Detail, Failure, RecordRef};
use crate::bindings::crm_exports::crm_answers::{Fate, Refused, Work};
use crate::bindings::hooks::types::Message;
use crate::connector::run::RunFailure;
use crate::hook::Hook;
use crate::store::{Change, Task, WorkItem, WorkState};

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
    pub(super) fn take_failure(&mut self, job: Job, failure: Failure) {
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

    /// An unclear outcome was looked up and not found.
    pub(super) fn not_found_yet(&mut self, item: WorkItem) {
        let looked_up = item.looked_up + 1;
        let (unclear, looked_up, due) =
            if looked_up >= LOOK_UPS { (false, 0, self.now) } else { (true, looked_up, self.now + LOOK_UP_AFTER_MS) };
        self.put(WorkItem { state: WorkState::Pending(due), unclear, looked_up, ..item });
    }

    /// A piece of work failed: when again, or never.
    pub(super) fn fail(&mut self, item: WorkItem, failure: Failure) {
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
    pub(super) fn follow(&mut self, item: WorkItem, found: RecordRef) {
        let Task::Journal { entry, .. } = item.task.clone() else { return };
        let about = About::Existing(found);
        let why = Message { id: "host.record-moved".to_owned(), arguments: Vec::new(), verbatim: None };
        self.tell(Told::Waiting { key: item.key.clone(), call: item.call.clone(), task: "journal", why, again: self.now });
        self.put(WorkItem { task: Task::Journal { about, entry }, state: WorkState::Pending(self.now), ..item });
    }

    pub(super) fn wait(&mut self, item: WorkItem, failure: Failure, pause: u64, unclear: bool) {
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

    pub(super) fn bury(&mut self, item: WorkItem, failure: Failure) {
        let dead = WorkItem { state: WorkState::Dead(Box::new(failure.clone())), ..item };
        self.put(dead.clone());
        let why = failure_detail(&failure).said.clone();
        self.tell(Told::Dead { key: dead.key.clone(), call: dead.call.clone(), task: task_word(&dead.task), why });
        self.refuse(&dead, failure, Fate::Dead);
    }

    pub(super) fn refuse(&mut self, item: &WorkItem, why: Failure, fate: Fate) {
        let work = match &item.task {
            Task::Match(number) => Work::Match(number.clone()),
            Task::Create(_) => Work::Create(item.key.clone()),
            Task::Journal { .. } => Work::Journal(item.key.clone()),
            Task::Amend { .. } => Work::Amend(item.key.clone()),
        };
        let refused = Refused { at: self.now, call: self.call_of(item), work, why, fate, extras: Vec::new() };
        self.answer_hook(item, Hook::Refused(refused));
    }
}

/// Could trying it again without a look make it twice?
pub(super) fn changes_the_crm(item: &WorkItem) -> bool {
    matches!(item.task, Task::Create(_) | Task::Journal { .. })
}

pub(super) fn growing_pause(tries: u32) -> u64 {
    FIRST_PAUSE_MS.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS)
}

pub(super) fn run_failure(why: &RunFailure, may_have_written: bool) -> Failure {
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

pub(crate) fn failure_detail(failure: &Failure) -> &Detail {
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

pub(super) fn task_word(task: &Task) -> &'static str {
    match task {
        Task::Match(_) => "match",
        Task::Create(_) => "create",
        Task::Journal { .. } => "journal",
        Task::Amend { .. } => "amend",
    }
}
