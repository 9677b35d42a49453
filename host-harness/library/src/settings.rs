//! A component's settings: its schema, what the administrator entered, and the checks that need no component.

use std::collections::BTreeMap;

use crate::bindings::base::types::{Setting, SettingValue};
use crate::bindings::base_exports::settings_page::{Field, FieldType};

/// Schema and values of one component.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    schema: Vec<Field>,
    values: BTreeMap<String, SettingValue>,
}

/// A setting that cannot be taken.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SettingError {
    /// The schema has no such key.
    #[error("there is no setting `{key}`; there are: {known}")]
    Unknown {
        /// As entered.
        key: String,
        /// All keys of the schema.
        known: String,
    },
    /// Another type, or out of range.
    #[error("setting `{key}`: {why}")]
    Wrong {
        /// The key.
        key: String,
        /// What would be right.
        why: String,
    },
}

impl Settings {
    /// No value set: all defaults.
    #[must_use]
    pub fn new(schema: Vec<Field>) -> Self {
        Self { schema, values: BTreeMap::new() }
    }

    /// The fields, in the order of the page.
    #[must_use]
    pub fn schema(&self) -> &[Field] {
        &self.schema
    }

    /// Checks one value against the schema (type, range, choice) and takes it.
    ///
    /// # Errors
    /// The key is unknown or the value does not fit its field.
    pub fn set(&mut self, key: &str, value: SettingValue) -> Result<(), SettingError> {
        let field = self.field(key)?;
        check(field, &value).map_err(|why| SettingError::Wrong { key: key.to_owned(), why })?;
        self.values.insert(key.to_owned(), value);
        Ok(())
    }

    /// Takes a value in JSON: a text, whole number, true or false, or list of texts, as the field asks for.
    ///
    /// # Errors
    /// As for [`Settings::set`].
    pub fn set_json(&mut self, key: &str, value: &serde_json::Value) -> Result<(), SettingError> {
        use serde_json::Value;
        let value = match value {
            Value::String(text) => SettingValue::Text(text.clone()),
            Value::Bool(flag) => SettingValue::Flag(*flag),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => SettingValue::Whole(whole),
                None => return Err(SettingError::Wrong { key: key.to_owned(), why: "a whole number is wanted".to_owned() }),
            },
            Value::Array(items) if items.iter().all(Value::is_string) => {
                SettingValue::Texts(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => {
                return Err(SettingError::Wrong {
                    key: key.to_owned(),
                    why: "a text, whole number, true, false or a list of texts is wanted".to_owned(),
                });
            }
        };
        self.set(key, value)
    }

    /// Takes a value as it is typed in a command: "true" and "false" where the field is a switch, digits where it is a whole number, texts parted by
    /// commas where it is a list.
    ///
    /// # Errors
    /// As for [`Settings::set`].
    pub fn set_typed(&mut self, key: &str, typed: &str) -> Result<(), SettingError> {
        let wrong = |kind: &FieldType| SettingError::Wrong { key: key.to_owned(), why: format!("{} is wanted", wanted(kind)) };
        let value = match &self.field(key)?.kind {
            kind @ FieldType::Flag => SettingValue::Flag(typed.parse().map_err(|_| wrong(kind))?),
            kind @ FieldType::Whole(_) => SettingValue::Whole(typed.parse().map_err(|_| wrong(kind))?),
            FieldType::Choices(_) => {
                SettingValue::Texts(typed.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
            }
            _ => SettingValue::Text(typed.to_owned()),
        };
        self.set(key, value)
    }

    /// The value as JSON, as [`Settings::set_json`] takes it; none for a key that the schema lacks.
    #[must_use]
    pub fn json(&self, key: &str) -> Option<serde_json::Value> {
        Some(match self.get(key)? {
            SettingValue::Text(text) | SettingValue::Other(text) => text.into(),
            SettingValue::Flag(flag) => flag.into(),
            SettingValue::Whole(whole) => whole.into(),
            SettingValue::Texts(texts) => texts.into(),
        })
    }

    /// The value, or the schema's default; none only for a key that the schema lacks.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<SettingValue> {
        let field = self.field(key).ok()?;
        Some(self.values.get(key).unwrap_or(&field.default).clone())
    }

    /// All of them, defaults filled in, in the order of the schema.
    #[must_use]
    pub fn all(&self) -> Vec<Setting> {
        self.schema
            .iter()
            .map(|field| Setting { key: field.key.clone(), value: self.values.get(&field.key).unwrap_or(&field.default).clone() })
            .collect()
    }

    fn field(&self, key: &str) -> Result<&Field, SettingError> {
        self.schema.iter().find(|field| field.key == key).ok_or_else(|| SettingError::Unknown {
            key: key.to_owned(),
            known: self.schema.iter().map(|field| format!("`{}`", field.key)).collect::<Vec<_>>().join(", "),
        })
    }
}

fn check(field: &Field, value: &SettingValue) -> Result<(), String> {
    let one_of = |choices: &[(String, crate::bindings::base::types::Message)], text: &str| {
        if choices.iter().any(|(choice, _)| choice == text) {
            Ok(())
        } else {
            let all: Vec<String> = choices.iter().map(|(choice, _)| format!("`{choice}`")).collect();
            Err(format!("`{text}` is none of {}", all.join(", ")))
        }
    };
    match (&field.kind, value) {
        (FieldType::Line(most) | FieldType::Lines(most), SettingValue::Text(text)) => {
            let characters = text.chars().count();
            if characters > *most as usize {
                return Err(format!("{characters} characters are too many, {most} at most"));
            }
            if matches!(field.kind, FieldType::Line(_)) && text.contains(['\n', '\r']) {
                return Err("one line only".to_owned());
            }
            Ok(())
        }
        (FieldType::Whole((least, most)), SettingValue::Whole(number)) => {
            if (least..=most).contains(&number) {
                Ok(())
            } else {
                Err(format!("{number} is not between {least} and {most}"))
            }
        }
        (FieldType::Flag, SettingValue::Flag(_)) | (FieldType::Phonebook | FieldType::Other(_), SettingValue::Text(_)) => Ok(()),
        (FieldType::Choice(choices), SettingValue::Text(text)) => one_of(choices, text),
        (FieldType::Choices(choices), SettingValue::Texts(texts)) => texts.iter().try_for_each(|text| one_of(choices, text)),
        (FieldType::Address, SettingValue::Text(text)) => check_address(text),
        (kind, _) => Err(format!("{} is wanted", wanted(kind))),
    }
}

fn check_address(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let uri: http::Uri = text.parse().map_err(|_| "this is no address; it looks like https://crm.example/path".to_owned())?;
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    match uri.scheme_str() {
        Some("https" | "http") if !authority.is_empty() && !authority.contains('@') && uri.query().is_none() => Ok(()),
        _ => Err("an address begins with https:// and has neither user name nor query".to_owned()),
    }
}

fn wanted(kind: &FieldType) -> &'static str {
    match kind {
        FieldType::Whole(_) => "a whole number",
        FieldType::Flag => "true or false",
        FieldType::Choices(_) => "a list of texts",
        _ => "a text",
    }
}
