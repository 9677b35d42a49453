//! What must come of a scenario.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::EntryForm;
use super::time::Span;

/// What must come of a scenario. A list that is absent is not checked; one that is there must be met exactly, in order of time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    /// Pages that opened.
    pub pops: Option<Vec<Spanned<PopForm>>>,
    /// Cards as they stand last, one for each extension and call that has had one.
    pub cards: Option<Vec<Spanned<CardForm>>>,
    /// What stands in the CRM's call histories.
    pub journal: Option<Vec<Spanned<JournalForm>>>,
    /// Records that were made.
    pub created: Option<Vec<Spanned<CreatedForm>>>,
    /// What stands in phonebooks that the plugin keeps.
    pub phonebook: Option<Vec<Spanned<EntryForm>>>,
    /// Requests that the CRM got, by operation ("find", "create", "write", ...), and "total".
    pub requests: Option<BTreeMap<String, u32>>,
    /// At most so many requests in all.
    pub requests_at_most: Option<u32>,
    /// Reasons that the explanation must hold.
    pub reasons: Option<Vec<Spanned<ReasonForm>>>,
    /// Events that were not taken in.
    pub ignored: Option<Vec<Spanned<IgnoredForm>>>,
    /// Hooks that failed.
    pub failed_hooks: Option<u32>,
    /// Work that waits at the end.
    pub waiting: Option<u32>,
    /// Work that is dead at the end.
    pub dead: Option<u32>,
}

/// A page that must have opened. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PopForm {
    /// For whom.
    pub extension: String,
    /// Id or name of the record.
    pub record: String,
    /// In which call.
    pub call: Option<String>,
    /// When exactly.
    pub at: Option<Span>,
}

/// A card that must have been shown. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CardForm {
    /// To whom.
    pub extension: String,
    /// Of which call.
    pub call: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// When it was shown first.
    pub at: Option<Span>,
}

/// A journal entry that must be there. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JournalForm {
    /// Id or name of the record.
    pub record: String,
    /// Whose activity: id of the CRM's user.
    pub user: Option<String>,
    /// The line.
    pub subject: Option<String>,
    /// The text, whole.
    pub body: Option<String>,
    /// A part of the text.
    pub body_contains: Option<String>,
    /// "answered", "missed", ...
    pub outcome: Option<String>,
    /// Talk time.
    pub talked: Option<Span>,
}

/// A record that must have been made. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreatedForm {
    /// What it is.
    pub role: Option<crm_fake::Role>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// One of its numbers, as stored.
    pub number: Option<String>,
    /// Id of the CRM's user; "" for none.
    pub owner: Option<String>,
}

/// A reason that must stand in the explanation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReasonForm {
    /// Of which call.
    pub call: Option<String>,
    /// Such as "open-page".
    pub decision: String,
    /// A part of the text, in the scenario's language.
    pub contains: Option<String>,
}

/// An event that must not have been taken in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IgnoredForm {
    /// Of which call.
    pub call: String,
    /// Such as "ring".
    pub event: String,
}
