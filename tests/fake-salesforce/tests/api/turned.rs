//! Each knob does what its documents say, and refuses what it does not know.

use crm_fake::{ControlError, CrmFake};
use serde_json::{Value as Json, json};

use super::org::{NOW, Org, contact};

#[test]
fn unknown_knobs_and_senseless_values_are_refused() {
    let mut org = Org::new();
    assert!(matches!(org.fake.knob(NOW, "colour", json!(1)), Err(ControlError::Unsupported(_))));
    let senseless: &[(&str, Json)] = &[
        ("quota", json!({ "lft": 1 })),
        ("quota", json!({ "max": 1, "left": 2 })),
        ("composite-graph-counts", json!("some")),
        ("instance-url", json!("elsewhere")),
        ("instance-url", json!("http://127.0.0.1:4712/")),
        ("oauth", json!({ "instance_url": "elsewhere" })),
        ("oauth", json!({ "auto_approve": "nobody" })),
        ("page-size", json!(0)),
        ("page-size", json!("many")),
        ("close-cursors", json!(true)),
        ("answer-next", json!({ "status": 99 })),
        ("answer-next", json!({ "status": 500, "times": 0 })),
        ("answer-next", json!({ "status": 500, "headers": { "a b": "c" } })),
        ("answer-next", json!({ "status": 500, "colour": 1 })),
        ("html-503", json!({ "long": true })),
        ("api-disabled", json!({ "bear": true })),
        ("limit-info-more", json!("a\nb")),
        ("expire-access-tokens", json!({ "user": "nobody" })),
        ("kill-refresh-tokens", json!({ "token": "x" })),
        ("auto-approve", json!("nobody")),
        ("rotate-refresh-tokens", json!("yes")),
        ("oauth", json!({ "colour": 1 })),
        ("app", json!({ "colour": 1 })),
        ("oauth-error-next", json!({ "endpoint": "nowhere", "error": "x" })),
        ("grant", json!("nobody")),
        ("phone-search", json!("loose")),
        ("duplicate-rule", json!({ "object": "Nothing", "mode": "alert", "by": ["phone"] })),
        ("duplicate-rule", json!({ "object": "Contact", "mode": "alert", "by": [] })),
        ("duplicate-key", json!("dup")),
        ("validation-rule", json!({ "object": "Task", "field": "Nothing", "when": "always", "message": "x" })),
        ("validation-rule", json!({ "object": "Task", "when": "empty", "message": "x" })),
        ("row-lock", json!({ "times": 0 })),
        ("row-lock", json!({ "object": "Nothing" })),
        ("row-lock", json!({ "message": "x" })),
        ("object-access", json!({ "object": "Nothing", "access": "read" })),
        ("hidden-field", json!({ "object": "Task", "field": "Nothing" })),
        ("private-objects", json!(["Nothing"])),
        ("lead-assignment", json!("nobody")),
        ("user", json!({ "user": "nobody" })),
        ("convert-lead", json!({ "lead": "nobody" })),
        ("person-accounts", json!(false)),
        ("organization", json!({ "Nothing": "x" })),
        ("id-of", json!("p-1")),
    ];
    for (name, value) in senseless {
        let refused = org.fake.knob(NOW, name, value.clone());
        assert!(matches!(refused, Err(ControlError::Invalid(_))), "{name} {value}: {refused:?}");
    }
    assert_eq!(org.get("limits").status, 200);
}

#[test]
fn answers_can_be_forced_before_a_route() {
    let mut org = Org::new();
    org.knob(
        "answer-next",
        json!({ "route": "query", "status": 500, "body": [{ "errorCode": "UNKNOWN_EXCEPTION", "message": "x" }], "times": 2 }),
    );
    org.knob(
        "answer-next",
        json!({ "route": "/services/oauth2", "method": "GET", "status": 429, "body": "slow down", "headers": { "retry-after": "7" } }),
    );
    assert_eq!(org.get("limits").status, 200);
    assert_eq!(org.get("queryAll?q=SELECT+Id+FROM+User").status, 200);
    for _ in 0..2 {
        assert_eq!(org.query("SELECT Id FROM User").error(), (500, "UNKNOWN_EXCEPTION"));
    }
    assert_eq!(org.query("SELECT Id FROM User").status, 200);
    let slow = org.get("/services/oauth2/userinfo");
    assert_eq!((slow.status, slow.header("retry-after"), slow.text.as_str()), (429, "7", "slow down"));
    org.knob("answer-next", json!({ "status": 502, "times": null }));
    assert_eq!((org.get("limits").status, org.get("/services/data").status), (502, 502));
    org.knob("answer-next", json!(null));
    assert_eq!(org.get("limits").status, 200);
}

