//! The database of an org: rows, rules, visibility, the late search index, transactions.
//!
//! SKELETON: signatures that the other rooms build on; the bodies are to be written.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::{
    error::ApiError,
    id::Id,
    schema::{Field, ObjectType},
    value::Value,
};

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
pub struct Savepoint(#[allow(dead_code, reason = "skeleton")] usize);

/// The org's database.
#[derive(Debug)]
pub struct Org {}

impl Org {
    /// An org with its organisation row, profiles, its administrator and the users that every org has (robots among them), and nothing else.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        let _ = now_ms;
        todo!()
    }

    /// The organisation's own id (00D).
    #[must_use]
    pub fn organization(&self) -> Id {
        todo!()
    }

    /// An object by its API name, whatever the case.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&ObjectType> {
        let _ = name;
        todo!()
    }

    /// The object whose ids have this prefix.
    #[must_use]
    pub fn object_of(&self, id: Id) -> Option<&ObjectType> {
        let _ = id;
        todo!()
    }

    /// All objects, by name.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectType> {
        std::iter::empty()
    }

    /// A row, deleted ones included, whoever may see it.
    #[must_use]
    pub fn row(&self, id: Id) -> Option<&Row> {
        let _ = id;
        todo!()
    }

    /// The rows of an object in the order of their ids, deleted ones included.
    pub fn rows(&self, object: &ObjectType) -> impl Iterator<Item = &Row> {
        let _ = object;
        std::iter::empty()
    }

    /// Rows whose field has exactly this value, by an index where there is one (Id, references, phone, e-mail, CallObject); None where there is none.
    #[must_use]
    pub fn lookup(&self, object: &ObjectType, field: &Field, value: &Value) -> Option<Vec<Id>> {
        let _ = (object, field, value);
        todo!()
    }

    /// May this user see the row?
    #[must_use]
    pub fn visible(&self, user: Id, row: &Row) -> bool {
        let _ = (user, row);
        todo!()
    }

    /// Ids of the object's rows that the search index has for the term at this moment.
    #[must_use]
    pub fn search(&self, now_ms: u64, object: &ObjectType, group: SearchGroup, term: &Term) -> BTreeSet<Id> {
        let _ = (now_ms, object, group, term);
        todo!()
    }

    /// Makes a row from the JSON of a request.
    ///
    /// # Errors
    /// As Salesforce refuses: unknown field, required field, length, picklist, reference, duplicate and validation rules, locks, owners.
    pub fn create(&mut self, context: &Context, object: &str, fields: &Map<String, Json>) -> Result<Id, ApiError> {
        let _ = (context, object, fields);
        todo!()
    }

    /// Changes a row.
    ///
    /// # Errors
    /// As [`Org::create`]; a row that is gone is `ENTITY_IS_DELETED` or `NOT_FOUND`.
    pub fn update(&mut self, context: &Context, object: &str, id: Id, fields: &Map<String, Json>) -> Result<(), ApiError> {
        let _ = (context, object, id, fields);
        todo!()
    }

    /// Puts a row into the recycle bin.
    ///
    /// # Errors
    /// As [`Org::update`].
    pub fn delete(&mut self, context: &Context, object: &str, id: Id) -> Result<(), ApiError> {
        let _ = (context, object, id);
        todo!()
    }

    /// Ids of rows changed (`deleted` false) or deleted with their moments (`deleted` true), `from` inclusive, `to` exclusive, in milliseconds.
    #[must_use]
    pub fn changed(&self, object: &ObjectType, from_ms: i64, to_ms: i64, deleted: bool) -> Vec<(Id, i64)> {
        let _ = (object, from_ms, to_ms, deleted);
        todo!()
    }

    /// Remembers this moment; one that is left open costs nothing.
    pub fn savepoint(&mut self) -> Savepoint {
        todo!()
    }

    /// Undoes all changes since the savepoint.
    pub fn roll_back(&mut self, to: Savepoint) {
        let _ = to;
        todo!()
    }
}
