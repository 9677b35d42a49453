//! What an administrator does by hand: people who leave, another edition, other words for the statuses of tasks, fields of the customer's
//! own, records that are merged.

use super::{Org, seconds, store::Indexed};
use crate::{
    id::Id,
    schema::{FieldKind, custom_text},
    value::Value,
};

impl Org {
    /// Activates a user or takes the user out of service.
    ///
    /// # Errors
    /// In words, when there is no such user.
    pub fn set_active(&mut self, now_ms: u64, user: Id, active: bool) -> Result<(), String> {
        self.amend(now_ms, user, &[("IsActive", Value::Boolean(active))])
    }

    /// May this user sign in at all?
    #[must_use]
    pub fn is_active(&self, user: Id) -> bool {
        let row = self.row(user).zip(self.object("User").filter(|object| object.prefix == user.prefix()));
        row.is_some_and(|(row, object)| row.named(object, "IsActive") == &Value::Boolean(true))
    }

    /// The edition, such as "Enterprise Edition", and whether the org is a sandbox.
    ///
    /// # Errors
    /// In words, when the edition's name is too long.
    pub fn set_edition(&mut self, now_ms: u64, edition: &str, sandbox: bool) -> Result<(), String> {
        let fields = [("OrganizationType", Value::text(edition)), ("IsSandbox", Value::Boolean(sandbox))];
        self.amend(now_ms, self.organization, &fields)
    }

    /// Replaces the statuses of tasks, as (label, is closed); the first is the default. Rows keep what they have.
    ///
    /// # Errors
    /// In words, when a label is too long.
    pub fn set_task_statuses(&mut self, now_ms: u64, statuses: &[(String, bool)]) -> Result<(), String> {
        let table = self.table_of("TaskStatus").ok_or("there are no statuses")?;
        let old: Vec<Id> = self.tables.get(table).map(|table| table.rows.keys().copied().collect()).unwrap_or_default();
        for id in old {
            if let Some(table) = self.tables.get_mut(table) {
                table.replace(id, None);
            }
        }
        let mut values = Vec::new();
        for (order, (label, closed)) in (1..).zip(statuses) {
            let fields = [
                ("MasterLabel", Value::text(label)),
                ("ApiName", Value::text(label)),
                ("SortOrder", Value::Integer(order)),
                ("IsDefault", Value::Boolean(order == 1)),
                ("IsClosed", Value::Boolean(*closed)),
            ];
            self.put(now_ms, "TaskStatus", &fields, None, true)?;
            values.push((kept(label), order == 1));
        }
        if let Some(tasks) = self.table_of("Task").and_then(|at| self.tables.get_mut(at)) {
            tasks.change_field("Status", |field| field.picklist = values);
        }
        Ok(())
    }

    /// Makes a picklist refuse values outside its list, or take them.
    ///
    /// # Errors
    /// In words, when there is no such picklist.
    pub fn restrict_picklist(&mut self, object: &str, field: &str, restricted: bool) -> Result<(), String> {
        let table = self.table_of(object).and_then(|at| self.tables.get_mut(at)).ok_or_else(|| format!("there is no object {object}"))?;
        let mut is_picklist = false;
        table.change_field(field, |field| {
            is_picklist = matches!(field.kind, FieldKind::Picklist { .. });
            if is_picklist {
                field.kind = FieldKind::Picklist { restricted };
            }
        });
        if is_picklist { Ok(()) } else { Err(format!("{object} has no picklist {field}")) }
    }

    /// Adds a text field of the customer's own, whose name ends in `__c`. `external_id`: rows can be addressed by it, and it is unique.
    ///
    /// # Errors
    /// In words: no such object, a name that no custom field can have or that is taken, a length that none can have.
    pub fn add_custom_field(&mut self, object: &str, name: &str, label: &str, length: usize, external_id: bool) -> Result<(), String> {
        let table = self.table_of(object).and_then(|at| self.tables.get_mut(at)).ok_or_else(|| format!("there is no object {object}"))?;
        let plain = name.strip_suffix("__c").is_some_and(|start| {
            start.starts_with(|character: char| character.is_ascii_alphabetic())
                && start.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        });
        if !plain || table.object.field(name).is_some() || !(1..=255).contains(&length) {
            return Err(format!("{object} cannot get a field {name} of {length} characters"));
        }
        table.add_fields(vec![custom_text(kept(name), kept(label), length, external_id)]);
        Ok(())
    }

    /// Merges two accounts, contacts or leads: what belongs to the loser goes over to the master, the loser goes into the recycle bin and
    /// points to its master.
    ///
    /// # Errors
    /// In words, when they are not two rows of one such object.
    pub fn merge(&mut self, now_ms: u64, master: Id, loser: Id) -> Result<(), String> {
        let both = [master, loser].iter().all(|id| self.row(*id).is_some_and(|row| !row.is_deleted));
        if !both || master == loser || master.prefix() != loser.prefix() || !["001", "003", "00Q"].contains(&master.prefix()) {
            return Err(format!("{master} and {loser} cannot be merged"));
        }
        for (object, field) in
            [("Task", "WhoId"), ("Task", "WhatId"), ("Contact", "AccountId"), ("Contact", "ReportsToId"), ("Account", "ParentId")]
        {
            let kind = self.object(object).ok_or("there is no such object")?;
            let place = kind.field(field).map(|(_, field)| field).ok_or("there is no such field")?;
            for row in self.lookup(kind, place, &Value::Reference(loser)).unwrap_or_default() {
                self.amend(now_ms, row, &[(field, Value::Reference(master))])?;
            }
        }
        let table = self.table_of_id(loser).ok_or("there is no such object")?;
        let object = self.object_at(table).ok_or("there is no such table")?;
        let mut row = self.row(loser).ok_or("there is no such row")?.clone();
        row.is_deleted = true;
        row.set(&object, "IsDeleted", Value::Boolean(true));
        row.set(&object, "MasterRecordId", Value::Reference(master));
        self.stamp(table, &mut row, None, now_ms);
        self.store(table, row, Indexed::After(seconds(now_ms)));
        Ok(())
    }
}

/// Texts of the schema live as long as the program: standard ones are literals, and those that an administrator adds are few.
fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
