//! Signing in to Salesforce, keeping the access alive, and giving it up: the host's credentials against the whole fake, in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::Duration;

use crm_fake::{CrmFake, Outcome};
use fake_salesforce::fake::FakeSalesforce;
use fake_salesforce::oauth::{Endpoint, NextError, RefusedSessions, TEST_CLIENT_ID, TEST_CLIENT_SECRET};
use http::{Request, Response};
use pbx_crm::guests;
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::credential::authorisation::{Application, Authorisations, Callback, Finished, OPEN_MS};
use pbx_crm_host::credential::connection::{Client, Connection};
use pbx_crm_host::credential::endpoint::{ExchangeFailed, TokenEndpoint};
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::key::Key;
use pbx_crm_host::credential::problem::{Kind, Problem};
use pbx_crm_host::credential::refresh::{Account, Credentials};
use pbx_crm_host::credential::revoke::Revoked;
use pbx_crm_host::credential::sealed_rows::SealedRows;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, MemoryStore, Row};
use pbx_crm_host::credential::terms::OAuthTerms;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::store::sqlite::Database;

const NOW: u64 = 1_795_000_000_000;
const WAIT: Duration = Duration::from_secs(10);
const API: &str = "https://example.my.salesforce.com";
const CALLBACK: &str = "http://localhost:8080/callback";

/// As the connector declares them.
fn terms() -> OAuthTerms {
    static TERMS: OnceLock<OAuthTerms> = OnceLock::new();
    TERMS
        .get_or_init(|| {
            let source = guests::connector("salesforce").expect("a built connector");
            let connector = PreparedConnector::load(&SandboxEngine::new().expect("an engine"), &source).expect("it loads");
            OAuthTerms::declared(connector.description()).expect("terms that can be kept").expect("a way to sign in")
        })
        .clone()
}

/// The whole of Salesforce, in memory.
struct Salesforce {
    fake: Mutex<FakeSalesforce>,
    now: AtomicU64,
    exchanges: AtomicUsize,
    /// The next answer gets lost on the way.
    lose: AtomicBool,
    /// An exchange waits until so many threads want one.
    crowd: (AtomicUsize, AtomicUsize),
}

impl Salesforce {
    fn ask(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        match self.fake.lock().unwrap().answer(self.now.load(Ordering::SeqCst), request).outcome {
            Outcome::Response(response) => response,
            other => panic!("{other:?}"),
        }
    }
}

impl TokenEndpoint for Salesforce {
    fn exchange(&self, request: Request<Vec<u8>>, _time_left: Duration) -> Result<Response<Vec<u8>>, ExchangeFailed> {
        self.exchanges.fetch_add(1, Ordering::SeqCst);
        while self.crowd.0.load(Ordering::SeqCst) < self.crowd.1.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let answer = self.ask(request);
        if self.lose.swap(false, Ordering::SeqCst) { Err(ExchangeFailed::Unclear("cut".to_owned())) } else { Ok(answer) }
    }
}

struct Bench {
    salesforce: Arc<Salesforce>,
    store: Arc<dyn CredentialStore>,
    credentials: Credentials,
    authorisations: Authorisations,
    application: Application,
}

impl Bench {
    fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    fn over(store: Arc<dyn CredentialStore>) -> Self {
        let mut fake = FakeSalesforce::new(NOW);
        fake.auth.knobs_mut().auto_approve = Some("admin".to_owned());
        fake.auth.knobs_mut().instance_url = Some(API.to_owned());
        let salesforce = Arc::new(Salesforce {
            fake: Mutex::new(fake),
            now: AtomicU64::new(NOW),
            exchanges: AtomicUsize::new(0),
            lose: AtomicBool::new(false),
            crowd: (AtomicUsize::new(0), AtomicUsize::new(0)),
        });
        Self {
            credentials: Credentials::new(store.clone(), salesforce.clone()),
            salesforce,
            store,
            authorisations: Authorisations::new(Arc::new(SystemEntropy)),
            application: Application {
                row: Row::connection("salesforce", "main"),
                terms: Arc::new(terms()),
                login: "login.salesforce.com".to_owned(),
                client: Client { id: TEST_CLIENT_ID.to_owned(), secret: Some(Secret::new(TEST_CLIENT_SECRET)) },
                redirect_uri: CALLBACK.to_owned(),
                on_premises: OnPremises::default(),
            },
        }
    }

