//! Scenarios: a PBX, a CRM, an afternoon of calls, and what must come of it. TOML that a PBX engineer reads and writes; the format
//! is documented in `tests/scenarios/README.md`.

mod read;
pub mod time;

use std::collections::BTreeMap;

use crm_fake::{Fault, SeedRecord};
use serde::Deserialize;
use toml::Spanned;

pub use read::{ScenarioError, load, parse, wrong_at};
use time::Span;

/// A scenario as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// One line.
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub about: String,
    /// Ids of the requirements that it proves, such as "M-POP-1".
    #[serde(default)]
    pub proves: Vec<String>,
    /// Decides every random number that the components see.
    #[serde(default)]
    pub seed: u64,
    /// How long the play goes on after the last event, so that late answers come in.
    #[serde(default = "ten_minutes")]
    pub then_wait: Span,
    /// The PBX.
    #[serde(default)]
    pub pbx: PbxForm,
    /// Its extensions.
    #[serde(default, rename = "extension")]
    pub extensions: Vec<Spanned<ExtensionForm>>,
    /// Its groups.
    #[serde(default, rename = "group")]
    pub groups: Vec<Spanned<GroupForm>>,
    /// Its company phonebooks.
    #[serde(default, rename = "phonebook")]
    pub phonebooks: Vec<Spanned<PhonebookForm>>,
    /// The CRM.
    #[serde(default)]
    pub crm: CrmForm,
    /// Which extension belongs to which user of the CRM.
    #[serde(default, rename = "binding")]
    pub bindings: Vec<Spanned<BindingForm>>,
    /// Of the policy, by key.
    #[serde(default)]
    pub settings: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// What happens, in any order of writing.
    #[serde(default, rename = "event")]
    pub events: Vec<Spanned<Event>>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expect,
}

fn ten_minutes() -> Span {
    Span { ms: 600_000 }
}

/// The PBX itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PbxForm {
    /// ISO 3166-1 alpha-2.
    pub country: Spanned<String>,
    /// IANA name.
    pub time_zone: Spanned<String>,
    /// Of journal entries and the timeline: "en" or "zh-CN".
    pub language: String,
    /// Wall clock at the offset 0.
    pub starts: Spanned<String>,
    /// Product name.
    pub product: String,
    /// Version of the firmware.
    pub firmware: String,
    /// Licences in force.
    pub licences: Vec<String>,
    /// What the PBX can do, see `host.facts`.
    pub abilities: Vec<String>,
    /// Address under which agents reach it.
    pub public_address: Option<String>,
    /// Further emergency numbers.
    pub emergency: Vec<String>,
}

impl Default for PbxForm {
    fn default() -> Self {
        let text = |text: &str| Spanned::new(0..0, text.to_owned());
        Self {
            country: text("US"),
            time_zone: text("America/New_York"),
            language: "en".to_owned(),
            starts: text("2026-03-02 14:00:00"),
            product: "Office PBX".to_owned(),
            firmware: "83.21.0.66".to_owned(),
            licences: vec!["crm-integration".to_owned(), "phonebook-pro".to_owned()],
            abilities: Vec::new(),
            public_address: Some("https://pbx.example".to_owned()),
            emergency: Vec::new(),
        }
    }
}

/// An extension.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExtensionForm {
    /// Its number.
    pub id: String,
    /// Its owner's name.
    #[serde(default)]
    pub name: String,
    /// Its owner's address.
    #[serde(default)]
    pub email: Option<String>,
}

/// A group of extensions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupForm {
    /// Its number or id.
    pub id: String,
    /// For people.
    pub name: String,
    /// What for.
    pub kind: GroupKind,
    /// Extensions.
    pub members: Vec<String>,
}

/// What a group is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    /// Phones that ring together.
    RingGroup,
    /// Callers wait for an agent.
    Queue,
    /// For administration only.
    ExtensionGroup,
}

/// A company phonebook.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PhonebookForm {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Kept by the plugin: people cannot change it.
    #[serde(default)]
    pub kept_by_crm: bool,
    /// What stands in it.
    #[serde(default)]
    pub entries: Vec<EntryForm>,
}

/// A phonebook entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EntryForm {
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// Where they work.
    #[serde(default)]
    pub company: String,
    /// Numbers as typed.
    pub numbers: Vec<String>,
}

