//! Things to put into a store.

use crate::bindings::base::types::{Message, Number, NumberKind};
use crate::bindings::crm::known_records::{Known, Origin};
use crate::bindings::crm::types::{About, Amendment, Detail, Draft, Entity, Failure, JournalEntry, RecordRef, Role};
use crate::bindings::hooks::calls::{Call, Direction, Leg, LegState, Outcome, Party, Talk, Via};
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::store::{AccountRef, Change, EndedCall, Kind, Progress, Task, WorkItem, WorkState, index_digits};

/// A number as the host parses it.
pub(crate) fn number(digits: &str) -> Number {
    Number {
        raw: format!("+{digits}"),
        kind: NumberKind::External,
        e164: Some(format!("+{digits}")),
        country: Some("US".to_owned()),
        forms: vec![digits.to_owned(), digits.chars().skip(1).collect(), format!("011{digits}"), index_digits(digits)],
        local_only: false,
        extras: Vec::new(),
    }
}

/// A record.
pub(crate) fn reference(id: &str) -> RecordRef {
    RecordRef { connector: "salesforce".to_owned(), kind: "Contact".to_owned(), id: id.to_owned() }
}

/// A failure with these words.
pub(crate) fn failure(said: &str) -> Failure {
    let said = Message { id: "connector.refused".to_owned(), arguments: Vec::new(), verbatim: Some(said.to_owned()) };
    Failure::Forbidden(Detail { said, status: Some(403), code: None, usage: None, extras: Vec::new() })
}

/// A call of a customer with one agent, as it was at its end.
pub(crate) fn call(id: &str, digits: &str, at: u64) -> Call {
    let leg = |id: &str, extension: &str, state: LegState| Leg {
        id: id.to_owned(),
        extension: extension.to_owned(),
        placed_call: false,
        via: Via::RingGroup("sales".to_owned()),
        state,
        rang_at: Some(at + 1000),
        answered_at: Some(at + 9000),
        left_at: Some(at + 95_000),
        talked: 86_000,
        extras: Vec::new(),
    };
    Call {
        id: id.to_owned(),
        node: String::new(),
        sequence: 9,
        direction: Direction::Inbound,
        started_at: at,
        answered_at: Some(at + 9000),
        ended_at: Some(at + 95_000),
        outcome: Some(Outcome::Answered),
        caller: number(digits),
        dialled: number("15550100"),
        trunk: Some("trunk-1".to_owned()),
        parties: vec![Party {
            id: "PJSIP/trunk-1-00000042".to_owned(),
            number: number(digits),
            name: Some("MARIA EXAMPLE".to_owned()),
            joined_at: at,
            left_at: Some(at + 95_000),
            main: true,
            extras: Vec::new(),
        }],
        legs: vec![leg("PJSIP/1001-00000043", "1001", LegState::Talked), leg("PJSIP/1002-00000044", "1002", LegState::AnsweredElsewhere)],
        talks: vec![Talk { leg: "PJSIP/1001-00000043".to_owned(), party: "PJSIP/trunk-1-00000042".to_owned(), talked: 86_000 }],
        placed_by: None,
        recording: None,
        extras: Vec::new(),
    }
}

