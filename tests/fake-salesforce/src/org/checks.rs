//! What Salesforce checks of each row that is written, before any rule of the administrator.

use super::{Org, Row, coerce};
use crate::{
    error::ApiError,
    id::Id,
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// All fields that are empty and may not be, in one error. What the org fills in by itself is there already.
pub(super) fn required(org: &Org, object: &ObjectType, row: &Row, given: &[(usize, Value)]) -> Result<(), ApiError> {
    let person = org.person_accounts && object.name == "Account" && !row.named(object, "LastName").is_null();
    let missing: Vec<&str> = object
        .fields
        .iter()
        .enumerate()
        .filter(|(place, field)| field.createable && !field.nillable && row.get(*place).is_null())
        .filter(|(place, field)| field.required() || given.iter().any(|(emptied, _)| emptied == place))
        .map(|(_, field)| field.name)
        // A person's account gets its name from the person.
        .filter(|name| !(person && *name == "Name"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Required fields are missing: [{}]", missing.join(", "));
    Err(ApiError::bad("REQUIRED_FIELD_MISSING", message).with_fields(&missing))
}

/// Length, e-mail address and picklist of one value.
pub(super) fn value(object: &ObjectType, field: &Field, value: &Value) -> Result<(), ApiError> {
    let Value::Text(text) = value else { return Ok(()) };
    if field.length > 0 && text.len() > field.length && text.chars().count() > field.length {
        let message = format!("{}: data value too large: {text} (max length={})", field.label, field.length);
        return Err(ApiError::bad("STRING_TOO_LONG", message).with_fields(&[field.name]));
    }
    match field.kind {
        FieldKind::Email if !is_address(text) => {
            let message = format!("{}: invalid email address: {text}", field.label);
            Err(ApiError::bad("INVALID_EMAIL_ADDRESS", message).with_fields(&[field.name]))
        }
        FieldKind::String if object.name == "User" && field.name == "Username" && !is_address(text) => {
            let message = "Username must be in the form of an email address (for example, john@acme.com)";
            Err(ApiError::bad("INVALID_EMAIL_ADDRESS", message).with_fields(&[field.name]))
        }
        FieldKind::Picklist { restricted: true } if !field.picklist.iter().any(|(allowed, _)| allowed.eq_ignore_ascii_case(text)) => {
            let message = format!("{}: bad value for restricted picklist field: {text}", field.label);
            Err(ApiError::bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).with_fields(&[field.name]))
        }
        _ => Ok(()),
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.chars().any(|character| character.is_whitespace() || character == ',')
            && !domain.contains('@')
    })
}

/// The row that a reference points to: of the right object, there, not deleted, to be seen by the user.
pub(super) fn reference(org: &Org, user: Id, field: &Field, value: &Value) -> Result<(), ApiError> {
    let Some(id) = value.as_id() else { return Ok(()) };
    let right = field.reference_to.iter().any(|name| org.object(name).is_some_and(|object| object.prefix == id.prefix()));
    if !right {
        return Err(coerce::malformed_id(field, &id.to_string()));
    }
    match org.row(id) {
        None => Err(ApiError::bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id").with_fields(&[])),
        Some(row) if row.is_deleted => Err(ApiError::bad("ENTITY_IS_DELETED", "entity is deleted").with_fields(&[])),
        Some(row) if !org.visible(user, row) => {
            let message = format!("insufficient access rights on cross-reference id: {}", id.short());
            Err(ApiError::bad("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message).with_fields(&[]))
        }
        Some(_) => Ok(()),
    }
}

/// An owner must be active.
pub(super) fn owner(org: &Org, object: &ObjectType, owner: Id) -> Result<(), ApiError> {
    let active = match (org.row(owner), org.object("User")) {
        (Some(row), Some(user)) if owner.prefix() == "005" => row.named(user, "IsActive") == &Value::Boolean(true),
        _ => true,
    };
    if active {
        return Ok(());
    }
    let message = format!("operation performed with inactive user [{}] as owner of {}", owner.short(), object.name.to_lowercase());
    Err(ApiError::bad("INACTIVE_OWNER_OR_USER", message).with_fields(&[]))
}

/// Which leads and other rows a task may be about.
pub(super) fn task(org: &Org, object: &ObjectType, row: &Row) -> Result<(), ApiError> {
    let Some(who) = row.named(object, "WhoId").as_id().filter(|who| who.prefix() == "00Q") else { return Ok(()) };
    if !row.named(object, "WhatId").is_null() {
        // The words are ours: only the code is known.
        let message = "When Name is a lead, Related To must be empty: WhoId, WhatId";
        return Err(ApiError::bad("FIELD_INTEGRITY_EXCEPTION", message).with_fields(&["WhoId", "WhatId"]));
    }
    org.row(who).map_or(Ok(()), |lead| converted(org, lead))
}

/// A converted lead is closed to writers.
pub(super) fn converted(org: &Org, row: &Row) -> Result<(), ApiError> {
    let lead = org.object_of(row.id).filter(|object| object.name == "Lead");
    if lead.is_some_and(|lead| row.named(lead, "IsConverted") == &Value::Boolean(true)) {
        return Err(ApiError::bad("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead").with_fields(&[]));
    }
    Ok(())
}
