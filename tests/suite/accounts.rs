//! Opening, checking and closing an account as an administrator does, by the library's `account`, with the built Salesforce connector
//! against the whole fake, in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use crm_fake::{CrmFake, Outcome, SeedUser};
use fake_salesforce::fake::FakeSalesforce;
use fake_salesforce::oauth::{PASSWORD, TEST_CLIENT_ID, TEST_CLIENT_SECRET};
use fake_salesforce::person;
use http::{Request, Response};
use pbx_crm::guests;
use pbx_crm_host::account::approval::{Approval, operations};
use pbx_crm_host::account::opening::{Opened, Opening};
use pbx_crm_host::account::status::Status;
use pbx_crm_host::account::trouble::Trouble;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::{Auth, Oauth2Code};
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::core::io::{HttpAnswer, HttpFailure};
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::keys::{KeyFiles, KeySource};
use pbx_crm_host::credential::problem::Problem;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::revoke::Revoked;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, MemoryStore, NotStored, Part, Row, Stored};
use pbx_crm_host::egress::Wire;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::settings::Settings;
use serde_json::{Value, json};

const NOW: u64 = 1_795_334_400_000;
const API: &str = "https://example.my.salesforce.com";
const CALLBACK: &str = "http://localhost:8750/oauth/salesforce";
const SESSION: &str = "a-browser";

static CONNECTOR: LazyLock<Arc<PreparedConnector>> = LazyLock::new(|| {
    let engine = SandboxEngine::new().expect("an engine");
    let source = guests::connector("salesforce").expect("it is built in");
    Arc::new(PreparedConnector::load(&engine, &source).expect("it is sound"))
});

/// All of Salesforce, in memory.
struct Salesforce {
    fake: Mutex<FakeSalesforce>,
    now: AtomicU64,
    /// Hosts to which anything was sent.
    hosts: Mutex<BTreeSet<String>>,
    away: Mutex<Option<HttpFailure>>,
}

impl Wire for Salesforce {
    fn carry(&self, request: Request<Bytes>, _time_left: Duration) -> HttpAnswer {
        self.hosts.lock().unwrap().insert(request.uri().host().unwrap_or_default().to_owned());
        if let Some(failure) = &*self.away.lock().unwrap() {
            return Err(failure.clone());
        }
        Ok(self.ask(request.map(|body| body.to_vec())).map(Bytes::from))
    }
}

impl Salesforce {
    fn ask(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        match self.fake.lock().unwrap().answer(self.now.load(Ordering::SeqCst), request).outcome {
            Outcome::Response(response) => response,
            other => panic!("{other:?}"),
        }
    }
}

struct Bench {
    salesforce: Arc<Salesforce>,
    store: Arc<MemoryStore>,
    account: CrmAccount,
    opening: Opening,
    person: String,
}

impl Bench {
    fn new() -> Self {
        let mut fake = FakeSalesforce::new(NOW);
        fake.auth.knobs_mut().instance_url = Some(API.to_owned());
        let salesforce =
            Arc::new(Salesforce { fake: Mutex::new(fake), now: AtomicU64::new(NOW), hosts: Mutex::default(), away: Mutex::new(None) });
        let store = Arc::new(MemoryStore::new());
        let account = account(&salesforce, &store);
        let person = {
            let fake = salesforce.fake.lock().unwrap();
            username(&fake, fake.org.administrator())
        };
        let opening = Opening {
            login: "login.salesforce.com".to_owned(),
            client: Client { id: TEST_CLIENT_ID.to_owned(), secret: Some(Secret::new(TEST_CLIENT_SECRET)) },
            redirect_uri: CALLBACK.to_owned(),
        };
        Self { salesforce, store, account, opening, person }
    }

    /// What is left after the power was gone: the store.
    fn restarted(self) -> Self {
        Self { account: account(&self.salesforce, &self.store), ..self }
    }

    fn knob(&self, name: &str, value: Value) -> Value {
        self.salesforce.fake.lock().unwrap().knob(self.now(), name, value).unwrap()
    }