    fn turn(&self, change: impl FnOnce(&mut FakeSalesforce)) {
        change(&mut self.salesforce.fake.lock().unwrap());
    }

    fn app(&self, change: impl FnOnce(&mut fake_salesforce::oauth::App)) {
        self.turn(|fake| change(fake.auth.app_mut(TEST_CLIENT_ID).unwrap()));
    }

    fn now(&self) -> u64 {
        self.salesforce.now.load(Ordering::SeqCst)
    }

    fn pass(&self, ms: u64) {
        self.salesforce.now.fetch_add(ms, Ordering::SeqCst);
    }

    fn account(&self) -> Account<'_> {
        Account { row: &self.application.row, terms: &self.application.terms, on_premises: &self.application.on_premises }
    }

    /// Sends the browser there; gives the query with which it comes back.
    fn browse(&self) -> Result<String, u16> {
        let url = self.authorisations.begin(self.application.clone(), "session", self.now()).unwrap();
        let response = self.salesforce.ask(Request::get(url).body(Vec::new()).unwrap());
        if response.status() != 302 {
            return Err(response.status().as_u16());
        }
        let place = response.headers()["location"].to_str().unwrap();
        Ok(place.strip_prefix(CALLBACK).and_then(|rest| rest.strip_prefix('?')).expect("back to us").to_owned())
    }

    fn finish(&self, query: &str) -> Result<Finished, Problem> {
        let callback = Callback { connector: "salesforce", query, session: "session" };
        self.authorisations.finish(callback, self.now(), &*self.salesforce, WAIT)
    }

    fn connect(&self) -> Result<(), Problem> {
        let finished = self.finish(&self.browse().expect("back from the sign-in"))?;
        self.credentials.accept(self.account(), finished.connection).map(drop)
    }

    fn stored(&self) -> Connection {
        self.credentials.connection(&self.application.row).unwrap().expect("an account")
    }

    /// A request to the API with the credential. Gives its status.
    fn call(&self) -> Result<u16, Kind> {
        let answer = self.credentials.send(self.account(), self.now(), WAIT, |granted| {
            let url = granted.api().unwrap().join("/services/data/v66.0/limits");
            let request = Request::get(url).header("authorization", granted.header().expose());
            Ok::<_, ()>(self.salesforce.ask(request.body(Vec::new()).unwrap()))
        });
        answer.map(|answer| answer.unwrap().status().as_u16()).map_err(|problem| problem.kind())
    }

    fn exchanges(&self) -> usize {
        self.salesforce.exchanges.load(Ordering::SeqCst)
    }

    fn expire(&self) {
        self.turn(|fake| {
            assert!(fake.auth.expire_all(None) > 0);
        });
    }
}

fn kind<T>(result: Result<T, Problem>) -> Option<Kind> {
    result.err().map(|problem| problem.kind())
}

#[test]
fn an_account_is_connected_and_used_with_pkce_required_and_not() {
    for required in [false, true] {
        let bench = Bench::new();
        bench.app(|app| app.require_pkce = required);
        bench.connect().unwrap();
        assert_eq!(bench.call(), Ok(200), "{required}");
        let connection = bench.stored();
        assert_eq!(connection.grant.api.as_deref(), Some(API));
        assert!(connection.organisation.unwrap().starts_with("00D") && connection.grant.refresh.is_some());
    }
}

