//! Composite, batch, collections, tree.

use serde_json::{Value as Json, json};

use super::org::{Org, contact, encoded};

const V: &str = "/services/data/v66.0";

fn part(method: &str, path: &str, reference: &str, body: Json) -> Json {
    json!({ "method": method, "url": format!("{V}/{path}"), "referenceId": reference, "body": body })
}

fn composite(org: &mut Org, all_or_none: bool, parts: &[Json]) -> Json {
    let told = org.json("POST", "composite/", &json!({ "allOrNone": all_or_none, "compositeRequest": parts }));
    assert_eq!(told.status, 200, "{}", told.text);
    told.json["compositeResponse"].clone()
}

fn statuses(told: &Json) -> Vec<u64> {
    told.as_array().unwrap().iter().map(|part| part["httpStatusCode"].as_u64().unwrap()).collect()
}

#[test]
fn a_contact_and_its_call_are_one_request() {
    let mut org = Org::new();
    let query = format!("query?q={}", encoded("SELECT Id, Subject FROM Task WHERE WhoId = '")) + "@{c1.id}%27";
    let parts = [
        part("POST", "sobjects/Contact", "c1", contact()),
        part("POST", "sobjects/Task", "t1", json!({ "WhoId": "@{c1.id}", "Subject": "Call of @{c1.id}", "Status": "Completed" })),
        part("GET", &query, "q1", Json::Null),
        part("PATCH", "sobjects/Task/@{q1.records[0].Id}", "t2", json!({ "CallObject": "key-1" })),
    ];
    let told = composite(&mut org, true, &parts);
    assert_eq!(statuses(&told), [201, 201, 200, 204], "{told}");
    let id = told[0]["body"]["id"].as_str().unwrap();
    assert_eq!(told[0]["httpHeaders"]["Location"], format!("{V}/sobjects/Contact/{id}"));
    assert_eq!(told[2]["body"]["records"][0]["Subject"], format!("Call of {id}"));
    assert_eq!((&told[3]["body"], &told[3]["referenceId"]), (&Json::Null, &json!("t2")));
    assert_eq!(org.count("Task WHERE CallObject = 'key-1'"), 1);
}

