//! Rows of Odoo as the control side of a fake shows them, and the other way round.

use chrono::NaiveDateTime;
use crm_fake::{Phone, Record, Role, SeedRecord};
use serde_json::{Map, Value, json};

pub const PARTNER: &str = "res.partner";
pub const LEAD: &str = "crm.lead";

/// The table in which a record of this role stands.
pub fn model(role: Role) -> &'static str {
    match role {
        Role::Person | Role::Organisation => PARTNER,
        Role::Prospect => LEAD,
    }
}

/// What is asked of a table.
pub fn fields(model: &str) -> &'static [&'static str] {
    if model == LEAD {
        &["id", "name", "contact_name", "partner_name", "phone", "email_from", "user_id", "write_date", "create_date", "active"]
    } else {
        &["id", "name", "is_company", "company_name", "phone", "email", "user_id", "write_date", "create_date", "active"]
    }
}

/// As somebody would have typed it in. `owner` is the id of a user of Odoo.
pub fn typed(record: &SeedRecord, owner: Option<u64>) -> Result<Value, String> {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let parts = format!("{} {}", part(&record.first_name), part(&record.last_name)).trim().to_owned();
    let name = record.name.clone().or(Some(parts).filter(|parts| !parts.is_empty())).unwrap_or_else(|| part(&record.company));
    let phone = match record.phones.as_slice() {
        [] => Value::Bool(false),
        [phone] => phone.number.clone().into(),
        _ => return Err("Odoo has one number for a record".to_owned()),
    };
    let mut values = Map::new();
    let email = record.emails.first().cloned().map_or(Value::Bool(false), Value::from);
    let name = if name.is_empty() { "?".to_owned() } else { name };
    if record.role == Role::Prospect {
        values.insert("type".to_owned(), "lead".into());
        values.insert("contact_name".to_owned(), name.clone().into());
        values.insert("partner_name".to_owned(), part(&record.company).into());
        values.insert("email_from".to_owned(), email);
    } else {
        values.insert("is_company".to_owned(), (record.role == Role::Organisation).into());
        values.insert("email".to_owned(), email);
        if record.role == Role::Person {
            values.insert("company_name".to_owned(), part(&record.company).into());
        }
    }
    values.insert("name".to_owned(), name.into());
    values.insert("phone".to_owned(), phone);
    values.insert("user_id".to_owned(), owner.map_or(Value::Bool(false), Value::from));
    values.insert("active".to_owned(), (!record.retired).into());
    Ok(Value::Object(values))
}

/// A row that was read.
pub fn shown(model: &str, row: &Value, id: String, owner: Option<String>) -> Record {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_company = row.get("is_company").and_then(Value::as_bool).unwrap_or_default();
    let (role, company, email) = match (model, is_company) {
        (LEAD, _) => (Role::Prospect, text("partner_name"), text("email_from")),
        (_, true) => (Role::Organisation, String::new(), text("email")),
        (_, false) => (Role::Person, text("company_name"), text("email")),
    };
    let contact = text("contact_name");
    let phone = text("phone");
    Record {
        id,
        role,
        name: if contact.is_empty() { text("name") } else { contact },
        // One field for the whole name.
        first_name: String::new(),
        last_name: String::new(),
        company,
        phones: Some(phone)
            .filter(|number| !number.is_empty())
            .map(|number| Phone { label: "business".to_owned(), number })
            .into_iter()
            .collect(),
        emails: Some(email).filter(|email| !email.is_empty()).into_iter().collect(),
        owner,
        changed_at: moment(&text("write_date")).unwrap_or_default(),
        retired: row.get("active") == Some(&json!(false)),
        key: None,
    }
}

/// Milliseconds since 1970 of "2026-11-20 10:00:00".
pub fn moment(text: &str) -> Option<u64> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    u64::try_from(time.and_utc().timestamp_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn reads_odoos_times() {
        assert_eq!(moment("1970-01-01 00:00:01"), Some(1_000));
        assert_eq!(moment("2026-11-22 09:16:56"), Some(1_795_339_016_000));
        assert_eq!(moment("2024-02-29 23:59:59"), Some(1_709_251_199_000));
        assert_eq!((moment("soon"), moment("")), (None, None));
    }
}
