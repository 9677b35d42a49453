//! A CRM whose database is killed while it answers.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use odoo_server::Instance;

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

    /// Kills the database beside the request that is about to be carried, and starts it again.
    pub fn crash_beside(self: &Arc<Self>) -> Option<JoinHandle<()>> {
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
