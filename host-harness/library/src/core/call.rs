//! The state of one call: takes the PBX's events in, keeps the contract's `call` record true, and says which hook follows.
//!
//! Tolerant by design: an event that cannot be true (a ring before the start, an end after the end) is ignored with a reason
//! and never half taken in.

use std::collections::{BTreeMap, BTreeSet};

use crate::bindings::hooks::calls::{Call, Direction, Leg, LegState, Outcome, Party, Talk, Via};
use crate::event::{CallEvent, Happening, Moment, Start};
use crate::limits;
use crate::number::DialPlan;

/// Which hook an accepted event leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Consequence {
    /// `on-start`.
    Started,
    /// `on-ring` for this leg.
    Rang(String),
    /// `on-answer` for this leg.
    Answered(String),
    /// State changed; nobody is told.
    Noted,
    /// `on-transfer`.
    Transferred,
    /// `on-hold`.
    Held,
    /// `on-recording`.
    Recorded,
    /// `on-voicemail`.
    VoicemailLeft,
    /// `on-end`.
    Ended,
}

/// Why an event was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// The call is not known: it never started here, or was forgotten.
    #[error("no such call: its start was never told, or it ended long ago")]
    UnknownCall,
    /// The call has ended already.
    #[error("the call has ended already")]
    Ended,
    /// Told before.
    #[error("told before")]
    Repeated,
    /// No such leg in the call.
    #[error("no such leg in this call: it never rang or placed the call")]
    UnknownLeg,
    /// No such outside party in the call.
    #[error("no such outside party in this call")]
    UnknownParty,
    /// The leg has left the call.
    #[error("the leg has left the call already")]
    LegLeft,
    /// An id is empty or longer than 128 bytes.
    #[error("an id is empty or longer than 128 bytes")]
    BadId,
    /// The call became part of another one.
    #[error("the call became part of another one")]
    Vanished,
    /// The call has as many legs as are kept.
    #[error("the call has 256 legs already; further ones are left out")]
    TooManyLegs,
}

/// A live or just ended call.
#[derive(Debug, Clone)]
pub(crate) struct CallState {
    call: Call,
    last: Moment,
    /// With which parties each talking leg converses now.
    conversing: BTreeMap<String, BTreeSet<String>>,
    voicemail: bool,
}

impl CallState {
    pub(crate) fn start(event: &CallEvent, start: &Start, numbers: &DialPlan) -> Result<Self, Ignored> {
        if [&event.call, &start.party, &start.leg].iter().any(|id| bad_id(id)) {
            return Err(Ignored::BadId);
        }
        let caller = numbers.parse(&start.from);
        let dialled = numbers.parse(&start.to);
        let outside = match start.direction {
            Direction::Inbound => Some((caller.clone(), start.name.clone())),
            Direction::Outbound => Some((dialled.clone(), None)),
            Direction::Internal => None,
        };
        let parties = outside.map(|(number, name)| Party {
            id: start.party.clone(),
            number,
            name: name.map(|name| crate::number::cut(&name, limits::TEXT_BYTES).to_owned()).filter(|name| !name.trim().is_empty()),
            joined_at: event.at,
            left_at: None,
            main: true,
            extras: Vec::new(),
        });
        let legs = if matches!(start.direction, Direction::Inbound) {
            Vec::new()
        } else {
            let mut leg = new_leg(&start.leg, &start.from, Via::Direct, LegState::Dialling);
            leg.placed_call = true;
            vec![leg]
        };
        Ok(Self {
            call: Call {
                id: event.call.clone(),
                node: event.node.clone(),
                sequence: 1,
                direction: start.direction,
                started_at: event.at,
                answered_at: None,
                ended_at: None,
                outcome: None,
                caller,
                dialled,
                trunk: start.trunk.clone(),
                parties: parties.into_iter().collect(),
                legs,
                talks: Vec::new(),
                placed_by: start.placed_by.clone(),
                recording: None,
                extras: start.extras.iter().take(32).cloned().collect(),
            },
            last: event.at,
            conversing: BTreeMap::new(),
            voicemail: false,
        })
    }

    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    /// The call goes on under another id.
    pub(crate) fn rename(&mut self, id: &str) {
        let old = std::mem::replace(&mut self.call.id, id.to_owned());
        self.call.extras.push(("merged-from".to_owned(), old));
        self.call.sequence += 1;
    }

