//! One request to a resource, from the network or from within a composite request.

use std::io::Read;

use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use super::version::Version;
use crate::error::ApiError;

/// A compressed body may not grow beyond this, in bytes.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;
/// Pages of a query that a client may wish for (REST API guide, Query Options header).
const PAGE_SIZES: std::ops::RangeInclusive<usize> = 200..=2_000;

/// A request to a resource of one version.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is done.
    pub method: Method,
    /// By which version of the API.
    pub version: Version,
    /// Segments below the version, decoded.
    pub path: Vec<String>,
    /// Parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The body, read.
    body: Result<Option<Json>, ApiError>,
    /// `If-Modified-Since` and its like.
    pub conditions: Conditions,
    /// `Sforce-Query-Options: batchSize`.
    pub batch_size: Option<usize>,
}

/// Headers that make an answer depend on the age of a row.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `If-Modified-Since`, in milliseconds since 1970.
    pub modified_since: Option<i64>,
    /// `If-Unmodified-Since`.
    pub unmodified_since: Option<i64>,
    /// `If-Match`.
    pub matches: Option<String>,
    /// `If-None-Match`.
    pub none_matches: Option<String>,
}

impl Call {
    /// From the network. `path`: what stands below the version.
    ///
    /// # Errors
    /// A path or a query that cannot be decoded.
    pub fn of(version: Version, path: &str, request: &Request<Vec<u8>>) -> Result<Self, ApiError> {
        let query = parameters(request.uri().query().unwrap_or_default())?;
        let headers = request.headers();
        Ok(Self {
            method: overridden(request, &query),
            version,
            path: segments(path)?,
            query,
            body: read_body(headers, request.body()),
            conditions: Conditions::of(headers),
            batch_size: batch_size(headers),
        })
    }

    /// From within a composite request; `target` is the path below the version with its query.
    ///
    /// # Errors
    /// As [`Call::of`].
    pub fn within(method: Method, version: Version, target: &str, body: Option<Json>) -> Result<Self, ApiError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (segments(path)?, parameters(query)?);
        Ok(Self { method, version, path, query, body: Ok(body), conditions: Conditions::default(), batch_size: None })
    }

    /// The first parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body.
    ///
    /// # Errors
    /// It is missing, of a type that is not taken, or no JSON.
    pub fn json(&self) -> Result<&Json, ApiError> {
        match &self.body {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(parser_error("The HTTP entity body is required, but this request has no entity body.")),
            Err(why) => Err(why.clone()),
        }
    }

    /// The body, which must be an object.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub fn object(&self) -> Result<&Map<String, Json>, ApiError> {
        self.json()?
            .as_object()
            .ok_or_else(|| parser_error("Cannot deserialize the request body: an object is expected at [line:1, column:1]"))
    }
}

/// An error of the body.
pub fn parser_error(why: impl Into<String>) -> ApiError {
    ApiError::bad("JSON_PARSER_ERROR", why)
}

/// Clients that can only GET and POST say what they mean in a parameter or a header (REST API guide, Update a Record).
fn overridden(request: &Request<Vec<u8>>, query: &[(String, String)]) -> Method {
    if request.method() != Method::POST {
        return request.method().clone();
    }
    let header = request.headers().get("x-http-method-override").map(|value| value.as_bytes());
    let parameter = query.iter().find(|(name, _)| name == "_HttpMethod").map(|(_, value)| value.as_bytes());
    header.or(parameter).and_then(|method| Method::from_bytes(method).ok()).unwrap_or(Method::POST)
}

fn segments(path: &str) -> Result<Vec<String>, ApiError> {
    path.trim_start_matches('/')
        .trim_end_matches('/')
        .split('/')
        .filter(|_| !path.trim_matches('/').is_empty())
        .map(|segment| {
            // "+" is itself here: only queries write blanks so.
            percent_decode_str(segment).decode_utf8().map(String::from).map_err(|_| ApiError::not_found())
        })
        .collect()
}

/// Parameters as forms write them: "+" and "%20" are blanks. One without "=" is empty.
fn parameters(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map(String::from);
        decoded.map_err(|_| ApiError::bad("INVALID_PARAMETER_VALUE", "The request's parameters are not UTF-8"))
    };
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn read_body(headers: &HeaderMap, body: &[u8]) -> Result<Option<Json>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let kind = headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap_or("?"));
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = format!("Content-Type header specified in HTTP request is not supported: {kind}");
        return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", message));
    }
    let unpacked = match headers.get(header::CONTENT_ENCODING).map(|coding| coding.as_bytes()) {
        None | Some(b"identity") => None,
        Some(b"gzip" | b"x-gzip") => Some(unpack(body)?),
        Some(_) => return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding is not supported")),
    };
    serde_json::from_slice(unpacked.as_deref().unwrap_or(body)).map(Some).map_err(|why| {
        let place = format!("[line:{}, column:{}]", why.line(), why.column());
        let words = why.to_string();
        // The parser tells the place too, in other words.
        let words = words.split(" at line ").next().unwrap_or_default();
        parser_error(format!("{words} at {place}"))
    })
}

fn unpack(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut unpacked = Vec::new();
    match GzDecoder::new(body).take(MAX_UNPACKED).read_to_end(&mut unpacked) {
        Ok(_) => Ok(unpacked),
        Err(_) => Err(parser_error("The request body is no gzip")),
    }
}

fn batch_size(headers: &HeaderMap) -> Option<usize> {
    let options = headers.get("sforce-query-options")?.to_str().ok()?;
    let size = options.split([',', ';']).filter_map(|option| option.split_once('=')).find(|(name, _)| name.trim() == "batchSize")?;
    let size: usize = size.1.trim().parse().ok()?;
    Some(size.clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end()))
}

impl Conditions {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let moment = |name: header::HeaderName| {
            let parsed = chrono::DateTime::parse_from_rfc2822(text(name)?).ok()?;
            Some(parsed.timestamp_millis())
        };
        Self {
            modified_since: moment(header::IF_MODIFIED_SINCE),
            unmodified_since: moment(header::IF_UNMODIFIED_SINCE),
            matches: text(header::IF_MATCH).map(str::to_owned),
            none_matches: text(header::IF_NONE_MATCH).map(str::to_owned),
        }
    }
}
