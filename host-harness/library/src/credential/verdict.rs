//! What a refusal means: of a token request, and of an API request that bore a token.

use http::StatusCode;

use super::problem::{Kind, Problem};
use super::terms::{OAuthTerms, RefusalTerms};
use crate::bindings::connector::exports::pbx::crm::description::TokenMeaning;

/// What an answer to an API request says about its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenVerdict {
    /// The token was taken, or the refusal has nothing to do with it.
    NotTheToken,
    /// It has expired: a new one may help, once.
    Expired,
    /// The session is refused, and a new token would be too.
    RefusedForGood,
}

/// Which part of an answer is looked at.
const LOOKED_AT: usize = 64 * 1024;

/// Judges an answer to an API request.
#[must_use]
pub fn of_api_answer(refusals: &RefusalTerms, status: StatusCode, body: &[u8]) -> TokenVerdict {
    let text = || String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    match status {
        StatusCode::UNAUTHORIZED if refusals.final_401.iter().any(|known| text().contains(known.as_str())) => TokenVerdict::RefusedForGood,
        StatusCode::UNAUTHORIZED => TokenVerdict::Expired,
        _ => {
            let told = |known: &super::terms::ExpiredAnswer| {
                known.status == status.as_u16() && if known.whole { text().trim() == known.body } else { text().contains(&known.body) }
            };
            if refusals.expired.iter().any(told) { TokenVerdict::Expired } else { TokenVerdict::NotTheToken }
        }
    }
}

/// What was asked for when a token request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A code for tokens.
    Code,
    /// A refresh.
    Refresh,
    /// That a token be taken back.
    Revoke,
}

/// Judges a token answer that is an error. `error` and `description` are the CRM's words, empty where it has none.
pub(super) fn of_token_error(terms: &OAuthTerms, asked: Asked, status: StatusCode, error: &str, description: &str) -> Problem {
    let problem = |kind| {
        let words = if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") };
        Problem::about(kind, &terms.vendor).saying(&words)
    };
    let busy = matches!(status.as_u16(), 408 | 420 | 425 | 429) || status.is_server_error();
    // The service's state comes first: what it says while it is broken is no verdict on a credential.
    if busy {
        return problem(Kind::Unavailable).with("status", status.as_str());
    }
    if status.is_redirection() {
        return problem(Kind::Redirected);
    }
    let code = error.to_ascii_lowercase();
    let told = description.to_ascii_lowercase();
    let dead = if asked == Asked::Code { Kind::CodeDead } else { Kind::AuthoriseAgain };
    if let Some(meaning) = declared(terms, &code, &told) {
        return match meaning {
            TokenMeaning::AuthoriseAgain => problem(dead),
            TokenMeaning::WrongClient => problem(Kind::WrongClient),
            TokenMeaning::RedirectMismatch => problem(Kind::RedirectMismatch),
            TokenMeaning::AppBlocked => problem(Kind::AppBlocked),
            TokenMeaning::UserInactive => problem(Kind::UserInactive),
            TokenMeaning::OrganisationInactive => problem(Kind::OrganisationInactive),
            TokenMeaning::AddressRestricted => problem(Kind::AddressRestricted),
            TokenMeaning::Unavailable => problem(Kind::Unavailable).with("status", status.as_str()),
            TokenMeaning::Other(_) => problem(Kind::Refused).with("code", error),
        };
    }
    match code.as_str() {
        "server_error" | "slow_down" | "temporarily_unavailable" => problem(Kind::Unavailable).with("status", status.as_str()),
        "invalid_client" | "unauthorized_client" => problem(Kind::WrongClient),
        // No standard has it, and everybody says it.
        "redirect_uri_mismatch" => problem(Kind::RedirectMismatch),
        "access_denied" if asked == Asked::Code => problem(Kind::Denied),
        // RFC 6750 has the second for a dead token of a resource; some vendors use it for refresh tokens.
        "invalid_grant" | "invalid_token" => problem(dead),
        // A page of a proxy or of maintenance: nobody has judged the credential.
        "" => Problem::about(Kind::SenselessAnswer, &terms.vendor).with("what", &format!("status {}", status.as_str())),
        _ => problem(Kind::Refused).with("code", error),
    }
}

/// What the connector says that these words mean; both in lower case.
fn declared<'a>(terms: &'a OAuthTerms, code: &str, description: &str) -> Option<&'a TokenMeaning> {
    if code.is_empty() {
        return None;
    }
    terms.refusals.token_errors.iter().find(|known| known.fits(code, description)).map(|known| &known.meaning)
}

