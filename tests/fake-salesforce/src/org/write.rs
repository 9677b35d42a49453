//! Creating, changing and deleting rows as the API does. The order of checks is Salesforce's: fields that do not exist, values of the wrong
//! kind, fields that may not be written, required fields, lengths, picklists, references, owners, and then the administrator's rules.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Context, Org, Row, checks, coerce::coerce, milliseconds, rules, store::Indexed};
use crate::{
    error::ApiError,
    id::Id,
    schema::{FieldKind, ObjectType},
    value::Value,
};

/// Values of a request by the places of their fields.
type Given = Vec<(usize, Value)>;

impl Org {
    /// Makes a row from the JSON of a request. A key `attributes` is passed over.
    ///
    /// # Errors
    /// As Salesforce refuses: unknown field, required field, length, picklist, reference, duplicate and validation rules, locks, owners.
    pub fn create(&mut self, context: &Context, object: &str, fields: &Map<String, Json>) -> Result<Id, ApiError> {
        let (table, object) = self.writable(context, object, "inserted")?;
        let given = self.read(context, &object, fields, true)?;
        self.check_state(true)?;
        let next = self.tables.get_mut(table).map(|table| table.next_id()).ok_or_else(ApiError::not_found)?;
        let Some(mut row) = self.tables.get(table).map(|table| table.blank(next)) else { return Err(ApiError::not_found()) };
        for (place, value) in &given {
            row.set_at(*place, value.clone());
        }
        self.assign(context, &object, &mut row);
        self.fill_defaults(table, &mut row, context.user, context.now_ms);
        self.check(context, &object, &row, &given)?;
        self.derive(&object, &mut row, context.now_ms);
        let parent = ["WhatId", "WhoId", "AccountId"].iter().find_map(|name| row.named(&object, name).as_id());
        self.check_lock(&object, parent.unwrap_or(row.id))?;
        self.check_trigger(&object, true)?;
        self.check_validation(&object, &row)?;
        self.check_duplicates(context, &object, &row)?;
        self.store_person(table, row, context.now_ms, context.user, Indexed::After(milliseconds(context.now_ms)));
        if object.name == "User" {
            let profile = self.row(next).and_then(|row| row.named(&object, "ProfileId").as_id());
            self.set_permissions(next, self.permissions_of_profile(profile));
        }
        Ok(next)
    }

    /// Changes a row. A key `attributes` is passed over.
    ///
    /// # Errors
    /// As [`Org::create`]; a row that is gone is `ENTITY_IS_DELETED`, one that never was `INVALID_CROSS_REFERENCE_KEY`, both with 404.
    pub fn update(&mut self, context: &Context, object: &str, id: Id, fields: &Map<String, Json>) -> Result<(), ApiError> {
        let (table, object) = self.writable(context, object, "updated")?;
        let given = self.read(context, &object, fields, false)?;
        let mut row = self.row_to_change(context, &object, id)?.clone();
        checks::converted(self, &row)?;
        self.check_state(false)?;
        for (place, value) in &given {
            row.set_at(*place, value.clone());
        }
        self.check(context, &object, &row, &given)?;
        self.derive(&object, &mut row, context.now_ms);
        self.check_lock(&object, id)?;
        self.check_trigger(&object, false)?;
        self.check_validation(&object, &row)?;
        // A row is compared with the others again only when what is compared has changed.
        if self.row(id).is_none_or(|before| rules::compared(&object, before) != rules::compared(&object, &row)) {
            self.check_duplicates(context, &object, &row)?;
        }
        self.stamp(table, &mut row, Some(context.user), context.now_ms);
        self.store_person(table, row, context.now_ms, context.user, Indexed::After(milliseconds(context.now_ms)));
        Ok(())
    }

    /// Puts a row into the recycle bin; an account takes its contacts along, and everything its tasks.
    ///
    /// # Errors
    /// As [`Org::update`].
    pub fn delete(&mut self, context: &Context, object: &str, id: Id) -> Result<(), ApiError> {
        let (table, object) = self.writable(context, object, "deleted")?;
        if !object.deletable {
            return Err(wrong_operation(&object, "deleted"));
        }
        self.row_to_change(context, &object, id)?;
        self.check_state(false)?;
        self.check_lock(&object, id)?;
        self.discard(context, table, id);
        Ok(())
    }

