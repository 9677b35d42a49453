//! The whole fake, as tests steer it: [`FakeSalesforce`].

mod forced;
mod neutral;
mod operation;
mod seeding;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crm_fake::{
    Activity, Answer, Application, ControlError, CrmFake, Fault, Faults, LateCommits, Outcome, Record, RecordedRequest, RequestLog,
    SeedRecord, SeedUser, server::SCHEME,
};
use http::{Method, Request, Response, header};
use serde_json::Value as Json;

pub use forced::Forced;

use crate::{
    error::ApiError,
    id::Id,
    knobs,
    oauth::{ADMIN, Auth, PASSWORD, TEST_CLIENT_ID, TEST_CLIENT_SECRET},
    org::{DuplicateKey, DuplicateMode, DuplicateRule, Org},
    pages, person,
    rest::Rest,
    seed,
};

/// Longest body that is read, in bytes. Salesforce takes 50 MB at most in any resource.
const BODY_LIMIT: usize = 50 * 1024 * 1024;

/// A Salesforce org behind one address: login host, API host and pages in one.
#[derive(Debug)]
pub struct FakeSalesforce {
    /// The database.
    pub org: Org,
    /// Signing in.
    pub auth: Auth,
    /// The REST API.
    pub rest: Rest,
    /// Answers that stand before everything else.
    pub forced: Vec<Forced>,
    faults: Faults,
    late: LateCommits,
    requests: RequestLog,
    names: Names,
}

/// Names by which tests speak of rows whose ids they cannot choose.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: BTreeMap<String, Id>,
    names: HashMap<Id, String>,
    /// In which order rows were seeded: Salesforce's moments are too coarse to tell.
    order: HashMap<Id, usize>,
    /// Accounts that stand for a contact's company and nothing else; the neutral side knows no such thing.
    implied: BTreeSet<Id>,
}

impl FakeSalesforce {
    /// An org with its administrator and nothing else.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self::over(Org::new(now_ms))
    }

    /// An org with people and companies in it, the same for the same number.
    #[must_use]
    pub fn seeded(now_ms: u64, number: u64, size: seed::Size) -> Self {
        Self::over(seed::org(number, size, now_ms))
    }

    /// With duplicate rules that warn of a contact or lead whose number another contact or lead has. Salesforce's standard rules compare names, too;
    /// these are what an administrator adds who wants no number twice.
    #[must_use]
    pub fn refusing_known_numbers(mut self) -> Self {
        for object in ["Contact", "Lead"] {
            let rule = DuplicateRule::standard(object, DuplicateMode::Alert, &[DuplicateKey::Phone]);
            self.org.knobs.duplicate_rules.push(DuplicateRule { among: ["Contact", "Lead"].map(str::to_owned).to_vec(), ..rule });
        }
        self
    }

    fn over(org: Org) -> Self {
        Self {
            org,
            auth: Auth::new(),
            rest: Rest::default(),
            forced: Vec::new(),
            faults: Faults::default(),
            late: LateCommits::default(),
            requests: RequestLog::default(),
            names: Names::default(),
        }
    }

    /// A live session of the administrator, without signing in.
    pub fn admin_session(&mut self, now_ms: u64) -> String {
        let admin = self.org.administrator();
        self.auth.grant(&self.org, now_ms, admin)
    }

    /// The row that a test means by an id of its own or of Salesforce.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<Id> {
        self.names.ids.get(name).copied().or_else(|| Id::parse(name))
    }

    /// The user that a test means: `admin`, a username, an id of its own or of Salesforce.
    #[must_use]
    pub fn user_of(&self, name: &str) -> Option<Id> {
        if name == crate::oauth::ADMIN {
            return Some(self.org.administrator());
        }
        let object = self.org.object("User")?;
        let known = self.id_of(name).filter(|id| id.prefix() == object.prefix && self.org.row(*id).is_some());
        known.or_else(|| {
            let same = |row: &&crate::org::Row| {
                row.named(object, "Username").as_text().is_some_and(|username| username.eq_ignore_ascii_case(name))
            };
            self.org.rows(object).find(same).map(|row| row.id)
        })
    }

    /// Does what a request asks, by the org's own clock.
    fn work(&mut self, now_ms: u64, index_lag_ms: u64, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        if let Some(response) = forced::take(&mut self.forced, request) {
            return response;
        }
        let address = address_of(request);
        if let Some(response) = self.auth.respond(&self.org, now_ms, &address, request) {
            return response;
        }
        let lag = self.org.knobs.index_lag_ms;
        self.org.knobs.index_lag_ms = lag.max(index_lag_ms);
        let response = self.rest.respond(&mut self.org, &mut self.auth, now_ms, &address, request);
        self.org.knobs.index_lag_ms = lag;
        if let Some(response) = response {
            return response;
        }
        let reads = request.method() == Method::GET || request.method() == Method::HEAD;
        let page = reads.then(|| pages::respond(&self.org, now_ms, request.uri())).flatten();
        page.unwrap_or_else(|| nowhere(request.uri().path()))
    }
}