    pub(crate) fn ended(&self) -> bool {
        self.call.ended_at.is_some()
    }

    /// The call with talk times up to `now`.
    pub(crate) fn at(&self, now: Moment) -> Call {
        let mut copy = self.clone();
        copy.advance(now);
        copy.call
    }

    /// Takes an event in, or says why not. Starts and merges are the caller's: they concern more than one call.
    pub(crate) fn take(&mut self, event: &CallEvent, numbers: &DialPlan) -> Result<Consequence, Ignored> {
        let late = matches!(event.happening, Happening::Recorded { .. } | Happening::Voicemail { .. });
        if self.ended() && !late {
            return Err(if matches!(event.happening, Happening::Ended { .. }) { Ignored::Repeated } else { Ignored::Ended });
        }
        let before = self.clone();
        self.advance(event.at);
        match self.apply(event, numbers) {
            Ok(consequence) => {
                self.call.sequence += 1;
                Ok(consequence)
            }
            Err(why) => {
                *self = before;
                Err(why)
            }
        }
    }

    fn apply(&mut self, event: &CallEvent, numbers: &DialPlan) -> Result<Consequence, Ignored> {
        // Never before the call's last event, whatever the PBX's clock says.
        let at = self.last;
        match &event.happening {
            Happening::Started(_) => Err(Ignored::Repeated),
            Happening::Merged { .. } => Err(Ignored::Repeated),
            Happening::Dialled { leg, extension, via } => {
                if let Some(known) = self.call.legs.iter().find(|known| known.id == *leg) {
                    return Err(if known.left_at.is_some() { Ignored::LegLeft } else { Ignored::Repeated });
                }
                let dialled = self.add_leg(leg, extension, via.clone(), LegState::Dialling)?;
                self.call.legs.push(dialled);
                Ok(Consequence::Noted)
            }
            Happening::Ringing { leg, extension, via } => {
                let known = self.call.legs.iter_mut().find(|known| known.id == *leg);
                match known {
                    Some(known) if known.placed_call && known.rang_at.is_none() && matches!(known.state, LegState::Dialling) => {
                        known.rang_at = Some(at)
                    }
                    Some(known) if known.left_at.is_some() => return Err(Ignored::LegLeft),
                    Some(known) if known.rang_at.is_none() && matches!(known.state, LegState::Dialling) => {
                        known.state = LegState::Ringing;
                        known.rang_at = Some(at);
                    }
                    Some(_) => return Err(Ignored::Repeated),
                    None => {
                        let mut ringing = self.add_leg(leg, extension, via.clone(), LegState::Ringing)?;
                        ringing.rang_at = Some(at);
                        self.call.legs.push(ringing);
                    }
                }
                Ok(Consequence::Rang(leg.clone()))
            }
            Happening::Answered { leg, extension } => {
                if !self.call.legs.iter().any(|known| known.id == *leg) {
                    // A PBX may not tell of a ring (hands-free answer): the answer is enough.
                    let extension = extension.as_deref().ok_or(Ignored::UnknownLeg)?;
                    let silent = self.add_leg(leg, extension, Via::Direct, LegState::Dialling)?;
                    self.call.legs.push(silent);
                }
                let known = self.call.legs.iter_mut().find(|known| known.id == *leg).ok_or(Ignored::UnknownLeg)?;
                if known.left_at.is_some() {
                    return Err(Ignored::LegLeft);
                }
                if matches!(known.state, LegState::Talking) {
                    return Err(Ignored::Repeated);
                }
                known.state = LegState::Talking;
                known.answered_at = Some(at);
                let present = self.call.parties.iter().filter(|party| party.left_at.is_none()).map(|party| party.id.clone()).collect();
                self.conversing.insert(leg.clone(), present);
                let talking = self.call.legs.iter().filter(|leg| matches!(leg.state, LegState::Talking)).count();
                if self.call.answered_at.is_none() && (!self.call.parties.is_empty() || talking > 1) {
                    self.call.answered_at = Some(at);
                }
                // The phone that placed an internal call talks as soon as the other one does.
                if matches!(self.call.direction, Direction::Internal) {
                    for placed in self.call.legs.iter_mut().filter(|leg| leg.placed_call && matches!(leg.state, LegState::Dialling)) {
                        placed.state = LegState::Talking;
                        placed.answered_at = Some(at);
                        self.call.answered_at.get_or_insert(at);
                    }
                }
                Ok(Consequence::Answered(leg.clone()))
            }
            Happening::Talking { leg, parties } => {
                let talking = self.call.legs.iter().any(|known| known.id == *leg && matches!(known.state, LegState::Talking));
                if !talking {
                    return Err(Ignored::UnknownLeg);
                }
                if parties.iter().any(|party| !self.call.parties.iter().any(|known| known.id == *party)) {
                    return Err(Ignored::UnknownParty);
                }
                self.conversing.insert(leg.clone(), parties.iter().cloned().collect());
                Ok(Consequence::Noted)
            }
            Happening::Left { leg, state } => {
                let taken = self.taken_by_another(leg);
                let outcome = None;
                self.note_shortest_talk(leg);
                let known = self.call.legs.iter_mut().find(|known| known.id == *leg).ok_or(Ignored::UnknownLeg)?;
                if known.left_at.is_some() {
                    return Err(Ignored::Repeated);
                }
                known.state = final_state(known, state.clone(), taken, outcome);
                known.left_at = Some(at);
                self.conversing.remove(leg);
                Ok(Consequence::Noted)
            }
            Happening::Joined { party, number, name } => {
                if bad_id(party) {
                    return Err(Ignored::BadId);
                }
                if self.call.parties.iter().any(|known| known.id == *party) {
                    return Err(Ignored::Repeated);
                }
                let main = !self.call.parties.iter().any(|known| known.main);
                self.call.parties.push(Party {
                    id: party.clone(),
                    number: numbers.parse(number),
                    name: name.clone().filter(|name| !name.trim().is_empty()),
                    joined_at: at,
                    left_at: None,
                    main,
                    extras: Vec::new(),
                });
                for parties in self.conversing.values_mut() {
                    parties.insert(party.clone());
                }
                Ok(Consequence::Noted)
            }
            Happening::PartyLeft { party } => {
                let known = self.call.parties.iter_mut().find(|known| known.id == *party).ok_or(Ignored::UnknownParty)?;
                if known.left_at.replace(at).is_some() {
                    return Err(Ignored::Repeated);
                }
                for parties in self.conversing.values_mut() {
                    parties.remove(party);
                }
                Ok(Consequence::Noted)
            }
            Happening::Transferred { .. } => Ok(Consequence::Transferred),
            Happening::Held { leg, .. } => {
                if !self.call.legs.iter().any(|known| known.id == *leg) {
                    return Err(Ignored::UnknownLeg);
                }
                Ok(Consequence::Held)
            }
            Happening::Recorded { link, .. } => {
                self.call.recording = Some(link.clone());
                Ok(Consequence::Recorded)
            }
            Happening::Voicemail { .. } => {
                self.voicemail = true;
                if self.ended() && !matches!(self.call.outcome, Some(Outcome::Answered)) {
                    self.call.outcome = Some(Outcome::Voicemail);
                }
                Ok(Consequence::VoicemailLeft)
            }
            Happening::Ended { outcome } => {
                let outcome = outcome.clone().unwrap_or_else(|| self.outcome());
                let talking: Vec<String> = self.conversing.keys().cloned().collect();
                for leg in &talking {
                    self.note_shortest_talk(leg);
                }
                let taken: BTreeMap<String, bool> =
                    self.call.legs.iter().map(|leg| (leg.id.clone(), self.taken_by_another(&leg.id))).collect();
                for leg in self.call.legs.iter_mut().filter(|leg| leg.left_at.is_none()) {
                    let taken = taken.get(&leg.id).copied().unwrap_or(false);
                    leg.state = final_state(leg, None, taken, Some(&outcome));
                    leg.left_at = Some(at);
                }
                for party in self.call.parties.iter_mut().filter(|party| party.left_at.is_none()) {
                    party.left_at = Some(at);
                }
                self.conversing.clear();
                self.call.outcome = Some(outcome);
                self.call.ended_at = Some(at);
                Ok(Consequence::Ended)
            }
        }
    }