#[test]
fn the_edge_sends_pages_and_the_org_says_when_it_is_busy() {
    let mut org = Org::new();
    org.knob("html-503", json!({ "times": 1 }));
    let page = org.get("limits");
    assert_eq!((page.status, page.header("content-type")), (503, "text/html;charset=UTF-8"));
    org.knob("server-unavailable", json!(null));
    assert_eq!(org.get("limits").error(), (503, "SERVER_UNAVAILABLE"));
    org.knob("concurrent-limit", json!({ "route": "query", "long": true }));
    let told = org.query("SELECT Id FROM User");
    assert_eq!(
        (told.error(), told.json[0]["message"].as_str()),
        ((403, "REQUEST_LIMIT_EXCEEDED"), Some("ConcurrentPerOrgLongTxn Limit exceeded."))
    );
    assert_eq!(org.query("SELECT Id FROM User").status, 200);
}

#[test]
fn an_edition_without_an_api_says_so_in_either_shape() {
    let mut org = Org::new();
    org.knob("api-disabled", json!({}));
    let told = org.get("limits");
    assert_eq!((told.error(), told.header("sforce-limit-info")), ((403, "API_DISABLED_FOR_ORG"), ""));
    org.knob("api-disabled", json!({ "code": "RESTAPINOTENABLED", "bare": true }));
    assert_eq!(org.get("limits").json["errorCode"], "RESTAPINOTENABLED");
    assert_eq!(org.get("/services/data").status, 200);
    org.knob("api-disabled", json!(null));
    assert_eq!(org.get("limits").status, 200);
}

