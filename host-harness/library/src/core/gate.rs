//! May an account be asked now? It may not while it is switched off, has lost its authorisation, asked for patience, or does not answer.
//!
//! What stops one account stops no other one, and no item is tried, counted or aged while its account's gate is closed.

use std::collections::VecDeque;

use crate::bindings::crm::types::Failure;
use crate::event::Moment;

/// So many failures in a row open the breaker.
const IN_A_ROW: u32 = 5;
/// So many of the last [`LAST`] outcomes open it as well.
const OF_LAST: usize = 10;
/// How many outcomes are remembered.
const LAST: usize = 20;
/// First and longest time for which an open breaker lets nothing through, in milliseconds. Then one call tries.
const BREAKER_MS: (u64, u64) = (30_000, 600_000);
/// First and longest pause where a CRM asks for patience and names no time, in milliseconds.
const PATIENCE_MS: (u64, u64) = (900_000, 3_600_000);
/// Shortest and longest pause that a CRM can ask for, in milliseconds: a wrong clock or a joke must neither flood nor stop us.
const ASKED_MS: (u64, u64) = (1_000, 86_400_000);
/// How soon an account without authorisation is looked at first, and how seldom at last, in milliseconds. Where the host keeps a credential, the
/// refusal comes from its own memory: nothing is sent to a CRM that has said no.
const LOOK_MS: (u64, u64) = (30_000, 600_000);

/// What the gate lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Nothing.
    Closed,
    /// One call, to see whether the CRM is back.
    Probe,
    /// Everything.
    Open,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Gate {
    enabled: bool,
    /// Since the credential is not taken: why, and when it is looked at again.
    stopped: Option<(Box<Failure>, Moment)>,
    /// The CRM asked for patience: why, and until when.
    paused: Option<(Box<Failure>, Moment)>,
    /// The next pause before a look.
    look: u64,
    /// The next pause without a time of its own.
    patience: u64,
    /// The CRM does not answer: why, and until when nothing is tried.
    broken: Option<(Box<Failure>, Moment)>,
    /// The next pause of the breaker.
    pause: u64,
    in_a_row: u32,
    /// True: it answered.
    outcomes: VecDeque<bool>,
    /// A call that tries is under way.
    probing: bool,
}

