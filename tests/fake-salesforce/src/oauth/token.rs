//! The token endpoint: codes and refresh tokens become access tokens.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Method, Response};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    App, Ask, Auth, Endpoint, ErrorShape,
    answer::{self, OauthError},
    app::refreshable,
    form::Form,
    mint::{challenge_of, hmac},
    person::Person,
};
use crate::id::Id;

/// How long an id token is good, in seconds.
const ID_TOKEN_S: u64 = 120;

/// What an access token is issued for.
struct Issue<'a> {
    app: &'a App,
    user: Id,
    scopes: Vec<String>,
    approval: Option<u64>,
    refresh_token: Option<String>,
    nonce: Option<String>,
}

impl Auth {
    pub(super) fn token(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let shape = match form.get("format") {
            Some("urlencoded") => ErrorShape::Urlencoded,
            Some("xml") => ErrorShape::Xml,
            _ => ErrorShape::Json,
        };
        match self.issue(ask, &form) {
            Ok(body) => answer::shaped(200, &body, shape),
            Err(error) => error.respond(shape),
        }
    }

    fn issue(&mut self, ask: Ask<'_>, form: &Form) -> Result<Json, OauthError> {
        if ask.request.method() != Method::POST {
            return Err(OauthError::new("invalid_request", "must use POST"));
        }
        if let Some(name) = form.repeated() {
            return Err(OauthError::new("invalid_request", format!("duplicate parameter: {name}")));
        }
        let grant = form.get("grant_type");
        let endpoints: &[Endpoint] = match grant {
            Some("authorization_code") => &[Endpoint::Token, Endpoint::Code],
            Some("refresh_token") => &[Endpoint::Token, Endpoint::Refresh],
            _ => &[Endpoint::Token],
        };
        if let Some(next) = self.knobs.take_error(endpoints) {
            return Err(next.into());
        }
        if self.knobs.organization_inactive {
            return Err(OauthError::new("invalid_grant", "inactive organization"));
        }
        if self.knobs.ip_restricted {
            return Err(OauthError::new("invalid_grant", "ip restricted"));
        }
        match grant {
            None => Err(OauthError::new("invalid_request", "grant type is missing")),
            Some("authorization_code") => self.exchange(ask, form),
            Some("refresh_token") => self.refresh(ask, form),
            Some("client_credentials") => self.client_credentials(ask, form),
            Some(_) => Err(OauthError::new("unsupported_grant_type", "grant type not supported")),
        }
    }

