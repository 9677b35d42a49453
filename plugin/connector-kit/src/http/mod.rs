mod client;
mod error_code;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
mod transport;

pub use client::Client;

use crate::{Effect, wasi::http::types::Method};

/// Largest answer that is read, in bytes (4 MiB, after decompression).
pub const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// A request below the base address.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Path and query below `context.base`, escaped, beginning with "/".
    pub path: String,
    /// Names in lower case. The host refuses `authorization`, `cookie` and `host`.
    pub headers: Vec<(String, String)>,
    /// Empty: no body.
    pub body: Vec<u8>,
    /// What a lost answer would mean.
    pub effect: Effect,
}

impl Request {
    /// A `GET` that asks for JSON.
    #[must_use]
    pub fn get(path: String) -> Self {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        Self { method: Method::Get, path, headers, body: Vec::new(), effect: Effect::Reads }
    }

    /// A `POST` of JSON that only asks, and asks for JSON.
    #[must_use]
    pub fn question(path: &str, body: &serde_json::Value) -> Self {
        Self { effect: Effect::Reads, ..Self::post(path, body) }
    }

    /// A `PATCH` of JSON that changes something and asks for JSON.
    #[must_use]
    pub fn patch(path: &str, body: &serde_json::Value) -> Self {
        Self { method: Method::Patch, ..Self::post(path, body) }
    }

    /// The same with a header more; its name in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A `POST` of JSON that changes something and asks for JSON.
    #[must_use]
    pub fn post(path: &str, body: &serde_json::Value) -> Self {
        let mut request = Self::get(path.to_owned());
        request.method = Method::Post;
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request.body = body.to_string().into_bytes();
        request.effect = Effect::Writes;
        request
    }
}

/// A whole answer, of whatever status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// 100 to 599, if the server is sane.
    pub status: u16,
    /// In the server's order; names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most [`MAX_ANSWER`].
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name (lower case), if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(given, _)| given == name)?;
        std::str::from_utf8(value).ok()
    }
}
