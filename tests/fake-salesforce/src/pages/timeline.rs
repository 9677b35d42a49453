//! The activity timeline of a record.

use std::collections::BTreeMap;

use serde::Serialize;

use super::shown::{duration, link, page_of, text, value};
use crate::{
    id::Id,
    org::{Org, Row},
    schema::ObjectType,
    value::Value,
};

/// Most activities on a page.
const MOST: usize = 50;

/// The timeline.
#[derive(Serialize)]
pub struct Timeline {
    /// The newest activities, the newest first.
    entries: Vec<Entry>,
    /// How many more there are.
    more: usize,
}

#[derive(Serialize)]
struct Entry {
    href: String,
    subject: String,
    /// "inbound", "outbound", "internal", or "task".
    kind: &'static str,
    call_type: Option<String>,
    duration: Option<String>,
    result: Option<String>,
    status: Option<String>,
    description: Option<String>,
    owner: Option<super::shown::Link>,
    date: Option<String>,
    machine_date: Option<String>,
}

/// The activities of a record: tasks about it, and for an account those of its people too.
pub fn of(org: &Org, id: Id) -> Timeline {
    let Some(task) = org.object("Task") else { return Timeline { entries: Vec::new(), more: 0 } };
    let mut found: BTreeMap<Id, &Row> = BTreeMap::new();
    for field in ["WhoId", "WhatId", "AccountId"] {
        found.extend(rows_with(org, task, field, id).into_iter().filter(|row| !row.is_deleted).map(|row| (row.id, row)));
    }
    let mut rows: Vec<&Row> = found.into_values().collect();
    sort(task, &mut rows);
    let more = rows.len().saturating_sub(MOST);
    Timeline { entries: rows.into_iter().take(MOST).map(|row| entry(org, task, row)).collect(), more }
}

/// The newest first.
pub fn sort(task: &ObjectType, rows: &mut [&Row]) {
    rows.sort_by_cached_key(|row| std::cmp::Reverse((day(task, row), created(task, row), row.id)));
}

/// Rows of an object whose reference points to this id.
pub fn rows_with<'a>(org: &'a Org, object: &'a ObjectType, field: &str, id: Id) -> Vec<&'a Row> {
    let Some((place, field)) = object.field(field) else { return Vec::new() };
    match org.lookup(object, field, &Value::Reference(id)) {
        Some(ids) => ids.into_iter().filter_map(|id| org.row(id)).collect(),
        None => org.rows(object).filter(|row| row.get(place).as_id() == Some(id)).collect(),
    }
}

fn entry(org: &Org, task: &ObjectType, row: &Row) -> Entry {
    let owned = |name: &str| text(task, row, name).map(str::to_owned);
    let call_type = owned("CallType");
    let kind = match call_type.as_deref() {
        Some("Inbound") => "inbound",
        Some("Outbound") => "outbound",
        Some(_) => "internal",
        None => "task",
    };
    let seconds = match value(task, row, "CallDurationInSeconds") {
        Value::Integer(seconds) => Some(*seconds),
        _ => None,
    };
    let at = match value(task, row, "ActivityDate") {
        Value::Date(day) => Some(*day),
        _ => None,
    };
    Entry {
        href: page_of(task, row.id),
        subject: owned("Subject").unwrap_or_else(|| "(no subject)".to_owned()),
        kind,
        call_type,
        duration: seconds.map(duration),
        result: owned("CallDisposition"),
        status: owned("Status"),
        description: owned("Description"),
        owner: value(task, row, "OwnerId").as_id().and_then(|id| link(org, id)),
        date: at.map(|day| day.format("%-d %b %Y").to_string()),
        machine_date: at.map(|day| day.format("%Y-%m-%d").to_string()),
    }
}

/// The day by which an activity is sorted: its own, or that of its creation.
fn day(task: &ObjectType, row: &Row) -> Option<chrono::NaiveDate> {
    match value(task, row, "ActivityDate") {
        Value::Date(day) => Some(*day),
        _ => chrono::DateTime::from_timestamp_millis(created(task, row)).map(|moment| moment.date_naive()),
    }
}

fn created(task: &ObjectType, row: &Row) -> i64 {
    match value(task, row, "CreatedDate") {
        Value::DateTime(moment) => *moment,
        _ => 0,
    }
}