    fn app(&self, change: impl FnOnce(&mut fake_salesforce::oauth::App)) {
        change(self.salesforce.fake.lock().unwrap().auth.app_mut(TEST_CLIENT_ID).unwrap());
    }

    fn now(&self) -> u64 {
        self.salesforce.now.load(Ordering::SeqCst)
    }

    fn pass(&self, ms: u64) {
        self.salesforce.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// A user who is no administrator. Gives their username.
    fn agent(&self) -> String {
        let mut fake = self.salesforce.fake.lock().unwrap();
        let seed: SeedUser = serde_json::from_value(json!({ "id": "al", "name": "Al Agent", "email": "al@example.com" })).unwrap();
        let ids = fake.seed_users(NOW, vec![seed]).unwrap();
        let id = fake.user_of(&ids[0]).unwrap();
        username(&fake, id)
    }

    /// Begins, and lets the person answer the CRM's pages. Gives the query with which the browser comes back.
    fn browse(&self, allow: bool) -> Result<String, Trouble> {
        let url = self.account.begin(&self.opening, SESSION, self.now())?;
        let mut exchange = |request| self.salesforce.ask(request);
        let back = person::approve(&mut exchange, &url, &self.person, PASSWORD, allow).expect("the CRM's pages lead back");
        Ok(back.split_once('?').expect("a query").1.to_owned())
    }

    fn connect(&self) -> Result<Opened, Trouble> {
        self.account.finish(&self.browse(true)?, SESSION, self.now())
    }

    /// All that is kept, byte for byte.
    fn kept(&self) -> Vec<Option<Vec<u8>>> {
        let rows = [Row::connection("salesforce", "salesforce"), Row::approval("salesforce", "salesforce")];
        rows.iter().map(|row| self.store.load(row).unwrap().map(|stored| stored.content.to_vec())).collect()
    }

    /// Changes a row as only a test can.
    fn rewrite(&self, row: &Row, change: impl FnOnce(&mut Value)) {
        let stored = self.store.load(row).unwrap().unwrap();
        let mut content: Value = serde_json::from_slice(&stored.content).unwrap();
        change(&mut content);
        self.store.put(row, Some(stored.version), &serde_json::to_vec(&content).unwrap()).unwrap();
    }

    /// Approvals of the app that are alive at Salesforce, by their users.
    fn approvals(&self) -> usize {
        self.knob("approvals", Value::Null).as_array().unwrap().len()
    }

    /// Requests that arrived, as "METHOD /path".
    fn requests(&self) -> Vec<String> {
        let requests = self.salesforce.fake.lock().unwrap().requests();
        let path = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        requests.iter().map(|request| format!("{} {}", request.method, path(&request.path))).collect()
    }
}

fn username(fake: &FakeSalesforce, user: fake_salesforce::id::Id) -> String {
    let (row, object) = (fake.org.row(user).unwrap(), fake.org.object("User").unwrap());
    row.named(object, "Username").as_text().unwrap().to_owned()
}

fn account(salesforce: &Arc<Salesforce>, store: &Arc<MemoryStore>) -> CrmAccount {
    account_over(salesforce, store.clone())
}

fn account_over(salesforce: &Arc<Salesforce>, store: Arc<dyn CredentialStore>) -> CrmAccount {
    let wire: Arc<dyn Wire> = salesforce.clone();
    CrmAccount::new(AccountParts {
        connector: CONNECTOR.clone(),
        account: "salesforce".to_owned(),
        settings: Settings::new(CONNECTOR.schema().to_vec()),
        language: "en".to_owned(),
        credentials: Arc::new(Credentials::new(store.clone(), Arc::new(ByWire(wire.clone())))),
        store,
        wire,
        entropy: Arc::new(SystemEntropy),
        on_premises: Vec::new(),
    })
    .unwrap()
}

/// What an administrator reads, in both languages: whole sentences of two different languages, with nothing left to fill in.
#[track_caller]
fn told(bench: &Bench, trouble: &Trouble) -> String {
    let (english, chinese) = (bench.account.tell(trouble, "en"), bench.account.tell(trouble, "zh-CN"));
    for text in [&english, &chinese] {
        assert!(!text.contains('{') && text.chars().count() > 15 && !text.contains(TEST_CLIENT_SECRET), "{text}");
    }
    assert!(chinese.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign)) && !english.contains('。'), "{english} {chinese}");
    english
}

