//! Answers of the OAuth endpoints, and their errors.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value as Json, json};

use super::{
    form,
    knobs::{ErrorShape, NextError},
};
use crate::pages::html;

/// An error of OAuth.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OauthError {
    /// HTTP status.
    pub status: u16,
    /// `error`
    pub code: String,
    /// `error_description`
    pub description: String,
}

impl OauthError {
    /// Most errors: status 400.
    pub fn new(code: &str, description: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), description: description.into() }
    }

    /// A parameter that must be there is not.
    pub fn missing(name: &str) -> Self {
        Self::new("invalid_request", format!("missing required parameter: {name}"))
    }

    /// Everything that makes a refresh token useless reads the same.
    pub fn expired_token() -> Self {
        Self::new("invalid_grant", "expired access/refresh token")
    }

    /// As a whole answer.
    pub fn respond(&self, shape: ErrorShape) -> Response<Vec<u8>> {
        shaped(self.status, &json!({ "error": self.code, "error_description": self.description }), shape)
    }

    /// As parameters of a callback or of a bare text.
    pub fn pairs(&self) -> [(&str, &str); 2] {
        [("error", &self.code), ("error_description", &self.description)]
    }
}

impl From<NextError> for OauthError {
    fn from(next: NextError) -> Self {
        Self { status: next.status, code: next.error, description: next.description }
    }
}

/// JSON as Salesforce sends it.
pub fn json_answer(status: u16, body: &Json) -> Response<Vec<u8>> {
    with_type(status, "application/json;charset=UTF-8", body.to_string().into_bytes())
}

/// A flat object in the shape that the client asked for.
pub fn shaped(status: u16, body: &Json, shape: ErrorShape) -> Response<Vec<u8>> {
    let fields = || body.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    match shape {
        ErrorShape::Json => json_answer(status, body),
        ErrorShape::Urlencoded => with_type(status, "application/x-www-form-urlencoded;charset=UTF-8", form::encode(fields()).into_bytes()),
        ErrorShape::Xml => {
            html::render_as(status, "application/xml;charset=UTF-8", "oauth.xml", &json!({ "fields": fields().collect::<Vec<_>>() }))
        }
    }
}

/// A text, such as `Bad_OAuth_Token`.
pub fn text(status: u16, body: &str) -> Response<Vec<u8>> {
    with_type(status, "text/html;charset=UTF-8", body.as_bytes().to_vec())
}

/// To another place.
pub fn redirect(to: &str) -> Response<Vec<u8>> {
    let mut response = with_type(302, "text/html;charset=UTF-8", Vec::new());
    match HeaderValue::from_str(to) {
        Ok(place) => {
            response.headers_mut().insert(header::LOCATION, place);
            response
        }
        Err(_) => text(400, "invalid redirect"),
    }
}

/// A URL with more parameters.
pub fn with_query<'a>(url: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", form::encode(pairs))
}

fn with_type(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    response
}
