#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)]

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response, header};
use serde_json::{Value as Json, json};

use super::{
    App, Auth, AuthorizeErrors, Endpoint, ErrorShape, NextError, PASSWORD, PLATFORM_CLI, RefreshPolicy, RefusedSessions, SESSION_MS,
    TEST_CLIENT_ID, TEST_CLIENT_SECRET,
    form::Form,
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
            .body(super::form::encode(form.iter().copied()).into_bytes())
            .unwrap();
        self.ask(request)
    }

    fn authorize(&mut self, more: &[(&str, &str)]) -> Response<Vec<u8>> {
        let mut form =
            Form::read(&super::form::encode([("response_type", "code"), ("client_id", TEST_CLIENT_ID), ("redirect_uri", CALLBACK)]));
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
        let mut form = Form::read(&super::form::encode([
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

// The pages.

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

#[test]
fn a_person_signs_in_allows_and_the_state_comes_back() {
    let mut bench = Bench::new();
    let admin = admin_name(&bench);
    let page = bench.authorize(&[("state", "a&b=\"<c>"), ("scope", "api refresh_token openid")]);
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    let page = text(&page);
    assert!(page.contains(&admin), "the administrator is listed");
    let consent = sign_in(&mut bench, &page, &admin);
    let policy = consent.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://localhost:8080"), "{policy}");
    let consent = text(&consent);
    assert!(consent.contains("Allow access?") && !consent.contains("<c>"));
    let answer = Bench::callback(&decide(&mut bench, &consent, "allow"));
    assert_eq!(answer.get("state"), Some("a&b=\"<c>"));
    let code = answer.get("code").unwrap().to_owned();
    assert!(code.ends_with("=="));
    let (status, body) = bench.exchange(&code, &[]);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["scope"], "api refresh_token openid");
    assert_eq!(bench.auth.session(NOW, body["access_token"].as_str().unwrap()).unwrap().user, bench.admin());
}

#[test]
fn deny_tells_the_app_and_gives_no_code() {
    let mut bench = Bench::new();
    let (page, admin) = (text(&bench.authorize(&[("state", "s")])), admin_name(&bench));
    let consent = text(&sign_in(&mut bench, &page, &admin));
    let response = decide(&mut bench, &consent, "deny");
    let place = response.headers()[header::LOCATION].to_str().unwrap();
    assert_eq!(place, format!("{CALLBACK}?error=access_denied&error_description=end-user+denied+authorization&state=s"));
}

#[test]
fn a_consent_page_of_another_session_or_with_changed_scopes_is_refused() {
    let mut bench = Bench::new();
    let (page, admin) = (text(&bench.authorize(&[("scope", "api")])), admin_name(&bench));
    let consent = text(&sign_in(&mut bench, &page, &admin));
    let raised = consent.replace("name=\"scope\" value=\"api\"", "name=\"scope\" value=\"full\"");
    assert_ne!(raised, consent);
    assert_eq!(decide(&mut bench, &raised, "allow").status(), 403);
    let no_token = consent.replace("name=\"csrf\"", "name=\"other\"");
    assert_eq!(decide(&mut bench, &no_token, "allow").status(), 403);
    let own = bench.cookies.clone();
    bench.cookies.retain(|(name, _)| name != "sid");
    assert!(text(&decide(&mut bench, &consent, "allow")).contains("Log in"), "without a session there is nothing to decide");
    let page = text(&bench.authorize(&[("scope", "api")]));
    sign_in(&mut bench, &page, &admin);
    assert_eq!(decide(&mut bench, &consent, "allow").status(), 403, "a page of the other session");
    bench.cookies = own;
    assert_eq!(decide(&mut bench, &consent, "allow").status(), 302);
}

#[test]
fn the_login_form_is_tied_to_its_browser() {
    let mut bench = Bench::new();
    let (page, admin) = (text(&bench.authorize(&[])), admin_name(&bench));
    bench.cookies.clear();
    let response = sign_in(&mut bench, &page, &admin);
    assert_eq!(response.status(), 200);
    assert!(text(&response).contains("Please try again"));
    assert!(!bench.cookies.iter().any(|(name, _)| name == "sid"));
}

#[test]
fn an_unknown_user_is_not_let_in() {
    let mut bench = Bench::new();
    let page = text(&bench.authorize(&[]));
    let response = sign_in(&mut bench, &page, "nobody@example.com<script>");
    assert!(text(&response).contains("check your username") && !text(&response).contains("<script>"));
}

#[test]
fn robots_are_not_offered() {
    let mut bench = Bench::new();
    let robots: Vec<String> = Person::all(&bench.org)
        .filter(|person| person.text("UserType") != "Standard")
        .map(|person| person.text("Username").to_owned())
        .collect();
    assert!(!robots.is_empty(), "every org has robots");
    let page = text(&bench.authorize(&[]));
    assert!(robots.iter().all(|robot| !page.contains(robot.as_str())));
}

#[test]
fn who_has_approved_is_not_asked_again_unless_wished() {
    let mut bench = Bench::new();
    let (page, admin) = (text(&bench.authorize(&[])), admin_name(&bench));
    let consent = text(&sign_in(&mut bench, &page, &admin));
    let code = Bench::callback(&decide(&mut bench, &consent, "allow")).get("code").unwrap().to_owned();
    assert_eq!(bench.exchange(&code, &[]).0, 200);
    assert!(Bench::callback(&bench.authorize(&[])).get("code").is_some());
    assert!(Bench::callback(&bench.authorize(&[("immediate", "true")])).get("code").is_some());
    assert!(text(&bench.authorize(&[("prompt", "consent")])).contains("Allow access?"));
    let login = text(&bench.authorize(&[("prompt", "login consent")]));
    assert!(login.contains("Log in"));
    assert!(text(&sign_in(&mut bench, &login, &admin)).contains("Allow access?"), "signing in is asked for once");
    assert!(text(&bench.authorize(&[("prompt", "select_account")])).contains("Log in"));
}

#[test]
fn immediate_shows_no_page() {
    let mut bench = Bench::new();
    assert_eq!(Bench::callback(&bench.authorize(&[("immediate", "true")])).get("error"), Some("immediate_unsuccessful"));
}

#[test]
fn the_hinted_user_is_chosen() {
    let mut bench = Bench::new();
    let admin = admin_name(&bench);
    let page = text(&bench.authorize(&[("login_hint", &admin)]));
    assert!(page.contains(&format!("<option value=\"{admin}\" selected>")), "{page}");
}

#[test]
fn a_wrong_app_or_callback_gets_a_page_and_no_redirect() {
    let mut bench = Bench::auto();
    for (more, code) in [
        (("client_id", "nobody"), "invalid_client_id"),
        (("client_id", ""), "invalid_request"),
        (("redirect_uri", "https://evil.example/<script>"), "redirect_uri_mismatch"),
        (("redirect_uri", ""), "redirect_uri_missing"),
    ] {
        let response = bench.authorize(&[more]);
        assert_eq!(response.status(), 400, "{code}");
        assert!(!response.headers().contains_key(header::LOCATION));
        assert!(text(&response).contains(code) && !text(&response).contains("<script>"), "{}", text(&response));
    }
    bench.auth.knobs_mut().authorize_errors = AuthorizeErrors::Text;
    assert_eq!(text(&bench.authorize(&[("client_id", "nobody")])), "error=invalid_client_id&error_description=client+identifier+invalid");
    bench.auth.knobs_mut().authorize_errors = AuthorizeErrors::Redirect;
    assert_eq!(Bench::callback(&bench.authorize(&[("client_id", "nobody")])).get("error"), Some("invalid_client_id"));
    assert_eq!(Bench::callback(&bench.authorize(&[("redirect_uri", "https://evil.example/")])).get("error"), Some("redirect_uri_mismatch"));
}

#[test]
fn errors_of_a_trusted_request_go_to_the_callback() {
    let mut bench = Bench::auto();
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().scopes = vec!["api".to_owned()];
    for (more, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("scope", "api web"), "invalid_scope"),
        (("code_challenge", "too-short"), "invalid_request"),
    ] {
        let answer = Bench::callback(&bench.authorize(&[more, ("state", "x")]));
        assert_eq!((answer.get("error"), answer.get("state"), answer.get("code")), (Some(error), Some("x"), None));
    }
    let plain = [("code_challenge", challenge_of("v")), ("code_challenge_method", "plain".to_owned())];
    let plain: Vec<(&str, &str)> = plain.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(Bench::callback(&bench.authorize(&plain)).get("error"), Some("invalid_request"));
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().require_pkce = true;
    assert_eq!(Bench::callback(&bench.authorize(&[])).get("error_description"), Some("missing required code challenge"));
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().installed = false;
    let challenge = challenge_of("v");
    let answer = Bench::callback(&bench.authorize(&[("code_challenge", &challenge)]));
    assert_eq!(answer.get("error_description"), Some("app must be installed into org"));
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().blocked = true;
    let page = bench.authorize(&[("code_challenge", &challenge)]);
    assert!(page.status() == 400 && text(&page).contains("OAUTH_APP_BLOCKED"));
}

#[test]
fn the_command_line_signs_in_without_a_page_and_without_a_secret() {
    let mut bench = Bench::new();
    bench.auth.app_mut(PLATFORM_CLI).unwrap().auto_approve = Some("admin".to_owned());
    let challenge = challenge_of("verifier-of-the-command-line");
    let redirect = "http://localhost:1717/OauthRedirect";
    let response = bench.authorize(&[
        ("client_id", PLATFORM_CLI),
        ("redirect_uri", redirect),
        ("scope", "refresh_token api web"),
        ("prompt", "login"),
        ("state", "s"),
        ("code_challenge", &challenge),
    ]);
    let code = Bench::callback(&response).get("code").unwrap().to_owned();
    let form = [("client_id", PLATFORM_CLI), ("client_secret", ""), ("redirect_uri", redirect)];
    let (status, body) = bench.exchange(&code, &[&form[..], &[("code_verifier", "verifier-of-the-command-line")]].concat());
    assert_eq!(status, 200, "{body}");
    let refresh = string(&body, "refresh_token");
    let (status, body) = bench.token(&[("grant_type", "refresh_token"), ("client_id", PLATFORM_CLI), ("refresh_token", &refresh)]);
    assert_eq!(status, 200, "{body}");
    assert!(text(&bench.authorize(&[])).contains("Log in"), "other apps still need a person");
}

// Tokens.

#[test]
fn a_token_answer_is_salesforces() {
    let mut bench = Bench::auto();
    let code = bench.code(&[("scope", "refresh_token web openid api id full"), ("nonce", "n-1")]);
    let response = bench.browse(
        "POST",
        "/services/oauth2/token",
        &[
            ("grant_type", "authorization_code"),
            ("client_id", TEST_CLIENT_ID),
            ("client_secret", TEST_CLIENT_SECRET),
            ("redirect_uri", CALLBACK),
            ("code", &code),
        ],
    );
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json;charset=UTF-8");
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    let body: Json = serde_json::from_slice(response.body()).unwrap();
    let id = format!("{HERE}/id/{}/{}", bench.org.organization(), bench.admin());
    assert_eq!(body["id"], id.as_str());
    assert_eq!(body["issued_at"], NOW.to_string().as_str());
    assert_eq!(body["instance_url"], HERE);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["scope"], "refresh_token web openid api id full");
    assert_eq!(string(&body, "signature"), STANDARD.encode(hmac(TEST_CLIENT_SECRET.as_bytes(), format!("{id}{NOW}").as_bytes())));
    assert!(body.get("expires_in").is_none());
    let token = string(&body, "access_token");
    assert!(token.starts_with(&format!("{}!", bench.org.organization().short())) && token.starts_with("00D"));
    let claims = string(&body, "id_token");
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims.split('.').nth(1).unwrap()).unwrap();
    let claims: Json = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["sub"].as_str(), claims["aud"].as_str(), claims["nonce"].as_str()), (Some(&*id), Some(TEST_CLIENT_ID), Some("n-1")));
}

