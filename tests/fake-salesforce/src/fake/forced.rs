//! Answers that a test puts before a route, whatever was asked.

use crm_fake::wire;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::Value as Json;

/// The next answers of a route.
#[derive(Clone, Debug)]
pub struct Forced {
    /// Which requests; see [`Forced::concerns`].
    pub route: String,
    /// Of which method; None: any.
    pub method: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// Body; a text is sent as it is, anything else as JSON.
    pub body: Json,
    /// Its type; None: JSON, or HTML for a text that begins with "<", or plain text.
    pub content_type: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// How many requests it still answers; None: all.
    pub times: Option<u32>,
}

impl Forced {
    /// Is it for this request? A route that begins with "/" is the beginning of a path. Any other one is the beginning of what stands
    /// below the version: "query" means `/services/data/vX.X/query` and all below it. Empty: any request at all.
    fn concerns(&self, request: &Request<Vec<u8>>) -> bool {
        if self.method.as_ref().is_some_and(|method| !method.eq_ignore_ascii_case(request.method().as_str())) {
            return false;
        }
        let path = request.uri().path();
        let (given, wanted) = if self.route.starts_with('/') || self.route.is_empty() {
            (path, self.route.as_str())
        } else {
            match path.strip_prefix("/services/data/").and_then(|below| below.split_once('/')) {
                Some((_, below)) => (below, self.route.as_str()),
                None => return false,
            }
        };
        let wanted = wanted.trim_end_matches('/');
        given.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn response(&self) -> Response<Vec<u8>> {
        let (kind, body) = match &self.body {
            Json::Null => ("text/plain", String::new()),
            Json::String(text) if text.trim_start().starts_with('<') => ("text/html;charset=UTF-8", text.clone()),
            Json::String(text) => ("text/plain;charset=UTF-8", text.clone()),
            other => ("application/json;charset=UTF-8", other.to_string()),
        };
        let mut response = wire::response(self.status, kind, body.into_bytes());
        let more = self.content_type.iter().map(|kind| ("content-type", kind.as_str()));
        for (name, value) in more.chain(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
            // `knobs` has let pass nothing that a header cannot hold.
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The answer that stands before this request, if one does.
pub(super) fn take(all: &mut Vec<Forced>, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
    let first = all.iter_mut().find(|forced| forced.concerns(request))?;
    let response = first.response();
    first.times = first.times.map(|left| left.saturating_sub(1));
    all.retain(|forced| forced.times != Some(0));
    Some(response)
}
