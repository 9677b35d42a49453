//! A call as a PBX would tell it: each step changes the call, then runs the hook.

use super::{InMemory, number, of_kind};
use crate::contract::exports::pbx::crm::agent_questions::{Asked, Question};
use crate::contract::exports::pbx::crm::crm_answers::{Created, Matched};
use crate::contract::exports::pbx::hooks::call_events::{Answered, Ended, Merged, Rang, Started};
use crate::contract::pbx::base::types::{Number, NumberKind};
use crate::contract::pbx::crm::types::{Entity, Usage};
use crate::contract::pbx::hooks::calls::{Call, Direction, Leg, LegState, Outcome, Party, Talk, Via};
use crate::policy;

/// A call on a host in memory. Steps that the PBX could not take do nothing.
pub struct PlayedCall<'h> {
    /// The host.
    pub host: &'h mut InMemory,
    /// The call as it stands; may be changed between steps.
    pub call: Call,
    /// True: events are told as after a restart.
    pub resync: bool,
}

impl<'h> PlayedCall<'h> {
    /// A call from outside reaches the PBX.
    pub fn from_outside(host: &'h mut InMemory, id: &str, caller: Number) -> Self {
        let dialled = number("+15550100100");
        let call = begin(id, Direction::Inbound, host.now, caller.clone(), dialled, caller);
        let mut played = Self { host, call, resync: false };
        played.start();
        played
    }

    /// An extension dials an outside number.
    pub fn to_outside(host: &'h mut InMemory, id: &str, extension: &str, dialled: Number) -> Self {
        let caller = of_kind(extension, NumberKind::Extension);
        let mut call = begin(id, Direction::Outbound, host.now, caller, dialled.clone(), dialled);
        call.legs.push(leg("leg-0", extension, Via::Direct, LegState::Dialling, true));
        let mut played = Self { host, call, resync: false };
        played.start();
        played
    }

    /// Time passes, in milliseconds.
    pub fn wait(&mut self, milliseconds: u64) -> &mut Self {
        self.host.now += milliseconds;
        self
    }

    /// The call is told to have begun.
    pub fn start(&mut self) -> &mut Self {
        let event = Started { at: self.host.now, resync: self.resync, call: self.call.clone(), extras: vec![] };
        done(policy::on_start(self.host, &event));
        self
    }

    /// The extension's phone rings.
    pub fn ring(&mut self, extension: &str) -> &mut Self {
        self.ring_via(extension, Via::Direct)
    }

    /// The extension's phone rings as part of a group, after a transfer, ...
    pub fn ring_via(&mut self, extension: &str, via: Via) -> &mut Self {
        let mut new = leg(&format!("leg-{}", self.call.legs.len()), extension, via, LegState::Ringing, false);
        new.rang_at = Some(self.host.now);
        let id = new.id.clone();
        self.call.legs.push(new);
        self.tell_ring(id)
    }

    /// The other side of an outbound call rings.
    pub fn far_end_rings(&mut self) -> &mut Self {
        let now = self.host.now;
        let Some(leg) = self.call.legs.iter_mut().find(|leg| leg.placed_call) else {
            return self;
        };
        leg.state = LegState::Ringing;
        leg.rang_at = Some(now);
        let id = leg.id.clone();
        self.tell_ring(id)
    }

    /// The phone could not ring: busy, failed, ... There is no hook for it.
    pub fn cannot_ring(&mut self, extension: &str, via: Via, state: LegState) -> &mut Self {
        let new = leg(&format!("leg-{}", self.call.legs.len()), extension, via, state, false);
        self.call.legs.push(Leg { left_at: Some(self.host.now), ..new });
        self
    }

    /// The extension answers (outbound: the other side does); other phones stop ringing.
    pub fn answer(&mut self, extension: &str) -> &mut Self {
        let now = self.host.now;
        let mut answered = None;
        for leg in self.call.legs.iter_mut().filter(|leg| leg.left_at.is_none()) {
            if leg.extension == extension {
                leg.state = LegState::Talking;
                leg.answered_at = Some(now);
                answered = Some(leg.id.clone());
            } else if matches!(leg.state, LegState::Ringing) {
                leg.state = LegState::AnsweredElsewhere;
                leg.left_at = Some(now);
            }
        }
        let Some(leg) = answered else { return self };
        self.call.answered_at.get_or_insert(now);
        let party = self.call.parties.iter().find(|party| party.main).map(|party| party.id.clone());
        if let Some(party) = party {
            self.call.talks.push(Talk { leg: leg.clone(), party, talked: 0 });
        }
        let event = Answered { at: now, resync: self.resync, call: self.call.clone(), leg, extras: vec![] };
        done(policy::on_answer(self.host, &event));
        self
    }

    /// The extension leaves the conversation; the call goes on. There is no hook for it.
    pub fn leave(&mut self, extension: &str) -> &mut Self {
        let now = self.host.now;
        for leg in self.call.legs.iter_mut().filter(|leg| leg.extension == extension && leg.left_at.is_none()) {
            leg.left_at = Some(now);
            leg.talked = leg.answered_at.map_or(0, |at| now - at);
            leg.state = if leg.answered_at.is_some() { LegState::Talked } else { LegState::Missed };
            for talk in self.call.talks.iter_mut().filter(|talk| talk.leg == leg.id) {
                talk.talked = leg.talked;
            }
        }
        self
    }

