//! A company with Odoo, the connector beside it, and a wire between them.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, OnceLock},
};

use odoo_server::{Database, Instance};
use pbx_connector_kit::{
    base_types::{Number, NumberKind, Setting, SettingValue},
    context::Context,
    failure,
    types::{Failure, RecordRef, Usage, UserRef},
};
use serde_json::{Value, json};

use crate::wire::{self, Mishap, What, Wire};

/// When the tests play: a Sunday in November 2026, 09:16:56 UTC.
pub const NOW: u64 = 1_795_339_016_000;
pub const PARTNER: &str = "res.partner";
pub const LEAD: &str = "crm.lead";
pub const MESSAGE: &str = "mail.message";

pub struct Office {
    pub database: Arc<Database>,
    pub settings: RefCell<Vec<Setting>>,
    wire: Rc<RefCell<Wire>>,
    user: RefCell<Option<UserRef>>,
    base: String,
}

impl Office {
    /// With a fresh database, in the server that all tests share. None: Odoo is not installed here.
    pub fn open() -> Option<Self> {
        static INSTANCE: OnceLock<Option<Arc<Instance>>> = OnceLock::new();
        let instance = INSTANCE.get_or_init(|| Instance::start_or_skip("the functions of the Odoo connector")).as_ref()?;
        Some(Self::at(Arc::new(instance.database().unwrap())))
    }

    /// In this thread, with this database.
    pub fn at(database: Arc<Database>) -> Self {
        let wire = Rc::new(RefCell::new(Wire::default()));
        wire::lay(&wire);
        let base = database.instance().address().to_owned();
        let office = Self { database, settings: RefCell::default(), wire, user: RefCell::default(), base };
        office.set("database", SettingValue::Text(office.database.name().to_owned()));
        office.sign_in("integration");
        office
    }

    /// From now on the key is this person's.
    pub fn sign_in(&self, login: &str) {
        self.wire.borrow_mut().key = self.database.instance().key(login).to_owned();
        *self.user.borrow_mut() = Some(self.user(login));
    }

    pub fn set_key(&self, key: &str) {
        key.clone_into(&mut self.wire.borrow_mut().key);
    }

    pub fn key(&self) -> String {
        self.wire.borrow().key.clone()
    }

    pub fn set(&self, key: &str, value: SettingValue) {
        let mut settings = self.settings.borrow_mut();
        settings.retain(|setting| setting.key != key);
        settings.push(Setting { key: key.to_owned(), value });
    }

    pub fn choose(&self, key: &str, value: &str) {
        self.set(key, SettingValue::Text(value.to_owned()));
    }

    pub fn mishap(&self, on: &'static str, what: What) {
        self.wire.borrow_mut().mishaps.push_back(Mishap { on, what });
    }

    /// The context of a call of this function. All requests from now on are made during it.
    pub fn during(&self, function: &'static str) -> Context {
        self.wire.borrow_mut().function = function;
        Context {
            connector: "o1".to_owned(),
            base: self.base.clone(),
            settings: self.settings.borrow().clone(),
            now: NOW,
            time_left: 15_000,
            requests_left: 8,
            language: "en".to_owned(),
            organisation: None,
            user: if function == "verify" { None } else { self.user.borrow().clone() },
            extras: Vec::new(),
        }
    }

    pub fn requests(&self) -> usize {
        self.wire.borrow().sent.len()
    }

    /// What `ask` makes of requests; the connector must count the same.
    pub fn counted<T>(&self, usage: impl Fn(&T) -> &Usage, ask: impl FnOnce() -> Result<T, Failure>) -> (T, usize) {
        let before = self.requests();
        let told = ask().unwrap();
        let made = self.requests() - before;
        assert_eq!(usize::try_from(usage(&told).spent).unwrap(), made, "the connector counts what it sends");
        assert!(made <= 8, "{made} requests");
        (told, made)
    }

