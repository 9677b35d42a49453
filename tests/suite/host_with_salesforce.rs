//! The whole host with Salesforce's connector, over real sockets on loopback: connected by a browser, sealed on the disk, and at work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crm_fake::{CrmFake, Phone, RemoteCrm, Role, SeedRecord, SeedUser, Server};
use fake_salesforce::fake::FakeSalesforce;
use pbx_crm::guests;
use pbx_crm_host::account::opening::Opening;
use pbx_crm_host::account::status::Status;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::binding::Binding;
use pbx_crm_host::bindings::crm::connections::User;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::bindings::hooks::calls::{Direction, Via};
use pbx_crm_host::bindings::hooks::clients::{Card, Lifetime};
use pbx_crm_host::component::{PreparedConnector, Source};
use pbx_crm_host::core::io::{Reply, Told};
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::key::Key;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::sealed_rows::SealedRows;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::CredentialStore;
use pbx_crm_host::egress::Wire;
use pbx_crm_host::egress::sockets::Sockets;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::{CallEvent, Happening, Moment, Start};
use pbx_crm_host::host::{Clients, ConnectorSetup, Host, StartError, Texts, now};
use pbx_crm_host::messages::host_catalogue;
use pbx_crm_host::pbx::StaticPbx;
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::sqlite::Database;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Salesforce that listens, with Maria and Ann in it.
struct Salesforce {
    server: Server,
    control: RemoteCrm,
    maria: String,
    ann: String,
}

impl Salesforce {
    fn new() -> Self {
        let server = Server::start(Box::new(FakeSalesforce::new(now())), 0).unwrap();
        let mut control = RemoteCrm::connect(server.address()).unwrap();
        let mut maria = SeedRecord::new(Role::Person);
        maria.id = Some("maria".to_owned());
        maria.name = Some("Maria Torres".to_owned());
        maria.phones = vec![Phone { label: "mobile".to_owned(), number: "+1 555 010 0142".to_owned() }];
        control.seed(now(), vec![maria]).unwrap();
        let ann = SeedUser { id: Some("ann".to_owned()), name: "Ann Field".to_owned(), email: "ann@acme.example".to_owned(), active: true };
        control.seed_users(now(), vec![ann]).unwrap();
        Self { maria: control.own_id("maria"), ann: control.own_id("ann"), server, control }
    }

    fn address(&self) -> String {
        self.server.address().to_owned()
    }

    fn knob(&mut self, name: &str, value: serde_json::Value) {
        self.control.knob(now(), name, value).unwrap();
    }

