//! Calls of connectors on fibers. No thread waits for a slow CRM: a suspended call is a value in [`Runs`].

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Waking, Poll, Waker};

use ::http::Request as HttpRequest;
use bytes::Bytes;
use tokio::sync::oneshot;
use wasmtime::Trap;

use super::http::{HttpAnswer, HttpGate, Shared, lock};
use super::new_instance;
use super::permit::Permits;
use crate::bindings::base::types::Number;
use crate::bindings::connector::exports::pbx::crm::{account, amending, creation, journal, lookup, search, users, visibility};
use crate::bindings::connector::pbx::crm::context::Context;
use crate::bindings::crm::types::{Draft, Failure, RecordRef, Usage, UserRef};
use crate::component::connector::PreparedConnector;
use crate::component::wasi::{Sandboxed, mask_digits};
use crate::event::Moment;
use crate::hook::unit::LogLine;

/// What a connector is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Question {
    Find { numbers: Vec<Number>, limit: u32 },
    ExactCheck { number: Number },
    Search { text: String, limit: u32 },
    Create { key: String, draft: Box<Draft> },
    FindCreated { key: String, draft: Box<Draft>, since: Moment },
    Write { items: Vec<journal::Item> },
    FindWritten { items: Vec<journal::Item>, since: Moment },
    Amend { items: Vec<amending::Item> },
    Visible { user: UserRef, records: Vec<RecordRef> },
    Verify,
    ListPage { mark: Option<String> },
    ReadUsage,
}

impl Question {
    /// The function's name in the contract, which is also the name in `operation.during`.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::Find { .. } => "find",
            Self::ExactCheck { .. } => "exact-check",
            Self::Search { .. } => "search",
            Self::Create { .. } => "create",
            Self::FindCreated { .. } => "find-created",
            Self::Write { .. } => "write",
            Self::FindWritten { .. } => "find-written",
            Self::Amend { .. } => "amend",
            Self::Visible { .. } => "visible",
            Self::Verify => "verify",
            Self::ListPage { .. } => "list-page",
            Self::ReadUsage => "read",
        }
    }

    /// Could the CRM be different after it?
    pub(crate) fn writes(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Write { .. } | Self::Amend { .. })
    }
}

/// What it answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Found(lookup::Found),
    Page(search::Page),
    Made(Box<creation::Made>),
    MaybeMade(Box<creation::LookedUp>),
    Written(journal::Written),
    WhichWritten(journal::LookedUp),
    Amended(amending::Done),
    Seen(visibility::Seen),
    Account(Box<account::Account>),
    Users(users::Page),
    Usage(Usage),
}

/// Why a connector's call has no answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RunFailure {
    #[error("the connector trapped: {0}")]
    Trapped(String),
    #[error("the connector ran past its CPU time")]
    Cpu,
    #[error("the connector wanted more memory than it may have")]
    Memory,
    #[error("no answer within the time that a connector has")]
    Deadline,
    #[error("the connector waits for something that never comes")]
    Stuck,
    #[error("the connector does not export {0}")]
    Missing(&'static str),
}

pub(crate) type Outcome = Result<Result<Answer, Failure>, RunFailure>;

/// A finished call.
pub(crate) struct Finished {
    pub(crate) run: u64,
    pub(crate) outcome: Outcome,
    /// Requests that went out.
    pub(crate) requests: u32,
    pub(crate) denied: Vec<String>,
    pub(crate) log: Vec<LogLine>,
}

/// An HTTP request of a run, on its way out.
pub(crate) struct Sent {
    pub(crate) run: u64,
    pub(crate) exchange: u64,
    pub(crate) request: HttpRequest<Bytes>,
}

struct Suspended {
    run: u64,
    deadline: Moment,
    future: Pin<Box<dyn Future<Output = (Outcome, Vec<LogLine>)> + Send>>,
    shared: Arc<Mutex<Shared>>,
}

struct Exchange {
    run: u64,
    answer: oneshot::Sender<HttpAnswer>,
}

/// All connector calls that are under way, and the little runtime that `wasi:http` wants. It has neither clock nor I/O.
pub(crate) struct Runs {
    runtime: tokio::runtime::Runtime,
    suspended: Vec<Suspended>,
    exchanges: std::collections::BTreeMap<u64, Exchange>,
    last_exchange: u64,
}

