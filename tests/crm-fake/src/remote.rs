use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, Request, Response, Uri};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{Agent, Body};

use crate::{
    Activity, Answer, Application, ControlError, CrmFake, Fault, Outcome, Record, RecordedRequest, SeedRecord, SeedUser,
    server::{
        AFTER_MS, DURING, NOW_MS, OUTCOME,
        control::{Approved, Asking, Clock, Ids, Name},
    },
};

/// All but letters, digits and "-".
const IN_A_PATH: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-');
/// How long a fake in another process may take. Fakes never wait, so this is for machines under load.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, in bytes (256 MiB): a long scenario records many requests.
const MAX_CONTROL: u64 = 256 * 1024 * 1024;

/// A fake in another process, over its [`Server`](crate::Server).
pub struct RemoteCrm {
    agent: Agent,
    address: String,
    name: String,
    /// The connector's call that the next request belongs to, and its function.
    during: Option<String>,
    /// The first thing that went wrong on the way to the other process.
    lost: OnceLock<ControlError>,
}

impl RemoteCrm {
    /// Connects to the server at `address` (`http://127.0.0.1:4711`).
    ///
    /// # Errors
    /// [`ControlError::Unreachable`] if no fake answers there.
    pub fn connect(address: &str) -> Result<Self, ControlError> {
        let config =
            Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).timeout_global(Some(PATIENCE)).build();
        let mut remote = Self {
            agent: Agent::new_with_config(config),
            address: address.trim_end_matches('/').to_owned(),
            name: String::new(),
            during: None,
            lost: OnceLock::new(),
        };
        let Name { name } = remote.ask(Method::GET, "name", None, Vec::new())?;
        remote.name = name;
        Ok(remote)
    }

    /// What came, or nothing; then the fake is lost.
    fn sure<T: Default>(&self, answer: Result<T, ControlError>) -> T {
        answer.unwrap_or_else(|why| {
            let _first = self.lost.set(why);
            T::default()
        })
    }

    fn ask<T: DeserializeOwned>(&self, method: Method, topic: &str, now: Option<u64>, body: Vec<u8>) -> Result<T, ControlError> {
        let answer = self.command(method, topic, now, body)?;
        serde_json::from_slice(&answer).map_err(|why| unreachable(&why))
    }

    /// Sends a request to the control side; gives the body of its answer if it agreed.
    fn command(&self, method: Method, topic: &str, now: Option<u64>, body: Vec<u8>) -> Result<Vec<u8>, ControlError> {
        let mut request = Request::builder().method(method).uri(format!("{}/_control/{topic}", self.address));
        if let Some(now) = now {
            request = request.header(NOW_MS, now);
        }
        let request = request.body(body).map_err(|why| unreachable(&why))?;
        let (parts, body) = self.send(request, MAX_CONTROL)?.into_parts();
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(serde_json::from_slice(&body).unwrap_or_else(|_| ControlError::Unreachable(format!("status {}", parts.status))))
    }

    fn send(&self, request: Request<Vec<u8>>, limit: u64) -> Result<Response<Vec<u8>>, ControlError> {
        // GET and DELETE with an empty body must not announce one.
        let answer = if request.body().is_empty() { self.agent.run(request.map(|_| ())) } else { self.agent.run(request) };
        let (parts, mut body): (_, Body) = answer.map_err(|why| unreachable(&why))?.into_parts();
        let body = body.with_config().limit(limit).read_to_vec().map_err(|why| unreachable(&why))?;
        Ok(Response::from_parts(parts, body))
    }

    fn try_answer(&self, now_ms: u64, request: Request<Vec<u8>>) -> Result<Answer, ControlError> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        parts.uri = format!("{}{path}", self.address).parse::<Uri>().map_err(|why| unreachable(&why))?;
        parts.headers.insert(NOW_MS, now_ms.into());
        if let Some(during) = self.during.as_ref().and_then(|during| during.parse().ok()) {
            parts.headers.insert(DURING, during);
        }
        // They belong to the connection that the player pretends to have, not to ours.
        parts.headers.remove(http::header::HOST);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        let mut response = self.send(Request::from_parts(parts, body), MAX_CONTROL)?;
        let outcome = response.headers_mut().remove(OUTCOME);
        let after_ms = response
            .headers_mut()
            .remove(AFTER_MS)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .ok_or_else(|| ControlError::Unreachable(format!("an answer without {AFTER_MS} is no fake's")))?;
        let outcome = match outcome.as_ref().map(http::HeaderValue::as_bytes) {
            None => Outcome::Response(response),
            Some(b"refused") => Outcome::Refused,
            Some(_) => Outcome::Cut,
        };
        // A player waits for the whole body, so the pace is in `after_ms`.
        Ok(Answer { after_ms, pace: None, outcome })
    }
}

