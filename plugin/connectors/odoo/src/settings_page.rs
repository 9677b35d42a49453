use pbx_connector_kit::{
    base_types::{Message, Setting, SettingValue},
    text::message,
    url,
};

use crate::{
    Odoo,
    bindings::exports::pbx::base::settings_page::{Field, FieldType, Guest, Problem},
};

/// Key of the base address.
pub const ADDRESS: &str = "address";
const DATABASE: &str = "database";
const PROSPECTS: &str = "prospects";
const CALL_BACK: &str = "call-back";
/// Longest name of a database that PostgreSQL takes, in bytes.
const LONGEST_DATABASE: u32 = 63;

/// What the administrator chose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Name of the database; "": there is only one.
    pub database: String,
    /// What becomes of people who may become customers.
    pub prospects: Prospects,
    /// A missed call leaves an activity: call back.
    pub call_back: bool,
}

/// How the company uses the app CRM.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prospects {
    /// New ones are leads.
    Leads,
    /// New ones are opportunities: leads are switched off in the app.
    Opportunities,
    /// Not at all: callers are looked for among contacts alone.
    None,
}

impl Options {
    /// From the settings; what is missing or senseless has its default.
    pub fn of(settings: &[Setting]) -> Self {
        let value = |key: &str| settings.iter().find(|setting| setting.key == key).map(|setting| &setting.value);
        let text = |key: &str| match value(key) {
            Some(SettingValue::Text(text)) => text.trim(),
            _ => "",
        };
        Self {
            database: text(DATABASE).to_owned(),
            prospects: match text(PROSPECTS) {
                "opportunities" => Prospects::Opportunities,
                "none" => Prospects::None,
                _ => Prospects::Leads,
            },
            call_back: matches!(value(CALL_BACK), Some(SettingValue::Flag(true))),
        }
    }
}

impl Guest for Odoo {
    fn version() -> u32 {
        1
    }

    fn schema() -> Vec<Field> {
        let choice = |value: &str, label: &str| (value.to_owned(), message(label, &[]));
        let choices = vec![
            choice("leads", "odoo.prospects.leads"),
            choice("opportunities", "odoo.prospects.opportunities"),
            choice("none", "odoo.prospects.none"),
        ];
        let text = |text: &str| SettingValue::Text(text.to_owned());
        vec![
            field(ADDRESS, ("odoo.address.label", "odoo.address.help"), FieldType::Address, text(""), "connection"),
            field(DATABASE, ("odoo.database.label", "odoo.database.help"), FieldType::Line(LONGEST_DATABASE), text(""), "connection"),
            field(PROSPECTS, ("odoo.prospects.label", "odoo.prospects.help"), FieldType::Choice(choices), text("leads"), "records"),
            field(CALL_BACK, ("odoo.call-back.label", "odoo.call-back.help"), FieldType::Flag, SettingValue::Flag(false), "records"),
        ]
    }

    fn check(settings: Vec<Setting>) -> Vec<Problem> {
        let address = settings.iter().find_map(|setting| match &setting.value {
            SettingValue::Text(address) if setting.key == ADDRESS => Some(address.as_str()),
            _ => None,
        });
        let mut problems = Vec::new();
        match address {
            None | Some("") => problems.push(problem(ADDRESS, "odoo.address.missing")),
            Some(address) if !url::is_base(address) => problems.push(problem(ADDRESS, "odoo.address.not-usable")),
            // Copied from the browser, it would be a page of Odoo's and not Odoo.
            Some(address) if ["/odoo/", "/web/", "/json/2/"].iter().any(|page| format!("{address}/").contains(page)) => {
                problems.push(problem(ADDRESS, "odoo.address.page"));
            }
            Some(_) => {}
        }
        if !is_database(&Options::of(&settings).database) {
            problems.push(problem(DATABASE, "odoo.database.not-usable"));
        }
        problems
    }

    fn upgrade(_from_version: u32, settings: Vec<Setting>) -> Result<Vec<Setting>, Message> {
        // There is only one version so far.
        Ok(settings)
    }
}

/// Odoo's own rule for names of databases; "" is none.
fn is_database(name: &str) -> bool {
    let mut signs = name.bytes();
    signs.next().is_none_or(|first| first.is_ascii_alphanumeric())
        && signs.all(|sign| sign.is_ascii_alphanumeric() || b"_.-".contains(&sign))
}

fn field(key: &str, (label, help): (&str, &str), kind: FieldType, default: SettingValue, group: &str) -> Field {
    Field {
        key: key.to_owned(),
        label: message(label, &[]),
        help: Some(message(help, &[])),
        kind,
        default,
        only_if: None,
        needs: Vec::new(),
        group: group.to_owned(),
        extras: Vec::new(),
    }
}

fn problem(key: &str, id: &str) -> Problem {
    Problem { key: key.to_owned(), line: 0, column: 0, prevents_saving: true, message: message(id, &[]), extras: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: &str) -> Setting {
        Setting { key: key.to_owned(), value: SettingValue::Text(value.to_owned()) }
    }

    #[test]
    fn judges_addresses_and_databases() {
        let complaints = |address: &str, database: &str| {
            let problems = Odoo::check(vec![setting(ADDRESS, address), setting(DATABASE, database)]);
            problems.into_iter().map(|problem| problem.message.id).collect::<Vec<_>>()
        };
        assert!(complaints("https://odoo.example", "").is_empty() && complaints("https://a.example:8069/erp/", "crm-2.test_1").is_empty());
        assert_eq!(complaints("", "x"), ["odoo.address.missing"]);
        assert_eq!(complaints("odoo.example", "-x"), ["odoo.address.not-usable", "odoo.database.not-usable"]);
        assert_eq!(complaints("https://odoo.example/odoo/contacts/5", ""), ["odoo.address.page"]);
        assert_eq!(complaints("https://odoo.example/odoo/", "a b"), ["odoo.address.page", "odoo.database.not-usable"]);
        assert_eq!(complaints("https://odoo.example", "a\r\nhost: evil"), ["odoo.database.not-usable"]);
        assert_eq!(Odoo::check(Vec::new()).len(), 1);
    }

    #[test]
    fn what_is_not_chosen_has_its_default() {
        let options = Options::of(&[]);
        assert_eq!((options.database.as_str(), options.prospects, options.call_back), ("", Prospects::Leads, false));
        let chosen = [
            setting(DATABASE, " crm "),
            setting(PROSPECTS, "none"),
            Setting { key: CALL_BACK.to_owned(), value: SettingValue::Flag(true) },
        ];
        let options = Options::of(&chosen);
        assert_eq!((options.database.as_str(), options.prospects, options.call_back), ("crm", Prospects::None, true));
        for field in <Odoo as Guest>::schema() {
            assert!([ADDRESS, DATABASE, PROSPECTS, CALL_BACK].contains(&field.key.as_str()));
        }
    }
}