/// Rounds without any progress after which a call that waits for no HTTP answer is given up. A request body of 1 MiB takes some
/// 300 rounds to pass.
const STUCK_ROUNDS: u32 = 20_000;

/// Rounds without progress after which all that can happen has happened: tasks of the runtime take at most two or three.
const QUIET_ROUNDS: u32 = 8;

impl Runs {
    pub(crate) fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { runtime, suspended: Vec::new(), exchanges: Default::default(), last_exchange: 0 })
    }

    /// Calls under way.
    pub(crate) fn len(&self) -> usize {
        self.suspended.len()
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.suspended.iter().map(|run| run.deadline).min()
    }

    /// Begins a call. It goes on in [`Runs::advance`].
    #[allow(clippy::too_many_arguments, reason = "each is a different thing, and there is one caller")]
    pub(crate) fn start(
        &mut self,
        run: u64,
        connector: Arc<PreparedConnector>,
        permits: Arc<Permits>,
        context: Context,
        seed: u64,
        cpu: std::time::Duration,
        question: Question,
    ) {
        let deadline = context.now.saturating_add(context.time_left);
        let (gate, shared) = HttpGate::new(permits, question.function());
        let future = Box::pin(async move {
            let mut instance = new_instance(connector.engine(), gate, context.now, seed, cpu);
            let asked = ask(&connector, &mut instance, &context, &question).await;
            let outcome = asked.map_err(|failed| match failed {
                Failed::Missing(interface) => RunFailure::Missing(interface),
                Failed::Trap(error) => classify(&error, instance.data_mut()),
            });
            (outcome, std::mem::take(&mut instance.data_mut().log))
        });
        self.suspended.push(Suspended { run, deadline, future, shared });
    }

    /// The call that waits for this answer.
    pub(crate) fn run_of(&self, exchange: u64) -> Option<u64> {
        self.exchanges.get(&exchange).map(|waiting| waiting.run)
    }

    /// Hands an HTTP answer to the call that waits for it. False: nobody does any more.
    pub(crate) fn answer(&mut self, exchange: u64, answer: HttpAnswer) -> bool {
        self.exchanges.remove(&exchange).is_some_and(|waiting| waiting.answer.send(answer).is_ok())
    }

    /// Ends calls whose time is over, then lets all others go on until each waits for an HTTP answer or is done.
    pub(crate) fn advance(&mut self, now: Moment) -> (Vec<Sent>, Vec<Finished>) {
        let mut finished = Vec::new();
        let mut sent = Vec::new();
        let mut index = 0;
        while let Some(run) = self.suspended.get(index) {
            if run.deadline <= now {
                let run = self.suspended.remove(index);
                finished.push(finish(&run, Err(RunFailure::Deadline), Vec::new()));
            } else {
                index += 1;
            }
        }
        let Self { runtime, suspended, exchanges, last_exchange } = self;
        runtime.block_on(async {
            let mut quiet = 0;
            loop {
                let mut progress = false;
                let mut index = 0;
                while let Some(run) = suspended.get_mut(index) {
                    let before = lock(&run.shared).taken;
                    let polled = run.future.as_mut().poll(&mut Waking::from_waker(Waker::noop()));
                    progress |= lock(&run.shared).taken != before;
                    while let Some(outgoing) = { lock(&run.shared).outgoing.pop_front() } {
                        progress = true;
                        *last_exchange += 1;
                        exchanges.insert(*last_exchange, Exchange { run: run.run, answer: outgoing.answer });
                        sent.push(Sent { run: run.run, exchange: *last_exchange, request: outgoing.request });
                    }
                    if let Poll::Ready((outcome, log)) = polled {
                        progress = true;
                        let run = suspended.remove(index);
                        finished.push(finish(&run, outcome, log));
                    } else {
                        index += 1;
                    }
                }
                tokio::task::yield_now().await;
                quiet = if progress { 0 } else { quiet + 1 };
                let all_wait = suspended.iter().all(|run| lock(&run.shared).waiting() > 0 && !taken_late(run, exchanges));
                if quiet >= QUIET_ROUNDS && all_wait {
                    break;
                }
                if quiet >= STUCK_ROUNDS {
                    let mut index = 0;
                    while let Some(run) = suspended.get(index) {
                        if lock(&run.shared).waiting() == 0 || taken_late(run, exchanges) {
                            let run = suspended.remove(index);
                            finished.push(finish(&run, Err(RunFailure::Stuck), Vec::new()));
                        } else {
                            index += 1;
                        }
                    }
                    break;
                }
            }
        });
        // Answers to calls that are over have nowhere to go.
        let alive: std::collections::BTreeSet<u64> = self.suspended.iter().map(|run| run.run).collect();
        self.exchanges.retain(|_, exchange| alive.contains(&exchange.run));
        (sent, finished)
    }
}