#[test]
fn sandboxes_and_own_domains_are_login_hosts_too() {
    for login in ["test.salesforce.com", "example.my.salesforce.com", "https://example--uat.sandbox.my.salesforce.com"] {
        let mut bench = Bench::new();
        bench.application.login = login.to_owned();
        bench.connect().unwrap();
        assert_eq!(bench.stored().login, format!("https://{}", login.trim_start_matches("https://")));
        assert_eq!(bench.call(), Ok(200));
    }
}

#[test]
fn a_denied_authorisation_changes_nothing() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let (error, description) = ("access_denied".to_owned(), "end-user denied authorization".to_owned());
    bench.turn(|fake| fake.auth.next_error(NextError { endpoint: Endpoint::Authorize, error, description, status: 302, times: 1 }));
    let exchanges = bench.exchanges();
    assert_eq!(kind(bench.connect()), Some(Kind::Denied));
    assert_eq!((bench.exchanges(), bench.call()), (exchanges, Ok(200)));
}

#[test]
fn wrong_settings_are_told_apart() {
    let mut bench = Bench::new();
    bench.application.client.secret = Some(Secret::new("wrong"));
    assert_eq!(kind(bench.connect()), Some(Kind::WrongClient));

    let mut bench = Bench::new();
    bench.application.client.id = "nobody".to_owned();
    assert!(bench.browse().is_err(), "Salesforce shows a page of its own");

    let mut bench = Bench::new();
    bench.app(|app| app.any_loopback_callback = false);
    bench.application.redirect_uri = "http://localhost:8080/other".to_owned();
    assert!(bench.browse().is_err(), "Salesforce shows a page of its own");

    let bench = Bench::new();
    let query = bench.browse().unwrap();
    bench.app(|app| app.client_id = "renamed".to_owned());
    assert_eq!(kind(bench.finish(&query)), Some(Kind::WrongClient));
    assert!(bench.credentials.connection(&bench.application.row).unwrap().is_none(), "nothing was stored");
}

#[test]
fn a_code_is_good_once_and_not_for_long() {
    let bench = Bench::new();
    bench.turn(|fake| fake.auth.knobs_mut().code_ms = OPEN_MS / 2);
    let query = bench.browse().unwrap();
    bench.pass(OPEN_MS / 2);
    assert_eq!(kind(bench.finish(&query)), Some(Kind::CodeDead));

    let query = bench.browse().unwrap();
    bench.finish(&query).unwrap();
    let exchanges = bench.exchanges();
    assert_eq!(kind(bench.finish(&query)), Some(Kind::UnknownCallback), "a callback that comes twice is sent nowhere");
    assert_eq!(bench.exchanges(), exchanges);

    let query = bench.browse().unwrap();
    bench.pass(OPEN_MS);
    assert_eq!(kind(bench.finish(&query)), Some(Kind::UnknownCallback));
}

#[test]
fn a_lost_answer_to_a_code_is_not_asked_for_again() {
    let bench = Bench::new();
    let query = bench.browse().unwrap();
    bench.salesforce.lose.store(true, Ordering::SeqCst);
    assert_eq!(kind(bench.finish(&query)), Some(Kind::AnswerLost));
    assert_eq!(bench.exchanges(), 1);
    bench.connect().unwrap();
}

#[test]
fn access_without_a_refresh_token_is_told_at_once() {
    let bench = Bench::new();
    bench.app(|app| app.scopes = ["api", "openid"].map(str::to_owned).to_vec());
    let refused = bench.browse().ok().is_none_or(|query| bench.finish(&query).is_err());
    assert!(refused);
}

#[test]
fn an_expired_session_is_renewed_without_anybody_noticing() {
    let bench = Bench::new();
    bench.connect().unwrap();
    for round in 1..=3 {
        bench.expire();
        assert_eq!((bench.call(), bench.exchanges()), (Ok(200), 1 + round));
    }
    bench.turn(|fake| fake.auth.knobs_mut().instance_url = Some("https://moved.my.salesforce.com".to_owned()));
    bench.expire();
    assert_eq!((bench.call(), bench.stored().grant.api.as_deref()), (Ok(200), Some("https://moved.my.salesforce.com")));
    bench.turn(|fake| fake.auth.knobs_mut().instance_url = Some("https://evil.test".to_owned()));
    bench.expire();
    assert_eq!(bench.call(), Err(Kind::PinRefused));
}

