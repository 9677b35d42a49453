//! The promises of signing in, by subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)]

mod approving;
mod asking;
mod issuing;
mod other_ways_in;
mod refreshing;
mod sessions;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response, header};
use serde_json::{Value as Json, json};

use super::{
    App, Auth, AuthorizeErrors, Endpoint, ErrorShape, NextError, PASSWORD, PLATFORM_CLI, RefreshPolicy, RefusedSessions, SESSION_MS,
    TEST_CLIENT_ID, TEST_CLIENT_SECRET,
    form::{Form, encode},
    mint::{challenge_of, hmac},
    person::Person,
};
use crate::{id::Id, org::Org};

const NOW: u64 = 1_795_000_000_000;
const HERE: &str = "http://127.0.0.1:4711";
const CALLBACK: &str = "http://localhost:8080/callback";

/// An org, its doors, a browser with its cookies, and a clock.
struct Bench {
    org: Org,
    auth: Auth,
    now: u64,
    cookies: Vec<(String, String)>,
}

impl Bench {
    fn new() -> Self {
        Self { org: Org::new(NOW), auth: Auth::new(), now: NOW, cookies: Vec::new() }
    }

    fn auto() -> Self {
        let mut bench = Self::new();
        bench.auth.knobs_mut().auto_approve = Some("admin".to_owned());
        bench
    }

    fn admin(&self) -> Id {
        Person::administrator(&self.org).expect("an administrator").id()
    }

    fn ask(&mut self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let response = self.auth.respond(&self.org, self.now, HERE, &request).expect("one of its paths");
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value));
        }
        response
    }

    fn browse(&mut self, method: &str, uri: &str, form: &[(&str, &str)]) -> Response<Vec<u8>> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode(form.iter().copied()).into_bytes())
            .unwrap();
        self.ask(request)
    }

    fn authorize(&mut self, more: &[(&str, &str)]) -> Response<Vec<u8>> {
        let mut form = Form::read(&encode([("response_type", "code"), ("client_id", TEST_CLIENT_ID), ("redirect_uri", CALLBACK)]));
        for (name, value) in more {
            form.set(name, (!value.is_empty()).then(|| (*value).to_owned()));
        }
        self.browse("GET", &format!("/services/oauth2/authorize?{}", form.write()), &[])
    }

    /// Parameters of the callback to which an answer leads.
    fn callback(response: &Response<Vec<u8>>) -> Form {
        assert_eq!(response.status(), 302, "{}", text(response));
        let place = response.headers()[header::LOCATION].to_str().unwrap();
        let (uri, query) = place.split_once('?').unwrap();
        assert!(uri == CALLBACK || uri == "http://localhost:1717/OauthRedirect", "{uri}");
        Form::read(query)
    }

    fn code(&mut self, more: &[(&str, &str)]) -> String {
        let response = self.authorize(more);
        Self::callback(&response).get("code").expect("a code").to_owned()
    }

    fn token(&mut self, form: &[(&str, &str)]) -> (u16, Json) {
        let response = self.browse("POST", "/services/oauth2/token", form);
        (response.status().as_u16(), serde_json::from_slice(response.body()).expect("JSON"))
    }

    fn exchange(&mut self, code: &str, more: &[(&str, &str)]) -> (u16, Json) {
        let mut form = Form::read(&encode([
            ("grant_type", "authorization_code"),
            ("client_id", TEST_CLIENT_ID),
            ("client_secret", TEST_CLIENT_SECRET),
            ("redirect_uri", CALLBACK),
            ("code", code),
        ]));
        for (name, value) in more {
            form.set(name, (!value.is_empty()).then(|| (*value).to_owned()));
        }
        let pairs: Vec<(&str, &str)> = form.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.token(&pairs)
    }

    fn refresh(&mut self, token: &str) -> (u16, Json) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", TEST_CLIENT_ID),
            ("client_secret", TEST_CLIENT_SECRET),
            ("refresh_token", token),
        ])
    }

    /// Access token and refresh token of a new approval.
    fn connect(&mut self) -> (String, String) {
        let code = self.code(&[]);
        let (status, body) = self.exchange(&code, &[]);
        assert_eq!(status, 200, "{body}");
        (string(&body, "access_token"), string(&body, "refresh_token"))
    }

    fn alive(&mut self, token: &str) -> bool {
        self.auth.session(self.now, token).is_ok()
    }

    fn get(&mut self, uri: &str, token: Option<&str>) -> Response<Vec<u8>> {
        let mut request = Request::get(uri);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.ask(request.body(Vec::new()).unwrap())
    }
}

fn string(body: &Json, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

fn text(response: &Response<Vec<u8>>) -> String {
    String::from_utf8(response.body().clone()).unwrap()
}

fn error(code: &str, description: &str) -> (u16, Json) {
    (400, json!({ "error": code, "error_description": description }))
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"')
        .next()
        .unwrap()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// All hidden fields of a page.
fn all_hidden(page: &str) -> Vec<(String, String)> {
    let names = page.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    names.map(|name| (name.clone(), hidden(page, &name))).collect()
}

/// Signs in on the page and gives the page or redirect that follows.
fn sign_in(bench: &mut Bench, page: &str, username: &str) -> Response<Vec<u8>> {
    let (csrf, start) = (hidden(page, "csrf"), hidden(page, "startURL"));
    let response = bench.browse("POST", "/login", &[("csrf", &csrf), ("startURL", &start), ("un", username)]);
    if response.status() != 302 {
        return response;
    }
    let next = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    bench.browse("GET", &next, &[])
}

fn decide(bench: &mut Bench, page: &str, decision: &str) -> Response<Vec<u8>> {
    let fields = all_hidden(page);
    let mut form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.push(("decision", decision));
    bench.browse("POST", "/setup/secur/RemoteAccessAuthorizationPage.apexp", &form)
}

fn admin_name(bench: &Bench) -> String {
    Person::administrator(&bench.org).unwrap().text("Username").to_owned()
}
