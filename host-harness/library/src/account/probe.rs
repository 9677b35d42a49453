//! Asks a sign-in page whether it knows the app, before a person is sent there.

use bytes::Bytes;
use http::{Request, StatusCode, header};

use super::trouble::Trouble;
use super::{CrmAccount, PATIENCE};
use crate::bindings::connector::exports::pbx::crm::description::TokenMeaning;
use crate::core::io::HttpFailure;
use crate::credential::problem::{Kind, Problem};
use crate::credential::terms::{OAuthTerms, TokenError};
use crate::credential::verdict;

/// Words by which sign-in pages refuse an app, beside those that the connector declares. Nobody promises them: a page without them says nothing.
const REFUSALS: [&str; 3] = ["invalid_client", "unauthorized_client", "redirect_uri_mismatch"];
/// Which part of a page is looked at.
const LOOKED_AT: usize = 64 * 1024;

impl CrmAccount {
    /// Fetches the page as a browser without any session would. No redirect is followed.
    pub(super) fn probe(&self, url: &str) -> Result<(), Trouble> {
        let about = |kind| Problem::about(kind, self.vendor());
        let request = Request::get(url).header(header::ACCEPT, "text/html").body(Bytes::new());
        let request = request.map_err(|why| about(Kind::LoginHost).with("host", url).saying(&why.to_string()))?;
        match self.wire.carry(request, PATIENCE) {
            Ok(answer) => match refusal(&self.terms, answer.status(), answer.body()) {
                Some(word) => Err(verdict::of_callback_error(&self.terms, word, "").into()),
                None => Ok(()),
            },
            // Whoever cannot be reached from here could not be asked for a token later.
            Err(
                why @ (HttpFailure::NoSuchHost
                | HttpFailure::Refused
                | HttpFailure::ConnectTimeout
                | HttpFailure::Tls(_)
                | HttpFailure::Denied(_)),
            ) => Err(about(Kind::Unreachable).saying(&why.to_string()).into()),
            Err(_) => Ok(()),
        }
    }
}

/// The word by which a page refuses the app. Only a page that is an error is looked at: others may name anything.
fn refusal<'a>(terms: &'a OAuthTerms, status: StatusCode, page: &[u8]) -> Option<&'a str> {
    if !status.is_client_error() {
        return None;
    }
    let page = String::from_utf8_lossy(page.get(..LOOKED_AT).unwrap_or(page));
    let words: Vec<&str> = page.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').collect();
    let about_the_app = |known: &&TokenError| {
        matches!(known.meaning, TokenMeaning::WrongClient | TokenMeaning::RedirectMismatch | TokenMeaning::AppBlocked)
    };
    // A beginning such as "app_" has many a word that means nothing.
    let whole = terms.refusals.token_errors.iter().filter(|known| !known.begins && known.description.is_none());
    let declared = whole.filter(about_the_app).map(|known| known.code.as_str());
    declared.chain(REFUSALS).find(|refusal| words.iter().any(|word| word.eq_ignore_ascii_case(refusal)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::tests::salesforce_terms;

    #[test]
    fn a_page_refuses_by_a_whole_word_and_only_as_an_error() {
        for (status, page, expected) in [
            (
                400,
                "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
                Some("redirect_uri_mismatch"),
            ),
            (400, "<code>invalid_client_id</code> : client identifier invalid", Some("invalid_client_id")),
            (400, "FAIL_CLOSE_APP_BLOCKED : this app is blocked by admin", Some("fail_close_app_blocked")),
            (400, "<a href=app_name>", None),
            (200, "<script>var errors = ['invalid_client_id']</script>", None),
            (302, "invalid_client_id", None),
            (503, "invalid_client_id", None),
            (404, "not_invalid_client_ids", None),
            (400, "", None),
        ] {
            let terms = salesforce_terms();
            assert_eq!(refusal(&terms, StatusCode::from_u16(status).unwrap(), page.as_bytes()), expected, "{status} {page}");
        }
    }
}