#[test]
fn rotating_refresh_tokens_are_used_once_each() {
    let bench = Bench::new();
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    let mut seen = vec![bench.stored().grant.refresh.unwrap().expose().to_owned()];
    for _ in 0..5 {
        bench.expire();
        assert_eq!(bench.call(), Ok(200));
        let next = bench.stored().grant.refresh.unwrap().expose().to_owned();
        assert!(!seen.contains(&next));
        seen.push(next);
    }
}

#[test]
fn a_rotation_whose_answer_is_lost_ends_in_authorise_again() {
    let bench = Bench::new();
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    bench.expire();
    bench.salesforce.lose.store(true, Ordering::SeqCst);
    assert_eq!((bench.call(), bench.exchanges()), (Err(Kind::AuthoriseAgain), 3), "one try, one more, no other");
    for _ in 0..10 {
        bench.pass(3_600_000);
        assert_eq!((bench.call(), bench.exchanges()), (Err(Kind::AuthoriseAgain), 3));
    }
    bench.connect().unwrap();
    assert_eq!(bench.call(), Ok(200));
}

#[test]
fn a_lost_answer_without_rotation_is_made_good() {
    let bench = Bench::new();
    bench.connect().unwrap();
    bench.expire();
    bench.salesforce.lose.store(true, Ordering::SeqCst);
    assert_eq!((bench.call(), bench.exchanges()), (Ok(200), 3));
}

#[test]
fn an_older_copy_of_the_store_is_found_out_by_salesforce_and_never_loops() {
    let bench = Bench::new();
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    let before = bench.store.load(&bench.application.row).unwrap().unwrap();
    bench.expire();
    assert_eq!(bench.call(), Ok(200));
    // What a crash between answer and commit leaves: the old token in the store, replaced at Salesforce.
    let now = bench.store.load(&bench.application.row).unwrap().unwrap();
    bench.store.put(&bench.application.row, Some(now.version), &before.content).unwrap();
    let restarted = Credentials::new(bench.store.clone(), bench.salesforce.clone());
    let bench = Bench { credentials: restarted, ..bench };
    let exchanges = bench.exchanges();
    for _ in 0..10 {
        assert_eq!(bench.call(), Err(Kind::AuthoriseAgain));
    }
    assert_eq!(bench.exchanges(), exchanges + 1);
}

#[test]
fn a_dead_refresh_token_stops_everything_until_somebody_connects_again() {
    let bench = Bench::new();
    bench.connect().unwrap();
    bench.turn(|fake| {
        fake.auth.kill_refresh_tokens(None);
    });
    bench.expire();
    for _ in 0..20 {
        assert_eq!(bench.call(), Err(Kind::AuthoriseAgain));
        bench.pass(3_600_000);
    }
    assert_eq!(bench.exchanges(), 2);
    bench.connect().unwrap();
    assert_eq!(bench.call(), Ok(200));
}

#[test]
fn troubles_of_the_login_host_are_for_the_administrator_or_for_later() {
    for (status, error, description, expected) in [
        (400, "invalid_grant", "expired access/refresh token", Kind::AuthoriseAgain),
        (400, "invalid_client", "invalid client credentials", Kind::WrongClient),
        (400, "inactive_user", "user is inactive", Kind::UserInactive),
        (400, "inactive_org", "organization is locked", Kind::OrganisationInactive),
        (400, "app_blocked", "", Kind::AppBlocked),
        (400, "rate_limit_exceeded", "too many logins", Kind::Unavailable),
        (503, "service_unavailable", "", Kind::Unavailable),
        (500, "server_error", "", Kind::Unavailable),
    ] {
        let bench = Bench::new();
        bench.connect().unwrap();
        bench.expire();
        let next =
            NextError { endpoint: Endpoint::Refresh, error: error.to_owned(), description: description.to_owned(), status, times: 1 };
        bench.turn(|fake| fake.auth.next_error(next));
        assert_eq!(bench.call(), Err(expected), "{error}");
        bench.pass(3_600_000);
        let passes = expected == Kind::Unavailable;
        assert_eq!(bench.call(), if passes { Ok(200) } else { Err(expected) }, "{error}");
        bench.credentials.try_again(bench.account()).unwrap();
        assert_eq!(bench.call(), Ok(200), "{error}: it was gone, and the administrator said so");
    }
}

