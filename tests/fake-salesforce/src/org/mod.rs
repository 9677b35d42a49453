//! The database of an org: rows, rules, visibility, the late search index, transactions.
//!
//! Rows change in three ways: through [`Org::create`], [`Org::update`] and [`Org::delete`], which refuse as Salesforce refuses;
//! through [`Org::put`] and [`Org::amend`], which tests and seeds use and which ask no rule; and through what the org does by
//! itself, such as [`Org::convert_lead`].

mod access;
mod administration;
mod checks;
mod coerce;
mod convert;
mod derive;
mod knobs;
mod ordered;
mod person;
mod put;
mod rules;
mod search;
mod standing;
mod store;
mod table;
mod tokens;
mod write;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    id::Id,
    schema::{Field, ObjectType},
    value::Value,
};

pub use access::Permissions;
pub use knobs::{
    Access, Condition, DuplicateKey, DuplicateMode, DuplicateRule, Fault, HiddenField, ObjectAccess, OrgKnobs, ValidationRule,
};
use store::Journal;
use table::Table;

/// Who asks, when, and with which wishes from the request's headers.
#[derive(Clone, Debug)]
pub struct Context {
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// The user whose session it is.
    pub user: Id,
    /// `Sforce-Duplicate-Rule-Header: allowSave=true`: overrides rules that alert.
    pub allow_save: bool,
    /// `Sforce-Duplicate-Rule-Header: includeRecordDetails=true`.
    pub include_record_details: bool,
    /// `Sforce-Auto-Assign`; false: assignment rules do not change a lead's owner.
    pub auto_assign: bool,
}

/// One row. `values` lie as the object's fields do.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: Id,
    /// Its values, one for each field of its object.
    pub values: Vec<Value>,
    /// In the recycle bin: seen by `queryAll` alone.
    pub is_deleted: bool,
}

impl Row {
    /// The value at a field's place.
    #[must_use]
    pub fn get(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    /// The value of a field by its name; nothing where the object has no such field.
    #[must_use]
    pub fn named(&self, object: &ObjectType, name: &str) -> &Value {
        object.field(name).map_or(&Value::Null, |(place, _)| self.get(place))
    }

    fn set_at(&mut self, place: usize, value: Value) {
        if let Some(there) = self.values.get_mut(place) {
            *there = value;
        }
    }

    fn set(&mut self, object: &ObjectType, name: &str, value: Value) {
        if let Some((place, _)) = object.field(name) {
            self.set_at(place, value);
        }
    }
}

/// In which fields SOSL looks (`IN ... FIELDS`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SearchGroup {
    /// Every text field.
    All,
    /// Names of records.
    Name,
    /// Fields of the kind `phone`.
    Phone,
    /// Fields of the kind `email`.
    Email,
    /// Those of the side bar: names, phones, e-mail.
    Sidebar,
}

/// One term of a SOSL search, unescaped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Term {
    /// What was typed, without quotes; `*` and `?` are wildcards only as told by `wildcards`.
    pub text: String,
    /// Places in `text` (in characters) where an unescaped `*` or `?` stands.
    pub wildcards: Vec<usize>,
    /// In quotes: its words must stand in this order.
    pub phrase: bool,
}

/// How phone numbers are found by SOSL (facts are not settled; clients must pass under both).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PhoneSearch {
    /// A term must equal all digits of a field, or one of its tokens.
    #[default]
    Strict,
    /// A suffix of seven or more digits is found too.
    Lenient,
}

/// A point to which the org can go back.
#[derive(Debug)]
#[must_use]
pub struct Savepoint(usize);

/// The org's database.
#[derive(Debug)]
pub struct Org {
    /// What is set up in the org and what goes wrong in it.
    pub knobs: OrgKnobs,
    /// By the names of their objects.
    tables: Vec<Table>,
    organization: Id,
    administrator: Id,
    /// For each user the row that tells the permissions, and the permissions.
    permissions: HashMap<Id, (Id, Permissions)>,
    person_accounts: bool,
    journal: Journal,
}

