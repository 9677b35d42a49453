//! The promises of SOSL over an org with a handful of rows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::{Value as Json, json};

use super::{metadata, parameterized, run};
use crate::soql::tests::{NOW, Office};

impl Office {
    fn find(&self, text: &str) -> Vec<Json> {
        run(&self.org, &self.context, "66.0", text).unwrap_or_else(|error| panic!("{text}: {}", error.message))
    }

    /// What is found, as type and name.
    fn found(&self, rest: &str) -> String {
        let rows = self.find(&format!("FIND {rest} RETURNING Contact(Name), Lead(Name), Account(Name)"));
        rows.iter()
            .map(|row| format!("{} {}", row["attributes"]["type"].as_str().unwrap(), row["Name"].as_str().unwrap()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn told(&self, text: &str) -> (&'static str, String) {
        let error = run(&self.org, &self.context, "66.0", text).err().unwrap_or_else(|| panic!("{text} was accepted"));
        (error.code, error.message)
    }
}

#[test]
fn the_lookup_of_a_caller_finds_every_object_in_one_call() {
    let office = Office::new();
    let rows = office.find(
        "FIND {4155550123 OR 14155550123 OR 4155550199} IN PHONE FIELDS RETURNING Contact(id, PHONE, Account.Name), Lead(Id, Company)",
    );
    let (ann, lead) = (office.ids[2], office.ids[6]);
    assert_eq!(
        serde_json::to_string(&rows[0]["attributes"]).unwrap(),
        format!(r#"{{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/{ann}"}}"#)
    );
    assert_eq!(
        (&rows[0]["Id"], &rows[0]["Phone"], &rows[0]["Account"]["Name"]),
        (&json!(ann.to_string()), &json!("(415) 555-0123"), &json!("Acme"))
    );
    assert_eq!((&rows[1]["Id"], &rows[1]["Company"], rows.len()), (&json!(lead.to_string()), &json!("Dawn"), 2));
}

#[test]
fn operators_groups_and_wildcards_narrow_the_search() {
    let office = Office::new();
    for (search, found) in [
        ("{lee} IN NAME FIELDS", "Contact Ann Lee"),
        ("{lee} IN PHONE FIELDS", ""),
        ("{ann AND lee}", "Contact Ann Lee"),
        ("{ann lee}", "Contact Ann Lee"),
        ("{lee AND NOT ann}", ""),
        ("{\"ann lee\" OR early}", "Contact Ann Lee, Lead Early"),
        ("{\"lee ann\"}", ""),
        ("{(ann OR early) AND lee}", "Contact Ann Lee"),
        ("{acm*} IN NAME FIELDS", "Account Acme"),
        ("{ac?e} IN Name Fields", "Account Acme"),
        ("{ann.lee@acme.example} IN EMAIL FIELDS", "Contact Ann Lee"),
        (r"{O\'Hara}", "Contact Bo O'Hara"),
    ] {
        assert_eq!(office.found(search), found, "{search}");
    }
}

#[test]
fn what_is_returned_can_be_filtered_sorted_and_cut() {
    let mut office = Office::new();
    for serial in 0..15 {
        office.make("Lead", json!({"LastName": format!("Twin {serial:02}"), "Company": "Twins"}));
        office.make("Contact", json!({"LastName": format!("Twin {serial:02}")}));
    }
    let names = |rest: &str| {
        office
            .find(&format!("FIND {{twin}} IN NAME FIELDS RETURNING {rest}"))
            .iter()
            .map(|row| row["Name"].as_str().unwrap_or("-").replace("Twin ", ""))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names("Lead(Name WHERE Name > 'Twin 05' AND IsConverted = false ORDER BY Name DESC LIMIT 2 OFFSET 1)"), "13 12");
    assert_eq!(names("Lead(Name LIMIT 1), Contact(Name LIMIT 2)"), "00 00 01");
    assert_eq!(names("Lead(Name LIMIT 0), Contact(Name LIMIT 1)"), "00");
    let split = office.find("FIND {twin} RETURNING Contact(Id), Lead LIMIT 20");
    assert_eq!((split.len(), split.iter().filter(|row| row["attributes"]["type"] == "Lead").count()), (20, 10));
    assert_eq!(split[19].as_object().unwrap().keys().collect::<Vec<_>>(), ["attributes", "Id"]);
}

#[test]
fn without_returning_there_are_ids_of_all_objects() {
    let office = Office::new();
    let rows = office.find("FIND {acme}");
    let types: Vec<&Json> = rows.iter().map(|row| &row["attributes"]["type"]).collect();
    assert!(types.contains(&&json!("Account")), "{types:?}");
    assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 2));
}

#[test]
fn the_index_lags_and_may_remember_the_deleted() {
    let mut office = Office::new();
    office.org.knobs.index_lag_ms = 60_000;
    office.org.knobs.deleted_rows_linger = true;
    assert_eq!(office.found("{lee}"), "");
    office.context.now_ms = NOW + 60_000;
    assert_eq!(office.found("{lee}"), "Contact Ann Lee");
    office.org.delete(&office.context.clone(), "Contact", office.ids[2]).unwrap();
    assert_eq!(office.found("{lee}"), "Contact Ann Lee");
    office.context.now_ms += 60_000;
    assert_eq!(office.found("{lee}"), "");
}

#[test]
fn rows_that_the_user_may_not_see_are_not_found() {
    let mut office = Office::new();
    office.context.user = office.org.put_user(NOW, "Carl", "Low", "carl@fake.example", Some("Standard User"), None).unwrap();
    office.org.knobs.private_objects = vec!["Lead".to_owned()];
    assert_eq!(office.found("{ann OR early}"), "Contact Ann Lee");
}

#[test]
fn what_is_wrong_is_refused_where_it_is() {
    let office = Office::new();
    let (code, message) = office.told("FIND {abc} RETURNING Contact(Id, Nope)");
    assert_eq!(code, "INVALID_FIELD");
    assert!(
        message.starts_with("\nFIND {abc} RETURNING Contact(Id, Nope)\n                                 ^\nERROR at Row:1:Column:34\nNo such column 'Nope' on entity 'Contact'."),
        "{message}"
    );
    assert_eq!(office.told("FIND {abc} RETURNING Nope(Id)").0, "INVALID_TYPE");
    assert_eq!(office.told("FIND {abc} RETURNING Profile(Id)").0, "INVALID_TYPE_FOR_OPERATION");
    assert_eq!(office.told("FIND {abc} RETURNING Contact(Id WHERE Description = 'x')").0, "INVALID_FIELD");
    assert_eq!(office.told("FIND {g}"), ("INVALID_SEARCH", "search term must be longer than one character: g".to_owned()));
    assert_eq!(
        office.told("FIND abc"),
        ("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.".to_owned())
    );
}

#[test]
fn a_parameterised_search_finds_the_same() {
    let office = Office::new();
    let body = json!({"q": "4155550123", "in": "PHONE", "sobjects": [{"name": "Contact", "fields": ["id", "phone"], "where": "FirstName = 'Ann'", "limit": 10}], "metadata": "LABELS"});
    let rows = parameterized(&office.org, &office.context, "66.0", &body).unwrap();
    assert_eq!((rows.len(), &rows[0]["Phone"]), (1, &json!("(415) 555-0123")));
    let labels = metadata(&office.org, &body).unwrap();
    assert_eq!(labels["entityMetadata"][0]["fieldMetadata"][1]["name"], "Phone");
    // Operators are not promised there.
    let either = json!({"q": "lee OR early"});
    assert!(parameterized(&office.org, &office.context, "66.0", &either).unwrap().is_empty());
    let unknown = json!({"q": "lee", "sobjects": [{"name": "Contact", "fields": ["Nope"]}]});
    assert_eq!(parameterized(&office.org, &office.context, "66.0", &unknown).unwrap_err().code, "INVALID_FIELD");
}
