//! The core: a single-threaded state machine. Threads, sockets, timers and files live around it (see [`crate::host`]), so
//! that a simulation drives the same code as an office's telephone.
//!
//! [`Core::step`] takes what happened and returns what is to be done. A hook runs inside a step and takes a fraction of a
//! millisecond; a connector's HTTP request is an *output*, its answer an *input*, so nothing in here ever waits.

mod accounts;
pub(crate) mod agenda;
mod askings;
pub mod budget;
pub(crate) mod call;
mod commit;
mod crashes;
mod events;
pub(crate) mod failures;
mod gate;
pub mod io;
mod lanes;
mod ledger;
mod orders;
pub(crate) mod page;
mod results;
mod screens;
pub(crate) mod state;
pub(crate) mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::binding::Bindings;
use crate::bindings::base::types::{Message, SettingValue};
use crate::bindings::crm::connections::{Connection, KindInfo};
use crate::bindings::crm::types::{Failure, UserRef};
use crate::component::connector::PreparedConnector;
use crate::component::plugin::PreparedPlugin;
use crate::connector::permit::Permits;
use crate::connector::run::{Runs, Sent};
use crate::event::Moment;
use crate::hook::{self, Hook, HookFailure, Run};
use crate::limits;
use crate::number::DialPlan;
use crate::pbx::Pbx;
use crate::settings::Settings;
use crate::store::{AccountRef, AccountState, Change, Room, Store, Unwritten};
use agenda::Agenda;
use budget::{Budget, BudgetSettings};
pub use call::Ignored;
use crashes::Crashes;
use gate::Gate;
use io::{HttpRequest, Input, Output, Reply, Told};
use lanes::{Lanes, Waiting};
use screens::Screens;
use state::{Account, State};

/// All that a core is made of.
pub struct CoreParts {
    /// The CRM logic.
    pub plugin: Arc<PreparedPlugin>,
    /// The plugin's settings.
    pub settings: Settings,
    /// Connected accounts in the order in which they are asked.
    pub connectors: Vec<ConnectorParts>,
    /// Which extension belongs to which CRM user.
    pub bindings: Bindings,
    /// Facts and directory.
    pub pbx: Box<dyn Pbx>,
    /// How numbers are read.
    pub numbers: DialPlan,
    /// What must outlive a restart.
    pub store: Box<dyn Store>,
    /// Decides every random number that a component sees.
    pub seed: u64,
    /// True where the clock is virtual: then no result may depend on how fast the machine is, and CPU time is limited only against
    /// endless loops ([`limits::SIMULATION_CPU`]).
    pub virtual_time: bool,
}

/// A connected CRM account.
#[derive(Clone)]
pub struct ConnectorParts {
    /// Its id in every `record-ref`; unique, at most 64 bytes.
    pub id: String,
    /// The component.
    pub connector: Arc<PreparedConnector>,
    /// The connector's settings.
    pub settings: Settings,
    /// Address for API requests and pages, without a final "/".
    pub base: String,
    /// Address of the pages of records, as `account.verify` told it, where the connector's patterns want one; without a final "/".
    pub pages: Option<String>,
    /// The organisation for ever, as `account.verify` told it.
    pub organisation: String,
    /// The connected user, as `account.verify` told it.
    pub user: Option<UserRef>,
    /// For people.
    pub organisation_name: String,
    /// Records are made here. At most one account.
    pub creates: bool,
    /// How much of its allowance may be used for what.
    pub budget: BudgetSettings,
}

/// The core could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The operating system refused what the connectors' runtime needs.
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
    /// Two accounts have one id.
    #[error("two connectors have the id `{0}`; give one of them another")]
    TwiceConnector(String),
    /// Two accounts are named for new records.
    #[error("both `{0}` and `{1}` are named for new records; name one of them")]
    TwiceCreating(String, String),
}

/// See the module.
pub struct Core {
    plugin: Arc<PreparedPlugin>,
    slots: Vec<Slot>,
    /// Lent to a hook while it runs; there at all other times.
    state: Option<Box<State>>,
    lanes: Lanes,
    screens: Screens,
    runs: Runs,
    jobs: BTreeMap<u64, work::Job>,
    /// Asked on pages, unanswered, until when.
    questions: BTreeMap<String, Moment>,
    /// Searches and visibility requests that wait for their connector.
    asked: Vec<work::Asking>,
    /// Calls that became part of another.
    vanished: BTreeMap<String, String>,
    /// Calls that are over, by when they ended.
    over: BTreeSet<(Moment, String)>,
    /// The store's work was taken in.
    begun: bool,
    now: Moment,
    seed: u64,
    drawn: u64,
    order: u64,
    last_run: u64,
    hook_cpu: std::time::Duration,
    connector_cpu: std::time::Duration,
    outputs: Vec<Output>,
}

