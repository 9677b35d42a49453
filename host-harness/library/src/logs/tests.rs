//! Lines are looked at as any subscriber gets them.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::*;
use crate::bindings::hooks::calls::Direction;
use crate::core::io::HookFailure;
use crate::event::Start;

/// Keeps all lines up to a level.
struct Kept(Level, Arc<Mutex<String>>);

struct Line_<'a>(&'a mut String);

impl Visit for Line_<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.0
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut kept = self.1.lock().unwrap();
        let _ = write!(kept, "{}", event.metadata().level());
        event.record(&mut Line_(&mut kept));
        kept.push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn lines(level: Level) -> String {
    let kept = Arc::new(Mutex::new(String::new()));
    let logs = Logs::new(Redactor::new([7; 16]));
    tracing::subscriber::with_default(Kept(level, Arc::clone(&kept)), || everything().iter().for_each(|told| logs.told(told)));
    let kept = kept.lock().unwrap();
    kept.clone()
}

fn everything() -> Vec<Told> {
    let (call, key) = ("call-7".to_owned(), "match call-7 15550100199".to_owned());
    let message = Message {
        id: "salesforce.no-access".to_owned(),
        arguments: vec![("user".to_owned(), "Ada Canary".to_owned())],
        verbatim: Some("Canary +1 555 010 0199".to_owned()),
    };
    let start = Start { name: Some("Ada Canary".to_owned()), ..Start::new(Direction::Inbound, "+1 (555) 010-0199", "1001") };
    let line = |level: &str, text: &str| LogLine {
        level: level.to_owned(),
        text: text.to_owned(),
        fields: vec![("a".to_owned(), "+15550100199".to_owned())],
    };
    let log = |level, text| Told::Log { component: "plugin".to_owned(), line: line(level, text) };
    let asked = |result| Told::Asked {
        connector: "salesforce".to_owned(),
        function: "find",
        about: vec!["15550100199".to_owned(), key.clone()],
        result,
        requests: 1,
        spent: 1,
    };
    vec![
        Told::Event { call: call.clone(), event: Box::new(CallEvent::new("call-7", 1, Happening::Started(start))) },
        Told::Ignored { call: call.clone(), event: "ring", why: Ignored::UnknownLeg },
        Told::HookFailed { call: Some(call.clone()), hook: "on-ring", why: HookFailure::Trapped("no +15550100199".to_owned()) },
        asked(AskedResult::Answered(1)),
        asked(AskedResult::Failed(message.clone())),
        Told::Denied { connector: "salesforce".to_owned(), why: "GET https://crm.example/?q=%2B15550100199".to_owned() },
        Told::Waiting { key: key.clone(), call: Some(call.clone()), task: "match", why: message.clone(), again: 5 },
        Told::Dead { key: key.clone(), call: Some(call.clone()), task: "match", why: message.clone() },
        Told::AccountClosed { connector: "salesforce".to_owned(), why: message, until: 9 },
        Told::FunctionCrashed { connector: "salesforce".to_owned(), function: "write" },
        Told::Ordered { id: 1, by: "ann (uid 7)".to_owned(), result: "erased 3 things of 15550100199".to_owned() },
        log("info", "Ada Canary called"),
        log("error", "number 15550100199 and token=canary"),
    ]
}

#[test]
fn i7_at_the_normal_level_no_line_has_a_name_a_number_or_a_secret() {
    let lines = lines(Level::INFO);
    for canary in ["Canary", "canary", "0100199", "010-0199", "010 0199"] {
        assert!(!lines.contains(canary), "{canary} is in\n{lines}");
    }
    for wanted in ["call-7", "salesforce.no-access", "WARN", "ERROR"] {
        assert!(lines.contains(wanted), "{wanted} is not in\n{lines}");
    }
    assert!(lines.contains("…199~"), "the same caller can be found again:\n{lines}");
}

#[test]
fn i7_for_debugging_numbers_are_masked_too() {
    let lines = lines(Level::TRACE);
    for canary in ["token=canary", "0100199", "010-0199", "010 0199"] {
        assert!(!lines.contains(canary), "{canary} is in\n{lines}");
    }
    assert!(lines.contains("from=\"…199~") && lines.contains("to=\"1001\""), "{lines}");
}