    fn discard(&mut self, context: &Context, table: usize, id: Id) {
        let Some(mut row) = self.row(id).filter(|row| !row.is_deleted).cloned() else { return };
        let Some(object) = self.object_at(table) else { return };
        row.is_deleted = true;
        row.set(&object, "IsDeleted", Value::Boolean(true));
        self.stamp(table, &mut row, Some(context.user), context.now_ms);
        self.store(table, row, Indexed::After(milliseconds(context.now_ms)));
        for (name, field) in [("Contact", "AccountId"), ("Task", "WhoId"), ("Task", "WhatId")] {
            let Some(below) = self.table_of(name).filter(|below| *below != table) else { continue };
            let Some((place, _)) =
                self.object_at(below).as_deref().and_then(|object| object.field(field).map(|(place, field)| (place, field.name)))
            else {
                continue;
            };
            let rows = self.tables.get(below).and_then(|table| table.lookup(place, &Value::Reference(id))).unwrap_or_default();
            for row in rows {
                self.discard(context, below, row);
            }
        }
    }

    /// The object of a write, if this user may write it at all.
    fn writable(&self, context: &Context, name: &str, done: &str) -> Result<(usize, Arc<ObjectType>), ApiError> {
        let table = self.table_of(name).ok_or_else(ApiError::not_found)?;
        let object = self.object_at(table).filter(|object| self.may_read(context.user, object)).ok_or_else(ApiError::not_found)?;
        if !object.writable {
            return Err(wrong_operation(&object, done));
        }
        let robot_work = object.name == "User" && !self.permissions(context.user).manage_users;
        if robot_work || !self.may_write(context.user, &object) {
            return Err(insufficient_access());
        }
        Ok((table, object))
    }