    /// Another outside party joins, and the extension's last leg talks with it for this many milliseconds.
    pub fn consult(&mut self, extension: &str, other: Number, talked: u64) -> &mut Self {
        let id = format!("party-{}", self.call.parties.len());
        self.call.parties.push(party(&id, other, self.host.now, false));
        if let Some(leg) = self.call.legs.iter().rev().find(|leg| leg.extension == extension) {
            self.call.talks.push(Talk { leg: leg.id.clone(), party: id, talked });
        }
        self
    }

    /// The other call becomes part of this one; its notes are joined as a host joins them.
    pub fn merge(&mut self, other: Call) -> &mut Self {
        let notes: Vec<_> = self.host.notes.iter().filter(|((call, _), _)| *call == other.id).collect();
        let notes: Vec<_> = notes.into_iter().map(|((_, key), value)| (key.clone(), value.clone())).collect();
        for (key, value) in notes {
            self.host.notes.entry((self.call.id.clone(), key)).or_insert(value);
        }
        self.call.legs.extend(other.legs);
        self.call.parties.extend(other.parties.into_iter().map(|party| Party { main: false, ..party }));
        self.call.talks.extend(other.talks);
        let event = Merged { at: self.host.now, call: self.call.clone(), vanished: other.id, extras: vec![] };
        done(policy::on_merged(self.host, &event));
        self
    }

    /// The call is over.
    pub fn end(&mut self, outcome: Outcome) -> &mut Self {
        let extensions: Vec<String> = self.call.legs.iter().map(|leg| leg.extension.clone()).collect();
        for extension in extensions {
            self.leave(&extension);
        }
        self.call.ended_at = Some(self.host.now);
        self.call.outcome = Some(outcome);
        self.tell_end()
    }

    /// The call is told to be over, once more.
    pub fn tell_end(&mut self) -> &mut Self {
        let event = Ended { at: self.host.now, resync: self.resync, call: self.call.clone(), extras: vec![] };
        done(policy::on_end(self.host, &event));
        self
    }

    /// A leg is told to ring.
    pub fn tell_ring(&mut self, leg: String) -> &mut Self {
        let event = Rang { at: self.host.now, resync: self.resync, call: self.call.clone(), leg, extras: vec![] };
        done(policy::on_ring(self.host, &event));
        self
    }

    /// The CRM answers the look-up of the main party's number.
    pub fn matched(&mut self, hits: Vec<Entity>) -> &mut Self {
        match self.call.parties.iter().find(|party| party.main).map(|party| party.number.clone()) {
            Some(number) => self.matched_for(number, hits),
            None => self,
        }
    }

    /// The CRM answers a look-up.
    pub fn matched_for(&mut self, number: Number, hits: Vec<Entity>) -> &mut Self {
        let answer = Matched {
            at: self.host.now,
            call: Some(self.call.clone()),
            number,
            hits,
            more: false,
            remembered: false,
            usage: free(),
            extras: vec![],
        };
        done(policy::on_matched(self.host, &answer));
        self
    }

    /// The CRM has made the record with this key, or had it.
    pub fn created(&mut self, key: &str, entity: Entity, was_there: bool) -> &mut Self {
        let answer = Created {
            at: self.host.now,
            call: Some(self.call.clone()),
            key: key.to_owned(),
            entity,
            was_there,
            usage: free(),
            extras: vec![],
        };
        done(policy::on_created(self.host, &answer));
        self
    }

    /// An agent asks something on the call's card.
    pub fn ask(&mut self, extension: &str, question: Question) -> &mut Self {
        let asked = Asked {
            at: self.host.now,
            request: "question-1".to_owned(),
            asked_by: extension.to_owned(),
            call: Some(self.call.clone()),
            question,
            extras: vec![],
        };
        done(policy::on_question(self.host, &asked));
        self
    }
}

/// No hook of this policy fails; should one, the host would go on with the next event, as a played call does.
fn done<E>(result: Result<(), E>) {
    debug_assert!(result.is_ok(), "a hook failed");
}

fn begin(id: &str, direction: Direction, now: u64, caller: Number, dialled: Number, outside: Number) -> Call {
    Call {
        id: id.to_owned(),
        node: String::new(),
        sequence: 1,
        direction,
        started_at: now,
        answered_at: None,
        ended_at: None,
        outcome: None,
        caller,
        dialled,
        trunk: None,
        parties: vec![party("party-0", outside, now, true)],
        legs: vec![],
        talks: vec![],
        placed_by: None,
        recording: None,
        extras: vec![],
    }
}

fn party(id: &str, number: Number, now: u64, main: bool) -> Party {
    Party { id: id.to_owned(), number, name: None, joined_at: now, left_at: None, main, extras: vec![] }
}

fn leg(id: &str, extension: &str, via: Via, state: LegState, placed_call: bool) -> Leg {
    Leg {
        id: id.to_owned(),
        extension: extension.to_owned(),
        placed_call,
        via,
        state,
        rang_at: None,
        answered_at: None,
        left_at: None,
        talked: 0,
        extras: vec![],
    }
}

fn free() -> Usage {
    Usage { spent: 0, left: None, allowed: None, renewed_at: None, extras: vec![] }
}
