//! F47: a token answer that names another host as the account's address. Nothing goes there, and an administrator reads why.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pbx_crm::guests::{self, Components};
use pbx_crm::player::Stage;
use pbx_crm::player::crm::{Crm, IN_PROCESS, Line};
use pbx_crm::scenario;
use pbx_crm_host::bindings::base::types::Message;
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::core::io::{HttpFailure, HttpRequest};
use pbx_crm_host::credential::authorisation::{Application, Authorisations, Callback};
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::problem::{Kind, Problem};
use pbx_crm_host::credential::refresh::{Account, Credentials};
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::Row;
use pbx_crm_host::credential::terms::OAuthTerms;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::egress::{Key, Way};
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::messages::host_catalogue;
use pbx_crm_host::settings::Settings;

use super::folder::Folder;
use super::watched::{Notes, Watched};
use super::{nothing_put_out, traces};

const NOW: u64 = 1_795_000_000_000;
const WAIT: Duration = Duration::from_secs(60);
const CALLBACK: &str = "http://localhost:8080/callback";

/// Addresses that a token answer must not lead to.
const WRONG: [&str; 10] = [
    "https://evil.example",
    "https://example.my.salesforce.com.evil.example",
    "https://evilsalesforce.com",
    "https://user@example.my.salesforce.com",
    "https://example.my.salesforce.com@evil.example",
    "http://example.my.salesforce.com",
    "http://127.0.0.1:8080",
    "https://127.0.0.1",
    "https://169.254.169.254",
    "https://[::1]",
];

/// What a host has, around one account.
struct Bench {
    line: Arc<Line>,
    notes: Arc<Mutex<Notes>>,
    credentials: Arc<Credentials>,
    endpoint: Arc<ByWire>,
    row: Row,
    terms: Arc<OAuthTerms>,
    on_premises: OnPremises,
    way: Way,
    folder: Folder,
    began: traces::Since,
}

impl Bench {
    fn new(connector: &PreparedConnector) -> Self {
        let began = traces::listen();
        let folder = Folder::new();
        let (watched, notes) = Watched::new();
        let line = Line::new(Box::new(watched), NOW);
        let endpoint = Arc::new(ByWire(line.clone()));
        let credentials = Arc::new(Credentials::new(folder.store(), endpoint.clone()));
        let row = Row::connection("salesforce", "main");
        let terms = Arc::new(OAuthTerms::declared(connector.description()).unwrap().unwrap());
        let on_premises = OnPremises::default().with(IN_PROCESS).unwrap();
        let key = Key::OAuth { credentials: credentials.clone(), row: row.clone(), terms: terms.clone() };
        let settings = Settings::new(connector.schema().to_vec());
        let way = Way::new(connector.description(), &settings, line.clone(), on_premises.clone(), key);
        Self { line, notes, credentials, endpoint, row, terms, on_premises, way, folder, began }
    }

    fn account(&self) -> Account<'_> {
        Account { row: &self.row, terms: &self.terms, on_premises: &self.on_premises }
    }

    fn moved_to(&self, address: Option<&str>) {
        self.knob("instance-url", serde_json::json!(address));
    }

    fn knob(&self, name: &str, value: serde_json::Value) {
        self.line.fake().knob(NOW, name, value).unwrap();
    }

    fn connect(&self) -> Result<(), Problem> {
        let app = self.line.fake().application(IN_PROCESS).unwrap();
        let authorisations = Authorisations::new(Arc::new(SystemEntropy));
        let application = Application {
            row: self.row.clone(),
            terms: self.terms.clone(),
            login: app.login,
            client: Client { id: app.client_id, secret: Some(Secret::new(app.client_secret)) },
            redirect_uri: CALLBACK.to_owned(),
            on_premises: self.on_premises.clone(),
        };
        let url = authorisations.begin(application, "session", NOW)?;
        let callback = self.line.fake().person_approves(NOW, &url).unwrap();
        let query = callback.split_once('?').unwrap().1;
        let finished =
            authorisations.finish(Callback { connector: "salesforce", query, session: "session" }, NOW, &*self.endpoint, WAIT)?;
        self.credentials.accept(self.account(), finished.connection).map(drop)
    }

    /// A request of the connector. Gives the status.
    fn ask(&self) -> Result<u16, HttpFailure> {
        let request = HttpRequest {
            exchange: 1,
            run: 1,
            function: "read",
            connector: "salesforce".to_owned(),
            method: "GET".to_owned(),
            url: format!("{IN_PROCESS}/services/data/v66.0/limits"),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            deadline: NOW + 1,
            writes: false,
        };
        self.way.send(&request, NOW, WAIT).map(|answer| answer.status().as_u16())
    }

    /// No host was asked but the CRM's own, and what an administrator reads has no secret in it.
    #[track_caller]
    fn is_refused(&self, address: &str, problem: &Problem) {
        assert_eq!(problem.kind(), Kind::PinRefused, "{address}: {problem}");
        self.is_told(address, problem);
        let notes = self.notes.lock().unwrap();
        for request in &notes.requests {
            assert!(request.uri().to_string().starts_with("http://crm.test/"), "{address}: {} was asked", request.uri());
        }
    }

    /// The problem is a sentence in both languages and holds no secret.
    #[track_caller]
    fn is_told(&self, about: &str, problem: &Problem) {
        let search = self.notes.lock().unwrap().search();
        let message = Message::from(problem);
        let [english, chinese] = ["en", "zh-CN"].map(|language| host_catalogue().render(language, &message));
        for text in [&english, &chinese] {
            assert!(text.contains("Salesforce") && !text.contains('{') && !text.contains("credential."), "{about}: {text}");
            search.nothing_in(about, text);
        }
        assert!(english.is_ascii() || !english.chars().any(|sign| ('\u{4e00}'..'\u{9fff}').contains(&sign)), "{about}: {english}");
        assert!(chinese.chars().any(|sign| ('\u{4e00}'..'\u{9fff}').contains(&sign)), "{about}: {chinese}");
        search.nothing_in(about, format!("{problem} {problem:?} {problem:#?} {message:?}"));
        search.nothing_in("the traces", traces::since(self.began));
        for (name, content) in self.folder.files() {
            search.nothing_in(&name, content);
        }
    }
}

