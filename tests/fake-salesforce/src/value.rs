//! What a field holds.

use chrono::{DateTime, NaiveDate};

use crate::id::Id;

/// The value of one field of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing. Empty texts are stored as this.
    Null,
    /// A check box.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Double(f64),
    /// Any kind of text: string, phone, picklist, text area, e-mail, URL.
    Text(Box<str>),
    /// A day.
    Date(NaiveDate),
    /// A moment, in milliseconds since 1970.
    DateTime(i64),
    /// Another row, or the row itself.
    Reference(Id),
}

impl Value {
    /// A text; an empty one is nothing.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text.into()) }
    }

    /// The text of a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id of a reference.
    #[must_use]
    pub fn as_id(&self) -> Option<Id> {
        match self {
            Self::Reference(id) => Some(*id),
            _ => None,
        }
    }

    /// Is it nothing?
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As the REST API shows it: days as `2026-11-22`, moments as `2026-11-22T11:29:25.000+0000`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(yes) => (*yes).into(),
            Self::Integer(number) => (*number).into(),
            Self::Double(number) => (*number).into(),
            Self::Text(text) => text.as_ref().into(),
            Self::Date(day) => day.format("%Y-%m-%d").to_string().into(),
            Self::DateTime(moment) => moment_text(*moment).into(),
            Self::Reference(id) => id.to_string().into(),
        }
    }
}

/// A moment as the REST API writes it: UTC, milliseconds, no colon in the offset.
#[must_use]
pub fn moment_text(milliseconds: i64) -> String {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}
