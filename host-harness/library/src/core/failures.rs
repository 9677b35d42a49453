//! What failed: when it is tried again, when it is looked up first, when never.
//!
//! | class | which failures | what follows |
//! |---|---|---|
//! | transient | no answer, an error of the server, an answer to a look that makes no sense | growing pauses with jitter, up to an hour; the account's breaker counts it |
//! | throttled | the CRM says for how long it wants to be left alone, gets too many requests, or its allowance is used up | the account pauses as long as was asked, else 15 minutes doubling to an hour; the item is not charged |
//! | unauthorised | the credential is not taken any more | the account stops until it is connected anew; the item is not charged, and does not age |
//! | locked | somebody else holds a lock | as transient, without the breaker |
//! | ambiguous | sent, and the outcome is not known | looked for after 30 seconds and once more 30 seconds later, then done again; five of these bury it |
//! | elsewhere | the record is there already, or lives on as another | that one is taken |
//! | permanent | refused for what it is, or the record is gone | dead at once, with the reason; can be replayed |
//! | crash | the connector trapped, or was stopped | again with fewer items at once; five bury it; five in a row of one function, about different things, end that function (`crashes.rs`) |

use super::Core;
use super::gate::Gate;
use super::io::Told;
use super::results::stand_in;
use super::work::{Job, Purpose};
use crate::bindings::base::types::Message;
use crate::bindings::crm::types::{About, Detail, Failure, Pause, RecordRef};
use crate::bindings::crm_exports::crm_answers::{Fate, Refused, Work};
use crate::connector::run::RunFailure;
use crate::event::Moment;
use crate::hook::Hook;
use crate::store::{Change, Progress, Task, WorkItem, WorkState};

/// First pause after a failure, in milliseconds. A caller's record is still wanted two seconds later.
const FIRST_PAUSE_MS: u64 = 2_000;
/// Longest pause between two tries, in milliseconds.
pub(super) const LONGEST_PAUSE_MS: u64 = 3_600_000;
/// So many failures that do not pass by themselves bury an item.
const STRIKES: u32 = 5;
/// So many tries bury an item whatever failed: a connector that names the wrong class must not keep us busy for ever.
const TRIES: u32 = 200;
/// An item that is still tried so long after its first try is buried, in milliseconds: seven days.
const AGE_MS: u64 = 604_800_000;
/// How often the check is repeated when a CRM says that the record is there and does not show it.
const DUPLICATE_CHECKS: u32 = 1;
/// How often an entry follows a record that became another one.
const MOVES: u32 = 5;
/// An unclear outcome is looked up after this time, in milliseconds, and again after it: a CRM may commit long after it was cut off.
pub(super) const LOOK_UP_AFTER_MS: u64 = 30_000;
/// How often an unclear outcome is looked up before the work is done again.
const LOOK_UPS: u32 = 2;

/// Kinds of failure by what follows from them; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Transient,
    Throttled,
    Unauthorised,
    Locked,
    Ambiguous,
    Elsewhere,
    Permanent,
}

impl Class {
    /// Without a catch-all: a new kind of failure must be thought about.
    pub(super) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Unreachable(_) => Self::Transient,
            // Who is busy and names no time has not spoken of this account, but for "too many requests" (RFC 6585).
            Failure::Busy(Pause { wait: None, detail }) if !matches!(detail.status, Some(420 | 429)) => Self::Transient,
            Failure::Busy(_) | Failure::Quota(_) => Self::Throttled,
            Failure::AuthoriseAgain(_) => Self::Unauthorised,
            Failure::Conflict(_) => Self::Locked,
            // A status that is no success says at least that nothing was done.
            Failure::Garbled(Detail { status: Some(..200 | 300..), .. }) | Failure::Other(Detail { status: Some(..200 | 300..), .. }) => {
                Self::Transient
            }
            Failure::Unclear(_) | Failure::Garbled(_) | Failure::Other(_) => Self::Ambiguous,
            Failure::Moved(_) | Failure::Duplicate(_) => Self::Elsewhere,
            Failure::Forbidden(_) | Failure::Gone(_) | Failure::Invalid(_) | Failure::Unsupported(_) => Self::Permanent,
        }
    }

    /// How much it says of the account as a whole: of several in one answer that counts which says most.
    pub(super) fn says_of_the_account(self) -> u8 {
        match self {
            Self::Unauthorised => 3,
            Self::Throttled => 2,
            Self::Transient => 1,
            Self::Ambiguous | Self::Locked | Self::Elsewhere | Self::Permanent => 0,
        }
    }

    /// What follows for the account.
    pub(super) fn close(self, gate: &mut Gate, now: Moment, failure: &Failure) {
        match (self, failure) {
            (Self::Unauthorised, _) => gate.refused(now, failure),
            (Self::Throttled, Failure::Busy(pause) | Failure::Quota(pause)) => gate.asked_for_patience(now, pause.wait, failure),
            (Self::Transient | Self::Ambiguous | Self::Throttled, _) => {
                gate.unanswered(now, failure);
            }
            (Self::Locked | Self::Elsewhere | Self::Permanent, _) => gate.answered(),
        }
    }
}

