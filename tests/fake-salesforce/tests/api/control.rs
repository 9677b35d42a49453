//! The control side that is the same for every fake.

use crm_fake::{ControlError, CrmFake, Fault, FaultKind, Operation, Outcome, Phone, Role, SeedRecord, SeedUser};
use serde_json::json;

use super::org::{NOW, Org, Told, contact};

fn seed(id: &str, role: Role, name: &str) -> SeedRecord {
    SeedRecord { id: Some(id.to_owned()), name: Some(name.to_owned()), ..SeedRecord::new(role) }
}

fn phone(label: &str, number: &str) -> Phone {
    Phone { label: label.to_owned(), number: number.to_owned() }
}

#[test]
fn seeds_are_shown_by_the_names_that_the_test_gave_them() {
    let mut org = Org::new();
    let users = vec![
        SeedUser { id: Some("u-1".to_owned()), name: "Bea Baker".to_owned(), email: "bea@example.com".to_owned(), active: true },
        SeedUser { id: None, name: "Bob Baker".to_owned(), email: "bea@example.com".to_owned(), active: false },
    ];
    let users = org.fake.seed_users(NOW, users).unwrap();
    assert_eq!((users[0].as_str(), &users[1][..3]), ("u-1", "005"));
    let records = vec![
        SeedRecord {
            phones: vec![phone("business", "(415) 555-0112"), phone("mobile", "+44 20 7946 0958"), phone("fax", "415.555.0113")],
            emails: vec!["ann@example.com".to_owned()],
            company: Some("Acme".to_owned()),
            owner: Some("u-1".to_owned()),
            changed_at: Some(NOW - 5_000),
            ..seed("p-1", Role::Person, "Ann Mary Lee")
        },
        SeedRecord { company: Some("Bolt".to_owned()), ..seed("l-1", Role::Prospect, "Prospect") },
        SeedRecord { phones: vec![phone("other", "555 0100")], ..seed("o-1", Role::Organisation, "Crane") },
        SeedRecord { retired: true, ..seed("p-2", Role::Person, "Gone Girl") },
        SeedRecord { retired: true, ..seed("l-2", Role::Prospect, "Was Lead") },
    ];
    let ids = org.fake.seed(NOW, records).unwrap();
    assert_eq!(ids, ["p-1", "l-1", "o-1", "p-2", "l-2"]);
    let shown = org.fake.records();
    let names: Vec<(&str, Role, bool)> = shown.iter().map(|record| (record.id.as_str(), record.role, record.retired)).collect();
    // Acme was made for Ann alone; nobody seeded it.
    let expected = [("p-1", Role::Person, false), ("l-1", Role::Prospect, false), ("o-1", Role::Organisation, false)];
    assert_eq!(names[..3], expected);
    assert_eq!(names[3..], [("p-2", Role::Person, true), ("l-2", Role::Prospect, true)]);
    let ann = &shown[0];
    assert_eq!((ann.first_name.as_str(), ann.last_name.as_str(), ann.company.as_str()), ("Ann Mary", "Lee", "Acme"));
    assert_eq!((ann.owner.as_deref(), ann.changed_at, ann.phones.len()), (Some("u-1"), NOW - 5_000, 3));
    assert_eq!(ann.phones[1], phone("mobile", "+44 20 7946 0958"));
    assert_eq!((shown[1].company.as_str(), shown[4].company.as_str()), ("Bolt", ""));
    // The API knows them by Salesforce's ids.
    let id = org.knob("id-of", json!("p-1"));
    let row = org.get(&format!("sobjects/Contact/{}?fields=Name,Owner.Name,Account.Name", id.as_str().unwrap())).json;
    assert_eq!((&row["Owner"]["Name"], &row["Account"]["Name"]), (&json!("Bea Baker"), &json!("Acme")));
}

#[test]
fn seeds_that_cannot_be_stored_leave_nothing_behind() {
    let mut org = Org::new();
    let good = || seed("p-1", Role::Person, "Ann Lee");
    for bad in [
        good(),
        SeedRecord::new(Role::Person),
        SeedRecord { owner: Some("nobody".to_owned()), ..seed("p-9", Role::Person, "X") },
        SeedRecord { phones: vec![phone("pager", "1")], ..seed("p-9", Role::Person, "X") },
        SeedRecord { phones: vec![phone("fax", "1"), phone("fax", "2")], ..seed("p-9", Role::Person, "X") },
        SeedRecord { phones: vec![phone("home", &"1".repeat(41))], ..seed("p-9", Role::Person, "X") },
        SeedRecord { emails: vec!["a@example.com".to_owned(), "b@example.com".to_owned()], ..seed("p-9", Role::Person, "X") },
    ] {
        let refused = org.fake.seed(NOW, vec![good(), bad.clone()]);
        assert!(matches!(refused, Err(ControlError::Invalid(_))), "{bad:?}");
        assert!(org.fake.records().is_empty());
    }
    org.fake.seed(NOW, vec![good()]).unwrap();
    assert!(org.fake.seed(NOW, vec![good()]).is_err());
}

