//! The settings as the decisions need them. A value of an unexpected type counts as not set.

use crate::contract::pbx::base::types::SettingValue;
use crate::world::World;

/// Keys of the schema.
pub mod keys {
    /// automatic, manual or off.
    pub const POP_MODE: &str = "pop.mode";
    /// Some of ringing, answered, ended.
    pub const POP_WHEN: &str = "pop.when";
    /// off or automatic.
    pub const CREATE_MODE: &str = "create.mode";
    /// person or prospect.
    pub const CREATE_ROLE: &str = "create.role";
    /// Some of inbound, outbound.
    pub const CREATE_DIRECTIONS: &str = "create.directions";
    /// A switch.
    pub const JOURNAL_ENABLED: &str = "journal.enabled";
    /// A template of one line.
    pub const JOURNAL_SUBJECT: &str = "journal.subject";
    /// A template of several lines.
    pub const JOURNAL_DESCRIPTION: &str = "journal.description";
    /// A switch.
    pub const JOURNAL_ANSWERING_ONLY: &str = "journal.answering-only";
}

/// Values of choices.
pub mod values {
    /// By itself.
    pub const AUTOMATIC: &str = "automatic";
    /// By a click.
    pub const MANUAL: &str = "manual";
    /// Not at all.
    pub const OFF: &str = "off";
    /// When the phone rings.
    pub const RINGING: &str = "ringing";
    /// When the agent talks.
    pub const ANSWERED: &str = "answered";
    /// After the call.
    pub const ENDED: &str = "ended";
    /// A natural person.
    pub const PERSON: &str = "person";
    /// Somebody who may become one.
    pub const PROSPECT: &str = "prospect";
    /// From outside.
    pub const INBOUND: &str = "inbound";
    /// To the outside.
    pub const OUTBOUND: &str = "outbound";
}

/// Subject of a journal entry until the admin enters another.
pub const DEFAULT_SUBJECT: &str = "Extension Call";
/// Description of a journal entry until the admin enters another.
pub const DEFAULT_DESCRIPTION: &str = "Call: {{.Time}} {{.Call_Log_Status}} from {{.Call_From}} to {{.Call_To}} {{.Talk_Duration}}";

/// How a record's page opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopMode {
    /// By itself, at the moments chosen.
    Automatic,
    /// By a click on the card.
    Manual,
    /// Never; the card has no link.
    Off,
}

/// The settings in force.
pub struct Settings {
    /// How a record's page opens.
    pub pop_mode: PopMode,
    /// It opens when the phone rings.
    pub pop_ringing: bool,
    /// It opens when the agent talks.
    pub pop_answered: bool,
    /// It opens after the call.
    pub pop_ended: bool,
    /// Unknown numbers become records.
    pub create: bool,
    /// What they become: a prospect, or else a person.
    pub create_prospect: bool,
    /// For calls from outside.
    pub create_inbound: bool,
    /// For calls to the outside.
    pub create_outbound: bool,
    /// Calls stand in the CRM's history.
    pub journal: bool,
    /// Template.
    pub subject: String,
    /// Template.
    pub description: String,
    /// No entries for agents of groups and queues who did not answer.
    pub answering_only: bool,
}

impl Settings {
    /// Reads all of them.
    pub fn read(world: &impl World) -> Self {
        use keys::*;
        use values::*;
        let text = |key| match world.setting(key) {
            Some(SettingValue::Text(text)) => Some(text),
            _ => None,
        };
        let flag = |key, default| match world.setting(key) {
            Some(SettingValue::Flag(flag)) => flag,
            _ => default,
        };
        let texts = |key, default: &[&str]| match world.setting(key) {
            Some(SettingValue::Texts(texts)) => texts,
            _ => default.iter().map(ToString::to_string).collect(),
        };
        let when = texts(POP_WHEN, &[RINGING]);
        let directions = texts(CREATE_DIRECTIONS, &[INBOUND, OUTBOUND]);
        let has = |chosen: &[String], value: &str| chosen.iter().any(|one| one == value);
        Self {
            pop_mode: match text(POP_MODE).as_deref() {
                Some(MANUAL) => PopMode::Manual,
                Some(OFF) => PopMode::Off,
                _ => PopMode::Automatic,
            },
            pop_ringing: has(&when, RINGING),
            pop_answered: has(&when, ANSWERED),
            pop_ended: has(&when, ENDED),
            create: text(CREATE_MODE).as_deref() == Some(AUTOMATIC),
            create_prospect: text(CREATE_ROLE).as_deref() == Some(PROSPECT),
            create_inbound: has(&directions, INBOUND),
            create_outbound: has(&directions, OUTBOUND),
            journal: flag(JOURNAL_ENABLED, true),
            subject: text(JOURNAL_SUBJECT).unwrap_or_else(|| DEFAULT_SUBJECT.to_owned()),
            description: text(JOURNAL_DESCRIPTION).unwrap_or_else(|| DEFAULT_DESCRIPTION.to_owned()),
            answering_only: flag(JOURNAL_ANSWERING_ONLY, false),
        }
    }
}
