use crm_fake::{Phone, Record, Role, SeedRecord};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::shown;

/// A record in the address book.
pub struct Stored {
    record: Record,
    /// The digits of each number, for comparing.
    digits: Vec<String>,
    /// When it was made over the API; none: seeded, there for ever.
    made_at: Option<u64>,
}

/// A record to be made, as the protocol has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    role: Role,
    #[serde(default)]
    name: String,
    #[serde(default)]
    first_name: String,
    last_name: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    phones: Vec<Phone>,
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    owner: Option<String>,
}

impl New {
    /// What is wrong with it, if something is.
    pub fn complaint(&self) -> Option<&'static str> {
        if self.role == Role::Organisation {
            Some("organisations are not made here")
        } else if self.last_name.trim().is_empty() {
            Some("`last_name` is missing")
        } else {
            None
        }
    }

    /// The numbers' digits.
    pub fn digits(&self) -> Vec<String> {
        digits_of(&self.phones)
    }

    /// As a record of the address book.
    pub fn store(self, id: String, key: String, now_ms: u64) -> Stored {
        let record = Record {
            id,
            role: self.role,
            name: self.name,
            first_name: self.first_name,
            last_name: self.last_name,
            company: self.company,
            phones: self.phones,
            emails: self.emails,
            owner: self.owner,
            changed_at: now_ms,
            retired: false,
            key: Some(key),
        };
        Stored::new(record, Some(now_ms))
    }
}

impl Stored {
    /// A record that a test puts in.
    pub fn seeded(id: String, seed: SeedRecord, now_ms: u64) -> Self {
        let record = Record {
            id,
            role: seed.role,
            name: seed.name.unwrap_or_default(),
            first_name: seed.first_name.unwrap_or_default(),
            last_name: seed.last_name.unwrap_or_default(),
            company: seed.company.unwrap_or_default(),
            phones: seed.phones,
            emails: seed.emails,
            owner: seed.owner,
            changed_at: seed.changed_at.unwrap_or(now_ms),
            retired: seed.retired,
            key: None,
        };
        Self::new(record, seed.new.then_some(now_ms))
    }

    fn new(mut record: Record, made_at: Option<u64>) -> Self {
        if record.name.trim().is_empty() {
            record.name = format!("{} {}", record.first_name, record.last_name).trim().to_owned();
        }
        if record.name.is_empty() {
            record.name.clone_from(&record.company);
        }
        Self { digits: digits_of(&record.phones), record, made_at }
    }

    /// For the control side.
    pub fn control(&self) -> Record {
        self.record.clone()
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// See the field.
    pub fn made_at(&self) -> Option<u64> {
        self.made_at
    }

    /// Has it one of these numbers?
    pub fn has_number(&self, forms: &[String]) -> bool {
        self.digits.iter().any(|digits| forms.contains(digits))
    }

    /// How well it fits a text: 0 best; none: not at all.
    pub fn fits(&self, text: &str) -> Option<u8> {
        let (text, name) = (text.to_lowercase(), self.record.name.to_lowercase());
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if name.starts_with(&text) {
            Some(0)
        } else if name.contains(&text) || self.record.company.to_lowercase().contains(&text) {
            Some(1)
        } else if digits.len() >= 3 && self.digits.iter().any(|stored| stored.contains(&digits)) {
            Some(2)
        } else {
            None
        }
    }

    /// As the protocol has it.
    pub fn answer(&self, organisation: Option<&str>) -> Value {
        let record = &self.record;
        json!({
            "id": record.id,
            "role": record.role,
            "name": record.name,
            "first_name": record.first_name,
            "last_name": record.last_name,
            "company": record.company,
            "organisation_id": organisation,
            "phones": record.phones,
            "emails": record.emails,
            "owner": record.owner,
            "changed_at": shown(record.changed_at),
            "retired": record.retired,
        })
    }
}

fn digits_of(phones: &[Phone]) -> Vec<String> {
    // An extension behind the number ("x12", "ext. 12") is no part of it.
    let number = |phone: &Phone| phone.number.to_ascii_lowercase().split(['x', ';']).next().unwrap_or_default().to_owned();
    let digits = |phone: &Phone| number(phone).chars().filter(char::is_ascii_digit).collect::<String>();
    phones.iter().map(digits).filter(|digits| !digits.is_empty()).collect()
}