/// A connected account and its connector.
struct Slot {
    id: String,
    connector: Arc<PreparedConnector>,
    permits: Arc<Permits>,
    settings: Settings,
    base: String,
    organisation: String,
    user: Option<UserRef>,
    running: u32,
    gate: Gate,
    crashes: Crashes,
    budget: Budget,
    /// Journal entries wait for each other until then.
    pool_until: Moment,
}

impl Slot {
    fn account(&self) -> AccountRef {
        AccountRef { connector: self.id.clone(), organisation: self.organisation.clone() }
    }

    fn state(&self) -> AccountState {
        AccountState {
            account: self.account(),
            enabled: self.gate.is_enabled(),
            crashed: self.crashes.ended(),
            spent: self.budget.counted(),
        }
    }
}

impl Core {
    /// Makes a core. Work that the store holds goes on with the first step.
    ///
    /// # Errors
    /// Two connectors have one id or are both named for new records, or the operating system refuses a small runtime.
    pub fn new(parts: CoreParts) -> Result<Self, CoreError> {
        let states = parts.store.accounts();
        let mut accounts: Vec<Account> = Vec::new();
        let mut slots = Vec::new();
        for parts in parts.connectors {
            if accounts.iter().any(|account| account.connection.id == parts.id) {
                return Err(CoreError::TwiceConnector(parts.id));
            }
            if let Some(other) = accounts.iter().find(|account| parts.creates && account.connection.creates) {
                return Err(CoreError::TwiceCreating(other.connection.id.clone(), parts.id));
            }
            let description = parts.connector.description();
            let permits = Permits::new(description, &parts.base, |key| match parts.settings.get(key) {
                Some(SettingValue::Text(address)) => Some(address),
                _ => None,
            });
            let state = states.iter().find(|state| state.account.connector == parts.id);
            let enabled = state.is_none_or(|state| state.enabled);
            let crashed = state.map(|state| state.crashed.clone()).unwrap_or_default();
            // Another organisation's requests do not count for this one.
            let spent = state.filter(|state| state.account.organisation == parts.organisation).map(|state| state.spent.clone());
            accounts.push(Account {
                enabled,
                connection: Connection {
                    id: parts.id.clone(),
                    name: description.name.clone(),
                    organisation: parts.organisation_name,
                    kinds: description
                        .kinds
                        .iter()
                        .map(|kind| KindInfo {
                            kind: kind.kind.clone(),
                            role: kind.role.clone(),
                            can_create: kind.can_create,
                            extras: Vec::new(),
                        })
                        .collect(),
                    creates: parts.creates,
                    abilities: parts.connector.abilities(),
                    extras: Vec::new(),
                },
                base: parts.base.clone(),
                pages: parts.pages,
                organisation: parts.organisation.clone(),
                kinds: description.kinds.clone(),
            });
            slots.push(Slot {
                id: parts.id,
                connector: parts.connector,
                permits: Arc::new(permits),
                settings: parts.settings,
                base: parts.base,
                organisation: parts.organisation,
                user: parts.user,
                running: 0,
                gate: Gate::new(enabled),
                crashes: Crashes::new(crashed),
                budget: Budget::new(parts.budget, spent.unwrap_or_default()),
                pool_until: 0,
            });
        }
        let order = parts.store.last_order();
        let state = State {
            calls: BTreeMap::new(),
            notes: BTreeMap::new(),
            store: parts.store,
            agenda: Agenda::default(),
            pbx: parts.pbx,
            numbers: parts.numbers,
            settings: parts.settings,
            accounts,
            bindings: parts.bindings,
            links: BTreeMap::new(),
        };
        let (hook_cpu, connector_cpu) = if parts.virtual_time {
            (limits::SIMULATION_CPU, limits::SIMULATION_CPU)
        } else {
            (limits::HOOK_DEADLINE, limits::CONNECTOR_CPU)
        };
        Ok(Self {
            plugin: parts.plugin,
            slots,
            state: Some(Box::new(state)),
            lanes: Lanes::default(),
            screens: Screens::default(),
            runs: Runs::new()?,
            jobs: BTreeMap::new(),
            questions: BTreeMap::new(),
            asked: Vec::new(),
            vanished: BTreeMap::new(),
            over: BTreeSet::new(),
            begun: false,
            now: 0,
            seed: parts.seed,
            drawn: 0,
            order,
            last_run: 0,
            hook_cpu,
            connector_cpu,
            outputs: Vec::new(),
        })
    }

