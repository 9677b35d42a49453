//! The time of day, made safe for timers.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::event::Moment;

/// The system's time of day in the contract's unit, for [`CallEvent::at`](crate::event::CallEvent::at).
#[must_use]
pub fn now() -> Moment {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(Moment::MAX))
}

/// A clock that follows the system's and never goes back. When that is set back, this one goes at half its speed until
/// both agree again: standing still meanwhile would stop every deadline.
#[derive(Debug)]
pub(super) struct Clock {
    anchor: Mutex<Anchor>,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    told: Moment,
    then: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { anchor: Mutex::new(Anchor { told: now(), then: Instant::now() }) }
    }

    pub(super) fn now(&self) -> Moment {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        anchor.read(now(), Instant::now())
    }
}

impl Anchor {
    fn read(&mut self, system: Moment, instant: Instant) -> Moment {
        let slow = self.told.saturating_add(u64::try_from(instant.duration_since(self.then).as_millis() / 2).unwrap_or(0));
        if system < slow {
            // The anchor stays, or halves of a millisecond would be lost at each reading.
            return slow;
        }
        *self = Self { told: system, then: instant };
        system
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn follows_the_system_forward_and_goes_at_half_speed_when_it_was_set_back() {
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let mut anchor = Anchor { told: 1_000_000, then: begin };
        assert_eq!(anchor.read(1_000_010, after(10)), 1_000_010);
        assert_eq!(anchor.read(9_000_000, after(20)), 9_000_000, "set forward");
        assert_eq!(anchor.read(8_999_900, after(20)), 9_000_000, "set back by 100 ms");
        assert_eq!(anchor.read(8_999_980, after(100)), 9_000_040);
        let caught_up = anchor.read(9_000_100, after(220));
        assert_eq!(caught_up, 9_000_100);
        assert_eq!(anchor.read(9_000_101, after(221)), 9_000_101);
    }
}
