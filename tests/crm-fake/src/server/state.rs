use std::sync::{Arc, Mutex};

use crate::CrmFake;

/// What all connections share.
pub(super) struct State {
    /// The fake itself.
    pub fake: Box<dyn CrmFake>,
    /// The clock, in milliseconds since 1970; stands until a test moves it.
    pub now_ms: u64,
    /// Where this server listens.
    pub address: String,
}

/// A panic of a fake in one request must not hide behind a poisoned lock in the next: users of the lock take it as it is.
pub(super) type Shared = Arc<Mutex<State>>;

impl State {
    pub fn shared(fake: Box<dyn CrmFake>, address: String) -> Shared {
        Arc::new(Mutex::new(Self { fake, now_ms: 0, address }))
    }
}
