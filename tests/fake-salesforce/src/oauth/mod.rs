//! OAuth: apps, approvals, codes, tokens, sessions, and the pages on which a person signs in.
//!
//! One [`Auth`] is everything about signing in to one org. It answers the paths of the login host and says whose session a token
//! is; [`Knobs`] and each [`App`]'s settings make it misbehave as Salesforce does.

mod answer;
mod app;
mod authorize;
mod client;
pub(crate) mod form;
mod identity;
mod knobs;
mod ledger;
mod login;
mod mint;
mod person;
mod revoke;
mod soap;
#[cfg(test)]
mod tests;
mod token;
mod well_known;

use http::{HeaderMap, Method, Request, Response};
use serde::Serialize;

pub use app::{App, PLATFORM_CLI, RefreshPolicy, TEST_CLIENT_ID, TEST_CLIENT_SECRET};
pub use knobs::{AuthorizeErrors, Endpoint, ErrorShape, Knobs, NextError, RefusedSessions, SESSION_MS};
pub use ledger::Approval;
pub use soap::{PASSWORD, SECURITY_TOKEN};

use crate::{error::ApiError, id::Id, org::Org, pages::html};
use ledger::{Access, Ledger, alive_until};
use person::Person;

/// Stands for the org's administrator wherever a username may stand.
pub const ADMIN: &str = "admin";

/// Whose session an access token is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// The user.
    pub user: Id,
    /// Consumer key of the app.
    pub client_id: String,
    /// Granted scopes.
    pub scopes: Vec<String>,
}

/// Everything about signing in to one org.
#[derive(Debug)]
pub struct Auth {
    apps: Vec<App>,
    knobs: Knobs,
    ledger: Ledger,
}

/// One session, for assertions. The token is cut, so that a list of them is no secret.
#[derive(Clone, Debug, Serialize)]
pub struct SessionShown {
    /// First characters of the token.
    pub token: String,
    /// Username, or the id where the user is gone.
    pub username: String,
    /// Consumer key; empty: a browser.
    pub client_id: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Number of its approval.
    pub approval: Option<u64>,
    /// When it was made.
    pub made_ms: u64,
    /// When it was last used.
    pub used_ms: u64,
    /// Is it alive?
    pub alive: bool,
}

/// One request, and all that answers it.
#[derive(Clone, Copy)]
struct Ask<'a> {
    org: &'a Org,
    now_ms: u64,
    address: &'a str,
    request: &'a Request<Vec<u8>>,
}