#[test]
fn m_con_3_the_login_host_is_a_setting_and_the_secret_is_shown_nowhere() {
    for login in ["login.salesforce.com", "test.salesforce.com", "example.my.salesforce.com", "example--uat.sandbox.my.salesforce.com"] {
        let mut bench = Bench::new();
        bench.opening.login = login.to_owned();
        let url = bench.account.begin(&bench.opening, SESSION, NOW).unwrap();
        assert!(url.starts_with(&format!("https://{login}/services/oauth2/authorize?")), "{url}");
        assert!(!url.contains(TEST_CLIENT_SECRET));
        bench.connect().unwrap();
        let approval = bench.account.approval().unwrap().unwrap();
        assert_eq!((approval.by.login.as_str(), approval.by.client_id.as_str()), (format!("https://{login}").as_str(), TEST_CLIENT_ID));
        assert!(!format!("{approval:?} {:?} {:?}", bench.account.status(), bench.opening.client).contains(TEST_CLIENT_SECRET));
    }
    let mut bench = Bench::new();
    bench.opening.login = "login.salesforce.com.evil.test".to_owned();
    let trouble = bench.connect().unwrap_err();
    assert_eq!(trouble.id(), "credential.login-host");
    assert!(told(&bench, &trouble).contains("evil.test") && bench.salesforce.hosts.lock().unwrap().is_empty());
}

#[test]
fn m_con_4_little_is_asked_for_and_pkce_is_always_sent_and_works_required_and_not() {
    for (required, scopes) in [(false, "full"), (true, "full"), (true, "api")] {
        let bench = Bench::new();
        bench.app(|app| {
            app.require_pkce = required;
            app.scopes = match scopes {
                "full" => ["full", "api", "web", "openid", "id", "profile", "email", "address", "phone", "refresh_token"]
                    .map(str::to_owned)
                    .to_vec(),
                _ => ["api", "openid", "refresh_token"].map(str::to_owned).to_vec(),
            };
        });
        let url = bench.account.begin(&bench.opening, SESSION, NOW).unwrap();
        let query: Vec<(String, String)> = url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(get("scope"), Some("api refresh_token openid"));
        assert_eq!(get("code_challenge_method"), Some("S256"));
        assert!(get("state").is_some_and(|state| state.len() >= 43) && get("code_challenge").is_some_and(|text| text.len() == 43));
        let opened = bench.connect().unwrap();
        assert_eq!((opened.who.user_name.as_str(), opened.warnings.len()), ("Ada Admin", 0), "{required} {scopes}");
    }
}

