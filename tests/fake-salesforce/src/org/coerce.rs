//! From the JSON of a request to what a field holds.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value as Json;

use crate::{
    error::ApiError,
    id::Id,
    schema::{Field, FieldKind},
    value::Value,
};

/// The value of a field from JSON. Empty texts and texts of blanks are nothing; blanks around a text go, as in Salesforce.
pub(super) fn coerce(field: &Field, json: &Json) -> Result<Value, ApiError> {
    match json {
        Json::Null => return Ok(Value::Null),
        Json::Array(_) | Json::Object(_) => return Err(refused(field, json)),
        _ => {}
    }
    match field.kind {
        FieldKind::Boolean => boolean(json),
        FieldKind::Int => return whole(field, json),
        FieldKind::Double => number(json),
        FieldKind::Id | FieldKind::Reference => return reference(field, json),
        FieldKind::Date => json.as_str().and_then(date),
        FieldKind::DateTime => json.as_str().and_then(moment),
        _ => json.as_str().map(|text| Value::text(text.trim())),
    }
    .ok_or_else(|| refused(field, json))
}

fn boolean(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(yes) => Some(Value::Boolean(*yes)),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(Value::Boolean(true)),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(Value::Boolean(false)),
        _ => None,
    }
}

/// Numbers may come as texts: a shipping PBX sends the duration of a call so.
fn whole(field: &Field, json: &Json) -> Result<Value, ApiError> {
    let number = match json {
        Json::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15).map(|number| number as i64)),
        Json::String(text) if text.trim().is_empty() => return Ok(Value::Null),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| refused(field, json))?;
    let limit = 10_i64.checked_pow(if field.digits == 0 { 9 } else { field.digits }).unwrap_or(i64::MAX);
    if number.checked_abs().is_none_or(|size| size >= limit) {
        let message = format!("{}: value outside of valid range on numeric field: {number}", field.label);
        return Err(ApiError::bad("NUMBER_OUTSIDE_VALID_RANGE", message).with_fields(&[field.name]));
    }
    Ok(Value::Integer(number))
}

fn number(json: &Json) -> Option<Value> {
    match json {
        Json::Number(number) => number.as_f64().map(Value::Double),
        Json::String(text) if text.trim().is_empty() => Some(Value::Null),
        Json::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double),
        _ => None,
    }
}

fn reference(field: &Field, json: &Json) -> Result<Value, ApiError> {
    let text = json.as_str().ok_or_else(|| refused(field, json))?.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    Id::parse(text).map(Value::Reference).ok_or_else(|| malformed_id(field, text))
}

/// "… id value of incorrect type", as the REST guide shows it.
pub(super) fn malformed_id(field: &Field, text: &str) -> ApiError {
    ApiError::bad("MALFORMED_ID", format!("{}: id value of incorrect type: {text}", field.label)).with_fields(&[field.name])
}

/// `2026-11-22`; a moment is taken too and its time dropped.
fn date(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Value::Null);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    match day {
        Some(day) => Some(Value::Date(day)),
        None => match moment(text)? {
            Value::DateTime(moment) => Some(Value::Date(DateTime::from_timestamp_millis(moment)?.date_naive())),
            _ => None,
        },
    }
}

/// `2026-11-22T11:29:25.000+0000`, with `Z` or with a colon in the offset; a bare day is its midnight.
fn moment(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Value::Null);
    }
    let moment = DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(|| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok())
        .map(|moment| moment.timestamp_millis())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|moment| moment.and_utc().timestamp_millis()))
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0).map(|moment| moment.and_utc().timestamp_millis())
        })?;
    Some(Value::DateTime(moment - moment.rem_euclid(1000)))
}

/// A value of the wrong kind, as Salesforce's JSON reader refuses it. Where in the body it stands is not known here: line and column
/// are always those of its beginning.
fn refused(field: &Field, json: &Json) -> ApiError {
    let wanted = match field.kind {
        FieldKind::Boolean => "boolean",
        FieldKind::Int => "int",
        FieldKind::Double => "double",
        FieldKind::Date => "date",
        FieldKind::DateTime => "datetime",
        FieldKind::Id | FieldKind::Reference => "reference",
        _ => "string",
    };
    let given = match json {
        Json::Null => "VALUE_NULL value null".to_owned(),
        Json::Bool(true) => "VALUE_TRUE value true".to_owned(),
        Json::Bool(false) => "VALUE_FALSE value false".to_owned(),
        Json::Number(number) if number.is_f64() => format!("VALUE_NUMBER_FLOAT value {number}"),
        Json::Number(number) => format!("VALUE_NUMBER_INT value {number}"),
        Json::String(text) => format!("VALUE_STRING value {text}"),
        Json::Array(_) => "START_ARRAY value [".to_owned(),
        Json::Object(_) => "START_OBJECT value {".to_owned(),
    };
    let message =
        format!("Cannot deserialize instance of {wanted} from {given} or request may be missing a required field at [line:1, column:1]");
    ApiError::bad("JSON_PARSER_ERROR", message)
}
