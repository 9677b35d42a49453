//! Giving tokens back (RFC 7009).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};

use super::answer::{error_of, failed};
use super::connection::Connection;
use super::endpoint::TokenEndpoint;
use super::problem::Problem;
use super::refresh::Account;
use super::terms::OAuthTerms;
use super::verdict::{self, Asked};

/// What came of it. Whatever it is, the credential is not used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// The CRM took it back.
    Done,
    /// The CRM did not know it any more.
    WasDead,
    /// The CRM has no way to give a token back: its administrator ends the access there.
    NoWay,
    /// There was no account.
    NothingToRevoke,
    /// The CRM could not be asked, or refused: the token may live on until it is ended there.
    NotConfirmed(Problem),
}

/// Revokes the refresh token, which takes its access tokens with it; the access token where there is no other.
pub(super) fn revoke(account: Account<'_>, connection: &Connection, endpoint: &dyn TokenEndpoint, time_left: Duration) -> Revoked {
    let terms = account.terms;
    let Some(path) = &terms.revoke_path else { return Revoked::NoWay };
    let login = terms.login(&connection.login, account.on_premises);
    let origin = match login.and_then(|login| terms.tokens_at(&login, &connection.grant.token_host, account.on_premises)) {
        Ok(origin) => origin,
        Err(problem) => return Revoked::NotConfirmed(problem),
    };
    let Some(request) = request(terms, connection, &origin.join(path)) else { return Revoked::NoWay };
    match endpoint.exchange(request, time_left) {
        Err(why) => Revoked::NotConfirmed(failed(terms, &why).problem()),
        Ok(answer) if answer.status().is_success() => Revoked::Done,
        Ok(answer) => {
            let read = serde_json::from_slice(answer.body()).ok();
            let (error, description) = error_of(read.as_ref(), answer.body(), "error");
            match error.as_str() {
                "invalid_token" | "unsupported_token_type" => Revoked::WasDead,
                _ => Revoked::NotConfirmed(verdict::of_token_error(terms, Asked::Revoke, answer.status(), &error, &description)),
            }
        }
    }
}

fn request(terms: &OAuthTerms, connection: &Connection, url: &str) -> Option<Request<Vec<u8>>> {
    let token = connection.grant.refresh.as_ref().unwrap_or(&connection.grant.access);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token.expose());
    let mut request = Request::post(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .header(ACCEPT, HeaderValue::from_static("application/json"));
    // Where the client is named in the body, vendors want the token alone there (Salesforce, Zoho, Google).
    if let (false, Some(secret)) = (terms.client_in_body, &connection.client.secret) {
        let pair = STANDARD.encode(format!("{}:{}", connection.client.id, secret.expose()));
        let mut value = HeaderValue::from_str(&format!("Basic {pair}")).ok()?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request.body(form.finish().into_bytes()).ok()
}
