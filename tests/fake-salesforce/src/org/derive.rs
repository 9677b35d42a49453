//! What the org fills in by itself: defaults, names put together, and what follows from other rows.

use std::sync::Arc;

use super::{Org, Row, seconds};
use crate::{
    id::Id,
    schema::{FieldKind, ObjectType},
    value::Value,
};

impl Org {
    /// Fills in what a new row was not given.
    pub(super) fn fill_defaults(&self, table: usize, row: &mut Row, user: Id, now_ms: u64) {
        let Some(table) = self.tables.get(table) else { return };
        for (place, field) in table.object.fields.iter().enumerate() {
            if !row.get(place).is_null() {
                continue;
            }
            if let Some((value, _)) = field.picklist.iter().find(|(_, default)| *default)
                && (field.defaulted || field.kind == FieldKind::Picklist { restricted: true })
            {
                row.set_at(place, Value::text(value));
            }
        }
        let now = Value::DateTime(seconds(now_ms));
        for (place, value) in [
            (table.places.owner, Value::Reference(user)),
            (table.places.created_by, Value::Reference(user)),
            (table.places.modified_by, Value::Reference(user)),
            (table.places.created, now.clone()),
            (table.places.modified, now.clone()),
            (table.places.modstamp, now),
        ] {
            if let Some(place) = place.filter(|place| row.get(*place).is_null()) {
                row.set_at(place, value);
            }
        }
    }

    /// Fills in what follows from the row itself and from the rows it points to.
    pub(super) fn derive(&self, object: &Arc<ObjectType>, row: &mut Row, now_ms: u64) {
        match object.name {
            "Contact" | "Lead" => name_of_parts(object, row),
            "User" => {
                name_of_parts(object, row);
                if row.named(object, "CommunityNickname").is_null() {
                    row.set(object, "CommunityNickname", row.named(object, "Alias").clone());
                }
            }
            "Account" if row.named(object, "IsPersonAccount") == &Value::Boolean(true) => name_of_parts(object, row),
            "Task" => self.derive_task(object, row, now_ms),
            _ => {}
        }
    }

    fn derive_task(&self, object: &ObjectType, row: &mut Row, now_ms: u64) {
        let who = row.named(object, "WhoId").as_id();
        let what = row.named(object, "WhatId").as_id();
        // The account of the task: what it is about, else that of the contact (object reference, Task).
        let account = match (what, who) {
            (Some(what), _) if what.prefix() == "001" => Some(what),
            (_, Some(who)) if who.prefix() == "003" => {
                self.row(who).zip(self.object("Contact")).and_then(|(row, contact)| row.named(contact, "AccountId").as_id())
            }
            _ => None,
        };
        row.set(object, "AccountId", account.map_or(Value::Null, Value::Reference));
        row.set(object, "WhoCount", Value::Integer(who.is_some().into()));
        row.set(object, "WhatCount", Value::Integer(what.is_some().into()));
        let high = row.named(object, "Priority").as_text() == Some("High");
        row.set(object, "IsHighPriority", Value::Boolean(high));
        let closed = row.named(object, "Status").as_text().is_some_and(|status| self.status_closes(status));
        row.set(object, "IsClosed", Value::Boolean(closed));
        let completed = row.named(object, "CompletedDateTime");
        if closed == completed.is_null() {
            row.set(object, "CompletedDateTime", if closed { Value::DateTime(seconds(now_ms)) } else { Value::Null });
        }
    }

    /// Is a task of this status closed?
    fn status_closes(&self, status: &str) -> bool {
        self.object("TaskStatus").is_some_and(|object| {
            self.rows(object).any(|row| {
                row.named(object, "IsClosed") == &Value::Boolean(true)
                    && row.named(object, "ApiName").as_text().is_some_and(|name| name.eq_ignore_ascii_case(status))
            })
        })
    }
}

/// First name and last name, a blank between them.
fn name_of_parts(object: &ObjectType, row: &mut Row) {
    let last = row.named(object, "LastName").as_text().unwrap_or_default();
    let name = match row.named(object, "FirstName").as_text() {
        Some(first) => Value::text(&format!("{first} {last}")),
        None => Value::text(last),
    };
    if row.named(object, "Name") != &name {
        row.set(object, "Name", name);
    }
}
