//! Lead: somebody who may become a contact.

use super::{
    ObjectType,
    contact::{SOURCES, person_name},
    fields::*,
};

pub(super) fn object() -> ObjectType {
    let mut fields = head("Lead ID");
    fields.push(reference("MasterRecordId", "Master Record ID", &["Lead"], Some("MasterRecord")).read_only());
    fields.extend(person_name());
    fields.extend([
        text("Title", "Title", 128),
        text("Company", "Company", 255).needed(),
        street("Street", "Street"),
        text("City", "City", 40),
        text("State", "State/Province", 80),
        text("PostalCode", "Zip/Postal Code", 20),
        text("Country", "Country", 80),
        phone("Phone", "Phone"),
        phone("MobilePhone", "Mobile Phone"),
        phone("Fax", "Fax"),
        email("Email", "Email", 80).id_lookup(),
        url("Website", "Website"),
        long_text("Description", "Description"),
        picklist("LeadSource", "Lead Source", 255, SOURCES),
        picklist(
            "Status",
            "Status",
            255,
            &["*Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
        )
        .defaulted(),
        picklist(
            "Industry",
            "Industry",
            255,
            &["Banking", "Communications", "Consulting", "Education", "Manufacturing", "Retail", "Other"],
        ),
        picklist("Rating", "Rating", 255, &["Hot", "Warm", "Cold"]),
        number("AnnualRevenue", "Annual Revenue"),
        whole("NumberOfEmployees", "Employees", 8),
        reference("OwnerId", "Owner ID", &["Group", "User"], Some("Owner")).defaulted(),
        check_box("HasOptedOutOfEmail", "Email Opt Out"),
        check_box("DoNotCall", "Do Not Call"),
        check_box("IsConverted", "Converted").read_only(),
        date("ConvertedDate", "Converted Date").read_only(),
        reference("ConvertedAccountId", "Converted Account ID", &["Account"], Some("ConvertedAccount")).read_only(),
        reference("ConvertedContactId", "Converted Contact ID", &["Contact"], Some("ConvertedContact")).read_only(),
        check_box("IsUnreadByOwner", "Unread By Owner"),
    ]);
    fields.extend(tail());
    fields.extend([
        date("LastActivityDate", "Last Activity").read_only(),
        moment("LastViewedDate", "Last Viewed Date").read_only(),
        moment("LastReferencedDate", "Last Referenced Date").read_only(),
    ]);
    ObjectType {
        name: "Lead",
        label: "Lead",
        label_plural: "Leads",
        prefix: "00Q",
        writable: true,
        deletable: true,
        searchable: true,
        fields,
    }
}
