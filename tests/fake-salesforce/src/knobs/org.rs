//! Knobs of the org: its rules, its users, its search index.

use std::collections::BTreeMap;

use crm_fake::ControlError;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Turned, done, invalid, read, some_user, user};
use crate::{
    fake::FakeSalesforce,
    org::{
        Access, Condition, DuplicateKey, DuplicateMode, DuplicateRule, Fault, HiddenField, ObjectAccess, OrgKnobs, PhoneSearch,
        ValidationRule,
    },
    value::Value,
};

pub(super) fn turn(fake: &mut FakeSalesforce, now_ms: u64, name: &str, value: Json) -> Turned {
    match name {
        "user" => return change_user(fake, now_ms, value),
        "convert-lead" => return convert(fake, now_ms, value),
        "organization" => return organization(fake, now_ms, value),
        "person-accounts" => {
            return if read::<bool>(value)? { done(fake.org.enable_person_accounts()) } else { Err(invalid("cannot be taken back")) };
        }
        "object-access" => return object_access(fake, value),
        "hidden-field" => return hidden_field(fake, value),
        "lead-assignment" => {
            let name: Option<String> = read(value)?;
            fake.org.knobs.leads_assigned_to = some_user(fake, name.as_ref())?;
            return done(());
        }
        _ => {}
    }
    // Objects are checked where a mistyped name would make a rule that never fires.
    for named in ["object", "among"].iter().filter_map(|key| value.get(key)).chain((name == "private-objects").then_some(&value)) {
        let names = named.as_array().map_or_else(|| std::slice::from_ref(named), Vec::as_slice);
        names.iter().filter_map(Json::as_str).try_for_each(|object| known_object(fake, object))?;
    }
    if let (Some(object), Some(field)) = (value.get("object").and_then(Json::as_str), value.get("field").and_then(Json::as_str)) {
        known_field(fake, object, field)?;
    }
    let knobs = &mut fake.org.knobs;
    match name {
        "index-lag-ms" => done(knobs.index_lag_ms = read(value)?),
        "deleted-rows-linger" => done(knobs.deleted_rows_linger = read(value)?),
        "phone-search" => done(knobs.phone_search = phone_search(&read::<String>(value)?)?),
        "duplicate-rule" => duplicate_rule(knobs, value),
        "duplicate-key" => match read::<String>(value)?.as_str() {
            "duplicateResut" => done(knobs.duplicate_key_spelt_right = false),
            "duplicateResult" => done(knobs.duplicate_key_spelt_right = true),
            _ => Err(invalid("duplicateResut or duplicateResult")),
        },
        "validation-rule" => validation_rule(knobs, value),
        "row-lock" => fault(&mut knobs.row_locks, value, false),
        "trigger-failure" => fault(&mut knobs.trigger_failures, value, true),
        "storage-full" => done(knobs.storage_full = read(value)?),
        "maintenance" => done(knobs.maintenance = read(value)?),
        "private-objects" => done(knobs.private_objects = read(value)?),
        "private-contacts" => done(knobs.contacts_without_account_are_private = read(value)?),
        _ => Err(ControlError::Unsupported(format!("salesforce has no knob `{name}`"))),
    }
}

fn phone_search(name: &str) -> Result<PhoneSearch, ControlError> {
    match name {
        "strict" => Ok(PhoneSearch::Strict),
        "lenient" => Ok(PhoneSearch::Lenient),
        _ => Err(invalid("strict or lenient")),
    }
}

fn duplicate_rule(knobs: &mut OrgKnobs, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Given {
        object: String,
        mode: Mode,
        #[serde(default)]
        by: Vec<Key>,
        among: Option<Vec<String>>,
        name: Option<String>,
        message: Option<String>,
    }
    #[derive(Clone, Copy, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        Off,
        Alert,
        Block,
    }
    #[derive(Clone, Copy, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Key {
        Phone,
        Email,
        Name,
    }
    let Some(Given { object, mode, by, among, name, message }) = read::<Option<Given>>(value)? else {
        return done(knobs.duplicate_rules.clear());
    };
    knobs.duplicate_rules.retain(|rule| !rule.object.eq_ignore_ascii_case(&object));
    let mode = match mode {
        Mode::Off => return done(()),
        Mode::Alert => DuplicateMode::Alert,
        Mode::Block => DuplicateMode::Block,
    };
    if by.is_empty() {
        return Err(invalid("`by` must name what is compared: phone, email, name"));
    }
    let keys: Vec<DuplicateKey> = by
        .into_iter()
        .map(|key| match key {
            Key::Phone => DuplicateKey::Phone,
            Key::Email => DuplicateKey::Email,
            Key::Name => DuplicateKey::Name,
        })
        .collect();
    let mut rule = DuplicateRule::standard(&object, mode, &keys);
    rule.among = among.unwrap_or(rule.among);
    rule.name = name.unwrap_or(rule.name);
    rule.message = message.unwrap_or(rule.message);
    done(knobs.duplicate_rules.push(rule))
}

