use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::sink::WAITING;
use super::*;

/// Whether it is let go, and what was written.
type Written = Mutex<(bool, Vec<u8>)>;

/// Takes what is written, once it is let go.
#[derive(Clone, Default)]
struct Held(Arc<(Written, Condvar)>);

impl Held {
    fn free() -> Self {
        let held = Self::default();
        held.let_go();
        held
    }

    fn let_go(&self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().1.clone()).unwrap()
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.1.wait_while(self.0.0.lock().unwrap(), |state| !state.0).unwrap();
        state.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that is full as long as it is told to be.
#[derive(Clone)]
struct Disk {
    full: Arc<AtomicBool>,
    written: Held,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { self.written.write(bytes) }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many lines were dropped, as the log tells it: in one line or in several.
fn told(text: &str) -> Vec<usize> {
    text.lines().filter(|line| line.contains("were dropped")).map(|line| line.rsplit_once("lines=").unwrap().1.parse().unwrap()).collect()
}

/// What stands in the log after these things were done.
fn logged(level: Level, things: impl FnOnce()) -> String {
    let out = Held::free();
    let sink = Sink::start(out.clone()).unwrap();
    tracing::subscriber::with_default(subscriber(level, &sink, Redactor::new([7; 16])), things);
    drop(sink);
    out.text()
}

#[test]
fn f71_a_log_that_nobody_takes_drops_lines_with_a_count_and_holds_nobody_up() {
    let out = Held::default();
    let sink = Sink::start(out.clone()).unwrap();
    let lines = 3 * WAITING;
    // All of this returns while nothing can be written at all.
    tracing::subscriber::with_default(subscriber(Level::Info, &sink, Redactor::new([7; 16])), || {
        for line in 0..lines {
            tracing::info!(line, "a call");
        }
    });
    let dropped = usize::try_from(sink.dropped().count()).unwrap();
    // The thread holds one line at most besides those that wait.
    assert!((lines - WAITING - 1..=lines - WAITING).contains(&dropped), "{dropped}");
    out.let_go();
    // The queue may still be full for a moment, and then the end does not wait for it.
    let kept = lines - dropped;
    while out.text().matches("a call").count() < kept {
        std::thread::yield_now();
    }
    // All that was dropped is told, in one line or in several: the thread may have begun to tell when there was more to come.
    let told = told(&out.text());
    assert_eq!(told.iter().sum::<usize>(), dropped, "{told:?}");
    drop(sink);
}

#[test]
fn f71_lines_that_a_full_disk_did_not_take_are_told_as_soon_as_it_has_room() {
    let disk = Disk { full: Arc::new(AtomicBool::new(true)), written: Held::free() };
    let sink = Sink::start(disk.clone()).unwrap();
    let dropped = sink.dropped();
    tracing::subscriber::with_default(subscriber(Level::Info, &sink, Redactor::new([7; 16])), || {
        // Twice: what was told of the first time is not told again.
        for (lost, all) in [(5, 5), (3, 8)] {
            disk.full.store(true, Ordering::SeqCst);
            for line in 0..lost {
                tracing::info!(line, "a call");
            }
            // The thread has tried them all, and with each but the first the line that tells of those before it.
            while dropped.count() < all {
                std::thread::yield_now();
            }
            disk.full.store(false, Ordering::SeqCst);
            tracing::info!(all, "there is room again");
            while !disk.written.text().contains(&format!("there is room again all={all}")) {
                std::thread::yield_now();
            }
        }
    });
    let text = disk.written.text();
    assert_eq!(told(&text), [5, 3], "{text}");
    assert_eq!(dropped.count(), 8);
    assert!(!text.contains("a call"), "{text}");
}

#[test]
fn i7_canaries_in_any_field_or_message_do_not_reach_the_log() {
    struct Guest {
        _name: &'static str,
    }
    impl std::fmt::Debug for Guest {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(formatter, "Guest {{ number: +1 (555) 010-0199, access_token: \"canary-token\" }}")
        }
    }
    let text = logged(Level::Trace, || {
        let guest = Guest { _name: "" };
        tracing::error!("calling +15550100199 with Bearer canary-bearer");
        tracing::info!(number = "+15550100199", key = "match call-1 15550100199", why = ?guest, "x");
        tracing::debug!(call = "call+15550100199", answer = %"refresh_token=canary-refresh&x=1", "y");
        tracing::trace!(header = "Authorization: Basic canary-basic", body = "５５５０１００１９９", "z");
        tracing::warn!(target: "ureq", "POST /token code=canary-code");
    });
    assert_eq!(text.lines().count(), 5, "{text}");
    for canary in ["0100199", "010-0199", "０１００", "canary"] {
        assert!(!text.contains(canary), "{canary} is in\n{text}");
    }
}

#[test]
fn one_event_is_one_line_whatever_a_caller_is_called() {
    let text = logged(Level::Info, || tracing::info!(name = "Eve\n2026-01-01T00:00:00.000Z ERROR forged\r\u{202e}", "hello\nworld"));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains(['\r', '\u{202e}']), "{text}");
}

#[test]
fn levels_are_kept_and_other_crates_are_heard_from_warnings_on() {
    let say = || {
        tracing::debug!("own debug");
        tracing::info!("own info");
        tracing::info!(target: "hyper", "foreign info");
        tracing::warn!(target: "hyper", "foreign warning");
    };
    let text = logged(Level::Info, say);
    assert!(text.contains("own info") && text.contains("foreign warning"), "{text}");
    assert!(!text.contains("own debug") && !text.contains("foreign info"), "{text}");
    assert_eq!(logged(Level::Off, say), "");
}

#[test]
fn ids_lead_from_the_log_to_a_call() {
    let text = logged(Level::Info, || {
        tracing::info!(call = "1795388000.17", order = 12_345_678_u64, key = "j-0123456789abcdef0123456789abcdef", "x")
    });
    assert!(text.contains(" INFO x call=1795388000.17 order=12345678 key=j-0123456789abcdef0123456789abcdef"), "{text}");
}

#[test]
fn a_line_has_a_bound() {
    let text = logged(Level::Info, || tracing::info!(why = "é ".repeat(10_000), "x"));
    assert!(text.len() <= super::sink::LONGEST + 8, "{}", text.len());
}
