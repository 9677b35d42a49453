//! Revoke, introspect, userinfo, identity, and what the login host tells.

use super::*;

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
    let uri = format!("/services/oauth2/revoke?{}", encode([("token", access.as_str())]));
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
    let by_query = format!("/id/{}/{}?format=json&{}", organization.short(), admin.short(), encode([("oauth_token", access.as_str())]));
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
