//! Between the connector and a server: carries each request over a real socket, and refuses what was not declared.

use std::{cell::RefCell, collections::VecDeque, io::ErrorKind, rc::Rc};

use pbx_connector_kit::{
    Request, Response, native,
    wasi::http::types::{ErrorCode, Method},
};
use pbx_odoo_connector::{Odoo, bindings::exports::pbx::crm::description::Guest as _};

/// What happens to a request that has a path of this end.
pub struct Mishap {
    /// End of the path.
    pub on: &'static str,
    pub what: What,
}

pub enum What {
    /// It does not arrive; this comes back.
    Instead(Result<Response, ErrorCode>),
    /// It arrives, and this becomes of the answer.
    After(fn(Response) -> Result<Response, ErrorCode>),
    /// It arrives, once this is done.
    Before(Box<dyn FnOnce()>),
    /// It arrives at another path: where another part of the server is.
    Elsewhere(&'static str, &'static str),
}

#[derive(Default)]
pub struct Wire {
    /// The function that runs.
    pub function: &'static str,
    /// The secret that the host would put in.
    pub key: String,
    /// Paths of all requests so far.
    pub sent: Vec<String>,
    /// Each happens once, in order; one whose request does not come waits.
    pub mishaps: VecDeque<Mishap>,
}

/// From now on all requests of this thread go through this wire.
pub fn lay(wire: &Rc<RefCell<Wire>>) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false).build().into();
    let wire = Rc::clone(wire);
    native::answer_with(move |base, request| {
        declared(wire.borrow().function, request);
        let (key, mishap) = {
            let mut wire = wire.borrow_mut();
            wire.sent.push(request.path.clone());
            let mine = wire.mishaps.iter().position(|mishap| request.path.ends_with(mishap.on));
            let mishap = mine.and_then(|place| wire.mishaps.remove(place)).map(|mishap| mishap.what);
            (wire.key.clone(), mishap)
        };
        match mishap {
            None => carry(&agent, base, &key, request),
            Some(What::Instead(answer)) => answer,
            Some(What::After(change)) => change(carry(&agent, base, &key, request)?),
            Some(What::Before(act)) => {
                act();
                carry(&agent, base, &key, request)
            }
            Some(What::Elsewhere(from, to)) => {
                carry(&agent, base, &key, &Request { path: request.path.replace(from, to), ..request.clone() })
            }
        }
    });
}

/// Only what was declared leaves.
fn declared(function: &str, request: &Request) {
    let method = method(request);
    let operations = Odoo::describe().operations.into_iter();
    let allowed = operations
        .filter(|operation| operation.during.iter().any(|name| name == function))
        .any(|operation| operation.methods.iter().any(|name| name == method.as_str()) && operation.paths.contains(&request.path));
    assert!(allowed, "{method} {} was not declared for {function}", request.path);
    for (name, _) in &request.headers {
        assert!(["accept", "content-type", "x-odoo-database"].contains(&name.as_str()), "{name} is the host's");
    }
}

fn method(request: &Request) -> http::Method {
    match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        ref other => panic!("{other:?}"),
    }
}

fn carry(agent: &ureq::Agent, base: &str, key: &str, request: &Request) -> Result<Response, ErrorCode> {
    let mut sent = http::Request::builder().method(method(request)).uri(format!("{base}{}", request.path));
    sent = sent.header("authorization", format!("Bearer {key}"));
    for (name, value) in &request.headers {
        sent = sent.header(name, value);
    }
    let mut answer = match request.method {
        Method::Get => agent.run(sent.body(()).unwrap()),
        _ => agent.run(sent.body(request.body.clone()).unwrap()),
    }
    .map_err(|why| code(&why))?;
    let body = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec().map_err(|why| code(&why))?;
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    Ok(Response { status: answer.status().as_u16(), headers: headers.collect(), body })
}

fn code(why: &ureq::Error) -> ErrorCode {
    match why {
        ureq::Error::Io(why) if why.kind() == ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
        ureq::Error::HostNotFound => ErrorCode::DestinationNotFound,
        _ => ErrorCode::ConnectionTerminated,
    }
}
