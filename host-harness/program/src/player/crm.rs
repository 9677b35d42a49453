//! The CRM in a play: a fake in this process, or one in another process that is reached over loopback.

use bytes::Bytes;
use crm_fake::{CrmFake, Outcome, RemoteCrm};
use pbx_crm_host::core::io::{HttpAnswer, HttpFailure, HttpRequest};

use super::PlayError;

/// Address under which a fake in this process is known. Nothing listens there: `.test` never resolves (RFC 6761).
pub const IN_PROCESS: &str = "http://crm.test";

/// The built-in fake for a connector.
///
/// # Errors
/// There is none.
pub fn built_in(connector: &str) -> Result<Box<dyn CrmFake>, PlayError> {
    match connector {
        #[cfg(feature = "demo")]
        "webhook" => Ok(Box::new(webhook_fake::WebhookFake::new())),
        #[cfg(feature = "demo")]
        "salesforce" => Ok(Box::new(fake_salesforce::fake::FakeSalesforce::new(0))),
        other => Err(PlayError::NoCrm(other.to_owned())),
    }
}

/// A fake in another process, by the address of its control side.
///
/// # Errors
/// It does not answer.
pub fn remote(address: &str) -> Result<Box<dyn CrmFake>, PlayError> {
    let crm = RemoteCrm::connect(address).map_err(|why| PlayError::Crm { crm: address.to_owned(), why: why.to_string() })?;
    Ok(Box::new(crm))
}

/// Sends one request: how long the CRM takes in virtual milliseconds, and its answer.
pub fn exchange(crm: &mut dyn CrmFake, now: u64, request: &HttpRequest) -> (u64, HttpAnswer) {
    let built = request
        .headers
        .iter()
        .fold(http::Request::builder().method(request.method.as_str()).uri(&request.url), |builder, (name, value)| {
            builder.header(name, value)
        })
        .body(request.body.to_vec());
    let Ok(built) = built else {
        return (0, Err(HttpFailure::Denied("the request is malformed".to_owned())));
    };
    let answer = crm.answer(now, built);
    let outcome = match answer.outcome {
        Outcome::Response(response) if response.body().len() > pbx_crm_host::limits::RESPONSE_BODY => Err(HttpFailure::TooLarge),
        Outcome::Response(response) => Ok(response.map(Bytes::from)),
        Outcome::Cut => Err(HttpFailure::Cut),
        Outcome::Refused => Err(HttpFailure::Refused),
    };
    (answer.after_ms, outcome)
}
