//! The administrator's rules and what hinders writes.

use serde_json::json;

use super::{Office, contact};
use crate::org::{Condition, DuplicateKey, DuplicateMode, DuplicateRule, Fault, ValidationRule};

#[test]
fn a_duplicate_is_refused_with_the_misspelt_key_and_the_record_to_use() {
    let mut office = Office::new();
    let first = office.made("Contact", contact());
    office.org.knobs.duplicate_rules = vec![DuplicateRule::standard("Contact", DuplicateMode::Block, &[DuplicateKey::Phone])];
    let same = json!({"LastName": "Other", "MobilePhone": "415.555.0123"});
    let told = office.create("Contact", same.clone()).unwrap_err().to_json();
    assert_eq!(told["errorCode"], "DUPLICATES_DETECTED");
    assert_eq!(told["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]["Id"], first.to_string());
    assert_eq!(told["duplicateResut"]["allowSave"], false);
    office.context.allow_save = true;
    assert!(office.create("Contact", same.clone()).is_err(), "a rule that blocks is not overruled");
    office.org.knobs.duplicate_rules[0].mode = DuplicateMode::Alert;
    office.made("Contact", same.clone());
    office.context.allow_save = false;
    office.org.knobs.duplicate_key_spelt_right = true;
    office.context.include_record_details = true;
    let told = office.create("Contact", same.clone()).unwrap_err().to_json();
    assert_eq!(told["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]["Name"], "Ann Lee");
    assert_eq!(told["duplicateResult"]["matchResults"][0]["size"], 2);
    office.org.knobs.duplicate_rules[0].mode = DuplicateMode::Off;
    office.made("Contact", same);
    office.update("Contact", first, json!({"Title": "Boss"})).unwrap();
}

#[test]
fn duplicates_are_found_by_mail_and_name_too() {
    let mut office = Office::new();
    office.made("Lead", json!({"LastName": "Lee", "Company": "Acme", "Email": "Lee@fake.example"}));
    office.org.knobs.duplicate_rules =
        vec![DuplicateRule::standard("Lead", DuplicateMode::Block, &[DuplicateKey::Email, DuplicateKey::Name])];
    assert_eq!(office.refusal("Lead", json!({"LastName": "x", "Company": "y", "Email": "lee@FAKE.example"})).0, "DUPLICATES_DETECTED");
    assert_eq!(office.refusal("Lead", json!({"LastName": "LEE", "Company": "y"})).0, "DUPLICATES_DETECTED");
    office.made("Lead", json!({"LastName": "Leeds", "Company": "y"}));
}

#[test]
fn a_validation_rule_speaks_the_administrators_words() {
    let mut office = Office::new();
    office.org.knobs.validation_rules.push(ValidationRule {
        object: "Task".into(),
        field: Some("Description".into()),
        condition: Condition::Contains("secret".into()),
        message: "No secrets, please.".into(),
    });
    let error = office.create("Task", json!({"Description": "a secret call"})).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No secrets, please."));
    office.made("Task", json!({"Description": "a call"}));
}

#[test]
fn a_lock_holds_for_as_many_writes_as_it_was_set_for() {
    let mut office = Office::new();
    office.org.knobs.row_locks.push(Fault::next(2, Some("Task")));
    office.made("Contact", contact());
    let refusals: Vec<bool> = (0..3).map(|_| office.create("Task", json!({"Subject": "x"})).is_err()).collect();
    assert_eq!(refusals, [true, true, false]);
    office.org.knobs.row_locks.push(Fault::next(1, None));
    let (code, message) = office.refusal("Contact", contact());
    assert_eq!(code, "UNABLE_TO_LOCK_ROW");
    assert!(message.starts_with("unable to obtain exclusive access to this record or 1 records: 003"), "{message}");
}

#[test]
fn triggers_storage_and_maintenance_refuse() {
    let mut office = Office::new();
    office.org.knobs.trigger_failures.push(Fault::next(1, Some("Task")));
    assert_eq!(office.refusal("Task", json!({})).0, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    let id = office.made("Contact", contact());
    office.org.knobs.storage_full = true;
    assert_eq!(office.refusal("Contact", contact()).0, "STORAGE_LIMIT_EXCEEDED");
    office.update("Contact", id, json!({"Title": "x"})).unwrap();
    office.org.knobs.maintenance = true;
    assert_eq!(
        office.update("Contact", id, json!({"Title": "y"})).unwrap_err().code,
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
    );
}

#[test]
fn a_refused_write_leaves_nothing_behind() {
    let mut office = Office::new();
    let before = office.org.rows(office.org.object("Contact").unwrap()).count();
    office.org.knobs.row_locks.push(Fault::next(1, None));
    office.create("Contact", contact()).unwrap_err();
    assert_eq!(office.org.rows(office.org.object("Contact").unwrap()).count(), before);
}
