//! The count of API calls: a rolling window of 24 hours for the whole org.

use std::collections::VecDeque;

use crate::error::ApiError;

/// Length of the window, in minutes.
const WINDOW: u64 = 24 * 60;
/// Calls in 24 hours of a Developer Edition org.
const DEVELOPER: u64 = 15_000;

/// Calls made and allowed.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Allowed in 24 hours.
    max: u64,
    /// Calls of each minute that had some.
    minutes: VecDeque<(u64, u64)>,
    /// Sum of `minutes`.
    counted: u64,
    /// Calls that a test says others have made; they do not age.
    others: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { max: DEVELOPER, minutes: VecDeque::new(), counted: 0, others: 0 }
    }
}

impl Usage {
    /// Calls in the 24 hours before this moment.
    pub fn used(&mut self, now_ms: u64) -> u64 {
        let oldest = (now_ms / 60_000).saturating_sub(WINDOW - 1);
        while let Some((minute, calls)) = self.minutes.front().copied()
            && minute < oldest
        {
            self.counted = self.counted.saturating_sub(calls);
            self.minutes.pop_front();
        }
        self.counted.saturating_add(self.others)
    }

    /// Calls in 24 hours that are allowed.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Calls that are left.
    pub fn left(&mut self, now_ms: u64) -> u64 {
        let used = self.used(now_ms);
        self.max.saturating_sub(used)
    }

    /// Counts a call.
    ///
    /// # Errors
    /// 403 `REQUEST_LIMIT_EXCEEDED`, and then nothing is counted.
    pub fn charge(&mut self, now_ms: u64) -> Result<(), ApiError> {
        if self.left(now_ms) == 0 {
            return Err(ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
        }
        let minute = now_ms / 60_000;
        match self.minutes.back_mut() {
            // A clock that goes back does not make calls of the past.
            Some((last, calls)) if *last >= minute => *calls = calls.saturating_add(1),
            _ => self.minutes.push_back((minute, 1)),
        }
        self.counted = self.counted.saturating_add(1);
        Ok(())
    }

    /// Sets how many are allowed.
    pub fn set_max(&mut self, max: u64) {
        self.max = max;
    }

    /// Sets how many are left now.
    pub fn set_left(&mut self, left: u64) {
        self.minutes.clear();
        self.counted = 0;
        self.others = self.max.saturating_sub(left);
    }

    /// The value of `Sforce-Limit-Info`.
    pub fn header(&mut self, now_ms: u64) -> String {
        format!("api-usage={}/{}", self.used(now_ms), self.max)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Usage;

    #[test]
    fn calls_fall_out_of_the_window_after_a_day() {
        let mut usage = Usage::default();
        usage.set_max(2);
        let (minute, day) = (60_000, 24 * 60 * 60_000);
        usage.charge(10 * minute).unwrap();
        usage.charge(20 * minute).unwrap();
        assert_eq!(usage.header(20 * minute), "api-usage=2/2");
        let refused = usage.charge(21 * minute).unwrap_err();
        assert_eq!((refused.status, refused.code), (403, "REQUEST_LIMIT_EXCEEDED"));
        assert_eq!(usage.used(10 * minute + day), 1);
        usage.charge(10 * minute + day).unwrap();
        usage.set_left(1);
        usage.charge(10 * minute + day).unwrap();
        assert!(usage.charge(10 * minute + day).is_err());
    }
}