    /// Takes another call's legs, parties and times in; it exists no more after that.
    pub(crate) fn absorb(&mut self, mut vanished: CallState, at: Moment) {
        self.advance(at);
        vanished.advance(at);
        let other = vanished.call;
        if matches!(self.call.direction, Direction::Internal) && !matches!(other.direction, Direction::Internal) {
            self.call.direction = other.direction;
            self.call.caller = other.caller;
            self.call.dialled = other.dialled;
            self.call.trunk = other.trunk;
            self.call.started_at = self.call.started_at.min(other.started_at);
        }
        self.call.answered_at = [self.call.answered_at, other.answered_at].into_iter().flatten().min();
        let mut renamed: BTreeMap<String, String> = BTreeMap::new();
        for mut party in other.parties {
            let another = self.call.parties.iter().any(|known| known.id == party.id && known.number.raw != party.number.raw);
            if another {
                // A PBX may give the outside line of every call the same name; the people are not the same.
                let unique: String = format!("{}/{}", party.id, other.id).chars().take(128).collect();
                renamed.insert(std::mem::replace(&mut party.id, unique.clone()), unique);
            }
            if !self.call.parties.iter().any(|known| known.id == party.id) {
                party.main &= !self.call.parties.iter().any(|known| known.main);
                self.call.parties.push(party);
            }
        }
        for leg in other.legs {
            let room = self.call.legs.len() < limits::LIST_ITEMS;
            match self.call.legs.iter_mut().find(|known| known.id == leg.id) {
                // One phone had a leg in both: its times add up, and it lives if either does.
                Some(known) => {
                    known.talked += leg.talked;
                    known.left_at = known.left_at.and(leg.left_at);
                    known.answered_at = [known.answered_at, leg.answered_at].into_iter().flatten().min();
                    if leg.left_at.is_none() {
                        known.state = leg.state;
                    }
                }
                None if room => self.call.legs.push(leg),
                None => {}
            }
        }
        for talk in other.talks {
            let party = renamed.get(&talk.party).unwrap_or(&talk.party);
            add_talk(&mut self.call.talks, &talk.leg, party, talk.talked);
        }
        self.voicemail |= vanished.voicemail;
        self.call.recording = self.call.recording.take().or(other.recording);
        // Who is in the merged call hears everybody in it, until the PBX says otherwise.
        let present: BTreeSet<String> =
            self.call.parties.iter().filter(|party| party.left_at.is_none()).map(|party| party.id.clone()).collect();
        for leg in self.call.legs.iter().filter(|leg| matches!(leg.state, LegState::Talking)) {
            self.conversing.insert(leg.id.clone(), present.clone());
        }
        self.call.extras.push(("merged-from".to_owned(), other.id));
        self.call.sequence += 1;
    }

