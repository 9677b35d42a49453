//! HTTP outside a component, for tests: no network, only whoever the test puts in the CRM's place.

use std::{cell::RefCell, rc::Rc};

use super::{
    MAX_ANSWER, Request, Response,
    error_code::{Broken, broken},
};
use crate::{failure::senseless, wasi::http::types::ErrorCode};

/// Answers a request below this base address, or says why no answer comes.
pub type Answerer = dyn Fn(&str, &Request) -> Result<Response, ErrorCode>;

thread_local! {
    static ANSWERER: RefCell<Option<Rc<Answerer>>> = const { RefCell::new(None) };
}

/// From now on this answers all requests of this thread.
pub fn answer_with(answerer: impl Fn(&str, &Request) -> Result<Response, ErrorCode> + 'static) {
    ANSWERER.set(Some(Rc::new(answerer)));
}

/// Has the request answered, with the same bounds as over a network. Without an answerer there is no connection.
pub(super) fn send(base: &str, request: &Request) -> Result<Response, Broken> {
    let answerer = ANSWERER.with_borrow(Clone::clone);
    let answer = answerer.map_or(Err(ErrorCode::ConnectionRefused), |answerer| answerer(base, request));
    let response = answer.map_err(|code| broken(&code, request.effect))?;
    if response.body.len() > MAX_ANSWER {
        let detail = crate::failure::detail(crate::text::message("kit.too-large", &[]));
        return Err(Broken { failure: senseless(request.effect, detail), sent: true });
    }
    Ok(response)
}
