//! Scenarios: a PBX, a CRM, an afternoon of calls, and what must come of it. TOML that a PBX engineer reads and writes; the format
//! is documented in `tests/scenarios/README.md`.

mod event;
mod expect;
mod read;
pub mod time;

use std::collections::BTreeMap;

use crm_fake::{Fault, SeedRecord};
use serde::Deserialize;
use toml::Spanned;

pub use event::{DirectionWord, Event, OrderWord, OutcomeWord, StateWord};
pub use expect::{CardForm, CreatedForm, Expect, IgnoredForm, JournalForm, PopForm, ReasonForm};
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
    /// How much of the account's allowance may be used for what.
    #[serde(default)]
    pub budget: pbx_crm_host::core::budget::BudgetSettings,
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
