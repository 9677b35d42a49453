//! What an HTTP exchange tells of the account itself: that its credential is refused, or that it lives elsewhere now.

use std::sync::Arc;

use super::Core;
use super::io::{HttpAnswer, HttpFailure, Told};
use crate::bindings::base::types::{Message, SettingValue};
use crate::bindings::crm::types::{Detail, Failure};
use crate::connector::permit::Permits;
use crate::credential::problem::Problem;

impl Core {
    pub(super) fn take_http(&mut self, exchange: u64, answer: HttpAnswer) {
        let job = self.runs.run_of(exchange).and_then(|run| self.jobs.get_mut(&run));
        match (&answer, job) {
            (Err(HttpFailure::Credential(problem)), Some(job)) => job.problem = Some((**problem).clone()),
            (Err(HttpFailure::Denied(why) | HttpFailure::BadAddress(why)), Some(job)) => {
                let (slot, why) = (job.slot, why.clone());
                if let Some(connected) = self.slots.get(slot) {
                    self.tell(Told::Denied { connector: connected.id.clone(), why });
                }
            }
            (Err(HttpFailure::Moved(base)), Some(job)) => {
                let (slot, base) = (job.slot, base.clone());
                self.move_account(slot, base);
            }
            _ => {}
        }
        self.runs.answer(exchange, answer);
    }

    /// The organisation has moved to another host: what is asked from now on goes there, and so do the links to its pages.
    fn move_account(&mut self, slot: usize, base: String) {
        let Some(connected) = self.slots.get_mut(slot) else { return };
        let permits = Permits::new(connected.connector.description(), &base, |key| match connected.settings.get(key) {
            Some(SettingValue::Text(address)) => Some(address),
            _ => None,
        });
        connected.permits = Arc::new(permits);
        connected.base.clone_from(&base);
        if let Some(account) = self.state.as_mut().and_then(|state| state.accounts.get_mut(slot)) {
            account.base = base;
        }
    }
}

/// What a connector could not know: its request was not sent because of the credential. Its own words for that would be a guess. Where it
/// writes, it alone knows what it had sent before, and only what it says of requests that were not sent is replaced.
pub(super) fn with_problem(failure: Failure, problem: Option<&Problem>, writes: bool) -> Failure {
    let not_sent = matches!(failure, Failure::Unreachable(_) | Failure::Forbidden(_) | Failure::AuthoriseAgain(_));
    match problem {
        Some(problem) if not_sent || !writes => {
            let told = Detail { said: Message::from(problem), status: None, code: None, usage: None, extras: Vec::new() };
            if problem.passes() { Failure::Unreachable(told) } else { Failure::AuthoriseAgain(told) }
        }
        _ => failure,
    }
}
