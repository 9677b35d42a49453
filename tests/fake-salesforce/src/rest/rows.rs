//! One row: made, read, changed, deleted.

use http::Method;
use serde_json::{Value as Json, json};

use super::{
    call::{Call, Conditions},
    desk::{Desk, fields_of},
    reply::{Answer, Reply},
    version::Version,
    write::http_date,
};
use crate::{error::ApiError, id::Id, org::Row, schema::ObjectType, soql, value::Value};

/// `POST /sobjects/{object}`
pub fn create(desk: &mut Desk<'_>, call: &Call, object: &str) -> Answer {
    let object = desk.object(object)?;
    let fields = fields_of(call.object()?, "Id")?;
    let id = desk.org.create(&desk.context, object.name, &fields)?;
    Ok(created(&object, id, call.version, json!({ "id": id.to_string(), "success": true, "errors": [] })))
}

/// 201 with the address of the new row.
pub fn created(object: &ObjectType, id: Id, version: Version, body: Json) -> Reply {
    Reply::json(201, body).with("location", format!("/services/data/v{version}/sobjects/{}/{id}", object.name))
}

/// `/sobjects/{object}/{id}`
pub fn row(desk: &mut Desk<'_>, call: &Call, object: &str, id: &str) -> Answer {
    let object = desk.object(object)?;
    if call.method == Method::GET || call.method == Method::HEAD {
        return read(desk, call, &object, id);
    }
    // What cannot be seen is refused by the org itself, with the words for writing.
    let id = super::desk::id_of(&object, id)?;
    if let Some(row) = desk.org.row(id).filter(|row| !row.is_deleted) {
        unchanged_enough(desk, &object, row, &call.conditions)?;
    }
    if call.method == Method::DELETE {
        desk.org.delete(&desk.context, object.name, id)?;
    } else {
        let fields = fields_of(call.object()?, "Id")?;
        desk.org.update(&desk.context, object.name, id, &fields)?;
    }
    Ok(Reply::empty(204))
}

/// Reads a row by its id, given with 15 or 18 characters.
pub fn read(desk: &Desk<'_>, call: &Call, object: &ObjectType, id: &str) -> Answer {
    let row = desk.row(object, id)?;
    let modified = modified(desk, object, row);
    let tag = tag(row.id, modified);
    if let Some(not_modified) = if_newer(object, modified, &tag, &call.conditions) {
        return Ok(not_modified);
    }
    unchanged_enough(desk, object, row, &call.conditions)?;
    let shown = match call.parameter("fields") {
        Some(names) => chosen(desk, call, object, row.id, names)?,
        None => desk.shown(object, row, call.version),
    };
    let reply = Reply::json(200, shown).with("etag", tag);
    Ok(match modified.and_then(http_date) {
        Some(date) => reply.with("last-modified", date),
        None => reply,
    })
}

/// The fields that the client names, parents' too: the query language knows how, and how to refuse.
pub fn chosen(desk: &Desk<'_>, call: &Call, object: &ObjectType, id: Id, names: &str) -> Result<Json, ApiError> {
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    // Nothing but names may reach the query.
    if let Some(bad) = names.iter().find(|name| !name.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"_.".contains(&sign))) {
        return Err(ApiError::bad("INVALID_FIELD", format!("No such column '{bad}' on sobject of type {}", object.name)));
    }
    if names.is_empty() {
        return Err(ApiError::bad("INVALID_FIELD", "The fields parameter names no field"));
    }
    let query = format!("SELECT {} FROM {} WHERE Id = '{id}'", distinct(&names).join(", "), object.name);
    let rows = soql::run(desk.org, &desk.context, &query, false)?;
    rows.page(desk.org, &call.version.to_string(), 0, 1).pop().ok_or_else(ApiError::not_found)
}

/// A name that is given twice is shown once.
fn distinct<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.iter().any(|there| there.eq_ignore_ascii_case(name)) {
            kept.push(name);
        }
    }
    kept
}

fn modified(desk: &Desk<'_>, object: &ObjectType, row: &Row) -> Option<i64> {
    match row.named(desk.org.object(object.name)?, "SystemModstamp") {
        Value::DateTime(moment) => Some(*moment),
        _ => None,
    }
}

fn tag(id: Id, modified: Option<i64>) -> String {
    format!("\"{}{:x}--gzip\"", id.short(), modified.unwrap_or_default())
}

/// 304 if the client has the row as it is. Entity tags work for accounts alone (REST API guide, Conditional Requests).
fn if_newer(object: &ObjectType, modified: Option<i64>, tag: &str, conditions: &Conditions) -> Option<Reply> {
    if let Some(since) = conditions.modified_since
        && modified.is_some_and(|modified| modified <= since)
    {
        return Some(Reply::empty(304));
    }
    let known = conditions.none_matches.as_deref().filter(|_| object.name == "Account");
    known.is_some_and(|known| known == "*" || known.contains(tag)).then(|| Reply::empty(304))
}

/// 412 if the row has changed since the client saw it.
fn unchanged_enough(desk: &Desk<'_>, object: &ObjectType, row: &Row, conditions: &Conditions) -> Result<(), ApiError> {
    let modified = modified(desk, object, row);
    let too_new = conditions.unmodified_since.is_some_and(|since| modified.is_some_and(|modified| modified > since));
    let another = object.name == "Account"
        && conditions.matches.as_deref().is_some_and(|wanted| wanted != "*" && !wanted.contains(&tag(row.id, modified)));
    if too_new || another {
        let message = "The precondition given in one or more of the request-header fields evaluated to false when it was tested.";
        return Err(ApiError::new(412, "PRECONDITION_FAILED", message));
    }
    Ok(())
}
