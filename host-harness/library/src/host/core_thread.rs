//! The one thread that runs the core: takes what happened from the inbox, carries out what comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::clock::Clock;
use super::firmware::{Clients, Telephony};
use super::texts::Texts;
use super::workers::Workers;
use crate::core::Core;
use crate::core::io::{Input, Output, Told};

/// Time alone wakes the core at least this often, so that it soon notices a clock that was set forward.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What lies in the inbox.
pub(super) enum Message {
    /// For the core. Boxed, since the inbox keeps room for its whole length.
    Input(Box<Input>),
    /// Look whether the host is stopping.
    Wake,
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
        // The first step is for the work that the store holds.
        let mut input = Some(Input::Time);
        while let Some(happened) = input {
            for output in self.core.step(self.clock.now(), happened) {
                match output {
                    Output::Http(request) => self.workers.send(request),
                    other => self.outlets.carry_out(other),
                }
            }
            input = self.next();
        }
    }

    /// Waits for something to happen, or until the core wants to be woken. None: stop.
    fn next(&self) -> Option<Input> {
        loop {
            let message = if self.stopping.load(Ordering::Acquire) {
                // What was told before the stop is still taken in.
                self.inbox.try_recv().ok()?
            } else {
                match self.inbox.recv_timeout(self.wait()) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => return Some(Input::Time),
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            };
            if let Message::Input(input) = message {
                return Some(*input);
            }
        }
    }

    fn wait(&self) -> Duration {
        let wake = self.core.next_wake();
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