    fn row_to_change(&self, context: &Context, object: &ObjectType, id: Id) -> Result<&Row, ApiError> {
        let row = self.row(id).filter(|_| id.prefix() == object.prefix);
        let row = row.ok_or_else(|| ApiError::new(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id").with_fields(&[]))?;
        if row.is_deleted {
            return Err(ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted").with_fields(&[]));
        }
        if !self.visible(context.user, row) {
            return Err(insufficient_access());
        }
        Ok(row)
    }

    /// The fields of a request: known, of the right kind, and writable.
    fn read(&self, context: &Context, object: &ObjectType, fields: &Map<String, Json>, creates: bool) -> Result<Given, ApiError> {
        let mut given = Given::new();
        let mut locked = Vec::new();
        for (name, json) in fields.iter().filter(|(name, _)| *name != "attributes") {
            let Some((place, field)) = object.field(name).filter(|(_, field)| self.may_see(context.user, object, field)) else {
                let message = format!("No such column '{name}' on sobject of type {}", object.name);
                return Err(ApiError::bad("INVALID_FIELD", message));
            };
            if field.kind == FieldKind::Id {
                return Err(ApiError::bad("INVALID_FIELD", "The Id field should not be specified in the sobject data."));
            }
            let value = coerce(field, json)?;
            let writable = if creates { field.createable } else { field.updateable };
            if !writable {
                locked.push(field.name);
            }
            given.push((place, value));
        }
        if !locked.is_empty() {
            return Err(not_writable(&locked));
        }
        Ok(given)
    }

    /// What Salesforce checks of a row by itself.
    fn check(&self, context: &Context, object: &ObjectType, row: &Row, given: &Given) -> Result<(), ApiError> {
        self.check_person(object, row, given)?;
        for (place, value) in given {
            if let Some(field) = object.fields.get(*place)
                && value.is_null()
                && field.kind == FieldKind::Boolean
            {
                let message = format!("{}: value not of required type: ", field.label);
                return Err(ApiError::bad("INVALID_TYPE_ON_FIELD_IN_RECORD", message).with_fields(&[field.name]));
            }
        }
        checks::required(self, object, row, given)?;
        let given = || given.iter().filter_map(|(place, value)| object.fields.get(*place).map(|field| (field, value)));
        for (field, value) in given() {
            checks::value(object, field, value)?;
        }
        for (field, value) in given() {
            checks::reference(self, context.user, field, value)?;
        }
        if let Some(owner) = row.named(object, "OwnerId").as_id()
            && given().any(|(field, _)| field.name == "OwnerId")
        {
            checks::owner(self, object, owner)?;
        }
        if object.name == "User" {
            self.check_username(object, row)?;
        }
        self.check_unique(object, row, given())?;
        if object.name == "Task" { checks::task(self, object, row) } else { Ok(()) }
    }

    /// A person account's name comes from the person, and its contact is written through the account.
    fn check_person(&self, object: &ObjectType, row: &Row, given: &Given) -> Result<(), ApiError> {
        if !self.person_accounts {
            return Ok(());
        }
        let names = |name: &str| {
            given.iter().any(|(place, value)| !value.is_null() && object.fields.get(*place).is_some_and(|field| field.name == name))
        };
        let person = !row.named(object, "LastName").is_null();
        if object.name == "Account" && person && names("Name") {
            return Err(not_writable(&["Name"]));
        }
        if object.name == "Contact" && row.named(object, "IsPersonAccount") == &Value::Boolean(true) {
            let fields: Vec<&str> = given.iter().filter_map(|(place, _)| object.fields.get(*place)).map(|field| field.name).collect();
            return Err(not_writable(&fields));
        }
        Ok(())
    }

    fn check_username(&self, object: &ObjectType, row: &Row) -> Result<(), ApiError> {
        let Some((place, _)) = object.field("Username") else { return Ok(()) };
        let others = self.table_of("User").and_then(|at| self.tables.get(at)).and_then(|table| table.lookup(place, row.get(place)));
        if others.unwrap_or_default().iter().all(|id| *id == row.id) {
            return Ok(());
        }
        let message = "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique \
                       across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address). ";
        Err(ApiError::bad("DUPLICATE_USERNAME", message).with_fields(&["Username"]))
    }

    /// Keys of other systems are unique.
    fn check_unique<'a>(
        &self,
        object: &ObjectType,
        row: &Row,
        given: impl Iterator<Item = (&'a crate::schema::Field, &'a Value)>,
    ) -> Result<(), ApiError> {
        for (field, value) in given.filter(|(field, value)| field.external_id && !value.is_null()) {
            let taken = self.lookup(object, field, value).unwrap_or_default();
            let taken = taken.into_iter().find(|id| *id != row.id && self.row(*id).is_some_and(|row| !row.is_deleted));
            if let Some(taken) = taken {
                let message = format!("duplicate value found: {} duplicates value on record with id: {}", field.name, taken.short());
                return Err(ApiError::bad("DUPLICATE_VALUE", message).with_fields(&[]));
            }
        }
        Ok(())
    }

    /// A lead assignment rule gives new leads to somebody else.
    fn assign(&self, context: &Context, object: &ObjectType, row: &mut Row) {
        if let Some(owner) = self.knobs.leads_assigned_to.filter(|_| object.name == "Lead" && context.auto_assign) {
            row.set(object, "OwnerId", Value::Reference(owner));
        }
    }

    fn permissions_of_profile(&self, profile: Option<Id>) -> super::Permissions {
        let Some((row, object)) = profile.and_then(|id| self.row(id)).zip(self.object("Profile")) else { return super::Permissions::NONE };
        let has = |name: &str| row.named(object, name) == &Value::Boolean(true);
        super::Permissions {
            api: has("PermissionsApiEnabled"),
            all_data: has("PermissionsModifyAllData"),
            manage_users: has("PermissionsManageUsers"),
            view_setup: has("PermissionsViewSetup"),
        }
    }
}

fn not_writable(fields: &[&str]) -> ApiError {
    let message = format!(
        "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is read/write for your profile or \
         permission set.",
        fields.join(", ")
    );
    ApiError::bad("INVALID_FIELD_FOR_INSERT_UPDATE", message).with_fields(fields)
}

fn insufficient_access() -> ApiError {
    ApiError::new(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id").with_fields(&[])
}

fn wrong_operation(object: &ObjectType, done: &str) -> ApiError {
    ApiError::bad("INVALID_TYPE_FOR_OPERATION", format!("entity type cannot be {done}: {}", object.name)).with_fields(&[])
}
