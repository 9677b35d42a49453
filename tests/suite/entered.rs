//! An account that is opened with an entered secret: entered, checked, closed, by the library's `account`, with a small connector whose CRM
//! takes a user name in a header and a key in the body.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use pbx_crm_host::account::approval::sign_in_facts;
use pbx_crm_host::account::status::Status;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::bindings::base::types::SettingValue;
use pbx_crm_host::component::{PreparedConnector, Source};
use pbx_crm_host::core::io::HttpAnswer;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::revoke::Revoked;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, MemoryStore, Row};
use pbx_crm_host::egress::Wire;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::settings::Settings;

const NOW: u64 = 1_795_334_400_000;
const KEY: &str = "canary-key-7Qw2xZ";

static CONNECTOR: LazyLock<Arc<PreparedConnector>> = LazyLock::new(|| {
    let source = Source::bytes("keyholder.wasm", include_bytes!(env!("PBX_CRM_TEST_KEYHOLDER")).as_slice());
    Arc::new(PreparedConnector::load(&SandboxEngine::new().expect("an engine"), &source).expect("it is sound"))
});

/// The CRM, and all that it was asked.
struct Crm {
    whoami: Mutex<String>,
    asked: Mutex<Vec<String>>,
}

impl Wire for Crm {
    fn carry(&self, request: Request<Bytes>, _time_left: Duration) -> HttpAnswer {
        self.asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let user = request.headers().get("x-user").is_some_and(|user| user == "user ann");
        let key = request.body().as_ref() == format!("{{\"key\":\"{KEY}\"}}").as_bytes();
        let answer = match (user && key, request.uri().path()) {
            (false, _) => return Ok(Response::builder().status(401).body(Bytes::new()).unwrap()),
            (true, "/people") => "Ann Field\nBo Brook\n".to_owned(),
            (true, _) => self.whoami.lock().unwrap().clone(),
        };
        Ok(Response::new(Bytes::from(answer)))
    }
}

struct Bench {
    crm: Arc<Crm>,
    store: Arc<MemoryStore>,
    account: CrmAccount,
}

impl Bench {
    fn new() -> Self {
        let crm = Arc::new(Crm { whoami: Mutex::new("org-1\nExample\nAnn\nyes\n".to_owned()), asked: Mutex::default() });
        let store = Arc::new(MemoryStore::new());
        let (wire, kept): (Arc<dyn Wire>, Arc<dyn CredentialStore>) = (crm.clone(), store.clone());
        let mut settings = Settings::new(CONNECTOR.schema().to_vec());
        settings.set("address", SettingValue::Text("https://crm.example".to_owned())).unwrap();
        let account = CrmAccount::new(AccountParts {
            connector: CONNECTOR.clone(),
            account: "main".to_owned(),
            settings,
            language: "en".to_owned(),
            credentials: Arc::new(Credentials::new(kept.clone(), Arc::new(ByWire(wire.clone())))),
            store: kept,
            wire,
            entropy: Arc::new(SystemEntropy),
            on_premises: Vec::new(),
        });
        Self { crm, store, account: account.unwrap() }
    }

    fn kept(&self) -> [Option<Vec<u8>>; 2] {
        [Row::connection("keyholder", "main"), Row::approval("keyholder", "main")]
            .map(|row| self.store.load(&row).unwrap().map(|stored| stored.content.to_vec()))
    }

    fn asked(&self) -> usize {
        self.crm.asked.lock().unwrap().len()
    }

    fn is(&self, whoami: &str) {
        *self.crm.whoami.lock().unwrap() = whoami.to_owned();
    }
}

fn fields(user: &str, key: &str) -> Vec<(String, Secret)> {
    vec![("user".to_owned(), Secret::new(user)), ("key".to_owned(), Secret::new(key))]
}

#[test]
fn what_is_entered_opens_the_account_and_is_kept_with_its_approval() {
    let bench = Bench::new();
    assert_eq!(bench.account.status(), Status::NotConnected);
    let opened = bench.account.enter(fields("ann", KEY), NOW).unwrap();
    assert_eq!((opened.who.organisation.as_str(), opened.who.organisation_name.as_str()), ("org-1", "Example"));
    assert_eq!(*bench.crm.asked.lock().unwrap(), ["POST https://crm.example/whoami"]);
    assert!(matches!(bench.account.status(), Status::Connected(_)));
    assert_eq!(bench.account.check(NOW).unwrap().who, opened.who);
    assert_eq!(bench.account.users(NOW).unwrap().len(), 2);
    let approval = bench.account.approval().unwrap().unwrap();
    assert!(approval.lacks(CONNECTOR.description()).is_empty());
    assert!(!format!("{approval:?} {:?}", bench.account.status()).contains(KEY));

    let revoked = bench.account.disconnect(NOW).unwrap();
    assert_eq!((&revoked, bench.kept(), bench.account.status()), (&Revoked::NoWay, [None, None], Status::NotConnected));
    assert_eq!(bench.account.about_revoking(&revoked).unwrap().id, "account.secret-lives-on");
    assert_eq!(bench.account.disconnect(NOW).unwrap(), Revoked::NothingToRevoke);
}

