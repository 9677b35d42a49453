//! Rows that are put in without asking any rule: for seeds, for scenarios, for what an administrator does by hand.

use super::{Org, Row, seconds, store::Indexed};
use crate::{
    id::Id,
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// Values by the names of their fields.
pub type Fields<'a> = &'a [(&'a str, Value)];

impl Org {
    /// Puts a row in as it is given; what is not given is filled in as at a creation by the administrator. `always_indexed`: searches find it
    /// at once, whatever the lag.
    ///
    /// # Errors
    /// In words: an unknown object or field, a value of the wrong kind, an id that is taken or of another object.
    pub fn put(&mut self, now_ms: u64, object: &str, fields: Fields<'_>, id: Option<Id>, always_indexed: bool) -> Result<Id, String> {
        let table = self.table_of(object).ok_or_else(|| format!("there is no object {object}"))?;
        let kind = self.object_at(table).ok_or("there is no such table")?;
        let there = self.tables.get_mut(table).ok_or("there is no such table")?;
        let id = match id {
            Some(id) if id.prefix() != kind.prefix => return Err(format!("{id} is no id of {object}")),
            Some(id) if there.rows.contains_key(&id) => return Err(format!("{id} is taken")),
            Some(id) => id,
            None => there.next_id(),
        };
        let mut row = there.blank(id);
        fill(&kind, &mut row, fields)?;
        self.fill_defaults(table, &mut row, self.administrator, now_ms);
        self.derive(&kind, &mut row, now_ms);
        let indexed = if always_indexed { Indexed::Always } else { Indexed::After(super::milliseconds(now_ms)) };
        self.store_person(table, row, now_ms, self.administrator, indexed);
        Ok(id)
    }

    /// Changes a row without asking any rule, read-only fields too; searches find the change after the lag.
    ///
    /// # Errors
    /// In words: no such row or field, a value of the wrong kind.
    pub fn amend(&mut self, now_ms: u64, id: Id, fields: Fields<'_>) -> Result<(), String> {
        let table = self.table_of_id(id).ok_or_else(|| format!("there is no object for {id}"))?;
        let kind = self.object_at(table).ok_or("there is no such table")?;
        let mut row = self.row(id).ok_or_else(|| format!("there is no {id}"))?.clone();
        fill(&kind, &mut row, fields)?;
        self.derive(&kind, &mut row, now_ms);
        self.stamp(table, &mut row, None, now_ms);
        self.store_person(table, row, now_ms, self.administrator, Indexed::After(super::milliseconds(now_ms)));
        Ok(())
    }

    /// Writes who changed a row and when; None: only that it has changed.
    pub(super) fn stamp(&self, table: usize, row: &mut Row, user: Option<Id>, now_ms: u64) {
        let Some(places) = self.tables.get(table).map(|table| table.places) else { return };
        let now = Value::DateTime(seconds(now_ms));
        for place in [places.modified, places.modstamp].into_iter().flatten() {
            row.set_at(place, now.clone());
        }
        if let (Some(place), Some(user)) = (places.modified_by, user) {
            row.set_at(place, Value::Reference(user));
        }
    }
}

fn fill(object: &ObjectType, row: &mut Row, fields: Fields<'_>) -> Result<(), String> {
    for (name, value) in fields {
        let (place, field) = object.field(name).ok_or_else(|| format!("{} has no field {name}", object.name))?;
        if place == 0 || !suits(field, value) {
            return Err(format!("{}.{name} cannot hold {value:?}", object.name));
        }
        row.set_at(place, value.clone());
    }
    Ok(())
}

fn suits(field: &Field, value: &Value) -> bool {
    match value {
        Value::Null => field.kind != FieldKind::Boolean,
        Value::Boolean(_) => field.kind == FieldKind::Boolean,
        Value::Integer(_) => field.kind == FieldKind::Int,
        Value::Double(_) => field.kind == FieldKind::Double,
        Value::Date(_) => field.kind == FieldKind::Date,
        Value::DateTime(_) => field.kind == FieldKind::DateTime,
        Value::Reference(_) => field.kind == FieldKind::Reference,
        Value::Text(text) => {
            let holds_text = !matches!(
                field.kind,
                FieldKind::Boolean
                    | FieldKind::Int
                    | FieldKind::Double
                    | FieldKind::Date
                    | FieldKind::DateTime
                    | FieldKind::Reference
                    | FieldKind::Id
            );
            holds_text && (field.length == 0 || text.len() <= field.length || text.chars().count() <= field.length)
        }
    }
}
