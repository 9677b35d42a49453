//! What must not stand in a log, even a fake's: tests print their logs.

use http::{HeaderMap, HeaderName, header};

/// What stands in place of a secret.
const HIDDEN: &str = "(hidden)";
/// Form fields that are secrets.
const IN_FORMS: [&str; 11] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "oauth_token",
    "password",
    "refresh_token",
    "sid",
    "token",
];

/// Headers in their order, their secrets hidden.
pub(crate) fn headers(of: &HeaderMap) -> Vec<(String, String)> {
    of.iter()
        // They are between us and the tests.
        .filter(|(name, _)| !name.as_str().starts_with("x-fake-"))
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown = if *name == header::AUTHORIZATION { scheme_alone(&text) } else { text.into_owned() };
            (name.as_str().to_owned(), if is_secret(name) { HIDDEN.to_owned() } else { shown })
        })
        .collect()
}

fn is_secret(name: &HeaderName) -> bool {
    *name == header::COOKIE || *name == header::PROXY_AUTHORIZATION
}

/// "Bearer (hidden)": a test may ask which kind it was.
fn scheme_alone(value: &str) -> String {
    value.split_once(' ').map_or_else(|| HIDDEN.to_owned(), |(scheme, _)| format!("{scheme} {HIDDEN}"))
}

/// A path with its query, the query's secrets hidden.
pub(crate) fn path(of: &str) -> String {
    match of.split_once('?') {
        Some((path, query)) => format!("{path}?{}", form(query)),
        None => of.to_owned(),
    }
}

/// A body as text, the secrets of a form hidden; of a long one the beginning.
pub(crate) fn body(headers: &HeaderMap, of: &[u8], most: usize) -> String {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let text = String::from_utf8_lossy(of.get(..most).unwrap_or(of));
    if is_form { form(&text) } else { text.into_owned() }
}

fn form(pairs: &str) -> String {
    let shown: Vec<String> = pairs
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if IN_FORMS.contains(&name) => format!("{name}={HIDDEN}"),
            _ => pair.to_owned(),
        })
        .collect();
    shown.join("&")
}
