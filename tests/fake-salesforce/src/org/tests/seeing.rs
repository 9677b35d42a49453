//! Who sees and may do what.

use serde_json::json;

use super::{Office, contact};
use crate::{
    org::{Access, HiddenField, ObjectAccess, Permissions},
    value::Value,
};

#[test]
fn private_rows_are_for_owners_and_administrators() {
    let mut office = Office::new();
    let (owner, other) = (office.colleague("Owner"), office.colleague("Other"));
    let lead = office.made("Lead", json!({"LastName": "x", "Company": "y", "OwnerId": owner.to_string()}));
    assert!(office.org.visible(other, office.org.row(lead).unwrap()));
    office.org.knobs.private_objects.push("lead".to_owned());
    let seen = |office: &Office, user| office.org.visible(user, office.org.row(lead).unwrap());
    assert!(seen(&office, owner) && seen(&office, office.context.user) && !seen(&office, other));
    office.context.user = other;
    let error = office.update("Lead", lead, json!({"Title": "x"})).unwrap_err();
    assert_eq!((error.status, error.code), (403, "INSUFFICIENT_ACCESS_OR_READONLY"));
    assert_eq!(office.refusal("Task", json!({"WhoId": lead.to_string()})).0, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
}

#[test]
fn contacts_without_an_account_are_private_unless_switched_off() {
    let mut office = Office::new();
    let other = office.colleague("Other");
    let id = office.made("Contact", contact());
    assert!(!office.org.visible(other, office.org.row(id).unwrap()));
    office.org.knobs.contacts_without_account_are_private = false;
    assert!(office.org.visible(other, office.org.row(id).unwrap()));
}

#[test]
fn everybody_finds_the_own_permissions_alone() {
    let mut office = Office::new();
    let other = office.colleague("Other");
    let seen = |office: &Office, user| {
        let object = office.org.object("UserPermissionAccess").unwrap();
        let rows: Vec<_> = office.org.rows(object).filter(|row| office.org.visible(user, row)).collect();
        assert_eq!(rows.len(), 1);
        rows[0].named(object, "PermissionsModifyAllData") == &Value::Boolean(true)
    };
    assert!(seen(&office, office.context.user) && !seen(&office, other));
    office.org.set_permissions(other, Permissions::ADMINISTRATOR);
    assert!(seen(&office, other));
    office.org.set_permissions(other, Permissions { api: false, ..Permissions::STANDARD });
    assert!(!office.org.permissions(other).api);
}

#[test]
fn hidden_fields_do_not_exist_for_those_from_whom_they_are_hidden() {
    let mut office = Office::new();
    let other = office.colleague("Other");
    office.org.knobs.hidden_fields.push(HiddenField { object: "Task".into(), field: "CallObject".into(), user: Some(other) });
    office.made("Task", json!({"CallObject": "k"}));
    office.context.user = other;
    assert_eq!(office.refusal("Task", json!({"CallObject": "k"})).1, "No such column 'CallObject' on sobject of type Task");
    assert!(office.org.object_for(other, "Task").unwrap().field("CallObject").is_none());
}

#[test]
fn access_to_objects_can_be_taken() {
    let mut office = Office::new();
    office.org.knobs.object_access.push(ObjectAccess { object: "Lead".into(), user: None, access: Access::Read });
    office.org.knobs.object_access.push(ObjectAccess { object: "Contact".into(), user: None, access: Access::None });
    assert_eq!(office.create("Lead", json!({"LastName": "x", "Company": "y"})).unwrap_err().status, 403);
    assert_eq!(office.create("Contact", contact()).unwrap_err().status, 404);
    assert!(office.org.may_read(office.context.user, office.org.object("Lead").unwrap()));
    assert!(!office.org.may_read(office.context.user, office.org.object("Contact").unwrap()));
}

#[test]
fn only_those_who_manage_users_write_users() {
    let mut office = Office::new();
    let other = office.colleague("Other");
    office.update("User", other, json!({"Extension": "12"})).unwrap();
    let fields = json!({"LastName": "x", "Username": "other@fake.example", "Email": "x@fake.example", "Alias": "x"});
    assert_eq!(office.refusal("User", fields).0, "DUPLICATE_USERNAME");
    office.context.user = other;
    assert_eq!(office.update("User", other, json!({"Extension": "13"})).unwrap_err().status, 403);
}

#[test]
fn robots_are_users_too() {
    let office = Office::new();
    let user = office.org.object("User").unwrap();
    let standard = |row: &&crate::org::Row| row.named(user, "UserType").as_text() == Some("Standard");
    let without_profile = office.org.rows(user).filter(|row| row.named(user, "ProfileId").is_null()).count();
    assert!(office.org.rows(user).all(|row| row.named(user, "IsActive") == &Value::Boolean(true)));
    assert_eq!((office.org.rows(user).count(), office.org.rows(user).filter(standard).count(), without_profile), (7, 3, 3));
}
