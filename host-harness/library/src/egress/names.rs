//! The guard between a name and its addresses.

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::{self, AddressRefused};
use super::target::{self, OnPremises, TargetRefused};

/// Resolves names, and gives only addresses to which requests may go: the connection is made to one of them and to none that a second look
/// at the name could give.
#[derive(Debug, Default)]
pub struct GuardedNames<R = DefaultResolver> {
    names: R,
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

impl<R: Resolver> Resolver for GuardedNames<R> {
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

#[cfg(test)]
#[path = "tests/names.rs"]
mod tests;
