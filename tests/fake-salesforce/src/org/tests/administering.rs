//! What administrators do by hand.

use serde_json::json;

use super::{NOW, Office, contact};
use crate::{
    org::{DuplicateKey, DuplicateMode, DuplicateRule, SearchGroup},
    value::Value,
};

#[test]
fn statuses_of_tasks_can_be_renamed() {
    let mut office = Office::new();
    office.org.set_task_statuses(NOW, &[("Offen".to_owned(), false), ("Erledigt".to_owned(), true)]).unwrap();
    let status = office.org.object("TaskStatus").unwrap();
    assert_eq!(office.org.rows(status).count(), 2);
    let open = office.made("Task", json!({"Subject": "x"}));
    let done = office.made("Task", json!({"Subject": "x", "Status": "Erledigt"}));
    let old = office.made("Task", json!({"Subject": "x", "Status": "Completed"}));
    assert_eq!(office.text(open, "Status"), "Offen");
    assert_eq!([open, done, old].map(|id| office.get(id, "IsClosed")), [false, true, false].map(Value::Boolean));
    office.org.restrict_picklist("Task", "Status", true).unwrap();
    assert_eq!(office.refusal("Task", json!({"Status": "Completed"})).0, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    assert!(office.org.restrict_picklist("Task", "Subject", true).is_err());
}

#[test]
fn a_key_of_another_system_is_unique_and_found() {
    let mut office = Office::new();
    let old = office.made("Contact", contact());
    office.org.add_custom_field("Contact", "Ext__c", "Ext", 20, true).unwrap();
    assert!(office.org.add_custom_field("Contact", "ext__C", "Ext", 20, true).is_err());
    assert!(office.org.add_custom_field("Contact", "Plain", "Plain", 20, true).is_err());
    office.update("Contact", old, json!({"Ext__c": "k1"})).unwrap();
    office.update("Contact", old, json!({"Ext__c": "k1", "Title": "x"})).unwrap();
    let (code, message) = office.refusal("Contact", json!({"LastName": "x", "Ext__c": "K1"}));
    assert_eq!(code, "DUPLICATE_VALUE");
    assert_eq!(message, format!("duplicate value found: Ext__c duplicates value on record with id: {}", old.short()));
    let object = office.org.object("Contact").unwrap();
    let (_, field) = object.field("Ext__c").unwrap();
    assert!(field.id_lookup);
    assert_eq!(office.org.lookup(object, field, &Value::text("k1")), Some(vec![old]));
}

#[test]
fn merging_moves_what_belongs_to_the_loser() {
    let mut office = Office::new();
    let master = office.made("Contact", contact());
    let loser = office.made("Contact", json!({"LastName": "Li", "Phone": "555-0111"}));
    let task = office.made("Task", json!({"WhoId": loser.to_string()}));
    office.org.merge(NOW, master, loser).unwrap();
    assert_eq!(office.get(task, "WhoId"), Value::Reference(master));
    assert!(office.org.row(loser).unwrap().is_deleted);
    assert_eq!(office.get(loser, "MasterRecordId"), Value::Reference(master));
    assert!(office.find(NOW, SearchGroup::Phone, "Contact", "5550111").is_empty());
    assert!(office.org.merge(NOW, master, loser).is_err());
    assert!(office.org.merge(NOW, task, master).is_err());
}

#[test]
fn an_update_that_touches_nothing_compared_meets_no_duplicate_rule() {
    let mut office = Office::new();
    let first = office.made("Contact", contact());
    office.made("Contact", contact());
    office.org.knobs.duplicate_rules = vec![DuplicateRule::standard("Contact", DuplicateMode::Block, &[DuplicateKey::Phone])];
    office.update("Contact", first, json!({"Title": "Boss"})).unwrap();
    assert_eq!(office.update("Contact", first, json!({"FirstName": "Anna"})).unwrap_err().code, "DUPLICATES_DETECTED");
}

#[test]
fn the_edition_stands_in_the_organisations_row() {
    let mut office = Office::new();
    office.org.set_edition(NOW, "Enterprise Edition", true).unwrap();
    let id = office.org.organization();
    assert_eq!((office.text(id, "OrganizationType"), office.get(id, "IsSandbox")), ("Enterprise Edition".into(), Value::Boolean(true)));
    let user = office.colleague("Gone");
    assert!(office.org.is_active(user));
    office.org.set_active(NOW, user, false).unwrap();
    assert!(!office.org.is_active(user) && !office.org.is_active(id));
}

#[test]
fn fields_that_are_never_empty_cannot_be_emptied() {
    let mut office = Office::new();
    let id = office.made("Task", json!({"Subject": "x"}));
    let error = office.update("Task", id, json!({"Status": null})).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("REQUIRED_FIELD_MISSING", "Required fields are missing: [Status]"));
    assert_eq!(office.update("Task", id, json!({"IsReminderSet": null})).unwrap_err().code, "INVALID_TYPE_ON_FIELD_IN_RECORD");
}