    fn exchange(&mut self, ask: Ask<'_>, form: &Form) -> Result<Json, OauthError> {
        let app = usable(self.client(ask.request.headers(), form, |app| app.require_secret_for_web_flow)?)?;
        let text = form.get("code").ok_or_else(|| OauthError::missing("code"))?;
        let redirect_uri = form.get("redirect_uri").ok_or_else(|| OauthError::missing("redirect_uri"))?;
        let invalid = || OauthError::new("invalid_grant", "Invalid authorization code.");
        let code = self.ledger.code(text).filter(|code| code.client_id == app.client_id).cloned().ok_or_else(invalid)?;
        if let Some(approval) = code.used {
            if self.knobs.code_replay_revokes {
                self.ledger.revoke_approval(approval);
            }
            return Err(OauthError::new("invalid_grant", "expired authorization code"));
        }
        if ask.now_ms >= code.made_ms.saturating_add(self.knobs.code_ms) {
            return Err(OauthError::new("invalid_grant", "expired authorization code"));
        }
        if redirect_uri != code.redirect_uri {
            return Err(OauthError::new("redirect_uri_mismatch", "redirect_uri must match configuration"));
        }
        match (&code.challenge, form.get("code_verifier")) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge_of(verifier) == *challenge => {}
            (Some(_), Some(_)) => return Err(OauthError::new("invalid_request", "invalid code verifier")),
            (Some(_), None) => return Err(OauthError::new("invalid_grant", "missing code verifier")),
            // Otherwise who strips the challenge from the request for a code has switched PKCE off (RFC 9700).
            (None, Some(_)) => return Err(OauthError::new("invalid_grant", "missing code challenge")),
        }
        active(ask, code.user)?;
        let approval = self.ledger.approve(ask.now_ms, &app.client_id, code.user, &code.scopes, self.knobs.approvals);
        self.ledger.use_code(text, approval);
        let refresh_token = refreshable(&code.scopes).then(|| self.ledger.add_refresh(approval));
        let issue = Issue { app: &app, user: code.user, scopes: code.scopes, approval: Some(approval), refresh_token, nonce: code.nonce };
        Ok(self.granted(ask, issue))
    }

    fn refresh(&mut self, ask: Ask<'_>, form: &Form) -> Result<Json, OauthError> {
        let app = usable(self.client(ask.request.headers(), form, |app| app.require_secret_for_refresh_flow)?)?;
        let text = form.get("refresh_token").ok_or_else(|| OauthError::missing("refresh_token"))?;
        if let Some(owner) = self.ledger.refresh_owner(text) {
            active(ask, owner.user)?;
        }
        let approval = self.ledger.use_refresh(ask.now_ms, text, &app).ok_or_else(OauthError::expired_token)?;
        let (number, user, scopes) = (approval.number, approval.user, approval.scopes.clone());
        let refresh_token = app.rotate_refresh_tokens.then(|| self.ledger.add_refresh(number));
        Ok(self.granted(ask, Issue { app: &app, user, scopes, approval: Some(number), refresh_token, nonce: None }))
    }

    fn client_credentials(&mut self, ask: Ask<'_>, form: &Form) -> Result<Json, OauthError> {
        let app = usable(self.client(ask.request.headers(), form, |_| true)?)?;
        let name = app.client_credentials_user.as_deref();
        let person = name
            .and_then(|name| Person::named(ask.org, name))
            .ok_or_else(|| OauthError::new("invalid_grant", "no client credentials user enabled"))?;
        active(ask, person.id())?;
        let scopes: Vec<String> = app.scopes.iter().filter(|scope| !refreshable(std::slice::from_ref(scope))).cloned().collect();
        Ok(self.granted(ask, Issue { app: &app, user: person.id(), scopes, approval: None, refresh_token: None, nonce: None }))
    }

    fn granted(&mut self, ask: Ask<'_>, issue: Issue<'_>) -> Json {
        let Issue { app, user, scopes, approval, refresh_token, nonce } = issue;
        let token = self.open(ask.org, ask.now_ms, &app.client_id, user, scopes.clone(), approval);
        let id = ask.identity_url(user);
        let issued_at = ask.now_ms.to_string();
        let secret = app.client_secret.as_deref().unwrap_or_default().as_bytes();
        let signature = STANDARD.encode(hmac(secret, format!("{id}{issued_at}").as_bytes()));
        let id_token = scopes.iter().any(|scope| scope == "openid").then(|| id_token(ask, app, &id, &token, nonce.as_deref()));
        let mut body = json!({
            "access_token": token,
            "signature": signature,
            "scope": scopes.join(" "),
            "instance_url": self.knobs.instance_url.as_deref().unwrap_or(ask.address),
            "id": id,
            "token_type": "Bearer",
            "issued_at": issued_at,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(refresh_token.map(|token| ("refresh_token".to_owned(), token.into())));
            body.extend(id_token.map(|token| ("id_token".to_owned(), token.into())));
        }
        body
    }
}

/// An app that an administrator has blocked gets no tokens.
fn usable(app: App) -> Result<App, OauthError> {
    if app.blocked { Err(OauthError::new("app_blocked", "this app is blocked by admin")) } else { Ok(app) }
}

fn active(ask: Ask<'_>, user: Id) -> Result<(), OauthError> {
    let is_active = Person::by_id(ask.org, user).is_some_and(|person| person.is_active());
    if is_active { Ok(()) } else { Err(OauthError::new("invalid_grant", "inactive user")) }
}

/// Who signed in, signed with the app's secret (HS256). Salesforce signs with a key of its own (RS256).
fn id_token(ask: Ask<'_>, app: &App, id: &str, token: &str, nonce: Option<&str>) -> String {
    let now = ask.now_ms / 1000;
    let digest = Sha256::digest(token.as_bytes());
    let mut claims = json!({
        "at_hash": URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()),
        "sub": id,
        "aud": app.client_id,
        "iss": ask.address,
        "iat": now,
        "exp": now + ID_TOKEN_S,
    });
    if let (Some(claims), Some(nonce)) = (claims.as_object_mut(), nonce) {
        claims.insert("nonce".to_owned(), nonce.into());
    }
    let part = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let signature = hmac(app.client_secret.as_deref().unwrap_or_default().as_bytes(), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
