//! The administrator's rules, and what hinders a write from outside: locks, triggers, storage.

use serde_json::{Value as Json, json};

use super::{
    Context, Org, Row,
    knobs::{Condition, DuplicateKey, DuplicateMode, DuplicateRule, Fault, ValidationRule},
    tokens,
};
use crate::{
    error::ApiError,
    id::Id,
    schema::{FieldKind, ObjectType},
    value::Value,
};

/// The version that duplicates' addresses name; a fixed one, since rules do not know who asked how.
const VERSION: &str = "66.0";

impl Org {
    /// Maintenance and storage.
    pub(super) fn check_state(&self, creates: bool) -> Result<(), ApiError> {
        if self.knobs.maintenance {
            let message = "Insert, update and delete are not allowed during maintenance";
            return Err(ApiError::bad("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", message).with_fields(&[]));
        }
        if creates && self.knobs.storage_full {
            return Err(ApiError::bad("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded").with_fields(&[]));
        }
        Ok(())
    }

    /// Somebody else's lock on `what`.
    pub(super) fn check_lock(&mut self, object: &ObjectType, what: Id) -> Result<(), ApiError> {
        if spend(&mut self.knobs.row_locks, object).is_none() {
            return Ok(());
        }
        let message = format!("unable to obtain exclusive access to this record or 1 records: {what}");
        Err(ApiError::bad("UNABLE_TO_LOCK_ROW", message).with_fields(&[]))
    }

