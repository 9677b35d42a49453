//! What connectors answered, and what follows from it.

use std::collections::BTreeSet;

use super::Core;
use super::accounts::with_problem;
use super::failures::{Class, detail, failure_detail, run_failure};
use super::io::{AskedResult, LogLine, Told};
use super::lanes::Waiting;
use super::work::{Job, Purpose, number_key};
use crate::bindings::base::types::Number;
use crate::bindings::connector::exports::pbx::crm::journal::ItemOutcome;
use crate::bindings::crm::known_records::{Known, Origin};
use crate::bindings::crm::types::{Draft, Entity, Failure, RecordRef, Usage};
use crate::bindings::crm_exports::crm_answers::{Amended, Created, Journalled, Matched};
use crate::bindings::hooks::calls::Call;
use crate::bindings::hooks::numbers::Sameness;
use crate::connector::run::{Answer, Finished, RunFailure};
use crate::event::Moment;
use crate::hook::Hook;
use crate::limits;
use crate::number::cut;
use crate::store::{AccountRef, Change, Kind, Progress, Task, WorkItem, WorkState, index_digits};

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
        let crashed = matches!(outcome, Err(RunFailure::Trapped(_) | RunFailure::Cpu | RunFailure::Memory | RunFailure::Stuck));
        let answer = match outcome {
            Ok(answer) => answer.map_err(|failure| with_problem(failure, job.problem.as_ref(), job.writes)),
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
            Ok(answer) => usage(answer).spent,
            Err(failure) => failure_detail(failure).usage.as_ref().map_or(requests, |usage| usage.spent),
        };
        self.tell(Told::Asked { connector: id.clone(), function: job.function, about: job.about.clone(), result, requests, spent });
        let told = match &answer {
            Ok(answer) => Some(usage(answer)),
            Err(failure) => failure_detail(failure).usage.as_ref(),
        };
        let now = self.now;
        if self.slots.get_mut(job.slot).is_some_and(|slot| !slot.budget.take(now, requests, told)) {
            let text = "what the CRM says of its allowance makes no sense and is not taken".to_owned();
            self.tell(Told::Log { component: id, line: LogLine { level: "warning".to_owned(), text, fields: Vec::new() } });
        }
        self.judge(job.slot, &answer, crashed);
        self.count_crash(&job, crashed);
        match answer {
            Ok(answer) => self.take_answer(job, answer),
            Err(failure) => self.take_failure(job, failure, crashed),
        }
    }

    /// What the outcome says of the account: it answers, does not, asks for patience, or takes its credential no more.
    fn judge(&mut self, slot: usize, answer: &Result<Answer, Failure>, crashed: bool) {
        let now = self.now;
        let Some(connected) = self.slots.get_mut(slot) else { return };
        let was_open = connected.gate.why().is_none();
        match answer {
            Err(_) if crashed => connected.gate.nothing_learnt(),
            Err(failure) => Class::of(failure).close(&mut connected.gate, now, failure),
            Ok(answer) => match item_failures(answer)
                .map(|failure| (Class::of(failure), failure))
                .max_by_key(|(class, _)| class.says_of_the_account())
            {
                Some((class, failure)) if class.says_of_the_account() > 0 => class.close(&mut connected.gate, now, failure),
                _ => connected.gate.answered(),
            },
        }
        let closed = connected.gate.why().map(|(why, until)| (failure_detail(why).said.clone(), until));
        let connector = connected.id.clone();
        match closed {
            Some((why, until)) if was_open => self.tell(Told::AccountClosed { connector, why, until }),
            None if !was_open => {
                if let Some(state) = self.state.as_mut() {
                    state.agenda.release(slot, now);
                }
                self.tell(Told::AccountOpen { connector });
            }
            _ => {}
        }
    }

    /// Does the connector crash whatever it is asked?
    fn count_crash(&mut self, job: &Job, crashed: bool) {
        let about = crashed.then(|| self.sole_number(&job.purpose)).flatten();
        let Some(connected) = self.slots.get_mut(job.slot) else { return };
        if !crashed {
            connected.crashes.none(job.function);
        } else if connected.crashes.one_more(job.function, about) {
            self.give_up(job.slot, job.function);
        }
    }

    /// The number that a call was about; none: it was about several, or about none.
    fn sole_number(&self, purpose: &Purpose) -> Option<String> {
        let order = match purpose {
            Purpose::Asking(_) => return None,
            Purpose::Find(numbers) => return if let [number] = numbers.as_slice() { Some(number_key(number).to_owned()) } else { None },
            Purpose::ExactCheck(order) | Purpose::FindCreated(order) | Purpose::Create(order) => order,
            Purpose::Write(orders) | Purpose::FindWritten(orders) | Purpose::Amend(orders) => match orders.as_slice() {
                [order] => order,
                _ => return None,
            },
        };
        self.item(*order).map(|item| item.lane)
    }

    fn take_answer(&mut self, job: Job, answer: Answer) {
        let slot = job.slot;
        let problem = job.problem;
        match (job.purpose, answer) {
            (Purpose::Find(numbers), Answer::Found(found)) => {
                let entities: Vec<Entity> = found.entities.into_iter().filter_map(|entity| self.checked(slot, entity)).collect();
                self.remember(&entities);
                let mut usage = found.usage;
                for item in self.matches_of(slot, &numbers) {
                    // Somebody with very many records may have crowded out another's: whoever has none is asked for alone.
                    if found.more && numbers.len() > 1 && !self.is_among(&item, &entities) {
                        self.part(item, 1, false);
                        continue;
                    }
                    if self.answer_match(item, slot, &entities, found.more, usage.clone()) {
                        usage.spent = 0;
                    }
                }
            }
            (Purpose::ExactCheck(order), Answer::Found(found)) => {
                let Some((item, draft)) = self.creation(order) else { return };
                let hit = found
                    .entities
                    .into_iter()
                    .filter_map(|entity| self.checked(slot, entity))
                    .find(|entity| self.has_number(entity, &draft.number));
                match hit {
                    Some(entity) => self.finish_creation(item, entity, true, found.usage.spent, true),
                    // Meanwhile an administrator or the CRM may have closed the account.
                    None if self.is_open(slot, "create") => self.begin_creation(slot, &item, draft),
                    None => self.pend(&item, self.now, |_| {}),
                }
            }
            (Purpose::FindCreated(order), Answer::MaybeMade(found)) => {
                let Some((item, _)) = self.creation(order) else { return };
                match found.entity.and_then(|entity| self.checked(slot, entity)) {
                    Some(entity) => self.finish_creation(item, entity, false, found.usage.spent, false),
                    None => self.not_found_yet(item),
                }
            }
            (Purpose::Create(order), Answer::Made(made)) => {
                let Some((item, _)) = self.creation(order) else { return };
                let (was_there, spent) = (made.was_there, made.usage.spent);
                match self.checked(slot, made.entity) {
                    Some(entity) => self.finish_creation(item, entity, was_there, spent, false),
                    None => self.fail(item, Failure::Unclear(detail("host.bad-record"))),
                }
            }
            (Purpose::Write(orders), Answer::Written(written)) => {
                let mut usage = written.usage;
                let mut outcomes = written.outcomes.into_iter();
                for order in orders {
                    let outcome = outcomes.next();
                    let Some(item) = self.unfinished(order) else { continue };
                    match outcome {
                        Some(ItemOutcome::Written(activity) | ItemOutcome::WasThere(activity)) => {
                            self.finish_journal(item, slot, activity, usage.clone())
                        }
                        Some(ItemOutcome::Failed(failure)) => self.fail(item, with_problem(failure, problem.as_ref(), true)),
                        Some(ItemOutcome::Other(_)) | None => self.fail(item, Failure::Unclear(detail("host.no-outcome"))),
                    }
                    usage.spent = 0;
                }
            }
            (Purpose::FindWritten(orders), Answer::WhichWritten(found)) => {
                let mut usage = found.usage;
                let mut activities = found.activities.into_iter();
                for order in orders {
                    let activity = activities.next().flatten();
                    let Some(item) = self.unfinished(order) else { continue };
                    match activity {
                        Some(activity) => {
                            self.finish_journal(item, slot, activity, usage.clone());
                            usage.spent = 0;
                        }
                        None => self.not_found_yet(item),
                    }
                }
            }
            (Purpose::Amend(orders), Answer::Amended(done)) => {
                let mut outcomes = done.outcomes.into_iter();
                for order in orders {
                    let outcome = outcomes.next();
                    let Some(item) = self.unfinished(order) else { continue };
                    match outcome {
                        Some(Ok(())) => {
                            let finished = self.finished(&item, WorkState::Done(None));
                            self.commit_all(vec![finished]);
                            let (call, key) = (self.call_of(&item), item.key.clone());
                            let amended = Amended { at: self.now, call, key, usage: done.usage.clone(), extras: Vec::new() };
                            self.answer_hook(&item, Hook::Amended(amended));
                        }
                        Some(Err(failure)) => self.fail(item, with_problem(failure, problem.as_ref(), true)),
                        None => self.fail(item, Failure::Unclear(detail("host.no-outcome"))),
                    }
                }
            }
            (Purpose::Asking(id), answer) => self.answer_asking(slot, &id, answer),
            // A run answers the question that it was given; other pairs do not exist.
            _ => {}
        }
    }

    /// Waiting matches of these numbers at this connector, in order, those included that were asked for while the look-up was out.
    pub(super) fn matches_of(&self, slot: usize, numbers: &[Number]) -> Vec<WorkItem> {
        let Some(state) = self.state.as_ref() else { return Vec::new() };
        let lanes: BTreeSet<&str> = numbers.iter().map(number_key).collect();
        let waiting = lanes.into_iter().flat_map(|lane| state.agenda.in_lane(Kind::Match, lane));
        let mut orders: Vec<u64> = waiting.filter(|(_, head)| head.slot == Some(slot)).map(|(order, _)| order).collect();
        orders.sort_unstable();
        orders.into_iter().filter_map(|order| self.unfinished(order)).collect()
    }

    fn is_among(&self, item: &WorkItem, entities: &[Entity]) -> bool {
        let Task::Match(number) = &item.task else { return false };
        entities.iter().any(|entity| self.has_number(entity, number))
    }

    /// False: another account is asked now.
    fn answer_match(&mut self, item: WorkItem, slot: usize, entities: &[Entity], more: bool, usage: Usage) -> bool {
        let Task::Match(number) = item.task.clone() else { return false };
        let mut hits: Vec<Entity> = entities.iter().filter(|entity| self.has_number(entity, &number)).cloned().collect();
        // The CRM's search index may lag behind what we made ourselves a moment ago.
        for known in self.known_by_us(slot, &number) {
            if !hits.iter().any(|hit| hit.reference == known.entity.reference) {
                hits.push(known.entity);
            }
        }
        hits.truncate(50);
        // One that is switched off is as if it were not there: what waited for it would wait until somebody switches it on.
        if hits.is_empty()
            && let Some(next) = self.slots.iter().skip(slot + 1).find(|slot| slot.gate.is_enabled())
        {
            let account = AccountRef { connector: next.id.clone(), organisation: next.organisation.clone() };
            let progress = Progress { told_waiting: item.progress.told_waiting, ..Progress::new(self.now) };
            self.commit_all(vec![Change::PutWork(Box::new(WorkItem { account, progress, ..item }))]);
            return false;
        }
        let (at, call) = (self.now, self.call_of(&item));
        let matched = Matched { at, call, number, hits, more, remembered: false, usage, extras: Vec::new() };
        // It is done when the plugin has taken the answer: what the plugin makes of it is written together with that.
        self.answer(&item, Hook::Matched(matched), Some(item.order));
        true
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
        let mut changes = vec![self.finished(&item, WorkState::Done(Some(entity.reference.clone())))];
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
        let finished = self.finished(&item, WorkState::Done(Some(activity.clone())));
        self.commit_all(vec![finished]);
        let journalled =
            Journalled { at: self.now, call: self.call_of(&item), key: item.key.clone(), activity, about, usage, extras: Vec::new() };
        self.answer_hook(&item, Hook::Journalled(journalled));
    }

    pub(super) fn answer_hook(&mut self, item: &WorkItem, hook: Hook) {
        self.answer(item, hook, None);
    }

    fn answer(&mut self, item: &WorkItem, hook: Hook, settles: Option<u64>) {
        // After a restart the notes of a call that is over are those that it left with its work.
        if let (Some(call), Some(ended), Some(state)) = (&item.call, &item.ended, self.state.as_mut())
            && !state.calls.contains_key(call)
        {
            state.notes.entry(call.clone()).or_insert_with(|| ended.notes.iter().cloned().collect());
        }
        self.lanes.push(Waiting { call: item.call.clone(), hook, settles });
    }

    /// The call as it stands now, or its summary. Of a call that had ended and is being told again after a restart, the summary knows more.
    pub(super) fn call_of(&self, item: &WorkItem) -> Option<Call> {
        let id = item.call.as_ref()?;
        let id = self.vanished.get(id).unwrap_or(id);
        let live = self.state.as_ref()?.calls.get(id).filter(|call| call.ended() || item.ended.is_none());
        live.map(|call| call.at(self.now)).or_else(|| item.ended.as_ref().map(|ended| ended.call.clone()))
    }

    fn creation(&self, order: u64) -> Option<(WorkItem, Box<Draft>)> {
        let item = self.unfinished(order)?;
        let Task::Create(draft) = &item.task else { return None };
        let draft = draft.clone();
        Some((item, draft))
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
    pub(super) fn checked(&self, slot: usize, mut entity: Entity) -> Option<Entity> {
        let slot = self.slots.get(slot)?;
        if entity.reference.id.is_empty() || entity.reference.id.len() > limits::CRM_ID_BYTES {
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
    let lasting = matches!(origin, Origin::CreatedByUs(_));
    Change::PutKnown { known: Box::new(Known { entity, origin, seen_at: now, extras: Vec::new() }), digits, lasting }
}

fn usage(answer: &Answer) -> &Usage {
    match answer {
        Answer::Found(found) => &found.usage,
        Answer::Page(page) => &page.usage,
        Answer::Made(made) => &made.usage,
        Answer::Written(written) => &written.usage,
        Answer::Amended(done) => &done.usage,
        Answer::Seen(seen) => &seen.usage,
        Answer::Account(account) => &account.usage,
        Answer::Users(page) => &page.usage,
        Answer::Usage(usage) => usage,
        Answer::MaybeMade(found) => &found.usage,
        Answer::WhichWritten(found) => &found.usage,
    }
}

/// How single items failed in an answer that came.
fn item_failures(answer: &Answer) -> Box<dyn Iterator<Item = &Failure> + '_> {
    match answer {
        Answer::Written(written) => Box::new(
            written.outcomes.iter().filter_map(|outcome| if let ItemOutcome::Failed(failure) = outcome { Some(failure) } else { None }),
        ),
        Answer::Amended(done) => Box::new(done.outcomes.iter().filter_map(|outcome| outcome.as_ref().err())),
        _ => Box::new(std::iter::empty()),
    }
}

fn size(answer: &Answer) -> usize {
    match answer {
        Answer::Found(found) => found.entities.len(),
        Answer::Page(page) => page.entities.len(),
        Answer::Made(_) => 1,
        Answer::MaybeMade(found) => usize::from(found.entity.is_some()),
        Answer::Written(written) => {
            written.outcomes.iter().filter(|outcome| matches!(outcome, ItemOutcome::Written(_) | ItemOutcome::WasThere(_))).count()
        }
        Answer::WhichWritten(found) => found.activities.iter().flatten().count(),
        Answer::Amended(done) => done.outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        Answer::Seen(seen) => seen.visible.len(),
        Answer::Users(page) => page.users.len(),
        Answer::Account(_) | Answer::Usage(_) => 0,
    }
}

fn no_usage() -> Usage {
    Usage { spent: 0, left: None, allowed: None, renewed_at: None, extras: Vec::new() }
}

/// A record that the CRM named without showing it.
pub(super) fn stand_in(reference: RecordRef, draft: &Draft) -> Entity {
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
