//! Contact: a person at an account, or a private one.

use super::{Field, ObjectType, fields::*};

pub(super) const SALUTATIONS: &[&str] = &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."];
pub(super) const SOURCES: &[&str] = &["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"];

pub(super) fn object() -> ObjectType {
    let mut fields = head("Contact ID");
    fields.push(reference("MasterRecordId", "Master Record ID", &["Contact"], Some("MasterRecord")).read_only());
    fields.push(reference("AccountId", "Account ID", &["Account"], Some("Account")));
    fields.extend(person_name());
    fields.extend(address!("Other"));
    fields.extend(address!("Mailing"));
    fields.extend([
        phone("Phone", "Business Phone"),
        phone("Fax", "Business Fax"),
        phone("MobilePhone", "Mobile Phone"),
        phone("HomePhone", "Home Phone"),
        phone("OtherPhone", "Other Phone"),
        phone("AssistantPhone", "Asst. Phone"),
        reference("ReportsToId", "Reports To ID", &["Contact"], Some("ReportsTo")),
        email("Email", "Email", 80).id_lookup(),
        text("Title", "Title", 128),
        text("Department", "Department", 80),
        text("AssistantName", "Assistant's Name", 40),
        picklist("LeadSource", "Lead Source", 255, SOURCES),
        date("Birthdate", "Birthdate"),
        long_text("Description", "Contact Description"),
        reference("OwnerId", "Owner ID", &["User"], Some("Owner")).defaulted(),
        check_box("HasOptedOutOfEmail", "Email Opt Out"),
        check_box("DoNotCall", "Do Not Call"),
    ]);
    fields.extend(tail());
    fields.extend([
        date("LastActivityDate", "Last Activity").read_only(),
        moment("LastViewedDate", "Last Viewed Date").read_only(),
        moment("LastReferencedDate", "Last Referenced Date").read_only(),
        text("EmailBouncedReason", "Email Bounced Reason", 255),
        url("PhotoUrl", "Photo URL").read_only(),
    ]);
    ObjectType {
        name: "Contact",
        label: "Contact",
        label_plural: "Contacts",
        prefix: "003",
        writable: true,
        deletable: true,
        searchable: true,
        fields,
    }
}

/// The parts of a person's name and the name put together of them.
pub(super) fn person_name() -> [Field; 4] {
    [
        text("LastName", "Last Name", 80).needed().part_of_name(),
        text("FirstName", "First Name", 40).part_of_name(),
        picklist("Salutation", "Salutation", 40, SALUTATIONS).part_of_name(),
        text("Name", "Full Name", 121).defaulted().read_only().names(),
    ]
}

pub(super) fn person_fields() -> Vec<Field> {
    vec![check_box("IsPersonAccount", "Is Person Account").read_only()]
}
