//! Knobs that put an answer before everything else.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

use super::{Turned, done, invalid, read};
use crate::fake::{FakeSalesforce, Forced};

/// What the edge sends when it is too busy.
const BUSY_PAGE: &str = "<html>\n<head><title>503 Service Unavailable</title></head>\n<body>\n<center><h1>503 Service Unavailable</h1></center>\n\
                         <hr><center>sfdcedge</center>\n</body>\n</html>\n";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Next {
    #[serde(default)]
    route: String,
    method: Option<String>,
    status: u16,
    #[serde(default)]
    body: Json,
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default = "once", deserialize_with = "told")]
    times: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Busy {
    #[serde(default)]
    route: String,
    #[serde(default = "once", deserialize_with = "told")]
    times: Option<u32>,
    #[serde(default)]
    long: bool,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of an option")]
fn once() -> Option<u32> {
    Some(1)
}

/// An explicit null is for ever.
fn told<'de, D: Deserializer<'de>>(value: D) -> Result<Option<u32>, D::Error> {
    Option::deserialize(value)
}

pub(super) fn turn(fake: &mut FakeSalesforce, name: &str, value: Json) -> Turned {
    if name == "answer-next" {
        if value.is_null() {
            return done(fake.forced.clear());
        }
        return answer_next(fake, read(value)?);
    }
    let Busy { route, times, long } = read(if value.is_null() { json!({}) } else { value })?;
    if long && name != "concurrent-limit" {
        return Err(invalid("`long` belongs to `concurrent-limit`"));
    }
    let error = |code: &str, message: &str| json!([{ "message": message, "errorCode": code }]);
    let (status, body) = match name {
        "html-503" => (503, BUSY_PAGE.into()),
        "server-unavailable" => (503, error("SERVER_UNAVAILABLE", "Server Unavailable")),
        _ if long => (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")),
        _ => (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")),
    };
    push(fake, Forced { route, method: None, status, body, content_type: None, headers: Vec::new(), times })
}

fn answer_next(fake: &mut FakeSalesforce, next: Next) -> Turned {
    let Next { route, method, status, body, content_type, headers, times } = next;
    let sound =
        |(name, value): (&String, &String)| HeaderName::try_from(name.as_str()).is_ok() && HeaderValue::try_from(value.as_str()).is_ok();
    if !headers.iter().all(sound) || content_type.as_ref().is_some_and(|kind| HeaderValue::try_from(kind.as_str()).is_err()) {
        return Err(invalid("no header can hold this"));
    }
    push(fake, Forced { route, method, status, body, content_type, headers: headers.into_iter().collect(), times })
}

fn push(fake: &mut FakeSalesforce, forced: Forced) -> Turned {
    if forced.times == Some(0) {
        return Err(invalid("`times` must be at least 1"));
    }
    // 1xx are no answers, and above 599 is nothing.
    if !(200..=599).contains(&forced.status) || StatusCode::from_u16(forced.status).is_err() {
        return Err(invalid("`status` must be 200 to 599"));
    }
    done(fake.forced.push(forced))
}