    /// A trigger that fails.
    pub(super) fn check_trigger(&mut self, object: &ObjectType, creates: bool) -> Result<(), ApiError> {
        let Some(fault) = spend(&mut self.knobs.trigger_failures, object) else { return Ok(()) };
        let event = if creates { "BeforeInsert" } else { "BeforeUpdate" };
        let message = fault.unwrap_or_else(|| {
            format!(
                "{name}Trigger: execution of {event}\n\ncaused by: System.NullPointerException: Attempt to de-reference a null object\n\n\
                 Trigger.{name}Trigger: line 5, column 1",
                name = object.name
            )
        });
        Err(ApiError::bad("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message).with_fields(&[]))
    }

    /// Validation rules: the first that refuses.
    pub(super) fn check_validation(&self, object: &ObjectType, row: &Row) -> Result<(), ApiError> {
        let rules = self.knobs.validation_rules.iter().filter(|rule| rule.object.eq_ignore_ascii_case(object.name));
        match rules.into_iter().find(|rule| refuses(rule, object, row)) {
            None => Ok(()),
            Some(rule) => {
                let fields: Vec<&str> = rule.field.iter().map(String::as_str).collect();
                Err(ApiError::bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message.clone()).with_fields(&fields))
            }
        }
    }

    /// Duplicate rules: the first that refuses.
    pub(super) fn check_duplicates(&self, context: &Context, object: &ObjectType, row: &Row) -> Result<(), ApiError> {
        for rule in self.knobs.duplicate_rules.iter().filter(|rule| rule.object.eq_ignore_ascii_case(object.name)) {
            let overruled = rule.mode == DuplicateMode::Alert && context.allow_save;
            if rule.mode == DuplicateMode::Off || overruled {
                continue;
            }
            let found = self.duplicates(rule, object, row);
            if !found.is_empty() {
                return Err(self.duplicate_error(rule, &found, context.include_record_details));
            }
        }
        Ok(())
    }

    fn duplicates(&self, rule: &DuplicateRule, object: &ObjectType, row: &Row) -> Vec<(String, Vec<Id>)> {
        let mut all = Vec::new();
        for name in &rule.among {
            let Some(table) = self.table_of(name).and_then(|at| self.tables.get(at)) else { continue };
            let mut found = std::collections::BTreeSet::new();
            for key in &rule.by {
                match key {
                    DuplicateKey::Phone => {
                        for text in texts_of(object, row, FieldKind::Phone) {
                            let digits = tokens::digits(text);
                            if !digits.is_empty() {
                                found.extend(table.search.with_number(&digits));
                            }
                        }
                    }
                    DuplicateKey::Email => {
                        for text in texts_of(object, row, FieldKind::Email) {
                            for (place, _) in table.object.fields.iter().enumerate().filter(|(_, field)| field.kind == FieldKind::Email) {
                                found.extend(table.lookup(place, &Value::text(text)).unwrap_or_default());
                            }
                        }
                    }
                    DuplicateKey::Name => {
                        let name = object.name_field().map(|(place, _)| row.get(place)).filter(|name| !name.is_null());
                        if let (Some(name), Some((place, _))) = (name, table.object.name_field()) {
                            found.extend(table.lookup(place, name).unwrap_or_default());
                        }
                    }
                }
            }
            found.retain(|id| *id != row.id && table.rows.get(id).is_some_and(|row| !row.is_deleted));
            if !found.is_empty() {
                all.push((table.object.name.to_owned(), found.into_iter().collect()));
            }
        }
        all
    }

    fn duplicate_error(&self, rule: &DuplicateRule, found: &[(String, Vec<Id>)], details: bool) -> ApiError {
        let results: Vec<Json> = found
            .iter()
            .map(|(object, ids)| {
                let records: Vec<Json> = ids.iter().map(|id| self.match_record(object, *id, details)).collect();
                json!({
                    "entityType": object,
                    "errors": [],
                    "matchEngine": rule.engine,
                    "matchRecords": records,
                    "rule": rule.matching_rule,
                    "size": ids.len(),
                    "success": true,
                })
            })
            .collect();
        let told = json!({
            "allowSave": rule.mode == DuplicateMode::Alert,
            "duplicateRule": rule.name,
            "duplicateRuleEntityType": rule.object,
            "errorMessage": rule.message,
            "matchResults": results,
        });
        // Salesforce misspells the key, in all versions that were recorded.
        let key = if self.knobs.duplicate_key_spelt_right { "duplicateResult" } else { "duplicateResut" };
        let mut error = ApiError::bad("DUPLICATES_DETECTED", rule.message.clone());
        error.more.push((key, told));
        error
    }

    fn match_record(&self, object: &str, id: Id, details: bool) -> Json {
        let mut record = json!({
            "attributes": {"type": object, "url": format!("/services/data/v{VERSION}/sobjects/{object}/{id}")},
            "Id": id.to_string(),
        });
        if let (true, Some(kind), Some(row), Some(record)) = (details, self.object(object), self.row(id), record.as_object_mut()) {
            for (place, field) in kind.fields.iter().enumerate() {
                let told = field.name_field || field.part_of.is_some() || matches!(field.kind, FieldKind::Phone | FieldKind::Email);
                if told && !row.get(place).is_null() {
                    record.insert(field.name.to_owned(), row.get(place).to_json());
                }
            }
        }
        json!({"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record})
    }
}

/// What duplicate rules compare.
pub(super) fn compared<'a>(object: &'a ObjectType, row: &'a Row) -> Vec<&'a Value> {
    let compares = |place: &usize| {
        object.fields.get(*place).is_some_and(|field| field.name_field || matches!(field.kind, FieldKind::Phone | FieldKind::Email))
    };
    (0..object.fields.len()).filter(compares).map(|place| row.get(place)).collect()
}

fn texts_of<'a>(object: &'a ObjectType, row: &'a Row, kind: FieldKind) -> impl Iterator<Item = &'a str> {
    object.fields.iter().enumerate().filter(move |(_, field)| field.kind == kind).filter_map(|(place, _)| row.get(place).as_text())
}

fn refuses(rule: &ValidationRule, object: &ObjectType, row: &Row) -> bool {
    let text = || rule.field.as_deref().and_then(|field| row.named(object, field).as_text());
    match &rule.condition {
        Condition::Always => true,
        Condition::Contains(part) => text().is_some_and(|text| text.contains(part.as_str())),
        Condition::Empty => rule.field.as_deref().is_some_and(|field| row.named(object, field).is_null()),
        Condition::LongerThan(most) => text().is_some_and(|text| text.chars().count() > *most),
    }
}

/// Uses a fault up by one write; Some: it hits, with its own words if it has any.
fn spend(faults: &mut Vec<Fault>, object: &ObjectType) -> Option<Option<String>> {
    faults.retain(|fault| fault.left != Some(0));
    let fault = faults.iter_mut().find(|fault| fault.object.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(object.name)))?;
    if let Some(left) = &mut fault.left {
        *left -= 1;
    }
    Some(fault.message.clone())
}
