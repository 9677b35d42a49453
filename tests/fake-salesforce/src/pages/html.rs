//! Templates become answers. What is put into a page is always escaped, and the page may load nothing but its style sheet.

use std::{fmt::Write, sync::LazyLock};

use http::{HeaderValue, Response, StatusCode, header};
use minijinja::{
    Environment, Error, Output,
    value::{Serde, Value},
};
use serde::Serialize;
use serde_json::json;

/// Path of the style sheet.
pub(crate) const STYLE_PATH: &str = "/resource/fake-salesforce.css";
const STYLE: &str = include_str!("../../templates/style.css");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_formatter(|out, _, value| format_value(out, value));
    for (name, text) in FILES {
        // A template that does not parse is missing then, and its page is an error 500; a test reads them all.
        let _ = templates.add_template(name, text);
    }
    templates
});

const FILES: [(&str, &str); 17] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("bare.html", include_str!("../../templates/bare.html")),
    ("value.html", include_str!("../../templates/value.html")),
    ("tiles.html", include_str!("../../templates/tiles.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("list.html", include_str!("../../templates/list.html")),
    ("record.html", include_str!("../../templates/record.html")),
    ("new.html", include_str!("../../templates/new.html")),
    ("search.html", include_str!("../../templates/search.html")),
    ("message.html", include_str!("../../templates/message.html")),
    ("login.html", include_str!("../../templates/login.html")),
    ("consent.html", include_str!("../../templates/consent.html")),
    ("oauth_error.html", include_str!("../../templates/oauth_error.html")),
    ("oauth.xml", include_str!("../../templates/oauth.xml")),
    ("soap_login.xml", include_str!("../../templates/soap_login.xml")),
    ("soap_logout.xml", include_str!("../../templates/soap_logout.xml")),
    ("soap_fault.xml", include_str!("../../templates/soap_fault.xml")),
];

/// A page.
pub(crate) fn render(status: u16, name: &str, page: &impl Serialize) -> Response<Vec<u8>> {
    render_form(status, name, page, "")
}

/// A page whose form may lead to this origin, besides this server.
pub(crate) fn render_form(status: u16, name: &str, page: &impl Serialize, origin: &str) -> Response<Vec<u8>> {
    let mut response = render_as(status, "text/html; charset=utf-8", name, page);
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {origin}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy.trim_end()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A template as another type, such as XML.
pub(crate) fn render_as(status: u16, kind: &'static str, name: &str, page: &impl Serialize) -> Response<Vec<u8>> {
    match TEMPLATES.get_template(name).and_then(|template| template.render(Value::from(Serde(page)))) {
        Ok(text) => answer(status, kind, text.into_bytes()),
        Err(why) => answer(500, "text/plain; charset=utf-8", format!("the page {name} cannot be shown: {why}").into_bytes()),
    }
}

/// A page with a headline and a sentence.
pub(crate) fn message(status: u16, title: &str, text: &str) -> Response<Vec<u8>> {
    render(status, "message.html", &json!({ "title": title, "text": text, "status": status }))
}

/// To another page.
pub(crate) fn redirect(to: &str) -> Response<Vec<u8>> {
    let mut response = answer(302, "text/html; charset=utf-8", Vec::new());
    if let Ok(place) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The style sheet of all pages.
pub(crate) fn style() -> Response<Vec<u8>> {
    answer(200, "text/css; charset=utf-8", STYLE.as_bytes().to_vec())
}

fn answer(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Escapes what is put into HTML and XML. Slashes stay as they are: clients and scripts read URLs out of pages with regular expressions.
fn format_value(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() {
        return out.write_str(&value.to_string()).map_err(Error::from);
    }
    let escaped = value.to_string().chars().try_for_each(|sign| match sign {
        '&' => out.write_str("&amp;"),
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '"' => out.write_str("&quot;"),
        '\'' => out.write_str("&#39;"),
        sign => out.write_char(sign),
    });
    escaped.map_err(Error::from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{FILES, TEMPLATES, message, render_as};
    use serde_json::json;

    #[test]
    fn every_template_parses() {
        for (name, _) in FILES {
            assert!(TEMPLATES.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_shown_is_escaped() {
        let page = String::from_utf8(message(404, "<script>", "\"><img src=x onerror=alert(1)>").into_body()).unwrap();
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("<img"));
        let xml = render_as(500, "text/xml", "soap_fault.xml", &json!({ "code": "A", "message": "</faultstring> http://x/" }));
        let xml = String::from_utf8(xml.into_body()).unwrap();
        assert!(xml.contains("A: &lt;/faultstring&gt; http://x/<"));
    }
}
