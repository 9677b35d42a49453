#[cfg(not(target_arch = "wasm32"))]
use super::native as transport;
#[cfg(target_arch = "wasm32")]
use super::transport;
use super::{Request, Response};
use crate::{
    context::Context,
    failure::{self, detail},
    text::message,
    types::{Failure, Pause, Usage},
};

/// Sends requests for one call of the connector, and counts them.
pub struct Client<'c> {
    context: &'c Context,
    spent: u32,
}

impl<'c> Client<'c> {
    /// For the call that got this context.
    #[must_use]
    pub fn new(context: &'c Context) -> Self {
        Self { context, spent: 0 }
    }

    /// Sends one request and reads its answer whole.
    ///
    /// # Errors
    /// `unreachable` if nothing was sent; for requests that read also if the answer did not come whole. `unclear` for requests that write, if
    /// the answer did not come whole. `forbidden` if the host denied the request, `invalid` if it cannot be sent as it is, `garbled` if the answer to
    /// a read is too large, `busy` if the host would deny the request since `context.requests-left` are made. A status is never an error here: see
    /// [`status::failure`](crate::status::failure).
    pub fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        if self.spent >= self.context.requests_left {
            let detail = detail(message("kit.requests-left", &[]));
            return Err(Failure::Busy(Pause { wait: None, detail }));
        }
        let answer = transport::send(&self.context.base, request);
        let was_sent = answer.as_ref().err().is_none_or(|broken| broken.sent);
        self.spent = self.spent.saturating_add(u32::from(was_sent));
        answer.map_err(|broken| broken.failure)
    }

    /// What was spent so far: the requests that left, each counted as one. What is left of an allowance a connector adds, if its CRM tells.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage { spent: self.spent, left: None, allowed: None, renewed_at: None, extras: Vec::new() }
    }

    /// Adds what was spent to a failure. Use it once, at the end of the exported function.
    ///
    /// # Errors
    /// Those that it was given.
    pub fn settle<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        result.map_err(|failure| failure::with_usage(failure, self.usage()))
    }
}
