//! HTTP over real sockets, with every limit set.
//!
//! Follows no redirect, keeps no cookies, heeds no proxy of the environment. A connection is made to an address that passed the guard, and to
//! none that a second look at the name could give.

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport};
use ureq::{Agent, AsSendBody, Body};

use super::Wire;
use super::names::{GuardedNames, NoAddress};
use super::target::{self, OnPremises};
use crate::core::io::{HttpAnswer, HttpFailure};
use crate::limits;

/// Most time for finding an address, and most for a connection with its TLS handshake. Who does not take a connection within it is
/// away; the rest of a request's time is for the answer.
const CONNECT: Duration = Duration::from_secs(3);

/// Idle connections kept for one connector: as many as a connector may ask for at once, or each burst would open new ones.
const IDLE_CONNECTIONS: usize = 16;

/// Closed before servers and firewalls do it, who as a rule wait 60 s: a request on a dying connection would be lost unclearly.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// One connector's connections: what is bound to a connection (an address, a TLS session) never passes to another connector. To be shared
/// between threads.
#[derive(Debug)]
pub struct Sockets {
    /// None: shut down.
    agent: Mutex<Option<Agent>>,
    on_premises: OnPremises,
}

impl Sockets {
    /// Without any connection yet; with what the administrator marked for this connector.
    #[must_use]
    pub fn new(on_premises: OnPremises) -> Self {
        Self { agent: Mutex::new(Some(new_agent(on_premises.clone()))), on_premises }
    }
}

impl Wire for Sockets {
    fn carry(&self, request: Request<Bytes>, time_left: Duration) -> HttpAnswer {
        target::parse(&request.uri().to_string(), &self.on_premises).map_err(|why| HttpFailure::Denied(why.to_string()))?;
        if time_left.is_zero() {
            return Err(HttpFailure::ConnectTimeout);
        }
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let agent = agent.ok_or_else(|| HttpFailure::Denied("the host is stopping".to_owned()))?;
        let bodiless = request.body().is_empty() && ![Method::POST, Method::PUT, Method::PATCH].contains(request.method());
        let (head, body) = request.into_parts();
        // A GET with an empty body must not announce one, a POST must.
        let answer = if bodiless {
            exchange(&agent, Request::from_parts(head, ()), time_left)
        } else {
            exchange(&agent, Request::from_parts(head, body.as_ref()), time_left)
        };
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

    fn shut_down(&self) {
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }
}

fn new_agent(on_premises: OnPremises) -> Agent {
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
    Agent::with_parts(config, ().chain(Tcp::default()).chain(Tls::default()), Names(GuardedNames::new(on_premises)))
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
        // Not in its own words: they can quote an address that holds a credential.
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => HttpFailure::Denied("the request is none that HTTP knows".to_owned()),
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
#[derive(Debug)]
struct Names(GuardedNames);

impl Resolver for Names {
    fn resolve(&self, uri: &http::Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|why| match why {
            ureq::Error::Other(refused) if refused.is::<NoAddress>() => {
                ureq::Error::Other(Box::new(NothingSent(HttpFailure::BadAddress(refused.to_string()))))
            }
            why => nothing_sent(why, |_| HttpFailure::NoSuchHost),
        })
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
#[path = "tests/sockets.rs"]
mod tests;
