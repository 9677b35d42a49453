//! `/composite/tree/{object}`: rows of one object with names of their own, all or none. Children within parents are not taken.

use serde_json::{Map, Value as Json, json};

use super::{
    call::{Call, parser_error},
    composite::only,
    desk::{Desk, fields_of},
    reply::{Answer, Reply},
};
use crate::error::ApiError;

/// Most rows.
const MOST: usize = 200;

/// `POST /composite/tree/{object}`
pub fn create(desk: &mut Desk<'_>, call: &Call, object: &str) -> Answer {
    let object = desk.object(object)?;
    let body = call.object()?;
    only(body, &["records"])?;
    let records = body.get("records").and_then(Json::as_array).filter(|records| !records.is_empty());
    let records = records.ok_or_else(|| parser_error("records must be a list of records"))?;
    if records.len() > MOST {
        return Err(ApiError::bad("LIMIT_EXCEEDED", format!("At most {MOST} records can be created in one request")));
    }
    let savepoint = desk.org.savepoint();
    let mut made: Vec<Json> = Vec::new();
    let mut failed: Vec<Json> = Vec::new();
    for record in records {
        let record = record.as_object().ok_or_else(|| parser_error("A record must be an object"))?;
        let reference = reference(record)?;
        let done =
            whole(record).and_then(|()| fields_of(record, "Id")).and_then(|fields| desk.org.create(&desk.context, object.name, &fields));
        match done {
            Ok(id) => made.push(json!({ "referenceId": reference, "id": id.to_string() })),
            Err(why) => failed.push(json!({ "referenceId": reference, "errors": [why.to_collection_json()] })),
        }
    }
    if failed.is_empty() {
        return Ok(Reply::json(201, json!({ "hasErrors": false, "results": made })));
    }
    desk.org.roll_back(savepoint);
    Ok(Reply::json(400, json!({ "hasErrors": true, "results": failed })))
}

fn reference(record: &Map<String, Json>) -> Result<&str, ApiError> {
    let reference = record.get("attributes").and_then(|attributes| attributes.get("referenceId")).and_then(Json::as_str);
    reference.ok_or_else(|| ApiError::bad("INVALID_INPUT", "Include a reference ID for each record in the request."))
}

/// Refuses children, which the fake cannot make.
fn whole(record: &Map<String, Json>) -> Result<(), ApiError> {
    match record.iter().find(|(name, value)| *name != "attributes" && value.is_object()) {
        Some((name, _)) => Err(ApiError::bad("INVALID_FIELD", format!("The relationship {name} is not supported"))),
        None => Ok(()),
    }
}
