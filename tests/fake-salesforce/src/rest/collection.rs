//! Many rows in one call: `/composite/sobjects`.

use http::Method;
use serde_json::{Map, Value as Json, json};

use super::{
    call::{Call, parser_error},
    composite::{flag, only},
    desk::{Desk, fields_of, id_of},
    reply::{Answer, Reply},
    rows,
    upsert::{NotUpserted, upsert},
};
use crate::{error::ApiError, id::Id};

/// Most rows that one request writes.
const MOST: usize = 200;
/// Most rows that a GET reads.
const MOST_READ: usize = 800;
/// Most rows that a POST reads.
const MOST_READ_BY_POST: usize = 2_000;
/// Most runs of the same type in a request of several types.
const MOST_RUNS: usize = 10;

/// What became of one row: its id and, after an upsert, whether it is new.
type Done = Result<(Id, Option<bool>), ApiError>;

/// `/composite/sobjects`
pub fn any(desk: &mut Desk<'_>, call: &Call) -> Answer {
    if call.method == Method::DELETE {
        return delete(desk, call);
    }
    let (records, all_or_none) = records(call)?;
    let creating = call.method == Method::POST;
    write(desk, records, all_or_none, |desk, record| {
        let kind = type_of(record)?;
        let object = desk.object(kind).map_err(|_| no_such_type(kind))?;
        if creating {
            let id = desk.org.create(&desk.context, object.name, &fields_of(record, "Id")?)?;
            return Ok((id, None));
        }
        let (key, id) = record
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("Id"))
            .ok_or_else(|| ApiError::bad("MISSING_ARGUMENT", "Id not specified in an update call"))?;
        let id = id_of(&object, id.as_str().unwrap_or_default()).map_err(|_| malformed(id))?;
        let mut fields = record.clone();
        fields.remove(key);
        desk.org.update(&desk.context, object.name, id, &fields_of(&fields, "")?)?;
        Ok((id, None))
    })
}

/// `/composite/sobjects/{object}`: reads rows.
pub fn read(desk: &Desk<'_>, call: &Call, object: &str) -> Answer {
    let object = desk.object(object)?;
    let (ids, fields): (Vec<String>, String) = if call.method == Method::POST {
        let body = call.object()?;
        only(body, &["fields", "ids"])?;
        (texts(body, "ids")?, texts(body, "fields")?.join(","))
    } else {
        let ids = call.parameter("ids").unwrap_or_default().split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        (ids.collect(), call.parameter("fields").unwrap_or_default().to_owned())
    };
    let most = if call.method == Method::POST { MOST_READ_BY_POST } else { MOST_READ };
    if ids.is_empty() || fields.is_empty() {
        let missing = if ids.is_empty() { "ids" } else { "fields" };
        return Err(ApiError::bad("MISSING_ARGUMENT", format!("{missing} is a required parameter")));
    }
    too_many(ids.len(), most)?;
    let mut shown: Vec<Json> = Vec::with_capacity(ids.len());
    for id in &ids {
        shown.push(match desk.row(&object, id) {
            Ok(row) => rows::chosen(desk, call, &object, row.id, &fields)?,
            // A row that cannot be seen is null; what is no id refuses the whole request.
            Err(why) if why.code == "MALFORMED_ID" => return Err(why),
            Err(_) => Json::Null,
        });
    }
    // The names are checked even if no row was found.
    rows::chosen(desk, call, &object, Id::new(object.prefix, 0), &fields).map(drop).or_else(|why| match why.status {
        404 => Ok(()),
        _ => Err(why),
    })?;
    Ok(Reply::json(200, Json::Array(shown)))
}

/// `PATCH /composite/sobjects/{object}/{field}`
pub fn upsert_by(desk: &mut Desk<'_>, call: &Call, object: &str, field: &str) -> Answer {
    let object = desk.object(object)?;
    if !object.field(field).is_some_and(|(_, key)| key.id_lookup) {
        return Err(super::desk::no_such_key(field));
    }
    let (records, all_or_none) = records(call)?;
    write(desk, records, all_or_none, |desk, record| {
        let kind = type_of(record)?;
        if !kind.eq_ignore_ascii_case(object.name) {
            let message = format!("The type {kind} does not match the type {} of the request", object.name);
            return Err(ApiError::bad("INVALID_TYPE", message));
        }
        let mut fields = fields_of(record, "")?;
        let key = fields.keys().find(|name| name.eq_ignore_ascii_case(field)).cloned();
        let value = key.and_then(|key| fields.remove(&key));
        let value = value.as_ref().and_then(Json::as_str).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| ApiError::bad("MISSING_ARGUMENT", format!("{field} not specified")).with_fields(&[field]))?;
        match upsert(desk, &object, field, value, &fields, false) {
            Ok(done) => Ok((done.id, Some(done.created))),
            Err(NotUpserted::Refused(why)) => Err(why),
            Err(NotUpserted::Several(ids)) => {
                let message = format!("{field}: more than one record found for external id field: {ids:?}");
                Err(ApiError::bad("DUPLICATE_EXTERNAL_ID", message).with_fields(&[field]))
            }
        }
    })
}

