//! An address-book service that speaks the webhook connector's protocol (`plugin/connectors/webhook/README.md`), in memory.
//!
//! It shows people two pages, `/` and `/records/{id}`. What it has of its own, for tests to meet:
//!
//! * Ids count up from 1, one row for records and one for calls.
//! * A new record with a number that a record in use has already is a duplicate (409).
//! * A subject above 255 bytes is refused for its content; a call for an unknown record is "gone".

mod api;
mod call;
mod pages;
mod query;
mod record;
mod store;

use crm_fake::{Activity, Answer, ControlError, CrmFake, Fault, Faults, Record, RecordedRequest, RequestLog, SeedRecord};
use serde_json::Value;

use store::Store;

/// The service.
pub struct WebhookFake {
    store: Store,
    pages: pages::Pages,
    faults: Faults,
    requests: RequestLog,
}

impl WebhookFake {
    /// An empty address book.
    #[must_use]
    pub fn new() -> Self {
        Self { store: Store::default(), pages: pages::Pages::new(), faults: Faults::default(), requests: RequestLog::default() }
    }
}

impl Default for WebhookFake {
    fn default() -> Self {
        Self::new()
    }
}

impl CrmFake for WebhookFake {
    fn name(&self) -> &str {
        "webhook"
    }

    fn settings(&self, address: &str) -> Vec<(String, Value)> {
        vec![("address".to_owned(), address.into())]
    }

    fn answer(&mut self, now_ms: u64, request: http::Request<Vec<u8>>) -> Answer {
        let asked = query::Asked::of(&request);
        let operation = asked.operation();
        let plan = self.faults.plan(operation);
        let index = plan.clone();
        let visible = move |made_at: Option<u64>| index.sees(made_at, now_ms);
        let answer = plan.run(|| api::respond(&mut self.store, &self.pages, now_ms, &asked, request.body(), &visible));
        self.requests.note(now_ms, request.method(), request.uri(), operation, &answer, 1);
        answer
    }

    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        self.store.seed(now_ms, records)
    }

    fn records(&self) -> Vec<Record> {
        self.store.records().iter().map(record::Stored::control).collect()
    }

    fn activities(&self) -> Vec<Activity> {
        self.store.calls().iter().map(call::Stored::control).collect()
    }

    fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.all()
    }

    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        self.faults.inject(fault)
    }

    fn clear_faults(&mut self) {
        self.faults.clear();
    }
}
