//! What a resource answers, before it is written down.

use http::Method;
use serde_json::{Value as Json, json};

use crate::error::ApiError;

/// The answer of a resource.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body; none where there is none (204, 304).
    pub body: Option<Json>,
    /// Headers of this answer alone, such as `Location`.
    pub headers: Vec<(&'static str, String)>,
}

/// What resources give: refusals are Salesforce's errors.
pub type Answer = Result<Reply, ApiError>;

impl Reply {
    /// An answer with a body.
    pub fn json(status: u16, body: Json) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    /// With a header.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// 405 with the text that Salesforce uses.
    pub fn wrong_verb(method: &Method, allowed: &[&str]) -> Self {
        let allowed = allowed.join(",");
        let error = ApiError::new(405, "METHOD_NOT_ALLOWED", format!("HTTP Method '{method}' not allowed. Allowed are {allowed}"));
        Self::from(error).with("allow", allowed)
    }

    /// Did it work? Redirections and "several records" did not.
    pub fn is_success(&self) -> bool {
        self.status < 300 || self.status == 304
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::json(error.status, json!([error.to_json()]))
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        answer.unwrap_or_else(Self::from)
    }
}
