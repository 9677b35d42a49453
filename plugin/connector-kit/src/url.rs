//! Addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::wasi::http::types::Scheme;

/// Everything but the characters that no address gives a meaning to (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One segment of a path. "." and ".." are escaped too, or an id could climb to another path.
#[must_use]
pub fn segment(text: &str) -> String {
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, ESCAPED).to_string(),
    }
}

/// A name or value in a query.
#[must_use]
pub fn query_value(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// A path with query parameters, added one by one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Query {
    text: String,
    empty: bool,
}

impl Query {
    /// A path that is escaped already, without a "?".
    #[must_use]
    pub fn of(path: &str) -> Self {
        Self { text: path.to_owned(), empty: true }
    }

    /// With one parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.empty { '?' } else { '&' });
        self.empty = false;
        self.text.push_str(&query_value(name));
        self.text.push('=');
        self.text.push_str(&query_value(value));
        self
    }

    /// Path and query.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Paths with the same repeated parameter, as few as possible: each is at most `most` bytes long, unless a single value is longer.
/// No values: no paths.
#[must_use]
pub fn repeated(start: &Query, name: &str, values: &[&str], most: usize) -> Vec<String> {
    let mut full = Vec::new();
    let mut current = start.clone();
    for value in values {
        let longer = current.clone().with(name, value);
        if longer.text.len() > most && current != *start {
            full.push(current.into_text());
            current = start.clone().with(name, value);
        } else {
            current = longer;
        }
    }
    if current != *start {
        full.push(current.into_text());
    }
    full
}

/// A base address in its parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Base<'a> {
    /// How to connect.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: &'a str,
    /// "" or "/crm": without a final "/".
    pub path: &'a str,
}

/// Parts a base address such as `https://intranet.example/crm`. None: it is none, or has more than scheme, host, port and path.
pub(crate) fn parts(base: &str) -> Option<Base<'_>> {
    let (scheme, rest) = match base.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let odd = |sign: char| sign.is_whitespace() || sign.is_control() || matches!(sign, '?' | '#' | '@' | '\\');
    let usable = !authority.is_empty() && !rest.contains(odd);
    usable.then(|| Base { scheme, authority, path: path.trim_end_matches('/') })
}

/// Can this be a base address: `http` or `https`, a host, perhaps a port and a path, and nothing else?
#[must_use]
pub fn is_base(address: &str) -> bool {
    parts(address).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_segments() {
        assert_eq!(segment("a/b?c#d%00"), "a%2Fb%3Fc%23d%2500");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("a.b-c_d~e"), "a.b-c_d~e");
        assert_eq!(segment("吴"), "%E5%90%B4");
    }

    #[test]
    fn builds_queries() {
        let path = Query::of("/records").with("text", "O'Brien & co").with("limit", "5").into_text();
        assert_eq!(path, "/records?text=O%27Brien%20%26%20co&limit=5");
    }

    #[test]
    fn splits_long_queries() {
        let start = Query::of("/r").with("limit", "5");
        assert_eq!(repeated(&start, "n", &["11", "22", "33"], 20), ["/r?limit=5&n=11&n=22", "/r?limit=5&n=33"]);
        assert_eq!(repeated(&start, "n", &["1111111111111111111"], 10), ["/r?limit=5&n=1111111111111111111"]);
        assert!(repeated(&start, "n", &[], 10).is_empty());
    }

    #[test]
    fn parts_base_addresses() {
        let base = parts("https://intranet.example:8443/crm/").unwrap();
        assert_eq!(base, Base { scheme: Scheme::Https, authority: "intranet.example:8443", path: "/crm" });
        assert_eq!(parts("http://[::1]:80").unwrap().authority, "[::1]:80");
        for bad in ["", "ftp://a", "https://", "https:///x", "https://user@host", "https://host?x", "https://ho st", "//host"] {
            assert!(!is_base(bad), "{bad}");
        }
    }
}