/// Judges the error in a callback.
pub(crate) fn of_callback_error(terms: &OAuthTerms, error: &str, description: &str) -> Problem {
    let words = format!("{error}: {description}");
    let about = |kind| Problem::about(kind, &terms.vendor).saying(&words);
    let code = error.to_ascii_lowercase();
    match declared(terms, &code, &description.to_ascii_lowercase()) {
        Some(TokenMeaning::WrongClient) => return about(Kind::WrongClient),
        Some(TokenMeaning::RedirectMismatch) => return about(Kind::RedirectMismatch),
        Some(TokenMeaning::AppBlocked) => return about(Kind::AppBlocked),
        Some(TokenMeaning::UserInactive) => return about(Kind::UserInactive),
        Some(TokenMeaning::OrganisationInactive) => return about(Kind::OrganisationInactive),
        // The others say nothing to somebody who has just come back from signing in.
        _ => {}
    }
    match code.as_str() {
        "access_denied" => about(Kind::Denied),
        "invalid_client" | "unauthorized_client" => about(Kind::WrongClient),
        "redirect_uri_mismatch" => about(Kind::RedirectMismatch),
        _ => about(Kind::CallbackError),
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Remedy;
    use super::super::tests::salesforce_terms;
    use super::*;

    #[test]
    fn only_an_expired_session_asks_for_a_new_token() {
        let refusals = salesforce_terms().refusals;
        let array = |message: &str, code: &str| format!("[{{\"message\":\"{message}\",\"errorCode\":\"{code}\"}}]");
        for (status, body, expected) in [
            (401, array("Session expired or invalid", "INVALID_SESSION_ID"), TokenVerdict::Expired),
            (401, String::new(), TokenVerdict::Expired),
            (401, "<html>".to_owned(), TokenVerdict::Expired),
            (401, array("This session is not valid for use with the REST API", "INVALID_SESSION_ID"), TokenVerdict::RefusedForGood),
            (401, array("Connected app is not attached to Agent", "INVALID_SESSION_ID"), TokenVerdict::RefusedForGood),
            (403, "Bad_OAuth_Token".to_owned(), TokenVerdict::Expired),
            (403, "Bad_OAuth_Token\n".to_owned(), TokenVerdict::Expired),
            (403, "Missing_OAuth_Token".to_owned(), TokenVerdict::NotTheToken),
            (403, array("Bad_OAuth_Token", "X"), TokenVerdict::NotTheToken),
            (403, array("TotalRequests Limit exceeded.", "REQUEST_LIMIT_EXCEEDED"), TokenVerdict::NotTheToken),
            (403, array("The REST API is not enabled for this Organization.", "API_DISABLED_FOR_ORG"), TokenVerdict::NotTheToken),
            (403, String::new(), TokenVerdict::NotTheToken),
            (400, "Bad_OAuth_Token".to_owned(), TokenVerdict::NotTheToken),
            (200, "Session expired or invalid".to_owned(), TokenVerdict::NotTheToken),
            (500, "Session expired or invalid".to_owned(), TokenVerdict::NotTheToken),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_api_answer(&refusals, status, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn every_code_that_salesforce_knows_is_for_the_administrator_or_for_later() {
        use Kind::*;
        for (status, code, description, expected) in [
            (400, "invalid_grant", "expired access/refresh token", AuthoriseAgain),
            (400, "invalid_grant", "authentication failure", AuthoriseAgain),
            (400, "invalid_grant", "user hasn't approved this consumer", AuthoriseAgain),
            (400, "invalid_grant", "no valid scopes defined", AuthoriseAgain),
            (400, "invalid_grant", "ip restricted", AddressRestricted),
            (400, "invalid_grant", "inactive user", UserInactive),
            (400, "invalid_grant", "inactive organization", OrganisationInactive),
            (400, "invalid_client_id", "client identifier invalid", WrongClient),
            (400, "invalid_client", "invalid client credentials", WrongClient),
            (401, "invalid_client", "", WrongClient),
            (400, "redirect_uri_mismatch", "redirect_uri must match configuration", RedirectMismatch),
            (400, "redirect_uri_missing", "", RedirectMismatch),
            (400, "inactive_user", "user is inactive", UserInactive),
            (400, "inactive_org", "organization is locked, closed, or suspended", OrganisationInactive),
            (400, "app_blocked", "", AppBlocked),
            (400, "app_attest_failed", "", AppBlocked),
            (400, "oauth_flow_disabled", "", AppBlocked),
            (400, "oauth_policy_not_found", "", AppBlocked),
            (400, "OAUTH_APP_BLOCKED", "", AppBlocked),
            (400, "OAUTH_APPROVAL_ERROR_GENERIC", "", AppBlocked),
            (400, "ecapp_policy_not_found", "", AppBlocked),
            (400, "fail_close_app_blocked", "", AppBlocked),
            (400, "unsupported_grant_type", "grant type not supported", Refused),
            (400, "invalid_request", "missing required parameter: code", Refused),
            (400, "invalid_scope", "", Refused),
            (400, "use_dpop_nonce", "", Refused),
            (400, "server_error", "", Unavailable),
            (400, "service_unavailable", "", Unavailable),
            (400, "system_down", "", Unavailable),
            (400, "slow_down", "", Unavailable),
            (400, "rate_limit_exceeded", "too many logins", Unavailable),
            (400, "unknown_error", "retry your request", Unavailable),
            (429, "", "", Unavailable),
            (420, "", "", Unavailable),
            (503, "", "", Unavailable),
            (500, "invalid_grant", "expired access/refresh token", Unavailable),
            (302, "", "", Redirected),
            (403, "", "", SenselessAnswer),
            (404, "", "", SenselessAnswer),
        ] {
            let problem = of_token_error(&salesforce_terms(), Asked::Refresh, StatusCode::from_u16(status).unwrap(), code, description);
            assert_eq!(problem.kind(), expected, "{status} {code} {description}");
            let later = [Unavailable, Redirected, SenselessAnswer].contains(&expected);
            assert_eq!(expected.remedy(), if later { Remedy::Later } else { Remedy::Administrator }, "{expected:?}");
        }
    }

    #[test]
    fn without_a_vendors_words_the_standards_codes_alone_are_known() {
        use Kind::*;
        let mut terms = salesforce_terms();
        terms.refusals.token_errors.clear();
        for (code, description, expected) in [
            ("invalid_grant", "ip restricted", AuthoriseAgain),
            ("invalid_client", "app must be installed into org", WrongClient),
            ("redirect_uri_mismatch", "", RedirectMismatch),
            ("temporarily_unavailable", "", Unavailable),
            ("inactive_user", "", Refused),
            ("invalid_client_id", "", Refused),
            ("app_blocked", "", Refused),
            ("system_down", "", Refused),
        ] {
            let problem = of_token_error(&terms, Asked::Refresh, StatusCode::BAD_REQUEST, code, description);
            assert_eq!(problem.kind(), expected, "{code}");
        }
    }

    #[test]
    fn an_expired_token_may_be_told_by_another_status_if_the_connector_says_so() {
        let expired = |status, body: &str, whole| super::super::terms::ExpiredAnswer { status, body: body.to_owned(), whole };
        let refusals = RefusalTerms {
            expired: vec![expired(200, "{\"error\":\"expired_token\"}", true), expired(400, "INVALID_OAUTHTOKEN", false)],
            ..RefusalTerms::default()
        };
        for (status, body, expected) in [
            (200, "{\"error\":\"expired_token\"}\n", TokenVerdict::Expired),
            (200, "{\"name\":{\"error\":\"expired_token\"}}", TokenVerdict::NotTheToken),
            (400, "{\"code\":\"INVALID_OAUTHTOKEN\"}", TokenVerdict::Expired),
            (403, "{\"code\":\"INVALID_OAUTHTOKEN\"}", TokenVerdict::NotTheToken),
        ] {
            assert_eq!(of_api_answer(&refusals, StatusCode::from_u16(status).unwrap(), body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_dead_code_is_no_dead_account() {
        for description in ["expired authorization code", "Invalid authorization code."] {
            let problem = of_token_error(&salesforce_terms(), Asked::Code, StatusCode::BAD_REQUEST, "invalid_grant", description);
            assert_eq!((problem.kind(), problem.kind().remedy()), (Kind::CodeDead, Remedy::Asker));
        }
    }

    #[test]
    fn errors_in_callbacks_are_told_apart() {
        for (error, description, expected) in [
            ("access_denied", "end-user denied authorization", Kind::Denied),
            ("invalid_client", "app must be installed into org", Kind::AppBlocked),
            ("invalid_client_id", "client identifier invalid", Kind::WrongClient),
            ("OAUTH_APP_BLOCKED", "this app is blocked by admin", Kind::AppBlocked),
            ("redirect_uri_mismatch", "", Kind::RedirectMismatch),
            ("immediate_unsuccessful", "", Kind::CallbackError),
            ("whatever", "<b>hello</b>", Kind::CallbackError),
        ] {
            assert_eq!(of_callback_error(&salesforce_terms(), error, description).kind(), expected, "{error}");
        }
    }
}