#[test]
fn m_con_5_each_refusal_has_its_own_reason_and_changes_nothing() {
    type Turn = fn(&mut Bench);
    let turns: [(&str, &str, Turn); 7] = [
        ("denied", "credential.denied", |bench| {
            // Whoever approved before is not asked again; the page is looked at once before the person comes.
            let error = json!({ "endpoint": "authorize", "error": "access_denied", "description": "end-user denied authorization", "status": 302, "times": 2 });
            bench.knob("oauth-error-next", error);
        }),
        ("wrong key", "credential.wrong-client", |bench| bench.opening.client.id = "nobody".to_owned()),
        ("wrong secret", "credential.wrong-client", |bench| bench.opening.client.secret = Some(Secret::new("wrong"))),
        ("wrong redirect URI", "credential.redirect-mismatch", |bench| {
            bench.app(|app| app.any_loopback_callback = false);
        }),
        ("blocked app", "credential.app-blocked", |bench| bench.app(|app| app.blocked = true)),
        ("app not installed", "credential.app-blocked", |bench| bench.app(|app| app.installed = false)),
        ("unsuitable redirect URI", "credential.redirect-setting", |bench| bench.opening.redirect_uri = "http://pbx.example/x".to_owned()),
    ];
    for connected_before in [false, true] {
        let mut said = BTreeSet::new();
        for (name, id, turn) in &turns {
            let mut bench = Bench::new();
            if connected_before {
                bench.connect().unwrap();
            }
            let (kept, approvals) = (bench.kept(), bench.approvals());
            turn(&mut bench);
            let outcome = bench.browse(*name != "denied").and_then(|query| bench.account.finish(&query, SESSION, NOW));
            let trouble = outcome.expect_err(name);
            assert_eq!(trouble.id(), *id, "{name}");
            said.insert(told(&bench, &trouble));
            assert_eq!((bench.kept(), bench.approvals()), (kept, approvals), "{name}");
            if connected_before {
                bench.app(|app| (app.blocked, app.installed) = (false, true));
                bench.account.check(NOW).expect(name);
            } else {
                assert_eq!(bench.account.status(), Status::NotConnected, "{name}");
            }
        }
        assert!(said.len() >= 5, "{said:?}");
    }
}

#[test]
fn m_req_5_who_is_no_administrator_is_refused_told_why_and_the_access_ends() {
    for connected_before in [false, true] {
        for (all_data, users, admin) in [(false, false, false), (true, false, false), (false, true, false), (true, true, true)] {
            let mut bench = Bench::new();
            if connected_before {
                bench.connect().unwrap();
            }
            let (kept, approvals) = (bench.kept(), bench.approvals());
            bench.person = bench.agent();
            bench.knob("user", json!({ "user": bench.person, "admin": all_data, "manage-users": users }));
            let outcome = bench.connect();
            if admin {
                assert_eq!(outcome.unwrap().who.user_name, "Al Agent");
                continue;
            }
            let trouble = outcome.unwrap_err();
            assert_eq!((trouble.id(), &trouble.given_back), ("account.no-administrator", &Some(Revoked::Done)));
            assert!(told(&bench, &trouble).contains("Al Agent is no administrator of Salesforce"));
            assert_eq!(
                (bench.kept(), bench.approvals()),
                (kept, approvals),
                "{all_data} {users}: the token was revoked, all else is as before"
            );
            if connected_before {
                bench.account.check(NOW).unwrap();
            }
        }
    }
}

#[test]
fn m_req_1_an_edition_without_api_is_refused_with_the_editions_that_have_it() {
    let bench = Bench::new();
    bench.knob("api-disabled", json!({ "code": "API_DISABLED_FOR_ORG" }));
    let trouble = bench.connect().unwrap_err();
    assert_eq!((trouble.id(), &trouble.given_back), ("salesforce.edition", &Some(Revoked::Done)));
    let text = told(&bench, &trouble);
    for edition in ["Enterprise", "Performance", "Unlimited", "Developer"] {
        assert!(text.contains(edition), "{text}");
    }
    assert_eq!((bench.account.status(), bench.approvals()), (Status::NotConnected, 0));

    // With the API as an addition it works, and is told to be untried.
    let bench = Bench::new();
    bench.knob("organization", json!({ "OrganizationType": "Professional Edition" }));
    let opened = bench.connect().unwrap();
    assert_eq!(opened.warnings.iter().map(|warning| warning.id.as_str()).collect::<Vec<_>>(), ["salesforce.edition-unknown"]);
    assert!(bench.account.connectors_words(&opened.warnings[0], "zh-CN").contains("Professional Edition"));
}

