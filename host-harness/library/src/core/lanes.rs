//! Lanes: hooks of one call run one after another, in the order in which their events came.

use std::collections::VecDeque;

use crate::hook::Hook;

/// A hook that waits for its turn.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The call in whose lane it runs; none: it is about no call.
    pub(crate) call: Option<String>,
    /// What.
    pub(crate) hook: Hook,
    /// The item that is done when this hook has returned well: its answer is in there.
    pub(crate) settles: Option<u64>,
}

/// All lanes of a core. One core runs one hook at a time, so one queue keeps the order within every lane and is fair between
/// them; what is apart is the call to which each entry belongs.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    queue: VecDeque<Waiting>,
}

impl Lanes {
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.queue.push_back(waiting);
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.queue.pop_front()
    }

    /// Two calls became one: what waits for the vanished one waits for the survivor.
    pub(crate) fn merge(&mut self, vanished: &str, survivor: &str) {
        for waiting in &mut self.queue {
            if waiting.call.as_deref() == Some(vanished) {
                waiting.call = Some(survivor.to_owned());
            }
        }
    }
}
