//! What tests turn to make signing in go wrong, or go without a person.

use serde::{Deserialize, Serialize};

/// Two hours: Salesforce's default time-out of a session.
pub const SESSION_MS: u64 = 2 * 60 * 60 * 1000;

/// All the knobs of signing in. Those of one app are in [`super::App`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Who approves every app without a page: a username, an id, or `admin`; None: as each app says.
    pub auto_approve: Option<String>,
    /// `instance_url` of token answers, when the org has moved; None: this server.
    pub instance_url: Option<String>,
    /// How long an access token lives, in milliseconds.
    pub access_token_ms: u64,
    /// Does each use of an access token make it live on (a time-out of inactivity, as Salesforce's)? Read at each use.
    pub use_prolongs: bool,
    /// How long an authorization code lives, in milliseconds.
    pub code_ms: u64,
    /// Approvals that a user may have of one app; one more revokes the oldest. None: no limit (not known for External Client Apps).
    pub approvals: Option<usize>,
    /// What happens to a request for a code that cannot be trusted: wrong `client_id` or `redirect_uri` (not documented).
    pub authorize_errors: AuthorizeErrors,
    /// Shape of the errors of `revoke`.
    pub revoke_errors: ErrorShape,
    /// Does the replay of an authorization code revoke what was issued for it (RFC 6749 wishes so; not documented for Salesforce)?
    pub code_replay_revokes: bool,
    /// Access token requests are refused with `ip restricted`.
    pub ip_restricted: bool,
    /// Token requests are refused with `inactive organization`.
    pub organization_inactive: bool,
    /// Every session is refused at the REST API, though its tokens are good: refreshing does not help.
    pub refused_sessions: Option<RefusedSessions>,
    /// Errors that stand before an endpoint, first come first served.
    pub next_errors: Vec<NextError>,
}

/// How untrusted requests to `authorize` are answered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizeErrors {
    /// A page at the login host.
    #[default]
    Page,
    /// A bare text `error=...&error_description=...` without a type.
    Text,
    /// A redirect to a callback URL that some app has.
    Redirect,
}

/// How an error body is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `{"error":..,"error_description":..}`
    #[default]
    Json,
    /// `error=..&error_description=..`: jsforce reads `revoke`'s errors so.
    Urlencoded,
    /// `<OAuth><error>..</error>..</OAuth>`
    Xml,
}

/// Why the REST API refuses sessions that are alive.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedSessions {
    /// 401 "This session is not valid for use with the REST API".
    NotForRest,
    /// 401 "Connected app is not attached to Agent".
    NotAttachedToAgent,
    /// 403 `API_DISABLED_FOR_ORG` "The REST API is not enabled for this Organization."
    DisabledForOrg,
    /// 403 `API_CURRENTLY_DISABLED` "API is disabled for this User".
    DisabledForUser,
}

/// An endpoint before which an error can stand.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `/services/oauth2/authorize`
    Authorize,
    /// `/services/oauth2/token`, any grant.
    Token,
    /// `/services/oauth2/token` with `authorization_code`.
    Code,
    /// `/services/oauth2/token` with `refresh_token`.
    Refresh,
    /// `/services/oauth2/revoke`
    Revoke,
    /// `/services/oauth2/introspect`
    Introspect,
}

/// The next answers of an endpoint are this error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NextError {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// `error`, such as `server_error`.
    pub error: String,
    /// `error_description`.
    pub description: String,
    /// HTTP status. Before `authorize`: 302 redirects to the client, any other shows a page there.
    pub status: u16,
    /// For how many requests.
    pub times: u32,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            auto_approve: None,
            instance_url: None,
            access_token_ms: SESSION_MS,
            use_prolongs: true,
            code_ms: 15 * 60 * 1000,
            approvals: Some(5),
            authorize_errors: AuthorizeErrors::Page,
            revoke_errors: ErrorShape::Json,
            code_replay_revokes: false,
            ip_restricted: false,
            organization_inactive: false,
            refused_sessions: None,
            next_errors: Vec::new(),
        }
    }
}

impl Knobs {
    /// The error that stands before one of these endpoints, and one time less of it.
    pub(super) fn take_error(&mut self, endpoints: &[Endpoint]) -> Option<NextError> {
        self.next_errors.retain(|error| error.times > 0);
        let next = self.next_errors.iter_mut().find(|error| endpoints.contains(&error.endpoint))?;
        next.times -= 1;
        Some(next.clone())
    }
}
