//! A call as Salesforce keeps it: a task that is done.

use pbx_connector_kit::{
    base_types::{Direction, Outcome},
    context::Context,
    time::rfc3339,
    types::{JournalEntry, RecordRef, UserRef},
};
use serde_json::{Map, Value, json};

use crate::{
    complaint::Complaint,
    kinds::{self, Kind, TASK},
    texts,
};

/// Most characters of a subject and of a description (recorded describes).
const SUBJECT: usize = 255;
const DESCRIPTION: usize = 32_000;
/// Most seconds that `CallDurationInSeconds` takes: eight digits.
const LONGEST_CALL: u64 = 99_999_999;

/// What an organisation may refuse: these fields belong to Salesforce's call center, and not every one shows them.
pub const CALL_FIELDS: [&str; 5] = ["TaskSubtype", "CallType", "CallDurationInSeconds", "CallDisposition", "CallObject"];
/// Where our key is. Salesforce means the name of a call center by it; connectors of other makers keep their keys there, too.
pub const KEY: &str = "CallObject";

/// A new task, without its status. None: it cannot be about such a record.
pub fn row(key: &str, about: &RecordRef, entry: &JournalEntry, context: &Context) -> Option<Map<String, Value>> {
    let mut row = Map::new();
    row.insert("attributes".to_owned(), json!({ "type": TASK }));
    // A task about a lead must be about nothing else; of a contact Salesforce knows the account by itself.
    let place = match Kind::of(about)? {
        Kind::Contact | Kind::Lead => "WhoId",
        Kind::Account => "WhatId",
    };
    row.insert(place.to_owned(), about.id.as_str().into());
    row.insert("Subject".to_owned(), subject(&entry.subject).into());
    row.insert("Description".to_owned(), description(&entry.body, entry.recording.as_deref()).into());
    row.insert("ActivityDate".to_owned(), local_day(entry).into());
    row.insert("TaskSubtype".to_owned(), "Call".into());
    let kind = match entry.direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
        Direction::Internal => "Internal",
    };
    row.insert("CallType".to_owned(), kind.into());
    row.insert("CallDurationInSeconds".to_owned(), (entry.talked / 1_000).min(LONGEST_CALL).into());
    row.insert("CallDisposition".to_owned(), texts::plain(&context.language, result(&entry.outcome)).into());
    row.insert(KEY.to_owned(), key.into());
    if let Some(owner) = owner(entry.user.as_ref(), context) {
        row.insert("OwnerId".to_owned(), owner.into());
    }
    Some(row)
}

/// The user who owns an activity, if it is one of this account.
pub fn owner<'a>(user: Option<&'a UserRef>, context: &Context) -> Option<&'a str> {
    let user = user.filter(|user| user.connector == context.connector && kinds::is_user(&user.id));
    user.map(|user| user.id.as_str())
}

/// A subject that fits.
pub fn subject(text: &str) -> String {
    text.chars().take(SUBJECT).collect()
}

/// A description that fits. A task has no place of its own for a recording, so its address stands behind the text, unless it is in it.
pub fn description(body: &str, recording: Option<&str>) -> String {
    let Some(recording) = recording.filter(|recording| !recording.is_empty() && !body.contains(recording)) else {
        return body.chars().take(DESCRIPTION).collect();
    };
    let room = DESCRIPTION.saturating_sub(recording.chars().count() + 1);
    let body: String = body.chars().take(room).collect();
    let text = if body.is_empty() { recording.to_owned() } else { format!("{body}\n{recording}") };
    text.chars().take(DESCRIPTION).collect()
}

/// The day of the call on the PBX's wall: Salesforce shifts a day into no other zone.
fn local_day(entry: &JournalEntry) -> String {
    rfc3339(entry.started_at, entry.utc_offset_minutes).chars().take(10).collect()
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "salesforce.result.answered",
        Outcome::Missed => "salesforce.result.missed",
        Outcome::Voicemail => "salesforce.result.voicemail",
        Outcome::NoAnswer => "salesforce.result.no-answer",
        Outcome::Busy => "salesforce.result.busy",
        Outcome::Forwarded => "salesforce.result.forwarded",
        Outcome::Lost => "salesforce.result.lost",
        // What is newer than this release is to be treated as failed.
        Outcome::Failed | Outcome::Other(_) => "salesforce.result.failed",
    }
}

/// Takes out of a refused row what it can do without: call fields that the organisation does not have, an owner who is gone. False: the
/// complaint is about something else.
pub fn mend(row: &mut Map<String, Value>, complaint: &Complaint) -> bool {
    let named = complaint.named_fields();
    let without_call_fields = complaint.is_about_fields() || complaint.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
    let about_owner = match complaint.code.as_str() {
        "INACTIVE_OWNER_OR_USER" | "TRANSFER_REQUIRES_READ" => true,
        // Which of the records it is about is not always said; the owner is the one that the task can do without.
        "INVALID_CROSS_REFERENCE_KEY" | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" | "MALFORMED_ID" => {
            named.is_empty() || named.contains(&"OwnerId")
        }
        _ => false,
    };
    let before = row.len();
    if without_call_fields {
        row.retain(|field, _| !(CALL_FIELDS.contains(&field.as_str()) && named.iter().any(|name| name.eq_ignore_ascii_case(field))));
    }
    if about_owner {
        row.remove("OwnerId");
    }
    row.len() < before
}