fn validation_rule(knobs: &mut OrgKnobs, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        object: String,
        field: Option<String>,
        when: When,
        message: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum When {
        Always,
        Empty,
        Contains(String),
        LongerThan(usize),
    }
    let Some(Given { object, field, when, message }) = read::<Option<Given>>(value)? else {
        return done(knobs.validation_rules.clear());
    };
    if field.is_none() && !matches!(when, When::Always) {
        return Err(invalid("this `when` needs a `field`"));
    }
    let condition = match when {
        When::Always => Condition::Always,
        When::Empty => Condition::Empty,
        When::Contains(text) => Condition::Contains(text),
        When::LongerThan(length) => Condition::LongerThan(length),
    };
    done(knobs.validation_rules.push(ValidationRule { object, field, condition, message }))
}

fn fault(faults: &mut Vec<Fault>, value: Json, has_words: bool) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        times: Option<u32>,
        object: Option<String>,
        message: Option<String>,
    }
    let Some(Given { times, object, message }) = read::<Option<Given>>(value)? else {
        return done(faults.clear());
    };
    if times == Some(0) {
        return Err(invalid("`times` must be at least 1"));
    }
    if message.is_some() && !has_words {
        return Err(invalid("`message` belongs to `trigger-failure`"));
    }
    done(faults.push(Fault { object, left: times, message }))
}

fn object_access(fake: &mut FakeSalesforce, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        object: String,
        user: Option<String>,
        access: Kind,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        None,
        Read,
    }
    let Some(Given { object, user, access }) = read::<Option<Given>>(value)? else {
        return done(fake.org.knobs.object_access.clear());
    };
    known_object(fake, &object)?;
    let access = match access {
        Kind::None => Access::None,
        Kind::Read => Access::Read,
    };
    let user = some_user(fake, user.as_ref())?;
    done(fake.org.knobs.object_access.push(ObjectAccess { object, user, access }))
}

fn hidden_field(fake: &mut FakeSalesforce, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        object: String,
        field: String,
        user: Option<String>,
    }
    let Some(Given { object, field, user }) = read::<Option<Given>>(value)? else {
        return done(fake.org.knobs.hidden_fields.clear());
    };
    known_field(fake, &object, &field)?;
    let user = some_user(fake, user.as_ref())?;
    done(fake.org.knobs.hidden_fields.push(HiddenField { object, field, user }))
}

fn change_user(fake: &mut FakeSalesforce, now_ms: u64, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Given {
        user: String,
        active: Option<bool>,
        api: Option<bool>,
        admin: Option<bool>,
        view_setup: Option<bool>,
        manage_users: Option<bool>,
    }
    let Given { user: name, active, api, admin, view_setup, manage_users } = read(value)?;
    let id = user(fake, &name)?;
    if let Some(active) = active {
        fake.org.amend(now_ms, id, &[("IsActive", Value::Boolean(active))]).map_err(ControlError::Invalid)?;
    }
    let mut permissions = fake.org.permissions(id);
    permissions.api = api.unwrap_or(permissions.api);
    permissions.all_data = admin.unwrap_or(permissions.all_data);
    permissions.view_setup = view_setup.unwrap_or(permissions.view_setup);
    permissions.manage_users = manage_users.or(admin).unwrap_or(permissions.manage_users);
    done(fake.org.set_permissions(id, permissions))
}

fn convert(fake: &mut FakeSalesforce, now_ms: u64, value: Json) -> Turned {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        lead: String,
        account: Option<String>,
        contact: Option<String>,
    }
    let Given { lead, account, contact } = read(value)?;
    let row = |name: &String| fake.id_of(name).ok_or_else(|| invalid(&format!("there is no row {name}")));
    let (lead, account, contact) = (row(&lead)?, account.as_ref().map(row).transpose()?, contact.as_ref().map(row).transpose()?);
    let (account, contact) = fake.org.convert_lead(now_ms, lead, account, contact).map_err(ControlError::Invalid)?;
    Ok(json!({ "account": account.to_string(), "contact": contact.to_string() }))
}

fn organization(fake: &mut FakeSalesforce, now_ms: u64, value: Json) -> Turned {
    let given: BTreeMap<String, String> = read(value)?;
    let fields: Vec<(&str, Value)> = given.iter().map(|(name, text)| (name.as_str(), Value::text(text))).collect();
    fake.org.amend(now_ms, fake.org.organization(), &fields).map_err(ControlError::Invalid)?;
    done(())
}

fn known_object(fake: &FakeSalesforce, name: &str) -> Result<(), ControlError> {
    fake.org.object(name).map(drop).ok_or_else(|| invalid(&format!("there is no object {name}")))
}

fn known_field(fake: &FakeSalesforce, object: &str, field: &str) -> Result<(), ControlError> {
    known_object(fake, object)?;
    let known = fake.org.object(object).and_then(|object| object.field(field));
    known.map(drop).ok_or_else(|| invalid(&format!("{object} has no field {field}")))
}
