//! How bodies are written and read.

use std::io::{Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::json;

use super::org::{Org, contact};
use crm_fake::Outcome;

#[test]
fn answers_are_compressed_for_those_who_take_it() {
    let mut org = Org::new();
    let plain = org.get("limits");
    let request = org.request("GET", "limits", &[("accept-encoding", "gzip, deflate")], b"");
    let Outcome::Response(response) = org.send(request).outcome else { panic!("no answer") };
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut text = String::new();
    GzDecoder::new(response.body().as_slice()).read_to_string(&mut text).unwrap();
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["DataStorageMB"], plain.json["DataStorageMB"]);
    assert!(plain.headers.get("content-encoding").is_none());
}

#[test]
fn requests_may_be_compressed() {
    let mut org = Org::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(contact().to_string().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, &packed).status, 201);
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, b"not gzip").error(), (400, "JSON_PARSER_ERROR"));
    let headers = [("content-type", "application/json"), ("content-encoding", "br")];
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, &packed).error().0, 415);
}

#[test]
fn a_bomb_stays_small() {
    let mut org = Org::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..100 {
        packed.write_all(&zeros).unwrap();
    }
    let packed = packed.finish().unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(org.ask("POST", "sobjects/Contact", &headers, &packed).error(), (400, "JSON_PARSER_ERROR"));
}

#[test]
fn pretty_json_has_blanks_around_its_colons() {
    let mut org = Org::new();
    let id = org.create("Contact", &contact());
    let told = org.ask("GET", &format!("sobjects/Contact/{id}?fields=LastName"), &[("x-prettyprint", "1")], b"");
    assert!(told.text.starts_with("{\n  \"attributes\" : {\n    \"type\" : \"Contact\",\n"), "{}", told.text);
    assert!(told.text.contains("\"LastName\" : \"Lee\""));
}

#[test]
fn malformed_json_is_told_its_place() {
    let mut org = Org::new();
    for body in
        ["{", "}", "{\"LastName\":}", "{'LastName':'x'}", "nope", "{\"LastName\":\"x\"} x", "\u{feff}{}", "[[[[", "{\"a\":\"\\ud800\"}"]
    {
        for path in ["sobjects/Contact", "composite", "composite/batch", "composite/sobjects", "parameterizedSearch"] {
            let told = org.ask("POST", path, &[("content-type", "application/json")], body.as_bytes());
            assert_eq!(told.error(), (400, "JSON_PARSER_ERROR"), "{path} {body}");
            assert!(told.json[0]["message"].as_str().unwrap().contains("[line:"), "{}", told.text);
        }
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let told = org.ask("POST", "sobjects/Contact", &[("content-type", "application/json")], deep.as_bytes());
    assert_eq!(told.error(), (400, "JSON_PARSER_ERROR"));
    let odd = json!({ "LastName": { "a": [1] }, "Phone": [1], "Email": true });
    assert_eq!(org.json("POST", "sobjects/Contact", &odd).error().0, 400);
    assert_eq!(org.json("POST", "composite", &json!({ "compositeRequest": [7] })).error().0, 400);
    assert_eq!(org.json("POST", "composite/sobjects", &json!({ "records": [7] })).json[0]["success"], false);
}