fn delete(desk: &mut Desk<'_>, call: &Call) -> Answer {
    let ids: Vec<Json> = call
        .parameter("ids")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| json!({ "id": id }))
        .collect();
    if ids.is_empty() {
        return Err(ApiError::bad("MISSING_ARGUMENT", "ids is a required parameter"));
    }
    too_many(ids.len(), MOST)?;
    let all_or_none = call.parameter("allOrNone").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    write(desk, &ids, all_or_none, |desk, record| {
        let given = record.get("id").unwrap_or(&Json::Null);
        let id = given.as_str().and_then(Id::parse).ok_or_else(|| malformed(given))?;
        let object = desk.org.object_of(id).map(|object| object.name).ok_or_else(|| malformed(given))?;
        desk.org.delete(&desk.context, object, id)?;
        Ok((id, None))
    })
}

fn malformed(id: &Json) -> ApiError {
    let shown = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    ApiError::bad("MALFORMED_ID", format!("malformed id {shown}")).with_fields(&["Id"])
}

/// Does something to each, and tells of each; undoes all if one fails and all were wanted.
fn write(
    desk: &mut Desk<'_>,
    records: &[Json],
    all_or_none: bool,
    mut each: impl FnMut(&mut Desk<'_>, &Map<String, Json>) -> Done,
) -> Answer {
    let savepoint = desk.org.savepoint();
    let mut all_done: Vec<Done> = Vec::with_capacity(records.len());
    for record in records {
        let record = record.as_object().ok_or_else(|| parser_error("A record must be an object"));
        all_done.push(record.and_then(|record| each(desk, record)));
    }
    let undo = all_or_none && all_done.iter().any(Result::is_err);
    if undo {
        desk.org.roll_back(savepoint);
    }
    let told: Vec<Json> = all_done.into_iter().map(|done| told(done, undo)).collect();
    Ok(Reply::json(200, Json::Array(told)))
}

fn told(done: Done, undone: bool) -> Json {
    match done {
        Ok(_) if undone => {
            let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
            json!({ "success": false, "errors": [ApiError::bad("ALL_OR_NONE_OPERATION_ROLLED_BACK", message).to_collection_json()] })
        }
        Ok((id, None)) => json!({ "id": id.to_string(), "success": true, "errors": [] }),
        Ok((id, Some(created))) => json!({ "id": id.to_string(), "success": true, "errors": [], "created": created }),
        // A failed row has no id.
        Err(why) => json!({ "success": false, "errors": [why.to_collection_json()] }),
    }
}

/// The records of a body, and whether all or none are wanted.
fn records(call: &Call) -> Result<(&[Json], bool), ApiError> {
    let body = call.object()?;
    only(body, &["allOrNone", "records"])?;
    let records = body.get("records").and_then(Json::as_array).filter(|records| !records.is_empty());
    let records = records.ok_or_else(|| parser_error("records must be a list of records"))?;
    too_many(records.len(), MOST)?;
    let mut runs = 0;
    let mut last = "";
    for record in records {
        let kind = record.as_object().and_then(|record| type_of(record).ok()).unwrap_or_default();
        if runs == 0 || !kind.eq_ignore_ascii_case(last) {
            runs += 1;
            last = kind;
        }
    }
    if runs > MOST_RUNS {
        let message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking.";
        return Err(ApiError::bad("LIMIT_EXCEEDED", message));
    }
    Ok((records, flag(body, "allOrNone")?))
}

fn too_many(count: usize, most: usize) -> Result<(), ApiError> {
    if count <= most {
        return Ok(());
    }
    let message = format!("record limit reached. cannot submit more than {most} records into this call");
    Err(ApiError::bad("EXCEEDED_ID_LIMIT", message))
}

fn type_of(record: &Map<String, Json>) -> Result<&str, ApiError> {
    let kind = record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Json::as_str);
    kind.ok_or_else(|| ApiError::bad("INVALID_TYPE", "Include an object type in the attributes of each record: attributes.type"))
}

/// Names in bodies are refused as the query languages refuse them; 404 is for addresses.
fn no_such_type(name: &str) -> ApiError {
    let message = format!(
        "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the \
         entity name. Please reference your WSDL or the describe call for the appropriate names."
    );
    ApiError::bad("INVALID_TYPE", message)
}

fn texts(body: &Map<String, Json>, name: &str) -> Result<Vec<String>, ApiError> {
    let given = body.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts = given.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| parser_error(format!("{name} must be a list of strings")))
}