#[test]
fn sessions_refused_for_good_cost_no_refresh() {
    for refused in [RefusedSessions::NotForRest, RefusedSessions::NotAttachedToAgent, RefusedSessions::DisabledForOrg] {
        let bench = Bench::new();
        bench.connect().unwrap();
        bench.turn(|fake| fake.auth.knobs_mut().refused_sessions = Some(refused));
        for _ in 0..10 {
            assert!(matches!(bench.call(), Ok(401 | 403)));
        }
        assert_eq!(bench.exchanges(), 1, "{refused:?}");
    }
}

#[test]
fn fifty_workers_with_an_expired_session_make_one_refresh() {
    let bench = Bench::new();
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    bench.expire();
    let version = bench.credentials.current(bench.account()).unwrap().version();
    let together = Barrier::new(50);
    bench.salesforce.crowd.1.store(50, Ordering::SeqCst);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                together.wait();
                bench.salesforce.crowd.0.fetch_add(1, Ordering::SeqCst);
                bench.credentials.refresh(bench.account(), version, NOW, WAIT).unwrap();
                assert_eq!(bench.call(), Ok(200));
            });
        }
    });
    assert_eq!(bench.exchanges(), 2, "one for the code, one for all fifty");
}

#[test]
fn disconnecting_ends_the_access_at_salesforce() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let token = bench.stored().grant.access.expose().to_owned();
    assert_eq!(bench.credentials.disconnect(bench.account(), NOW, WAIT), Ok(Revoked::Done));
    assert_eq!(bench.call(), Err(Kind::NotConnected));
    bench.turn(|fake| assert!(fake.auth.session(NOW, &token).is_err(), "the session died with it"));
    bench.connect().unwrap();
    bench.turn(|fake| {
        fake.auth.kill_refresh_tokens(None);
    });
    assert_eq!(bench.credentials.disconnect(bench.account(), NOW, WAIT), Ok(Revoked::WasDead));
}

#[test]
fn nothing_of_it_is_legible_on_the_disk() {
    let folder = std::env::temp_dir().join(format!("pbx-crm-oauth-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let key = Key::made(&SystemEntropy).unwrap();
    let database = Arc::new(Database::open(&folder.join("pbx-crm.db"), NOW).unwrap().database);
    let store = SealedRows::open(Arc::clone(&database), key.clone(), None, Arc::new(SystemEntropy)).unwrap();
    let bench = Bench::over(Arc::new(store));
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    let mut secrets = vec![TEST_CLIENT_SECRET.to_owned()];
    for _ in 0..3 {
        let grant = bench.stored().grant;
        secrets.extend([grant.access.expose().to_owned(), grant.refresh.unwrap().expose().to_owned()]);
        bench.expire();
        assert_eq!(bench.call(), Ok(200));
        for entry in std::fs::read_dir(&folder).unwrap() {
            let text = String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned();
            assert!(!secrets.iter().any(|secret| text.contains(secret)));
        }
    }
    let again = SealedRows::open(database, key, None, Arc::new(SystemEntropy)).unwrap();
    let bench = Bench { credentials: Credentials::new(Arc::new(again), bench.salesforce.clone()), ..bench };
    assert_eq!(bench.call(), Ok(200), "a restarted host goes on");
    std::fs::remove_dir_all(folder).unwrap();
}