impl Auth {
    /// The app of the tests, and the public client of Salesforce's own command line (`PlatformCLI`).
    #[must_use]
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// The same with other tokens: they follow from the number.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self { apps: vec![App::test(), App::platform_cli()], knobs: Knobs::default(), ledger: Ledger::new(seed) }
    }

    /// Answers what lies under `/services/oauth2/`, `/id/`, `/.well-known/`, `/services/Soap/` and the login pages; None: not one of its paths.
    /// `address`: under which this server was asked (`http://127.0.0.1:4711`), from the `Host` header and the scheme.
    pub fn respond(&mut self, org: &Org, now_ms: u64, address: &str, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let ask = Ask { org, now_ms, address: address.trim_end_matches('/'), request };
        let path = request.uri().path();
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let get = request.method() == Method::GET || request.method() == Method::HEAD;
        let post = request.method() == Method::POST;
        let known: &[&str] = match path {
            "/services/oauth2/token" => return Some(self.token(ask)),
            "/services/oauth2/authorize" if get || post => return Some(self.authorize(ask)),
            "/services/oauth2/revoke" if get || post => return Some(self.revoke(ask)),
            "/services/oauth2/introspect" => return Some(self.introspect(ask)),
            "/services/oauth2/userinfo" if get || post => return Some(self.userinfo(ask)),
            "/.well-known/openid-configuration" if get => return Some(well_known::openid(ask)),
            "/.well-known/auth-configuration" if get => return Some(well_known::auth(ask)),
            "/id/keys" if get => return Some(well_known::keys()),
            login::LOGIN if get => return Some(self.login_page(ask)),
            login::LOGIN if post => return Some(self.sign_in(ask)),
            login::CONSENT if post => return Some(self.decide(ask)),
            login::LOGOUT if get => return Some(self.log_out(ask)),
            login::FRONT_DOOR if get || post => return Some(self.front_door(ask)),
            "/services/oauth2/authorize" | "/services/oauth2/revoke" | "/services/oauth2/userinfo" | login::LOGIN | login::FRONT_DOOR => {
                &["GET", "POST"]
            }
            "/.well-known/openid-configuration" | "/.well-known/auth-configuration" | "/id/keys" | login::LOGOUT => &["GET"],
            login::CONSENT => &["POST"],
            _ => &[],
        };
        if !known.is_empty() {
            return Some(html::message(405, "Method not allowed", &format!("Allowed are {}", known.join(", "))));
        }
        if let Some(rest) = path.strip_prefix("/id/") {
            return Some(self.identity(ask, rest));
        }
        if let Some(rest) = path.strip_prefix("/services/Soap/") {
            return Some(self.soap(ask, rest));
        }
        let ours = path.starts_with("/services/oauth2") || path.starts_with("/.well-known/");
        ours.then(|| html::message(404, "Page not found", "URL No Longer Exists"))
    }

    /// The session of a bearer token.
    ///
    /// # Errors
    /// 401 `INVALID_SESSION_ID` "Session expired or invalid", and the other refusals of a session.
    pub fn session(&mut self, now_ms: u64, token: &str) -> Result<Session, ApiError> {
        let Some(access) = self.ledger.access(now_ms, token, &self.knobs, true) else {
            return Err(ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid"));
        };
        let for_rest = access.scopes.iter().any(|scope| scope == "api" || scope == "full");
        let refused = self.knobs.refused_sessions.or((!for_rest).then_some(RefusedSessions::NotForRest));
        match refused {
            None => Ok(Session { user: access.user, client_id: access.client_id.clone(), scopes: access.scopes.clone() }),
            Some(RefusedSessions::NotForRest) => {
                Err(ApiError::new(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"))
            }
            Some(RefusedSessions::NotAttachedToAgent) => {
                Err(ApiError::new(401, "INVALID_SESSION_ID", "Connected app is not attached to Agent"))
            }
            Some(RefusedSessions::DisabledForOrg) => {
                Err(ApiError::new(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."))
            }
            Some(RefusedSessions::DisabledForUser) => Err(ApiError::new(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")),
        }
    }

    /// The session of a request, from its `Authorization` header (`Bearer`, or `OAuth`).
    ///
    /// # Errors
    /// As [`Auth::session`]; a header of another kind is 401 `INVALID_AUTH_HEADER`.
    pub fn session_of(&mut self, now_ms: u64, headers: &HeaderMap) -> Result<Session, ApiError> {
        if headers.contains_key(http::header::AUTHORIZATION) && form::bearer(headers).is_none() {
            return Err(ApiError::new(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"));
        }
        self.session(now_ms, form::bearer(headers).unwrap_or_default())
    }

    /// The session of a request whose user is still active: sessions of a user who was deactivated end with that.
    ///
    /// # Errors
    /// As [`Auth::session_of`].
    pub fn session_in(&mut self, org: &Org, now_ms: u64, headers: &HeaderMap) -> Result<Session, ApiError> {
        let session = self.session_of(now_ms, headers)?;
        if Person::by_id(org, session.user).is_some_and(|person| person.is_active()) {
            Ok(session)
        } else {
            Err(ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid"))
        }
    }

    /// A live session for stand-alone use and tests, without the flow: an access token of the form `00D…!…`.
    pub fn grant(&mut self, org: &Org, now_ms: u64, user: Id) -> String {
        let scopes = vec!["full".to_owned(), "api".to_owned(), "web".to_owned(), "openid".to_owned(), "id".to_owned()];
        self.open(org, now_ms, TEST_CLIENT_ID, user, scopes, None)
    }

    /// The knobs.
    #[must_use]
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// The knobs, to turn.
    pub fn knobs_mut(&mut self) -> &mut Knobs {
        &mut self.knobs
    }

    /// All apps; they serialise without their secrets.
    #[must_use]
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// An app by its consumer key, to change.
    pub fn app_mut(&mut self, client_id: &str) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.client_id == client_id)
    }

    /// One more app, or one that takes the place of another with the same consumer key.
    pub fn put_app(&mut self, app: App) {
        self.apps.retain(|known| known.client_id != app.client_id);
        self.apps.push(app);
    }

    /// Puts an error before an endpoint.
    pub fn next_error(&mut self, error: NextError) {
        self.knobs.next_errors.push(error);
    }

    /// Ends one access token now. False: there is no such token, or it was dead. Its refresh token lives on.
    pub fn expire(&mut self, token: &str) -> bool {
        self.ledger.expire(|text, _| text == token) > 0
    }

    /// Ends the access tokens of a user, or all of them, and tells how many. Refresh tokens live on.
    pub fn expire_all(&mut self, user: Option<Id>) -> usize {
        self.ledger.expire(|_, access| user.is_none_or(|user| access.user == user))
    }

    /// Ends the refresh tokens of a user, or all of them, and tells how many. Access tokens live on.
    pub fn kill_refresh_tokens(&mut self, user: Option<Id>) -> usize {
        self.ledger.kill_refresh(user)
    }

    /// Revokes approvals with all their tokens, as an administrator does on the page "OAuth Usage". Tells how many.
    pub fn revoke_approvals(&mut self, client_id: &str, user: Option<Id>) -> usize {
        let fits = |known: &&Approval| known.client_id == client_id && user.is_none_or(|user| known.user == user);
        let numbers: Vec<u64> = self.ledger.approvals().filter(fits).map(|known| known.number).collect();
        for number in &numbers {
            self.ledger.revoke_approval(*number);
        }
        numbers.len()
    }

    /// All approvals, the oldest first.
    #[must_use]
    pub fn approvals(&self) -> Vec<Approval> {
        self.ledger.approvals().cloned().collect()
    }

    /// All sessions that were opened and not forgotten, the oldest first.
    #[must_use]
    pub fn sessions(&self, org: &Org, now_ms: u64) -> Vec<SessionShown> {
        let shown = |(token, access): (&String, &Access)| SessionShown {
            token: format!("{}…", token.chars().take(22).collect::<String>()),
            username: Person::by_id(org, access.user).map_or_else(|| access.user.to_string(), |person| person.text("Username").to_owned()),
            client_id: access.client_id.clone(),
            scopes: access.scopes.clone(),
            approval: access.approval,
            made_ms: access.made_ms,
            used_ms: access.used_ms,
            alive: !access.expired && now_ms < alive_until(access, &self.knobs),
        };
        let mut all: Vec<SessionShown> = self.ledger.accesses().map(shown).collect();
        all.sort_by(|one, other| (one.made_ms, &one.token).cmp(&(other.made_ms, &other.token)));
        all
    }

    fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// Opens a session and gives its token.
    fn open(&mut self, org: &Org, now_ms: u64, client_id: &str, user: Id, scopes: Vec<String>, approval: Option<u64>) -> String {
        let access = Access { client_id: client_id.to_owned(), user, scopes, approval, made_ms: now_ms, used_ms: now_ms, expired: false };
        self.ledger.add_access(now_ms, org.organization(), access, self.knobs.access_token_ms)
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self::new()
    }
}

impl Ask<'_> {
    /// The identity URL of a user: at the login host, ids with 18 characters.
    fn identity_url(&self, user: Id) -> String {
        format!("{}/id/{}/{user}", self.address, self.org.organization())
    }
}
