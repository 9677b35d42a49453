use crm_fake::{Phone, Role, wire};
use http::{HeaderValue, Response, header};
use minijinja::{
    Environment,
    value::{Serde, Value},
};
use serde::Serialize;

use crate::{call, record, store::Store};

/// Nothing but the page itself and its style sheet may run or load, whatever a record's name contains.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'");

/// The pages for people. Templates end in `.html`, so everything that is put into them is escaped.
pub struct Pages {
    templates: Environment<'static>,
}

impl Pages {
    /// With the templates of this crate.
    pub fn new() -> Self {
        let mut templates = Environment::new();
        let files = [
            ("layout.html", include_str!("../templates/layout.html")),
            ("list.html", include_str!("../templates/list.html")),
            ("record.html", include_str!("../templates/record.html")),
            ("missing.html", include_str!("../templates/missing.html")),
        ];
        for (name, text) in files {
            let added = templates.add_template(name, text);
            debug_assert!(added.is_ok(), "the template {name} of this crate is broken: {added:?}");
        }
        Self { templates }
    }

    /// All records.
    pub fn list(&self, store: &Store) -> Response<Vec<u8>> {
        let records = store.records().iter().map(|stored| Shown::of(stored, store)).collect();
        self.render(200, "list.html", &ListPage { records })
    }

    /// One record with its call history, the last call first.
    pub fn record(&self, store: &Store, id: &str) -> Response<Vec<u8>> {
        let Some(stored) = store.record(id) else {
            return self.render(404, "missing.html", &MissingPage { id });
        };
        let calls = store.calls().iter().rev().filter(|call| call.record() == id).collect();
        self.render(200, "record.html", &RecordPage { record: Shown::of(stored, store), calls })
    }

    fn render(&self, status: u16, name: &str, page: &impl Serialize) -> Response<Vec<u8>> {
        match self.templates.get_template(name).and_then(|template| template.render(Value::from(Serde(page)))) {
            Ok(page) => {
                let mut response = wire::response(status, "text/html; charset=utf-8", page.into_bytes());
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
                response
            }
            Err(why) => wire::error(500, &format!("the page cannot be shown: {why}")),
        }
    }
}

#[derive(Serialize)]
struct ListPage<'a> {
    records: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct RecordPage<'a> {
    record: Shown<'a>,
    calls: Vec<&'a call::Stored>,
}

#[derive(Serialize)]
struct MissingPage<'a> {
    id: &'a str,
}

/// A record as the templates read it.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    role: Role,
    name: &'a str,
    company: &'a str,
    phones: Vec<ShownPhone<'a>>,
    emails: &'a [String],
    owner: Option<&'a str>,
    changed_at: String,
    retired: bool,
    calls: usize,
}

#[derive(Serialize)]
struct ShownPhone<'a> {
    label: &'a str,
    number: &'a str,
    tel: String,
}

impl<'a> Shown<'a> {
    fn of(stored: &'a record::Stored, store: &Store) -> Self {
        let record = stored.record();
        let phone = |phone: &'a Phone| ShownPhone { label: &phone.label, number: &phone.number, tel: tel(phone) };
        Self {
            id: &record.id,
            role: record.role,
            name: &record.name,
            company: &record.company,
            phones: record.phones.iter().map(phone).collect(),
            emails: &record.emails,
            owner: record.owner.as_deref(),
            changed_at: call::shown(record.changed_at),
            retired: record.retired,
            calls: store.calls().iter().filter(|call| call.record() == record.id).count(),
        }
    }
}

/// What a telephone is to dial: digits and a leading "+".
fn tel(phone: &Phone) -> String {
    let plus = if phone.number.trim_start().starts_with('+') { "+" } else { "" };
    let digits: String = phone.number.chars().filter(char::is_ascii_digit).collect();
    format!("{plus}{digits}")
}
