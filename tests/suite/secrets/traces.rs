//! All that the process says by `tracing`, at every level, whether anybody would listen or not.

use std::fmt::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static TRACES: Mutex<String> = Mutex::new(String::new());

/// A moment in what is said.
#[derive(Clone, Copy)]
pub struct Since(usize);

/// Notes all that is said from now on, by all threads.
pub fn listen() -> Since {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Listener).expect("nobody else listens"));
    Since(TRACES.lock().unwrap_or_else(PoisonError::into_inner).len())
}

/// What was said since then.
pub fn since(moment: Since) -> String {
    TRACES.lock().unwrap_or_else(PoisonError::into_inner)[moment.0..].to_owned()
}

struct Listener;

impl Listener {
    fn note(metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {}", metadata.target(), metadata.name()));
        record(&mut line);
        line.0.push('\n');
        TRACES.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line.0);
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        Self::note(span.metadata(), |line| span.record(line));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        TRACES.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line.0);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        Self::note(event.metadata(), |line| event.record(line));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
