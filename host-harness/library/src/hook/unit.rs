//! The unit of work: what one hook wants written and asked for. Nothing of it has happened until the hook has returned `ok`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::bindings::base::types::{Message, Number};
use crate::bindings::crm::requests::{About, Amendment, Draft, JournalEntry, RecordRef, UserRef};
use crate::bindings::hooks::clients::{Card, Lifetime};
use crate::bindings::hooks::phonebook::Entry;
use crate::bindings::hooks::replies::Row;

/// A wish of the plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Write {
    /// Show or replace a card.
    ShowCard {
        /// To whom.
        extension: String,
        /// Of which call.
        call: String,
        /// What.
        card: Box<Card>,
        /// How long.
        lifetime: Lifetime,
    },
    /// Take a card away.
    RemoveCard {
        /// From whom.
        extension: String,
        /// Of which call.
        call: String,
    },
    /// Open a page ("screen pop").
    OpenPage {
        /// For whom.
        extension: String,
        /// Of which call.
        call: String,
        /// Address of the record's page.
        link: String,
        /// Names the tab.
        title: String,
        /// How long it is worth opening.
        lifetime: Lifetime,
    },
    /// Make a call.
    Dial {
        /// Names the request.
        key: String,
        /// Whose phone rings first.
        extension: String,
        /// Who is called then.
        number: Number,
    },
    /// The question was carried out.
    ReplyDone {
        /// Which question.
        request: String,
        /// Shown briefly.
        said: Message,
    },
    /// The question was not carried out.
    ReplyRefused {
        /// Which question.
        request: String,
        /// Shown until read.
        why: Message,
    },
    /// Rows for a list.
    ReplyRows {
        /// Which question.
        request: String,
        /// At most 50.
        rows: Vec<Row>,
        /// There are others.
        more: bool,
    },
    /// Put into a phonebook.
    PutEntry {
        /// The book's id.
        book: String,
        /// The entry.
        entry: Box<Entry>,
    },
    /// Take out of a phonebook.
    RemoveEntry {
        /// The book's id.
        book: String,
        /// The entry's key.
        key: String,
    },
    /// Ask the CRM whose number this is.
    Match {
        /// For which call.
        call: String,
        /// Which.
        number: Number,
    },
    /// Search the CRM for a question on a page.
    Search {
        /// The question.
        request: String,
        /// What.
        text: String,
        /// How many.
        limit: u32,
    },
    /// Make a record.
    Create {
        /// Names the work.
        key: String,
        /// For which call.
        call: Option<String>,
        /// What.
        draft: Box<Draft>,
    },
    /// Write into a record's history.
    Journal {
        /// Names the work.
        key: String,
        /// Where.
        about: About,
        /// What.
        entry: Box<JournalEntry>,
    },
    /// Change what was journalled.
    Amend {
        /// Names the work.
        key: String,
        /// What is changed.
        journal_key: String,
        /// How.
        change: Box<Amendment>,
    },
    /// May this user see these records?
    Visibility {
        /// For which call.
        call: String,
        /// Who.
        user: UserRef,
        /// What.
        records: Vec<RecordRef>,
    },
}

/// A line of the explanation: a reason, or the write that it stands before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Line {
    /// Why something was done or left.
    Reason {
        /// A stable id such as "open-page".
        decision: String,
        /// For people.
        why: Message,
    },
    /// What was done.
    Write(Write),
}

/// All that one hook wants.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// In the order in which the plugin asked.
    pub(crate) lines: Vec<Line>,
    /// By (call, key); none: removed.
    pub(crate) notes: BTreeMap<(String, String), Option<String>>,
    /// By (book, key); none: removed.
    pub(crate) entries: BTreeMap<(String, String), Option<Entry>>,
    /// Made by an import in this hook.
    pub(crate) links: BTreeSet<String>,
    /// Lines for engineers, kept even if the hook fails.
    pub(crate) log: Vec<LogLine>,
    /// Lines over the limit.
    pub(crate) log_dropped: u32,
}

impl Unit {
    pub(crate) fn write(&mut self, write: Write) {
        self.lines.push(Line::Write(write));
    }

    pub(crate) fn writes(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Write(_))).count()
    }

    pub(crate) fn reasons(&self) -> usize {
        self.lines.len() - self.writes()
    }

    /// Only the reasons, for the explanation of a hook whose writes are thrown away.
    pub(crate) fn into_reasons(self) -> Vec<Line> {
        self.lines.into_iter().filter(|line| matches!(line, Line::Reason { .. })).collect()
    }
}

/// A line that a component logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// "debug", "info", "warning" or "error".
    pub level: String,
    /// Digits of three and more are masked.
    pub text: String,
    /// Named values, masked likewise.
    pub fields: Vec<(String, String)>,
}
