//! A CRM whose database is killed while it answers.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crm_fake::{Activity, Answer, ControlError, CrmFake, Fault, Record, RecordedRequest, SeedRecord, SeedUser};
use odoo_server::Instance;
use serde_json::Value;

/// Counts the requests of all hosts, and kills PostgreSQL at some of them.
pub struct Crashing {
    instance: Arc<Instance>,
    at: Vec<u32>,
    requests: AtomicU32,
    happened: AtomicUsize,
    turn: Mutex<()>,
}

impl Crashing {
    pub fn at(instance: &Arc<Instance>, at: &[u32]) -> Self {
        Self {
            instance: Arc::clone(instance),
            at: at.to_vec(),
            requests: AtomicU32::new(0),
            happened: AtomicUsize::new(0),
            turn: Mutex::new(()),
        }
    }

    /// How often it was killed.
    pub fn happened(&self) -> usize {
        self.happened.load(Ordering::SeqCst)
    }

    pub fn in_front_of(self: &Arc<Self>, crm: Box<dyn CrmFake>) -> Box<dyn CrmFake> {
        Box::new(InFront { crashes: Arc::clone(self), crm, connected: false })
    }

    /// Kills the database beside the request that is about to be carried, and starts it again.
    fn crash_beside(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if !self.at.contains(&number) {
            return None;
        }
        let crashes = Arc::clone(self);
        Some(std::thread::spawn(move || {
            // One after another: what is dead cannot be killed.
            let _alone = crashes.turn.lock().unwrap_or_else(PoisonError::into_inner);
            crashes.instance.crash_postgres().unwrap();
            crashes.instance.start_postgres().unwrap();
            crashes.happened.fetch_add(1, Ordering::SeqCst);
        }))
    }
}

struct InFront {
    crashes: Arc<Crashing>,
    crm: Box<dyn CrmFake>,
    /// An administrator connects the account before anything happens.
    connected: bool,
}

impl CrmFake for InFront {
    fn answer(&mut self, now_ms: u64, request: http::Request<Vec<u8>>) -> Answer {
        let crash = if self.connected { self.crashes.crash_beside() } else { None };
        let answer = self.crm.answer(now_ms, request);
        if let Some(crash) = crash {
            crash.join().unwrap();
        }
        answer
    }

    fn during(&mut self, call: u64, function: &str) {
        self.connected = true;
        self.crm.during(call, function);
    }

    fn name(&self) -> &str {
        self.crm.name()
    }

    fn lost(&self) -> Option<&ControlError> {
        self.crm.lost()
    }

    fn settings(&self, address: &str) -> Vec<(String, Value)> {
        self.crm.settings(address)
    }

    fn secret(&self) -> Option<Vec<(String, String)>> {
        self.crm.secret()
    }

    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        self.crm.seed(now_ms, records)
    }

    fn records(&self) -> Vec<Record> {
        self.crm.records()
    }

    fn activities(&self) -> Vec<Activity> {
        self.crm.activities()
    }

    fn requests(&self) -> Vec<RecordedRequest> {
        self.crm.requests()
    }

    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        self.crm.inject(fault)
    }

    fn clear_faults(&mut self) {
        self.crm.clear_faults();
    }

    fn advance(&mut self, now_ms: u64) {
        self.crm.advance(now_ms);
    }

    fn seed_users(&mut self, now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        self.crm.seed_users(now_ms, users)
    }

    fn own_id(&self, name: &str) -> String {
        self.crm.own_id(name)
    }
}
