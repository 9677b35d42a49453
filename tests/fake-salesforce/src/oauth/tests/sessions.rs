//! Sessions, and the knobs that end or refuse them.

use super::*;

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
