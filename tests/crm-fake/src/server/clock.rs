use std::time::Instant;

/// The clock of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// What it showed when it was last set, in milliseconds since 1970.
    set_to_ms: u64,
    /// When that was, if it runs by itself; none: it stands.
    running_since: Option<Instant>,
}

impl Clock {
    /// Stands until a test moves it.
    pub fn standing() -> Self {
        Self { set_to_ms: 0, running_since: None }
    }

    /// Runs as real time does.
    pub fn running(from_ms: u64) -> Self {
        Self { set_to_ms: from_ms, running_since: Some(Instant::now()) }
    }

    /// What it shows.
    pub fn now_ms(&self) -> u64 {
        let passed = self.running_since.map_or(0, |since| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
        self.set_to_ms.saturating_add(passed)
    }

    /// Sets it; one that runs goes on from there.
    pub fn set(&mut self, now_ms: u64) {
        self.set_to_ms = now_ms;
        self.running_since = self.running_since.map(|_| Instant::now());
    }

    /// Does it run by itself?
    pub fn runs(&self) -> bool {
        self.running_since.is_some()
    }
}