#[test]
fn a_second_organisation_is_refused_and_the_first_stays_connected() {
    let bench = Bench::new();
    bench.connect().unwrap();
    bench.rewrite(&Row::connection("salesforce", "salesforce"), |row| row["organisation"] = "00D000000000999AAA".into());
    let (kept, approvals) = (bench.kept(), bench.approvals());
    let trouble = bench.connect().unwrap_err();
    assert_eq!((trouble.id(), &trouble.given_back), ("credential.other-organisation", &Some(Revoked::Done)));
    assert!(told(&bench, &trouble).contains("00D000000000999AAA"));
    assert_eq!((bench.kept(), bench.approvals()), (kept, approvals));
}

#[test]
fn connecting_again_gives_the_former_access_back() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let first = bench.kept();
    for _ in 0..7 {
        bench.pass(1000);
        bench.connect().unwrap();
        assert_eq!(bench.approvals(), 1, "five of them, and Salesforce would end the oldest, which may be another PBX's");
    }
    assert_ne!(bench.kept(), first);
    bench.account.check(bench.now()).unwrap();
}

#[test]
fn m_con_6_the_status_is_one_of_its_words_and_names_the_problem() {
    let bench = Bench::new();
    assert_eq!(bench.account.status(), Status::NotConnected);
    bench.connect().unwrap();
    let Status::Connected(since) = bench.account.status() else { panic!("{:?}", bench.account.status()) };
    assert_eq!((since.redirect_uri.as_str(), since.since), (CALLBACK, NOW));
    assert!(since.who.organisation.starts_with("00D") && since.who.user_name == "Ada Admin");

    // Revoked at Salesforce: the next who asks finds out, and from then on everybody is told.
    let access = bench.salesforce.fake.lock().unwrap().auth.expire_all(None);
    assert!(access > 0);
    bench.knob("kill-refresh-tokens", Value::Null);
    let trouble = bench.account.check(NOW).unwrap_err();
    assert_eq!(trouble.id(), "credential.authorise-again");
    let Status::WithProblem { account: Some(_), trouble: known, since: Some(NOW) } = bench.account.status() else {
        panic!("{:?}", bench.account.status())
    };
    assert_eq!(*known, trouble);
    told(&bench, &known);
    bench.connect().unwrap();
    assert!(matches!(bench.account.status(), Status::Connected(_)));

    for (name, value, id) in [
        ("quota", json!({ "max": 100, "left": 0 }), "salesforce.quota"),
        ("oauth", json!({ "refused_sessions": "not_for_rest" }), "salesforce.session-unusable"),
    ] {
        let bench = Bench::new();
        bench.connect().unwrap();
        bench.knob(name, value);
        let trouble = bench.account.check(NOW).unwrap_err();
        assert_eq!(trouble.id(), id);
        told(&bench, &trouble);
    }
    let bench = Bench::new();
    bench.connect().unwrap();
    *bench.salesforce.away.lock().unwrap() = Some(HttpFailure::ConnectTimeout);
    told(&bench, &bench.account.check(NOW).unwrap_err());
    *bench.salesforce.away.lock().unwrap() = None;
    bench.account.check(NOW).unwrap();
}

#[test]
fn m_con_7_the_authorisation_survives_a_restart_and_an_expired_token() {
    let mut bench = Bench::new();
    bench.app(|app| app.rotate_refresh_tokens = true);
    bench.connect().unwrap();
    for _ in 0..3 {
        bench = bench.restarted();
        bench.pass(3 * 60 * 60 * 1000);
        bench.salesforce.fake.lock().unwrap().auth.expire_all(None);
        let checked = bench.account.check(bench.now()).unwrap();
        assert_eq!(checked.who.user_name, "Ada Admin");
        assert!(matches!(bench.account.status(), Status::Connected(_)));
    }
    // The organisation moves meanwhile.
    bench.knob("instance-url", json!("https://moved.my.salesforce.com"));
    bench.salesforce.fake.lock().unwrap().auth.expire_all(None);
    bench.account.check(bench.now()).unwrap();
    assert!(bench.salesforce.hosts.lock().unwrap().contains("moved.my.salesforce.com"));
}

