//! How a piece of work is shown: in the reader's language, numbers masked unless they were asked for.

use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::bindings::base::types::Number;
use pbx_crm_host::bindings::crm::types::{Detail, Failure, RecordRef};
use pbx_crm_host::event::Moment;
use pbx_crm_host::host::now;
use pbx_crm_host::logs::Redactor;
use pbx_crm_host::store::{Task, WorkItem, WorkState};

use super::texts::Texts;
use crate::account::words::Words;

/// Shows to one reader.
pub(crate) struct Shower {
    pub(super) words: Words,
    texts: Texts,
    numbers: bool,
    redactor: Redactor,
    pub(super) now: Moment,
}

/// A failure in sentences.
pub(super) struct Reason {
    /// The kind of failure, as in the contract.
    pub(super) kind: &'static str,
    /// Ours.
    pub(super) text: String,
    /// The CRM's own.
    pub(super) words: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
}

impl Shower {
    pub(crate) fn new(words: Words, numbers: bool) -> Self {
        Self { words, texts: Texts::new(), numbers, redactor: Redactor::bare(), now: now() }
    }

    pub(crate) fn say(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        self.words.say(id, arguments)
    }

    /// Whose number it is about.
    pub(super) fn number(&self, item: &WorkItem) -> String {
        let of = |number: &Number| number.e164.clone().unwrap_or_else(|| number.raw.clone());
        let number = match &item.task {
            Task::Match(number) => of(number),
            Task::Create(draft) => of(&draft.number),
            Task::Journal { entry, .. } => of(&entry.number),
            Task::Amend { .. } => item.lane.clone(),
        };
        // Finished work has forgotten what was asked for.
        let number = if number.is_empty() { item.lane.clone() } else { number };
        self.text(&if self.numbers { number } else { self.redactor.number(&number) })
    }

    /// A key of ours: those for look-ups end in a number.
    pub(super) fn key(&self, key: &str) -> String {
        plain(&if self.numbers { key.to_owned() } else { self.redactor.key(key) })
    }

    /// Any text that somebody wrote.
    pub(super) fn text(&self, text: &str) -> String {
        let text = plain(text);
        if self.numbers { text } else { self.redactor.text(&text) }
    }

    pub(super) fn state(&self, state: &WorkState) -> String {
        self.say(&format!("queue.state-{}", state_word(state)), &[])
    }

    pub(super) fn time(&self, moment: Moment) -> String {
        crate::account::time(moment)
    }

    /// How long ago.
    pub(super) fn age(&self, moment: Moment) -> String {
        length(self.now.saturating_sub(moment))
    }

    /// How long until then.
    pub(super) fn until(&self, moment: Moment) -> String {
        length(moment.saturating_sub(self.now))
    }

    pub(super) fn reason(&self, failure: &Failure) -> Reason {
        let (kind, detail) = parts(failure);
        let (text, words) = self.texts.say(self.words.language(), &detail.said);
        Reason {
            kind,
            text: self.text(&text),
            words: words.map(|words| self.text(&words)),
            status: detail.status,
            code: detail.code.as_deref().map(plain),
        }
    }

    /// The kind of a failure and what it means for the work, for people.
    pub(super) fn meaning(&self, kind: &str) -> String {
        self.say(&format!("queue.failure-{kind}"), &[])
    }
}

/// The failure that counts now.
pub(super) fn failure_of(item: &WorkItem) -> Option<&Failure> {
    match &item.progress.state {
        WorkState::Dead(failure) => Some(failure),
        WorkState::Pending(_) | WorkState::Leased(_) => item.progress.last.as_deref(),
        WorkState::Done(_) | WorkState::Discarded(_) => None,
    }
}

/// As in JSON.
pub(super) fn state_word(state: &WorkState) -> &'static str {
    match state {
        WorkState::Pending(_) => "pending",
        WorkState::Leased(_) => "leased",
        WorkState::Dead(_) => "dead",
        WorkState::Done(_) => "done",
        WorkState::Discarded(_) => "discarded",
    }
}

/// As people copy it from a CRM's address line.
pub(super) fn record(record: &RecordRef) -> String {
    plain(&format!("{} {} {}", record.connector, record.kind, record.id))
}

fn parts(failure: &Failure) -> (&'static str, &Detail) {
    match failure {
        Failure::Unreachable(detail) => ("unreachable", detail),
        Failure::Busy(pause) => ("busy", &pause.detail),
        Failure::Quota(pause) => ("quota", &pause.detail),
        Failure::AuthoriseAgain(detail) => ("authorise-again", detail),
        Failure::Forbidden(detail) => ("forbidden", detail),
        Failure::Gone(detail) => ("gone", detail),
        Failure::Moved(elsewhere) => ("moved", &elsewhere.detail),
        Failure::Duplicate(elsewhere) => ("duplicate", &elsewhere.detail),
        Failure::Invalid(fields) => ("invalid", &fields.detail),
        Failure::Conflict(detail) => ("conflict", detail),
        Failure::Unclear(detail) => ("unclear", detail),
        Failure::Unsupported(detail) => ("unsupported", detail),
        Failure::Garbled(detail) => ("garbled", detail),
        Failure::Other(detail) => ("other", detail),
    }
}

/// In the largest unit that fits: these are the same in all languages.
fn length(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_the_unit_that_fits() {
        for (seconds, told) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"), (172_799, "47 h"), (604_800, "7 d")]
        {
            assert_eq!(length(seconds * 1000 + 999), told);
        }
    }
}
