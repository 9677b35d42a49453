//! Account: a company; with person accounts a person too.

use super::{Field, ObjectType, contact::SALUTATIONS, contact::SOURCES, fields::*};

pub(super) fn object() -> ObjectType {
    let mut fields = head("Account ID");
    fields.extend([
        reference("MasterRecordId", "Master Record ID", &["Account"], Some("MasterRecord")).read_only(),
        text("Name", "Account Name", 255).needed().names(),
        picklist(
            "Type",
            "Account Type",
            255,
            &["Prospect", "Customer - Direct", "Customer - Channel", "Channel Partner / Reseller", "Other"],
        ),
        reference("ParentId", "Parent Account ID", &["Account"], Some("Parent")),
    ]);
    fields.extend(address!("Billing"));
    fields.extend(address!("Shipping"));
    fields.extend([
        phone("Phone", "Account Phone"),
        phone("Fax", "Account Fax"),
        text("AccountNumber", "Account Number", 40),
        url("Website", "Website"),
        picklist(
            "Industry",
            "Industry",
            255,
            &["Banking", "Communications", "Consulting", "Education", "Manufacturing", "Retail", "Other"],
        ),
        number("AnnualRevenue", "Annual Revenue"),
        whole("NumberOfEmployees", "Employees", 8),
        long_text("Description", "Account Description"),
        picklist("Rating", "Account Rating", 255, &["Hot", "Warm", "Cold"]),
        text("Site", "Account Site", 80),
        reference("OwnerId", "Owner ID", &["User"], Some("Owner")).defaulted(),
    ]);
    fields.extend(tail());
    fields.extend([
        date("LastActivityDate", "Last Activity").read_only(),
        moment("LastViewedDate", "Last Viewed Date").read_only(),
        moment("LastReferencedDate", "Last Referenced Date").read_only(),
        picklist("AccountSource", "Account Source", 255, SOURCES),
    ]);
    ObjectType {
        name: "Account",
        label: "Account",
        label_plural: "Accounts",
        prefix: "001",
        writable: true,
        deletable: true,
        searchable: true,
        fields,
    }
}

/// The fields of the person in an account that is one.
pub(super) fn person_fields() -> Vec<Field> {
    vec![
        text("LastName", "Last Name", 80).part_of_name(),
        text("FirstName", "First Name", 40).part_of_name(),
        picklist("Salutation", "Salutation", 40, SALUTATIONS).part_of_name(),
        check_box("IsPersonAccount", "Is Person Account").read_only(),
        reference("PersonContactId", "Person Contact: Contact ID", &["Contact"], Some("PersonContact")).read_only(),
        phone("PersonMobilePhone", "Mobile"),
        phone("PersonHomePhone", "Home Phone"),
        phone("PersonOtherPhone", "Other Phone"),
        phone("PersonAssistantPhone", "Asst. Phone"),
        email("PersonEmail", "Email", 80).id_lookup(),
        text("PersonTitle", "Title", 80),
        date("PersonBirthdate", "Birthdate"),
    ]
}