    /// Waits until so many calls stand in the histories.
    fn wait_for_activities(&self, count: usize) -> Vec<crm_fake::Activity> {
        let begun = std::time::Instant::now();
        loop {
            let activities = self.control.activities();
            if activities.len() >= count || begun.elapsed() > PATIENCE {
                return activities;
            }
            std::thread::yield_now();
        }
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("host-with-salesforce-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn sealed(folder: &std::path::Path, key: &std::path::Path) -> Arc<dyn CredentialStore> {
    let database = Arc::new(Database::open(&folder.join("pbx-crm.db"), 0).unwrap().database);
    Arc::new(SealedRows::open(database, Key::from_file(key).unwrap(), None, Arc::new(SystemEntropy)).unwrap())
}

fn key(folder: &std::path::Path) -> PathBuf {
    let file = folder.join("credentials.key");
    Key::made(&SystemEntropy).unwrap().write(&file).unwrap();
    file
}

fn account(salesforce: &Salesforce, store: Arc<dyn CredentialStore>) -> CrmAccount {
    let engine = SandboxEngine::new().unwrap();
    let connector = PreparedConnector::load(&engine, &connector()).unwrap();
    let marked = OnPremises::default().with(&salesforce.address()).unwrap();
    let wire: Arc<dyn Wire> = Arc::new(Sockets::new(marked));
    CrmAccount::new(AccountParts {
        settings: Settings::new(connector.schema().to_vec()),
        connector: Arc::new(connector),
        account: "salesforce".to_owned(),
        language: "en".to_owned(),
        credentials: Arc::new(Credentials::new(store.clone(), Arc::new(ByWire(wire.clone())))),
        store,
        wire,
        entropy: Arc::new(SystemEntropy),
        on_premises: vec![salesforce.address()],
    })
    .unwrap()
}

fn connector() -> Source {
    guests::connector("salesforce").unwrap()
}

fn connect(salesforce: &mut Salesforce, store: Arc<dyn CredentialStore>) {
    let account = account(salesforce, store);
    assert_eq!(account.status(), Status::NotConnected);
    authorise(salesforce, &account);
}

fn authorise(salesforce: &mut Salesforce, account: &CrmAccount) {
    let app = salesforce.control.application(&salesforce.address()).unwrap();
    let opening = Opening {
        login: app.login,
        client: Client { id: app.client_id, secret: Some(Secret::new(app.client_secret)) },
        redirect_uri: "http://localhost:8080/callback".to_owned(),
    };
    let url = account.begin(&opening, "session", now()).unwrap_or_else(|trouble| panic!("{trouble}"));
    let callback = salesforce.control.person_approves(now(), &url).unwrap();
    let query = callback.split_once('?').unwrap().1;
    let opened = account.finish(query, "session", now()).unwrap_or_else(|trouble| panic!("{trouble}"));
    assert!(opened.who.organisation.starts_with("00D"), "{:?}", opened.who);
}

/// What agents see.
struct Screens(mpsc::Sender<(String, String)>);

impl Clients for Screens {
    fn show_card(&mut self, _extension: &str, _call: &str, _card: &Card, _texts: &Texts) {}
    fn remove_card(&mut self, _extension: &str, _call: &str) {}
    fn open_page(&mut self, extension: &str, _call: &str, link: &str, _title: &str, _lifetime: &Lifetime) {
        let _ = self.0.send((extension.to_owned(), link.to_owned()));
    }
    fn left_call(&mut self, _extension: &str, _call: &str) {}
    fn reply(&mut self, _request: &str, _reply: &Reply, _texts: &Texts) {}
}

/// A host at work, the pages that it opens, and why work waits and until when.
struct Running {
    host: Host,
    pages: mpsc::Receiver<(String, String)>,
    waiting: mpsc::Receiver<(String, Moment)>,
}

fn host(salesforce: &Salesforce, store: Option<Arc<dyn CredentialStore>>) -> Result<Running, StartError> {
    let (sender, pages) = mpsc::channel();
    let (tell, waiting) = mpsc::channel();
    let reference = UserRef { connector: "salesforce".to_owned(), id: salesforce.ann.clone() };
    let user = User { reference, name: "Ann Field".to_owned(), email: String::new(), active: true, extras: Vec::new() };
    let builder = Host::builder()
        .plugin(guests::policy())
        .connector(ConnectorSetup::new("salesforce", connector()))
        .bind(Binding { user, extensions: vec!["1001".to_owned()], groups: Vec::new() })
        .pbx(StaticPbx::new("US", "America/New_York").with_extension("1001", "Ann Field", None))
        .clients(Screens(sender))
        .observer(move |told| {
            if let Told::Waiting { why, again, .. } = told {
                let _ = tell.send((host_catalogue().render("en", why), *again));
            }
        });
    let builder = match store {
        Some(store) => builder.credentials(store),
        None => builder,
    };
    Ok(Running { host: builder.start()?, pages, waiting })
}

fn call(host: &Host, id: &str) {
    let ringing = Happening::Ringing { leg: "phone-1".to_owned(), extension: "1001".to_owned(), via: Via::Direct };
    let answered = Happening::Answered { leg: "phone-1".to_owned(), extension: Some("1001".to_owned()) };
    let started = Happening::Started(Start::new(Direction::Inbound, "+15550100142", "+15550100100"));
    for happening in [started, ringing, answered] {
        host.call(CallEvent::new(id, now(), happening)).unwrap();
    }
}

#[test]
fn m_con_7_a_restarted_host_pops_and_journals_with_what_was_sealed_and_renews_what_expired() {
    let mut salesforce = Salesforce::new();
    let folder = folder("works");
    let key = key(&folder);
    connect(&mut salesforce, sealed(&folder, &key));
    for (run, id) in ["one", "two"].into_iter().enumerate() {
        // Opened anew: nothing but the file is left of what was before.
        let Running { host, pages, .. } = host(&salesforce, Some(sealed(&folder, &key))).unwrap();
        call(&host, id);
        let page = pages.recv_timeout(PATIENCE).unwrap();
        assert_eq!(page, ("1001".to_owned(), format!("{}/{}", salesforce.address(), salesforce.maria)));
        salesforce.knob("expire-access-tokens", serde_json::Value::Null);
        host.call(CallEvent::new(id, now(), Happening::Ended { outcome: None })).unwrap();
        let activities = salesforce.wait_for_activities(run + 1);
        assert_eq!(activities.len(), run + 1);
        assert!(activities.iter().all(|entry| entry.record == "maria" && entry.user.as_deref() == Some("ann")), "{activities:?}");
        host.stop();
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn f50_an_entry_that_waits_for_an_authorisation_leaves_as_soon_as_the_host_is_told_of_it() {
    let mut salesforce = Salesforce::new();
    let folder = folder("authorised-again");
    let key = key(&folder);
    let store = sealed(&folder, &key);
    // Kept for the second time: to load the connector again would take long, and the test is about being early.
    let account = account(&salesforce, store.clone());
    authorise(&mut salesforce, &account);
    let Running { host, pages, waiting } = host(&salesforce, Some(store)).unwrap();
    call(&host, "one");
    pages.recv_timeout(PATIENCE).unwrap();
    salesforce.knob("revoke-approvals", serde_json::json!({}));
    host.call(CallEvent::new("one", now(), Happening::Ended { outcome: None })).unwrap();
    let (told, again) = waiting.recv_timeout(PATIENCE).unwrap();
    assert!(told.contains("no longer accepts the connection"), "{told}");
    assert!(matches!(account.status(), Status::WithProblem { .. }), "{:?}", account.status());
    assert!(salesforce.control.activities().is_empty());
    authorise(&mut salesforce, &account);
    host.reopened("salesforce").unwrap();
    let activities = salesforce.wait_for_activities(1);
    // By itself the host looks again at the moment that it has told, and no sooner. An entry that stands there before came by the word.
    let arrived = now();
    assert!(arrived < again, "{} ms too late: {activities:?}", arrived - again);
    assert_eq!(activities.len(), 1);
    assert!(activities.iter().all(|entry| entry.record == "maria" && entry.user.as_deref() == Some("ann")), "{activities:?}");
    host.stop();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_host_whose_account_is_not_connected_runs_and_says_so() {
    let salesforce = Salesforce::new();
    let folder = folder("unconnected");
    let key = key(&folder);
    let without_a_store = host(&salesforce, None).err().unwrap().to_string();
    assert!(without_a_store.contains("HostBuilder::credentials"), "{without_a_store}");
    let Running { host, waiting, .. } = host(&salesforce, Some(sealed(&folder, &key))).unwrap();
    call(&host, "one");
    let (told, _) = waiting.recv_timeout(PATIENCE).unwrap();
    assert!(told.contains("pbx-crm connect"), "{told}");
    assert!(salesforce.control.requests().is_empty(), "nothing is asked of a CRM that nobody has connected");
    host.stop();
    std::fs::remove_dir_all(folder).unwrap();
}
