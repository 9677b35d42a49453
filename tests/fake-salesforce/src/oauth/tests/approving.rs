//! From an app's request to its code: the pages, and who is refused where.

use super::*;

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
