//! The one thread that runs the core: takes what happened from the inbox, carries out what comes of it.
//!
//! What agents see is carried out at once. What the world could not take back (requests that change a CRM, acknowledgements to the PBX) waits
//! until the store has made its reason last; many steps share one such write to the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::clock::Clock;
use super::firmware::{Clients, Telephony};
use super::texts::Texts;
use super::workers::Workers;
use crate::core::io::{HttpRequest, Input, Output, Told};
use crate::core::{Core, Ignored};
use crate::event::{CallEvent, Moment};
use crate::store::Room;

/// Time alone wakes the core at least this often, so that it soon notices a clock that was set forward.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often administrators' orders are looked for, and how long a change that nothing waits for may stay unwritten, in milliseconds.
const LOOK_MS: Moment = 1_000;
/// Writes to the disk are at least so far apart, in milliseconds: the first one of a quiet office comes at once, those of a call centre share a
/// page. Nothing that an agent sees waits for it.
const WRITE_MS: Moment = 100;
/// How often the store tidies up, in milliseconds.
const TIDY_MS: Moment = 60_000;
/// Most steps that share one write to the disk.
const STEPS: usize = 256;

/// What lies in the inbox.
pub(super) enum Message {
    /// For the core. Boxed, since the inbox keeps room for its whole length.
    Input(Box<Input>),
    /// An event whose fate somebody waits for.
    Event(Box<(CallEvent, Acknowledge)>),
    /// Look whether the host is stopping.
    Wake,
}

/// Told when an event was taken in and nothing of it can be lost any more; or why it was not taken.
pub(super) type Acknowledge = Box<dyn FnOnce(Result<(), Refused>) + Send>;

/// Why an event was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be true, or is known already.
    Ignored(Ignored),
    /// The store has no room, or cannot write for too long. Offer it again.
    NoRoom,
}

/// Sees all that the host does.
pub(super) type Observer = Box<dyn FnMut(&Told) + Send>;

/// The ways to the firmware.
pub(super) struct Outlets {
    pub(super) clients: Box<dyn Clients>,
    pub(super) telephony: Option<Box<dyn Telephony>>,
    pub(super) observer: Option<Observer>,
    pub(super) texts: Arc<Texts>,
}

/// What waits for the disk.
#[derive(Default)]
struct Held {
    requests: Vec<HttpRequest>,
    acknowledgements: Vec<(Acknowledge, Result<(), Refused>)>,
    /// Steps since the last write.
    steps: usize,
    /// The store could not write; tried again then.
    again: Option<Moment>,
    /// The first change that is not written yet.
    since: Option<Moment>,
    /// The last write.
    written: Moment,
}

impl Held {
    /// When what is held is to be written; none: nothing is.
    fn due(&self, unsynced: bool) -> Option<Moment> {
        let waited_for = !(self.requests.is_empty() && self.acknowledgements.is_empty());
        let due = match (waited_for, unsynced) {
            (true, true) => self.written.saturating_add(WRITE_MS),
            (true, false) => 0,
            (false, _) => self.since?.saturating_add(LOOK_MS),
        };
        Some(due.max(self.again.unwrap_or(0)))
    }
}

/// All that the thread owns. The order matters when it is dropped: the inbox first, for workers who wait to put an answer into it; the
/// core with its store last.
pub(super) struct CoreThread {
    pub(super) inbox: Receiver<Message>,
    pub(super) workers: Workers,
    pub(super) outlets: Outlets,
    pub(super) clock: Arc<Clock>,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) core: Core,
}

impl CoreThread {
    pub(super) fn run(mut self) {
        let mut held = Held::default();
        let (mut looked, mut tidied) = (0, self.clock.now());
        // The first step is for the work that the store holds.
        self.step(Input::Time, None, &mut held);
        loop {
            let now = self.clock.now();
            if now >= looked + LOOK_MS {
                looked = now;
                self.orders(&mut held);
            }
            if now >= tidied + TIDY_MS {
                tidied = now;
                self.core.maintain(now);
            }
            let message = match self.inbox.try_recv() {
                Ok(message) if held.steps < STEPS => Some(message),
                other => {
                    self.write(&mut held);
                    match other {
                        Ok(message) => Some(message),
                        Err(_) if self.stopping.load(Ordering::Acquire) => break,
                        Err(_) => match self.inbox.recv_timeout(self.wait(&held, looked)) {
                            Ok(message) => Some(message),
                            Err(RecvTimeoutError::Timeout) => None,
                            Err(RecvTimeoutError::Disconnected) => break,
                        },
                    }
                }
            };
            match message {
                Some(Message::Input(input)) => self.step(*input, None, &mut held),
                Some(Message::Event(event)) => {
                    let (event, acknowledge) = *event;
                    self.event(event, acknowledge, &mut held);
                }
                Some(Message::Wake) => {}
                None => self.step(Input::Time, None, &mut held),
            }
        }
        (held.since, held.again, held.written) = (held.since.map(|_| 0), None, 0);
        self.write(&mut held);
    }

