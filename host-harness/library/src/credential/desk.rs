//! Where those meet who use the same account: one talks to the login host, the others wait for what comes of it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::Connection;
use super::problem::{Kind, Problem};
use super::terms::OAuthTerms;

/// First pause after a login host was out of order, in milliseconds; it doubles.
pub(super) const FIRST_PAUSE_MS: u64 = 5_000;
/// Longest.
const LAST_PAUSE_MS: u64 = 5 * 60_000;

/// Where those meet who use the same account.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    /// Somebody is talking to the login host.
    pub(super) busy: bool,
    /// How often somebody has been.
    pub(super) rounds: u64,
    /// What came of the last time.
    pub(super) last: Option<Problem>,
    /// Nothing is asked before this moment.
    pub(super) not_before_ms: u64,
    pub(super) pause_ms: u64,
    /// A new credential that the store did not take. The old one may be dead: this one is not to be lost.
    pub(super) unsaved: Option<(u64, Connection)>,
    /// A version that was refused though it was new, and until when that is believed.
    pub(super) fresh_refused: Option<(u64, u64)>,
}

/// Held by the one who talks to the login host. Given back by dropping, come what may, so that nobody waits for ever.
pub(super) struct Seat<'a> {
    pub(super) desk: &'a Desk,
    pub(super) outcome: Option<Problem>,
    pub(super) unsaved: Option<(u64, Connection)>,
    pub(super) now_ms: u64,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.desk.state);
        state.busy = false;
        state.rounds += 1;
        state.last = self.outcome.take();
        if state.unsaved.is_none() {
            state.unsaved = self.unsaved.take();
        }
        if state.last.is_none() {
            (state.pause_ms, state.not_before_ms) = (0, 0);
        } else if state.unsaved.is_none() {
            state.pause_ms = state.pause_ms.saturating_mul(2).clamp(FIRST_PAUSE_MS, LAST_PAUSE_MS);
            state.not_before_ms = self.now_ms.saturating_add(state.pause_ms);
        }
        drop(state);
        self.desk.changed.notify_all();
    }
}

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Who panicked while holding it has left nothing half done.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn wait<'a>(
    desk: &'a Desk,
    state: MutexGuard<'a, State>,
    until: Instant,
    terms: &OAuthTerms,
) -> Result<MutexGuard<'a, State>, Problem> {
    let round = state.rounds;
    let left = until.saturating_duration_since(Instant::now());
    let waited = desk.changed.wait_timeout_while(state, left, |state| state.busy && state.rounds == round);
    let (state, late) = waited.unwrap_or_else(PoisonError::into_inner);
    if late.timed_out() && state.busy && state.rounds == round {
        Err(Problem::about(Kind::StillRefreshing, &terms.vendor))
    } else {
        Ok(state)
    }
}
