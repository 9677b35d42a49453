//! Which bound extensions take part in a call, and how.

use crate::contract::pbx::crm::connections::User;
use crate::contract::pbx::hooks::calls::{Call, Leg, LegState, Party, Via};
use crate::world::World;

/// A bound extension with its legs of this call, in the order in which they joined.
pub struct Member<'a> {
    /// The extension.
    pub extension: &'a str,
    /// At least one.
    pub legs: Vec<&'a Leg>,
}

/// A CRM user with the extensions that are bound to them.
pub struct Participant<'m, 'a> {
    /// Who.
    pub user: User,
    /// At least one.
    pub members: Vec<&'m Member<'a>>,
}

/// The bound extensions that take part: those that placed the call, rang or talk, or would have been called directly.
/// A phone that is still being dialled does not take part yet.
pub fn members<'a>(world: &impl World, call: &'a Call) -> Vec<Member<'a>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    let mut unbound: Vec<&str> = Vec::new();
    for leg in call.legs.iter().filter(|leg| takes_part(leg, ended(call))) {
        if let Some(member) = members.iter_mut().find(|member| member.extension == leg.extension) {
            member.legs.push(leg);
        } else if unbound.contains(&leg.extension.as_str()) {
            // Judged already.
        } else if world.bound(&leg.extension) {
            members.push(Member { extension: &leg.extension, legs: vec![leg] });
        } else {
            unbound.push(&leg.extension);
        }
    }
    members
}

/// Members by the user to whom they are bound at a connector, and the extensions that are not bound there.
pub fn participants<'m, 'a>(world: &impl World, members: &'m [Member<'a>], connector: &str) -> (Vec<Participant<'m, 'a>>, Vec<&'a str>) {
    let mut participants: Vec<Participant<'m, 'a>> = Vec::new();
    let mut strangers = Vec::new();
    for member in members {
        match world.user_of(member.extension, connector) {
            None => strangers.push(member.extension),
            Some(user) => match participants.iter_mut().find(|p| p.user.reference == user.reference) {
                Some(participant) => participant.members.push(member),
                None => participants.push(Participant { user, members: vec![member] }),
            },
        }
    }
    (participants, strangers)
}

/// Is the call over?
pub fn ended(call: &Call) -> bool {
    call.ended_at.is_some() || call.outcome.is_some()
}

/// Did anybody, bound or not, talk in this call?
pub fn anybody_talked(call: &Call) -> bool {
    !call.talks.is_empty() || call.legs.iter().any(|leg| leg.talked > 0)
}

/// Did an extension of somebody else, bound or not, talk in this call while the user's phone rang, or later? Who had passed the caller on
/// before it rang did not take the call from them.
pub fn taken_by_a_colleague(call: &Call, participant: &Participant<'_, '_>) -> bool {
    let rang = participant.members.iter().flat_map(|member| &member.legs).filter_map(|leg| leg.rang_at).min();
    let theirs = |leg: &&Leg| participant.members.iter().all(|member| member.extension != leg.extension);
    call.legs.iter().filter(theirs).any(|leg| {
        let talked = leg.talked > 0 || call.talks.iter().any(|talk| talk.leg == leg.id);
        talked && rang.is_none_or(|rang| leg.left_at.is_none_or(|left| left > rang))
    })
}

impl Member<'_> {
    /// Its phone rings or talks now because it was called.
    pub fn is_called_now(&self) -> bool {
        self.legs.iter().any(|leg| !leg.placed_call && in_call(leg))
    }

    /// It rings or talks now.
    pub fn is_in_call(&self) -> bool {
        self.legs.iter().any(|leg| in_call(leg))
    }

    /// It talks now, on a leg on which it was called.
    pub fn talks_as_called(&self) -> bool {
        self.legs.iter().any(|leg| !leg.placed_call && talks(leg))
    }

    /// It talks now.
    pub fn talks_now(&self) -> bool {
        self.legs.iter().any(|leg| talks(leg))
    }

    /// Its phone rang at some time.
    pub fn rang(&self) -> bool {
        self.legs.iter().any(|leg| !leg.placed_call && rang(leg))
    }

    /// It talked with anybody at some time.
    pub fn talked(&self, call: &Call) -> bool {
        self.legs.iter().any(|leg| leg.talked > 0 || call.talks.iter().any(|talk| talk.leg == leg.id))
    }

    /// Milliseconds for which it talked with the party; none if it never did.
    pub fn talked_with(&self, call: &Call, party: &Party) -> Option<u64> {
        call.talks
            .iter()
            .filter(|talk| talk.party == party.id && self.legs.iter().any(|leg| leg.id == talk.leg))
            .map(|talk| talk.talked)
            .reduce(u64::saturating_add)
    }
}

/// Did the call come to this leg as to a member of a ring group or an agent of a queue?
pub fn by_group(leg: &Leg) -> bool {
    matches!(leg.via, Via::RingGroup(_) | Via::Queue(_))
}

/// A group passes by a phone that is busy or cannot be reached; a call to that very extension is a call that its owner missed.
fn takes_part(leg: &Leg, ended: bool) -> bool {
    if leg.placed_call || rang(leg) || leg.answered_at.is_some() || leg.talked > 0 {
        return true;
    }
    match &leg.state {
        LegState::Ringing | LegState::Talking | LegState::Talked => true,
        LegState::Missed | LegState::AnsweredElsewhere | LegState::Declined => true,
        LegState::Dialling => ended && !by_group(leg),
        LegState::Busy | LegState::Failed | LegState::Other(_) => !by_group(leg),
    }
}

fn rang(leg: &Leg) -> bool {
    leg.rang_at.is_some() || matches!(leg.state, LegState::Ringing)
}

fn talks(leg: &Leg) -> bool {
    leg.left_at.is_none() && matches!(leg.state, LegState::Talking)
}

fn in_call(leg: &Leg) -> bool {
    talks(leg) || (leg.left_at.is_none() && matches!(leg.state, LegState::Ringing))
}
