//! What the PBX tells the host about its calls. Adapters speak these words; [`crate::core`] turns them into the contract's hooks.

use serde::{Deserialize, Serialize};

use crate::bindings::hooks::calls::{Direction, LegState, Outcome, Via};
use crate::bindings::hooks_exports::transfer_events::Destination;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Moment = u64;

/// Something happened to a call. Events of one call are given in order; a repeated event is noticed and ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallEvent {
    /// The conversation, at most 128 bytes; unique over all PBX nodes and restarts.
    pub call: String,
    /// The PBX machine; "" if there is only one.
    pub node: String,
    /// When it happened. Not before the call's last event: an earlier moment is taken as that one's.
    pub at: Moment,
    /// Told again after a restart or a lost connection; moments may be estimates.
    pub resync: bool,
    /// What.
    pub happening: Happening,
}

impl CallEvent {
    /// An event of a PBX with one machine.
    #[must_use]
    pub fn new(call: impl Into<String>, at: Moment, happening: Happening) -> Self {
        Self { call: call.into(), node: String::new(), at, resync: false, happening }
    }
}

/// What can happen to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Happening {
    /// It exists: an outside caller has reached the PBX, or an extension has dialled.
    Started(Start),
    /// The PBX calls an extension's phone, which has not rung yet. Needed only where it may never ring: a busy phone, one that is not
    /// registered. Then `Left` follows with how it ended, and a call to that very extension is a call that its owner missed.
    Dialled {
        /// The extension's leg, at most 128 bytes.
        leg: String,
        /// Whose phone.
        extension: String,
        /// How the call came to it.
        via: Via,
    },
    /// An extension's phone rings; or, for a leg that placed the call, the far end does.
    Ringing {
        /// The extension's leg, at most 128 bytes.
        leg: String,
        /// Whose phone.
        extension: String,
        /// How the call came to it.
        via: Via,
    },
    /// An extension entered the conversation; for the leg that placed the call: the far end answered.
    Answered {
        /// The extension's leg.
        leg: String,
        /// Whose phone, if the leg did not ring before.
        extension: Option<String>,
    },
    /// With which outside parties a leg converses from now on. Needed only where not everybody in the call hears everybody
    /// (consultation before a transfer); without it all who are in the call do.
    Talking {
        /// The extension's leg.
        leg: String,
        /// The parties.
        parties: Vec<String>,
    },
    /// An extension's leg ended while the call goes on.
    Left {
        /// The leg.
        leg: String,
        /// How it ended, where the PBX knows more than follows from the events (busy, declined, failed).
        state: Option<LegState>,
    },
    /// A further outside party is in the call.
    Joined {
        /// Their line.
        party: String,
        /// Their number as dialled or sent.
        number: String,
        /// As sent by the network.
        name: Option<String>,
    },
    /// An outside party hung up while the call goes on.
    PartyLeft {
        /// Their line.
        party: String,
    },
    /// A transfer has been carried out.
    Transferred {
        /// Who transferred.
        by: String,
        /// Where to.
        to: Destination,
        /// They spoke with the destination first.
        attended: bool,
    },
    /// A leg put the other side on hold or took it back.
    Held {
        /// The leg.
        leg: String,
        /// On hold, or taken back.
        holding: bool,
    },
    /// Another call became part of this one.
    Merged {
        /// The id that is used no more.
        vanished: String,
    },
    /// A recording can be fetched.
    Recorded {
        /// https address at the PBX.
        link: String,
        /// In milliseconds.
        length: u64,
    },
    /// The caller left a voice message.
    Voicemail {
        /// Whose mailbox.
        mailbox: String,
        /// https address at the PBX, if it serves one.
        link: Option<String>,
        /// In milliseconds.
        length: u64,
    },
    /// The last leg hung up.
    Ended {
        /// How, where the PBX knows more than follows from the events.
        outcome: Option<Outcome>,
    },
}

impl Happening {
    /// The word for logs and timelines.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Started(_) => "start",
            Self::Dialled { .. } => "dial",
            Self::Ringing { .. } => "ring",
            Self::Answered { .. } => "answer",
            Self::Talking { .. } => "talk",
            Self::Left { .. } => "leave",
            Self::Joined { .. } => "join",
            Self::PartyLeft { .. } => "party-leave",
            Self::Transferred { .. } => "transfer",
            Self::Held { .. } => "hold",
            Self::Merged { .. } => "merge",
            Self::Recorded { .. } => "recording",
            Self::Voicemail { .. } => "voicemail",
            Self::Ended { .. } => "end",
        }
    }
}

/// How a call begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Seen from the PBX.
    pub direction: Direction,
    /// The calling number, or the calling extension.
    pub from: String,
    /// What was called: the PBX's own number for an inbound call, else what was dialled.
    pub to: String,
    /// The caller's name as the network sent it.
    pub name: Option<String>,
    /// The outside line.
    pub trunk: Option<String>,
    /// Id of the outside party's leg; "outside" where the PBX has none. Not used for an internal call.
    pub party: String,
    /// Id of the leg that placed the call; "from" where the PBX has none. Not used for an inbound call.
    pub leg: String,
    /// The dial request that made this call.
    pub placed_by: Option<String>,
    /// Named additions, see the contract's `call.extras`.
    pub extras: Vec<(String, String)>,
}

impl Start {
    /// A start with the names of its legs left to their defaults.
    #[must_use]
    pub fn new(direction: Direction, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            direction,
            from: from.into(),
            to: to.into(),
            name: None,
            trunk: None,
            party: "outside".to_owned(),
            leg: "from".to_owned(),
            placed_by: None,
            extras: Vec::new(),
        }
    }
}
