//! `authorize`: from the request of an app to a code at its callback URL.

use http::{Response, header};
use serde_json::json;

use super::{
    App, Ask, Auth, AuthorizeErrors, Endpoint,
    answer::{self, OauthError},
    form::{self, Form},
    ledger::Code,
    login,
    person::{Person, organization_text},
};
use crate::{id::Id, pages::html};

/// A request for a code that may be answered at its callback URL.
pub(super) struct Asked {
    pub(super) app: App,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) state: Option<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    prompts: Vec<String>,
    immediate: bool,
}

/// Why a request for a code is refused, and where that is told.
pub(super) enum Refusal {
    /// Neither app nor callback URL can be trusted: at the login host.
    Here(OauthError),
    /// At the callback URL.
    Back(String, Option<String>, OauthError),
}

impl Auth {
    pub(super) fn authorize(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let asked = match self.asked(&form) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(&form, refusal),
        };
        if let Some(next) = self.knobs.take_error(&[Endpoint::Authorize]) {
            let back = next.status == 302;
            let error = OauthError::from(next);
            return if back { asked.back(&error) } else { error_page(error.status, &error.code, &error.description) };
        }
        if asked.app.blocked {
            return error_page(400, "OAUTH_APP_BLOCKED", "this app is blocked by admin");
        }
        if !asked.app.installed {
            return asked.back(&OauthError::new("invalid_client", "app must be installed into org"));
        }
        let helper = self.knobs.auto_approve.as_ref().or(asked.app.auto_approve.as_ref());
        if let Some(person) = helper.and_then(|name| Person::named(ask.org, name)).filter(Person::is_active) {
            return self.send_code(ask.now_ms, &asked, person.id());
        }
        let prompted = |what: &str| asked.prompts.iter().any(|known| known == what);
        let signed_in = self.browser_user(ask).filter(|_| !prompted("login") && !prompted("select_account"));
        let immediate = |asked: &Asked| asked.back(&OauthError::new("immediate_unsuccessful", "immediate unsuccessful"));
        match signed_in {
            None if asked.immediate => immediate(&asked),
            None => self.show_login(ask, &start_url(&form), form.get("login_hint"), None),
            Some(person) if self.ledger.approved(&asked.app.client_id, person.id(), &asked.scopes) && !prompted("consent") => {
                self.send_code(ask.now_ms, &asked, person.id())
            }
            Some(_) if asked.immediate => immediate(&asked),
            Some(person) => self.show_consent(ask, &form, &asked, &person),
        }
    }

    /// The answer of the consent page.
    pub(super) fn decide(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let mut form = Form::of(ask.request);
        let (token, decision) = (form.get("csrf").map(str::to_owned), form.get("decision").map(str::to_owned));
        form.set("csrf", None);
        form.set("decision", None);
        let asked = match self.asked(&form) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(&form, refusal),
        };
        let Some(person) = self.browser_user(ask) else {
            return self.show_login(ask, &start_url(&form), form.get("login_hint"), None);
        };
        if token.is_none() || token != self.consent_token(ask, &form) {
            return error_page(
                403,
                "OAUTH_APPROVAL_ERROR_GENERIC",
                "The approval page is no longer valid. Start again in the application.",
            );
        }
        match decision.as_deref() {
            Some("allow") => self.send_code(ask.now_ms, &asked, person.id()),
            _ => asked.back(&OauthError::new("access_denied", "end-user denied authorization")),
        }
    }

    /// Checks the parameters of a request for a code.
    pub(super) fn asked(&self, form: &Form) -> Result<Asked, Refusal> {
        if let Some(name @ ("client_id" | "redirect_uri")) = form.repeated() {
            return Err(Refusal::Here(OauthError::new("invalid_request", format!("duplicate parameter: {name}"))));
        }
        let Some(client_id) = form.get("client_id") else { return Err(Refusal::Here(OauthError::missing("client_id"))) };
        let Some(app) = self.app(client_id) else {
            return Err(Refusal::Here(OauthError::new("invalid_client_id", "client identifier invalid")));
        };
        let Some(redirect_uri) = form.get("redirect_uri") else {
            return Err(Refusal::Here(OauthError::new("redirect_uri_missing", "missing required parameter: redirect_uri")));
        };
        if !app.takes_callback(redirect_uri) {
            return Err(Refusal::Here(OauthError::new("redirect_uri_mismatch", "redirect_uri must match configuration")));
        }
        let state = form.get("state").map(str::to_owned);
        let back =
            |code: &str, description: &str| Refusal::Back(redirect_uri.to_owned(), state.clone(), OauthError::new(code, description));
        if let Some(name) = form.repeated() {
            return Err(back("invalid_request", &format!("duplicate parameter: {name}")));
        }
        match form.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(back("unsupported_response_type", "response type not supported")),
            None => return Err(back("invalid_request", "missing required parameter: response_type")),
        }
        let Some(scopes) = app.grant_scopes(form.get("scope")) else {
            return Err(back("invalid_scope", "the requested scope is not allowed"));
        };
        let challenge = form.get("code_challenge");
        if challenge.is_none() && app.require_pkce {
            return Err(back("invalid_request", "missing required code challenge"));
        }
        // SHA-256 in base64url is always 43 characters; no method means S256.
        let sound = |text: &str| text.len() == 43 && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"-_".contains(&sign));
        if challenge.is_some_and(|text| !sound(text)) {
            return Err(back("invalid_request", "invalid code challenge"));
        }
        if form.get("code_challenge_method").is_some_and(|method| method != "S256") {
            return Err(back("invalid_request", "code challenge method not supported"));
        }
        Ok(Asked {
            app: app.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scopes,
            challenge: challenge.map(str::to_owned),
            nonce: form.get("nonce").map(str::to_owned),
            prompts: form.get("prompt").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
            immediate: form.get("immediate").is_some_and(|text| text.eq_ignore_ascii_case("true")),
            state,
        })
    }

    pub(super) fn refuse(&self, form: &Form, refusal: Refusal) -> Response<Vec<u8>> {
        let (place, error) = match refusal {
            Refusal::Back(uri, state, error) => (Some((uri, state)), error),
            Refusal::Here(error) => (None, error),
        };
        match (self.knobs.authorize_errors, place) {
            (AuthorizeErrors::Text, _) => {
                let mut response = answer::text(400, &form::encode(error.pairs()));
                response.headers_mut().remove(header::CONTENT_TYPE);
                response
            }
            (_, Some((uri, state))) => back_to(&uri, state.as_deref(), &error),
            (AuthorizeErrors::Redirect, None) => match self.some_callback(form) {
                Some(uri) => back_to(&uri, form.get("state"), &error),
                None => error_page(400, &error.code, &error.description),
            },
            (AuthorizeErrors::Page, None) => error_page(400, &error.code, &error.description),
        }
    }

    /// A callback URL that some app has: never one that only the request names.
    fn some_callback(&self, form: &Form) -> Option<String> {
        let wished = form.get("redirect_uri").filter(|uri| self.apps.iter().any(|app| app.takes_callback(uri)));
        let app = form.get("client_id").and_then(|id| self.app(id));
        wished.map(str::to_owned).or_else(|| app?.callback_urls.first().cloned())
    }

    fn send_code(&mut self, now_ms: u64, asked: &Asked, user: Id) -> Response<Vec<u8>> {
        let code = self.ledger.add_code(Code {
            client_id: asked.app.client_id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            user,
            scopes: asked.scopes.clone(),
            challenge: asked.challenge.clone(),
            nonce: asked.nonce.clone(),
            made_ms: now_ms,
            used: None,
        });
        let state = asked.state.as_deref().map(|state| ("state", state));
        answer::redirect(&answer::with_query(&asked.redirect_uri, [("code", code.as_str())].into_iter().chain(state)))
    }

    fn show_consent(&mut self, ask: Ask<'_>, form: &Form, asked: &Asked, person: &Person<'_>) -> Response<Vec<u8>> {
        let page = json!({
            "app": asked.app.name,
            "organization": organization_text(ask.org, "Name"),
            "name": person.name(),
            "username": person.text("Username"),
            "scopes": asked.scopes.iter().map(|scope| described(scope)).collect::<Vec<_>>(),
            "hidden": form.pairs(),
            "csrf": self.consent_token(ask, form),
            "action": login::CONSENT,
            "logout": format!("{}?{}", login::LOGOUT, form::encode([("startURL", start_url(form).as_str())])),
            "display": display(form),
        });
        html::render_form(200, "consent.html", &page, &origin(&asked.redirect_uri))
    }

    /// Ties the consent page to the browser's session and to what was asked for, so that neither can be swapped.
    fn consent_token(&self, ask: Ask<'_>, form: &Form) -> Option<String> {
        let session = form::cookie(ask.request.headers(), login::SESSION)?;
        Some(self.ledger.mint.form_token(session, &form.write()))
    }
}

