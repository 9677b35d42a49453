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

use crm_fake::{Activity, Answer, ControlError, CrmFake, Fault, Faults, LateCommits, Record, RecordedRequest, RequestLog, SeedRecord};
use serde_json::Value;

use store::Store;

/// The service.
pub struct WebhookFake {
    store: Store,
    pages: pages::Pages,
    faults: Faults,
    late: LateCommits,
    requests: RequestLog,
}

impl WebhookFake {
    /// An empty address book.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: Store::default(),
            pages: pages::Pages::new(),
            faults: Faults::default(),
            late: LateCommits::default(),
            requests: RequestLog::default(),
        }
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
        self.advance(now_ms);
        let asked = query::Asked::of(&request);
        let operation = asked.operation();
        let plan = self.faults.plan(operation);
        let index = plan.clone();
        let visible = move |made_at: Option<u64>| index.sees(made_at, now_ms);
        let commits_at = plan.commits_at(now_ms);
        let own_ms = self.faults.clock(now_ms);
        let answer = plan.run(|| api::respond(&mut self.store, &self.pages, own_ms, &asked, request.body(), &visible));
        self.requests.note_whole(now_ms, &request, operation, &answer, 1);
        if let Some(at_ms) = commits_at {
            self.late.keep(at_ms, request);
        }
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

    fn advance(&mut self, now_ms: u64) {
        while let Some((at_ms, request)) = self.late.due(now_ms) {
            let asked = query::Asked::of(&request);
            let own_ms = self.faults.clock(at_ms);
            let _undelivered = api::respond(&mut self.store, &self.pages, own_ms, &asked, request.body(), &|_| true);
        }
    }
}
