//! `wasi:http` for connectors: a request becomes a value that the core hands out, its answer a value that the core is given.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, COOKIE, EXPECT, HOST, IF_RANGE, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use ::http::{HeaderName, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::oneshot;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use super::permit::Permits;
use crate::credential::problem::Problem;
use crate::limits;

/// Why an HTTP request has no answer. What matters to a connector is whether the CRM may have seen the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// The host name does not resolve. Nothing was sent.
    #[error("the name does not resolve")]
    NoSuchHost,
    /// Nobody listens there. Nothing was sent.
    #[error("the connection was refused")]
    Refused,
    /// No connection within the time allowed. Nothing was sent.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The TLS handshake failed. Nothing was sent.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The guard did not let it out. Nothing was sent.
    #[error("not allowed: {0}")]
    Denied(String),
    /// The name leads to no address to which requests may go. Nothing was sent. It passes where a name server is out of order.
    #[error("no usable address: {0}")]
    BadAddress(String),
    /// There is no credential to send it with. Nothing was sent.
    #[error("no credential: {0}")]
    Credential(Box<Problem>),
    /// The account's API has another address now, as the last token answer told. Nothing was sent.
    #[error("the account is at {0} now")]
    Moved(String),
    /// The connection broke after the request went out.
    #[error("the connection broke before the answer was complete")]
    Cut,
    /// No whole answer within the time allowed.
    #[error("no answer in time")]
    Timeout,
    /// The answer is longer than [`limits::RESPONSE_BODY`].
    #[error("the answer is too long")]
    TooLarge,
}

impl From<HttpFailure> for Error {
    fn from(failure: HttpFailure) -> Self {
        match failure {
            HttpFailure::NoSuchHost => Self::DnsError { rcode: None, info_code: None },
            HttpFailure::Refused => Self::ConnectionRefused,
            HttpFailure::ConnectTimeout => Self::ConnectionTimeout,
            HttpFailure::Tls(_) => Self::TlsProtocolError,
            HttpFailure::Denied(_) => Self::HttpRequestDenied,
            HttpFailure::BadAddress(_) => Self::DestinationIpProhibited,
            // Not sent, and worth another try: what waits is kept. The core knows the reason better than the connector could.
            HttpFailure::Credential(_) | HttpFailure::Moved(_) => Self::ConnectionRefused,
            HttpFailure::Cut => Self::ConnectionTerminated,
            HttpFailure::Timeout => Self::HttpResponseTimeout,
            HttpFailure::TooLarge => Self::HttpResponseBodySize(None),
        }
    }
}

/// Answer to an HTTP request.
pub type HttpAnswer = Result<Response<Bytes>, HttpFailure>;

/// A request on its way out, and where its answer goes.
pub(crate) struct Outgoing {
    pub(crate) request: Request<Bytes>,
    pub(crate) answer: oneshot::Sender<HttpAnswer>,
}

/// What a connector's gate and the core share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Not yet seen by the core.
    pub(crate) outgoing: VecDeque<Outgoing>,
    /// Requests that were let out.
    pub(crate) sent: u32,
    /// Answers that the connector's side has taken.
    pub(crate) taken: u32,
    /// Requests that were not let out, with the reason, for the log.
    pub(crate) denied: Vec<String>,
}

impl Shared {
    /// Requests whose answer the connector waits for.
    pub(crate) fn waiting(&self) -> u32 {
        self.sent.saturating_sub(self.taken)
    }
}

/// The only way out of a connector.
pub(crate) struct HttpGate {
    permits: Option<Arc<Permits>>,
    function: &'static str,
    shared: Arc<Mutex<Shared>>,
}

impl HttpGate {
    /// Lets out what the connector declared for this function.
    pub(crate) fn new(permits: Arc<Permits>, function: &'static str) -> (Self, Arc<Mutex<Shared>>) {
        let shared = Arc::new(Mutex::new(Shared::default()));
        (Self { permits: Some(permits), function, shared: Arc::clone(&shared) }, shared)
    }

    /// Lets nothing out.
    pub(crate) fn closed() -> Self {
        Self { permits: None, function: "describe", shared: Arc::default() }
    }

    fn check(&self, request: &Request<WasiBody>) -> Result<(), String> {
        let permits = self.permits.as_ref().ok_or("a self-description sends nothing")?;
        if lock(&self.shared).sent >= limits::CONNECTOR_REQUESTS {
            return Err(format!("more than {} requests in one call", limits::CONNECTOR_REQUESTS));
        }
        permits.check(self.function, request.method(), request.uri())
    }
}

pub(crate) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Nobody panics while holding it; should it happen all the same, the queue is still whole.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Headers of requests that no connector sets.
const RESERVED: [HeaderName; 12] =
    [ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, COOKIE, EXPECT, HOST, IF_RANGE, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

type Answered = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for HttpGate {
    /// Beside what HTTP reserves: the credential is the host's to add, and so is where the request goes. And an answer comes whole, and in no
    /// coding that the host cannot read: a page that repeats the credential is masked as it arrives.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            let text = name.as_str();
            // Some servers take the method from a header.
            let method = text.starts_with("x-http-method") || text.starts_with("x-method");
            RESERVED.contains(name) || method || text.starts_with("proxy-") || ["keep-alive", "http2-settings"].contains(&text)
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answered> + Send> {
        let denied = self.check(&request);
        let shared = Arc::clone(&self.shared);
        if let Err(why) = denied {
            lock(&shared).denied.push(why);
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        // Counted now: a connector that starts many at once must not slip past the limit while their bodies are collected.
        lock(&shared).sent += 1;
        Box::new(async move {
            let (head, body) = request.into_parts();
            let body = Limited::new(body, limits::REQUEST_BODY).collect().await;
            let Ok(body) = body else {
                lock(&shared).taken += 1;
                return Err(Error::HttpRequestBodySize(Some(limits::REQUEST_BODY as u64)));
            };
            let (answer, answered) = oneshot::channel();
            lock(&shared).outgoing.push_back(Outgoing { request: Request::from_parts(head, body.to_bytes()), answer });
            let answer = answered.await;
            lock(&shared).taken += 1;
            let response = answer.map_err(|_| Error::ConnectionTerminated)??;
            let response = response.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync());
            let worker: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, worker))
        })
    }
}
