//! Parameters of a request: query, form body, Basic credentials, cookies.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Signs that need no escape in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// The parameters of a request in their order.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Those of the query, and of the body of a POST whose type is that of a form. A body of another type is not looked at, as in a servlet.
    pub fn of(request: &Request<Vec<u8>>) -> Self {
        let mut form = Self::read(request.uri().query().unwrap_or_default());
        if request.method() == Method::POST && is_form(request.headers()) {
            form.0.extend(Self::read(&String::from_utf8_lossy(request.body())).0);
        }
        form
    }

    /// Reads `a=b&c=d`. What is no UTF-8 becomes the replacement sign, and so matches nothing.
    pub fn read(text: &str) -> Self {
        let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The name of a parameter that is given more than once.
    pub fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !seen.insert(*name))
    }

    /// All of them, for handing on.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Replaces a parameter; None takes it away.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// As `a=b&c=d`.
    pub fn write(&self) -> String {
        encode(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// Pairs as a form.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let escape = |text: &str| utf8_percent_encode(text, FORM).to_string().replace("%20", "+");
    let parts: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    parts.join("&")
}

fn is_form(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Key and secret of `Authorization: Basic`; Err: it is malformed; None: it is not there.
pub fn basic(headers: &HeaderMap) -> Option<Result<(String, String), ()>> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.and_then(|text| text.split_once(':').map(|(key, secret)| (key.to_owned(), secret.to_owned())));
    Some(pair.ok_or(()))
}

/// The token of `Authorization: Bearer` (or `OAuth`, which Salesforce takes too).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("OAuth")).then(|| token.trim())
}

/// A cookie of the request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|part| part.trim().split_once('='))
        .find(|(known, value)| *known == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Form, basic, encode};
    use http::{HeaderMap, Request, header};

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = Form::read("a=b+c&code=x%3D%3D&empty=&flag&a=2");
        assert_eq!(form.get("a"), Some("b c"));
        assert_eq!(form.get("code"), Some("x=="));
        assert_eq!(form.get("empty"), None);
        assert_eq!(form.repeated(), Some("a"));
        assert_eq!(encode([("a b", "c==&"), ("é", "~")]), "a+b=c%3D%3D%26&%C3%A9=%7E");
    }

    #[test]
    fn a_body_that_is_no_form_is_not_read() {
        let request = |kind: &str| Request::post("/?q=1").header(header::CONTENT_TYPE, kind).body(b"grant_type=x".to_vec()).unwrap();
        assert_eq!(Form::of(&request("application/json")).get("grant_type"), None);
        assert_eq!(Form::of(&request("Application/X-www-form-urlencoded; charset=UTF-8")).get("grant_type"), Some("x"));
        assert_eq!(Form::of(&request("text/plain")).get("q"), Some("1"));
    }

    #[test]
    fn malformed_basic_credentials_are_told_from_missing_ones() {
        let headers = |text: &str| HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().unwrap())]);
        assert_eq!(basic(&headers("Basic a2V5OnNlOmNyZXQ=")), Some(Ok(("key".to_owned(), "se:cret".to_owned()))));
        assert_eq!(basic(&headers("Basic !!!")), Some(Err(())));
        assert_eq!(basic(&headers("Bearer x")), None);
        assert_eq!(basic(&HeaderMap::new()), None);
    }
}