#[test]
fn rules_locks_and_triggers_refuse_writes() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let path = format!("sobjects/Contact/{id}");
    let change = json!({ "Title": "x" });
    org.knob("validation-rule", json!({ "object": "Contact", "field": "Title", "when": { "contains": "x" }, "message": "No x here" }));
    let told = org.json("PATCH", &path, &change);
    assert_eq!((told.error().1, told.json[0]["message"].as_str()), ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Some("No x here")));
    org.knob("validation-rule", json!(null));
    org.knob("row-lock", json!({ "times": 1, "object": "Contact" }));
    assert_eq!(org.json("PATCH", &path, &change).error().1, "UNABLE_TO_LOCK_ROW");
    assert_eq!(org.json("PATCH", &path, &change).status, 204);
    org.knob("trigger-failure", json!({ "times": 1, "message": "MyTrigger: failed" }));
    assert_eq!(org.json("PATCH", &path, &change).error().1, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    org.knob("storage-full", json!(true));
    assert_eq!(org.json("POST", "sobjects/Contact", &contact()).error().1, "STORAGE_LIMIT_EXCEEDED");
    org.knob("storage-full", json!(false));
    org.knob("maintenance", json!(true));
    assert_eq!(org.json("POST", "sobjects/Contact", &contact()).error().1, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE");
}

#[test]
fn users_lose_and_gain_rights() {
    let mut org = Org::new();
    let bea =
        crm_fake::SeedUser { id: Some("u-1".to_owned()), name: "Bea Baker".to_owned(), email: "bea@example.com".to_owned(), active: true };
    org.fake.seed_users(NOW, vec![bea]).unwrap();
    let admins = org.token.clone();
    org.create("Contact", &contact());
    org.token = org.knob("grant", json!("u-1"))["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        org.query("SELECT PermissionsModifyAllData FROM UserPermissionAccess LIMIT 1").json["records"][0]["PermissionsModifyAllData"],
        false
    );
    // A contact without an account is its owner's alone.
    assert_eq!(org.count("Contact"), 0);
    org.knob("private-contacts", json!(false));
    assert_eq!(org.count("Contact"), 1);
    org.knob("private-objects", json!(["Contact"]));
    assert_eq!(org.count("Contact"), 0);
    org.knob("user", json!({ "user": "u-1", "admin": true }));
    assert_eq!(org.count("Contact"), 1);
    org.knob("object-access", json!({ "object": "Contact", "user": "u-1", "access": "none" }));
    assert_eq!(org.get("sobjects/Contact/describe").error(), (404, "NOT_FOUND"));
    assert_eq!(org.query("SELECT Id FROM Contact").error().1, "INVALID_TYPE");
    org.knob("hidden-field", json!({ "object": "Task", "field": "CallObject", "user": "u-1" }));
    assert_eq!(org.json("POST", "sobjects/Task", &json!({ "CallObject": "k" })).error().1, "INVALID_FIELD");
    let bea = std::mem::replace(&mut org.token, admins);
    let id = org.knob("id-of", json!("u-1"));
    org.knob("user", json!({ "user": "u-1", "active": false }));
    assert_eq!(org.json("POST", "sobjects/Task", &json!({ "OwnerId": id })).error().1, "INACTIVE_OWNER_OR_USER");
    // Who has left is signed out, too.
    org.token = bea;
    assert_eq!(org.get("limits").error(), (401, "INVALID_SESSION_ID"));
}

#[test]
fn leads_convert_and_persons_can_be_accounts() {
    let mut org = Org::new();
    let lead = org.create("Lead", &json!({ "LastName": "Prospect", "Company": "Acme", "Phone": "4155550112" }));
    let made = org.knob("convert-lead", json!({ "lead": lead }));
    assert_eq!(org.get(&format!("sobjects/Lead/{lead}")).json["ConvertedContactId"], made["contact"]);
    assert_eq!(org.json("PATCH", &format!("sobjects/Lead/{lead}"), &json!({ "Title": "x" })).error().1, "CANNOT_UPDATE_CONVERTED_LEAD");
    assert_eq!(org.query("SELECT IsPersonAccount FROM Account").error().1, "INVALID_FIELD");
    org.knob("person-accounts", json!(true));
    org.create("Account", &json!({ "LastName": "Person", "PersonMobilePhone": "4155550113" }));
    assert_eq!(org.count("Account WHERE IsPersonAccount = true"), 1);
    let persons: Vec<_> = org.fake.records().into_iter().filter(|record| record.last_name == "Person").collect();
    assert_eq!((persons.len(), persons[0].role), (1, crm_fake::Role::Person));
    org.knob("organization", json!({ "OrganizationType": "Professional Edition" }));
    assert_eq!(org.query("SELECT OrganizationType FROM Organization").json["records"][0]["OrganizationType"], "Professional Edition");
}

#[test]
fn phone_search_is_strict_or_lenient() {
    let mut org = Org::new();
    org.create("Contact", &json!({ "LastName": "London", "Phone": "+442079460958" }));
    let text = "FIND {79460958} IN PHONE FIELDS RETURNING Contact(Id)";
    assert_eq!(org.search(text).json["searchRecords"], json!([]));
    org.knob("phone-search", json!("lenient"));
    assert_eq!(org.search(text).json["searchRecords"].as_array().unwrap().len(), 1);
}

#[test]
fn signing_in_can_be_turned() {
    let mut org = Org::new();
    assert_eq!(org.knob("oauth", json!({ "access_token_ms": 60_000 }))["access_token_ms"], 60_000);
    org.knob("rotate-refresh-tokens", json!(true));
    let app = org.knob("app", json!({ "require_pkce": true }));
    assert_eq!((&app["rotate_refresh_tokens"], &app["require_pkce"], app.get("client_secret")), (&json!(true), &json!(true), None));
    org.knob("app", json!({ "client_id": "other", "client_secret": "s" }));
    org.knob("instance-url", json!("http://moved.test"));
    org.knob("oauth-error-next", json!({ "endpoint": "token", "error": "server_error", "status": 500 }));
    // The tests' own secret outlived the changes.
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        fake_salesforce::oauth::TEST_CLIENT_ID,
        fake_salesforce::oauth::TEST_CLIENT_SECRET
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(org.ask("POST", "/services/oauth2/token", &headers, form.as_bytes()).json["error"], "server_error");
    let told = org.ask("POST", "/services/oauth2/token", &headers, form.as_bytes());
    assert_eq!((told.status, &told.json["instance_url"]), (200, &json!("http://moved.test")), "{}", told.text);
    assert!(org.knob("sessions", json!(null)).as_array().is_some_and(|sessions| !sessions.is_empty()));
}
