//! What the tests of credentials share: a CRM's terms, a login host that answers by script, a folder that goes away.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::{Request, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use super::connection::{Client, Connection, Grant};
use super::endpoint::{ExchangeFailed, TokenEndpoint};
use super::problem::{Kind, Problem};
use super::secret::Secret;
use super::terms::{ExpiredAnswer, LoginHost, OAuthTerms, OrganisationTerms, Pin, Pinned, RefusalTerms, SignatureTerms, TokenError};
use crate::bindings::connector::exports::pbx::crm::description::TokenMeaning;

pub(super) const CLIENT_SECRET: &str = "client-secret-canary";
pub(super) const ORGANISATION: &str = "00D5g00000AAAAAEAA";

/// As the Salesforce connector will declare them.
pub(crate) fn salesforce_terms() -> OAuthTerms {
    let login = |host: &str| LoginHost { host: Some(host.to_owned()), suffixes: vec![], token_host: None };
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    OAuthTerms {
        vendor: "Salesforce".to_owned(),
        login_hosts: vec![
            login("login.salesforce.com"),
            login("test.salesforce.com"),
            LoginHost { host: None, suffixes: texts(&[".my.salesforce.com"]), token_host: None },
        ],
        authorise_path: "/services/oauth2/authorize".to_owned(),
        token_path: "/services/oauth2/token".to_owned(),
        revoke_path: Some("/services/oauth2/revoke".to_owned()),
        scopes: texts(&["api", "refresh_token", "id"]),
        scope_separator: " ".to_owned(),
        authorise_parameters: vec![("prompt".to_owned(), "login consent".to_owned()), ("state".to_owned(), "mine".to_owned())],
        token_parameters: vec![("format".to_owned(), "json".to_owned()), ("grant_type".to_owned(), "password".to_owned())],
        client_in_body: true,
        public_client: true,
        refresh_token: true,
        scheme: "Bearer".to_owned(),
        pins: vec![Pin {
            name: "instance_url".to_owned(),
            from_callback: false,
            what: Pinned::Api,
            suffixes: texts(&[".my.salesforce.com", ".salesforce.com"]),
        }],
        error_property: Some("error".to_owned()),
        signature: Some(SignatureTerms { property: "signature".to_owned(), signed: texts(&["id", "issued_at"]) }),
        organisation: Some(OrganisationTerms { property: "id".to_owned(), path_segment: Some(1) }),
        refusals: RefusalTerms {
            final_401: texts(&["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]),
            expired: vec![ExpiredAnswer { status: 403, body: "Bad_OAuth_Token".to_owned(), whole: true }],
            token_errors: salesforce_token_errors(),
        },
    }
}

fn salesforce_token_errors() -> Vec<TokenError> {
    let means = |code: &str, description: Option<&str>, meaning| {
        let (code, begins) = code.strip_suffix('*').map_or((code, false), |code| (code, true));
        TokenError { code: code.to_owned(), begins, description: description.map(str::to_owned), meaning }
    };
    vec![
        means("invalid_grant", Some("ip restricted"), TokenMeaning::AddressRestricted),
        means("invalid_grant", Some("inactive user"), TokenMeaning::UserInactive),
        means("invalid_grant", Some("inactive organization"), TokenMeaning::OrganisationInactive),
        means("invalid_client", Some("app must be installed into org"), TokenMeaning::AppBlocked),
        means("inactive_user", None, TokenMeaning::UserInactive),
        means("inactive_org", None, TokenMeaning::OrganisationInactive),
        means("invalid_client_id", None, TokenMeaning::WrongClient),
        means("app_not_found", None, TokenMeaning::WrongClient),
        means("invalid_code", None, TokenMeaning::AuthoriseAgain),
        means("redirect_uri_missing", None, TokenMeaning::RedirectMismatch),
        means("app_*", None, TokenMeaning::AppBlocked),
        means("oauth_*", None, TokenMeaning::AppBlocked),
        means("ecapp_*", None, TokenMeaning::AppBlocked),
        means("fail_close_app_blocked", None, TokenMeaning::AppBlocked),
        means("service_unavailable", None, TokenMeaning::Unavailable),
        means("system_down", None, TokenMeaning::Unavailable),
        means("rate_limit_exceeded", None, TokenMeaning::Unavailable),
        means("unknown_error", None, TokenMeaning::Unavailable),
    ]
}

pub(super) fn client() -> Client {
    Client { id: "client-id".to_owned(), secret: Some(Secret::new(CLIENT_SECRET)) }
}

/// An account that works.
pub(crate) fn connection() -> Connection {
    let grant = Grant {
        authorisation: "first".to_owned(),
        access: Secret::new("access-0-canary"),
        refresh: Some(Secret::new("refresh-0-canary")),
        api: Some("https://example.my.salesforce.com".to_owned()),
        token_host: "https://login.salesforce.com".to_owned(),
        scopes: vec!["api".to_owned()],
        given_ms: 0,
    };
    Connection::new(client(), "https://login.salesforce.com".to_owned(), grant, Some(ORGANISATION.to_owned()))
}

/// A token answer of Salesforce, rightly signed.
pub(super) fn token_answer(number: u32) -> Value {
    let mut answer = json!({
        "access_token": format!("access-{number}-canary"),
        "instance_url": "https://example.my.salesforce.com",
        "id": format!("https://login.salesforce.com/id/{ORGANISATION}/0055g00000BBBBBEAA"),
        "token_type": "Bearer",
        "scope": "api refresh_token id",
        "issued_at": "1708058728442",
    });
    sign(&mut answer);
    answer
}

pub(super) fn sign(answer: &mut Value) {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(CLIENT_SECRET.as_bytes()).unwrap();
    mac.update(answer["id"].as_str().unwrap().as_bytes());
    mac.update(answer["issued_at"].as_str().unwrap().as_bytes());
    answer["signature"] = STANDARD.encode(mac.finalize().into_bytes()).into();
}

pub(super) fn answered(status: u16, body: impl ToString) -> Result<Response<Vec<u8>>, ExchangeFailed> {
    let response = Response::builder().status(status).header("content-type", "application/json;charset=UTF-8");
    Ok(response.body(body.to_string().into_bytes()).unwrap())
}

type Answer = Result<Response<Vec<u8>>, ExchangeFailed>;
type Meanwhile = Box<dyn FnOnce() + Send>;

/// A login host that answers by script.
#[derive(Default)]
pub(super) struct Script {
    answers: Mutex<VecDeque<(Meanwhile, Answer)>>,
    seen: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Script {
    pub(super) fn then(self, answer: Answer) -> Self {
        self.meanwhile(|| {}, answer)
    }

    /// Something happens before the answer is there.
    pub(super) fn meanwhile(self, happens: impl FnOnce() + Send + 'static, answer: Answer) -> Self {
        self.answers.lock().unwrap().push_back((Box::new(happens), answer));
        self
    }

    pub(super) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|request| request.uri().path().to_owned()).collect()
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|request| request.uri().host().unwrap_or_default().to_owned()).collect()
    }

    /// Fields of the form of a request.
    pub(super) fn form(&self, index: usize) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.seen.lock().unwrap()[index].body()).into_owned().collect()
    }

    pub(super) fn field(&self, index: usize, name: &str) -> Option<String> {
        self.form(index).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn header(&self, index: usize, name: &str) -> Option<String> {
        self.seen.lock().unwrap()[index].headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

impl TokenEndpoint for Script {
    fn exchange(&self, request: Request<Vec<u8>>, _time_left: Duration) -> Answer {
        self.seen.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        let (happens, answer) = next.expect("one request more than the script has answers");
        happens();
        answer
    }
}

/// What an administrator would be told; it holds no secret and nothing that was not filled in.
#[track_caller]
pub(super) fn told(problem: &Problem) -> Kind {
    let shown = format!("{} {problem} {problem:?}", super::problem::tests::rendered(problem));
    assert!(!shown.contains("canary"), "{shown}");
    problem.kind()
}

/// An empty folder that goes away with the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("pbx-crm-credentials-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