#[test]
fn tasks_are_activities() {
    let mut org = Org::new();
    org.fake.seed(NOW, vec![seed("p-1", Role::Person, "Ann Lee"), seed("o-1", Role::Organisation, "Acme")]).unwrap();
    let who = org.knob("id-of", json!("p-1"));
    let what = org.knob("id-of", json!("o-1"));
    let task = json!({
        "Subject": "Inbound call", "Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound", "CallDurationInSeconds": "65",
        "CallDisposition": "Answered", "CallObject": "key-1", "ActivityDate": "2026-11-21", "Description": "Hello", "WhoId": who,
    });
    org.create("task", &task);
    org.create("Task", &json!({ "Subject": "Other", "WhatId": what }));
    let activities = org.fake.activities();
    let call = &activities[0];
    assert_eq!((call.record.as_str(), call.key.as_deref(), call.talked_ms), ("p-1", Some("key-1"), Some(65_000)));
    assert_eq!((call.outcome.as_deref(), call.body.as_str()), (Some("answered"), "Hello"));
    assert_eq!(call.direction, Some(crm_fake::Direction::Inbound));
    assert_eq!(call.started_at, Some(NOW - 36 * 60 * 60 * 1000));
    assert_eq!((activities[1].record.as_str(), activities[1].started_at), ("o-1", Some(NOW)));
}

#[test]
fn faults_hit_the_operation_that_they_name() {
    let mut org = Org::new();
    org.fake.inject(Fault::always(FaultKind::CutAfterCommit).on(&[Operation::Write]).times(1)).unwrap();
    org.create("Contact", &contact());
    let task = json!({ "Subject": "Call", "CallObject": "k" }).to_string();
    let request = org.request("POST", "sobjects/Task", &[("content-type", "application/json")], task.as_bytes());
    assert!(matches!(org.send(request).outcome, Outcome::Cut));
    // The work was done, and cost a call.
    assert_eq!(org.count("Task WHERE CallObject = 'k'"), 1);
    let cut = org.fake.requests().into_iter().find(|request| request.operation == Operation::Write).unwrap();
    assert_eq!((cut.status, cut.cost), (None, 1));
}

#[test]
fn a_late_commit_is_seen_by_soql_only_when_it_is_due() {
    let mut org = Org::new();
    org.fake.inject(Fault::always(FaultKind::CommitAfterCut { ms: 15_000 }).on(&[Operation::Write]).times(1)).unwrap();
    let task = json!({ "Subject": "Call", "CallObject": "k" }).to_string();
    let request = org.request("POST", "sobjects/Task", &[("content-type", "application/json")], task.as_bytes());
    assert!(matches!(org.send(request).outcome, Outcome::Cut));
    for (after, found) in [(1_000, 0), (14_999, 0), (15_000, 1), (20_000, 1)] {
        org.now_ms = NOW + after;
        assert_eq!(org.count("Task WHERE CallObject = 'k'"), found, "after {after} ms");
    }
    assert_eq!(org.query("SELECT CreatedDate FROM Task").json["records"][0]["CreatedDate"], "2026-11-22T12:00:15.000+0000");
}

#[test]
fn a_search_lag_hides_new_rows_from_sosl_and_not_from_soql() {
    let mut org = Org::new();
    org.fake
        .seed(NOW, vec![SeedRecord { phones: vec![phone("business", "4155550112")], ..seed("p-1", Role::Person, "Old Hand") }])
        .unwrap();
    org.fake.inject(Fault::always(FaultKind::SearchLag { ms: 180_000 })).unwrap();
    org.now_ms = NOW + 1_000;
    org.create("Contact", &json!({ "LastName": "New", "Phone": "4155550112" }));
    let found = |org: &mut Org| {
        let told = org.search("FIND {4155550112} IN PHONE FIELDS RETURNING Contact(Id)");
        told.json["searchRecords"].as_array().unwrap_or_else(|| panic!("{}", told.text)).len()
    };
    assert_eq!(found(&mut org), 1);
    assert_eq!(org.query("SELECT Id FROM Contact WHERE Phone = '4155550112'").json["totalSize"], 2);
    org.now_ms = NOW + 182_000;
    assert_eq!(found(&mut org), 2);
    // The knob does the same and stays when the fault is gone.
    org.fake.clear_faults();
    org.knob("index-lag-ms", json!(600_000));
    assert_eq!(found(&mut org), 1);
}

#[test]
fn what_needs_no_work_does_none() {
    let mut org = Org::new();
    org.fake.inject(Fault::always(FaultKind::Status { status: 503, body: None, retry_after: None }).times(1)).unwrap();
    assert_eq!(org.get("limits").status, 503);
    org.fake.inject(Fault::always(FaultKind::Garbled).times(1)).unwrap();
    assert!(org.get("limits").text.starts_with("<!doctype html>"));
    org.fake.inject(Fault::always(FaultKind::ClockShift { ms: -3_600_000 })).unwrap();
    assert_eq!(org.get("limits").header("date"), "Sun, 22 Nov 2026 11:00:00 GMT");
}

#[test]
fn tokens_do_not_stand_in_the_log() {
    let mut org = Org::new();
    org.json("POST", "sobjects/Contact", &contact());
    let logged = org.fake.requests();
    let text = serde_json::to_string(&logged).unwrap();
    assert!(!text.contains(&org.token));
    assert!(logged[0].body.as_ref().unwrap().contains("ann@example.com"));
    assert!(logged[0].headers.as_ref().unwrap().contains(&("authorization".to_owned(), "Bearer (hidden)".to_owned())));
}

#[test]
fn the_same_requests_give_the_same_answers() {
    let play = || {
        let mut org = Org::new();
        let mut told = vec![org.token.clone()];
        for path in
            ["limits", "", "sobjects/Contact/describe", "query?q=SELECT+Id,Name+FROM+User", "nothing", "/", "/services/oauth2/userinfo"]
        {
            let Told { status, text, headers, .. } = org.get(path);
            told.push(format!("{status} {text} {headers:?}"));
        }
        told
    };
    assert_eq!(play(), play());
}
