//! What happens in a scenario: events of calls, and what people and faults do to the CRM meanwhile.

use std::collections::BTreeMap;

use crm_fake::{Fault, SeedRecord};
use serde::Deserialize;

use super::time::Span;
use super::yes;

/// Something that happens. `at` counts from the beginning of the scenario; `call` is the scenario's name for a call; a `leg` is named only
/// where an extension has two at once; `resync`: told again after a restart.
#[allow(missing_docs, reason = "the fields mean the same in every event; see above and `pbx_crm_host::event::Happening`")]
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A call begins.
    Start {
        at: Span,
        call: String,
        direction: DirectionWord,
        from: String,
        to: String,
        name: Option<String>,
        trunk: Option<String>,
        node: Option<String>,
        #[serde(default)]
        extras: BTreeMap<String, String>,
        #[serde(default)]
        resync: bool,
    },
    /// The PBX calls a phone that has not rung yet.
    Dial {
        at: Span,
        call: String,
        extension: String,
        /// As of `Ring`.
        via: Option<String>,
        leg: Option<String>,
    },
    /// A phone rings.
    Ring {
        at: Span,
        call: String,
        extension: String,
        /// "direct", "ring-group 6200", "queue 6400", "transfer 1001", "forward 1001", "pickup 1001".
        via: Option<String>,
        leg: Option<String>,
        #[serde(default)]
        resync: bool,
    },
    /// A phone is answered; for the phone that placed the call: the far end answers.
    Answer {
        at: Span,
        call: String,
        extension: String,
        leg: Option<String>,
        #[serde(default)]
        resync: bool,
    },
    /// A phone leaves the call, which goes on.
    Leave { at: Span, call: String, extension: String, leg: Option<String>, state: Option<StateWord> },
    /// A further outside party comes in.
    Join { at: Span, call: String, party: String, number: String, name: Option<String> },
    /// An outside party leaves, the call goes on.
    PartyLeave { at: Span, call: String, party: String },
    /// With whom a phone talks from now on.
    Talk { at: Span, call: String, extension: String, parties: Vec<String> },
    /// A transfer was carried out.
    Transfer {
        at: Span,
        call: String,
        by: String,
        to: String,
        #[serde(default)]
        attended: bool,
    },
    /// A phone holds, or takes back.
    Hold {
        at: Span,
        call: String,
        extension: String,
        #[serde(default = "yes")]
        holding: bool,
    },
    /// Another call becomes part of this one.
    Merge { at: Span, call: String, vanished: String },
    /// A recording is ready.
    Recording { at: Span, call: String, link: String, length: Span },
    /// A voice message was left.
    Voicemail { at: Span, call: String, mailbox: String, length: Span, link: Option<String> },
    /// The call is over.
    End {
        at: Span,
        call: String,
        outcome: Option<OutcomeWord>,
        #[serde(default)]
        resync: bool,
    },
    /// The CRM begins to misbehave.
    Fault { at: Span, fault: Fault },
    /// The CRM behaves again.
    ClearFaults { at: Span },
    /// The host's process dies and a new one begins: what is not in the store is gone.
    Restart { at: Span },
    /// An administrator orders something.
    Order { at: Span, order: OrderWord, number: Option<String> },
    /// A knob is turned that only this CRM's fake has.
    Knob {
        at: Span,
        name: String,
        #[serde(default)]
        value: Option<toml::Value>,
    },
    /// People put records into the CRM.
    Seed { at: Span, records: Vec<SeedRecord> },
}

impl Event {
    /// When, from the beginning.
    #[must_use]
    pub fn at(&self) -> Span {
        match self {
            Self::Start { at, .. }
            | Self::Dial { at, .. }
            | Self::Ring { at, .. }
            | Self::Answer { at, .. }
            | Self::Leave { at, .. }
            | Self::Join { at, .. }
            | Self::PartyLeave { at, .. }
            | Self::Talk { at, .. }
            | Self::Transfer { at, .. }
            | Self::Hold { at, .. }
            | Self::Merge { at, .. }
            | Self::Recording { at, .. }
            | Self::Voicemail { at, .. }
            | Self::End { at, .. }
            | Self::Fault { at, .. }
            | Self::ClearFaults { at }
            | Self::Restart { at }
            | Self::Order { at, .. }
            | Self::Knob { at, .. }
            | Self::Seed { at, .. } => *at,
        }
    }

    /// The call that it is about.
    #[must_use]
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Start { call, .. }
            | Self::Dial { call, .. }
            | Self::Ring { call, .. }
            | Self::Answer { call, .. }
            | Self::Leave { call, .. }
            | Self::Join { call, .. }
            | Self::PartyLeave { call, .. }
            | Self::Talk { call, .. }
            | Self::Transfer { call, .. }
            | Self::Hold { call, .. }
            | Self::Merge { call, .. }
            | Self::Recording { call, .. }
            | Self::Voicemail { call, .. }
            | Self::End { call, .. } => Some(call),
            Self::Fault { .. }
            | Self::ClearFaults { .. }
            | Self::Restart { .. }
            | Self::Order { .. }
            | Self::Knob { .. }
            | Self::Seed { .. } => None,
        }
    }

    /// Every extension that it names.
    #[must_use]
    pub fn extensions(&self) -> Vec<&str> {
        match self {
            Self::Start { direction, from, .. } => match direction {
                DirectionWord::Inbound => Vec::new(),
                DirectionWord::Outbound | DirectionWord::Internal => vec![from],
            },
            Self::Dial { extension, .. }
            | Self::Ring { extension, .. }
            | Self::Answer { extension, .. }
            | Self::Leave { extension, .. }
            | Self::Talk { extension, .. }
            | Self::Hold { extension, .. } => vec![extension],
            Self::Transfer { by, .. } => vec![by],
            Self::Voicemail { mailbox, .. } => vec![mailbox],
            _ => Vec::new(),
        }
    }
}

/// What an administrator orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderWord {
    /// Nothing happens on calls; what waits is kept.
    Disable,
    /// Calls are served again, and what waits is delivered.
    Enable,
    /// All dead work is tried again.
    Replay,
    /// All waiting and dead work is discarded.
    Discard,
    /// The account is disconnected: what waits for it is discarded, and nothing is sent to it any more.
    Forget,
    /// All that is kept of `number` is forgotten.
    Erase,
}

/// Seen from the PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectionWord {
    /// From outside.
    Inbound,
    /// To the outside.
    Outbound,
    /// Between extensions.
    Internal,
}

/// How a phone's part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateWord {
    /// Rang, nobody answered.
    Missed,
    /// Rang, another phone answered.
    AnsweredElsewhere,
    /// In another call.
    Busy,
    /// Refused by the agent.
    Declined,
    /// Not reachable.
    Failed,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeWord {
    /// Somebody talked.
    Answered,
    /// Nobody answered.
    Missed,
    /// A voice message was left.
    Voicemail,
    /// The far end did not answer.
    NoAnswer,
    /// The far end, or every phone, is busy.
    Busy,
    /// The network or a setting prevented it.
    Failed,
    /// Sent on to an outside number.
    Forwarded,
    /// The PBX lost sight of it.
    Lost,
}