fn salesforce() -> PreparedConnector {
    let engine = SandboxEngine::new().unwrap();
    PreparedConnector::load(&engine, &guests::connector("salesforce").unwrap()).unwrap()
}

#[test]
fn f47_an_authorisation_that_names_another_host_is_refused() {
    let connector = salesforce();
    for address in WRONG {
        let bench = Bench::new(&connector);
        bench.moved_to(Some(address));
        let problem = bench.connect().expect_err(address);
        bench.is_refused(address, &problem);
        assert!(bench.credentials.connection(&bench.row).unwrap().is_none(), "{address}: nothing was stored");
        assert!(matches!(bench.ask(), Err(HttpFailure::Credential(_))), "{address}: and nothing is sent");
        assert_eq!(bench.notes.lock().unwrap().granted.len(), 1, "{address}: there was a token to lose");
    }
}

#[test]
fn f47_a_refresh_that_names_another_host_is_refused() {
    let connector = salesforce();
    for address in WRONG {
        let bench = Bench::new(&connector);
        bench.connect().unwrap();
        assert_eq!(bench.ask(), Ok(200));
        bench.moved_to(Some(address));
        bench.knob("expire-access-tokens", serde_json::json!({}));
        let Err(HttpFailure::Credential(problem)) = bench.ask() else { panic!("{address}: it was sent") };
        bench.is_refused(address, &problem);
        // Nor later.
        let before = bench.notes.lock().unwrap().requests.len();
        let Err(HttpFailure::Credential(problem)) = bench.ask() else { panic!("{address}: it was sent") };
        bench.is_refused(address, &problem);
        assert_eq!(bench.notes.lock().unwrap().requests.len(), before, "{address}: not even the CRM is asked again");
    }
}

#[test]
fn f47_a_whole_play_in_which_the_account_moves_to_another_host_tells_no_secret() {
    const CALLS: &str = r#"
title = "the account moves"
then-wait = "2h"
extension = [{ id = "1001" }]
crm.user = [{ id = "u", name = "U" }]
binding = [{ user = "u", extensions = ["1001"] }]
event = [
  { at = "0s", what = "knob", name = "instance-url", value = "https://evil.example" },
  { at = "0s", what = "knob", name = "expire-access-tokens" },
  { at = "1s", what = "start", call = "c", direction = "inbound", from = "+15550100142", to = "100" },
  { at = "2s", what = "ring", call = "c", extension = "1001" },
  { at = "9s", what = "answer", call = "c", extension = "1001" },
  { at = "30s", what = "end", call = "c" },
]
"#;
    let began = traces::listen();
    let file = Path::new("moves.toml");
    let scenario = scenario::parse(file, CALLS).expect("the scenario is right");
    let stage = Stage::new(Components::built_with("salesforce").unwrap()).unwrap();
    let (watched, notes) = Watched::new();
    let folder = Folder::new();
    let crm = Crm { fake: Box::new(watched), address: IN_PROCESS.to_owned(), credentials: folder.store(), database: None };
    let play = stage.play(file, CALLS, &scenario, crm).expect("the play ends");
    let notes = notes.lock().unwrap();
    assert!(notes.granted.len() >= 2, "a refresh brought a token");
    for request in &notes.requests {
        assert!(request.uri().to_string().starts_with("http://crm.test/"), "{} was asked", request.uri());
    }
    nothing_put_out(&notes.search(), &scenario, &play, began);
}

#[test]
fn a_login_host_that_repeats_what_it_was_sent_is_not_quoted_with_it() {
    let connector = salesforce();
    let bench = Bench::new(&connector);
    bench.connect().unwrap();
    let stored = bench.credentials.connection(&bench.row).unwrap().unwrap();
    let app = bench.line.fake().application(IN_PROCESS).unwrap();
    let refresh = stored.grant.refresh.as_ref().unwrap().expose().to_owned();
    let description = format!("refresh_token={refresh}&client_secret={} is expired", app.client_secret);
    let answer =
        serde_json::json!({ "endpoint": "refresh", "error": "invalid_grant", "description": description, "status": 400, "times": 5 });
    bench.knob("oauth-error-next", answer);
    bench.knob("expire-access-tokens", serde_json::json!({}));
    let Err(HttpFailure::Credential(problem)) = bench.ask() else { panic!("it was sent") };
    bench.is_told("a refusal that repeats the token", &problem);
    let stopped = bench.credentials.connection(&bench.row).unwrap().unwrap();
    let (problem, _) = stopped.stopped("Salesforce").expect("it waits for an administrator");
    bench.is_told("what is stored of it", &problem);
}