/// Has an answer been handed over that the call's side has not taken yet, or is a request still being collected?
fn taken_late(run: &Suspended, exchanges: &std::collections::BTreeMap<u64, Exchange>) -> bool {
    let open = exchanges.values().filter(|exchange| exchange.run == run.run).count();
    lock(&run.shared).waiting() as usize != open
}

fn finish(run: &Suspended, outcome: Outcome, log: Vec<LogLine>) -> Finished {
    let mut shared = lock(&run.shared);
    Finished { run: run.run, outcome, requests: shared.sent, denied: std::mem::take(&mut shared.denied), log }
}

enum Failed {
    Missing(&'static str),
    Trap(wasmtime::Error),
}

impl From<wasmtime::Error> for Failed {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

async fn ask(
    connector: &PreparedConnector,
    instance: &mut wasmtime::Store<super::ConnectorData>,
    context: &Context,
    question: &Question,
) -> Result<Result<Answer, Failure>, Failed> {
    let linked = connector.pre().instantiate_async(&mut *instance).await?;
    let exports = connector.exports();
    macro_rules! mandatory {
        ($interface:ident) => {
            exports.$interface.load(&mut *instance, &linked)?
        };
    }
    macro_rules! able {
        ($interface:ident) => {
            exports.$interface.as_ref().ok_or(Failed::Missing(stringify!($interface)))?.load(&mut *instance, &linked)?
        };
    }
    Ok(match question {
        Question::Find { numbers, limit } => mandatory!(lookup).call_find(instance, context, numbers, *limit).await?.map(Answer::Found),
        Question::ExactCheck { number } => mandatory!(lookup).call_exact_check(instance, context, number).await?.map(Answer::Found),
        Question::Search { text, limit } => able!(search).call_search(instance, context, text, *limit).await?.map(Answer::Page),
        Question::Create { key, draft } => {
            mandatory!(creation).call_create(instance, context, key, draft).await?.map(|made| Answer::Made(Box::new(made)))
        }
        Question::FindCreated { key, draft, since } => mandatory!(creation)
            .call_find_created(instance, context, key, draft, *since)
            .await?
            .map(|found| Answer::MaybeMade(Box::new(found))),
        Question::Write { items } => mandatory!(journal).call_write(instance, context, items).await?.map(Answer::Written),
        Question::FindWritten { items, since } => {
            mandatory!(journal).call_find_written(instance, context, items, *since).await?.map(Answer::WhichWritten)
        }
        Question::Amend { items } => able!(amending).call_amend(instance, context, items).await?.map(Answer::Amended),
        Question::Visible { user, records } => able!(visibility).call_visible(instance, context, user, records).await?.map(Answer::Seen),
        Question::Verify => mandatory!(account).call_verify(instance, context).await?.map(|account| Answer::Account(Box::new(account))),
        Question::ListPage { mark } => able!(users).call_list_page(instance, context, mark.as_deref()).await?.map(Answer::Users),
        Question::ReadUsage => able!(allowance).call_read(instance, context).await?.map(Answer::Usage),
    })
}

fn classify(error: &wasmtime::Error, data: &mut super::ConnectorData) -> RunFailure {
    let sandbox = data.sandbox();
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => RunFailure::Cpu,
        _ if sandbox.memory.refused => RunFailure::Memory,
        Some(Trap::UnreachableCodeReached) => {
            let words = sandbox.last_words();
            RunFailure::Trapped(if words.is_empty() { "it gave up without a word".to_owned() } else { words })
        }
        Some(trap) => RunFailure::Trapped(trap.to_string()),
        None => RunFailure::Trapped(mask_digits(&error.root_cause().to_string())),
    }
}
