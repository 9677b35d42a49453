use serde::{Deserialize, Serialize};

/// What a record is to a telephone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A natural person whom the company knows.
    Person,
    /// Somebody who may become one; many CRMs keep them apart.
    Prospect,
    /// A company or another body.
    Organisation,
}

/// A telephone number as somebody typed it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Phone {
    /// "business", "mobile", "home", "fax" or "other"; each fake puts it into its nearest field.
    pub label: String,
    /// Stored and returned unchanged, however it is spelled.
    pub number: String,
}

/// A record that a test puts into the CRM. Absent texts are empty in the CRM.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SeedRecord {
    /// Its id; absent: the next free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is.
    pub role: Role,
    /// The whole name; absent: made of the parts, or the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Where they work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Any number of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// The main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Id of the CRM user who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Last change, in milliseconds since 1970; absent: the time of the seeding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<u64>,
    /// True: stands for nobody any more (merged, converted, archived).
    #[serde(default, skip_serializing_if = "is_false")]
    pub retired: bool,
    /// True: made at the moment of the seeding, so that [`FaultKind::SearchLag`](crate::FaultKind::SearchLag) hides it as it hides records
    /// made over the API. False: it has been there for ever.
    #[serde(default, skip_serializing_if = "is_false")]
    pub new: bool,
}

impl SeedRecord {
    /// A record with a role and nothing else.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            id: None,
            role,
            name: None,
            first_name: None,
            last_name: None,
            company: None,
            phones: Vec::new(),
            emails: Vec::new(),
            owner: None,
            changed_at: None,
            retired: false,
            new: false,
        }
    }
}

/// A record as the CRM has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    /// The CRM's id.
    pub id: String,
    /// What it is.
    pub role: Role,
    /// The whole name, as a page would show it.
    pub name: String,
    /// Given name; "" if there is none.
    pub first_name: String,
    /// Family name; "" if there is none.
    pub last_name: String,
    /// Where they work; "" if unknown.
    pub company: String,
    /// As stored.
    pub phones: Vec<Phone>,
    /// The main one first.
    pub emails: Vec<String>,
    /// Id of the CRM user who looks after it; none if nobody does or the CRM has no users.
    pub owner: Option<String>,
    /// Last change, in milliseconds since 1970.
    pub changed_at: u64,
    /// True: stands for nobody any more.
    pub retired: bool,
    /// The key with which it was created, where the CRM stores such a thing.
    pub key: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
