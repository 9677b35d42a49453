//! `play --live -`: the host over a pipe. One event of a call a line comes in, one answer a line goes out.
//!
//! ```text
//! {"id": 1, "what": "start", "call": "17", "direction": "inbound", "from": "+15550100142", "to": "+15550100100"}
//! {"id": 2, "what": "ring", "call": "17", "extension": "1001"}
//! ```
//!
//! An answer comes when the event is kept: after that, nothing of it is lost, whatever dies. Whoever keeps an event until it is answered, and
//! after a restart tells of all open calls and of all unanswered events again (with `"resync": true`), loses none and doubles none.
//!
//! What an event is ([`offered`]) and how it is answered ([`answer`]) has nothing to do with pipes.

pub mod answer;
mod lines;
pub mod offered;
mod outgoing;
mod screens;
mod setup;
mod stop;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use pbx_crm_host::component::LoadError;
use pbx_crm_host::event::CallEvent;
use pbx_crm_host::host::{Host, NotTaken, StartError, now};
use pbx_crm_host::settings::SettingError;
use pbx_crm_host::store::sqlite::DatabaseError;

use self::answer::{Answer, Id};
use self::lines::Line;
use self::offered::{EventReader, LINE_BYTES, Offered, Wrong};
use self::outgoing::Outgoing;
pub use self::setup::Options;
use crate::account::place::NoPlace;
use crate::player::PlayError;
use crate::scenario::ScenarioError;
use crate::watch::ObservingError;

/// Lines that were read and not offered yet.
const READ_AHEAD: usize = 64;
/// How long the host may take to end.
const STOPPING: Duration = Duration::from_secs(10);

/// Why it did not run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The setup is wrong.
    #[error(transparent)]
    Setup(#[from] ScenarioError),
    /// The state directory, or the store in it.
    #[error(transparent)]
    Place(NoPlace),
    /// The connector needs an account, and none was ever connected here.
    #[error("no account is connected in {}: run `pbx-crm connect {connector} --state-dir {}` first", folder.display(), folder.display())]
    NotConnected {
        /// The connector.
        connector: String,
        /// The state directory.
        folder: PathBuf,
    },
    /// An address for a connector that takes none.
    #[error("the connector `{0}` learns its CRM's address when its account is connected: leave --crm out")]
    NoAddressWanted(String),
    /// An address that is none.
    #[error("--crm {0}: {1}; give one such as http://10.1.2.3:8080")]
    Address(String, String),
    /// A setting of the connector that it does not take.
    #[error("--setting: {0}")]
    Setting(SettingError),
    /// A component was refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The setup, as scenarios are checked.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// It cannot be observed as wished.
    #[error(transparent)]
    Observing(#[from] ObservingError),
    /// The host did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating system.
    #[error("{what}: {why}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Why not.
        why: std::io::Error,
    },
    /// The store's file cannot be read.
    #[error("the store in the state directory cannot be read: {0}")]
    Unread(#[from] DatabaseError),
    /// The host ended by itself.
    #[error("the host has ended by itself, which is a mistake in it; what was answered with \"taken\" is kept")]
    HostEnded,
    /// It takes too long.
    #[error("the host did not end within {} seconds; what was answered with \"taken\" is kept", STOPPING.as_secs())]
    TooSlow,
}

/// What the main loop waits for.
enum Step {
    Line(Line),
    /// No more lines.
    End(std::io::Result<()>),
    /// No more answers.
    Written(std::io::Result<()>),
    /// Told to end.
    Stop,
}

/// Runs the host until the input ends or the program is told to end (SIGTERM, SIGINT), then ends it: what is under way at a CRM is broken off, and
/// looked for when the host starts again.
///
/// # Errors
/// It did not start; or nobody reads the answers any more; or the input cannot be read.
pub fn run(options: &Options, input: impl BufRead + Send + 'static, mut output: impl Write + Send + 'static) -> Result<(), LiveError> {
    let outgoing = Arc::new(Outgoing::default());
    // Observed until the host has ended.
    let (host, mut reader, _observing) = setup::start(options, &outgoing)?;
    let (sender, steps) = mpsc::sync_channel(READ_AHEAD);
    let stop = sender.clone();
    stop::listen(move || {
        // Fails if all has ended already.
        let _ = stop.send(Step::Stop);
    })
    .map_err(|why| LiveError::Io { what: "cannot listen for signals", why })?;
    thread("pbx-crm-answers", {
        let (outgoing, sender) = (Arc::clone(&outgoing), sender.clone());
        move || {
            // Fails if all has ended already.
            let _ = sender.send(Step::Written(outgoing.write_to(&mut output)));
        }
    })?;
    // It may wait for a line for ever, and ends with the process.
    thread("pbx-crm-events", {
        let outgoing = Arc::clone(&outgoing);
        move || read(input, &outgoing, &sender)
    })?;
    let ended = serve(&host, &mut reader, &outgoing, &steps);
    let until = Instant::now() + STOPPING;
    let stopped = end(host, until);
    outgoing.close();
    // The last answers. Who does not read them is not waited for: what they were about is told again.
    while let Ok(step) = steps.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if matches!(step, Step::Written(_)) {
            break;
        }
    }
    ended.and(stopped)
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), LiveError> {
    let begun = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    begun.map(drop).map_err(|why| LiveError::Io { what: "there is no thread for lines", why })
}

