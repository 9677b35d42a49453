//! Requests that are damaged in every way: always an answer of Salesforce's, never a panic.

use serde_json::json;

use super::org::{Org, Told, contact, encoded};

/// The same row of numbers in each run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    /// Takes away, doubles, changes and puts in.
    fn damage(&mut self, text: &str) -> Vec<u8> {
        const PIECES: [&str; 24] = [
            "\"",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "@{",
            "@{c.id}",
            "\\",
            "'",
            "null",
            "-1",
            "1e999",
            "99999999999999999999",
            "\u{0}",
            "é",
            "\u{1F4DE}",
            "%",
            "%zz",
            "&",
            "=",
            "..",
            "attributes",
        ];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            let end = (at + self.roll(6)).min(bytes.len());
            match self.roll(4) {
                0 => drop(bytes.drain(at..end)),
                1 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                2 if at < bytes.len() => bytes[at] = u8::try_from(self.roll(256)).unwrap(),
                _ => drop(bytes.splice(at..at, PIECES[self.roll(PIECES.len())].bytes())),
            }
        }
        bytes
    }
}

#[test]
fn damaged_requests_are_answered_as_salesforce_answers() {
    let mut org = Org::new();
    org.knob("quota", json!({ "max": 1_000_000, "left": 1_000_000 }));
    let id = org.create("Contact", &contact());
    let part = json!({ "method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c", "body": { "LastName": "L" } });
    let next = json!({ "method": "GET", "url": "/services/data/v66.0/sobjects/Contact/@{c.id}", "referenceId": "d" });
    let task = json!({ "Subject": "Call", "ActivityDate": "2026-11-22", "CallDurationInSeconds": 5, "WhoId": id, "CallType": "Inbound" });
    let requests = [
        (
            "GET",
            format!("query?q={}", encoded("SELECT Id, Owner.Name FROM Contact WHERE Phone LIKE '%55' AND CreatedDate = TODAY")),
            String::new(),
        ),
        (
            "GET",
            format!(
                "search?q={}",
                encoded(r#"FIND {"Ann Lee" OR 415\-555*} IN ALL FIELDS RETURNING Contact(Id WHERE Name != '' LIMIT 2)"#)
            ),
            String::new(),
        ),
        ("GET", "parameterizedSearch?q=Lee&sobject=Contact&Contact.fields=id,name&in=NAME&overallLimit=3".to_owned(), String::new()),
        ("GET", format!("sobjects/Contact/{id}?fields=Id,Name,Owner.Name"), String::new()),
        ("GET", "sobjects/Contact/updated?start=2026-11-22T11:00:00Z&end=2026-11-22T12:00:00%2B00:00".to_owned(), String::new()),
        ("GET", format!("composite/sobjects/Contact?ids={id}&fields=Id,Name"), String::new()),
        ("POST", "sobjects/Task".to_owned(), task.to_string()),
        ("PATCH", format!("sobjects/Contact/{id}"), contact().to_string()),
        ("PATCH", "sobjects/Contact/Email/ann@example.com".to_owned(), json!({ "LastName": "L" }).to_string()),
        ("POST", "composite".to_owned(), json!({ "allOrNone": true, "compositeRequest": [part, next] }).to_string()),
        ("POST", "composite/graph".to_owned(), json!({ "graphs": [{ "graphId": "g", "compositeRequest": [part, next] }] }).to_string()),
        ("POST", "composite/batch".to_owned(), json!({ "batchRequests": [{ "method": "GET", "url": "v66.0/limits" }] }).to_string()),
        (
            "POST",
            "composite/sobjects".to_owned(),
            json!({ "records": [{ "attributes": { "type": "Contact" }, "LastName": "L" }] }).to_string(),
        ),
        (
            "POST",
            "composite/tree/Contact".to_owned(),
            json!({ "records": [{ "attributes": { "referenceId": "r" }, "LastName": "L" }] }).to_string(),
        ),
        ("POST", "parameterizedSearch".to_owned(), json!({ "q": "Lee", "in": "NAME", "sobjects": [{ "name": "Contact" }] }).to_string()),
    ];
    let mut dice = Dice(7);
    let mut refused = 0;
    for round in 0..12_000 {
        let (method, path, body) = &requests[dice.roll(requests.len())];
        let damaged_path = String::from_utf8_lossy(&dice.damage(path)).into_owned();
        let (path, body) =
            if body.is_empty() || dice.roll(4) == 0 { (&damaged_path, body.clone().into_bytes()) } else { (path, dice.damage(body)) };
        let Ok(uri) = format!("http://org.test/services/data/v66.0/{path}").parse::<http::Uri>() else { continue };
        let mut request = org.request(method, "limits", &[("content-type", "application/json")], &body);
        *request.uri_mut() = uri;
        let told = Told::of(org.send(request));
        assert!((200..=431).contains(&told.status), "round {round}: {} {}", told.status, told.text);
        if told.status >= 400 {
            refused += 1;
            // A tree that fails tells of each record; everything else is a list of errors.
            let well_told = told.json[0]["errorCode"].is_string() || told.json["hasErrors"] == true;
            assert!(well_told, "round {round}: {method} {path} {}: {}", String::from_utf8_lossy(&body), told.text);
        }
    }
    assert!(refused > 3_000, "only {refused} refused");
    assert_eq!(org.get("limits").status, 200);
}