impl Core {
    /// A whole call failed. `crashed`: the connector did, and said nothing.
    pub(super) fn take_failure(&mut self, job: Job, failure: Failure, crashed: bool) {
        // Several matches of one number are one question: there is nothing to part.
        let asked = if let Purpose::Find(numbers) = &job.purpose { Some(numbers.len()) } else { None };
        let items: Vec<WorkItem> = match job.purpose {
            Purpose::Find(numbers) => self.matches_of(job.slot, &numbers).into_iter().map(|item| self.tried(item)).collect(),
            Purpose::ExactCheck(order) | Purpose::FindCreated(order) | Purpose::Create(order) => {
                self.unfinished(order).into_iter().collect()
            }
            Purpose::Write(orders) | Purpose::FindWritten(orders) | Purpose::Amend(orders) => {
                orders.into_iter().filter_map(|order| self.unfinished(order)).collect()
            }
            Purpose::Asking(id) => return self.fail_asking(&id, failure),
        };
        // One of them may be what the CRM or the connector cannot stand: the others must not die with it.
        let together = asked.unwrap_or(items.len());
        let of_one = together == 1 || !(crashed || Class::of(&failure) == Class::Permanent);
        for item in items {
            match (of_one, crashed) {
                (true, true) => self.strike(item, failure.clone()),
                (true, false) => self.fail_looking(item, failure.clone(), job.writes),
                (false, _) => self.part(item, together / 2, matches!(failure, Failure::Unclear(_))),
            }
        }
    }

    /// A look-up that went out without the store knowing.
    fn tried(&self, mut item: WorkItem) -> WorkItem {
        item.progress.tries = item.progress.tries.saturating_add(1);
        item.progress.first_tried = item.progress.first_tried.or(Some(self.now));
        item
    }

    fn fail_asking(&mut self, id: &str, failure: Failure) {
        if let Some(index) = self.asked.iter().position(|asking| asking.id() == id) {
            let others = self.jobs.values().any(|job| matches!(&job.purpose, Purpose::Asking(other) if other == id));
            // One connector of several failed: the others still answer.
            if !others && self.asked.get(index).is_some_and(|asking| asking.waiting.is_empty()) {
                let asking = self.asked.remove(index);
                self.refuse_asking(asking, failure);
            }
        }
    }

    /// Again at once, with so many others at most.
    pub(super) fn part(&mut self, item: WorkItem, most: usize, unclear: bool) {
        let unclear = unclear && changes_the_crm(&item);
        let due = if unclear { self.now.saturating_add(LOOK_UP_AFTER_MS) } else { self.now };
        self.pend(&item, due, |progress| progress.unclear |= unclear);
        if let Some(state) = self.state.as_mut() {
            state.agenda.share(item.order, most);
        }
    }

    /// An unclear outcome was looked up and not found.
    pub(super) fn not_found_yet(&mut self, item: WorkItem) {
        let looked_up = item.progress.looked_up + 1;
        let (unclear, looked_up, due) =
            if looked_up >= LOOK_UPS { (false, 0, self.now) } else { (true, looked_up, self.now + LOOK_UP_AFTER_MS) };
        self.pend(&item, due, |progress| (progress.unclear, progress.looked_up) = (unclear, looked_up));
    }

    /// A piece of work failed: when again, or never.
    pub(super) fn fail(&mut self, item: WorkItem, failure: Failure) {
        self.fail_looking(item, failure, true);
    }

    /// `wrote`: what failed could have changed the CRM; else it was a look.
    fn fail_looking(&mut self, item: WorkItem, failure: Failure, wrote: bool) {
        let class = Class::of(&failure);
        if !matches!(class, Class::Throttled | Class::Unauthorised) && self.is_worn_out(&item) {
            return self.bury(item, failure);
        }
        match class {
            Class::Transient | Class::Locked => {
                let pause = self.growing_pause(item.progress.tries);
                self.wait(item, failure, pause, |_| {});
            }
            // The account's gate holds it back, and the item has done nothing wrong.
            Class::Throttled | Class::Unauthorised => {
                self.wait(item, failure, 0, |progress| progress.tries = progress.tries.saturating_sub(1))
            }
            Class::Ambiguous if wrote && changes_the_crm(&item) => {
                if item.progress.strikes + 1 >= STRIKES {
                    return self.bury(item, failure);
                }
                self.wait(item, failure, LOOK_UP_AFTER_MS, |progress| {
                    progress.strikes += 1;
                    (progress.unclear, progress.looked_up) = (true, 0);
                });
            }
            Class::Ambiguous => {
                let pause = self.growing_pause(item.progress.tries);
                self.wait(item, failure, pause, |_| {});
            }
            Class::Elsewhere => self.go_elsewhere(item, failure),
            Class::Permanent => {
                if let (Failure::Gone(_), Task::Journal { about, .. }) = (&failure, &item.task)
                    && let Some(record) = self.resolve(about)
                {
                    self.commit_all(vec![Change::ForgetKnown(record)]);
                }
                self.bury(item, failure);
            }
        }
    }

