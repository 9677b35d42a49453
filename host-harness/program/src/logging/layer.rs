//! Events become lines. Every text goes through the redactor, but for fields whose names say that they hold no one's number or secret.

use std::fmt::{Debug, Write as _};

use chrono::{SecondsFormat, Utc};
use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::logs::Redactor;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context;

use super::sink::{LONGEST, Lines};

/// Fields with ids that the host or the PBX gives: they would be useless masked, since they lead from the log to a call or a piece of work.
const IDS: [&str; 18] = [
    "address",
    "account",
    "again",
    "call",
    "component",
    "connector",
    "count",
    "decision",
    "event",
    "failure",
    "file",
    "function",
    "hook",
    "level",
    "order",
    "task",
    "version",
    "wish",
];
/// What others than the host log is of interest from this level on.
const FOREIGN: Level = Level::WARN;

/// See the module.
pub(super) struct Layer {
    level: LevelFilter,
    lines: Lines,
    redactor: Redactor,
}

impl Layer {
    pub(super) fn new(level: LevelFilter, lines: Lines, redactor: Redactor) -> Self {
        Self { level, lines, redactor }
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Layer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let own = metadata.target().starts_with("pbx_crm");
        *metadata.level() <= self.level && (own || *metadata.level() <= FOREIGN)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line { redactor: &self.redactor, said: String::new(), fields: String::new() };
        event.record(&mut line);
        let mut text = format!("{} {:>5} {}{}", stamp(), event.metadata().level(), line.said, line.fields);
        if text.len() >= LONGEST {
            let end = (0..LONGEST - 4).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        text.push('\n');
        self.lines.put(text);
    }
}

/// The time of day, in UTC.
pub(super) fn stamp() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

struct Line<'a> {
    redactor: &'a Redactor,
    said: String,
    fields: String,
}

impl Line<'_> {
    fn text(&mut self, field: &Field, value: &str) {
        // One event is one line, whatever a caller is called.
        let value = plain(value);
        let shown = match field.name() {
            "key" => self.redactor.key(&value),
            name if IDS.contains(&name) && !value.contains('+') => value,
            _ => self.redactor.text(&value),
        };
        if field.name() == "message" {
            self.said = shown;
        } else if shown.is_empty() || shown.contains([' ', '"', '=']) {
            let _ = write!(self.fields, " {}={shown:?}", field.name());
        } else {
            let _ = write!(self.fields, " {}={shown}", field.name());
        }
    }

    /// What is a number by its type counts or measures something.
    fn count(&mut self, field: &Field, value: &dyn std::fmt::Display) {
        let _ = write!(self.fields, " {}={value}", field.name());
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.count(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.count(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.count(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.count(field, &value);
    }
}