    /// The failure that `ask` ends in; it must count its requests and show nothing that is nobody's business.
    pub fn refused<T: std::fmt::Debug>(&self, ask: impl FnOnce() -> Result<T, Failure>) -> Failure {
        let before = self.requests();
        let mut failure = ask().unwrap_err();
        let made = self.requests() - before;
        let spent = failure::detail_of(&mut failure).usage.clone().unwrap().spent;
        assert!(usize::try_from(spent).unwrap() <= made, "{spent} of {made}: {failure:?}");
        self.discreet(&failure);
        failure
    }

    /// No traceback, no key, no page of HTML.
    pub fn discreet(&self, shown: &impl std::fmt::Debug) {
        let shown = format!("{shown:?}");
        for secret in [self.key().as_str(), "Traceback", "File \\\"", "<html", "<!DOCTYPE"] {
            assert!(secret.is_empty() || !shown.contains(secret), "{secret} in {shown}");
        }
    }

    /// As somebody types it in.
    pub fn typed(&self, model: &str, values: &Value) -> u64 {
        self.database.create(model, values).unwrap()
    }

    pub fn person(&self, name: &str, phone: &str) -> u64 {
        self.typed(PARTNER, &json!({ "name": name, "phone": phone }))
    }

    pub fn lead(&self, name: &str, phone: &str) -> u64 {
        self.typed(LEAD, &json!({ "name": format!("Interest of {name}"), "contact_name": name, "type": "lead", "phone": phone }))
    }

    pub fn write(&self, model: &str, id: u64, values: &Value) {
        self.database.call("admin", model, "write", &json!({ "ids": [id], "vals": values })).unwrap();
    }

    pub fn delete(&self, model: &str, id: u64) {
        self.database.call("admin", model, "unlink", &json!({ "ids": [id] })).unwrap();
    }

    pub fn rows(&self, model: &str, domain: &Value, fields: &[&str]) -> Vec<Value> {
        self.database.rows(model, domain, fields).unwrap()
    }

    /// A number that the database itself tells.
    pub fn count(&self, of: &str) -> u64 {
        self.database.sql(&format!("select count(*) from {of}")).unwrap().trim().parse().unwrap()
    }

    pub fn user(&self, login: &str) -> UserRef {
        let id = self.database.sql(&format!("select id from res_users where login = '{login}'")).unwrap();
        UserRef { connector: "o1".to_owned(), id: id.trim().to_owned() }
    }

    /// A colleague, with the rights of everybody.
    pub fn colleague(&self, login: &str) -> UserRef {
        let user = self.typed("res.users", &json!({ "name": login, "login": login, "email": format!("{login}@example.test") }));
        UserRef { connector: "o1".to_owned(), id: user.to_string() }
    }
}

pub fn about(model: &str, id: u64) -> RecordRef {
    RecordRef { connector: "o1".to_owned(), kind: model.to_owned(), id: id.to_string() }
}

fn number(e164: &str, country: &str, forms: Vec<String>) -> Number {
    Number {
        raw: e164.to_owned(),
        kind: NumberKind::External,
        e164: Some(e164.to_owned()),
        country: Some(country.to_owned()),
        forms,
        local_only: false,
        extras: Vec::new(),
    }
}

/// An American number, from its ten digits, as a host in America parses it.
pub fn american(national: &str) -> Number {
    let forms =
        vec![format!("1{national}"), national.to_owned(), format!("0111{national}"), format!("001{national}"), national[3..].to_owned()];
    number(&format!("+1{national}"), "US", forms)
}

/// A British number, from its digits behind the trunk prefix, as a host in America parses it.
pub fn british(national: &str) -> Number {
    let forms = vec![
        format!("44{national}"),
        national.to_owned(),
        format!("0{national}"),
        format!("440{national}"),
        format!("01144{national}"),
        format!("0044{national}"),
    ];
    number(&format!("+44{national}"), "GB", forms)
}

/// The failure's case.
pub fn kind(failure: &Failure) -> String {
    format!("{failure:?}").trim_start_matches("Failure::").split('(').next().unwrap().to_owned()
}