    /// A failure that does not pass by itself.
    pub(super) fn strike(&mut self, item: WorkItem, failure: Failure) {
        if item.progress.strikes + 1 >= STRIKES || self.is_worn_out(&item) {
            return self.bury(item, failure);
        }
        let unclear = matches!(failure, Failure::Unclear(_)) && changes_the_crm(&item);
        let pause = if unclear { LOOK_UP_AFTER_MS } else { self.growing_pause(item.progress.strikes + 1) };
        self.wait(item, failure, pause, |progress| {
            progress.strikes += 1;
            progress.unclear |= unclear;
        });
    }

    fn is_worn_out(&self, item: &WorkItem) -> bool {
        let age = item.progress.first_tried.map_or(0, |first| self.now.saturating_sub(first));
        item.progress.tries >= TRIES || age > AGE_MS
    }

    fn go_elsewhere(&mut self, item: WorkItem, failure: Failure) {
        let tries = item.progress.tries;
        match (&failure, &item.task) {
            (Failure::Moved(elsewhere), Task::Journal { .. }) if tries <= MOVES => {
                let found = elsewhere.found.clone();
                self.follow(item, found);
            }
            // Somebody made it between the check and the creation: the check finds it now, whole.
            (Failure::Duplicate(_), Task::Create(_)) if tries <= DUPLICATE_CHECKS => {
                self.pend(&item, self.now, |progress| progress.unclear = false);
            }
            (Failure::Duplicate(elsewhere), Task::Create(draft)) => {
                let found = elsewhere.found.clone();
                let entity = self.state.as_ref().and_then(|state| state.store.known(&found)).map(|known| known.entity);
                let entity = entity.unwrap_or_else(|| stand_in(found, draft));
                self.finish_creation(item, entity, true, 0, true);
            }
            _ => self.bury(item, failure),
        }
    }

    /// The record of a journal entry lives on as another one.
    pub(super) fn follow(&mut self, item: WorkItem, found: RecordRef) {
        let Task::Journal { entry, .. } = item.task.clone() else { return };
        let why = Message { id: "host.record-moved".to_owned(), arguments: Vec::new(), verbatim: None };
        self.tell(Told::Waiting { key: item.key.clone(), call: item.call.clone(), task: "journal", why, again: self.now });
        let progress = Progress { state: WorkState::Pending(self.now), since: self.now, ..item.progress.clone() };
        let task = Task::Journal { about: About::Existing(found), entry };
        self.commit_all(vec![Change::PutWork(Box::new(WorkItem { task, progress, ..item }))]);
    }

    fn wait(&mut self, item: WorkItem, failure: Failure, pause: u64, change: impl FnOnce(&mut Progress)) {
        let again = self.now.saturating_add(pause);
        self.pend(&item, again, |progress| {
            progress.last = Some(Box::new(failure.clone()));
            change(progress);
        });
        let gate = self.slot_of(&item.account).and_then(|slot| self.slots.get(slot)).and_then(|slot| slot.gate.opens(self.now));
        self.tell_waiting(item, failure, again.max(gate.unwrap_or(0)));
    }

    /// The plugin is told of the first failure alone.
    pub(super) fn tell_waiting(&mut self, item: WorkItem, failure: Failure, again: Moment) {
        let why = failure_detail(&failure).said.clone();
        self.tell(Told::Waiting { key: item.key.clone(), call: item.call.clone(), task: item.task.kind().word(), why, again });
        self.tell_plugin_waiting(&item, failure);
    }

    pub(super) fn tell_plugin_waiting(&mut self, item: &WorkItem, failure: Failure) {
        if item.progress.told_waiting {
            return;
        }
        if let Some(WorkItem { order, progress, .. }) = self.item(item.order) {
            let progress = Box::new(Progress { told_waiting: true, ..progress });
            self.commit_all(vec![Change::Progress { order, progress }]);
        }
        self.refuse(item, failure, Fate::Waiting);
    }

    pub(super) fn bury(&mut self, item: WorkItem, failure: Failure) {
        let finished = self.finished(&item, WorkState::Dead(Box::new(failure.clone())));
        self.commit_all(vec![finished]);
        let why = failure_detail(&failure).said.clone();
        self.tell(Told::Dead { key: item.key.clone(), call: item.call.clone(), task: item.task.kind().word(), why });
        self.refuse(&item, failure, Fate::Dead);
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

    /// Half of it is certain, half is chance, so that a thousand items do not come back in one second.
    fn growing_pause(&mut self, tries: u32) -> u64 {
        let longest = FIRST_PAUSE_MS.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS);
        longest / 2 + self.draw() % (longest / 2 + 1)
    }
}

/// Could trying it again without a look make it twice?
pub(super) fn changes_the_crm(item: &WorkItem) -> bool {
    matches!(item.task, Task::Create(_) | Task::Journal { .. })
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