#[test]
fn m_bind_1_all_pages_of_active_users_are_listed_as_name_and_e_mail() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let users: Vec<SeedUser> = (0..450)
        .map(|serial| {
            let user = json!({ "id": format!("u{serial}"), "name": format!("Agent{serial} Smith"), "email": format!("a{serial}@example.com"), "active": serial != 7 });
            serde_json::from_value(user).unwrap()
        })
        .collect();
    bench.salesforce.fake.lock().unwrap().seed_users(NOW, users).unwrap();
    bench.knob("page-size", json!(200));
    let listed: Vec<String> = bench.account.users(NOW).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(listed.iter().filter(|user| user.starts_with("Agent")).count(), 449, "of three pages");
    assert!(listed.iter().any(|user| user.starts_with("Ada Admin - ")));
    assert!(listed.contains(&"Agent449 Smith - a449@example.com".to_owned()), "{:?}", listed.last());
    assert!(!listed.iter().any(|user| user.starts_with("Agent7 Smith")), "signed off");
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "each once");

    bench.account.disconnect(NOW).unwrap();
    assert_eq!(bench.account.users(NOW).unwrap_err().id(), "credential.not-connected");
}

#[test]
fn m_off_2_disconnecting_ends_the_access_and_erases_everything() {
    let bench = Bench::new();
    bench.connect().unwrap();
    assert_eq!(bench.account.disconnect(NOW).unwrap(), Revoked::Done);
    assert_eq!((bench.approvals(), bench.kept(), bench.account.status()), (0, vec![None, None], Status::NotConnected));
    assert_eq!(bench.account.disconnect(NOW).unwrap(), Revoked::NothingToRevoke);
    bench.connect().unwrap();

    // Salesforce cannot be reached: here it is erased all the same, and the administrator is told.
    *bench.salesforce.away.lock().unwrap() = Some(HttpFailure::NoSuchHost);
    let revoked = bench.account.disconnect(NOW).unwrap();
    assert!(matches!(revoked, Revoked::NotConfirmed(_)) && bench.account.about_revoking(&revoked).is_some());
    assert_eq!(bench.kept(), [None, None]);
    *bench.salesforce.away.lock().unwrap() = None;

    assert_eq!(bench.account.status(), Status::NotConnected);
    bench.connect().unwrap();
}

#[test]
fn a_connector_that_wants_more_than_was_approved_is_not_run() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let row = Row::approval("salesforce", "salesforce");
    let asked = bench.requests().len();
    // As if an update had brought one path, one method, one host for tokens more.
    for pointer in ["/operations/0/paths/0", "/operations/0/methods/0", "/operations/1/during/0"] {
        let bench = Bench::new();
        bench.connect().unwrap();
        bench.rewrite(&row, |approval| *approval.pointer_mut(pointer).unwrap() = "/approved-was-this".into());
        let before = bench.requests().len();
        for trouble in [bench.account.check(NOW).unwrap_err(), bench.account.users(NOW).unwrap_err()] {
            assert_eq!(trouble.id(), "account.declares-more", "{pointer}");
            told(&bench, &trouble);
        }
        assert_eq!(bench.requests().len(), before, "nothing was sent");
        assert!(matches!(bench.account.status(), Status::WithProblem { .. }));
        bench.connect().unwrap();
        bench.account.check(NOW).unwrap();
    }
    bench.rewrite(&row, |approval| {
        approval["sign_in"].as_array_mut().unwrap().retain(|fact| !fact.as_str().unwrap().starts_with("pin"));
    });
    assert_eq!(bench.account.check(NOW).unwrap_err().id(), "account.declares-more");
    assert_eq!(bench.requests().len(), asked);

    // Less than was approved is no reason to ask.
    let bench = Bench::new();
    bench.connect().unwrap();
    bench.rewrite(&row, |approval| approval["operations"][0]["paths"].as_array_mut().unwrap().push("/more".into()));
    bench.account.check(NOW).unwrap();
    let approval = Approval::load(&*bench.store, &row).unwrap().unwrap();
    assert!(approval.lacks(CONNECTOR.description()).is_empty());
}