#[test]
fn scopes_decide_which_tokens_there_are() {
    let mut bench = Bench::auto();
    let code = bench.code(&[("scope", "api")]);
    let (_, body) = bench.exchange(&code, &[]);
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());
    let code = bench.code(&[("scope", "openid offline_access")]);
    let (_, body) = bench.exchange(&code, &[]);
    assert!(body.get("refresh_token").is_some() && body.get("id_token").is_some());
    let refused = bench.auth.session(NOW, body["access_token"].as_str().unwrap()).unwrap_err();
    assert_eq!((refused.status, refused.message.as_str()), (401, "This session is not valid for use with the REST API"));
}

#[test]
fn key_and_secret_may_come_by_basic_authorization_alone() {
    let mut bench = Bench::auto();
    let code = bench.code(&[]);
    let body = super::form::encode([("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", code.as_str())]);
    let mut with = |authorization: String| {
        let request = Request::post("/services/oauth2/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, authorization)
            .body(body.clone().into_bytes());
        let response = bench.ask(request.unwrap());
        (response.status().as_u16(), serde_json::from_slice::<Json>(response.body()).unwrap())
    };
    assert_eq!(with("Basic ???".to_owned()).1["error"], "invalid_basic_auth_header");
    assert_eq!(
        with(format!("Basic {}", STANDARD.encode(format!("{TEST_CLIENT_ID}:wrong")))),
        error("invalid_client", "invalid client credentials")
    );
    assert_eq!(with(format!("Basic {}", STANDARD.encode(format!("{TEST_CLIENT_ID}:{TEST_CLIENT_SECRET}")))).0, 200);
}

#[test]
fn each_wrong_token_request_has_its_own_error() {
    let mut bench = Bench::auto();
    let code = bench.code(&[]);
    for (more, expected) in [
        (("client_id", "nobody"), error("invalid_client_id", "client identifier invalid")),
        (("client_id", ""), error("invalid_request", "missing required parameter: client_id")),
        (("client_secret", "wrong"), error("invalid_client", "invalid client credentials")),
        (("client_secret", ""), error("invalid_client", "invalid client credentials")),
        (("redirect_uri", "http://localhost:8080/other"), error("redirect_uri_mismatch", "redirect_uri must match configuration")),
        (("redirect_uri", ""), error("invalid_request", "missing required parameter: redirect_uri")),
        (("code", ""), error("invalid_request", "missing required parameter: code")),
        (("code", "aPrxNobody=="), error("invalid_grant", "Invalid authorization code.")),
        (("grant_type", "password"), error("unsupported_grant_type", "grant type not supported")),
        (("grant_type", ""), error("invalid_request", "grant type is missing")),
        (("code_verifier", "unasked"), error("invalid_grant", "missing code challenge")),
    ] {
        assert_eq!(bench.exchange(&code, &[more]), expected, "{more:?}");
    }
    assert_eq!(bench.token(&[("grant_type", "a"), ("grant_type", "a")]), error("invalid_request", "duplicate parameter: grant_type"));
    let get = bench.get("/services/oauth2/token?grant_type=refresh_token", None);
    assert!(get.status() == 400 && text(&get).contains("must use POST"));
    assert_eq!(bench.exchange(&code, &[]).0, 200, "none of these used the code up");
}

#[test]
fn a_body_that_is_no_form_has_no_grant_type() {
    let mut bench = Bench::auto();
    let request = Request::post("/services/oauth2/token").header(header::CONTENT_TYPE, "application/json");
    let response = bench.ask(request.body(br#"{"grant_type":"refresh_token"}"#.to_vec()).unwrap());
    assert!(text(&response).contains("grant type is missing"));
}

#[test]
fn a_code_is_good_once_and_for_fifteen_minutes() {
    let mut bench = Bench::auto();
    let code = bench.code(&[]);
    let (status, body) = bench.exchange(&code, &[]);
    assert_eq!(status, 200);
    assert_eq!(bench.exchange(&code, &[]), error("invalid_grant", "expired authorization code"));
    assert!(bench.alive(body["access_token"].as_str().unwrap()));
    bench.auth.knobs_mut().code_replay_revokes = true;
    assert_eq!(bench.exchange(&code, &[]).0, 400);
    assert!(!bench.alive(body["access_token"].as_str().unwrap()));
    let code = bench.code(&[]);
    bench.now += 15 * 60 * 1000;
    assert_eq!(bench.exchange(&code, &[]), error("invalid_grant", "expired authorization code"));
    bench.now -= 1;
    assert_eq!(bench.exchange(&code, &[]).0, 200);
}

#[test]
fn a_code_belongs_to_its_app() {
    let mut bench = Bench::auto();
    bench.auth.put_app(App { client_id: "other".to_owned(), client_secret: Some("s".to_owned()), ..App::test() });
    let code = bench.code(&[]);
    assert_eq!(
        bench.exchange(&code, &[("client_id", "other"), ("client_secret", "s")]),
        error("invalid_grant", "Invalid authorization code.")
    );
    let (_, refresh) = bench.connect();
    let stolen =
        bench.token(&[("grant_type", "refresh_token"), ("client_id", "other"), ("client_secret", "s"), ("refresh_token", &refresh)]);
    assert_eq!(stolen, error("invalid_grant", "expired access/refresh token"));
    assert_eq!(bench.refresh(&refresh).0, 200);
}

#[test]
fn pkce_is_checked_with_and_without_a_method() {
    let mut bench = Bench::auto();
    let challenge = challenge_of("right");
    for method in ["", "S256"] {
        let code = bench.code(&[("code_challenge", &challenge), ("code_challenge_method", method)]);
        assert_eq!(bench.exchange(&code, &[]).1["error"], "invalid_grant");
        assert_eq!(bench.exchange(&code, &[("code_verifier", "wrong")]).1["error"], "invalid_request");
        assert_eq!(bench.exchange(&code, &[("code_verifier", "right")]).0, 200);
    }
}

#[test]
fn the_secret_is_needed_only_where_the_app_says_so() {
    let mut bench = Bench::auto();
    let app = bench.auth.app_mut(TEST_CLIENT_ID).unwrap();
    app.require_secret_for_web_flow = false;
    let code = bench.code(&[]);
    let (status, body) = bench.exchange(&code, &[("client_secret", "")]);
    assert_eq!(status, 200);
    let refresh = string(&body, "refresh_token");
    let form = [("grant_type", "refresh_token"), ("client_id", TEST_CLIENT_ID), ("refresh_token", refresh.as_str())];
    assert_eq!(bench.token(&form), error("invalid_client", "invalid client credentials"));
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().require_secret_for_refresh_flow = false;
    assert_eq!(bench.token(&form).0, 200);
}

// Refreshing.

#[test]
fn a_refresh_gives_a_new_session_and_no_refresh_token() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    bench.now += 10;
    bench.auth.knobs_mut().instance_url = Some("https://moved.my.salesforce.com".to_owned());
    let (status, body) = bench.refresh(&refresh);
    assert_eq!(status, 200);
    assert!(body.get("refresh_token").is_none());
    assert_ne!(string(&body, "access_token"), access);
    assert_eq!(body["instance_url"], "https://moved.my.salesforce.com");
    assert_eq!(body["issued_at"], (NOW + 10).to_string().as_str());
    assert_eq!(bench.refresh(&refresh).0, 200, "it is good again and again");
}

#[test]
fn a_rotated_refresh_token_that_comes_back_ends_all_its_kin() {
    let mut bench = Bench::auto();
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().rotate_refresh_tokens = true;
    let (_, first) = bench.connect();
    let (_, others) = bench.connect();
    let (_, body) = bench.refresh(&first);
    let (second, access) = (string(&body, "refresh_token"), string(&body, "access_token"));
    assert_ne!(first, second);
    assert_eq!(bench.refresh(&first), error("invalid_grant", "expired access/refresh token"));
    assert_eq!(bench.refresh(&second), error("invalid_grant", "expired access/refresh token"));
    assert!(!bench.alive(&access));
    assert_eq!(bench.refresh(&others).0, 200, "another approval lives on");
}

#[test]
fn refresh_tokens_end_by_the_apps_policy() {
    let mut bench = Bench::auto();
    let set = |bench: &mut Bench, policy| bench.auth.app_mut(TEST_CLIENT_ID).unwrap().refresh_policy = policy;
    set(&mut bench, RefreshPolicy::ExpireAtOnce);
    let (access, refresh) = bench.connect();
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "expired access/refresh token"));
    assert!(bench.alive(&access));
    set(&mut bench, RefreshPolicy::AfterMs(1000));
    bench.now += 999;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 1;
    assert_eq!(bench.refresh(&refresh).0, 400);
    set(&mut bench, RefreshPolicy::AfterUnusedMs(1000));
    bench.now += 998;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 999;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 1000;
    assert_eq!(bench.refresh(&refresh).0, 400);
}

