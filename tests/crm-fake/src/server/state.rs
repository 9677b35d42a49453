use std::sync::{Arc, Mutex};

use super::clock::Clock;
use crate::CrmFake;

/// What all connections share.
pub(super) struct State {
    /// The fake itself.
    pub fake: Box<dyn CrmFake>,
    /// The clock.
    pub clock: Clock,
    /// Where this server listens.
    pub address: String,
}

/// A panic of a fake in one request must not hide behind a poisoned lock in the next: users of the lock take it as it is.
pub(super) type Shared = Arc<Mutex<State>>;

impl State {
    pub fn shared(fake: Box<dyn CrmFake>, address: String, clock: Clock) -> Shared {
        Arc::new(Mutex::new(Self { fake, clock, address }))
    }

    /// Lets the fake do what its time has come for; gives the moment.
    pub fn advance(&mut self) -> u64 {
        let now_ms = self.clock.now_ms();
        self.fake.advance(now_ms);
        now_ms
    }
}