impl Asked {
    fn back(&self, error: &OauthError) -> Response<Vec<u8>> {
        back_to(&self.redirect_uri, self.state.as_deref(), error)
    }
}

fn back_to(uri: &str, state: Option<&str>, error: &OauthError) -> Response<Vec<u8>> {
    answer::redirect(&answer::with_query(uri, error.pairs().into_iter().chain(state.map(|state| ("state", state)))))
}

/// A page at the login host: the person must act, the app is not told.
fn error_page(status: u16, code: &str, description: &str) -> Response<Vec<u8>> {
    html::render(status, "oauth_error.html", &json!({ "code": code, "description": description }))
}

/// Where to go on after signing in: the same request, but not to sign in once more.
fn start_url(form: &Form) -> String {
    let mut again = Form::read(&form.write());
    let left: Vec<&str> = form
        .get("prompt")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter(|prompt| !["login", "select_account"].contains(prompt))
        .collect();
    again.set("prompt", (!left.is_empty()).then(|| left.join(" ")));
    format!("/services/oauth2/authorize?{}", again.write())
}

fn display(form: &Form) -> &str {
    form.get("display").filter(|kind| ["popup", "touch", "mobile"].contains(kind)).unwrap_or("page")
}

/// Where the answer of a form may lead, for the page's security policy: scheme and host of the callback URL.
pub(super) fn origin(uri: &str) -> String {
    let named = uri.parse::<http::Uri>().ok().and_then(|uri| Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?)));
    let fallback = || uri.split_once(':').map(|(scheme, _)| format!("{scheme}:"));
    let plain = |text: &String| text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b":/.-[]+".contains(&sign));
    named.or_else(fallback).filter(plain).unwrap_or_default()
}

/// What a scope lets an app do, as the consent page says it.
fn described(scope: &str) -> &str {
    match scope {
        "full" => "Full access to everything you can do",
        "api" => "Manage user data via APIs",
        "web" => "Manage user data via Web browsers",
        "id" => "Access the identity URL service",
        "openid" => "Access unique user identifiers",
        "profile" => "Access your basic information",
        "email" => "Access your e-mail address",
        "address" => "Access your address",
        "phone" => "Access your phone number",
        "refresh_token" | "offline_access" => "Perform requests at any time",
        other => other,
    }
}
