//! What a connector wants to send, and what of it leaves. Behind the guard stands a wire that only notes what it is given.

use std::sync::Mutex;

use http::{Request, Response};

use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description, Operation, Place};
use crate::core::io::{HttpAnswer, HttpFailure, HttpRequest};
use crate::credential::endpoint::ByWire;
use crate::credential::problem::Kind;
use crate::credential::refresh::Credentials;
use crate::credential::store::{CredentialStore, MemoryStore, Row};
use crate::credential::tests::{connection, salesforce_terms};
use crate::egress::loopback::{PATIENCE, request};
use crate::egress::target::{HostRule, OnPremises};
use crate::egress::{Key, Way, Wire};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const API: &str = "https://example.my.salesforce.com";

#[derive(Default)]
struct Noting {
    seen: Mutex<Vec<Request<Bytes>>>,
    answer: Mutex<Option<Response<Bytes>>>,
}

impl Wire for Noting {
    fn carry(&self, request: Request<Bytes>, _time_left: Duration) -> HttpAnswer {
        self.seen.lock().unwrap().push(request);
        Ok(self.answer.lock().unwrap().take().unwrap_or_default())
    }
}

impl Noting {
    fn seen(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn opened(on_premises: OnPremises) -> (Arc<Noting>, Way) {
    let wire = Arc::new(Noting::default());
    let store = Arc::new(MemoryStore::new());
    let row = Row::connection("salesforce", "main");
    store.put(&row, None, &connection().to_row().unwrap()).unwrap();
    let credentials = Arc::new(Credentials::new(store, Arc::new(ByWire(wire.clone()))));
    let key = Key::OAuth { credentials, row, terms: Arc::new(salesforce_terms()) };
    let named = vec![HostRule::exactly("content.example").unwrap()];
    let pinned = vec![HostRule::below(".salesforce.com").unwrap()];
    (wire.clone(), Way { wire, named, pinned, on_premises, key, organisation: OnceLock::new() })
}

fn token() -> String {
    connection().grant.access.expose().to_owned()
}

#[test]
fn f36_to_f42_what_is_not_approved_is_refused_and_no_byte_of_it_leaves() {
    for url in [
        // F36: addresses instead of names, in every spelling.
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://017700000001/",
        "https://127.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://0/",
        // F40: names that look like the right ones.
        "https://example.my.salesforce.com.evil.test/",
        "https://evilsalesforce.com/",
        "https://example.my.salesforce.com./",
        "https://user@example.my.salesforce.com/",
        "https://evil.test@example.my.salesforce.com/",
        "https://example.my.salesforce.com@evil.test/",
        "https://ex\u{0430}mple.my.salesforce.com/",
        "https://example.my.salesforce.com:8443/",
        "http://example.my.salesforce.com/",
        "https://example.my.salesforce.com\\@evil.test/",
        "https://content.example.evil.test/",
        "file:///etc/passwd",
    ] {
        let (wire, way) = opened(OnPremises::default());
        let answer = way.send(&HttpRequest { url: url.to_owned(), ..request(API) }, 0, PATIENCE);
        assert!(matches!(answer, Err(HttpFailure::Denied(_))), "{url}: {answer:?}");
        assert_eq!(wire.seen().len(), 0, "{url}");
    }
}

#[test]
fn a_mark_is_for_one_host_at_one_port_and_never_for_link_local_or_metadata_addresses() {
    let (wire, way) = opened(OnPremises::default().with("http://10.1.2.3:8069").unwrap());
    for url in ["http://10.1.2.3:8070/", "http://10.1.2.4:8069/", "http://10.1.2.3/"] {
        assert!(
            matches!(way.send(&HttpRequest { url: url.to_owned(), ..request(API) }, 0, PATIENCE), Err(HttpFailure::Denied(_))),
            "{url}"
        );
    }
    for never in ["http://169.254.169.254", "http://169.254.1.1:80", "http://[fe80::1]", "http://[fd00:ec2::254]", "http://0.0.0.0:8069"] {
        assert!(OnPremises::default().with(never).is_err(), "{never}");
    }
    assert_eq!(wire.seen().len(), 0);
}

#[test]
fn the_token_goes_to_the_accounts_own_host_and_to_hosts_named_by_the_connector() {
    let (wire, way) = opened(OnPremises::default());
    for url in ["https://example.my.salesforce.com/services/data", "https://content.example/x"] {
        way.send(&HttpRequest { url: url.to_owned(), ..request(API) }, 0, PATIENCE).unwrap();
        let sent = wire.seen().remove(0);
        assert_eq!(sent.headers()["authorization"], format!("Bearer {}", token()).as_str());
        assert!(sent.headers()["authorization"].is_sensitive(), "or it would be seen where requests are shown");
    }
    // Anybody can have an organisation of their own below the same domain.
    for url in ["https://attacker.my.salesforce.com/services/data", "https://login.salesforce.com/", "https://a.example.my.salesforce.com/"]
    {
        let answer = way.send(&HttpRequest { url: url.to_owned(), ..request(API) }, 0, PATIENCE);
        assert_eq!(answer.unwrap_err(), HttpFailure::Moved(API.to_owned()), "{url}");
        assert_eq!(wire.seen().len(), 0, "{url}");
    }
}

#[test]
fn an_answer_that_repeats_the_token_does_not_tell_it() {
    let (wire, way) = opened(OnPremises::default());
    let echo = Response::builder().header("x-echo", token()).body(Bytes::from(format!("you sent {}", token()))).unwrap();
    *wire.answer.lock().unwrap() = Some(echo);
    let answer = way.send(&request(API), 0, PATIENCE).unwrap();
    let shown = format!("{:?} {}", answer.headers(), String::from_utf8_lossy(answer.body()));
    assert!(!shown.contains(&token()) && shown.contains("you sent *****"), "{shown}");
}

#[test]
fn an_account_that_is_not_connected_sends_nothing() {
    let (wire, way) = opened(OnPremises::default());
    let Key::OAuth { credentials: _, row, terms } = &way.key else { panic!("the other key") };
    let store: Arc<dyn CredentialStore> = Arc::new(MemoryStore::new());
    let credentials = Arc::new(Credentials::new(store, Arc::new(ByWire(wire.clone()))));
    let way = Way {
        key: Key::OAuth { credentials, row: row.clone(), terms: terms.clone() },
        wire: wire.clone(),
        named: vec![],
        pinned: way.pinned.clone(),
        on_premises: OnPremises::default(),
        organisation: OnceLock::new(),
    };
    let answer = way.send(&request(API), 0, PATIENCE);
    assert!(matches!(&answer, Err(HttpFailure::Credential(problem)) if problem.to_string().contains("not-connected")), "{answer:?}");
    assert_eq!(wire.seen().len(), 0);
}

#[test]
fn m_off_4_an_account_that_became_another_organisation_gets_nothing_that_waits_for_the_first() {
    let (wire, way) = opened(OnPremises::default());
    let way = way.of_organisation("00D5g00000OTHERXXX");
    let answer = way.send(&request(API), 0, PATIENCE);
    assert!(matches!(&answer, Err(HttpFailure::Credential(problem)) if problem.kind() == Kind::OtherOrganisation), "{answer:?}");
    assert_eq!(wire.seen().len(), 0);
}

#[test]
fn hosts_come_from_the_declaration_and_the_settings() {
    let operation = |at: Place| Operation { during: vec![], at, methods: vec![], paths: vec![], reads_only: true, extras: vec![] };
    let description = Description {
        id: "example".to_owned(),
        name: "Example".to_owned(),
        version: "1.0.0".to_owned(),
        kinds: vec![],
        operations: vec![operation(Place::Fixed("api.example".to_owned())), operation(Place::Pinned)],
        auth: Auth::None,
        page_hosts: Vec::new(),
        journals: true,
        find_batch: 1,
        write_batch: 1,
        amend_batch: 1,
        writes_once: false,
        parallel: 1,
        needs_administrator: false,
        extras: vec![],
    };
    let (named, pinned) = super::super::hosts(&description, &crate::settings::Settings::new(vec![]));
    assert_eq!((named, pinned), (vec![HostRule::exactly("api.example").unwrap()], vec![]));
}
