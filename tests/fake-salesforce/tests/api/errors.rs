//! Refusals: each with Salesforce's own status and code.

use serde_json::json;

use super::org::{NOW, Org, Told, contact, encoded};

#[test]
fn every_wrong_request_has_its_error() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let row = format!("sobjects/Contact/{id}");
    let bad_check = format!("{}AAA", &id[..15]);
    let table: &[(&str, &str, &str, u16, &str)] = &[
        ("GET", "nothing", "", 404, "NOT_FOUND"),
        ("GET", "sobjects/Nothing", "", 404, "NOT_FOUND"),
        ("GET", "sobjects/Nothing/describe", "", 404, "NOT_FOUND"),
        ("GET", "sobjects/Contact/describe/layouts", "", 404, "NOT_FOUND"),
        ("GET", "query/0r8dM0000000001AAA-2000", "", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "query/nonsense", "", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "query", "", 400, "MALFORMED_QUERY"),
        ("GET", "query?q=", "", 400, "MALFORMED_QUERY"),
        ("GET", "query?q=SELECT+Id+FRM+Contact", "", 400, "MALFORMED_QUERY"),
        ("GET", "query?q=SELECT+Id+FROM+Nothing", "", 400, "INVALID_TYPE"),
        ("GET", "query?q=SELECT+Nothing+FROM+Contact", "", 400, "INVALID_FIELD"),
        ("GET", "search", "", 400, "MALFORMED_SEARCH"),
        ("GET", "search?q=FIND+415", "", 400, "MALFORMED_SEARCH"),
        ("GET", "sobjects/Contact/nonsense", "", 404, "NOT_FOUND"),
        ("GET", "sobjects/Contact/001dM0000000001AAA", "", 400, "MALFORMED_ID"),
        ("GET", "sobjects/Contact/003dM0000zzzzzz", "", 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Contact/003dM0000zzzzzz", "{}", 404, "INVALID_CROSS_REFERENCE_KEY"),
        ("DELETE", "sobjects/Contact/003dM0000zzzzzz", "", 404, "INVALID_CROSS_REFERENCE_KEY"),
        ("POST", "sobjects/Contact", "", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Contact", "{", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Contact", "[]", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Contact", "{}", 400, "REQUIRED_FIELD_MISSING"),
        ("POST", "sobjects/Contact", r#"{"LastName":"L","Nothing":1}"#, 400, "INVALID_FIELD"),
        ("POST", "sobjects/Contact", r#"{"LastName":"L","Id":"003dM0000000001"}"#, 400, "INVALID_FIELD"),
        ("POST", "sobjects/Nothing", r#"{"LastName":"L"}"#, 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Contact/Phone/415", r#"{"LastName":"L"}"#, 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Contact/Email/a@example.com", r#"{"LastName":"L","Email":"b"}"#, 400, "INVALID_FIELD"),
        ("PATCH", "sobjects/Contact/Email/a@example.com?updateOnly=true", r#"{"LastName":"L"}"#, 404, "NOT_FOUND"),
        ("GET", "sobjects/Contact/updated", "", 400, "MISSING_ARGUMENT"),
        ("GET", "sobjects/Contact/updated?start=yesterday&end=now", "", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "sobjects/Contact/deleted?start=2026-01-01T00:00:00Z&end=2026-11-22T00:00:00Z", "", 400, "INVALID_REPLICATION_DATE"),
        ("GET", "/services/data/v30.0/limits", "", 410, "GONE"),
        ("GET", "/services/data/v99.0/limits", "", 404, "NOT_FOUND"),
        ("GET", "/services/data/latest/limits", "", 404, "NOT_FOUND"),
        ("GET", "/services/apexrest/x", "", 404, "NOT_FOUND"),
    ];
    for (method, path, body, status, code) in table {
        let told = org.ask(method, path, &[("content-type", "application/json")], body.as_bytes());
        assert_eq!(told.error(), (*status, *code), "{method} {path} {body}: {}", told.text);
        assert!(told.json[0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", told.text);
    }
    for (bad, code) in [(bad_check.as_str(), "MALFORMED_ID"), ("001900K0001pPuOAAU", "MALFORMED_ID")] {
        let told = org.get(&format!("sobjects/Contact/{bad}"));
        assert_eq!(told.error(), (400, code));
        assert_eq!(told.json[0]["message"], format!("Contact ID: id value of incorrect type: {bad}"));
        assert_eq!(told.json[0]["fields"], json!(["Id"]));
    }
    assert_eq!(org.get(&row).status, 200);
}

#[test]
fn a_wrong_verb_is_told_the_right_ones() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    for (method, path, allowed) in [
        ("POST", "query", "HEAD,GET"),
        ("DELETE", "limits", "HEAD,GET"),
        ("PUT", "sobjects/Contact", "HEAD,GET,POST"),
        ("GET", "composite", "POST"),
        ("PUT", "composite/sobjects", "DELETE,PATCH,POST"),
        ("POST", &format!("sobjects/Contact/{id}"), "HEAD,GET,PATCH,DELETE"),
        ("POST", "/services/data", "HEAD,GET"),
        ("OPTIONS", "search", "HEAD,GET"),
    ] {
        let told = org.ask(method, path, &[("content-type", "application/json")], b"{}");
        assert_eq!(told.error(), (405, "METHOD_NOT_ALLOWED"), "{method} {path}");
        assert_eq!(told.json[0]["message"], format!("HTTP Method '{method}' not allowed. Allowed are {allowed}"));
        assert_eq!(told.header("allow"), allowed);
    }
}

#[test]
fn without_a_session_there_is_no_answer_but_the_versions() {
    let mut org = Org::new();
    let plain = |path: &str, authorization: Option<&str>| {
        let mut builder = http::Request::get(format!("http://org.test{path}"));
        if let Some(value) = authorization {
            builder = builder.header("authorization", value);
        }
        builder.body(Vec::new()).unwrap()
    };
    for (authorization, code) in [
        (None, "INVALID_SESSION_ID"),
        (Some("Bearer 00DdM0000000001!nonsense"), "INVALID_SESSION_ID"),
        (Some("Bearer "), "INVALID_SESSION_ID"),
        (Some("Basic YTpi"), "INVALID_AUTH_HEADER"),
    ] {
        for path in ["/services/data/v66.0", "/services/data/v66.0/limits", "/services/data/v66.0/query?q=x"] {
            let told = Told::of(org.send(plain(path, authorization)));
            assert_eq!(told.error(), (401, code), "{path} {authorization:?}");
            assert_eq!(told.header("sforce-limit-info"), "");
        }
    }
    let versions = Told::of(org.send(plain("/services/data/", None)));
    assert_eq!((versions.status, versions.json[0]["version"].as_str()), (200, Some("31.0")));
    assert_eq!(versions.json[35], json!({ "label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0" }));
    assert_eq!(versions.json.as_array().unwrap().last().unwrap()["version"], "67.0");
    assert!(versions.text.contains('\u{2019}'));
    assert_eq!(versions.header("sforce-limit-info"), "");
}

#[test]
fn bodies_of_another_type_are_refused() {
    let mut org = Org::new();
    for kind in ["application/xml", "text/plain", "application/x-www-form-urlencoded", ""] {
        let headers = [("content-type", kind)];
        let told = org.ask("POST", "sobjects/Contact", if kind.is_empty() { &[] } else { &headers }, br#"{"LastName":"L"}"#);
        assert_eq!(told.error(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
        assert!(told.json[0]["message"].as_str().unwrap().ends_with(kind));
    }
    for (accept, status) in [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/xhtml+xml, */*;q=0.8", 200),
        ("application/xml", 406),
        ("text/html", 406),
    ] {
        assert_eq!(org.ask("GET", "limits", &[("accept", accept)], b"").status, status, "{accept}");
    }
}

#[test]
fn addresses_and_headers_have_their_limits() {
    let mut org = Org::new();
    let long = format!("query?q={}", "x".repeat(17_000));
    assert_eq!(org.get(&long).status, 414);
    let value = "x".repeat(17_000);
    assert_eq!(org.ask("GET", "limits", &[("x-long", &value)], b"").status, 431);
    let nearly = format!("query?q={}", encoded(&format!("SELECT Id FROM Contact WHERE LastName = '{}'", "x".repeat(4_000))));
    assert_eq!(org.get(&nearly).status, 200);
}

#[test]
fn nothing_that_is_injected_leaves_its_place() {
    let mut org = Org::new();
    org.create("Contact", &contact());
    let id = org.create("Contact", &json!({ "LastName": "O'Neill\" OR 1=1 -- <script>", "Description": "'; DROP" }));
    let told = org.get(&format!("sobjects/Contact/{id}?fields=Id,LastName"));
    assert_eq!(told.json["LastName"], "O'Neill\" OR 1=1 -- <script>");
    // A field list that tries to become a query.
    for fields in ["Id FROM Lead", "Id,(SELECT Id FROM Tasks)", "Id' OR '1'='1", "COUNT()", "Id;Name", "*"] {
        let told = org.get(&format!("sobjects/Contact/{id}?fields={}", encoded(fields)));
        assert_eq!(told.error().0, 400, "{fields}: {}", told.text);
    }
    // An e-mail address that tries to be a condition.
    let told = org.get(&format!("sobjects/Contact/Email/{}", encoded("x' OR Email != '")));
    assert_eq!(told.error(), (404, "NOT_FOUND"));
    // A text that closes its quotes is a syntax error, not a condition.
    assert_eq!(org.query("SELECT Id FROM Contact WHERE LastName = 'x' OR 'a' = 'a'").error().1, "MALFORMED_QUERY");
    assert_eq!(org.query(r"SELECT Id FROM Contact WHERE LastName = 'x\' OR LastName != \''").json["totalSize"], 0);
    // Paths that climb, and bytes that are no text.
    for path in ["sobjects/../limits", "sobjects/Contact/..%2F..%2Flimits", "sobjects/%00", "sobjects/Contact/%FF"] {
        assert_eq!(org.get(path).error().0, 404, "{path}");
    }
    assert_eq!(org.get("query?q=%FF%FE").error().0, 400);
    // What a client says of itself goes nowhere it could do harm.
    let request = org.request("GET", "", &[("host", "evil.test/\"><script>")], b"");
    let told = Told::of(org.send(request));
    assert!(!told.text.contains("script"), "{}", told.text);
}

#[test]
fn sessions_end() {
    let mut org = Org::new();
    assert_eq!(org.knob("expire-access-tokens", json!(null)), 1);
    assert_eq!(org.get("limits").error(), (401, "INVALID_SESSION_ID"));
    org.token = org.knob("grant", json!("admin"))["access_token"].as_str().unwrap().to_owned();
    assert_eq!(org.get("limits").status, 200);
    org.now_ms = NOW + 3 * 60 * 60 * 1000;
    assert_eq!(org.get("limits").json[0]["message"], "Session expired or invalid");
}
