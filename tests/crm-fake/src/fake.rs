use http::Response;
use serde_json::Value;

use crate::{Activity, Answer, Application, ControlError, Fault, MAX_BODY, Record, RecordedRequest, SeedRecord, SeedUser, wire};

/// A CRM that exists for tests only.
///
/// Time is a parameter, in milliseconds since 1970-01-01T00:00:00Z; a fake has no other clock. New ids count up.
pub trait CrmFake: Send {
    /// Short lower-case name, such as "webhook".
    fn name(&self) -> &str;

    /// Why what this fake says cannot be believed any more: it lives in another process, which could not be reached. None: all is well.
    fn lost(&self) -> Option<&ControlError> {
        None
    }

    /// The connector's settings, as (key, value), with which it reaches this fake at `address` (`http://127.0.0.1:4711`, without
    /// a final "/").
    fn settings(&self, address: &str) -> Vec<(String, Value)>;

    /// Whoever plays with it is about to send a request of this call of the connector, which is one of this function ("find"). A fake that
    /// can tell by the requests themselves need not listen.
    fn during(&mut self, call: u64, function: &str) {
        let _ = (call, function);
    }

    /// What an administrator types into the PBX, as (field, text), for a CRM that is opened with a secret; None: it wants no such thing.
    fn secret(&self) -> Option<Vec<(String, String)>> {
        None
    }

    /// Answers one request of the vendor's API, injected faults included. The request is in `requests` afterwards.
    fn answer(&mut self, now_ms: u64, request: http::Request<Vec<u8>>) -> Answer;

    /// Puts records into the CRM, as if people had typed them in long ago (but see [`SeedRecord::new`]). Gives their ids in the same order.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] if an id is taken or a value cannot be stored, [`ControlError::Unsupported`] if this CRM
    /// knows no such record. Then none of them was stored.
    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError>;

    /// All records, oldest first, retired ones included.
    fn records(&self) -> Vec<Record>;

    /// The call history of all records, oldest first.
    fn activities(&self) -> Vec<Activity>;

    /// The requests answered so far, oldest first; see [`RequestLog`](crate::RequestLog) for how many are kept.
    fn requests(&self) -> Vec<RecordedRequest>;

    /// Makes things go wrong from now on.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] if the fault makes no sense, [`ControlError::Unsupported`] if this fake cannot do it.
    fn inject(&mut self, fault: Fault) -> Result<(), ControlError>;

    /// Ends all faults.
    fn clear_faults(&mut self);

    /// Time passes: does what was left to do at its moment, such as the late commit of a cut request. Called by the server and by the fake
    /// itself before each answer; a player calls it before it looks at records and activities.
    fn advance(&mut self, now_ms: u64) {
        let _ = now_ms;
    }

    /// Turns a knob that only this vendor has; which there are, its fake's documents tell. Gives the knob's answer, null as a rule.
    ///
    /// # Errors
    /// [`ControlError::Unsupported`] if there is no such knob, [`ControlError::Invalid`] if it cannot be turned so.
    fn knob(&mut self, now_ms: u64, name: &str, value: Value) -> Result<Value, ControlError> {
        let _ = (now_ms, value);
        Err(ControlError::Unsupported(format!("{} has no knob `{name}`", self.name())))
    }

    /// Puts users into the CRM. Gives the ids by which the CRM knows them, in the same order.
    ///
    /// # Errors
    /// As [`CrmFake::seed`]; [`ControlError::Unsupported`] if this CRM has no users of its own.
    fn seed_users(&mut self, now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        let _ = (now_ms, users);
        Err(ControlError::Unsupported(format!("{} has no users", self.name())))
    }

    /// The id by which the CRM's API knows what a test calls so. A fake whose vendor makes its own ids cannot use a test's; for others it is the
    /// same.
    fn own_id(&self, name: &str) -> String {
        name.to_owned()
    }

    /// The app under which a PBX asks this CRM for access when the CRM is at `address`; None: it wants no such thing.
    fn application(&self, address: &str) -> Option<Application> {
        let _ = address;
        None
    }

    /// A person with a browser opens the address at which an app asks for access, signs in as the CRM's administrator and allows it. Gives
    /// the address to which the CRM sends the browser in the end, which is not opened. The browser's requests are among the others.
    ///
    /// # Errors
    /// [`ControlError::Unsupported`] if this CRM has no such pages, [`ControlError::Invalid`] if it does not come to an approval.
    fn person_approves(&mut self, now_ms: u64, authorise_url: &str) -> Result<String, ControlError> {
        let _ = (now_ms, authorise_url);
        Err(ControlError::Unsupported(format!("{} asks nobody for access", self.name())))
    }

    /// Longest body of a request that the server reads for this fake, in bytes.
    fn body_limit(&self) -> usize {
        MAX_BODY
    }

    /// The answer to a longer one.
    fn oversized(&self) -> Response<Vec<u8>> {
        wire::error(413, "the body is larger than 4 MiB")
    }
}