impl Org {
    /// The organisation's own id (00D).
    #[must_use]
    pub fn organization(&self) -> Id {
        self.organization
    }

    /// The user that every org begins with.
    #[must_use]
    pub fn administrator(&self) -> Id {
        self.administrator
    }

    /// An object by its API name, whatever the case.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&ObjectType> {
        self.tables.iter().map(|table| &*table.object).find(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// The object whose ids have this prefix.
    #[must_use]
    pub fn object_of(&self, id: Id) -> Option<&ObjectType> {
        self.table_of_id(id).and_then(|at| self.tables.get(at)).map(|table| &*table.object)
    }

    /// All objects, by name.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectType> {
        self.tables.iter().map(|table| &*table.object)
    }

    /// A row, deleted ones included, whoever may see it.
    #[must_use]
    pub fn row(&self, id: Id) -> Option<&Row> {
        self.table_of_id(id).and_then(|at| self.tables.get(at)).and_then(|table| table.rows.get(&id))
    }

    /// The rows of an object in the order of their ids, deleted ones included.
    pub fn rows(&self, object: &ObjectType) -> impl Iterator<Item = &Row> {
        self.table_of(object.name).and_then(|at| self.tables.get(at)).into_iter().flat_map(|table| table.rows.values())
    }

    /// Rows whose field has this value, by an index where there is one (Id, references, phone, e-mail, names, CallObject, Username);
    /// None where there is none, and for the empty value. Texts are compared without regard to case, as SOQL does.
    #[must_use]
    pub fn lookup(&self, object: &ObjectType, field: &Field, value: &Value) -> Option<Vec<Id>> {
        let table = self.table_of(object.name).and_then(|at| self.tables.get(at))?;
        let (place, _) = table.object.field(field.name)?;
        table.lookup(place, value)
    }

    /// Ids of the object's rows that the search index has for the term at this moment. A deleted row is among them only as long
    /// as [`OrgKnobs::deleted_rows_linger`] makes it linger, so the caller need not look at deletion again.
    #[must_use]
    pub fn search(&self, now_ms: u64, object: &ObjectType, group: SearchGroup, term: &Term) -> BTreeSet<Id> {
        let Some(table) = self.table_of(object.name).and_then(|at| self.tables.get(at)) else { return BTreeSet::new() };
        let lag = i64::try_from(self.knobs.index_lag_ms).unwrap_or(i64::MAX);
        table.search.search(milliseconds(now_ms), lag, self.knobs.phone_search, group, term)
    }

    /// Ids of rows changed (`deleted` false) or deleted with their moments (`deleted` true), `from` inclusive, `to` exclusive, in
    /// milliseconds; the oldest first.
    #[must_use]
    pub fn changed(&self, object: &ObjectType, from_ms: i64, to_ms: i64, deleted: bool) -> Vec<(Id, i64)> {
        let Some(table) = self.table_of(object.name).and_then(|at| self.tables.get(at)) else { return Vec::new() };
        let Some(place) = table.places.modstamp else { return Vec::new() };
        let mut found: Vec<(i64, Id)> = table
            .rows
            .values()
            .filter(|row| row.is_deleted == deleted)
            .filter_map(|row| match row.get(place) {
                Value::DateTime(moment) if (from_ms..to_ms).contains(moment) => Some((*moment, row.id)),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(moment, id)| (id, moment)).collect()
    }

    fn table_of(&self, name: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.object.name.eq_ignore_ascii_case(name))
    }

    fn table_of_id(&self, id: Id) -> Option<usize> {
        self.tables.iter().position(|table| table.object.prefix == id.prefix())
    }

    fn object_at(&self, table: usize) -> Option<Arc<ObjectType>> {
        self.tables.get(table).map(|table| Arc::clone(&table.object))
    }
}

/// Moments as rows hold them.
fn milliseconds(now_ms: u64) -> i64 {
    i64::try_from(now_ms).unwrap_or(i64::MAX)
}

/// Salesforce keeps whole seconds.
fn seconds(now_ms: u64) -> i64 {
    let now = milliseconds(now_ms);
    now - now % 1000
}