    fn event(&mut self, event: CallEvent, acknowledge: Acknowledge, held: &mut Held) {
        if self.core.room() == Room::None {
            return acknowledge(Err(Refused::NoRoom));
        }
        self.step(Input::Call(event), Some(acknowledge), held);
    }

    fn orders(&mut self, held: &mut Held) {
        for ordered in self.core.store().map(|store| store.orders()).unwrap_or_default() {
            self.step(Input::Order(ordered), None, held);
        }
    }

    fn step(&mut self, input: Input, acknowledge: Option<Acknowledge>, held: &mut Held) {
        let now = self.clock.now();
        let mut result = Ok(());
        for output in self.core.step(now, input) {
            match output {
                Output::Http(request) if request.writes => held.requests.push(request),
                Output::Http(request) => self.workers.send(request),
                other => {
                    if let Output::Told(Told::Ignored { why, .. }) = &other {
                        result = Err(Refused::Ignored(*why));
                    }
                    self.outlets.carry_out(other);
                }
            }
        }
        held.steps += 1;
        if let Some(acknowledge) = acknowledge {
            held.acknowledgements.push((acknowledge, result));
        }
        if self.core.unsynced() {
            held.since.get_or_insert(now);
        }
    }

    /// Makes last what something waits for, and what has waited long enough.
    fn write(&mut self, held: &mut Held) {
        held.steps = 0;
        let now = self.clock.now();
        let unsynced = self.core.unsynced();
        if held.due(unsynced).is_none_or(|due| due > now) {
            return;
        }
        if unsynced {
            held.written = now;
        }
        if let Err(why) = self.core.sync() {
            if held.again.is_none() {
                tracing::error!(%why, "calls go on; nothing is written into a CRM until this is mended");
            }
            held.again = Some(now + LOOK_MS);
            return;
        }
        if held.again.take().is_some() {
            tracing::info!("the store can write again");
        }
        held.since = None;
        for request in held.requests.drain(..) {
            self.workers.send(request);
        }
        for (acknowledge, result) in held.acknowledgements.drain(..) {
            acknowledge(result);
        }
    }

    fn wait(&self, held: &Held, looked: Moment) -> Duration {
        let wakes = [self.core.next_wake(), held.due(self.core.unsynced()), Some(looked + LOOK_MS)];
        let wake = wakes.into_iter().flatten().min();
        wake.map_or(LONGEST_WAIT, |wake| Duration::from_millis(wake.saturating_sub(self.clock.now())).min(LONGEST_WAIT))
    }
}

impl Outlets {
    fn carry_out(&mut self, output: Output) {
        match output {
            Output::ShowCard { extension, call, card } => self.clients.show_card(&extension, &call, &card, &self.texts),
            Output::RemoveCard { extension, call } => self.clients.remove_card(&extension, &call),
            Output::OpenPage { extension, call, link, title, lifetime } => {
                self.clients.open_page(&extension, &call, &link, &title, &lifetime)
            }
            Output::LeftCall { extension, call } => self.clients.left_call(&extension, &call),
            Output::Reply { request, reply } => self.clients.reply(&request, &reply, &self.texts),
            Output::Dial { key, extension, number } => match &mut self.telephony {
                Some(telephony) => telephony.dial(&key, &extension, &number),
                None => tracing::warn!(
                    key,
                    extension,
                    "no call is made: the PBX got the ability \"dial\" after the host had started without telephony"
                ),
            },
            Output::Told(told) => {
                if let Some(observer) = &mut self.observer {
                    observer(&told);
                }
            }
            // Sent by the thread itself.
            Output::Http(_) => {}
        }
    }
}
