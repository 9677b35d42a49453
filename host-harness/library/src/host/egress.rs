//! The only way from this process to a CRM: one HTTP exchange, with every limit set.
//!
//! What may go where is decided before a request gets here, by the connector's declared operations. What concerns the
//! connection itself has one place each: [`prepare`] for the request, [`Names`] for the addresses behind a name.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Request, Response, Uri};
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport};
use ureq::{Agent, AsSendBody, Body};

use crate::core::io::{HttpAnswer, HttpFailure, HttpRequest};
use crate::limits;

/// Most time for finding an address, and most for a connection with its TLS handshake. Who does not take a connection within it is
/// away; the rest of a request's time is for the answer.
const CONNECT: Duration = Duration::from_secs(3);

/// Idle connections kept for one connector: as many as a connector may ask for at once, or each burst would open new ones.
const IDLE_CONNECTIONS: usize = 16;

/// Closed before servers and firewalls do it, who as a rule wait 60 s: a request on a dying connection would be lost unclearly.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// Sends connectors' requests. Follows no redirect, keeps no cookies, heeds no proxy of the environment. Each connector has connections
/// of its own, so that nothing bound to a connection passes from one to the other. Share it between threads.
#[derive(Debug, Default)]
pub struct Egress {
    agents: Mutex<Agents>,
}

#[derive(Debug, Default)]
struct Agents {
    of_connector: BTreeMap<String, Agent>,
    shut: bool,
}

impl Egress {
    /// Without any connection yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the request and waits for the whole answer, `time_left` at most; every status is an answer.
    ///
    /// # Errors
    /// There is no whole answer. The failure tells whether the CRM may have seen the request.
    pub fn send(&self, request: &HttpRequest, time_left: Duration) -> HttpAnswer {
        let prepared = prepare(request)?;
        if time_left.is_zero() {
            return Err(HttpFailure::ConnectTimeout);
        }
        let agent = self.agent(&request.connector).ok_or_else(|| HttpFailure::Denied("the host is stopping".to_owned()))?;
        let bodiless = prepared.body().is_empty() && ![Method::POST, Method::PUT, Method::PATCH].contains(prepared.method());
        // A GET with an empty body must not announce one, a POST must.
        let answer = if bodiless { exchange(&agent, prepared.map(|_| ()), time_left) } else { exchange(&agent, prepared, time_left) };
        let (head, mut body) = answer.map_err(failure)?.into_parts();
        if body.content_length().is_some_and(|length| length > limits::RESPONSE_BODY as u64) {
            return Err(HttpFailure::TooLarge);
        }
        // Counted here, since ureq's own limit counts what comes before decompression.
        let mut whole = Vec::new();
        body.as_reader().take(limits::RESPONSE_BODY as u64 + 1).read_to_end(&mut whole).map_err(|why| failure(why.into()))?;
        if whole.len() > limits::RESPONSE_BODY {
            return Err(HttpFailure::TooLarge);
        }
        let mut response = Response::new(Bytes::from(whole));
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        Ok(response)
    }

    /// Breaks off what is under way and refuses what comes.
    pub fn shut_down(&self) {
        let agents = {
            let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
            agents.shut = true;
            std::mem::take(&mut agents.of_connector)
        };
        agents.into_values().for_each(Agent::shutdown);
    }

    fn agent(&self, connector: &str) -> Option<Agent> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if agents.shut {
            return None;
        }
        Some(agents.of_connector.entry(connector.to_owned()).or_insert_with(new_agent).clone())
    }
}

fn new_agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .max_response_header_size(limits::HEADER_BYTES)
        .max_idle_connections(IDLE_CONNECTIONS)
        .max_idle_connections_per_host(IDLE_CONNECTIONS)
        .max_idle_age(IDLE_TIME)
        .user_agent(concat!("pbx-crm-host/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, ().chain(Tcp::default()).chain(Tls::default()), Names::default())
}

/// The request as it goes out, or why it does not.
fn prepare(request: &HttpRequest) -> Result<Request<&[u8]>, HttpFailure> {
    let denied = |why: &dyn Display| HttpFailure::Denied(why.to_string());
    let uri: Uri = request.url.parse().map_err(|why| denied(&why))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(denied(&"the address begins with neither https:// nor http://"));
    }
    // It would become a credential on the way.
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(denied(&"the address has a user name, or no host"));
    }
    let fields = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    if fields.sum::<usize>() + request.url.len() > limits::HEADER_BYTES {
        return Err(denied(&format_args!("the header section is longer than {} bytes", limits::HEADER_BYTES)));
    }
    let mut prepared = Request::builder().method(request.method.as_str()).uri(uri);
    for (name, value) in &request.headers {
        // How long the body is, is told by who sends it.
        if !name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()) && !name.eq_ignore_ascii_case(TRANSFER_ENCODING.as_str()) {
            prepared = prepared.header(name, value);
        }
    }
    prepared.body(request.body.as_ref()).map_err(|why| denied(&why))
}

fn exchange(agent: &Agent, request: Request<impl AsSendBody>, time_left: Duration) -> Result<Response<Body>, ureq::Error> {
    let request = agent
        .configure_request(request)
        .allow_non_standard_methods(true)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(time_left))
        .build();
    agent.run(request)
}

/// What went wrong. All that can happen before a connection stands comes as [`NothingSent`]; of all else the CRM may know.
fn failure(why: ureq::Error) -> HttpFailure {
    match why {
        ureq::Error::Other(why) => match why.downcast::<NothingSent>() {
            Ok(nothing_sent) => nothing_sent.0,
            Err(_) => HttpFailure::Cut,
        },
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => HttpFailure::Denied(why.to_string()),
        ureq::Error::LargeResponseHeader(..) => HttpFailure::TooLarge,
        ureq::Error::Timeout(_) => HttpFailure::Timeout,
        _ => HttpFailure::Cut,
    }
}

/// A failure on the way to a connection. ureq's own errors do not always tell whether a request went out before them: a timeout or a
/// broken connection can happen at any time. So each step to a connection marks its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct NothingSent(HttpFailure);

fn nothing_sent(why: ureq::Error, otherwise: impl FnOnce(String) -> HttpFailure) -> ureq::Error {
    let failure = match why {
        ureq::Error::Timeout(_) => HttpFailure::ConnectTimeout,
        other => otherwise(other.to_string()),
    };
    ureq::Error::Other(Box::new(NothingSent(failure)))
}

/// The step from a name to addresses.
#[derive(Debug, Default)]
struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|why| nothing_sent(why, |_| HttpFailure::NoSuchHost))
    }
}

/// The step to a TCP connection.
#[derive(Debug, Default)]
struct Tcp(TcpConnector);

impl Connector for Tcp {
    type Out = <TcpConnector as Connector>::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained).map_err(|why| nothing_sent(why, |_| HttpFailure::Refused))
    }
}

/// The step from it to a secure one, for https.
#[derive(Debug, Default)]
struct Tls(RustlsConnector);

impl<T: Transport> Connector<T> for Tls {
    type Out = <RustlsConnector as Connector<T>>::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<T>) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained).map_err(|why| nothing_sent(why, HttpFailure::Tls))
    }
}

#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;
