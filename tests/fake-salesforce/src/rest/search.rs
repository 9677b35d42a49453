//! SOSL over REST, and the search with parameters.

use http::Method;
use serde_json::{Map, Value as Json, json};

use super::{
    call::Call,
    desk::Desk,
    reply::{Answer, Reply},
    version::SEARCH_RECORDS_SINCE,
};
use crate::{error::ApiError, id::Id, sosl};

/// `GET /search`
pub fn search(desk: &Desk<'_>, call: &Call, serial: u64) -> Answer {
    let text = call.parameter("q").unwrap_or_default();
    let found = sosl::run(desk.org, &desk.context, &call.version.to_string(), text)?;
    Ok(told(call, found, serial))
}

/// `GET /parameterizedSearch`, `POST /parameterizedSearch`
pub fn parameterized(desk: &Desk<'_>, call: &Call, serial: u64) -> Answer {
    let from_query;
    let parameters = if call.method == Method::POST {
        call.json()?
    } else {
        from_query = as_body(&call.query)?;
        &from_query
    };
    let found = sosl::parameterized(desk.org, &desk.context, &call.version.to_string(), parameters)?;
    let mut reply = told(call, found, serial);
    if let Some(told) = reply.body.as_mut().and_then(Json::as_object_mut)
        && let Some(labels) = sosl::metadata(desk.org, parameters)
    {
        told.insert("metadata".to_owned(), labels);
    }
    Ok(reply)
}

fn told(call: &Call, found: Vec<Json>, serial: u64) -> Reply {
    let body = if call.version < SEARCH_RECORDS_SINCE { Json::Array(found) } else { json!({ "searchRecords": found }) };
    Reply::json(200, body).with("queryid", Id::new("0sq", serial).short().to_owned())
}

/// The parameters of a GET as the body of a POST: `sobject=Account&Account.fields=id,name&Account.limit=10`.
fn as_body(query: &[(String, String)]) -> Result<Json, ApiError> {
    let mut body = Map::new();
    let mut objects: Vec<Map<String, Json>> = Vec::new();
    let list = |text: &str| text.split(',').map(|name| Json::from(name.trim())).collect::<Vec<_>>();
    for (name, value) in query {
        match name.as_str() {
            "sobject" => {
                let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                objects.extend(names.map(|name| Map::from_iter([("name".to_owned(), name.into())])));
            }
            "fields" => drop(body.insert(name.clone(), list(value).into())),
            "overallLimit" | "defaultLimit" | "offset" => drop(body.insert(name.clone(), number(name, value)?)),
            "spellCorrection" | "snippet" => drop(body.insert(name.clone(), Json::from(value.eq_ignore_ascii_case("true")))),
            _ => drop(body.insert(name.clone(), value.as_str().into())),
        }
    }
    // `Account.fields` belongs to the object that `sobject` names, wherever it stands.
    for object in &mut objects {
        let prefix = format!("{}.", object.get("name").and_then(Json::as_str).unwrap_or_default());
        for (name, value) in query {
            match name.strip_prefix(&prefix) {
                Some("fields") => drop(object.insert("fields".to_owned(), list(value).into())),
                Some("limit") => drop(object.insert("limit".to_owned(), number(name, value)?)),
                Some(other) => drop(object.insert(other.to_owned(), value.as_str().into())),
                None => continue,
            }
            body.remove(name);
        }
    }
    if !objects.is_empty() {
        body.insert("sobjects".to_owned(), objects.into());
    }
    Ok(Json::Object(body))
}

fn number(name: &str, value: &str) -> Result<Json, ApiError> {
    let number: u32 = value.trim().parse().map_err(|_| ApiError::bad("INVALID_SEARCH", format!("{name} must be a number: {value}")))?;
    Ok(number.into())
}