#[test]
fn the_address_of_pages_is_kept_with_the_approval_if_it_may_be_believed() {
    let bench = Bench::new();
    let who = |pages: &str| format!("org-1\nExample\nAnn\nyes\n{pages}");
    for (told, kept) in [
        ("", None),
        ("https://app-eu1.example.com/crm/", Some("https://app-eu1.example.com/crm")),
        ("https://app.example.com.evil.test", None),
        ("http://app.example.com", None),
        ("javascript:alert(1)", None),
    ] {
        bench.is(&who(told));
        let opened = bench.account.enter(fields("ann", KEY), NOW).unwrap();
        assert_eq!(opened.who.pages.as_deref(), kept, "{told}");
        let refused: Vec<&str> = opened.warnings.iter().map(|warning| warning.id.as_str()).collect();
        assert_eq!(refused, if kept.is_none() && !told.is_empty() { vec!["account.pages-refused"] } else { vec![] }, "{told}");
        // What the host begins with after a restart.
        assert_eq!(bench.account.approval().unwrap().unwrap().who.pages.as_deref(), kept, "{told}");
        assert_eq!(bench.account.check(NOW).unwrap().who, opened.who);
    }
    // An approval of an earlier build tells none.
    let row = Row::approval("keyholder", "main");
    let stored = bench.store.load(&row).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&stored.content).contains("pages\":"), "none is left out");
    let facts = sign_in_facts(CONNECTOR.description());
    assert!(facts.contains("pages of records at *.example.com"), "{facts:?}");
}

#[test]
fn what_does_not_open_the_crm_is_not_kept_and_changes_nothing() {
    for connected_before in [false, true] {
        let bench = Bench::new();
        if connected_before {
            bench.account.enter(fields("ann", KEY), NOW).unwrap();
        }
        let (kept, asked) = (bench.kept(), bench.asked());
        for (fields, id) in [
            (fields("ann", ""), "credential.secret-unusable"),
            (fields("ann", KEY)[..1].to_vec(), "credential.secret-unusable"),
            ([fields("ann", KEY), fields("bo", KEY)].concat(), "credential.secret-unusable"),
            ([fields("ann", KEY), vec![("more".to_owned(), Secret::new("x"))]].concat(), "credential.secret-unusable"),
        ] {
            assert_eq!(bench.account.enter(fields, NOW).unwrap_err().id(), id);
        }
        assert_eq!(bench.asked(), asked, "nothing was sent");
        let trouble = bench.account.enter(fields("ann", "wrong"), NOW).unwrap_err();
        assert_eq!(bench.account.tell(&trouble, "en"), "The user name or the key is wrong.");
        bench.is("org-1\nExample\nAl\nno\n");
        let trouble = bench.account.enter(fields("ann", KEY), NOW).unwrap_err();
        assert_eq!(trouble.id(), "account.entered-by-no-administrator");
        assert!(bench.account.tell(&trouble, "en").contains("Al, who is no administrator"));
        if connected_before {
            bench.is("org-2\nOther\nAnn\nyes\n");
            assert_eq!(bench.account.enter(fields("ann", KEY), NOW).unwrap_err().id(), "credential.other-organisation");
            assert_eq!(bench.account.check(NOW).unwrap_err().id(), "credential.other-organisation");
        }
        assert_eq!(bench.kept(), kept);
    }
}

#[test]
fn a_connector_that_puts_the_secret_elsewhere_than_approved_is_not_run() {
    let bench = Bench::new();
    bench.account.enter(fields("ann", KEY), NOW).unwrap();
    let row = Row::approval("keyholder", "main");
    let stored = bench.store.load(&row).unwrap().unwrap();
    let text = String::from_utf8(stored.content.to_vec()).unwrap().replace("x-user", "x-other");
    bench.store.put(&row, Some(stored.version), text.as_bytes()).unwrap();
    let asked = bench.asked();
    assert_eq!(bench.account.check(NOW).unwrap_err().id(), "account.declares-more");
    assert_eq!(bench.asked(), asked);
}
