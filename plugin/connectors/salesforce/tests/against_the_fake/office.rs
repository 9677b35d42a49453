//! An organisation, the connector beside it, and a wire between them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crm_fake::{CrmFake, Outcome, Phone, Role, SeedRecord, SeedUser};
use fake_salesforce::fake::FakeSalesforce;
use pbx_connector_kit::{
    Request, Response,
    base_types::{Number, NumberKind},
    context::Context,
    native,
    types::{Failure, Usage},
    wasi::http::types::{ErrorCode, Method},
};
use pbx_salesforce_connector::{Salesforce, bindings::exports::pbx::crm::description::Guest as _};
use serde_json::{Value, json};

/// When the tests play: a Sunday in November 2026.
pub const NOW: u64 = 1_795_334_400_000;

pub struct Office {
    pub fake: Rc<RefCell<FakeSalesforce>>,
    pub clock: Rc<Cell<u64>>,
    token: Rc<RefCell<String>>,
    function: Rc<Cell<&'static str>>,
}

impl Office {
    pub fn new() -> Self {
        Self::of(FakeSalesforce::new(NOW))
    }

    pub fn of(mut fake: FakeSalesforce) -> Self {
        let token = fake.admin_session(NOW);
        let office = Self {
            fake: Rc::new(RefCell::new(fake)),
            clock: Rc::new(Cell::new(NOW)),
            token: Rc::new(RefCell::new(token)),
            function: Rc::new(Cell::new("")),
        };
        let (fake, clock, token, function) =
            (Rc::clone(&office.fake), Rc::clone(&office.clock), Rc::clone(&office.token), Rc::clone(&office.function));
        native::answer_with(move |base, request| {
            assert_eq!(base, "https://acme.my.salesforce.com");
            declared(function.get(), request);
            answer(&mut fake.borrow_mut(), clock.get(), &token.borrow(), request)
        });
        office
    }

    /// The context of a call of this function. All requests from now on are made during it.
    pub fn during(&self, function: &'static str) -> Context {
        self.function.set(function);
        Context {
            connector: "sf".to_owned(),
            base: "https://acme.my.salesforce.com".to_owned(),
            settings: Vec::new(),
            now: self.clock.get(),
            time_left: 15_000,
            requests_left: 8,
            language: "en".to_owned(),
            organisation: None,
            user: None,
            extras: Vec::new(),
        }
    }

    pub fn knob(&self, name: &str, value: Value) -> Value {
        self.fake.borrow_mut().knob(self.clock.get(), name, value).unwrap()
    }

    pub fn sign_in(&self, user: &str) {
        let told = self.knob("grant", json!(user));
        *self.token.borrow_mut() = told["access_token"].as_str().unwrap().to_owned();
    }

    pub fn seed(&self, record: SeedRecord) -> String {
        self.fake.borrow_mut().seed(self.clock.get(), vec![record]).unwrap().remove(0)
    }

    pub fn seed_user(&self, name: &str, active: bool) -> String {
        let email = format!("{}@acme.example", name.to_lowercase().replace(' ', "."));
        let user = SeedUser { id: None, name: name.to_owned(), email, active };
        self.fake.borrow_mut().seed_users(self.clock.get(), vec![user]).unwrap().remove(0)
    }

    /// A field of a row as the database has it.
    pub fn field(&self, id: &str, name: &str) -> Value {
        let fake = self.fake.borrow();
        let id = fake.id_of(id).unwrap();
        let object = fake.org.object_of(id).unwrap();
        fake.org.row(id).unwrap().named(object, name).to_json()
    }

    /// Requests so far, and what they cost by Salesforce's counting.
    pub fn spent(&self) -> (usize, u32) {
        let requests = self.fake.borrow().requests();
        (requests.len(), requests.iter().map(|request| request.cost).sum())
    }

    /// What `ask` makes of requests and calls; the connector must count the same.
    pub fn counted<T>(&self, usage: impl Fn(&T) -> &Usage, ask: impl FnOnce() -> Result<T, Failure>) -> (T, usize) {
        let before = self.spent();
        let told = ask().unwrap();
        let after = self.spent();
        assert_eq!(u32::try_from(after.0 - before.0).unwrap(), after.1 - before.1, "each request counts as one");
        assert_eq!(usage(&told).spent, after.1 - before.1, "and the connector says so");
        (told, after.0 - before.0)
    }
}

/// Only what was declared leaves.
fn declared(function: &str, request: &Request) {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        ref other => panic!("{other:?}"),
    };
    let path = request.path.split('?').next().unwrap();
    // Salesforce takes 16,384 bytes for address and headers together: 414 and 431 never come to that.
    assert!(request.path.len() <= 12_000, "{function}: an address of {} bytes", request.path.len());
    let fits = |pattern: &String| match pattern.strip_suffix("/*") {
        Some(start) => path.strip_prefix(start).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| !rest.contains('/')),
        None => path == pattern,
    };
    let allowed = Salesforce::describe().operations.into_iter().any(|operation| {
        operation.during.iter().any(|name| name == function)
            && operation.methods.iter().any(|name| name == method)
            && operation.paths.iter().any(fits)
    });
    assert!(allowed, "{method} {path} was not declared for {function}");
}

fn answer(fake: &mut FakeSalesforce, now: u64, token: &str, request: &Request) -> Result<Response, ErrorCode> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        _ => http::Method::PATCH,
    };
    let mut outgoing = http::Request::builder().method(method).uri(&request.path).header("host", "acme.my.salesforce.com");
    outgoing = outgoing.header("authorization", format!("Bearer {token}"));
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value);
    }
    match fake.answer(now, outgoing.body(request.body.clone()).unwrap()).outcome {
        Outcome::Response(response) => Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
            body: response.body().clone(),
        }),
        Outcome::Cut => Err(ErrorCode::ConnectionTerminated),
        Outcome::Refused => Err(ErrorCode::ConnectionRefused),
    }
}

pub fn phone(label: &str, number: &str) -> Phone {
    Phone { label: label.to_owned(), number: number.to_owned() }
}

pub fn person(last: &str, number: &str) -> SeedRecord {
    SeedRecord {
        first_name: Some("Ann".to_owned()),
        last_name: Some(last.to_owned()),
        phones: vec![phone("business", number)],
        ..SeedRecord::new(Role::Person)
    }
}

pub fn prospect(last: &str, number: &str) -> SeedRecord {
    SeedRecord { role: Role::Prospect, ..person(last, number) }
}

pub fn company(name: &str, number: &str) -> SeedRecord {
    SeedRecord { name: Some(name.to_owned()), phones: vec![phone("business", number)], ..SeedRecord::new(Role::Organisation) }
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

/// A British number, from its digits behind the trunk prefix.
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

/// A sound id of a row that never was.
pub fn unknown(prefix: &str) -> String {
    fake_salesforce::id::Id::new(prefix, 99_999_999).to_string()
}

/// The failure's case.
pub fn kind(failure: &Failure) -> String {
    format!("{failure:?}").trim_start_matches("Failure::").split('(').next().unwrap().to_owned()
}