#[test]
fn one_failure_undoes_all_if_all_or_none_are_wanted() {
    for (all_or_none, expected, rows) in [(true, [400, 400, 400], 0), (false, [201, 400, 201], 2)] {
        let mut org = Org::new();
        let parts = [
            part("POST", "sobjects/Contact", "a", json!({ "LastName": "Adam" })),
            part("POST", "sobjects/Contact", "b", json!({})),
            part("POST", "sobjects/Contact", "c", json!({ "LastName": "Carl" })),
        ];
        let told = composite(&mut org, all_or_none, &parts);
        assert_eq!(statuses(&told), expected);
        assert_eq!(told[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
        if all_or_none {
            let halted = "The transaction was rolled back since another operation in the same transaction failed.";
            assert_eq!(told[0]["body"], json!([{ "message": halted, "errorCode": "PROCESSING_HALTED" }]));
            assert_eq!(told[2]["body"][0]["errorCode"], "PROCESSING_HALTED");
        }
        assert_eq!(org.count("Contact"), rows);
        // What was undone is not in the index either.
        let found = org.search("FIND {Adam OR Carl} IN NAME FIELDS RETURNING Contact(Id)");
        assert_eq!(u64::try_from(found.json["searchRecords"].as_array().unwrap().len()).unwrap(), rows, "{}", found.text);
    }
}

#[test]
fn what_refers_to_a_failure_is_halted_and_the_rest_runs() {
    let mut org = Org::new();
    let parts = [
        part("POST", "sobjects/Contact", "bad", json!({})),
        part("POST", "sobjects/Task", "call", json!({ "WhoId": "@{bad.id}", "Subject": "Call" })),
        part("POST", "sobjects/Contact", "good", json!({ "LastName": "Lee" })),
        part("POST", "sobjects/Task", "early", json!({ "WhoId": "@{late.id}", "Subject": "Call" })),
        part("POST", "sobjects/Contact", "late", json!({ "LastName": "Late" })),
    ];
    let told = composite(&mut org, false, &parts);
    assert_eq!(statuses(&told), [400, 400, 201, 400, 201]);
    assert_eq!(told[1]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(told[3]["body"][0]["message"], "Invalid reference specified. No value for late.id found in late");
}

#[test]
fn a_composite_takes_no_search_and_not_too_much() {
    let mut org = Org::new();
    let told =
        composite(&mut org, false, &[part("GET", "search?q=FIND+%7BLee%7D", "s", Json::Null), part("GET", "limits", "l", Json::Null)]);
    assert_eq!(statuses(&told), [400, 400]);
    let many = |count: usize, path: &str| -> Vec<Json> { (0..count).map(|n| part("GET", path, &format!("r{n}"), Json::Null)).collect() };
    let query = format!("query?q={}", encoded("SELECT Id FROM User"));
    for (parts, status) in [
        (many(25, "sobjects"), 200),
        (many(26, "sobjects"), 400),
        (many(5, &query), 200),
        (many(6, &query), 400),
        (vec![part("GET", "sobjects", "same", Json::Null), part("GET", "sobjects", "same", Json::Null)], 400),
        (vec![part("GET", "sobjects", "not-a-name", Json::Null)], 400),
        (vec![json!({ "method": "GET", "referenceId": "r" })], 400),
        (vec![json!({ "method": "GET", "url": "/services/data/v66.0/sobjects", "referenceId": "r", "colour": 1 })], 400),
        (Vec::new(), 400),
    ] {
        let told = org.json("POST", "composite", &json!({ "compositeRequest": parts }));
        assert_eq!(told.status, status, "{}", told.text);
    }
    let named = org.json("POST", "composite", &json!({ "compositeRequest": [part("GET", "sobjects", "not-a-name", Json::Null)] }));
    let words = "Provided referenceId ('not-a-name') must start with a letter or a number";
    assert!(named.json[0]["message"].as_str().unwrap().starts_with(words), "{}", named.text);
}

#[test]
fn a_batch_runs_in_order_searches_too_and_halts_if_wished() {
    let mut org = Org::new();
    org.create("Contact", &contact());
    let search = format!("v66.0/search?q={}", encoded("FIND {14155550112} IN PHONE FIELDS RETURNING Contact(Id,Name)"));
    let requests = json!([
        { "method": "GET", "url": search },
        { "method": "GET", "url": "v66.0/sobjects/Nothing" },
        { "method": "POST", "url": "v66.0/sobjects/Contact", "richInput": { "LastName": "New" } },
    ]);
    let told = org.json("POST", "composite/batch", &json!({ "batchRequests": requests })).json;
    assert_eq!(told["hasErrors"], true);
    assert_eq!(told["results"][0]["result"]["searchRecords"][0]["Name"], "Ann Lee", "{told}");
    assert_eq!((&told["results"][1]["statusCode"], &told["results"][2]["statusCode"]), (&json!(404), &json!(201)));
    let told = org.json("POST", "composite/batch", &json!({ "haltOnError": true, "batchRequests": requests })).json;
    assert_eq!(told["results"][2]["statusCode"], 412);
    assert_eq!(told["results"][2]["result"][0]["errorCode"], "BATCH_PROCESSING_HALTED");
    // Two contacts from the first round, none from the second.
    assert_eq!(org.count("Contact"), 2);
    let nested = org.json("POST", "composite/batch", &json!({ "batchRequests": [{ "method": "POST", "url": "v66.0/composite" }] })).json;
    assert_eq!(nested["results"][0]["statusCode"], 400);
}

#[test]
fn collections_tell_of_each_row() {
    let mut org = Org::new();
    let task = |subject: &str| json!({ "attributes": { "type": "Task" }, "Subject": subject });
    let body = json!({ "records": [task("One"), { "attributes": { "type": "Contact" } }, task("Two"), { "Subject": "?" }] });
    let made = org.json("POST", "composite/sobjects", &body);
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!((&made.json[0]["success"], &made.json[1]["success"]), (&json!(true), &json!(false)));
    let error = &made.json[1]["errors"][0];
    assert_eq!((&error["statusCode"], &error["fields"]), (&json!("REQUIRED_FIELD_MISSING"), &json!(["LastName"])));
    assert!(made.json[1].get("id").is_none() && error.get("errorCode").is_none());
    assert_eq!(made.json[3]["errors"][0]["statusCode"], "INVALID_TYPE");
    let ids: Vec<String> = [0, 2].iter().map(|n: &usize| made.json[*n]["id"].as_str().unwrap().to_owned()).collect();

    let change = |id: &str| json!({ "attributes": { "type": "Task" }, "id": id, "Subject": "Changed" });
    let changed =
        org.json("PATCH", "composite/sobjects", &json!({ "allOrNone": true, "records": [change(&ids[0]), change("00TdM0000zzzzzz")] }));
    assert_eq!(changed.json[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK", "{}", changed.text);
    assert_eq!(changed.json[1]["success"], false);
    assert_eq!(org.count("Task WHERE Subject = 'Changed'"), 0);
    let changed = org.json("PATCH", "composite/sobjects", &json!({ "records": [change(&ids[0]), change(&ids[1])] }));
    assert_eq!(changed.json[1], json!({ "id": ids[1], "success": true, "errors": [] }));

    let read = org.get(&format!("composite/sobjects/Task?ids={},00TdM0000zzzzzz&fields=Id,Subject", ids[0]));
    assert_eq!((&read.json[0]["Subject"], &read.json[1]), (&json!("Changed"), &Json::Null));
    let read = org.json("POST", "composite/sobjects/Task", &json!({ "ids": ids, "fields": ["Subject", "Nothing"] }));
    assert_eq!(read.error(), (400, "INVALID_FIELD"));

    let gone = org.ask("DELETE", &format!("composite/sobjects?ids={},{}&allOrNone=true", ids[0], ids[1]), &[], b"");
    assert_eq!((&gone.json[0]["success"], &gone.json[1]["success"]), (&json!(true), &json!(true)));
    assert_eq!(org.count("Task"), 0);
}

#[test]
fn a_collection_refuses_an_unknown_type_by_its_name() {
    let mut org = Org::new();
    let told = org.json("POST", "composite/sobjects", &json!({ "records": [{ "attributes": { "type": "Nothing" }, "Name": "x" }] }));
    assert_eq!(told.json[0]["errors"][0]["statusCode"], "INVALID_TYPE", "{}", told.text);
    assert!(told.json[0]["errors"][0]["message"].as_str().unwrap().contains("'Nothing'"));
}

#[test]
fn collections_upsert_by_a_key() {
    let mut org = Org::new();
    org.create("Contact", &contact());
    let person = |email: &str| json!({ "attributes": { "type": "Contact" }, "LastName": "Li", "Email": email });
    let body = json!({ "records": [person("ann@example.com"), person("new@example.com"), { "attributes": { "type": "Contact" }, "LastName": "X" }] });
    let told = org.json("PATCH", "composite/sobjects/Contact/Email", &body);
    assert_eq!((&told.json[0]["created"], &told.json[1]["created"]), (&json!(false), &json!(true)), "{}", told.text);
    assert_eq!(told.json[2]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
    assert_eq!(org.count("Contact WHERE LastName = 'Li'"), 2);
    assert_eq!(org.json("PATCH", "composite/sobjects/Contact/Phone", &body).error(), (404, "NOT_FOUND"));
}

#[test]
fn collections_have_their_limits() {
    let mut org = Org::new();
    let records = |count: usize, kinds: &[&str]| -> Json {
        let record = |n: usize| json!({ "attributes": { "type": kinds[n % kinds.len()] }, "Subject": "s", "LastName": "l" });
        (0..count).map(record).collect()
    };
    assert_eq!(org.json("POST", "composite/sobjects", &json!({ "records": records(201, &["Task"]) })).error(), (400, "EXCEEDED_ID_LIMIT"));
    let chunks = org.json("POST", "composite/sobjects", &json!({ "records": records(11, &["Task", "Contact"]) }));
    assert_eq!(chunks.error(), (400, "LIMIT_EXCEEDED"));
    assert_eq!(org.count("Task"), 0);
    assert_eq!(org.json("POST", "composite/sobjects", &json!({ "records": [] })).error(), (400, "JSON_PARSER_ERROR"));
    assert_eq!(org.ask("DELETE", "composite/sobjects", &[], b"").error(), (400, "MISSING_ARGUMENT"));
}

#[test]
fn a_tree_is_planted_whole_or_not_at_all() {
    let mut org = Org::new();
    let leaf = |reference: &str, fields: Json| {
        let mut leaf = json!({ "attributes": { "type": "Account", "referenceId": reference } });
        leaf.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        leaf
    };
    let good = leaf("one", json!({ "Name": "One" }));
    let told = org.json("POST", "composite/tree/Account", &json!({ "records": [good, leaf("two", json!({}))] }));
    assert_eq!((told.status, &told.json["hasErrors"]), (400, &json!(true)));
    assert_eq!(told.json["results"][0]["referenceId"], "two");
    assert_eq!(org.count("Account"), 0);
    let told = org.json("POST", "composite/tree/Account", &json!({ "records": [good] }));
    assert_eq!((told.status, &told.json["results"][0]["referenceId"]), (201, &json!("one")));
    let child = leaf("p", json!({ "Name": "P", "Contacts": { "records": [] } }));
    assert_eq!(org.json("POST", "composite/tree/Account", &json!({ "records": [child] })).status, 400);
}

#[test]
fn each_graph_is_done_whole_or_not_at_all() {
    let mut org = Org::new();
    let graph = |id: &str, subject: Json| {
        json!({ "graphId": id, "compositeRequest": [
            part("POST", "sobjects/Contact", "c", json!({ "LastName": id })),
            part("POST", "sobjects/Task", "t", json!({ "WhoId": "@{c.id}", "Subject": subject })),
        ] })
    };
    let told =
        org.json("POST", "composite/graph", &json!({ "graphs": [graph("good", json!("Call")), graph("bad", json!({ "no": "text" }))] }));
    assert_eq!(told.status, 200, "{}", told.text);
    let [good, bad] = told.json["graphs"].as_array().unwrap().as_slice() else { panic!("{}", told.text) };
    assert_eq!((&good["graphId"], &good["isSuccessful"], &bad["isSuccessful"]), (&json!("good"), &json!(true), &json!(false)));
    assert_eq!(statuses(&good["graphResponse"]["compositeResponse"]), [201, 201]);
    assert_eq!(bad["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!((org.count("Contact"), org.count("Task")), (1, 1));
    let query = json!({ "graphId": "g", "compositeRequest": [part("GET", "query?q=SELECT+Id+FROM+User", "q", Json::Null)] });
    let told = org.json("POST", "composite/graph", &json!({ "graphs": [query] }));
    assert_eq!(told.json["graphs"][0]["isSuccessful"], false);
    let many: Vec<Json> = (0..76)
        .map(|n| json!({ "graphId": format!("g{n}"), "compositeRequest": [part("GET", "sobjects/Contact", "r", Json::Null)] }))
        .collect();
    assert_eq!(org.json("POST", "composite/graph", &json!({ "graphs": many })).error(), (400, "LIMIT_EXCEEDED"));
}
