//! The form for a new record, filled in by a link. It only shows: the API makes records.

use http::Response;
use serde_json::json;

use super::{
    decode,
    frame::{Frame, list_of, tone},
    html, missing,
};
use crate::org::Org;

/// `defaults`: `LastName=Smith,Phone=...`, decoded once already; a value with `,` or `=` is encoded once more.
pub fn page(org: &Org, object: &str, defaults: &str) -> Response<Vec<u8>> {
    let Some(object) = org.object(object).filter(|object| object.writable) else { return missing(org) };
    let mut fields = Vec::new();
    let mut unknown = Vec::new();
    for pair in defaults.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match object.field(name.trim()).filter(|(_, field)| field.createable) {
            Some((_, field)) => {
                fields.push(json!({ "label": field.label, "name": field.name, "value": decode(&value.replace('+', "%2B")) }))
            }
            None => unknown.push(name.trim().to_owned()),
        }
    }
    let view = json!({
        "frame": Frame::new(org, Some(object)),
        "object": { "label": object.label, "plural": object.label_plural, "list": list_of(object), "tone": tone(object) },
        "fields": fields,
        "unknown": unknown,
    });
    html::render(200, "new.html", &view)
}
