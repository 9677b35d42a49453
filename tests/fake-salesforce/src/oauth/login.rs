//! The pages on which a person signs in, and the browser's session.

use http::{HeaderValue, Response, header};
use serde_json::json;

use super::{
    Ask, Auth, answer,
    form::{self, Form},
    person::{Person, organization_text},
};
use crate::{id::Id, pages::html};

/// Path of the login page.
pub(super) const LOGIN: &str = "/login";
/// Where the consent page sends its answer.
pub(super) const CONSENT: &str = "/setup/secur/RemoteAccessAuthorizationPage.apexp";
/// Signs out.
pub(super) const LOGOUT: &str = "/secur/logout.jsp";
/// Turns a session into one of the browser.
pub(super) const FRONT_DOOR: &str = "/secur/frontdoor.jsp";
/// Cookie with the browser's session.
pub(super) const SESSION: &str = "sid";
/// Cookie that tells browsers apart before anybody has signed in.
const BROWSER: &str = "BrowserId";
/// Most users that the page lists.
const LISTED: usize = 200;
const REFUSED: &str = "Please check your username. If you still can't log in, contact your Salesforce administrator.";

impl Auth {
    pub(super) fn login_page(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        self.show_login(ask, own_path(form.get("startURL")), form.get("un"), None)
    }

    pub(super) fn show_login(&mut self, ask: Ask<'_>, start_url: &str, hint: Option<&str>, complaint: Option<&str>) -> Response<Vec<u8>> {
        let known = form::cookie(ask.request.headers(), BROWSER).filter(|text| text.len() == 32).map(str::to_owned);
        let browser = known.clone().unwrap_or_else(|| self.ledger.mint.secret("browser", 32));
        let signed_in = self.browser_user(ask).map(|person| person.id());
        let chosen = hint.and_then(|hint| Person::by_username(ask.org, hint)).map(|person| person.id()).or(signed_in);
        let shown = |person: Person<'_>| {
            json!({
                "username": person.text("Username"),
                "name": person.name(),
                "chosen": chosen == Some(person.id()),
            })
        };
        let mut users: Vec<serde_json::Value> = Person::active(ask.org).take(LISTED).map(shown).collect();
        // One who is beyond the list and was hinted at is listed too.
        if let Some(person) =
            chosen.filter(|_| users.iter().all(|user| user.get("chosen") != Some(&true.into()))).and_then(|id| Person::by_id(ask.org, id))
        {
            users.push(shown(person));
        }
        let page = json!({
            "organization": organization_text(ask.org, "Name"),
            "users": users,
            "start_url": start_url,
            "csrf": self.ledger.mint.form_token(&browser, "login"),
            "action": LOGIN,
            "complaint": complaint,
        });
        // The redirect after signing in may go on to the callback URL at once, where consent was given before.
        let mut response = html::render_form(200, "login.html", &page, &self.callback_origin(start_url));
        if known.is_none() {
            set_cookie(&mut response, ask, BROWSER, &browser, None);
        }
        response
    }

    pub(super) fn sign_in(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let start_url = own_path(form.get("startURL")).to_owned();
        let token = form::cookie(ask.request.headers(), BROWSER).map(|browser| self.ledger.mint.form_token(browser, "login"));
        if token.is_none() || token.as_deref() != form.get("csrf") {
            return self.show_login(ask, &start_url, form.get("un"), Some("The page was too old. Please try again."));
        }
        let person = form.get("un").and_then(|name| Person::by_username(ask.org, name)).filter(Person::is_active);
        match person {
            Some(person) => self.enter(ask, person.id(), &start_url),
            None => self.show_login(ask, &start_url, None, Some(REFUSED)),
        }
    }

    pub(super) fn log_out(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        if let Some(session) = form::cookie(ask.request.headers(), SESSION) {
            self.ledger.remove_access(session);
        }
        let form = Form::of(ask.request);
        let mut response = match form.get("startURL") {
            Some(next) => answer::redirect(own_path(Some(next))),
            None => answer::redirect(LOGIN),
        };
        set_cookie(&mut response, ask, SESSION, "", Some(0));
        response
    }

    /// `frontdoor.jsp?sid=<access token>&retURL=<path>`: opens the org in a browser.
    pub(super) fn front_door(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let next = own_path(form.get("retURL").or(form.get("startURL"))).to_owned();
        let user = form.get("sid").and_then(|sid| self.ledger.access(ask.now_ms, sid, &self.knobs, true)).map(|access| access.user);
        match user {
            Some(user) => self.enter(ask, user, &next),
            None => self.show_login(ask, &next, None, None),
        }
    }

    /// Who is signed in in this browser.
    pub(super) fn browser_user<'a>(&mut self, ask: Ask<'a>) -> Option<Person<'a>> {
        let session = form::cookie(ask.request.headers(), SESSION)?;
        let access = self.ledger.access(ask.now_ms, session, &self.knobs, true).filter(|access| access.client_id.is_empty())?;
        Person::by_id(ask.org, access.user).filter(Person::is_active)
    }

    fn enter(&mut self, ask: Ask<'_>, user: Id, next: &str) -> Response<Vec<u8>> {
        let session = self.open(ask.org, ask.now_ms, "", user, vec!["web".to_owned()], None);
        let mut response = answer::redirect(next);
        set_cookie(&mut response, ask, SESSION, &session, None);
        response
    }

    fn callback_origin(&self, start_url: &str) -> String {
        let query = start_url.split_once('?').map_or("", |(_, query)| query);
        self.asked(&Form::read(query)).map(|asked| super::authorize::origin(&asked.redirect_uri)).unwrap_or_default()
    }
}

/// A path of this server: nothing that leads a browser elsewhere.
fn own_path(wished: Option<&str>) -> &str {
    let fits =
        |path: &&str| path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|sign| sign.is_ascii_graphic() && sign != b'\\');
    wished.filter(fits).unwrap_or("/")
}

fn set_cookie(response: &mut Response<Vec<u8>>, ask: Ask<'_>, name: &str, value: &str, max_age: Option<u64>) {
    // Lax: an app sends the browser here from another site, and the session must come along.
    let secure = if ask.address.starts_with("https:") { "; Secure" } else { "" };
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    if let Ok(line) = HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn signing_in_leads_to_no_other_host() {
        assert_eq!(own_path(Some("/services/oauth2/authorize?a=b")), "/services/oauth2/authorize?a=b");
        for bad in ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nSet-Cookie: x", ""] {
            assert_eq!(own_path(Some(bad)), "/", "{bad}");
        }
    }
}