#[test]
fn every_fact_of_the_sign_in_is_compared_and_a_check_that_is_dropped_is_noticed() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let approval = bench.account.approval().unwrap().unwrap();
    type Change = fn(&mut Oauth2Code);
    let changes: [Change; 18] = [
        |auth| auth.signature = None,
        |auth| auth.organisation = None,
        |auth| auth.signature.as_mut().unwrap().signed.truncate(1),
        |auth| auth.authorise_path.push('x'),
        |auth| auth.token_path.push('x'),
        |auth| auth.revoke_path = None,
        |auth| auth.public_client = !auth.public_client,
        |auth| auth.client_in_body = !auth.client_in_body,
        |auth| auth.refresh_token = !auth.refresh_token,
        |auth| auth.authorise_parameters.push(("a".to_owned(), "b".to_owned())),
        |auth| auth.token_parameters.push(("a".to_owned(), "b".to_owned())),
        |auth| auth.scopes.push("full".to_owned()),
        |auth| auth.scheme.push('x'),
        |auth| auth.error_property = Some("x".to_owned()),
        |auth| auth.pins[0].suffixes.push(".evil.test".to_owned()),
        |auth| auth.login_hosts.iter_mut().for_each(|login| login.suffixes.push(".evil.test".to_owned())),
        |auth| auth.refusals.expired[0].body.push('x'),
        |auth| auth.login_hosts[0].token_host = Some("tokens.evil.test".to_owned()),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut description = CONNECTOR.description().clone();
        let Auth::Oauth2Code(auth) = &mut description.auth else { panic!("{:?}", description.auth) };
        change(auth);
        assert_eq!(approval.lacks(&description).len(), 1, "{index}: {:?}", approval.lacks(&description));
    }
    let mut description = CONNECTOR.description().clone();
    description.needs_administrator = false;
    assert_eq!(approval.lacks(&description), ["administrators only: no"]);
    let mut description = CONNECTOR.description().clone();
    description.page_hosts.push(".evil.test".to_owned());
    assert_eq!(approval.lacks(&description), ["pages of records at *.evil.test"]);
}

/// A store that cannot read approvals for a while.
struct Moody {
    store: Arc<MemoryStore>,
    /// Reads of an approval that go well before one does not.
    until: Mutex<Option<usize>>,
}

impl CredentialStore for Moody {
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem> {
        let mut until = self.until.lock().unwrap();
        if let (Some(left), Part::Approval) = (*until, row.part) {
            *until = left.checked_sub(1);
            if left == 0 {
                // As a file tells that cannot be read just now.
                return Err(KeyFiles::new("no\0name").keys().err().expect("no file has such a name"));
            }
        }
        self.store.load(row)
    }
    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored> {
        self.store.put(row, expected, content)
    }
    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored> {
        self.store.delete(row, expected)
    }
}

#[test]
fn an_approval_that_cannot_be_read_just_now_is_not_lost() {
    let mut bench = Bench::new();
    bench.connect().unwrap();
    let kept = bench.kept();
    let moody = Arc::new(Moody { store: bench.store.clone(), until: Mutex::new(None) });
    bench.account = account_over(&bench.salesforce, moody.clone());
    let query = bench.browse(true).unwrap();
    *moody.until.lock().unwrap() = Some(0);
    let trouble = bench.account.finish(&query, SESSION, NOW).unwrap_err();
    assert!(trouble.id().starts_with("credential.file"), "{trouble}");
    assert_eq!(bench.kept(), kept);
    *moody.until.lock().unwrap() = None;
    bench.account.check(NOW).unwrap();

    // One of another release is worth nothing, and is replaced.
    bench.rewrite(&Row::approval("salesforce", "salesforce"), |approval| approval["form"] = 9.into());
    bench.connect().unwrap();
    bench.account.check(NOW).unwrap();
}

