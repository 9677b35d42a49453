use pbx_connector_kit::types::{RecordRef, Role};

/// An object of Salesforce that a telephone knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A person at an account, or alone.
    Contact,
    /// Somebody who may become a contact.
    Lead,
    /// A company; a household; with person accounts a person.
    Account,
}

/// All of them, in the order in which they are preferred.
pub const ALL: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Account];
/// The object of an activity.
pub const TASK: &str = "Task";

impl Kind {
    /// Salesforce's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Lead => "Lead",
            Self::Account => "Account",
        }
    }

    /// By Salesforce's name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Of a record: as it says, or as its id says (its first three characters are the object's).
    pub fn of(record: &RecordRef) -> Option<Self> {
        let prefix = record.id.get(..3).unwrap_or_default();
        Self::named(&record.kind).or_else(|| ALL.into_iter().find(|kind| kind.prefix() == prefix))
    }

    /// Beginning of its ids.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Contact => "003",
            Self::Lead => "00Q",
            Self::Account => "001",
        }
    }

    /// What it is to a telephone.
    pub fn role(self) -> Role {
        match self {
            Self::Contact => Role::Person,
            Self::Lead => Role::Prospect,
            Self::Account => Role::Organisation,
        }
    }

    /// What is made for a draft; None: this is not made.
    pub fn to_create(role: &Role, wanted: Option<&str>) -> Option<Self> {
        let of_role = match role {
            Role::Person => Self::Contact,
            Role::Prospect => Self::Lead,
            Role::Organisation | Role::Other(_) => return None,
        };
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(of_role.name())).then_some(of_role)
    }
}

/// Can this be an id of Salesforce: 15 or 18 letters and digits?
pub fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|sign| sign.is_ascii_alphanumeric())
}

/// Can this be a user's id? Queues own leads too, and are no users.
pub fn is_user(id: &str) -> bool {
    is_id(id) && id.starts_with("005")
}
