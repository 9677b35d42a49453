//! The fake's side of the webhook protocol.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use crm_fake::{Answer, CrmFake, Fault, FaultKind, Operation, Outcome, Phone, Role, SeedRecord};
use http::Request;
use serde_json::{Value, json};
use webhook_fake::WebhookFake;

const NOW: u64 = 1_767_578_400_000;

fn get(fake: &mut WebhookFake, now_ms: u64, path: &str) -> (u16, Value) {
    told(fake.answer(now_ms, Request::get(path).body(Vec::new()).unwrap()))
}

fn post(fake: &mut WebhookFake, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json");
    fake.answer(NOW, request.body(body.to_string().into_bytes()).unwrap())
}

fn told(answer: Answer) -> (u16, Value) {
    let Outcome::Response(response) = answer.outcome else { panic!("no answer") };
    let text = String::from_utf8(response.body().clone()).unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn ada() -> SeedRecord {
    SeedRecord {
        name: Some("Ada <Sample>".to_owned()),
        company: Some("Sample & Daughters".to_owned()),
        phones: vec![Phone { label: "mobile".to_owned(), number: "+1 (555) 010-0199".to_owned() }],
        ..SeedRecord::new(Role::Person)
    }
}

fn draft(key: &str, number: &str) -> Value {
    let phones = json!([{ "label": "business", "number": number }]);
    json!({ "key": key, "record": { "role": "prospect", "last_name": "Example", "phones": phones } })
}

fn call(key: &str, record: &str) -> Value {
    json!({
        "key": key, "record": record, "subject": "Inbound call", "body": "by <1001>\nline two", "direction": "inbound",
        "outcome": "answered", "started_at": "2026-01-05T10:00:00.000+08:00", "talked_ms": 65_000, "from": "+15550100199",
        "to": "1001", "number": "+15550100199"
    })
}

#[test]
fn finds_by_any_form_of_a_number() {
    let mut fake = WebhookFake::new();
    fake.seed(NOW, vec![ada(), SeedRecord::new(Role::Person)]).unwrap();
    let (status, found) = get(&mut fake, NOW, "/records?number=5550100199&number=15550100199&limit=10");
    assert_eq!((status, &found["more"], found["records"].as_array().unwrap().len()), (200, &json!(false), 1));
    assert_eq!(found["records"][0]["phones"][0]["number"], "+1 (555) 010-0199");
    assert_eq!(found["records"][0]["changed_at"], "2026-01-05T02:00:00.000Z");
    assert_eq!(get(&mut fake, NOW, "/records?number=5550100199").1["records"], json!([]));
    assert_eq!(get(&mut fake, NOW, "/records?text=daughters&limit=5").1["records"][0]["id"], "1");
}

#[test]
fn limits_and_orders() {
    let mut fake = WebhookFake::new();
    let named = |name: &str| SeedRecord { name: Some(name.to_owned()), ..SeedRecord::new(Role::Person) };
    fake.seed(NOW, vec![named("Bob Example"), named("Example Ann"), named("Cid Example")]).unwrap();
    let (_, found) = get(&mut fake, NOW, "/records?text=example&limit=2");
    assert_eq!((&found["more"], &found["records"][0]["name"]), (&json!(true), &json!("Example Ann")));
}

#[test]
fn makes_a_record_once_per_key() {
    let mut fake = WebhookFake::new();
    let (status, made) = told(post(&mut fake, "/records", &draft("k1", "+15550100199")));
    assert_eq!((status, &made["record"]["id"]), (201, &json!("1")));
    let (status, again) = told(post(&mut fake, "/records", &draft("k1", "+15550100199")));
    assert_eq!((status, &again), (200, &made));
    let (status, twin) = told(post(&mut fake, "/records", &draft("k2", "1 555 010 0199")));
    assert_eq!((status, &twin), (409, &made));
    assert_eq!(get(&mut fake, NOW, "/records?key=k1").1["records"][0]["id"], "1");
    assert_eq!(get(&mut fake, NOW, "/records?key=k2").1["records"], json!([]));
    assert_eq!((fake.records().len(), fake.records()[0].key.as_deref()), (1, Some("k1")));
}

#[test]
fn writes_a_call_once_per_key() {
    let mut fake = WebhookFake::new();
    fake.seed(NOW, vec![ada()]).unwrap();
    let mut long = call("c3", "1");
    long["subject"] = "x".repeat(256).into();
    let calls = json!({ "calls": [call("c1", "1"), call("c2", "99"), long, call("c1", "1")] });
    let (_, answer) = told(post(&mut fake, "/calls", &calls));
    let results = &answer["results"];
    assert_eq!(results[0], json!({ "key": "c1", "status": "written", "id": "1" }));
    assert_eq!((&results[1]["status"], &results[1]["reason"]), (&json!("failed"), &json!("gone")));
    assert_eq!(results[2]["reason"], "invalid");
    assert_eq!(results[3], json!({ "key": "c1", "status": "was-there", "id": "1" }));
    assert_eq!(get(&mut fake, NOW, "/calls?key=c2&key=c1").1, json!({ "calls": [{ "key": "c1", "id": "1" }] }));
    let kept = fake.activities();
    assert_eq!((kept.len(), kept[0].started_at, kept[0].talked_ms), (1, Some(NOW), Some(65_000)));
}

#[test]
fn amends_a_call() {
    let mut fake = WebhookFake::new();
    fake.seed(NOW, vec![ada()]).unwrap();
    post(&mut fake, "/calls", &json!({ "calls": [call("c1", "1")] }));
    let changes = json!({ "amendments": [{ "key": "a1", "id": "1", "body": "new" }, { "key": "a2", "id": "9", "body": "" }] });
    for _ in 0..2 {
        let (_, answer) = told(post(&mut fake, "/calls/amend", &changes));
        assert_eq!(answer["results"][0], json!({ "key": "a1", "status": "amended" }));
        assert_eq!(answer["results"][1]["reason"], "gone");
    }
    assert_eq!((fake.activities()[0].body.as_str(), fake.activities()[0].subject.as_str()), ("new", "Inbound call"));
}

#[test]
fn the_index_lags_and_the_exact_check_does_not() {
    let mut fake = WebhookFake::new();
    fake.inject(Fault::always(FaultKind::SearchLag { ms: 60_000 })).unwrap();
    fake.seed(NOW, vec![SeedRecord { new: true, ..ada() }]).unwrap();
    let mut count = |now_ms, path: &str| get(&mut fake, now_ms, path).1["records"].as_array().unwrap().len();
    assert_eq!(count(NOW + 59_999, "/records?number=15550100199"), 0);
    assert_eq!(count(NOW + 59_999, "/records?text=ada"), 0);
    assert_eq!(count(NOW + 59_999, "/records?number=15550100199&exact=true"), 1);
    assert_eq!(count(NOW + 60_000, "/records?number=15550100199"), 1);
}

#[test]
fn a_lost_answer_does_not_undo_the_work() {
    let mut fake = WebhookFake::new();
    fake.inject(Fault::always(FaultKind::CutAfterCommit).times(1)).unwrap();
    assert!(matches!(post(&mut fake, "/records", &draft("k1", "+15550100199")).outcome, Outcome::Cut));
    assert_eq!(told(post(&mut fake, "/records", &draft("k1", "+15550100199"))).0, 200);
    fake.inject(Fault::always(FaultKind::Unreachable).on(&[Operation::Write])).unwrap();
    fake.clear_faults();
    let statuses: Vec<_> = fake.requests().iter().map(|request| (request.operation, request.status)).collect();
    assert_eq!(statuses, [(Operation::Create, None), (Operation::Create, Some(200))]);
}

#[test]
fn refuses_what_it_does_not_know() {
    let mut fake = WebhookFake::new();
    for (path, status) in [
        ("/records", 400),
        ("/records?number=+1555", 400),
        ("/records?number=1&colour=red", 400),
        ("/records?number=1&text=a", 400),
        ("/records?number=1&exact=yes", 400),
        ("/records?number=1&limit=0", 400),
        ("/records?key=a&key=b", 400),
        ("/calls", 400),
        ("/?x=1", 400),
        ("/contacts", 404),
        ("/calls/amend", 405),
    ] {
        let (got, answer) = get(&mut fake, NOW, path);
        assert_eq!(got, status, "{path}");
        assert!(answer["error"].is_string(), "{path}");
    }
    let mut stray = draft("k1", "1");
    stray["record"]["colour"] = "red".into();
    assert_eq!(told(post(&mut fake, "/records", &stray)).0, 400);
    let plain = Request::post("/records").body(draft("k1", "1").to_string().into_bytes()).unwrap();
    assert_eq!(fake.answer(NOW, plain).status(), Some(415));
    assert_eq!(told(post(&mut fake, "/calls", &json!({ "calls": vec![call("c", "1"); 201] }))).0, 400);
    assert!(fake.records().is_empty() && fake.activities().is_empty());
}

#[test]
fn shows_pages_to_people() {
    let mut fake = WebhookFake::new();
    fake.seed(NOW, vec![ada()]).unwrap();
    post(&mut fake, "/calls", &json!({ "calls": [call("c1", "1")] }));
    let list = Request::get("/").header("accept", "text/html,*/*").body(Vec::new()).unwrap();
    let (_, list) = told(fake.answer(NOW, list));
    assert!(list.as_str().unwrap().contains(r#"<a href="/records/1">Ada &lt;Sample&gt;</a>"#), "{list}");
    let (status, page) = get(&mut fake, NOW, "/records/1");
    let page = page.as_str().unwrap();
    assert_eq!(status, 200);
    assert!(page.contains(r#"<a href="tel:+15550100199">+1 (555) 010-0199</a>"#), "{page}");
    assert!(page.contains("by &lt;1001&gt;\nline two") && page.contains("65 s"), "{page}");
    assert!(!page.contains("<Sample>") && !page.contains("http://") && !page.contains("https://"));
    assert_eq!(get(&mut fake, NOW, "/records/9").0, 404);
    assert_eq!(get(&mut fake, NOW, "/").1["organisation"], "address-book");
}
