//! The exchange with login hosts over real sockets, and the guard between a name and its addresses, for this and all other requests.

use std::io::Read;
use std::time::Duration;

use http::{Request, Response, Uri};
use ureq::Agent;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address::{self, AddressRefused};
use super::endpoint::{ExchangeFailed, MOST_BYTES, TokenEndpoint};
use super::target::{self, OnPremises, TargetRefused};

/// Most time for finding an address, and most for a connection. A sign-in service that does not take one within it is away.
const CONNECT: Duration = Duration::from_secs(3);

/// Resolves names, and gives only addresses to which requests may go: the connection is made to one of them and to none that a second look
/// at the name could give.
#[derive(Debug, Default)]
pub struct GuardedNames {
    names: DefaultResolver,
    on_premises: OnPremises,
}

impl GuardedNames {
    /// With what the administrator marked for this connector.
    #[must_use]
    pub fn new(on_premises: OnPremises) -> Self {
        Self { names: DefaultResolver::default(), on_premises }
    }
}

/// Why a name leads nowhere. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NoAddress {
    /// The URL itself is refused.
    #[error(transparent)]
    Target(#[from] TargetRefused),
    /// All its addresses are.
    #[error(transparent)]
    Address(#[from] AddressRefused),
}

impl Resolver for GuardedNames {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let refused = |why: NoAddress| ureq::Error::Other(Box::new(why));
        let origin = target::parse(&uri.to_string(), &self.on_premises).map_err(|why| refused(why.into()))?;
        let found = self.names.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        let mut last = None;
        for socket in found.iter() {
            match address::check(socket.ip(), &origin, &self.on_premises) {
                Ok(()) => allowed.push(*socket),
                Err(why) => last = Some(why),
            }
        }
        match last {
            Some(why) if allowed.is_empty() => Err(refused(why.into())),
            _ => Ok(allowed),
        }
    }
}

/// Login hosts over ureq. One for each connector: marks are made for a connector. Follows no redirect, heeds no proxy of the environment.
#[derive(Debug)]
pub struct Sockets {
    agent: Agent,
    on_premises: OnPremises,
}

impl Sockets {
    /// With what the administrator marked for this connector.
    #[must_use]
    pub fn new(on_premises: OnPremises) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            // Asked once in an hour: a connection kept for it would be dead by then.
            .max_idle_connections(0)
            .user_agent(concat!("pbx-crm-host/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), GuardedNames::new(on_premises.clone()));
        Self { agent, on_premises }
    }
}

impl TokenEndpoint for Sockets {
    fn exchange(&self, request: Request<Vec<u8>>, time_left: Duration) -> Result<Response<Vec<u8>>, ExchangeFailed> {
        target::parse(&request.uri().to_string(), &self.on_premises).map_err(|why| ExchangeFailed::NotSent(why.to_string()))?;
        if time_left.is_zero() {
            return Err(ExchangeFailed::NotSent("no time is left".to_owned()));
        }
        let request = self
            .agent
            .configure_request(request)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(time_left))
            .build();
        let (head, mut body) = self.agent.run(request).map_err(|why| failed(&why))?.into_parts();
        let mut whole = Vec::new();
        let most = MOST_BYTES as u64 + 1;
        body.as_reader().take(most).read_to_end(&mut whole).map_err(|why| ExchangeFailed::Unclear(why.to_string()))?;
        Ok(Response::from_parts(head, whole))
    }
}

/// In doubt the login host has seen the request.
fn failed(why: &ureq::Error) -> ExchangeFailed {
    let words = why.to_string();
    match why {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => ExchangeFailed::NotSent(words),
        ureq::Error::Io(why) if why.kind() == std::io::ErrorKind::ConnectionRefused => ExchangeFailed::NotSent(words),
        ureq::Error::Other(why) if why.is::<NoAddress>() => ExchangeFailed::NotSent(words),
        _ => ExchangeFailed::Unclear(words),
    }
}

#[cfg(test)]
#[path = "tests/shell.rs"]
mod tests;