#[test]
fn the_sixth_approval_revokes_the_oldest() {
    let mut bench = Bench::auto();
    let tokens: Vec<(String, String)> = (0..5).map(|_| bench.connect()).collect();
    assert_eq!(bench.refresh(&tokens[0].1).0, 200);
    bench.connect();
    assert_eq!(bench.refresh(&tokens[0].1), error("invalid_grant", "expired access/refresh token"));
    assert!(!bench.alive(&tokens[0].0));
    assert_eq!(bench.refresh(&tokens[1].1).0, 200);
    assert_eq!(bench.auth.approvals().len(), 5);
    bench.auth.knobs_mut().approvals = None;
    bench.connect();
    assert_eq!(bench.auth.approvals().len(), 6);
}

// Sessions.

#[test]
fn a_session_ends_after_two_hours_without_use() {
    let mut bench = Bench::auto();
    let (access, _) = bench.connect();
    bench.now += SESSION_MS - 1;
    assert!(bench.alive(&access));
    bench.now += SESSION_MS - 1;
    assert!(bench.alive(&access), "use makes it live on");
    bench.now += SESSION_MS;
    let refused = bench.auth.session(bench.now, &access).unwrap_err();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.to_json(), json!({ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }));
    let admin = bench.admin();
    let granted = bench.auth.grant(&bench.org, bench.now, admin);
    bench.auth.knobs_mut().use_prolongs = false;
    bench.now += SESSION_MS - 1;
    assert!(bench.alive(&granted));
    bench.now += 1;
    assert!(!bench.alive(&granted));
}

