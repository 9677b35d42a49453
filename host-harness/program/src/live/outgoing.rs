//! Lines on their way out: answers, of which none is ever left out, and what else is told, which is left out when nobody reads fast enough.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::answer::{Answer, Id};

/// Events that may be without an answer. Whoever offers more is not read until they have read answers.
pub(super) const UNANSWERED: usize = 4096;
/// Other lines that may wait.
const TOLD: usize = 8192;

/// See the module. The host's thread puts lines in and never waits; one thread writes them.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    state: Mutex<State>,
    /// There is something to write, or nothing more will come.
    more: Condvar,
    /// Another event may be offered.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    unanswered: usize,
    told: usize,
    left_out: u64,
    /// Nothing more will come.
    closed: bool,
    /// Nobody reads any more.
    broken: bool,
}

#[derive(Debug)]
struct Line {
    text: String,
    answers: bool,
}

impl Outgoing {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more event may be offered. False: nobody reads answers any more.
    pub(super) fn admit(&self) -> bool {
        let mut state = self.state();
        while state.unanswered >= UNANSWERED && !state.broken && !state.closed {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.unanswered += 1;
        !state.broken && !state.closed
    }

    /// The answer to an event that was admitted.
    pub(super) fn answer(&self, id: &Id, answer: &Answer) {
        self.put(Line { text: answer.line(id), answers: true });
    }

    /// Anything else, in a line that is made only if there is room for it.
    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        let left_out = {
            let mut state = self.state();
            if state.told >= TOLD {
                state.left_out += 1;
                return;
            }
            state.told += 1;
            std::mem::take(&mut state.left_out)
        };
        let text = match left_out {
            0 => line(),
            lines => format!("{{\"told\":{{\"left-out\":{lines}}}}}\n{}", line()),
        };
        self.put(Line { text, answers: false });
    }

    fn put(&self, line: Line) {
        let mut state = self.state();
        // Nobody will take them out any more.
        if !state.broken {
            state.lines.push_back(line);
            self.more.notify_one();
        }
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.more.notify_all();
        self.room.notify_all();
    }

    /// Writes until all is closed and written.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub(super) fn write_to(&self, out: &mut impl Write) -> std::io::Result<()> {
        let written = self.write_all(out);
        if written.is_err() {
            let mut state = self.state();
            state.broken = true;
            state.lines.clear();
            self.room.notify_all();
        }
        written
    }

    fn write_all(&self, out: &mut impl Write) -> std::io::Result<()> {
        loop {
            let lines = {
                let mut state = self.state();
                while state.lines.is_empty() && !state.closed {
                    state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                if state.lines.is_empty() {
                    return Ok(());
                }
                std::mem::take(&mut state.lines)
            };
            // Many at once where many are waiting, and none waits for others.
            let text: String = lines.iter().map(|line| line.text.as_str()).collect();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            let answers = lines.iter().filter(|line| line.answers).count();
            let mut state = self.state();
            state.unanswered = state.unanswered.saturating_sub(answers);
            state.told = state.told.saturating_sub(lines.len() - answers);
            self.room.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn answers_are_never_left_out_and_what_is_told_is_counted_when_it_is() {
        let outgoing = Outgoing::default();
        for number in 0..TOLD + 10 {
            outgoing.tell(|| format!("{{\"told\":{number}}}\n"));
        }
        for number in 0..TOLD + 10 {
            outgoing.answer(&Id::from(number.to_string()), &Answer::Taken);
        }
        outgoing.close();
        let mut out = Vec::new();
        outgoing.write_to(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("told").count(), TOLD);
        assert_eq!(text.matches("taken").count(), TOLD + 10);
        outgoing.tell(|| "{\"told\":\"next\"}\n".to_owned());
        let mut out = Vec::new();
        outgoing.write_to(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"told\":{\"left-out\":10}}\n{\"told\":\"next\"}\n");
    }

    #[test]
    fn who_reads_no_answers_is_not_read_until_one_is_written() {
        let outgoing = Arc::new(Outgoing::default());
        for _ in 0..UNANSWERED {
            assert!(outgoing.admit());
        }
        let waiting = std::thread::spawn({
            let outgoing = Arc::clone(&outgoing);
            move || outgoing.admit()
        });
        assert!(!waiting.is_finished());
        outgoing.answer(&Id::default(), &Answer::Taken);
        let writing = std::thread::spawn({
            let outgoing = Arc::clone(&outgoing);
            move || outgoing.write_to(&mut Vec::new())
        });
        assert!(waiting.join().unwrap(), "the answer made room");
        outgoing.close();
        writing.join().unwrap().unwrap();
    }

    #[test]
    fn a_reader_that_is_gone_is_noticed_by_all_who_wait() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let outgoing = Outgoing::default();
        assert!(outgoing.admit());
        outgoing.answer(&Id::default(), &Answer::Taken);
        assert!(outgoing.write_to(&mut Gone).is_err());
        assert!(!outgoing.admit());
        outgoing.answer(&Id::default(), &Answer::Taken);
    }
}
