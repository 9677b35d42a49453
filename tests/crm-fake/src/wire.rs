//! Small pieces of HTTP that every fake needs.

use http::{Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;

/// A response with a body. A `status` that does not exist becomes 500.
#[must_use]
pub fn response(status: u16, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

/// A response with a JSON body.
#[must_use]
pub fn json(status: u16, value: &impl Serialize) -> Response<Vec<u8>> {
    match serde_json::to_vec(value) {
        Ok(body) => response(status, "application/json", body),
        Err(broken) => error(500, &format!("the fake could not write its answer: {broken}")),
    }
}

/// A refusal: `{"error": "..."}`.
#[must_use]
pub fn error(status: u16, why: &str) -> Response<Vec<u8>> {
    response(status, "application/json", serde_json::json!({ "error": why }).to_string().into_bytes())
}

/// The parameters of a query in their order, decoded as HTML forms are ("+" is a space).
///
/// # Errors
/// What is wrong with it: a part without "=", or bytes that are no UTF-8.
pub fn query_pairs(query: &str) -> Result<Vec<(String, String)>, String> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(String::from).map_err(|_| format!("`{part}` is not UTF-8"))
    };
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("query parameter `{part}` has no value"))?;
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
