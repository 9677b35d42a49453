use pbx_connector_kit::{
    time::rfc3339,
    types::{Amendment, JournalEntry},
    words,
};
use serde_json::{Map, Value, json};

/// A call for the history of a record.
pub fn to_write(key: &str, record: &str, entry: &JournalEntry) -> Value {
    let mut call = json!({
        "key": key,
        "record": record,
        "subject": entry.subject,
        "body": entry.body,
        "direction": words::direction(entry.direction),
        "outcome": words::outcome(&entry.outcome),
        "started_at": rfc3339(entry.started_at, entry.utc_offset_minutes),
        "talked_ms": entry.talked,
        "from": entry.from_shown,
        "to": entry.to_shown,
        "number": entry.number.e164.as_deref().unwrap_or(&entry.number.raw),
    });
    if let Some(members) = call.as_object_mut() {
        put(members, "user", entry.user.as_ref().map(|user| &user.id));
        put(members, "recording", entry.recording.as_ref());
    }
    call
}

/// A change of a call in the history. What stays is left out.
pub fn to_amend(key: &str, activity: &str, change: &Amendment) -> Value {
    let mut members = Map::new();
    members.insert("key".to_owned(), key.into());
    members.insert("id".to_owned(), activity.into());
    put(&mut members, "subject", change.subject.as_ref());
    put(&mut members, "body", change.body.as_ref());
    put(&mut members, "recording", change.recording.as_ref());
    put(&mut members, "user", change.user.as_ref().map(|user| &user.id));
    Value::Object(members)
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value.as_str().into());
    }
}
