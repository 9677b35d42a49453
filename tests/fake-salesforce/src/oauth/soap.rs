//! `login` and `logout` of the SOAP API: with a username and a password, as older clients sign in.

use http::{Method, Response};
use serde_json::{Value as Json, json};

use super::{
    Ask, Auth,
    person::{Person, organization_text},
};
use crate::pages::html;

/// Password of every user of a fake org.
pub const PASSWORD: &str = "fake-password";
/// May follow the password, as a security token must outside trusted networks.
pub const SECURITY_TOKEN: &str = "FakeSecurityToken0000000";

impl Auth {
    /// `/services/Soap/{u|c}/{version}[/...]`
    pub(super) fn soap(&mut self, ask: Ask<'_>, rest: &str) -> Response<Vec<u8>> {
        let mut parts = rest.split('/');
        let (flavour, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let known = version.strip_suffix(".0").and_then(|major| major.parse::<u16>().ok()).is_some_and(|major| (50..=67).contains(&major));
        if ask.request.method() != Method::POST {
            return html::message(405, "Method not allowed", "Only POST is supported");
        }
        if !["u", "c"].contains(&flavour) || !known {
            return fault("UNSUPPORTED_API_VERSION", "Unsupported API version");
        }
        let body = String::from_utf8_lossy(ask.request.body());
        if let Some(login) = element(&body, "login") {
            return self.soap_login(ask, flavour, version, login);
        }
        let session = element(&body, "sessionId").map(unescape).unwrap_or_default();
        if element(&body, "logout").is_some() {
            let ended =
                self.ledger.access(ask.now_ms, session.trim(), &self.knobs, false).is_some() && self.ledger.remove_access(session.trim());
            return if ended {
                xml(200, "soap_logout.xml", &json!({}))
            } else {
                fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
            };
        }
        fault("INVALID_OPERATION", "This operation is not supported by the fake: only login and logout are")
    }

    fn soap_login(&mut self, ask: Ask<'_>, flavour: &str, version: &str, login: &str) -> Response<Vec<u8>> {
        if self.knobs.ip_restricted {
            return fault(
                "LOGIN_MUST_USE_SECURITY_TOKEN",
                "Invalid username, password, security token; or user locked out. Are you at a new location?",
            );
        }
        let text = |name: &str| element(login, name).map(unescape).unwrap_or_default();
        let person = Person::by_username(ask.org, text("username").trim()).filter(Person::is_active);
        let password = text("password");
        let right = password == PASSWORD || password.strip_prefix(PASSWORD) == Some(SECURITY_TOKEN);
        let Some(person) = person.filter(|_| right) else {
            return fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.");
        };
        let instance = self.knobs.instance_url.as_deref().unwrap_or(ask.address).to_owned();
        let organization = ask.org.organization();
        let session = self.open(ask.org, ask.now_ms, "SOAP", person.id(), vec!["full".to_owned(), "api".to_owned()], None);
        let page = json!({
            "server_url": format!("{instance}/services/Soap/{flavour}/{version}/{}", organization.short()),
            "metadata_url": format!("{instance}/services/Soap/m/{version}/{}", organization.short()),
            "session": session,
            "user": person.id().to_string(),
            "organization": organization.to_string(),
            "organization_name": organization_text(ask.org, "Name"),
            "name": person.name(),
            "username": person.text("Username"),
            "email": person.text("Email"),
            "seconds": self.knobs.access_token_ms / 1000,
            "urn": if flavour == "u" { "partner" } else { "enterprise" },
        });
        xml(200, "soap_login.xml", &page)
    }
}

fn fault(code: &str, message: &str) -> Response<Vec<u8>> {
    xml(500, "soap_fault.xml", &json!({ "code": code, "message": message }))
}

fn xml(status: u16, template: &str, page: &Json) -> Response<Vec<u8>> {
    html::render_as(status, "text/xml;charset=utf-8", template, page)
}

/// What stands in the first element of this name, whatever its prefix. Enough for two calls without attributes that matter.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, inside) = after.split_once('>')?;
        let full = tag.split(|sign: char| sign.is_ascii_whitespace() || sign == '/').next().unwrap_or_default();
        if full.rsplit(':').next() == Some(name) {
            if tag.ends_with('/') {
                return Some("");
            }
            return inside.split_once(&format!("</{full}")).map(|(content, _)| content);
        }
        rest = inside;
    }
    None
}

fn unescape(text: &str) -> String {
    let plain =
        |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'");
    plain(text).replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::{element, unescape};

    #[test]
    fn elements_are_found_whatever_their_prefix() {
        let text =
            r#"<?xml version="1.0"?><se:Body><n1:login xmlns:n1="urn:x"><n1:username>a&amp;lt;</n1:username><n1:password/></n1:login>"#;
        assert_eq!(element(text, "username").map(unescape).as_deref(), Some("a&lt;"));
        assert_eq!(element(text, "password"), Some(""));
        assert_eq!(element(text, "user"), None);
        assert_eq!(element("<login", "login"), None);
        assert_eq!(element("<login>x", "login"), None);
    }
}
