//! One row: made, read, changed, found by a key, deleted.

use serde_json::json;

use super::org::{NOW, Org, Told, contact};

#[test]
fn a_row_lives_from_creation_to_deletion() {
    let mut org = Org::new();
    let made = org.json("POST", "sobjects/contact/", &contact());
    assert_eq!(made.status, 201);
    let id = made.json["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json, json!({ "id": id, "success": true, "errors": [] }));
    assert_eq!((id.len(), &id[..3]), (18, "003"));
    assert_eq!(made.header("location"), format!("/services/data/v66.0/sobjects/Contact/{id}"));

    let read = org.get(&format!("sobjects/Contact/{id}/"));
    assert_eq!(read.json["attributes"], json!({ "type": "Contact", "url": format!("/services/data/v66.0/sobjects/Contact/{id}") }));
    assert_eq!((&read.json["Name"], &read.json["Id"]), (&json!("Ann Lee"), &json!(id)));
    assert_eq!(read.json["CreatedDate"], "2026-11-22T12:00:00.000+0000");
    assert_eq!(read.header("last-modified"), "Sun, 22 Nov 2026 12:00:00 GMT");
    assert!(read.header("etag").ends_with("--gzip\""));
    // The first 15 characters are enough.
    assert_eq!(org.get(&format!("sobjects/Contact/{}?fields=Id,Owner.Name", &id[..15])).json["Owner"]["Name"], "Ada Admin");

    let changed = org.json("PATCH", &format!("sobjects/Contact/{id}"), &json!({ "attributes": { "type": "Contact" }, "LastName": "Li" }));
    assert_eq!((changed.status, changed.text.as_str()), (204, ""));
    assert_eq!(org.get(&format!("sobjects/Contact/{id}?fields=Name")).json["Name"], "Ann Li");

    assert_eq!(org.ask("DELETE", &format!("sobjects/Contact/{id}"), &[], b"").status, 204);
    assert_eq!(org.get(&format!("sobjects/Contact/{id}")).error(), (404, "ENTITY_IS_DELETED"));
    assert_eq!(org.query("SELECT Id FROM Contact").json["totalSize"], 0);
    assert_eq!(org.get("queryAll?q=SELECT+Id+FROM+Contact").json["totalSize"], 1);
}

#[test]
fn clients_that_cannot_patch_say_so_in_a_post() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let told = org.json("POST", &format!("sobjects/Contact/{id}?_HttpMethod=PATCH"), &json!({ "LastName": "One" }));
    assert_eq!(told.status, 204);
    let headers = [("content-type", "application/json"), ("x-http-method-override", "PATCH")];
    let told = org.ask("POST", &format!("sobjects/Contact/{id}"), &headers, br#"{"Title":"Two"}"#);
    assert_eq!(told.status, 204);
    let row = org.get(&format!("sobjects/Contact/{id}")).json;
    assert_eq!((&row["LastName"], &row["Title"]), (&json!("One"), &json!("Two")));
}

#[test]
fn an_upsert_makes_changes_or_asks_which() {
    let mut org = Org::new();
    let path = "sobjects/Contact/Email/ann%2Btest@example.com";
    let made = org.json("PATCH", path, &json!({ "LastName": "Lee" }));
    let id = made.json["id"].clone();
    assert_eq!((made.status, &made.json["created"]), (201, &json!(true)));
    assert!(made.header("location").ends_with(id.as_str().unwrap()));
    let changed = org.json("PATCH", path, &json!({ "LastName": "Li" }));
    assert_eq!((changed.status, &changed.json["created"], &changed.json["id"]), (200, &json!(false), &id));
    assert_eq!(org.json("PATCH", &format!("/services/data/v45.0/{path}"), &json!({ "LastName": "Lo" })).status, 204);
    assert_eq!(org.get(path).json["LastName"], "Lo");
    org.create("Contact", &json!({ "LastName": "Twin", "Email": "ann+test@example.com" }));
    let several = org.json("PATCH", path, &json!({ "LastName": "Lu" }));
    assert_eq!((several.status, several.json.as_array().map(Vec::len)), (300, Some(2)));
    assert_eq!(several.json[0], format!("/services/data/v66.0/sobjects/Contact/{}", id.as_str().unwrap()));
    assert_eq!(org.count("Contact"), 2);
}

#[test]
fn answers_depend_on_the_age_of_a_row_if_the_client_wishes() {
    let mut org = Org::new();
    let id = org.create("Account", &json!({ "Name": "Acme" }));
    let path = format!("sobjects/Account/{id}");
    let (then, before) = ("Sun, 22 Nov 2026 12:00:00 GMT", "Sun, 22 Nov 2026 11:00:00 GMT");
    let tag = org.get(&path).header("etag").to_owned();
    for (name, value, status) in [
        ("if-modified-since", then, 304),
        ("if-modified-since", before, 200),
        ("if-unmodified-since", then, 200),
        ("if-unmodified-since", before, 412),
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "\"other\"", 200),
        ("if-match", tag.as_str(), 200),
        ("if-match", "\"other\"", 412),
    ] {
        assert_eq!(org.ask("GET", &path, &[(name, value)], b"").status, status, "{name}: {value}");
    }
    let headers = [("content-type", "application/json"), ("if-unmodified-since", before)];
    assert_eq!(org.ask("PATCH", &path, &headers, br#"{"Name":"X"}"#).error(), (412, "PRECONDITION_FAILED"));
    assert_eq!(org.get(&path).json["Name"], "Acme");
}

#[test]
fn what_changed_and_what_went_is_told_by_its_time() {
    let mut org = Org::new();
    let kept = org.create("Contact", &contact());
    let gone = org.create("Contact", &json!({ "LastName": "Gone" }));
    org.now_ms = NOW + 600_000;
    org.ask("DELETE", &format!("sobjects/Contact/{gone}"), &[], b"");
    org.now_ms = NOW + 3_600_000;
    let span = |start: &str| format!("?start={start}&end=2026-11-22T12:30:00%2B00:00");
    let updated = org.get(&format!("sobjects/Contact/updated/{}", span("2026-11-22T11:59:00+00:00")));
    assert_eq!(updated.json, json!({ "ids": [kept], "latestDateCovered": "2026-11-22T12:30:00.000+0000" }));
    let deleted = org.get(&format!("sobjects/Contact/deleted{}", span("2026-11-22T11:59:00Z")));
    assert_eq!(deleted.json["deletedRecords"], json!([{ "id": gone, "deletedDate": "2026-11-22T12:10:00.000+0000" }]));
    assert!(deleted.json["earliestDateAvailable"].is_string());
    assert_eq!(org.get(&format!("sobjects/Contact/updated/{}", span("2026-11-22T12:05:00Z"))).json["ids"], json!([]));
}

#[test]
fn objects_describe_themselves() {
    let mut org = Org::new();
    let root = org.get("").json;
    let user = org.fake.org.administrator();
    assert_eq!(root["identity"], format!("http://org.test/id/{}/{user}", org.fake.org.organization()));
    // What is named there is there.
    for (name, path) in root.as_object().unwrap() {
        if name != "identity" {
            assert_ne!(org.get(path.as_str().unwrap()).status, 404, "{name}");
        }
    }
    let list = org.get("sobjects/").json;
    let names: Vec<&str> = list["sobjects"].as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect();
    for name in ["Account", "Contact", "Lead", "Task", "User"] {
        assert!(names.contains(&name), "{name}");
        assert_eq!(org.get(&format!("sobjects/{}", name.to_lowercase())).json["objectDescribe"]["name"], name);
        let described = org.get(&format!("sobjects/{name}/describe/")).json;
        assert_eq!((described["name"].as_str(), described["fields"].is_array()), (Some(name), true));
    }
}

#[test]
fn a_duplicate_rule_is_told_and_overridden_as_the_header_wishes() {
    let mut org = Org::new();
    let known = org.create("Contact", &contact());
    org.knob("duplicate-rule", json!({ "object": "Contact", "mode": "alert", "by": ["phone"] }));
    let twin = json!({ "LastName": "Twin", "Phone": "(415) 555-0112 x1", "MobilePhone": "+1 415 555 0112" });
    let refused = org.json("POST", "sobjects/Contact", &twin);
    assert_eq!(refused.error(), (400, "DUPLICATES_DETECTED"));
    let matched = &refused.json[0]["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]["Id"];
    assert_eq!(matched, &json!(known), "{}", refused.text);
    org.knob("duplicate-key", json!("duplicateResult"));
    let refused = org.json("POST", "sobjects/Contact", &twin);
    assert!(refused.json[0]["duplicateResult"].is_object() && refused.json[0]["duplicateResut"].is_null());
    let headers = [("content-type", "application/json"), ("sforce-duplicate-rule-header", "allowSave=true; includeRecordDetails=true")];
    let body = twin.to_string();
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, body.as_bytes()).status, 201);
    org.knob("duplicate-rule", json!({ "object": "Contact", "mode": "block", "by": ["phone"] }));
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, body.as_bytes()).error().1, "DUPLICATES_DETECTED");
}

#[test]
fn a_head_request_has_the_headers_and_no_body() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let told = org.ask("HEAD", &format!("sobjects/Contact/{id}"), &[], b"");
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    assert!(!told.header("etag").is_empty());
    let missing = org.request("HEAD", "sobjects/Contact/003dM0000zzzzzz", &[], b"");
    assert_eq!(Told::of(org.send(missing)).status, 404);
}
