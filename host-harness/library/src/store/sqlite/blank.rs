//! Stands in for what was to be done once that is forgotten: of finished work, only how it ended is kept for long.

use crate::bindings::base::types::{Number, NumberKind};
use crate::bindings::crm::types::{About, Amendment, Draft, JournalEntry, Role};
use crate::bindings::hooks::calls::{Direction, Outcome};
use crate::store::{Kind, Task};

/// A task of this kind with nothing in it.
pub(super) fn task(kind: Kind) -> Task {
    match kind {
        Kind::Match => Task::Match(number()),
        Kind::Create => Task::Create(Box::new(Draft {
            role: Role::Other(String::new()),
            kind: None,
            first_name: String::new(),
            last_name: String::new(),
            company: String::new(),
            number: number(),
            emails: Vec::new(),
            owner: None,
            extras: Vec::new(),
        })),
        Kind::Journal => Task::Journal { about: About::Other(String::new()), entry: Box::new(journal_entry()) },
        Kind::Amend => Task::Amend {
            journal_key: String::new(),
            change: Box::new(Amendment { subject: None, body: None, recording: None, user: None, extras: Vec::new() }),
        },
    }
}

fn journal_entry() -> JournalEntry {
    JournalEntry {
        version: 1,
        call: String::new(),
        subject: String::new(),
        body: String::new(),
        direction: Direction::Internal,
        outcome: Outcome::Other(String::new()),
        answered_elsewhere: false,
        started_at: 0,
        utc_offset_minutes: 0,
        talked: 0,
        from_shown: String::new(),
        to_shown: String::new(),
        number: number(),
        user: None,
        recording: None,
        extras: Vec::new(),
    }
}

fn number() -> Number {
    Number {
        raw: String::new(),
        kind: NumberKind::Other(String::new()),
        e164: None,
        country: None,
        forms: Vec::new(),
        local_only: false,
        extras: Vec::new(),
    }
}
