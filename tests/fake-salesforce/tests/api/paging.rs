//! Queries page by page, and what searches answer.

use serde_json::json;

use super::org::{Org, contact, encoded};

fn crowd(org: &mut Org, count: usize) {
    let ids: Vec<usize> = (0..count).collect();
    for chunk in ids.chunks(200) {
        let records: Vec<_> =
            chunk.iter().map(|n| json!({ "attributes": { "type": "Contact" }, "LastName": format!("Person {n:05}") })).collect();
        let told = org.json("POST", "composite/sobjects", &json!({ "records": records }));
        assert_eq!(told.json[0]["success"], true, "{}", told.text);
    }
}

#[test]
fn a_long_answer_comes_in_pages() {
    let mut org = Org::new();
    crowd(&mut org, 2_086);
    let first = org.query("SELECT Id, LastName FROM Contact ORDER BY LastName").json;
    assert_eq!((&first["totalSize"], &first["done"], first["records"].as_array().unwrap().len()), (&json!(2_086), &json!(false), 2_000));
    let next = first["nextRecordsUrl"].as_str().unwrap().to_owned();
    assert!(next.starts_with("/services/data/v66.0/query/0r8") && next.ends_with("-2000"), "{next}");
    let second = org.get(&next).json;
    assert_eq!((&second["done"], second["records"].as_array().unwrap().len()), (&json!(true), 86));
    assert!(second.get("nextRecordsUrl").is_none());
    assert_eq!(second["records"][85]["LastName"], "Person 02085");
    // A cursor can be asked again, until it is too old.
    assert_eq!(org.get(&next).status, 200);
    org.knob("close-cursors", json!(null));
    assert_eq!(org.get(&next).error(), (400, "INVALID_QUERY_LOCATOR"));
}

#[test]
fn pages_are_as_long_as_wished_within_limits() {
    let mut org = Org::new();
    crowd(&mut org, 450);
    for (wish, length) in [("batchSize=200", 200), ("batchSize=300", 300), ("batchSize=1", 200), ("batchSize=9999", 450), ("x", 450)] {
        let path = format!("query?q={}", encoded("SELECT Id FROM Contact"));
        let told = org.ask("GET", &path, &[("sforce-query-options", wish)], b"");
        assert_eq!(told.json["records"].as_array().unwrap().len(), length, "{wish}");
    }
    org.knob("page-size", json!(7));
    let mut path = format!("query?q={}", encoded("SELECT Id FROM Contact"));
    let mut seen = 0;
    loop {
        let page = org.get(&path).json;
        seen += page["records"].as_array().unwrap().len();
        match page["nextRecordsUrl"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, 450);
}

#[test]
fn a_cursor_grows_old_and_belongs_to_one_user() {
    let mut org = Org::new();
    crowd(&mut org, 10);
    org.knob("page-size", json!(5));
    let next = org.query("SELECT Id FROM Contact").json["nextRecordsUrl"].as_str().unwrap().to_owned();
    org.knob("cursor-life-ms", json!(1_000));
    org.now_ms += 999;
    assert_eq!(org.get(&next).status, 200);
    org.now_ms += 1;
    assert_eq!(org.get(&next).error(), (400, "INVALID_QUERY_LOCATOR"));
}

#[test]
fn a_count_has_no_records_and_columns_are_described() {
    let mut org = Org::new();
    crowd(&mut org, 3);
    assert_eq!(org.query("SELECT COUNT() FROM Contact").json, json!({ "totalSize": 3, "done": true, "records": [] }));
    let columns = org.get(&format!("query?q={}&columns=true", encoded("SELECT Id, Account.Name FROM Contact"))).json;
    assert_eq!(columns["columnMetadata"][0]["columnName"], "Id");
}

#[test]
fn searches_answer_in_one_flat_list_and_before_v37_in_a_bare_one() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    org.create("Lead", &json!({ "LastName": "Prospect", "Company": "Acme", "MobilePhone": "+1 (415) 555-0112" }));
    let text = "FIND {14155550112} IN PHONE FIELDS RETURNING Contact(Id, Name, Phone), Lead(Id, Name)";
    let told = org.search(text);
    assert_eq!(told.json["searchRecords"][0]["Id"], json!(id), "{}", told.text);
    assert_eq!(told.json["searchRecords"][1]["attributes"]["type"], "Lead");
    assert!(!told.header("queryid").is_empty());
    assert_eq!(org.search("FIND {99999} IN PHONE FIELDS RETURNING Contact(Id)").json, json!({ "searchRecords": [] }));
    let old = org.get(&format!("/services/data/v36.0/search/?q={}", encoded(text))).json;
    assert_eq!(old.as_array().map(Vec::len), Some(2));
    // "+" is a blank, too.
    let plus = text.replace(' ', "+").replace('{', "%7B").replace('}', "%7D");
    assert_eq!(org.get(&format!("search/?q={plus}")).json, told.json);
}

#[test]
fn a_search_with_parameters_is_the_same_by_get_and_by_post() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let by_get = org.get("parameterizedSearch/?q=14155550112&sobject=Contact&Contact.fields=id,name&Contact.limit=10&in=PHONE");
    assert_eq!(by_get.json["searchRecords"][0]["Id"], json!(id), "{}", by_get.text);
    let body = json!({ "q": "14155550112", "in": "PHONE", "sobjects": [{ "name": "Contact", "fields": ["id", "name"], "limit": 10 }] });
    let by_post = org.json("POST", "parameterizedSearch", &body);
    assert_eq!(by_post.json, by_get.json);
    let labelled =
        json!({ "q": "14155550112", "in": "PHONE", "metadata": "LABELS", "sobjects": [{ "name": "Contact", "fields": ["Phone"] }] });
    let labelled = org.json("POST", "parameterizedSearch", &labelled);
    assert_eq!(labelled.json["metadata"]["entityMetadata"][0]["fieldMetadata"][0]["label"], "Business Phone", "{}", labelled.text);
    assert!(by_post.json.get("metadata").is_none());
    let unknown = org.json("POST", "parameterizedSearch", &json!({ "q": "14155550112", "sobjects": [{ "name": "Nothing" }] }));
    assert_eq!(unknown.error(), (400, "INVALID_TYPE"));
    assert!(unknown.json[0]["message"].as_str().unwrap().starts_with("sObject type 'Nothing'"), "{}", unknown.text);
    assert_eq!(org.get("parameterizedSearch?q=x1&sobject=Contact&Contact.limit=many").error().0, 400);
}
