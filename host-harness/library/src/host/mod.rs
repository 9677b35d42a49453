//! What firmware embeds: the core with its thread, its clock and its way out.
//!
//! A [`Host`] has one thread of its own for all decisions, and up to [`RUNNING_CONNECTORS`](crate::limits::RUNNING_CONNECTORS) more
//! that wait for CRMs, begun when they are wanted. The firmware gives it a [`Pbx`](crate::pbx::Pbx) to read from, [`Clients`] to
//! show things on, if it likes [`Telephony`] and a [`Store`](crate::store::Store); and tells it of calls. See the
//! [crate's documentation](crate) for a whole program.

mod accounts;
mod builder;
mod clock;
mod core_thread;
mod error;
mod firmware;
#[cfg(test)]
mod tests;
mod texts;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

pub use builder::{ConnectorSetup, HostBuilder};
pub use clock::now;
pub use error::{NotTaken, StartError};
pub use firmware::{Clients, Telephony};
pub use texts::Texts;

use crate::core::io::{Asked, Input};
use crate::event::CallEvent;
use core_thread::Message;
pub use core_thread::Refused;

/// Events, questions and answers that may wait for the core's thread. It takes a fraction of a millisecond for each, so in normal
/// running none waits; this is room for a resync that tells of a thousand live calls at once.
pub const INBOX: usize = 4096;

/// A running host. Share it between threads as it is; dropping it stops it.
pub struct Host {
    inbox: SyncSender<Message>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    texts: Arc<Texts>,
}

impl Host {
    /// Begins with nothing; see [`HostBuilder`].
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Tells of a call. Returns at once: no CRM, disk or client is waited for, and neither is the host. (An exchange that pauses because
    /// its CRM host is behind would be worse than a card that is missing: so a full inbox is an error and not a wait.)
    ///
    /// # Errors
    /// The event was not taken: [`NotTaken::Busy`] if it can be offered again, else [`NotTaken::Stopped`].
    pub fn call(&self, event: CallEvent) -> Result<(), NotTaken> {
        self.put(Input::Call(event))
    }

    /// Tells of a call and learns what became of it: `acknowledge` is called once, from the host's own thread, as soon as nothing of the event
    /// can be lost any more, whatever dies; or with the reason why it was not taken in. It must not wait. Whoever keeps an event until then, and
    /// offers it again after a restart, loses none and doubles none.
    ///
    /// # Errors
    /// As [`Host::call`]; `acknowledge` is not called then.
    pub fn call_acknowledged(
        &self,
        event: CallEvent,
        acknowledge: impl FnOnce(Result<(), Refused>) + Send + 'static,
    ) -> Result<(), NotTaken> {
        self.give(Message::Event(Box::new((event, Box::new(acknowledge)))))
    }

    /// Says that an account was connected anew, or that what was wrong with its credential is mended: what waits for it is done at once.
    ///
    /// # Errors
    /// As [`Host::call`].
    pub fn reopened(&self, connector: impl Into<String>) -> Result<(), NotTaken> {
        self.put(Input::Reopened(connector.into()))
    }

    /// Hands over what an agent asked. Exactly one [`Clients::reply`] follows while the host runs, after
    /// [`QUESTION_MS`](crate::limits::QUESTION_MS) at the latest. Who asks must have been found out by a sign-in: the plugin believes it.
    ///
    /// # Errors
    /// The question was not taken: [`NotTaken::Busy`] if it can be offered again, else [`NotTaken::Stopped`].
    pub fn question(&self, asked: Asked) -> Result<(), NotTaken> {
        self.put(Input::Question(asked))
    }

    fn put(&self, input: Input) -> Result<(), NotTaken> {
        self.give(Message::Input(Box::new(input)))
    }

    fn give(&self, message: Message) -> Result<(), NotTaken> {
        self.inbox.try_send(message).map_err(|why| match why {
            TrySendError::Full(_) => NotTaken::Busy,
            TrySendError::Disconnected(_) => NotTaken::Stopped,
        })
    }

    /// The words for messages that the observer was told, for pages and logs.
    #[must_use]
    pub fn texts(&self) -> &Arc<Texts> {
        &self.texts
    }

    /// Takes in what was told before, breaks off the requests under way and ends all threads, in a few seconds at most. Work that is not
    /// done stays in the store; of what was broken off the next start finds out whether the CRM has it, before doing it again.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // Fails if the inbox is full, and then the thread is awake, or if the thread has ended already.
        let _ = self.inbox.try_send(Message::Wake);
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by an observer or client, on the thread itself, which cannot wait for its own end.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}
