//! Events of the PBX and questions of agents on their way into the lanes.

use super::Core;
use super::call::{CallState, Consequence, Ignored};
use super::io::{Asked, Told};
use super::lanes::Waiting;
use crate::bindings::crm_exports::agent_questions;
use crate::bindings::hooks_exports::{call_events, hold_events, recording_events, transfer_events};
use crate::event::{CallEvent, Happening};
use crate::hook::Hook;
use crate::limits;
use crate::store::{Change, WorkItem};

impl Core {
    pub(super) fn take_event(&mut self, event: CallEvent) {
        let call = event.call.clone();
        let word = event.happening.word();
        match self.take_in(&event) {
            Ok(waiting) => {
                self.tell(Told::Event { call, event: Box::new(event) });
                if let Some(waiting) = waiting {
                    self.lanes.push(waiting);
                }
            }
            Err(why) => self.tell(Told::Ignored { call, event: word, why }),
        }
    }

    fn take_in(&mut self, event: &CallEvent) -> Result<Option<Waiting>, Ignored> {
        if self.vanished.contains_key(&event.call) {
            return Err(Ignored::Vanished);
        }
        match &event.happening {
            Happening::Merged { vanished } => self.merge(event, vanished).map(Some),
            Happening::Started(start) => {
                let Some(state) = self.state.as_mut() else { return Err(Ignored::UnknownCall) };
                if state.calls.contains_key(&event.call) {
                    return Err(Ignored::Repeated);
                }
                let call = CallState::start(event, start, &state.numbers)?;
                state.calls.insert(event.call.clone(), call);
                Ok(self.waiting(event, Consequence::Started))
            }
            _ => {
                let Some(state) = self.state.as_mut() else { return Err(Ignored::UnknownCall) };
                let call = state.calls.get_mut(&event.call).ok_or(Ignored::UnknownCall)?;
                let consequence = call.take(event, &state.numbers)?;
                if consequence == Consequence::Ended {
                    self.over.insert((self.now, event.call.clone()));
                }
                Ok(self.waiting(event, consequence))
            }
        }
    }

    /// The hook that follows from an event which was taken in.
    fn waiting(&self, event: &CallEvent, consequence: Consequence) -> Option<Waiting> {
        let state = self.state.as_ref()?.calls.get(&event.call)?;
        let call = state.call().clone();
        let (at, resync, extras) = (event.at, event.resync, Vec::new());
        let hook = match (consequence, &event.happening) {
            (Consequence::Noted, _) => return None,
            (Consequence::Started, _) => Hook::Start(call_events::Started { at, resync, call, extras }),
            (Consequence::Rang(leg), _) => Hook::Ring(call_events::Rang { at, resync, call, leg, extras }),
            (Consequence::Answered(leg), _) => Hook::Answer(call_events::Answered { at, resync, call, leg, extras }),
            (Consequence::Ended, _) => Hook::End(call_events::Ended { at, resync, call, extras }),
            (_, Happening::Transferred { by, to, attended }) => Hook::Transfer(transfer_events::Transferred {
                at,
                call,
                by_extension: by.clone(),
                to: to.clone(),
                attended: *attended,
                extras,
            }),
            (_, Happening::Held { leg, holding }) => {
                Hook::Hold(hold_events::Held { at, call, leg: leg.clone(), holding: *holding, extras })
            }
            (_, Happening::Recorded { link, length }) => {
                Hook::Recording(recording_events::Recorded { at, call, link: link.clone(), length: *length, extras })
            }
            (_, Happening::Voicemail { mailbox, link, length }) => Hook::Voicemail(recording_events::VoicemailLeft {
                at,
                call,
                mailbox: mailbox.clone(),
                link: link.clone(),
                length: *length,
                extras,
            }),
            _ => return None,
        };
        Some(Waiting { call: Some(event.call.clone()), hook, settles: None })
    }

    fn merge(&mut self, event: &CallEvent, vanished: &str) -> Result<Waiting, Ignored> {
        if vanished == event.call {
            return Err(Ignored::Repeated);
        }
        let Some(state) = self.state.as_mut() else { return Err(Ignored::UnknownCall) };
        match (state.calls.get(&event.call), state.calls.get(vanished)) {
            (_, None) => return Err(if self.vanished.contains_key(vanished) { Ignored::Repeated } else { Ignored::UnknownCall }),
            (Some(survivor), Some(_)) if survivor.ended() => return Err(Ignored::Ended),
            (_, Some(gone)) if gone.ended() => return Err(Ignored::Ended),
            _ => {}
        }
        let Some(mut gone) = state.calls.remove(vanished) else { return Err(Ignored::UnknownCall) };
        match state.calls.get_mut(&event.call) {
            Some(survivor) => survivor.absorb(gone, event.at),
            // Only the id changed.
            None => {
                gone.rename(&event.call);
                state.calls.insert(event.call.clone(), gone);
            }
        }
        let notes = state.notes.remove(vanished).unwrap_or_default();
        let kept = state.notes.entry(event.call.clone()).or_default();
        for (key, value) in notes {
            kept.entry(key).or_insert(value);
        }
        let links = state.links.remove(vanished).unwrap_or_default();
        state.links.entry(event.call.clone()).or_default().extend(links);
        let moved = state.agenda.of_call(vanished).into_iter().filter_map(|order| state.store.work_at(order));
        let moved = moved.map(|item| Change::PutWork(Box::new(WorkItem { call: Some(event.call.clone()), ..item }))).collect();
        // Should the store refuse, the work keeps the old id and finds the call through `vanished`.
        self.commit_all(moved);
        let Some(state) = self.state.as_ref() else { return Err(Ignored::UnknownCall) };
        let call = state.calls.get(&event.call).map(|state| state.call().clone()).ok_or(Ignored::UnknownCall)?;
        self.lanes.merge(vanished, &event.call);
        let cards = self.screens.merge(vanished, &event.call);
        self.outputs.extend(cards);
        self.vanished.insert(vanished.to_owned(), event.call.clone());
        let merged = call_events::Merged { at: event.at, call, vanished: vanished.to_owned(), extras: Vec::new() };
        Ok(Waiting { call: Some(event.call.clone()), hook: Hook::Merged(merged), settles: None })
    }

    pub(super) fn take_question(&mut self, asked: Asked) {
        let Some(state) = self.state.as_ref() else { return };
        let id = asked.call.map(|id| self.vanished.get(&id).cloned().unwrap_or(id));
        let call = id.as_ref().and_then(|id| state.calls.get(id)).map(|call| call.at(self.now));
        self.questions.insert(asked.request.clone(), self.now + limits::QUESTION_MS);
        let question = agent_questions::Asked {
            at: self.now,
            request: asked.request,
            asked_by: asked.asked_by,
            call,
            question: asked.question,
            extras: Vec::new(),
        };
        self.lanes.push(Waiting { call: id, hook: Hook::Question(question), settles: None });
    }
}