    /// Takes in what happened at `now` (milliseconds since 1970; a moment before the last step's counts as that one) and returns
    /// what is to be done, in order.
    pub fn step(&mut self, now: Moment, input: Input) -> Vec<Output> {
        self.now = self.now.max(now);
        if !std::mem::replace(&mut self.begun, true) {
            self.begin_with_the_store(self.now);
        }
        match input {
            Input::Call(event) => self.take_event(event),
            Input::Http { exchange, answer } => self.take_http(exchange, answer),
            Input::Question(asked) => self.take_question(asked),
            Input::Order(ordered) => self.take_order(ordered),
            Input::Reopened(connector) => self.reopen(&connector),
            Input::Time => {}
        }
        loop {
            self.run_hooks();
            self.dispatch();
            let (sent, finished) = self.runs.advance(self.now);
            for sent in sent {
                self.send(sent);
            }
            if finished.is_empty() {
                break;
            }
            for finished in finished {
                self.take_result(finished);
            }
        }
        self.tidy();
        std::mem::take(&mut self.outputs)
    }

    /// Makes all that the steps so far have changed survive a power cut. Before this has returned `Ok`, no event may be acknowledged and no
    /// request with [`HttpRequest::writes`] may leave; what agents see need not wait.
    ///
    /// # Errors
    /// Nothing is lost while the process lives; try again soon.
    pub fn sync(&mut self) -> Result<(), Unwritten> {
        self.state.as_mut().map_or(Ok(()), |state| state.store.sync())
    }

    /// Is there room for more work?
    #[must_use]
    pub fn room(&self) -> Room {
        self.state.as_ref().map_or(Room::None, |state| state.store.room())
    }

    /// Lets the store tidy up. Wanted about once a minute.
    pub fn maintain(&mut self, now: Moment) {
        if let Some(state) = self.state.as_mut() {
            state.store.maintain(now);
        }
    }