/// The CRM and what stands in it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CrmForm {
    /// Records.
    #[serde(default, rename = "record")]
    pub records: Vec<Spanned<SeedRecord>>,
    /// Users.
    #[serde(default, rename = "user")]
    pub users: Vec<Spanned<UserForm>>,
    /// Wrong from the beginning.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Spanned<Fault>>,
    /// Turned at the beginning, in this order.
    #[serde(default, rename = "knob")]
    pub knobs: Vec<Spanned<KnobForm>>,
    /// False: there is no CRM account that makes records.
    #[serde(default = "yes")]
    pub creates: bool,
    /// False: no CRM is connected at all.
    #[serde(default = "yes")]
    pub connected: bool,
}

fn yes() -> bool {
    true
}

/// A knob that only this CRM's fake has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KnobForm {
    /// See the fake's documents.
    pub name: String,
    /// What it is turned to; absent: an empty table.
    #[serde(default)]
    pub value: Option<toml::Value>,
}

impl KnobForm {
    /// The value as the fake takes it.
    ///
    /// # Errors
    /// JSON has nothing of the kind (a date without quotation marks).
    pub fn json(&self) -> Result<serde_json::Value, String> {
        self.value.as_ref().map_or(Ok(serde_json::Value::Object(serde_json::Map::new())), |value| {
            serde_json::to_value(value).map_err(|why| why.to_string())
        })
    }
}

/// A user of the CRM.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserForm {
    /// The CRM's id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Their address.
    #[serde(default)]
    pub email: String,
    /// False: signed off.
    #[serde(default = "yes")]
    pub active: bool,
}

/// Which extensions belong to a user.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BindingForm {
    /// Id of the CRM's user.
    pub user: String,
    /// Directly.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// With all their members.
    #[serde(default)]
    pub groups: Vec<String>,
}

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
            Self::Fault { .. } | Self::ClearFaults { .. } | Self::Knob { .. } | Self::Seed { .. } => None,
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

/// What must come of a scenario. A list that is absent is not checked; one that is there must be met exactly, in order of time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    /// Pages that opened.
    pub pops: Option<Vec<Spanned<PopForm>>>,
    /// Cards as they stand last, one for each extension and call that has had one.
    pub cards: Option<Vec<Spanned<CardForm>>>,
    /// What stands in the CRM's call histories.
    pub journal: Option<Vec<Spanned<JournalForm>>>,
    /// Records that were made.
    pub created: Option<Vec<Spanned<CreatedForm>>>,
    /// What stands in phonebooks that the plugin keeps.
    pub phonebook: Option<Vec<Spanned<EntryForm>>>,
    /// Requests that the CRM got, by operation ("find", "create", "write", ...), and "total".
    pub requests: Option<BTreeMap<String, u32>>,
    /// At most so many requests in all.
    pub requests_at_most: Option<u32>,
    /// Reasons that the explanation must hold.
    pub reasons: Option<Vec<Spanned<ReasonForm>>>,
    /// Events that were not taken in.
    pub ignored: Option<Vec<Spanned<IgnoredForm>>>,
    /// Hooks that failed.
    pub failed_hooks: Option<u32>,
    /// Work that waits at the end.
    pub waiting: Option<u32>,
    /// Work that is dead at the end.
    pub dead: Option<u32>,
}

/// A page that must have opened. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PopForm {
    /// For whom.
    pub extension: String,
    /// Id or name of the record.
    pub record: String,
    /// In which call.
    pub call: Option<String>,
    /// When exactly.
    pub at: Option<Span>,
}

/// A card that must have been shown. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CardForm {
    /// To whom.
    pub extension: String,
    /// Of which call.
    pub call: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// When it was shown first.
    pub at: Option<Span>,
}

/// A journal entry that must be there. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JournalForm {
    /// Id or name of the record.
    pub record: String,
    /// Whose activity: id of the CRM's user.
    pub user: Option<String>,
    /// The line.
    pub subject: Option<String>,
    /// The text, whole.
    pub body: Option<String>,
    /// A part of the text.
    pub body_contains: Option<String>,
    /// "answered", "missed", ...
    pub outcome: Option<String>,
    /// Talk time.
    pub talked: Option<Span>,
}

/// A record that must have been made. What is absent is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreatedForm {
    /// What it is.
    pub role: Option<crm_fake::Role>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// One of its numbers, as stored.
    pub number: Option<String>,
    /// Id of the CRM's user; "" for none.
    pub owner: Option<String>,
}

/// A reason that must stand in the explanation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReasonForm {
    /// Of which call.
    pub call: Option<String>,
    /// Such as "open-page".
    pub decision: String,
    /// A part of the text, in the scenario's language.
    pub contains: Option<String>,
}

/// An event that must not have been taken in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IgnoredForm {
    /// Of which call.
    pub call: String,
    /// Such as "ring".
    pub event: String,
}