/// A task of this kind for this number.
pub(crate) fn task(kind: Kind, digits: &str) -> Task {
    match kind {
        Kind::Match => Task::Match(number(digits)),
        Kind::Create => Task::Create(Box::new(Draft {
            role: Role::Person,
            kind: None,
            first_name: String::new(),
            last_name: format!("+{digits}"),
            company: String::new(),
            number: number(digits),
            emails: Vec::new(),
            owner: None,
            extras: Vec::new(),
        })),
        Kind::Journal => Task::Journal {
            about: About::Existing(reference("003A0000012345")),
            entry: Box::new(JournalEntry {
                version: 1,
                call: "1767225600.123".to_owned(),
                subject: format!("Inbound call from Maria Example <+{digits}>"),
                body: "Answered by 1001 (Bob Agent)\nRang: 9 s, talked: 1 min 26 s\nCalled: +15550100 (Sales)".to_owned(),
                direction: Direction::Inbound,
                outcome: Outcome::Answered,
                answered_elsewhere: false,
                started_at: 1_767_225_600_000,
                utc_offset_minutes: 60,
                talked: 86_000,
                from_shown: format!("Maria Example <+{digits}>"),
                to_shown: "Sales <+15550100>".to_owned(),
                number: number(digits),
                user: None,
                recording: None,
                extras: Vec::new(),
            }),
        },
        Kind::Amend => Task::Amend {
            journal_key: format!("journal:{digits}"),
            change: Box::new(Amendment {
                subject: Some("Voicemail".to_owned()),
                body: None,
                recording: None,
                user: None,
                extras: Vec::new(),
            }),
        },
    }
}

/// A piece of work of this order, pending since that moment, for a call that has ended.
pub(crate) fn work(order: u64, kind: Kind, digits: &str, at: u64) -> WorkItem {
    let id = format!("17672256{order:05}.{order}");
    WorkItem {
        key: format!("{}:{id}:1001", kind.word()),
        order,
        account: AccountRef { connector: "salesforce".to_owned(), organisation: "00D000000000001".to_owned() },
        lane: format!("+{digits}"),
        call: Some(id.clone()),
        ended: Some(Box::new(EndedCall { call: call(&id, digits, at), notes: vec![("match".to_owned(), "003A0000012345".to_owned())] })),
        task: task(kind, digits),
        asked_at: at,
        lasting: true,
        progress: Progress::new(at),
    }
}

/// A record with these numbers.
pub(crate) fn known(id: &str, phones: &[&str], seen_at: u64) -> Known {
    Known {
        entity: Entity {
            reference: reference(id),
            role: Role::Person,
            name: "Maria Example".to_owned(),
            first_name: Some("Maria".to_owned()),
            last_name: Some("Example".to_owned()),
            company: None,
            organisation: None,
            phones: phones.iter().map(|phone| ("mobile".to_owned(), (*phone).to_owned())).collect(),
            emails: vec!["maria@example.com".to_owned()],
            owner: None,
            changed_at: Some(seen_at),
            retired: false,
            extras: Vec::new(),
        },
        origin: Origin::CreatedByUs(format!("create:{id}")),
        seen_at,
        extras: Vec::new(),
    }
}

/// The change that remembers a record.
pub(crate) fn put_known(known: &Known, lasting: bool) -> Change {
    let digits = known.entity.phones.iter().map(|(_, phone)| index_digits(phone)).collect();
    Change::PutKnown { known: Box::new(known.clone()), digits, lasting }
}

/// An entry with these numbers.
pub(crate) fn entry(key: &str, numbers: &[&str]) -> Entry {
    Entry {
        key: key.to_owned(),
        first_name: "Maria".to_owned(),
        last_name: "Example".to_owned(),
        company: String::new(),
        email: String::new(),
        numbers: numbers.iter().map(|number| ("mobile".to_owned(), (*number).to_owned())).collect(),
        extras: Vec::new(),
    }
}

/// A book.
pub(crate) fn book(id: &str, name: &str) -> Book {
    Book { id: id.to_owned(), name: name.to_owned(), entries: 0, kept_by: None, extras: Vec::new() }
}

/// Progress in this state.
pub(crate) fn progress(state: WorkState, since: u64) -> Progress {
    Progress { state, since, ..Progress::new(since) }
}

/// Puts work into this state.
pub(crate) fn moved(order: u64, state: WorkState, since: u64) -> Change {
    Change::Progress { order, progress: Box::new(progress(state, since)) }
}

/// Adds work.
pub(crate) fn put(item: &WorkItem) -> Change {
    Change::PutWork(Box::new(item.clone()))
}
