//! OAuth: apps, approvals, codes, tokens, sessions, and the pages on which a person signs in.
//!
//! SKELETON: signatures that the other rooms build on; the bodies are to be written.

use crate::{error::ApiError, id::Id, org::Org};

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
pub struct Auth {}

impl Auth {
    /// The app of the tests, and the public client of Salesforce's own command line (`PlatformCLI`).
    #[must_use]
    pub fn new() -> Self {
        todo!()
    }

    /// Answers what lies under `/services/oauth2/`, `/id/`, `/.well-known/` and the login pages; None: not one of its paths.
    /// `address`: under which this server was asked (`http://127.0.0.1:4711`), from the `Host` header and the scheme.
    pub fn respond(&mut self, org: &Org, now_ms: u64, address: &str, request: &http::Request<Vec<u8>>) -> Option<http::Response<Vec<u8>>> {
        let _ = (org, now_ms, address, request);
        todo!()
    }

    /// The session of a bearer token.
    ///
    /// # Errors
    /// 401 `INVALID_SESSION_ID` "Session expired or invalid", and the other refusals of a session.
    pub fn session(&mut self, now_ms: u64, token: &str) -> Result<Session, ApiError> {
        let _ = (now_ms, token);
        todo!()
    }

    /// A live session for stand-alone use and tests, without the flow: an access token of the form `00D…!…`.
    pub fn grant(&mut self, org: &Org, now_ms: u64, user: Id) -> String {
        let _ = (org, now_ms, user);
        todo!()
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self::new()
    }
}
