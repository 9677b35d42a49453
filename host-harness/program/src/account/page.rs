//! The pages of `connect`. Templates end in `.html`, so everything that is put into them is escaped.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use minijinja::Environment;
use minijinja::value::{Serde, Value};
use pbx_crm_host::account::CrmAccount;
use pbx_crm_host::account::approval::sign_in_facts;
use pbx_crm_host::account::opening::{Opened, Opening};
use serde_json::json;

use super::approved::Shown;
use super::words::Words;

const TEMPLATES: [(&str, &str); 3] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("connect.html", include_str!("../../templates/connect.html")),
    ("result.html", include_str!("../../templates/result.html")),
];
const STYLE: &str = include_str!("../../templates/style.css");
/// Path of the style sheet, behind that of the page.
pub const STYLE_PATH: &str = "/style.css";

/// An answer to a browser.
pub type Page = Response<Vec<u8>>;

/// Makes pages.
pub struct Pages {
    templates: Environment<'static>,
    words: Words,
    /// Path of the first page, which is that of the callback.
    path: String,
    /// Where its form may lead.
    policy: HeaderValue,
}

impl Pages {
    /// In the language of these words. `login` is the origin at which people sign in.
    #[must_use]
    pub fn new(words: Words, path: &str, login: &str) -> Self {
        let mut templates = Environment::new();
        for (name, text) in TEMPLATES {
            // One that does not parse is missing then, and its page is an error 500; a test shows each of them.
            let _ = templates.add_template(name, text);
        }
        // The way to the CRM leads over hosts that only the CRM knows, and browsers check each of them.
        let policy =
            format!("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https: {login}");
        let strict = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        Self { templates, words, path: path.to_owned(), policy: HeaderValue::from_str(&policy).unwrap_or(strict) }
    }

    /// What the pages say.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The page that shows what is to be approved.
    #[must_use]
    pub fn connect(&self, account: &CrmAccount, opening: &Opening, on_premises: &[String], form: &str) -> Page {
        let description = account.connector().description();
        let crm = [("crm", description.name.as_str())];
        let say = |id: &str| self.words.say(id, &crm);
        let shown = Shown::all(description, &self.words);
        let hints = ["credential.redirect-mismatch", "credential.wrong-client", "credential.app-blocked"];
        let page = json!({
            "title": say("page.connect-title"),
            "redirect_uri": opening.redirect_uri,
            "login": opening.login,
            "client_id": opening.client.id,
            "scopes": account.terms().scope(),
            "on_premises": on_premises,
            "any_not_confinable": shown.iter().any(|operation| operation.not_confinable),
            "operations": shown,
            "facts": sign_in_facts(description),
            "form": form,
            "hints": hints.map(|id| super::host_words(id, &crm, self.words.language())),
            "t": {
                "callback": say("page.callback"),
                "callback_hint": say("page.callback-hint"),
                "sign_in_at": say("page.sign-in-at"),
                "client_id": say("page.client-id"),
                "scopes": say("page.scopes"),
                "on_premises": say("page.on-premises"),
                "on_premises_hint": say("page.on-premises-hint"),
                "approve": say("page.approve"),
                "approve_hint": self.words.say("page.approve-hint", &[("connector", &description.id), ("version", &description.version)]),
                "what_for": say("page.what-for"),
                "requests": say("page.requests"),
                "sign_in_facts": say("page.sign-in-facts"),
                "sign_in_facts_hint": say("page.sign-in-facts-hint"),
                "not_confinable": say("page.not-confinable"),
                "not_confinable_hint": say("page.not-confinable-hint"),
                "go": say("page.go"),
                "go_hint": say("page.go-hint"),
                "if_error": say("page.if-error"),
            },
        });
        self.render(StatusCode::OK, "connect.html", page)
    }

    /// The page of an account that is connected now.
    #[must_use]
    pub fn connected(&self, crm: &str, opened: &Opened, warnings: &[String]) -> Page {
        let say = |id: &str| self.words.say(id, &[("crm", crm)]);
        let page = json!({
            "title": say("page.connected-title"),
            "connected": true,
            "organisation": format!("{} ({})", opened.who.organisation_name, opened.who.organisation),
            "user": opened.who.user_name,
            "warnings": warnings,
            "close": say("page.close"),
            "t": { "organisation": say("page.organisation"), "user": say("page.user"), "warnings": say("page.warnings") },
        });
        self.render(StatusCode::OK, "result.html", page)
    }

    /// The page of one that is not, and why.
    #[must_use]
    pub fn refused(&self, status: StatusCode, crm: &str, reason: &str, close: &str) -> Page {
        let page = json!({
            "title": self.words.say("page.refused-title", &[("crm", crm)]),
            "connected": false,
            "reason": reason,
            "close": self.words.say(close, &[("crm", crm)]),
            "t": {},
        });
        self.render(status, "result.html", page)
    }

    /// The style sheet.
    #[must_use]
    pub fn style(&self) -> Page {
        let mut response = Response::new(STYLE.as_bytes().to_vec());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
        self.guarded(response)
    }

    /// Sends the browser on.
    #[must_use]
    pub fn elsewhere(&self, to: &str) -> Page {
        let mut response = Response::new(Vec::new());
        match HeaderValue::from_str(to) {
            Ok(to) => {
                *response.status_mut() = StatusCode::SEE_OTHER;
                response.headers_mut().insert(http::header::LOCATION, to);
            }
            Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        }
        self.guarded(response)
    }

    fn render(&self, status: StatusCode, name: &str, mut page: serde_json::Value) -> Page {
        if let Some(page) = page.as_object_mut() {
            page.insert("language".to_owned(), self.words.language().into());
            page.insert("path".to_owned(), self.path.as_str().into());
        }
        let rendered = self.templates.get_template(name).and_then(|template| template.render(Value::from(Serde(page))));
        let (status, html) = match rendered {
            Ok(html) => (status, html),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("<!doctype html><title>500</title>{}", why.kind())),
        };
        let mut response = Response::new(html.into_bytes());
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        self.guarded(response)
    }

    /// With the headers that every answer has: nothing foreign runs, frames, keeps or learns of it.
    fn guarded(&self, mut response: Page) -> Page {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