#[test]
fn a_token_that_was_not_issued_is_refused() {
    let mut bench = Bench::new();
    let admin = bench.admin();
    let token = bench.auth.grant(&bench.org, NOW, admin);
    assert!(bench.alive(&token));
    for bad in ["", "x", &token[..token.len() - 1], &format!("{token}A"), &token.to_lowercase()] {
        assert!(!bench.alive(bad), "{bad}");
    }
    let of = |text: &str| http::HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().unwrap())]);
    assert!(bench.auth.session_of(NOW, &of(&format!("Bearer {token}"))).is_ok());
    assert!(bench.auth.session_of(NOW, &of(&format!("OAuth {token}"))).is_ok());
    assert_eq!(bench.auth.session_of(NOW, &of(&format!("Basic {token}"))).unwrap_err().code, "INVALID_AUTH_HEADER");
    assert_eq!(bench.auth.session_of(NOW, &http::HeaderMap::new()).unwrap_err().code, "INVALID_SESSION_ID");
}

#[test]
fn knobs_end_sessions_and_refresh_tokens_apart() {
    let mut bench = Bench::auto();
    let ((one, refresh), (other, _)) = (bench.connect(), bench.connect());
    assert!(bench.auth.expire(&one) && !bench.auth.expire(&one));
    assert!(!bench.alive(&one) && bench.alive(&other));
    assert_eq!(bench.refresh(&refresh).0, 200);
    assert_eq!(bench.auth.expire_all(None), 2);
    assert!(!bench.alive(&other));
    assert_eq!(bench.auth.kill_refresh_tokens(None), 2);
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "expired access/refresh token"));
}

