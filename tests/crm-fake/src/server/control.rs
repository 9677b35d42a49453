use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::state::State;
use crate::{ControlError, Fault, SeedRecord, SeedUser, wire};

/// Where the control side begins.
const PREFIX: &str = "/_control/";
/// Where knobs begin, below that.
const KNOBS: &str = "knobs/";

/// The clock as it crosses the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Clock {
    /// Milliseconds since 1970.
    #[serde(alias = "now_ms")]
    pub now_ms: u64,
}

/// The name as it crosses the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Name {
    /// [`CrmFake::name`](crate::CrmFake::name).
    pub name: String,
}

/// Ids of seeded records or users as they cross the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Ids {
    /// In the order of the seeds.
    pub ids: Vec<String>,
}

/// What a person is to allow, as it crosses the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Asking {
    /// Where an app asks for access.
    pub authorise_url: String,
}

/// Where the browser was sent after that, as it crosses the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Approved {
    /// An address at the app.
    pub callback: String,
}

/// Is it for the control side? Everything else is the vendor's.
pub(super) fn is_control(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Does what the request asks of the control side.
pub(super) fn respond(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let path = request.uri().path();
    let topic = path.strip_prefix(PREFIX).unwrap_or(path);
    if !matches!(topic, "settings" | "application" | "ids") && request.uri().query().is_some() {
        return refusal(400, &ControlError::Invalid("only `settings`, `application` and `ids` take parameters".to_owned()));
    }
    let now_ms = state.clock.now_ms();
    if let Some(knob) = topic.strip_prefix(KNOBS) {
        if *request.method() != Method::POST {
            return refusal(405, &ControlError::Invalid(format!("{} does not go with {path}", request.method())));
        }
        return told(body(request).and_then(|value| state.fake.knob(now_ms, knob, value)).map(|answer| wire::json(200, &answer)));
    }
    let done = match (request.method(), topic) {
        (&Method::GET, "name") => Ok(wire::json(200, &Name { name: state.fake.name().to_owned() })),
        (&Method::GET, "settings") => address(state, request).map(|address| wire::json(200, &state.fake.settings(&address))),
        (&Method::GET, "application") => address(state, request).map(|address| wire::json(200, &state.fake.application(&address))),
        (&Method::GET, "secret") => Ok(wire::json(200, &state.fake.secret())),
        (&Method::GET, "ids") => own_id(state, request),
        (&Method::POST, "approvals") => body(request)
            .and_then(|asking: Asking| state.fake.person_approves(now_ms, &asking.authorise_url))
            .map(|callback| wire::json(200, &Approved { callback })),
        (&Method::GET, "clock") => Ok(wire::json(200, &Clock { now_ms: state.clock.now_ms() })),
        (&Method::PUT, "clock") => body(request).map(|clock: Clock| {
            state.clock.set(clock.now_ms);
            state.advance();
            nothing()
        }),
        (&Method::GET, "records") => Ok(wire::json(200, &state.fake.records())),
        (&Method::POST, "records") => {
            body(request).and_then(|seeds: Vec<SeedRecord>| state.fake.seed(now_ms, seeds)).map(|ids| wire::json(200, &Ids { ids }))
        }
        (&Method::POST, "users") => {
            body(request).and_then(|users: Vec<SeedUser>| state.fake.seed_users(now_ms, users)).map(|ids| wire::json(200, &Ids { ids }))
        }
        (&Method::GET, "activities") => Ok(wire::json(200, &state.fake.activities())),
        (&Method::GET, "requests") => Ok(wire::json(200, &state.fake.requests())),
        (&Method::POST, "faults") => body(request).and_then(|fault: Fault| state.fake.inject(fault)).map(|()| nothing()),
        (&Method::DELETE, "faults") => {
            state.fake.clear_faults();
            Ok(nothing())
        }
        (
            _,
            "name" | "settings" | "clock" | "records" | "activities" | "requests" | "faults" | "users" | "application" | "secret"
            | "approvals" | "ids",
        ) => {
            return refusal(405, &ControlError::Invalid(format!("{} does not go with {path}", request.method())));
        }
        _ => {
            return refusal(404, &ControlError::Invalid(format!("the control side has no {path}")));
        }
    };
    told(done)
}

fn told(done: Result<Response<Vec<u8>>, ControlError>) -> Response<Vec<u8>> {
    done.unwrap_or_else(|why| match why {
        ControlError::Unsupported(_) => refusal(501, &why),
        ControlError::Invalid(_) | ControlError::Unreachable(_) => refusal(400, &why),
    })
}

/// The address that the request speaks of; this server's own where it names none.
fn address(state: &State, request: &Request<Vec<u8>>) -> Result<String, ControlError> {
    let given = wire::query_pairs(request.uri().query().unwrap_or_default()).map_err(ControlError::Invalid)?;
    match given.as_slice() {
        [] => Ok(state.address.clone()),
        [(name, address)] if name == "address" => Ok(address.clone()),
        _ => Err(ControlError::Invalid("it takes one `address` and nothing else".to_owned())),
    }
}

fn own_id(state: &State, request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ControlError> {
    let given = wire::query_pairs(request.uri().query().unwrap_or_default()).map_err(ControlError::Invalid)?;
    match given.as_slice() {
        [(name, of)] if name == "of" => Ok(wire::json(200, &Ids { ids: vec![state.fake.own_id(of)] })),
        _ => Err(ControlError::Invalid("`ids` takes one `of` and nothing else".to_owned())),
    }
}

fn body<T: DeserializeOwned>(request: &Request<Vec<u8>>) -> Result<T, ControlError> {
    serde_json::from_slice(request.body()).map_err(|why| ControlError::Invalid(why.to_string()))
}

fn nothing() -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn refusal(status: u16, why: &ControlError) -> Response<Vec<u8>> {
    wire::json(status, why)
}
