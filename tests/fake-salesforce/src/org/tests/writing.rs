//! What is written, refused and filled in.

use serde_json::json;

use super::{NOW, Office, contact};
use crate::{id::Id, value::Value};

#[test]
fn a_new_row_gets_an_id_of_its_object_and_all_that_the_org_fills_in() {
    let mut office = Office::new();
    let id = office.made("contact", contact());
    assert_eq!(id.prefix(), "003");
    assert_eq!(office.text(id, "Name"), "Ann Lee");
    assert_eq!(office.get(id, "OwnerId"), Value::Reference(office.context.user));
    assert_eq!(office.get(id, "CreatedDate"), Value::DateTime(NOW as i64));
    assert_eq!(office.get(id, "IsDeleted"), Value::Boolean(false));
    assert_ne!(office.made("Contact", contact()), id);
}

#[test]
fn an_unknown_field_is_refused_by_its_name_before_anything_else() {
    let mut office = Office::new();
    let (code, message) = office.refusal("Contact", json!({"Nmae": "x", "FirstName": "a".repeat(99)}));
    assert_eq!((code.as_str(), message.as_str()), ("INVALID_FIELD", "No such column 'Nmae' on sobject of type Contact"));
}

#[test]
fn required_fields_are_named_all_at_once_and_before_lengths() {
    let mut office = Office::new();
    let error = office.create("Lead", json!({"FirstName": "a".repeat(99), "LastName": "  "})).unwrap_err();
    assert_eq!(error.code, "REQUIRED_FIELD_MISSING");
    assert_eq!(error.message, "Required fields are missing: [LastName, Company]");
    assert_eq!(error.fields.unwrap(), ["LastName", "Company"]);
}

#[test]
fn lengths_count_characters_not_bytes() {
    let mut office = Office::new();
    office.made("Contact", json!({"LastName": "王".repeat(80)}));
    let error = office.create("Contact", json!({"LastName": "王".repeat(81)})).unwrap_err();
    assert_eq!(error.code, "STRING_TOO_LONG");
    assert_eq!(error.message, format!("Last Name: data value too large: {} (max length=80)", "王".repeat(81)));
    assert_eq!(error.fields.unwrap(), ["LastName"]);
}

