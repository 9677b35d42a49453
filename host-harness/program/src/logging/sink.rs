//! Where lines go. Whoever logs hands a line over and goes on, whether anybody takes it or not: a terminal that is held, a full disk or a dead
//! collector must never hold up a call.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::layer::stamp;

/// Lines that wait at most: with [`LONGEST`] no more than 8 MiB.
pub(super) const WAITING: usize = 2048;
/// Longest line, in bytes.
pub(super) const LONGEST: usize = 4096;
/// How long the end waits for lines that are not out yet.
const FAREWELL: Duration = Duration::from_secs(1);

enum Message {
    Line(String),
    /// All before it are out.
    End(SyncSender<()>),
}

/// A thread that writes lines.
#[derive(Debug)]
pub struct Sink {
    lines: Lines,
}

/// Takes lines.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    sender: SyncSender<Message>,
    dropped: Dropped,
}

/// Lines that nobody will read, since the start.
#[derive(Debug, Clone, Default)]
pub struct Dropped(Arc<AtomicU64>);

impl Dropped {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sink {
    /// Writes lines there, from a thread of its own.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let dropped = Dropped::default();
        let counted = dropped.clone();
        std::thread::Builder::new().name("pbx-crm-log".to_owned()).spawn(move || write_all(out, &receiver, &counted))?;
        Ok(Self { lines: Lines { sender, dropped } })
    }

    pub(super) fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// Counts what was dropped.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.lines.dropped.clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let (told, ended) = sync_channel(1);
        // Full: whoever takes the lines is stuck, and so would we be.
        if self.lines.sender.try_send(Message::End(told)).is_ok() {
            let _out_or_late = ended.recv_timeout(FAREWELL);
        }
    }
}

impl Lines {
    /// Takes the line or drops it, at once.
    pub(super) fn put(&self, line: String) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.sender.try_send(Message::Line(line)) {
            self.dropped.one();
        }
    }
}

fn write_all(mut out: impl Write, lines: &Receiver<Message>, dropped: &Dropped) {
    let mut told = 0;
    while let Ok(message) = lines.recv() {
        let missing = dropped.count();
        if missing > told {
            // Not through the queue: what tells of lost lines must not be lost.
            let lost = missing - told;
            let line = format!("{}  WARN lines of the log were dropped: they were not taken, or too slowly lines={lost}\n", stamp());
            // Told only if it is out: a full disk takes this line no more than it took the others.
            if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_ok() {
                told = missing;
            }
        }
        match message {
            Message::Line(line) => {
                if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
                    dropped.one();
                }
            }
            Message::End(told) => {
                let _ = out.flush();
                let _nobody_waits = told.try_send(());
            }
        }
    }
}