    /// Adds the time since the last event to everybody who talks.
    fn advance(&mut self, to: Moment) {
        let passed = to.saturating_sub(self.last);
        if passed == 0 {
            return;
        }
        self.last = to;
        let talking: Vec<String> =
            self.call.legs.iter().filter(|leg| matches!(leg.state, LegState::Talking)).map(|leg| leg.id.clone()).collect();
        for id in &talking {
            let parties = self.conversing.get(id).cloned().unwrap_or_default();
            let hears_somebody = !parties.is_empty() || talking.len() > 1;
            if let Some(leg) = self.call.legs.iter_mut().find(|leg| hears_somebody && leg.id == *id) {
                leg.talked += passed;
            }
            for party in parties {
                add_talk(&mut self.call.talks, id, &party, passed);
            }
        }
    }

    /// Who hangs up in the very millisecond of the answer has talked all the same.
    fn note_shortest_talk(&mut self, leg: &str) {
        let talking = self.call.legs.iter().any(|known| known.id == leg && matches!(known.state, LegState::Talking));
        if talking && !self.call.talks.iter().any(|talk| talk.leg == leg) {
            for party in self.conversing.get(leg).cloned().unwrap_or_default() {
                add_talk(&mut self.call.talks, leg, &party, 0);
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let states = || self.call.legs.iter().map(|leg| &leg.state);
        if self.call.answered_at.is_some() {
            Outcome::Answered
        } else if self.voicemail {
            Outcome::Voicemail
        } else if matches!(self.call.direction, Direction::Outbound) {
            match self.call.legs.iter().find(|leg| leg.placed_call).map(|leg| &leg.state) {
                Some(LegState::Busy) => Outcome::Busy,
                Some(LegState::Failed) => Outcome::Failed,
                _ => Outcome::NoAnswer,
            }
        } else if !self.call.legs.is_empty() && states().all(|state| matches!(state, LegState::Busy)) {
            Outcome::Busy
        } else {
            Outcome::Missed
        }
    }

    /// Did another extension take the call that this leg rang for?
    fn taken_by_another(&self, id: &str) -> bool {
        self.call.legs.iter().any(|leg| leg.id != id && !leg.placed_call && leg.answered_at.is_some())
    }

    fn add_leg(&self, id: &str, extension: &str, via: Via, state: LegState) -> Result<Leg, Ignored> {
        if bad_id(id) || extension.is_empty() || extension.len() > 32 {
            return Err(Ignored::BadId);
        }
        if self.call.legs.len() >= limits::LIST_ITEMS {
            return Err(Ignored::TooManyLegs);
        }
        Ok(new_leg(id, extension, via, state))
    }
}

/// Joins a talk time to those that are there.
fn add_talk(talks: &mut Vec<Talk>, leg: &str, party: &str, talked: u64) {
    match talks.iter_mut().find(|talk| talk.leg == leg && talk.party == party) {
        Some(talk) => talk.talked += talked,
        None => talks.push(Talk { leg: leg.to_owned(), party: party.to_owned(), talked }),
    }
}

fn new_leg(id: &str, extension: &str, via: Via, state: LegState) -> Leg {
    Leg {
        id: id.to_owned(),
        extension: extension.to_owned(),
        placed_call: false,
        via,
        state,
        rang_at: None,
        answered_at: None,
        left_at: None,
        talked: 0,
        extras: Vec::new(),
    }
}

fn final_state(leg: &Leg, told: Option<LegState>, taken: bool, outcome: Option<&Outcome>) -> LegState {
    if leg.answered_at.is_some() {
        return LegState::Talked;
    }
    if let Some(told) = told {
        return told;
    }
    match (&leg.state, outcome) {
        (LegState::Dialling, Some(Outcome::Busy)) => LegState::Busy,
        (LegState::Dialling, Some(Outcome::Failed)) => LegState::Failed,
        // Called, and it never rang.
        (LegState::Dialling, _) if !leg.placed_call => LegState::Failed,
        (LegState::Ringing | LegState::Dialling, _) if taken => LegState::AnsweredElsewhere,
        _ => LegState::Missed,
    }
}

fn bad_id(id: &str) -> bool {
    id.is_empty() || id.len() > 128
}