#[test]
fn a_user_who_was_deactivated_is_out_everywhere() {
    let mut bench = Bench::new();
    let admin = bench.admin();
    let user = bench.org.put_user(NOW, "Ida", "Leaver", "ida@fake.example", Some("Standard User"), None).unwrap();
    bench.auth.knobs_mut().auto_approve = Some("ida@fake.example".to_owned());
    let (access, refresh) = bench.connect();
    let code = bench.code(&[]);
    let headers = http::HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {access}").parse().unwrap())]);
    assert_eq!(bench.auth.session_in(&bench.org, NOW, &headers).unwrap().user, user);
    bench.org.amend(NOW, user, &[("IsActive", crate::value::Value::Boolean(false))]).unwrap();
    assert_eq!(bench.auth.session_in(&bench.org, NOW, &headers).unwrap_err().code, "INVALID_SESSION_ID");
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "inactive user"));
    assert_eq!(bench.exchange(&code, &[]), error("invalid_grant", "inactive user"));
    assert_eq!(bench.get("/services/oauth2/userinfo", Some(&access)).status(), 403);
    let page = text(&bench.authorize(&[]));
    assert!(page.contains("Log in") && !page.contains("ida@fake.example"), "and nobody approves in that name");
    let response = sign_in(&mut bench, &page, "ida@fake.example");
    assert!(text(&response).contains("check your username"));
    let other = bench.auth.grant(&bench.org, NOW, admin);
    let body = text(&bench.get(&format!("/id/{}/{user}", bench.org.organization()), Some(&other)));
    assert_eq!(body, "Inactive");
}

