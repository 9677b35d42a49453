//! The token endpoint: codes, secrets, PKCE.

use super::*;

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
    let body = encode([("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", code.as_str())]);
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