    /// Is there anything that [`Core::sync`] would make last?
    #[must_use]
    pub fn unsynced(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.store.unsynced())
    }

    /// When a step with [`Input::Time`] is due, if nothing else happens before.
    #[must_use]
    pub fn next_wake(&self) -> Option<Moment> {
        let questions = self.questions.values().min().copied();
        let asked = self.asked.iter().map(|asking| asking.until).min();
        let counts = self.slots.iter().filter_map(|slot| slot.budget.to_be_kept_at()).min();
        let wakes = [self.runs.next_deadline(), self.screens.next_wake(), questions, asked, counts, self.next_work()];
        wakes.into_iter().flatten().min()
    }

    /// Connector calls that are under way.
    #[must_use]
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// The durable store, for pages and tests.
    #[must_use]
    pub fn store(&self) -> Option<&dyn Store> {
        self.state.as_ref().map(|state| state.store.as_ref())
    }

    /// The store, for a core that comes after this one; this one is of no use any more.
    #[must_use]
    pub fn take_store(&mut self) -> Option<Box<dyn Store>> {
        self.state.take().map(|state| state.store)
    }

    /// Runs the lanes empty.
    fn run_hooks(&mut self) {
        while let Some(waiting) = self.lanes.pop() {
            let Waiting { call, hook, settles } = waiting;
            let Some(state) = self.state.take() else { return };
            let run = Run { now: self.now, seed: self.draw(), deadline: self.hook_cpu };
            let (state, mut unit, result) = hook::run(&self.plugin, state, run, &hook);
            self.state = Some(state);
            let dropped = unit.log_dropped;
            for line in std::mem::take(&mut unit.log) {
                self.tell(Told::Log { component: "plugin".to_owned(), line });
            }
            if dropped > 0 {
                let line = io::LogLine {
                    level: "warning".to_owned(),
                    text: format!("{dropped} further log lines were dropped"),
                    fields: Vec::new(),
                };
                self.tell(Told::Log { component: "plugin".to_owned(), line });
            }
            let told = call.clone();
            match result {
                Ok(()) => {
                    self.commit(&unit, call.as_deref(), settles);
                    self.carry_out(unit, call.as_deref(), hook.name());
                }
                // An optional interface that the plugin does not have: the event was for nobody.
                Err(HookFailure::Missing(_)) if is_optional(&hook) => {}
                Err(why) => {
                    for line in unit.into_reasons() {
                        self.tell(Told::Line { call: call.clone(), hook: hook.name(), line });
                    }
                    self.tell(Told::HookFailed { call: call.clone(), hook: hook.name(), why });
                    self.after_a_failed_hook(call.as_deref(), settles);
                }
            }
            // Of a call that is forgotten its work alone remembers something.
            if let (Some(call), Some(state)) = (told, self.state.as_mut())
                && !state.calls.contains_key(&call)
            {
                state.notes.remove(&call);
                state.links.remove(&call);
            }
        }
    }

    /// A hook failed: what its call still waits for lasts all the same, and the answer that it was to take is given to it again.
    fn after_a_failed_hook(&mut self, call: Option<&str>, settles: Option<u64>) {
        let changes = call.map(|call| self.settle_call(call, &[])).unwrap_or_default();
        self.commit_all(changes);
        if let Some(item) = settles.and_then(|order| self.unfinished(order)) {
            self.strike(item, Failure::Other(failures::detail("host.hook-failed")));
        }
    }

    fn send(&mut self, sent: Sent) {
        let Some(job) = self.jobs.get(&sent.run) else { return };
        let Some(slot) = self.slots.get(job.slot) else { return };
        let (head, body) = sent.request.into_parts();
        let headers =
            head.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
        self.outputs.push(Output::Http(HttpRequest {
            exchange: sent.exchange,
            run: sent.run,
            function: job.function,
            connector: slot.id.clone(),
            method: head.method.to_string(),
            url: head.uri.to_string(),
            headers,
            body,
            deadline: job.deadline,
            writes: job.writes,
        }));
    }

    /// What time alone brings about.
    fn tidy(&mut self) {
        let now = self.now;
        if let Some(state) = &self.state {
            let outputs = self.screens.tidy(now, state);
            self.outputs.extend(outputs);
        }
        let unanswered: Vec<String> =
            self.questions.iter().filter(|(_, until)| **until <= now).map(|(request, _)| request.clone()).collect();
        for request in unanswered {
            self.questions.remove(&request);
            self.outputs.push(Output::Reply { request, reply: Reply::Refused(host_message("host.no-reply")) });
        }
        self.give_up_asking();
        self.forget_calls();
        self.keep_counts();
    }

    /// What accounts have spent is kept for the time after a restart.
    fn keep_counts(&mut self) {
        let now = self.now;
        let due = self.slots.iter_mut().filter_map(|slot| slot.budget.is_to_be_kept(now).then(|| slot.state()));
        let states = due.map(Change::PutAccount).collect();
        self.commit_all(states);
    }

    fn forget_calls(&mut self) {
        let Some(state) = self.state.as_mut() else { return };
        let Some(until) = self.now.checked_sub(limits::CALL_MEMORY_MS) else { return };
        while let Some((ended, id)) = self.over.pop_first() {
            if ended > until {
                self.over.insert((ended, id));
                break;
            }
            if state.calls.get(&id).is_some_and(|call| !call.ended()) {
                continue;
            }
            state.calls.remove(&id);
            state.notes.remove(&id);
            state.links.remove(&id);
            self.screens.forget(&id);
            self.vanished.retain(|_, survivor| *survivor != id);
        }
    }

    fn tell(&mut self, told: Told) {
        self.outputs.push(Output::Told(told));
    }

    /// A new seed for an instance, the same in every replay.
    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.seed.rotate_left(17).wrapping_add(self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

fn is_optional(hook: &Hook) -> bool {
    !matches!(hook, Hook::Start(_) | Hook::Ring(_) | Hook::Answer(_) | Hook::End(_) | Hook::Merged(_))
}

/// A message of the host's own catalogue.
fn host_message(id: &str) -> Message {
    Message { id: id.to_owned(), arguments: Vec::new(), verbatim: None }
}
