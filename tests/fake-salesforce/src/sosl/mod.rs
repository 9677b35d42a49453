//! SOSL: parsed, checked against the schema, run over the org's search index.
//!
//! SKELETON: signatures that the other rooms build on; the bodies are to be written.

use serde_json::Value as Json;

use crate::{
    error::ApiError,
    org::{Context, Org},
};

/// Runs a search; gives the elements of `searchRecords`.
///
/// # Errors
/// `MALFORMED_SEARCH`, `INVALID_SEARCH`, `INVALID_TYPE`, `INVALID_FIELD` as Salesforce words them.
pub fn run(org: &Org, context: &Context, version: &str, text: &str) -> Result<Vec<Json>, ApiError> {
    let _ = (org, context, version, text);
    todo!()
}

/// Runs a parameterised search from the body of a POST (a GET is turned into the same JSON by the caller).
///
/// # Errors
/// As [`run`]; unknown keys are `INVALID_SEARCH`... as Salesforce words them.
pub fn parameterized(org: &Org, context: &Context, version: &str, parameters: &Json) -> Result<Vec<Json>, ApiError> {
    let _ = (org, context, version, parameters);
    todo!()
}
