//! Client credentials, SOAP, the front door.

use super::*;

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
    let uri = |to: &str| format!("/secur/frontdoor.jsp?{}", encode([("sid", token.as_str()), ("retURL", to)]));
    assert_eq!(bench.get(&uri("/lightning"), None).headers()[header::LOCATION], "/lightning");
    assert_eq!(bench.get(&uri("//evil.example"), None).headers()[header::LOCATION], "/");
    let sid = bench.cookies.iter().find(|(name, _)| name == "sid").unwrap().1.clone();
    assert_eq!(bench.auth.session(NOW, &sid).unwrap_err().message, "This session is not valid for use with the REST API");
    assert_eq!(bench.get("/services/oauth2/userinfo", Some(&sid)).status(), 403);
}
