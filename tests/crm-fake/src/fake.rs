use crate::{Activity, Answer, ControlError, Fault, Record, RecordedRequest, SeedRecord};

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
    fn settings(&self, address: &str) -> Vec<(String, serde_json::Value)>;

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
}