fn read(mut input: impl BufRead, outgoing: &Outgoing, steps: &SyncSender<Step>) {
    loop {
        let step = match lines::next(&mut input, LINE_BYTES) {
            Ok(Some(line)) => Step::Line(line),
            Ok(None) => Step::End(Ok(())),
            Err(why) => Step::End(Err(why)),
        };
        let last = matches!(step, Step::End(_));
        if !last && !outgoing.admit() {
            return;
        }
        if steps.send(step).is_err() || last {
            return;
        }
    }
}

fn serve(host: &Host, reader: &mut EventReader, outgoing: &Arc<Outgoing>, steps: &Receiver<Step>) -> Result<(), LiveError> {
    loop {
        match steps.recv() {
            Ok(Step::Line(Line::Whole(line))) => match reader.read(&line, now()) {
                Ok(Offered { id, event }) => offer(host, outgoing, id, event)?,
                Err(Wrong { id, why }) => outgoing.answer(&id, &Answer::Wrong(why)),
            },
            Ok(Step::Line(Line::TooLong)) => {
                let why = format!("the line has more than {LINE_BYTES} bytes; write one event on each line");
                outgoing.answer(&Id::default(), &Answer::Wrong(why));
            }
            Ok(Step::End(Err(why))) => return Err(LiveError::Io { what: "events cannot be read", why }),
            Ok(Step::Written(Err(why))) => return Err(LiveError::Io { what: "answers cannot be written", why }),
            Ok(Step::End(Ok(())) | Step::Written(Ok(())) | Step::Stop) | Err(_) => return Ok(()),
        }
    }
}

fn offer(host: &Host, outgoing: &Arc<Outgoing>, id: Id, event: CallEvent) -> Result<(), LiveError> {
    let waiting = Waiting { id, outgoing: Arc::clone(outgoing), answered: false };
    match host.call_acknowledged(event, move |result| waiting.give(&Answer::from(result))) {
        // Not taken: `waiting` has said so.
        Ok(()) | Err(NotTaken::Busy) => Ok(()),
        Err(NotTaken::Stopped) => Err(LiveError::HostEnded),
    }
}

/// An event whose answer is owed. Dropped without one, it is to be offered again: the host was behind with its work, or ended before it was kept.
struct Waiting {
    id: Id,
    outgoing: Arc<Outgoing>,
    answered: bool,
}

impl Waiting {
    fn give(mut self, answer: &Answer) {
        self.answered = true;
        self.outgoing.answer(&self.id, answer);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.answered {
            self.outgoing.answer(&self.id, &Answer::from(NotTaken::Busy));
        }
    }
}

/// Ends the host, in time.
fn end(host: Host, until: Instant) -> Result<(), LiveError> {
    let (done, ended) = mpsc::channel();
    thread("pbx-crm-end", move || {
        host.stop();
        let _ = done.send(());
    })?;
    ended.recv_timeout(until.saturating_duration_since(Instant::now())).map_err(|_| LiveError::TooSlow)
}
