//! The promises of SOQL over an org with a handful of rows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)]

mod refusals;

use serde_json::{Map, Value as Json, json};

use super::{columns, run};
use crate::{
    error::ApiError,
    id::Id,
    org::{Context, Org},
};

/// 22 November 2026, 08:00:00 UTC, a Sunday.
pub const NOW: u64 = 1_795_334_400_000;

/// An org with two accounts, four contacts, a lead and three tasks, and who asks it.
pub struct Office {
    pub org: Org,
    pub context: Context,
    pub ids: Vec<Id>,
}

pub fn map(fields: Json) -> Map<String, Json> {
    match fields {
        Json::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

impl Office {
    pub fn new() -> Self {
        let org = Org::new(NOW);
        let context =
            Context { now_ms: NOW, user: org.administrator(), allow_save: false, include_record_details: false, auto_assign: true };
        let mut office = Self { org, context, ids: Vec::new() };
        let acme = office.make("Account", json!({"Name": "Acme", "Phone": "+44 20 7946 0001", "NumberOfEmployees": 100}));
        let zeta = office.make("Account", json!({"Name": "Zeta", "NumberOfEmployees": 7}));
        let ann = office.make(
            "Contact",
            json!({"FirstName": "Ann", "LastName": "Lee", "Phone": "(415) 555-0123", "Email": "ann.lee@acme.example", "AccountId": acme, "Title": "CEO", "Description": "long"}),
        );
        office.make("Contact", json!({"FirstName": "Bo", "LastName": "O'Hara", "Phone": "4155550124", "MobilePhone": "+61 491 570 006", "AccountId": acme, "Title": "CTO"}));
        office.make("Contact", json!({"FirstName": "Cy", "LastName": "Ümit", "AccountId": zeta, "Title": "ceo"}));
        office.make("Contact", json!({"FirstName": "Di", "LastName": "100%_sure"}));
        let lead = office.make("Lead", json!({"LastName": "Early", "Company": "Dawn", "Phone": "4155550199"}));
        office.make("Task", json!({"Subject": "Call in", "WhoId": ann, "CallDurationInSeconds": 65, "CallType": "Inbound", "TaskSubtype": "Call", "CallObject": "pbx-1", "ActivityDate": "2026-11-22"}));
        office.make("Task", json!({"Subject": "Call out", "WhoId": lead, "CallDurationInSeconds": 5, "CallType": "Outbound", "CallObject": "pbx-2", "ActivityDate": "2026-11-20"}));
        office.make("Task", json!({"Subject": "Write", "WhatId": acme, "Status": "Completed"}));
        office
    }

    pub fn make(&mut self, object: &str, fields: Json) -> String {
        let id = self.org.create(&self.context, object, &map(fields)).unwrap();
        self.ids.push(id);
        id.to_string()
    }

    pub fn ask(&self, text: &str) -> Vec<Json> {
        let found = run(&self.org, &self.context, text, false).unwrap_or_else(|error| panic!("{text}: {}", error.message));
        assert_eq!(found.total(), found.len(), "{text}");
        found.page(&self.org, "66.0", 0, 2_000)
    }

    /// The first field of every row.
    pub fn list(&self, text: &str) -> Vec<Json> {
        self.ask(text).into_iter().map(|row| row.as_object().unwrap().values().nth(1).unwrap().clone()).collect()
    }

    pub fn names(&self, condition: &str) -> String {
        self.list(&format!("SELECT FirstName FROM Contact {condition}"))
            .iter()
            .map(|name| name.as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub fn refusal(&self, text: &str) -> ApiError {
        run(&self.org, &self.context, text, false).err().unwrap_or_else(|| panic!("{text} was accepted"))
    }
}

#[test]
fn rows_have_their_attributes_and_the_fields_in_the_order_asked() {
    let office = Office::new();
    let rows = office.ask("select phone, ID, account.NAME, name, Account.Owner.IsActive from contact where firstname = 'ann'");
    let (ann, acme, user) = (office.ids[2], office.ids[0], office.context.user);
    assert_eq!(
        serde_json::to_string(&rows[0]).unwrap(),
        format!(
            r#"{{"attributes":{{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/{ann}"}},"Phone":"(415) 555-0123","Id":"{ann}","Account":{{"attributes":{{"type":"Account","url":"/services/data/v66.0/sobjects/Account/{acme}"}},"Name":"Acme","Owner":{{"attributes":{{"type":"User","url":"/services/data/v66.0/sobjects/User/{user}"}},"IsActive":true}}}},"Name":"Ann Lee"}}"#
        )
    );
    assert_eq!(office.ask("SELECT Account.Name FROM Contact WHERE FirstName = 'Di'")[0]["Account"], Json::Null);
}

#[test]
fn a_parent_of_several_objects_is_shown_as_name() {
    let office = Office::new();
    let rows = office.ask("SELECT Who.Name, Who.Type, What.Name, Owner.Name FROM Task ORDER BY Subject");
    assert_eq!(rows[0]["Who"]["attributes"]["type"], "Name");
    assert_eq!(rows[0]["Who"]["attributes"]["url"], format!("/services/data/v66.0/sobjects/Contact/{}", office.ids[2]));
    assert_eq!((&rows[0]["Who"]["Name"], &rows[0]["Who"]["Type"]), (&json!("Ann Lee"), &json!("Contact")));
    assert_eq!((&rows[1]["Who"]["Type"], &rows[2]["Who"], &rows[2]["What"]["Name"]), (&json!("Lead"), &Json::Null, &json!("Acme")));
    assert_eq!(office.list("SELECT Subject FROM Task WHERE Who.Type = 'Lead'"), ["Call out"]);
}

#[test]
fn conditions_find_what_they_say() {
    let office = Office::new();
    for (condition, names) in [
        ("WHERE LastName = 'lee'", "Ann"),
        ("WHERE LastName = 'ÜMIT'", "Cy"),
        (r"WHERE LastName = 'O\'Hara'", "Bo"),
        ("WHERE Title != 'CEO'", "Bo Di"),
        ("WHERE NOT Title = 'CEO'", "Bo Di"),
        ("WHERE Title = null", "Di"),
        ("WHERE Title = ''", "Di"),
        ("WHERE Title <> NULL", "Ann Bo Cy"),
        ("WHERE Title IN ('cto', null)", "Bo Di"),
        ("WHERE Title NOT IN ('cto', 'x')", "Ann Cy Di"),
        ("WHERE Phone LIKE '%555%012_'", "Ann Bo"),
        ("WHERE Phone IN ('4155550123', '(415) 555-0123', '4155550124')", "Ann Bo"),
        ("WHERE Phone = '4155550124' OR MobilePhone = '+61 491 570 006' OR Email = 'ANN.LEE@ACME.EXAMPLE'", "Ann Bo"),
        (r"WHERE LastName LIKE '100\%\_s%'", "Di"),
        (r"WHERE LastName LIKE '1\_0%'", ""),
        ("WHERE (Title = 'CEO' OR Title = 'CTO') AND Account.Name = 'acme'", "Ann Bo"),
        ("WHERE Account.NumberOfEmployees < 50", "Cy"),
        ("WHERE Account.NumberOfEmployees >= 7 AND NOT (FirstName = 'Bo' OR FirstName = 'Cy')", "Ann"),
        ("WHERE FirstName > 'b' AND FirstName <= 'cy'", "Bo Cy"),
        ("WHERE CreatedDate = TODAY AND CreatedDate >= 2026-11-22T09:00:00+01:00", "Ann Bo Cy Di"),
        ("WHERE CreatedDate > 2026-11-22T08:00:00Z", ""),
        ("WHERE CreatedDate < TODAY OR CreatedDate = LAST_WEEK OR CreatedDate > LAST_N_DAYS:2", ""),
        ("WHERE CreatedDate != YESTERDAY AND IsDeleted = false LIMIT 2", "Ann Bo"),
        ("c WHERE c.Account.Name = 'Zeta' AND Contact.LastName != null", "Cy"),
        ("WHERE Id IN (SELECT WhoId FROM Task WHERE CallType = 'Inbound')", "Ann"),
        ("WHERE Id NOT IN (SELECT WhoId FROM Task) AND AccountId IN (SELECT Id FROM Account WHERE Name = 'Acme')", "Bo"),
    ] {
        assert_eq!(office.names(condition), names, "{condition}");
    }
    assert_eq!(office.list("SELECT Subject FROM Task WHERE ActivityDate < 2026-11-22"), ["Call out"]);
    assert_eq!(office.list("SELECT Subject FROM Task WHERE CallObject = 'PBX-1' AND CreatedDate = LAST_N_DAYS:2"), ["Call in"]);
}

#[test]
fn ids_are_compared_by_their_first_fifteen_characters() {
    let office = Office::new();
    let ann = office.ids[2];
    for id in [ann.to_string(), ann.short().to_owned(), ann.to_string().to_owned()] {
        assert_eq!(office.names(&format!("WHERE Id = '{id}'")), "Ann");
    }
    assert_eq!(office.names(&format!("WHERE Id = '{}'", office.ids[0])), "");
}

#[test]
fn rows_are_ordered_cut_and_passed_over() {
    let office = Office::new();
    for (order, names) in [
        ("ORDER BY FirstName DESC", "Di Cy Bo Ann"),
        ("ORDER BY Title, FirstName DESC", "Di Cy Ann Bo"),
        ("ORDER BY Title NULLS LAST, FirstName", "Ann Cy Bo Di"),
        ("ORDER BY Title DESC NULLS LAST, FirstName DESC", "Bo Cy Ann Di"),
        ("ORDER BY Account.Name DESC NULLS LAST, FirstName LIMIT 2 OFFSET 1", "Ann Bo"),
        ("LIMIT 0", ""),
        ("OFFSET 3", "Di"),
    ] {
        assert_eq!(office.names(order), names, "{order}");
    }
}

#[test]
fn counting_gives_no_rows() {
    let office = Office::new();
    let found = run(&office.org, &office.context, "select count() from Contact where Title != null", false).unwrap();
    assert_eq!((found.total(), found.len()), (3, 0));
    assert!(found.page(&office.org, "66.0", 0, 10).is_empty());
}

#[test]
fn groups_are_counted_summed_and_named() {
    let office = Office::new();
    let show = |text: &str| serde_json::to_string(&office.ask(text)).unwrap();
    let line = |fields: &str| format!(r#"{{"attributes":{{"type":"AggregateResult"}},{fields}}}"#);
    assert_eq!(
        show(
            "SELECT CallType, COUNT(Id), SUM(CallDurationInSeconds) seconds FROM Task GROUP BY CallType ORDER BY COUNT(Id), CallType NULLS LAST"
        ),
        format!(
            "[{},{},{}]",
            line(r#""CallType":"Inbound","expr0":1,"seconds":65"#),
            line(r#""CallType":"Outbound","expr0":1,"seconds":5"#),
            line(r#""CallType":null,"expr0":1,"seconds":null"#)
        )
    );
    assert_eq!(
        show("SELECT MIN(CallDurationInSeconds), AVG(CallDurationInSeconds), MAX(ActivityDate), COUNT(WhoId) FROM Task"),
        format!("[{}]", line(r#""expr0":5,"expr1":35.0,"expr2":"2026-11-22","expr3":2"#))
    );
    assert_eq!(
        show("SELECT Account.Name a, COUNT_DISTINCT(Title) FROM Contact GROUP BY Account.Name HAVING COUNT(Id) > 1"),
        format!("[{}]", line(r#""a":"Acme","expr0":2"#))
    );
    assert_eq!(show("SELECT COUNT(Id) n FROM Lead WHERE LastName = 'nobody'"), format!("[{}]", line(r#""n":0"#)));
    assert_eq!(show("SELECT Title FROM Contact WHERE Title = 'ceo' GROUP BY Title LIMIT 5"), format!("[{}]", line(r#""Title":"CEO""#)));
}

#[test]
fn children_come_with_their_parents() {
    let office = Office::new();
    let rows = office.ask("SELECT Name, (SELECT FirstName FROM Contacts WHERE Title != 'x' ORDER BY FirstName DESC LIMIT 1), (SELECT Id FROM Tasks) FROM Account ORDER BY Name");
    assert_eq!(rows[0]["Contacts"]["totalSize"], 1);
    assert_eq!(rows[0]["Contacts"]["records"][0]["FirstName"], "Bo");
    assert_eq!((&rows[0]["Contacts"]["done"], &rows[1]["Tasks"]), (&json!(true), &Json::Null));
}

#[test]
fn fields_of_a_kind_can_be_asked_for_together() {
    let office = Office::new();
    let all = office.ask("SELECT FIELDS(ALL) FROM Contact LIMIT 200");
    assert_eq!(all[0].as_object().unwrap().len(), office.org.object("Contact").unwrap().fields.len() + 1);
    assert!(office.ask("SELECT FIELDS(STANDARD) FROM Lead")[0].get("Company").is_some());
    for text in ["SELECT FIELDS(ALL) FROM Contact", "SELECT FIELDS(ALL) FROM Contact LIMIT 201", "SELECT FIELDS(CUSTOM) FROM Contact"] {
        assert_eq!(office.refusal(text).message.lines().last(), Some("The SOQL FIELDS function must have a LIMIT of at most 200"));
    }
}

#[test]
fn deleted_rows_are_for_query_all() {
    let mut office = Office::new();
    let ann = office.ids[2];
    office.org.delete(&office.context.clone(), "Contact", ann).unwrap();
    assert_eq!(office.names(""), "Bo Cy Di");
    let all = run(&office.org, &office.context, "SELECT FirstName, IsDeleted FROM Contact ORDER BY FirstName", true).unwrap();
    let rows = all.page(&office.org, "66.0", 0, 1);
    assert_eq!((all.total(), &rows[0]["FirstName"], &rows[0]["IsDeleted"]), (4, &json!("Ann"), &json!(true)));
    assert_eq!(run(&office.org, &office.context, "SELECT Id FROM Contact WHERE IsDeleted = true", true).unwrap().total(), 1);
}

#[test]
fn what_a_user_may_not_see_does_not_exist() {
    use crate::org::{Access, HiddenField, ObjectAccess};
    let mut office = Office::new();
    let other = office.org.put_user(NOW, "Carl", "Low", "carl@fake.example", Some("Standard User"), None).unwrap();
    office.context.user = other;
    office.org.knobs.private_objects = vec!["Lead".to_owned()];
    assert!(office.ask("SELECT Id FROM Lead").is_empty());
    assert_eq!(office.ask("SELECT Who.Name FROM Task WHERE CallObject = 'pbx-2'")[0]["Who"], Json::Null);
    // A contact without account is its owner's alone.
    assert_eq!(office.names(""), "Ann Bo Cy");
    office.org.knobs.hidden_fields = vec![HiddenField { object: "Contact".to_owned(), field: "Title".to_owned(), user: None }];
    assert_eq!(office.refusal("SELECT Id FROM Contact WHERE Title = 'x'").code, "INVALID_FIELD");
    office.org.knobs.object_access = vec![ObjectAccess { object: "Account".to_owned(), user: Some(other), access: Access::None }];
    assert_eq!(office.refusal("SELECT Id FROM Account").code, "INVALID_TYPE");
    assert_eq!(office.refusal("SELECT Account.Name FROM Contact").code, "INVALID_FIELD");
    let permissions = office.ask("SELECT PermissionsModifyAllData FROM UserPermissionAccess");
    assert_eq!((permissions.len(), &permissions[0]["PermissionsModifyAllData"]), (1, &json!(false)));
}

#[test]
fn columns_are_told_as_the_command_line_wants_them() {
    let office = Office::new();
    let told = columns(&office.org, "SELECT Id, Nope FROM Account").unwrap_err();
    assert_eq!(told.code, "INVALID_FIELD");
    let told = columns(&office.org, "SELECT Id, Name, Owner.Name, (SELECT FirstName FROM Contacts) FROM Account").unwrap();
    assert_eq!(
        (&told["entityName"], &told["groupBy"], &told["idSelected"], &told["keyPrefix"]),
        (&json!("Account"), &json!(false), &json!(true), &json!("001"))
    );
    let shown: Vec<(&Json, &Json, usize)> = told["columnMetadata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (&column["columnName"], &column["aggregate"], column["joinColumns"].as_array().unwrap().len()))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("Id"), &json!(false), 0),
            (&json!("Name"), &json!(false), 0),
            (&json!("Owner"), &json!(false), 1),
            (&json!("Contacts"), &json!(true), 1)
        ]
    );
    let told = columns(&office.org, "SELECT Title, COUNT(Id), MAX(CreatedDate) newest FROM Contact GROUP BY Title").unwrap();
    let shown: Vec<String> = told["columnMetadata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| format!("{} {} {}", column["columnName"], column["displayName"], column["apexType"]))
        .collect();
    assert_eq!(shown, [r#""Title" "Title" "String""#, r#""expr0" "COUNT(Id)" "Integer""#, r#""newest" "MAX(CreatedDate)" "Datetime""#]);
    assert_eq!(told["groupBy"], true);
}