/// What answers where nothing is: the API with its error, everything else with a page.
fn nowhere(path: &str) -> Response<Vec<u8>> {
    if path.starts_with("/services/") {
        return api_error(&ApiError::not_found());
    }
    pages::html::message(404, "Page not found", "URL No Longer Exists")
}

/// An error outside the REST API's resources.
fn api_error(error: &ApiError) -> Response<Vec<u8>> {
    let body = serde_json::json!([error.to_json()]).to_string().into_bytes();
    crm_fake::wire::response(error.status, "application/json;charset=UTF-8", body)
}

/// Salesforce reads several slashes as one: its own command line asks for `//services/data` where it was given an address that ends
/// in a slash, and it always writes that one.
fn single_slashes(request: &mut Request<Vec<u8>>) {
    let uri = request.uri();
    if !uri.path().contains("//") {
        return;
    }
    let mut path = String::with_capacity(uri.path().len());
    for sign in uri.path().chars() {
        if sign != '/' || !path.ends_with('/') {
            path.push(sign);
        }
    }
    if let Some(query) = uri.query() {
        path = format!("{path}?{query}");
    }
    if let Ok(tidy) = path.parse() {
        *request.uri_mut() = tidy;
    }
}

/// Under which address the client asked.
fn address_of(request: &Request<Vec<u8>>) -> String {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let scheme = header(SCHEME).or_else(|| request.uri().scheme_str()).unwrap_or("http");
    let host = header(header::HOST.as_str()).or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    // What stands there comes back in addresses; a host is no place for anything else.
    let host = host.filter(|host| host.bytes().all(|sign| sign.is_ascii_alphanumeric() || b".-:[]".contains(&sign)));
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

impl CrmFake for FakeSalesforce {
    fn name(&self) -> &str {
        "salesforce"
    }

    /// None: the connector has no settings. What connects it is [`CrmFake::application`].
    fn settings(&self, _address: &str) -> Vec<(String, Json)> {
        Vec::new()
    }

    fn own_id(&self, name: &str) -> String {
        self.id_of(name).map_or_else(|| name.to_owned(), |id| id.to_string())
    }

    fn answer(&mut self, now_ms: u64, mut request: Request<Vec<u8>>) -> Answer {
        self.advance(now_ms);
        single_slashes(&mut request);
        let operation = operation::of(&request);
        let plan = self.faults.plan(operation);
        let own_ms = self.faults.clock(now_ms);
        let (commits_at, lag_ms) = (plan.commits_at(now_ms), plan.lag_ms());
        let answer = plan.run(|| self.work(own_ms, lag_ms, &request));
        let cost = self.rest.take_charged();
        self.requests.note_whole(now_ms, &request, operation, &answer, cost);
        if let Some(at_ms) = commits_at {
            self.late.keep(at_ms, request);
        }
        answer
    }

    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        seeding::records(self, now_ms, &records)
    }

    fn records(&self) -> Vec<Record> {
        neutral::records(&self.org, &self.names)
    }

    fn activities(&self) -> Vec<Activity> {
        neutral::activities(&self.org, &self.names)
    }

    fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.all()
    }

    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        self.faults.inject(fault)
    }

    fn clear_faults(&mut self) {
        self.faults.clear();
    }

    fn advance(&mut self, now_ms: u64) {
        while let Some((at_ms, request)) = self.late.due(now_ms) {
            let own_ms = self.faults.clock(at_ms);
            let _undelivered = self.work(own_ms, 0, &request);
            // Its cost was noted as nothing when it was cut; the org has counted it all the same.
            let _uncounted = self.rest.take_charged();
        }
    }

    fn knob(&mut self, now_ms: u64, name: &str, value: Json) -> Result<Json, ControlError> {
        knobs::turn(self, now_ms, name, value)
    }

    fn seed_users(&mut self, now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        seeding::users(self, now_ms, &users)
    }

    fn application(&self, address: &str) -> Option<Application> {
        Some(Application { client_id: TEST_CLIENT_ID.to_owned(), client_secret: TEST_CLIENT_SECRET.to_owned(), login: address.to_owned() })
    }

    fn person_approves(&mut self, now_ms: u64, authorise_url: &str) -> Result<String, ControlError> {
        let object = self.org.object("User");
        let admin = object.zip(self.user_of(ADMIN).and_then(|id| self.org.row(id)));
        let username = admin.and_then(|(object, row)| row.named(object, "Username").as_text()).unwrap_or_default().to_owned();
        let mut exchange = |request| match self.answer(now_ms, request).outcome {
            Outcome::Response(response) => response,
            // To a person, a lost connection is a page of the browser's own.
            Outcome::Cut | Outcome::Refused => pages::html::message(502, "No connection", "The connection was lost."),
        };
        person::approve(&mut exchange, authorise_url, &username, PASSWORD, true).map_err(ControlError::Invalid)
    }

    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    fn oversized(&self) -> Response<Vec<u8>> {
        api_error(&ApiError::new(413, "REQUEST_TOO_LARGE", "The request body exceeds the maximum size of 52428800 bytes"))
    }
}
