//! Savepoints.

use serde_json::json;

use super::{NOW, Office, contact};
use crate::{org::SearchGroup, value::Value};

#[test]
fn rolling_back_undoes_creations_changes_and_deletions_in_rows_and_indexes() {
    let mut office = Office::new();
    let kept = office.made("Contact", contact());
    let deleted = office.made("Contact", json!({"LastName": "Stays", "Phone": "555-0100"}));
    let outer = office.org.savepoint();
    let created = office.made("Contact", json!({"LastName": "New", "Phone": "555-0155"}));
    let inner = office.org.savepoint();
    office.update("Contact", kept, json!({"Phone": "555-0177", "LastName": "Li"})).unwrap();
    let context = office.context.clone();
    office.org.delete(&context, "Contact", deleted).unwrap();
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Contact", "5550177"), [kept]);
    office.org.roll_back(inner);
    assert!(office.org.row(created).is_some());
    assert!(!office.org.row(deleted).unwrap().is_deleted);
    assert_eq!(office.text(kept, "Name"), "Ann Lee");
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Contact", "4155550123"), [kept]);
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Contact", "5550100"), [deleted]);
    assert!(office.find(NOW, SearchGroup::Phone, "Contact", "5550177").is_empty());
    office.org.roll_back(outer);
    assert!(office.org.row(created).is_none());
    assert!(office.find(NOW, SearchGroup::Phone, "Contact", "5550155").is_empty());
    let object = office.org.object("Contact").unwrap();
    assert_eq!(office.org.lookup(object, object.field("Phone").unwrap().1, &Value::text("555-0155")), Some(vec![]));
    assert_ne!(office.made("Contact", contact()), created, "ids are not used twice");
}