/// # Panics
/// Where the trait has no way to tell a failure, these methods panic if the other process does not answer: a test that went on with
/// made-up answers would prove nothing.
impl CrmFake for RemoteCrm {
    fn name(&self) -> &str {
        &self.name
    }

    fn lost(&self) -> Option<&ControlError> {
        self.lost.get()
    }

    fn settings(&self, address: &str) -> Vec<(String, serde_json::Value)> {
        let address = percent_encoding::utf8_percent_encode(address, IN_A_PATH);
        self.sure(self.ask(Method::GET, &format!("settings?address={address}"), None, Vec::new()))
    }

    fn answer(&mut self, now_ms: u64, request: Request<Vec<u8>>) -> Answer {
        match self.try_answer(now_ms, request) {
            Ok(answer) => answer,
            Err(why) => {
                let _first = self.lost.set(why);
                Answer { after_ms: 0, pace: None, outcome: Outcome::Refused }
            }
        }
    }

    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        let Ids { ids } = self.ask(Method::POST, "records", Some(now_ms), written(&records)?)?;
        Ok(ids)
    }

    fn records(&self) -> Vec<Record> {
        self.sure(self.ask(Method::GET, "records", None, Vec::new()))
    }

    fn activities(&self) -> Vec<Activity> {
        self.sure(self.ask(Method::GET, "activities", None, Vec::new()))
    }

    fn requests(&self) -> Vec<RecordedRequest> {
        self.sure(self.ask(Method::GET, "requests", None, Vec::new()))
    }

    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        self.command(Method::POST, "faults", None, written(&fault)?).map(drop)
    }

    fn clear_faults(&mut self) {
        self.sure(self.command(Method::DELETE, "faults", None, Vec::new()).map(drop));
    }

    fn advance(&mut self, now_ms: u64) {
        self.sure(written(&Clock { now_ms }).and_then(|clock| self.command(Method::PUT, "clock", None, clock)).map(drop));
    }

    fn knob(&mut self, now_ms: u64, name: &str, value: serde_json::Value) -> Result<serde_json::Value, ControlError> {
        let name = percent_encoding::utf8_percent_encode(name, IN_A_PATH);
        self.ask(Method::POST, &format!("knobs/{name}"), Some(now_ms), written(&value)?)
    }

    fn seed_users(&mut self, now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        let Ids { ids } = self.ask(Method::POST, "users", Some(now_ms), written(&users)?)?;
        Ok(ids)
    }

    fn own_id(&self, name: &str) -> String {
        let asked = percent_encoding::utf8_percent_encode(name, IN_A_PATH);
        let told: Result<Ids, ControlError> = self.ask(Method::GET, &format!("ids?of={asked}"), None, Vec::new());
        self.sure(told.map(|Ids { ids }| ids.into_iter().next().unwrap_or_else(|| name.to_owned())))
    }

    fn during(&mut self, call: u64, function: &str) {
        self.during = Some(format!("{call} {function}"));
    }

    fn secret(&self) -> Option<Vec<(String, String)>> {
        self.sure(self.ask(Method::GET, "secret", None, Vec::new()))
    }

    fn application(&self, address: &str) -> Option<Application> {
        let address = percent_encoding::utf8_percent_encode(address, IN_A_PATH);
        self.sure(self.ask(Method::GET, &format!("application?address={address}"), None, Vec::new()))
    }

    fn person_approves(&mut self, now_ms: u64, authorise_url: &str) -> Result<String, ControlError> {
        let asking = Asking { authorise_url: authorise_url.to_owned() };
        let Approved { callback } = self.ask(Method::POST, "approvals", Some(now_ms), written(&asking)?)?;
        Ok(callback)
    }
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, ControlError> {
    serde_json::to_vec(value).map_err(|why| ControlError::Invalid(why.to_string()))
}

fn unreachable(why: &dyn std::fmt::Display) -> ControlError {
    ControlError::Unreachable(why.to_string())
}