#[test]
fn hostile_requests_are_refused_in_time() {
    let mut bench = Bench::new();
    let many: String = (0..300_000).map(|at| format!("p{at}=%ff&")).collect();
    for (uri, body) in [
        ("/services/oauth2/token", many.clone().into_bytes()),
        ("/services/oauth2/token", vec![0xff; 1_000_000]),
        ("/services/oauth2/authorize", many.into_bytes()),
        ("/login", b"csrf=x&un=%00".to_vec()),
        ("/services/Soap/u/50.0", "<login><".repeat(200_000).into_bytes()),
        ("/services/Soap/u/50.0", b"<login>".to_vec()),
        ("/setup/secur/RemoteAccessAuthorizationPage.apexp", b"decision=allow".to_vec()),
    ] {
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, "sid=;;=;BrowserId");
        let response = bench.ask(request.body(body).unwrap());
        assert!(response.status().as_u16() >= 200 && response.status() != 302, "{uri}: {}", response.status());
        assert!(bench.auth.approvals().is_empty());
    }
    for (method, uri, status) in [
        ("DELETE", "/services/oauth2/authorize", 405),
        ("PUT", "/services/oauth2/token", 400),
        ("DELETE", "/login", 405),
        ("GET", "/id/x", 403),
    ] {
        let response = bench.ask(Request::builder().method(method).uri(uri).body(Vec::new()).unwrap());
        assert_eq!(response.status(), status, "{method} {uri}");
    }
}

#[test]
fn sessions_can_be_refused_though_their_tokens_are_good() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    for (refused, status, code, message) in [
        (RefusedSessions::NotForRest, 401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
        (RefusedSessions::NotAttachedToAgent, 401, "INVALID_SESSION_ID", "Connected app is not attached to Agent"),
        (RefusedSessions::DisabledForOrg, 403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
        (RefusedSessions::DisabledForUser, 403, "API_CURRENTLY_DISABLED", "API is disabled for this User"),
    ] {
        bench.auth.knobs_mut().refused_sessions = Some(refused);
        let error = bench.auth.session(NOW, &access).unwrap_err();
        assert_eq!((error.status, error.code, error.message.as_str()), (status, code, message));
        assert_eq!(bench.refresh(&refresh).0, 200, "refreshing works and does not help");
    }
}

#[test]
fn the_next_answers_can_be_any_error() {
    let mut bench = Bench::auto();
    let (_, refresh) = bench.connect();
    let busy =
        |endpoint, status| NextError { endpoint, error: "server_error".to_owned(), description: "busy".to_owned(), status, times: 1 };
    bench.auth.next_error(busy(Endpoint::Refresh, 503));
    let code = bench.code(&[]);
    assert_eq!(bench.exchange(&code, &[]).0, 200, "it stands before another endpoint");
    assert_eq!(bench.refresh(&refresh), (503, json!({ "error": "server_error", "error_description": "busy" })));
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.auth.next_error(busy(Endpoint::Authorize, 302));
    assert_eq!(Bench::callback(&bench.authorize(&[])).get("error"), Some("server_error"));
    bench.auth.next_error(busy(Endpoint::Authorize, 500));
    assert_eq!(bench.authorize(&[]).status(), 500);
    assert_eq!(bench.authorize(&[]).status(), 302);
    bench.auth.knobs_mut().ip_restricted = true;
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "ip restricted"));
    bench.auth.knobs_mut().organization_inactive = true;
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "inactive organization"));
}

