//! One HTTP exchange with a login host, as a trait: real sockets, a fake or a simulation answer behind it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::core::io::HttpFailure;
use crate::egress::Wire;

/// Longest answer that is read: token answers have a few kilobytes, even with long JWTs.
pub const MOST_BYTES: usize = 256 * 1024;

/// There is no whole answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeFailed {
    /// The login host has not seen the request.
    #[error("nothing was sent: {0}")]
    NotSent(String),
    /// It may have done what was asked.
    #[error("the answer did not arrive: {0}")]
    Unclear(String),
}

/// Carries a request to a login host. Every status is an answer; no redirect is followed; at most [`MOST_BYTES`] are believed.
pub trait TokenEndpoint: Send + Sync {
    /// Sends the request and waits for the whole answer, `time_left` at most.
    ///
    /// # Errors
    /// There is no whole answer.
    fn exchange(&self, request: Request<Vec<u8>>, time_left: Duration) -> Result<Response<Vec<u8>>, ExchangeFailed>;
}

/// Login hosts by the way that all requests take.
pub struct ByWire(pub Arc<dyn Wire>);

impl TokenEndpoint for ByWire {
    fn exchange(&self, request: Request<Vec<u8>>, time_left: Duration) -> Result<Response<Vec<u8>>, ExchangeFailed> {
        match self.0.carry(request.map(Bytes::from), time_left) {
            Ok(answer) => Ok(answer.map(|body| body.to_vec())),
            Err(why @ (HttpFailure::Cut | HttpFailure::Timeout | HttpFailure::TooLarge)) => Err(ExchangeFailed::Unclear(why.to_string())),
            Err(why) => Err(ExchangeFailed::NotSent(why.to_string())),
        }
    }
}