impl Gate {
    pub(super) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            stopped: None,
            paused: None,
            look: LOOK_MS.0,
            patience: PATIENCE_MS.0,
            broken: None,
            pause: BREAKER_MS.0,
            in_a_row: 0,
            outcomes: VecDeque::new(),
            probing: false,
        }
    }

    pub(super) fn pass(&self, now: Moment) -> Pass {
        let closed_until = [&self.stopped, &self.paused, &self.broken].into_iter().flatten().map(|(_, until)| *until).max();
        match closed_until {
            _ if !self.enabled || self.probing => Pass::Closed,
            Some(until) if until > now => Pass::Closed,
            Some(_) => Pass::Probe,
            None => Pass::Open,
        }
    }

    /// When it lets something through that it does not let through now.
    pub(super) fn opens(&self, now: Moment) -> Option<Moment> {
        let until = [&self.stopped, &self.paused, &self.broken].into_iter().flatten().map(|(_, until)| *until).max()?;
        (self.enabled && !self.probing && until > now).then_some(until)
    }

    /// Why it is not open; none: it is, or an administrator closed it.
    pub(super) fn why(&self) -> Option<(&Failure, Moment)> {
        let closed = self.stopped.as_ref().or(self.paused.as_ref()).or(self.broken.as_ref())?;
        Some((&closed.0, closed.1))
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.enabled
    }

    pub(super) fn enable(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// A call begins that was let through as a probe.
    pub(super) fn probe(&mut self) {
        self.probing = true;
    }

    /// The CRM answered, whatever it said.
    pub(super) fn answered(&mut self) {
        self.probing = false;
        (self.stopped, self.paused, self.broken) = (None, None, None);
        (self.look, self.patience, self.pause, self.in_a_row) = (LOOK_MS.0, PATIENCE_MS.0, BREAKER_MS.0, 0);
        self.note(true);
    }

    /// It did not. True: the gate closes by this.
    pub(super) fn unanswered(&mut self, now: Moment, why: &Failure) -> bool {
        let probed = std::mem::take(&mut self.probing) || self.broken.is_some();
        self.in_a_row += 1;
        self.note(false);
        let bad = self.outcomes.iter().filter(|answered| !**answered).count();
        if !(probed || self.in_a_row >= IN_A_ROW || (self.outcomes.len() == LAST && bad >= OF_LAST)) {
            return false;
        }
        // Calls that were under way when it closed say nothing new.
        if self.broken.as_ref().is_some_and(|(_, until)| *until > now) {
            return false;
        }
        self.broken = Some((Box::new(why.clone()), now.saturating_add(self.pause)));
        self.pause = self.pause.saturating_mul(2).min(BREAKER_MS.1);
        true
    }

    /// It asked for patience.
    pub(super) fn asked_for_patience(&mut self, now: Moment, wait: Option<u64>, why: &Failure) {
        self.probing = false;
        let pause = match wait {
            Some(wait) => wait.clamp(ASKED_MS.0, ASKED_MS.1),
            // Calls that were under way when it asked say nothing new.
            None if self.paused.as_ref().is_some_and(|(_, until)| *until > now) => return,
            None => {
                let pause = self.patience;
                self.patience = pause.saturating_mul(2).min(PATIENCE_MS.1);
                pause
            }
        };
        self.paused = Some((Box::new(why.clone()), now.saturating_add(pause)));
    }

    /// The credential is not taken.
    pub(super) fn refused(&mut self, now: Moment, why: &Failure) {
        self.probing = false;
        if self.stopped.as_ref().is_some_and(|(_, until)| *until > now) {
            return;
        }
        self.stopped = Some((Box::new(why.clone()), now.saturating_add(self.look)));
        self.look = self.look.saturating_mul(2).min(LOOK_MS.1);
    }

    /// A call ended without saying anything of the CRM.
    pub(super) fn nothing_learnt(&mut self) {
        self.probing = false;
    }

    /// Somebody connected the account anew.
    pub(super) fn reopened(&mut self) {
        *self = Self::new(self.enabled);
    }

    fn note(&mut self, answered: bool) {
        self.outcomes.push_back(answered);
        if self.outcomes.len() > LAST {
            self.outcomes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::failures::detail;

    fn away() -> Failure {
        Failure::Unreachable(detail("host.connector-deadline"))
    }

    #[test]
    fn five_in_a_row_close_it_for_half_a_minute_doubling_to_ten_with_one_probe_each() {
        let mut gate = Gate::new(true);
        for _ in 0..4 {
            assert!(!gate.unanswered(0, &away()));
            assert_eq!(gate.pass(0), Pass::Open);
        }
        assert!(gate.unanswered(0, &away()));
        let (mut now, mut pauses) = (0, Vec::new());
        for _ in 0..7 {
            assert_eq!(gate.pass(now), Pass::Closed);
            let opens = gate.opens(now).unwrap();
            pauses.push((opens - now) / 1000);
            now = opens;
            assert_eq!(gate.pass(now), Pass::Probe);
            gate.probe();
            assert_eq!((gate.pass(now), gate.opens(now)), (Pass::Closed, None), "one at a time");
            gate.unanswered(now, &away());
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        gate.answered();
        assert_eq!(gate.pass(now), Pass::Open);
        assert!(!gate.unanswered(now, &away()), "it begins anew");
    }

    #[test]
    fn half_of_the_last_twenty_close_it() {
        let mut gate = Gate::new(true);
        for round in 0..10 {
            gate.answered();
            assert_eq!(gate.unanswered(0, &away()), round == 9, "{round}");
        }
    }

    #[test]
    fn f10_f11_patience_is_what_was_asked_within_bounds_or_a_quarter_of_an_hour_doubling_to_one() {
        let mut gate = Gate::new(true);
        for (asked, waited) in [(0, 1_000), (30_000, 30_000), (u64::MAX, 86_400_000)] {
            gate.asked_for_patience(0, Some(asked), &away());
            assert_eq!(gate.opens(0), Some(waited));
            gate.answered();
        }
        let (mut now, mut pauses) = (0, Vec::new());
        for _ in 0..4 {
            gate.asked_for_patience(now, None, &away());
            gate.asked_for_patience(now, None, &away());
            pauses.push((gate.opens(now).unwrap() - now) / 60_000);
            now = gate.opens(now).unwrap();
        }
        assert_eq!(pauses, [15, 30, 60, 60]);
    }

    #[test]
    fn switched_off_it_opens_for_nothing() {
        let mut gate = Gate::new(true);
        gate.enable(false);
        assert_eq!((gate.pass(0), gate.opens(0)), (Pass::Closed, None));
        gate.enable(true);
        assert_eq!(gate.pass(0), Pass::Open);
    }
}
