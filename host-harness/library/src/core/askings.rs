//! Answers to what is asked once and never repeated: searches on pages, and who may see what.

use super::Core;
use super::lanes::Waiting;
use super::work::{Asking, AskingFor, Purpose};
use crate::bindings::crm::types::Failure;
use crate::bindings::crm_exports::crm_answers::{Fate, Refused, Searched, Work};
use crate::bindings::crm_exports::visibility_answers::Visibility;
use crate::connector::run::Answer;
use crate::hook::Hook;

impl Core {
    pub(super) fn answer_asking(&mut self, slot: usize, id: &str, answer: Answer) {
        let Some(index) = self.asked.iter().position(|asking| asking.id() == id) else { return };
        let out = self.jobs.values().any(|job| matches!(&job.purpose, Purpose::Asking(other) if other == id));
        let Some(asking) = self.asked.get(index) else { return };
        let last = asking.waiting.is_empty() && !out;
        let connector = self.slots.get(slot).map(|slot| slot.id.clone()).unwrap_or_default();
        let call = asking.call.clone();
        let hook = match (&asking.what, answer) {
            (AskingFor::Search { request, text, .. }, Answer::Page(page)) => {
                let found = page.entities.into_iter().filter_map(|entity| self.checked(slot, entity)).collect();
                Hook::Searched(Searched {
                    at: self.now,
                    request: request.clone(),
                    text: text.clone(),
                    connector,
                    last,
                    found,
                    more: page.more,
                    usage: page.usage,
                    extras: Vec::new(),
                })
            }
            (AskingFor::Visibility { user, records }, Answer::Seen(seen)) => {
                let visible = records.iter().zip(seen.visible).filter(|(_, visible)| *visible).map(|(record, _)| record.clone()).collect();
                let state = self.state.as_ref();
                let call = call.as_ref().and_then(|id| state?.calls.get(id)).map(|call| call.at(self.now));
                Hook::Visibility(Visibility { at: self.now, call, user: user.clone(), visible, usage: seen.usage, extras: Vec::new() })
            }
            _ => return,
        };
        if last {
            self.asked.remove(index);
        }
        self.lanes.push(Waiting { call, hook, settles: None });
    }

    pub(super) fn refuse_asking(&mut self, asking: Asking, why: Failure) {
        let work = match asking.what {
            AskingFor::Search { request, .. } => Work::Search(request),
            AskingFor::Visibility { user, .. } => Work::Visibility(user),
        };
        let state = self.state.as_ref();
        let call = asking.call.as_ref().and_then(|id| state?.calls.get(id)).map(|call| call.at(self.now));
        let refused = Refused { at: self.now, call, work, why, fate: Fate::Dead, extras: Vec::new() };
        self.lanes.push(Waiting { call: asking.call, hook: Hook::Refused(refused), settles: None });
    }
}
