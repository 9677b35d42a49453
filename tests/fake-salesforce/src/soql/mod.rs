//! SOQL: parsed, checked against the schema, run over the org.
//!
//! SKELETON: signatures that the other rooms build on; the bodies are to be written.

use serde_json::Value as Json;

use crate::{
    error::ApiError,
    org::{Context, Org},
};

/// The answer of a query, still unrendered, so that a cursor over many rows is small.
#[derive(Clone, Debug)]
pub struct ResultSet {}

impl ResultSet {
    /// `totalSize`.
    #[must_use]
    pub fn total(&self) -> usize {
        todo!()
    }

    /// How many records there are to page through (0 for `SELECT COUNT()`).
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records as JSON with their `attributes`, which name `version` (such as "66.0").
    #[must_use]
    pub fn page(&self, org: &Org, version: &str, offset: usize, size: usize) -> Vec<Json> {
        let _ = (org, version, offset, size);
        todo!()
    }
}

/// Runs a query. `all`: `queryAll`, deleted rows included.
///
/// # Errors
/// `MALFORMED_QUERY`, `INVALID_TYPE`, `INVALID_FIELD` and the others as Salesforce words them.
pub fn run(org: &Org, context: &Context, text: &str, all: bool) -> Result<ResultSet, ApiError> {
    let _ = (org, context, text, all);
    todo!()
}

/// The answer to `?columns=true`: `{"columnMetadata":[...]}`.
///
/// # Errors
/// As [`run`].
pub fn columns(org: &Org, text: &str) -> Result<Json, ApiError> {
    let _ = (org, text);
    todo!()
}