#[test]
fn lists_show_no_secret() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    let shown = serde_json::to_string(&(bench.auth.apps(), bench.auth.approvals(), bench.auth.sessions(&bench.org, bench.now))).unwrap();
    for secret in [TEST_CLIENT_SECRET, &access, &refresh] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains(&admin_name(&bench)) && shown.contains("\"alive\":true"));
}

// Revoke, introspect, userinfo, identity.

#[test]
fn revoking_a_refresh_token_kills_its_sessions() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    let response = bench.browse("POST", "/services/oauth2/revoke", &[("token", &refresh)]);
    assert!(response.status() == 200 && response.body().is_empty());
    assert!(!bench.alive(&access));
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "expired access/refresh token"));
    let again = bench.browse("POST", "/services/oauth2/revoke", &[("token", &refresh)]);
    assert!(again.status() == 400 && text(&again).contains("invalid_token"));
}

#[test]
fn revoking_a_session_leaves_its_refresh_token() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    let uri = format!("/services/oauth2/revoke?{}", super::form::encode([("token", access.as_str())]));
    assert_eq!(bench.get(&uri, None).status(), 200);
    assert!(!bench.alive(&access));
    assert_eq!(bench.refresh(&refresh).0, 200);
}

#[test]
fn revoke_refuses_what_is_no_token() {
    let mut bench = Bench::new();
    assert!(text(&bench.browse("POST", "/services/oauth2/revoke", &[])).contains("missing required parameter: token"));
    assert!(text(&bench.browse("POST", "/services/oauth2/revoke", &[("token", "x")])).contains("unsupported_token_type"));
    bench.auth.knobs_mut().revoke_errors = ErrorShape::Urlencoded;
    let form = Form::read(&text(&bench.browse("POST", "/services/oauth2/revoke", &[("token", "x")])));
    assert_eq!(form.get("error"), Some("unsupported_token_type"));
}

#[test]
fn introspection_tells_of_living_tokens_of_the_same_app_alone() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    let ask = |bench: &mut Bench, token: &str, secret: &str| {
        let form = [("token", token), ("token_type_hint", "access_token"), ("client_id", TEST_CLIENT_ID), ("client_secret", secret)];
        let response = bench.browse("POST", "/services/oauth2/introspect", &form);
        serde_json::from_slice::<Json>(response.body()).unwrap()
    };
    let body = ask(&mut bench, &access, TEST_CLIENT_SECRET);
    assert_eq!(body["active"], true);
    assert_eq!(body["exp"].as_u64().unwrap() - body["iat"].as_u64().unwrap(), 7200);
    assert_eq!((&body["token_type"], &body["username"]), (&json!("access_token"), &json!(admin_name(&bench))));
    assert_eq!(ask(&mut bench, &refresh, TEST_CLIENT_SECRET)["token_type"], "refresh_token");
    assert_eq!(ask(&mut bench, &access, "wrong")["error"], "invalid_client");
    bench.auth.expire(&access);
    assert_eq!(ask(&mut bench, &access, TEST_CLIENT_SECRET), json!({ "active": false }));
}

#[test]
fn identity_and_userinfo_name_the_user() {
    let mut bench = Bench::auto();
    let (access, _) = bench.connect();
    let (organization, admin) = (bench.org.organization(), bench.admin());
    let url = format!("/id/{organization}/{admin}");
    let identity: Json = serde_json::from_slice(bench.get(&url, Some(&access)).body()).unwrap();
    assert_eq!(identity["id"], format!("{HERE}{url}").as_str());
    assert_eq!(
        (&identity["user_id"], &identity["asserted_user"], &identity["active"]),
        (&json!(admin.to_string()), &json!(true), &json!(true))
    );
    assert_eq!(identity["urls"]["rest"], format!("{HERE}/services/data/v{{version}}/").as_str());
    let by_query =
        format!("/id/{}/{}?format=json&{}", organization.short(), admin.short(), super::form::encode([("oauth_token", access.as_str())]));
    assert_eq!(bench.get(&by_query, None).status(), 200);
    let info: Json = serde_json::from_slice(bench.get("/services/oauth2/userinfo", Some(&access)).body()).unwrap();
    assert_eq!((&info["organization_id"], &info["preferred_username"]), (&json!(organization.to_string()), &json!(admin_name(&bench))));
    assert_eq!(info["user_type"], "STANDARD");
}

