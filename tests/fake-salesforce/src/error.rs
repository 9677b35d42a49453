//! Salesforce's errors, as the REST API tells them.

use serde_json::{Value, json};

/// One element of the REST API's list of errors.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The HTTP status that goes with it when it is the whole answer.
    pub status: u16,
    /// `errorCode`, such as "MALFORMED_QUERY".
    pub code: &'static str,
    /// `message`, for people.
    pub message: String,
    /// `fields`: names of the fields that are at fault; left out where None.
    pub fields: Option<Vec<String>>,
    /// Further keys of the same element, such as `duplicateResut`.
    pub more: Vec<(&'static str, Value)>,
}

impl ApiError {
    /// An error with a status and nothing but code and message.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: None, more: Vec::new() }
    }

    /// Most errors: status 400.
    #[must_use]
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// With the fields at fault; an empty list is shown as `[]`.
    #[must_use]
    pub fn with_fields(mut self, fields: &[&str]) -> Self {
        self.fields = Some(fields.iter().map(|field| (*field).to_owned()).collect());
        self
    }

    /// 404 for an object or a path that does not exist.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    /// As an element of the list that REST answers with: the code under `errorCode`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.shown("errorCode")
    }

    /// As an element of the errors of a collection: the code under `statusCode`, `fields` always there.
    #[must_use]
    pub fn to_collection_json(&self) -> Value {
        let mut shown = self.shown("statusCode");
        if let Some(object) = shown.as_object_mut() {
            object.entry("fields").or_insert_with(|| json!([]));
        }
        shown
    }

    fn shown(&self, code_key: &str) -> Value {
        let mut object = serde_json::Map::new();
        for (key, value) in &self.more {
            object.insert((*key).to_owned(), value.clone());
        }
        object.insert("message".to_owned(), self.message.clone().into());
        object.insert(code_key.to_owned(), self.code.into());
        if let Some(fields) = &self.fields {
            object.insert("fields".to_owned(), fields.clone().into());
        }
        Value::Object(object)
    }
}
