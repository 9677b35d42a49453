//! Leads that are converted, accounts that are persons, owners that have left.

use serde_json::json;

use super::{NOW, Office};
use crate::{org::SearchGroup, value::Value};

#[test]
fn a_converted_lead_is_there_to_read_and_closed_to_write() {
    let mut office = Office::new();
    let lead = office.made("Lead", json!({"LastName": "Lee", "Company": "Acme", "Phone": "415 555 0123"}));
    let task = office.made("Task", json!({"WhoId": lead.to_string()}));
    let (account, contact) = office.org.convert_lead(NOW, lead, None, None).unwrap();
    assert_eq!(office.get(lead, "ConvertedContactId"), Value::Reference(contact));
    assert_eq!(office.get(contact, "AccountId"), Value::Reference(account));
    assert_eq!((office.text(account, "Name"), office.text(contact, "Phone")), ("Acme".into(), "415 555 0123".into()));
    assert_eq!(office.get(task, "WhoId"), Value::Reference(contact));
    assert_eq!(office.get(task, "AccountId"), Value::Reference(account));
    let error = office.update("Lead", lead, json!({"Title": "x"})).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"));
    assert_eq!(office.refusal("Task", json!({"WhoId": lead.to_string()})).0, "CANNOT_UPDATE_CONVERTED_LEAD");
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Lead", "4155550123"), [lead]);
    assert!(office.org.convert_lead(NOW, lead, None, None).is_err());
}

#[test]
fn an_org_without_person_accounts_does_not_know_their_fields() {
    let mut office = Office::new();
    assert_eq!(office.refusal("Account", json!({"LastName": "Lee"})).1, "No such column 'LastName' on sobject of type Account");
    let old = office.made("Account", json!({"Name": "Acme"}));
    office.org.enable_person_accounts();
    assert_eq!(office.get(old, "IsPersonAccount"), Value::Boolean(false));
    let company = office.made("Account", json!({"Name": "Acme"}));
    assert!(office.get(company, "PersonContactId").is_null());
}

#[test]
fn a_person_account_brings_its_contact() {
    let mut office = Office::new();
    office.org.enable_person_accounts();
    let account = office.made("Account", json!({"FirstName": "Ann", "LastName": "Lee", "PersonMobilePhone": "415 555 0123"}));
    let contact = office.get(account, "PersonContactId").as_id().unwrap();
    assert_eq!((office.text(account, "Name"), office.text(contact, "Name")), ("Ann Lee".into(), "Ann Lee".into()));
    assert_eq!(office.get(contact, "AccountId"), Value::Reference(account));
    office.update("Account", account, json!({"PersonMobilePhone": "415 555 0199"})).unwrap();
    assert_eq!(office.text(contact, "MobilePhone"), "415 555 0199");
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Account", "4155550199"), [account]);
    assert_eq!(office.find(NOW, SearchGroup::Phone, "Contact", "4155550199"), [contact]);
    assert_eq!(office.update("Contact", contact, json!({"LastName": "x"})).unwrap_err().code, "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(office.refusal("Account", json!({"Name": "x", "LastName": "y"})).0, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let context = office.context.clone();
    office.org.delete(&context, "Account", account).unwrap();
    assert!(office.org.row(contact).unwrap().is_deleted);
}

#[test]
fn those_who_have_left_own_nothing_new() {
    let mut office = Office::new();
    let gone = office.colleague("Gone");
    office.org.amend(NOW, gone, &[("IsActive", Value::Boolean(false))]).unwrap();
    let (code, message) = office.refusal("Contact", json!({"LastName": "x", "OwnerId": gone.to_string()}));
    assert_eq!(code, "INACTIVE_OWNER_OR_USER");
    assert_eq!(message, format!("operation performed with inactive user [{}] as owner of contact", gone.short()));
}

#[test]
fn the_assignment_rule_takes_leads_unless_told_not_to() {
    let mut office = Office::new();
    let queue = office.org.put(NOW, "Group", &[("Name", Value::text("New leads")), ("Type", Value::text("Queue"))], None, true).unwrap();
    office.org.knobs.leads_assigned_to = Some(queue);
    let fields = json!({"LastName": "x", "Company": "y", "OwnerId": office.context.user.to_string()});
    let lead = office.made("Lead", fields.clone());
    assert_eq!(office.get(lead, "OwnerId"), Value::Reference(queue));
    office.context.auto_assign = false;
    let lead = office.made("Lead", fields);
    assert_eq!(office.get(lead, "OwnerId"), Value::Reference(office.context.user));
}
