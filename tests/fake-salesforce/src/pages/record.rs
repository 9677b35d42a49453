//! The page of one record.

use http::Response;
use serde_json::json;

use super::{
    frame::{Frame, list_of, tone},
    html, missing,
    shown::{Shown, name_of, page_of, shown, shown_by_name, text, value},
    timeline,
};
use crate::{
    id::Id,
    org::{Org, Row},
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// The facts at the top, in this order, as far as the object has them.
const HIGHLIGHTS: [&str; 10] = ["Title", "Company", "AccountId", "Phone", "MobilePhone", "Email", "Status", "WhoId", "WhatId", "OwnerId"];
/// Fields that every object has and that say nothing about the person.
const SYSTEM: [&str; 14] = [
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "IsDeleted",
    "MasterRecordId",
    "PhotoUrl",
    "IsEmailBounced",
    "CleanStatus",
    "IsConverted",
];
/// Most related records on an account's page.
const RELATED: usize = 10;

/// The record with this id. `object`: as the path names it.
pub fn page(org: &Org, id: &str, object: Option<&str>) -> Response<Vec<u8>> {
    let found = Id::parse(id).and_then(|id| Some((org.object_of(id)?, org.row(id)?)));
    let Some((object_type, row)) = found.filter(|(_, row)| !row.is_deleted) else { return missing(org) };
    // A converted lead lives on as its contact.
    if let Some(contact) = converted(org, object_type, row) {
        let to = org.object_of(contact).filter(|_| object.is_some()).map(|contact_type| page_of(contact_type, contact));
        return html::redirect(&to.unwrap_or_else(|| format!("/{contact}")));
    }
    if object.is_some_and(|name| !name.eq_ignore_ascii_case(object_type.name)) {
        return html::redirect(&page_of(object_type, row.id));
    }
    html::render(200, "record.html", &view(org, object_type, row))
}

fn view(org: &Org, object: &ObjectType, row: &Row) -> serde_json::Value {
    let highlights: Vec<Shown> = HIGHLIGHTS.iter().filter_map(|name| shown_by_name(org, object, row, name)).take(6).collect();
    let all = |wanted: &dyn Fn(&Field) -> bool| -> Vec<Shown> {
        let fields = object.fields.iter().enumerate().filter(|(_, field)| field.kind != FieldKind::Id && wanted(field));
        // A check box that is not ticked says nothing.
        let filled = fields.filter(|(place, _)| *row.get(*place) != Value::Boolean(false));
        filled.filter_map(|(place, field)| shown(org, field, row.get(place))).collect()
    };
    let is_name = |field: &Field| field.name_field || field.part_of.is_some_and(|whole| whole == "Name");
    json!({
        "frame": Frame::new(org, Some(object)),
        "object": { "label": object.label, "plural": object.label_plural, "list": list_of(object), "tone": tone(object) },
        "id": row.id.to_string(),
        "name": name_of(object, row),
        "highlights": highlights,
        "details": all(&|field| !SYSTEM.contains(&field.name) && !is_name(field)),
        "system": all(&|field| SYSTEM.contains(&field.name) && field.kind != FieldKind::Boolean),
        "timeline": timeline::of(org, row.id),
        "has_timeline": !["Task", "User"].contains(&object.name),
        "contacts": contacts(org, object, row.id),
    })
}

fn converted(org: &Org, object: &ObjectType, row: &Row) -> Option<Id> {
    let is_converted = object.name == "Lead" && matches!(value(object, row, "IsConverted"), Value::Boolean(true));
    let contact = value(object, row, "ConvertedContactId").as_id().filter(|_| is_converted)?;
    org.row(contact).filter(|row| !row.is_deleted).map(|row| row.id)
}

/// The people of an account.
fn contacts(org: &Org, object: &ObjectType, account: Id) -> serde_json::Value {
    let rows = || {
        let contact = org.object("Contact").filter(|_| object.name == "Account")?;
        Some((contact, super::timeline::rows_with(org, contact, "AccountId", account)))
    };
    let Some((contact, mut rows)) = rows() else { return serde_json::Value::Null };
    rows.retain(|row| !row.is_deleted);
    let total = rows.len();
    let people: Vec<serde_json::Value> = rows
        .into_iter()
        .take(RELATED)
        .map(|row| {
            let phone = ["Phone", "MobilePhone"].iter().find_map(|name| shown_by_name(org, contact, row, name));
            json!({ "name": name_of(contact, row), "href": page_of(contact, row.id), "title": text(contact, row, "Title"), "phone": phone })
        })
        .collect();
    json!({ "total": total, "people": people })
}