#[test]
fn identity_refuses_with_a_word() {
    let mut bench = Bench::auto();
    let (access, _) = bench.connect();
    let (organization, admin) = (bench.org.organization(), bench.admin());
    for (uri, token, status, word) in [
        (format!("/id/{organization}/{admin}"), Some("bad"), 403, "Bad_OAuth_Token"),
        (format!("/id/{organization}/{admin}"), None, 403, "Missing_OAuth_Token"),
        ("/services/oauth2/userinfo".to_owned(), Some("bad"), 403, "Bad_OAuth_Token"),
        (format!("/id/{}/{admin}", Id::new("00D", 9999)), Some(access.as_str()), 403, "Wrong_Org"),
        (format!("/id/{organization}/{}", Id::new("005", 9999)), Some(access.as_str()), 404, "Bad_Id"),
        (format!("/id/{organization}"), Some(access.as_str()), 404, "Bad_Id"),
    ] {
        let response = bench.get(&uri, token);
        assert_eq!((response.status().as_u16(), text(&response).as_str()), (status, word), "{uri}");
    }
}

#[test]
fn the_login_host_tells_where_its_doors_are() {
    let mut bench = Bench::new();
    let body: Json = serde_json::from_slice(bench.get("/.well-known/openid-configuration", None).body()).unwrap();
    assert_eq!(body["token_endpoint"], format!("{HERE}/services/oauth2/token").as_str());
    let body: Json = serde_json::from_slice(bench.get("/.well-known/auth-configuration", None).body()).unwrap();
    assert_eq!(body["OrgId"], bench.org.organization().to_string().as_str());
    assert_eq!(bench.get("/services/oauth2/nothing", None).status(), 404);
    assert!(bench.auth.respond(&bench.org, NOW, HERE, &Request::get("/services/data").body(Vec::new()).unwrap()).is_none());
}

// Other ways in.

#[test]
fn client_credentials_run_as_the_apps_user() {
    let mut bench = Bench::new();
    let form = [("grant_type", "client_credentials"), ("client_id", TEST_CLIENT_ID), ("client_secret", TEST_CLIENT_SECRET)];
    let (status, body) = bench.token(&form);
    assert_eq!(status, 200, "{body}");
    assert!(body.get("refresh_token").is_none() && bench.alive(body["access_token"].as_str().unwrap()));
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().client_credentials_user = None;
    assert_eq!(bench.token(&form), error("invalid_grant", "no client credentials user enabled"));
}

#[test]
fn soap_login_opens_a_session_and_logout_ends_it() {
    let mut bench = Bench::new();
    let admin = admin_name(&bench);
    let call = |bench: &mut Bench, body: String| {
        let response =
            bench.ask(Request::post("/services/Soap/u/50.0").header(header::CONTENT_TYPE, "text/xml").body(body.into_bytes()).unwrap());
        (response.status().as_u16(), text(&response))
    };
    let login = |password: &str| {
        format!(
            "<se:Envelope><se:Body><login xmlns=\"urn:partner.soap.sforce.com\"><username>{admin}</username><password>{password}</password></login></se:Body></se:Envelope>"
        )
    };
    let (status, page) = call(&mut bench, login(PASSWORD));
    assert_eq!(status, 200);
    let between = |tag: &str| page.split_once(&format!("<{tag}>")).unwrap().1.split('<').next().unwrap().to_owned();
    assert!(between("serverUrl").starts_with(&format!("{HERE}/services/Soap/u/50.0/00D")));
    let session = between("sessionId");
    assert!(bench.alive(&session));
    let (status, fault) = call(&mut bench, login("wrong"));
    assert!(status == 500 && fault.contains("<faultcode>sf:INVALID_LOGIN</faultcode>"), "{fault}");
    let header = format!("<SessionHeader><sessionId>{session}</sessionId></SessionHeader>");
    assert_eq!(call(&mut bench, format!("{header}<logout/>")).0, 200);
    assert!(!bench.alive(&session));
    assert_eq!(call(&mut bench, "<create/>".to_owned()).0, 500);
}

#[test]
fn the_front_door_takes_a_session_and_leads_nowhere_else() {
    let mut bench = Bench::new();
    let admin = bench.admin();
    let token = bench.auth.grant(&bench.org, NOW, admin);
    let uri = |to: &str| format!("/secur/frontdoor.jsp?{}", super::form::encode([("sid", token.as_str()), ("retURL", to)]));
    assert_eq!(bench.get(&uri("/lightning"), None).headers()[header::LOCATION], "/lightning");
    assert_eq!(bench.get(&uri("//evil.example"), None).headers()[header::LOCATION], "/");
    let sid = bench.cookies.iter().find(|(name, _)| name == "sid").unwrap().1.clone();
    assert_eq!(bench.auth.session(NOW, &sid).unwrap_err().message, "This session is not valid for use with the REST API");
    assert_eq!(bench.get("/services/oauth2/userinfo", Some(&sid)).status(), 403);
}