#[test]
fn wrong_keys_do_not_use_up_the_places_of_sign_ins() {
    let mut bench = Bench::new();
    let right = bench.opening.client.id.clone();
    for _ in 0..25 {
        bench.opening.client.id = "nobody".to_owned();
        assert_eq!(bench.browse(true).unwrap_err().id(), "credential.wrong-client");
    }
    bench.opening.client.id = right;
    bench.connect().unwrap();
}

#[test]
fn f44_what_the_crm_calls_people_and_organisations_cannot_trick_a_terminal() {
    let bench = Bench::new();
    bench.knob("organization", json!({ "Name": "Fake\u{1b}[2J\u{202e} Org" }));
    let opened = bench.connect().unwrap();
    assert_eq!(opened.who.organisation_name, "Fake[2J Org");
}

#[test]
fn requests_that_could_write_as_well_are_shown_as_not_confinable() {
    let all = operations(CONNECTOR.description());
    let marked: Vec<&str> = all
        .iter()
        .filter(|operation| operation.is_not_confinable(&all))
        .flat_map(|operation| &operation.paths)
        .map(String::as_str)
        .collect();
    assert!(!marked.is_empty() && marked.iter().all(|path| path.ends_with("/composite")), "{marked:?}");
    let find = all.iter().find(|operation| operation.during.contains(&"find".to_owned())).unwrap();
    assert!(!find.is_not_confinable(&all));
}

#[test]
fn verifying_sends_only_what_the_connector_declared_for_it() {
    let bench = Bench::new();
    bench.connect().unwrap();
    let before = bench.requests().len();
    bench.account.check(NOW).unwrap();
    assert_eq!(bench.requests()[before..], ["GET /services/data/v66.0", "POST /services/data/v66.0/composite"]);
    let usage = bench.account.allowance(NOW).unwrap();
    assert!(usage.left.is_some() && usage.allowed.is_some());
}

#[test]
fn f43_a_callback_that_belongs_to_nothing_stores_nothing_and_asks_nobody() {
    let bench = Bench::new();
    let query = bench.browse(true).unwrap();
    let without: String = query.split('&').filter(|pair| !pair.starts_with("state=")).collect::<Vec<_>>().join("&");
    let asked = bench.requests().len();
    for (query, session) in [
        (without.as_str(), SESSION),
        ("code=x&state=wrong", SESSION),
        (query.as_str(), "another-browser"),
        (&format!("{query}&state=again"), SESSION),
    ] {
        assert_eq!(bench.account.finish(query, session, NOW).unwrap_err().id(), "credential.unknown-callback", "{query} {session}");
    }
    bench.account.finish(&query, SESSION, NOW).unwrap();
    let kept = bench.kept();
    assert!(bench.requests().len() > asked);
    let asked = bench.requests().len();
    assert_eq!(bench.account.finish(&query, SESSION, NOW).unwrap_err().id(), "credential.unknown-callback", "used");
    let late = bench.browse(true).unwrap();
    let after = bench.requests().len();
    bench.pass(pbx_crm_host::credential::authorisation::OPEN_MS);
    assert_eq!(bench.account.finish(&late, SESSION, bench.now()).unwrap_err().id(), "credential.unknown-callback", "too late");
    assert_eq!((bench.kept(), bench.requests().len()), (kept, after));
    assert!(after > asked);
}

#[test]
fn f47_a_token_is_sent_to_no_address_that_the_connector_does_not_declare() {
    for evil in ["https://evil.test", "http://example.my.salesforce.com", "https://10.0.0.1", "https://salesforce.com.evil.test"] {
        let bench = Bench::new();
        bench.knob("instance-url", json!(evil));
        let trouble = bench.connect().unwrap_err();
        assert_eq!(trouble.id(), "credential.pin-refused", "{evil}");
        told(&bench, &trouble);
        assert_eq!(bench.account.status(), Status::NotConnected);
        let hosts = bench.salesforce.hosts.lock().unwrap();
        assert_eq!(hosts.iter().collect::<Vec<_>>(), ["login.salesforce.com"]);
    }
}