#[test]
fn read_only_fields_are_refused_by_name() {
    let mut office = Office::new();
    for field in ["Name", "CreatedDate", "IsDeleted", "CreatedById"] {
        let mut fields = contact();
        fields[field] = match field {
            "CreatedDate" => json!("2026-11-22T00:00:00Z"),
            "IsDeleted" => json!(true),
            "CreatedById" => json!(office.context.user.to_string()),
            _ => json!("x"),
        };
        let error = office.create("Contact", fields).unwrap_err();
        assert_eq!((error.code, error.fields.unwrap()), ("INVALID_FIELD_FOR_INSERT_UPDATE", vec![field.to_owned()]));
    }
    let id = office.made("Task", json!({"Subject": "Call", "TaskSubtype": "Call"}));
    assert_eq!(office.update("Task", id, json!({"TaskSubtype": "Task"})).unwrap_err().code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(
        office.refusal("Contact", json!({"Id": id.to_string(), "LastName": "x"})).1,
        "The Id field should not be specified in the sobject data."
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_no_json_for_the_field() {
    let mut office = Office::new();
    for (field, value) in [
        ("LastName", json!({"a": 1})),
        ("LastName", json!(7)),
        ("DoNotCall", json!("perhaps")),
        ("Birthdate", json!("22.11.2026")),
        ("AccountId", json!(5)),
    ] {
        let mut fields = contact();
        fields[field] = value.clone();
        let (code, message) = office.refusal("Contact", fields);
        assert_eq!(code, "JSON_PARSER_ERROR", "{field} = {value}: {message}");
    }
    let (code, message) = office.refusal("Task", json!({"CallDurationInSeconds": "long"}));
    assert_eq!(code, "JSON_PARSER_ERROR");
    assert!(message.starts_with("Cannot deserialize instance of int from VALUE_STRING value long"), "{message}");
}

#[test]
fn durations_may_come_as_text_but_not_too_long() {
    let mut office = Office::new();
    let id = office.made("task", json!({"Subject": "Call", "CallDurationInSeconds": "65"}));
    assert_eq!(office.get(id, "CallDurationInSeconds"), Value::Integer(65));
    assert_eq!(office.refusal("Task", json!({"CallDurationInSeconds": 123_456_789})).0, "NUMBER_OUTSIDE_VALID_RANGE");
}

#[test]
fn restricted_picklists_refuse_and_others_do_not() {
    let mut office = Office::new();
    let error = office.create("Task", json!({"CallType": "Missed"})).unwrap_err();
    assert_eq!((error.code, error.fields.unwrap()), ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", vec!["CallType".to_owned()]));
    let id = office.made("Task", json!({"Subject": "anything at all", "Status": "Invented"}));
    assert_eq!(office.text(id, "Status"), "Invented");
}

#[test]
fn references_must_be_ids_of_rows_of_the_right_object() {
    let mut office = Office::new();
    let contact_id = office.made("Contact", contact());
    for (given, code) in [
        ("nonsense".to_owned(), "MALFORMED_ID"),
        (contact_id.to_string(), "MALFORMED_ID"),
        (Id::new("001", 999).to_string(), "INVALID_CROSS_REFERENCE_KEY"),
    ] {
        assert_eq!(office.refusal("Contact", json!({"LastName": "x", "AccountId": given})).0, code, "{given}");
    }
    let account = office.made("Account", json!({"Name": "Acme"}));
    office.made("Contact", json!({"LastName": "x", "AccountId": account.short()}));
    office.org.delete(&office.context.clone(), "Account", account).unwrap();
    assert_eq!(office.refusal("Contact", json!({"LastName": "x", "AccountId": account.to_string()})).0, "ENTITY_IS_DELETED");
}

#[test]
fn a_call_is_logged_as_the_documents_say() {
    let mut office = Office::new();
    let account = office.made("Account", json!({"Name": "Acme"}));
    let who = office.made("Contact", json!({"LastName": "Lee", "AccountId": account.to_string()}));
    let id = office.made(
        "Task",
        json!({"Subject": "Inbound call", "Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound", "CallObject": "pbx-1",
               "ActivityDate": "2026-11-22", "WhoId": who.to_string()}),
    );
    assert_eq!(office.get(id, "AccountId"), Value::Reference(account));
    assert_eq!(office.get(id, "IsClosed"), Value::Boolean(true));
    assert_eq!(office.get(id, "WhoCount"), Value::Integer(1));
    assert_eq!(office.get(id, "ActivityDate").to_json(), "2026-11-22");
    let open = office.made("Task", json!({"Subject": "Later"}));
    assert_eq!(
        (office.text(open, "Status"), office.text(open, "Priority"), office.text(open, "TaskSubtype")),
        ("Not Started".into(), "Normal".into(), "Task".into())
    );
    assert_eq!(office.get(open, "IsClosed"), Value::Boolean(false));
}

#[test]
fn the_same_call_key_twice_makes_two_tasks() {
    let mut office = Office::new();
    let first = office.made("Task", json!({"CallObject": "pbx-1"}));
    let second = office.made("Task", json!({"CallObject": "pbx-1"}));
    let task = office.org.object("Task").unwrap();
    let found = office.org.lookup(task, task.field("CallObject").unwrap().1, &Value::text("PBX-1")).unwrap();
    assert_eq!(found, [first, second]);
}

#[test]
fn a_task_of_a_lead_is_about_nothing_else() {
    let mut office = Office::new();
    let account = office.made("Account", json!({"Name": "Acme"}));
    let lead = office.made("Lead", json!({"LastName": "Lee", "Company": "Acme"}));
    office.made("Task", json!({"WhoId": lead.to_string()}));
    let refusal = office.refusal("Task", json!({"WhoId": lead.to_string(), "WhatId": account.to_string()}));
    assert_eq!(refusal.0, "FIELD_INTEGRITY_EXCEPTION");
}

#[test]
fn an_update_changes_what_it_names_and_moves_the_stamp() {
    let mut office = Office::new();
    let id = office.made("Contact", contact());
    office.context.now_ms += 90_500;
    office.update("Contact", id, json!({"LastName": "Li", "Phone": null})).unwrap();
    assert_eq!(office.text(id, "Name"), "Ann Li");
    assert!(office.get(id, "Phone").is_null());
    assert_eq!(office.get(id, "SystemModstamp"), Value::DateTime(NOW as i64 + 90_000));
    assert_eq!(office.get(id, "CreatedDate"), Value::DateTime(NOW as i64));
    assert_eq!(office.update("Contact", id, json!({"LastName": null})).unwrap_err().code, "REQUIRED_FIELD_MISSING");
    let contact = office.org.object("Contact").unwrap();
    let now = NOW as i64;
    assert_eq!(office.org.changed(contact, now + 90_000, now + 90_001, false), [(id, now + 90_000)]);
    assert!(office.org.changed(contact, now, now + 90_000, false).is_empty());
}

#[test]
fn deleted_rows_stay_for_those_who_ask_and_are_gone_for_writers() {
    let mut office = Office::new();
    let account = office.made("Account", json!({"Name": "Acme"}));
    let id = office.made("Contact", json!({"LastName": "Lee", "AccountId": account.to_string()}));
    let task = office.made("Task", json!({"WhoId": id.to_string()}));
    let context = office.context.clone();
    office.org.delete(&context, "Account", account).unwrap();
    for gone in [account, id, task] {
        assert!(office.org.row(gone).unwrap().is_deleted);
    }
    let error = office.update("Contact", id, json!({"LastName": "x"})).unwrap_err();
    assert_eq!((error.status, error.code), (404, "ENTITY_IS_DELETED"));
    assert_eq!(office.org.delete(&context, "Contact", id).unwrap_err().code, "ENTITY_IS_DELETED");
    assert_eq!(office.org.delete(&context, "Contact", Id::new("003", 77)).unwrap_err().code, "INVALID_CROSS_REFERENCE_KEY");
    assert_eq!(office.org.changed(office.org.object("Contact").unwrap(), 0, i64::MAX, true).len(), 1);
}

#[test]
fn objects_of_the_org_itself_cannot_be_written() {
    let mut office = Office::new();
    assert_eq!(office.create("Nonsense", json!({})).unwrap_err().status, 404);
    assert_eq!(office.refusal("Profile", json!({"Name": "x"})).0, "INVALID_TYPE_FOR_OPERATION");
    let context = office.context.clone();
    assert_eq!(office.org.delete(&context, "User", context.user).unwrap_err().code, "INVALID_TYPE_FOR_OPERATION");
}

#[test]
fn addresses_that_are_none_are_refused() {
    let mut office = Office::new();
    assert_eq!(
        office.refusal("Contact", json!({"LastName": "x", "Email": "nobody"})),
        ("INVALID_EMAIL_ADDRESS".into(), "Email: invalid email address: nobody".into())
    );
}

#[test]
fn whatever_a_request_holds_is_taken_or_refused_with_a_code() {
    let mut office = Office::new();
    let names: Vec<(&str, &str)> =
        office.org.objects().flat_map(|object| object.fields.iter().map(|field| (object.name, field.name))).collect();
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!(" \u{0} "),
        json!("9999-99-99"),
        json!("+262143-12-31T23:59:59.999Z"),
        json!("-262143-01-01"),
        json!("003dM00001wBXYDQA4"),
        json!("003dM00001wBXYDQA5"),
        json!("😀".repeat(300)),
        json!([]),
        json!({"a": []}),
    ];
    let mut refused = 0;
    for (object, field) in names {
        for value in &odd {
            let before = office.org.rows(office.org.object(object).unwrap()).count();
            let mut fields = json!({});
            fields[field] = value.clone();
            let result = office.create(object, fields);
            let grown = office.org.rows(office.org.object(object).unwrap()).count() - before;
            assert_eq!(grown, usize::from(result.is_ok()), "{object}.{field} = {value}");
            if let Err(error) = result {
                refused += 1;
                assert!((400..500).contains(&error.status) && !error.message.is_empty(), "{object}.{field} = {value}: {error:?}");
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}
