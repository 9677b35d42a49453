//! Writes a reply down: indented if asked for, compressed if the client takes it, with the headers that Salesforce sends.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Value as Json, ser::Formatter};

use super::reply::Reply;

/// Below this many bytes gzip makes nothing smaller.
const WORTH_IT: usize = 150;

/// What of the request decides how the answer is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    pretty: bool,
    gzip: bool,
}

impl Wishes {
    /// `X-PrettyPrint: 1` and `Accept-Encoding: gzip`.
    pub fn of(headers: &HeaderMap) -> Self {
        let pretty = headers.get("x-prettyprint").is_some_and(|value| matches!(value.as_bytes(), b"1" | b"true"));
        let gzip = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(takes_gzip);
        Self { pretty, gzip }
    }
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        named && !parts.any(|weight| matches!(weight.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The answer as it goes out. `serial` numbers the answers; `limit_info` is absent where Salesforce tells none.
pub fn write(reply: Reply, wishes: Wishes, now_ms: u64, serial: u64, limit_info: Option<String>) -> Response<Vec<u8>> {
    let mut body = reply.body.as_ref().map_or_else(Vec::new, |body| text(body, wishes.pretty));
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    };
    if let Some(date) = http_date(i64::try_from(now_ms).unwrap_or(i64::MAX)) {
        put("date", &date);
    }
    for (name, value) in ALWAYS {
        put(name, value);
    }
    let request_id = format!("{:016x}{serial:016x}", serial.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    put("x-sfdc-request-id", &request_id);
    put("x-request-id", &request_id);
    if let Some(info) = limit_info {
        put("sforce-limit-info", &info);
    }
    for (name, value) in &reply.headers {
        put(name, value);
    }
    if reply.body.is_some() {
        put("content-type", "application/json;charset=UTF-8");
        put("vary", "Accept-Encoding");
        if wishes.gzip
            && body.len() >= WORTH_IT
            && let Ok(small) = gzip(&body)
        {
            put("content-encoding", "gzip");
            body = small;
        }
    }
    *response.body_mut() = body;
    response
}

/// Headers of every answer of the REST API, as recorded in 2023 and 2026.
const ALWAYS: [(&str, &str); 7] = [
    ("cache-control", "no-cache,must-revalidate,max-age=0,no-store,private"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "none"),
    ("x-sfdc-edge-cache", "none"),
    ("server", "sfdcedge"),
    ("set-cookie", "CookieConsentPolicy=0:1; path=/; SameSite=Lax"),
];

/// A moment as HTTP's headers write it.
pub fn http_date(milliseconds: i64) -> Option<String> {
    let moment = chrono::DateTime::from_timestamp_millis(milliseconds)?;
    Some(moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn text(body: &Json, pretty: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let written = if pretty {
        body.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Indented::default()))
    } else {
        serde_json::to_writer(&mut out, body)
    };
    // A value that is in memory can always be written there.
    debug_assert!(written.is_ok());
    out
}

/// JSON as Jackson's default printer indents it: `"a" : 1`, arrays in one line with their brackets.
#[derive(Default)]
struct Indented {
    depth: usize,
    empty: bool,
}

impl Indented {
    fn new_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.empty = true;
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.empty = false;
        out.write_all(b" ]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b" " } else { b", " })
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.empty {
            out.write_all(b" ")?;
        } else {
            self.new_line(out)?;
        }
        self.empty = false;
        out.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.new_line(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b" : ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::{takes_gzip, text};

    #[test]
    fn pretty_json_looks_as_jackson_prints_it() {
        let body = json!({ "a": 1, "b": [{ "c": null }, { "d": [] }], "e": {}, "f": [1, 2] });
        let printed = String::from_utf8(text(&body, true)).unwrap();
        let expected =
            "{\n  \"a\" : 1,\n  \"b\" : [ {\n    \"c\" : null\n  }, {\n    \"d\" : [ ]\n  } ],\n  \"e\" : { },\n  \"f\" : [ 1, 2 ]\n}";
        assert_eq!(printed, expected);
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        assert!(takes_gzip("gzip, deflate") && takes_gzip("br;q=1.0, gzip;q=0.8") && takes_gzip("*"));
        assert!(!takes_gzip("deflate") && !takes_gzip("gzip;q=0") && !takes_gzip("gzip; q=0.0") && !takes_gzip(""));
    }
}
