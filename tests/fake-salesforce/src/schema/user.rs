//! User: who may sign in, and the robots that every org has.

use super::{ObjectType, fields::*};

pub(super) fn object() -> ObjectType {
    let mut fields = head("User ID");
    // Users are deactivated, never deleted.
    fields.retain(|field| field.name != "IsDeleted");
    fields.extend([
        text("Username", "Username", 80).needed().id_lookup(),
        text("LastName", "Last Name", 80).needed().part_of_name(),
        text("FirstName", "First Name", 40).part_of_name(),
        text("Name", "Full Name", 121).defaulted().read_only().names(),
        text("CompanyName", "Company Name", 80),
        text("Division", "Division", 80),
        text("Department", "Department", 80),
        text("Title", "Title", 80),
        street("Street", "Street"),
        text("City", "City", 40),
        text("State", "State/Province", 80),
        text("PostalCode", "Zip/Postal Code", 20),
        text("Country", "Country", 80),
        email("Email", "Email", 128).needed(),
        phone("Phone", "Phone"),
        phone("Fax", "Fax"),
        phone("MobilePhone", "Mobile"),
        text("Alias", "Alias", 8).needed(),
        text("CommunityNickname", "Nickname", 40).defaulted(),
        check_box("IsActive", "Active"),
        picklist("TimeZoneSidKey", "Time Zone", 40, &["*America/Los_Angeles", "America/New_York", "Europe/London", "Asia/Shanghai"])
            .defaulted(),
        picklist("LocaleSidKey", "Locale", 40, &["*en_US", "en_GB", "de_DE", "zh_CN"]).defaulted(),
        picklist("EmailEncodingKey", "Email Encoding", 40, &["*UTF-8", "ISO-8859-1"]).defaulted(),
        picklist("LanguageLocaleKey", "Language", 40, &["*en_US", "de", "zh_CN"]).defaulted(),
        reference("ProfileId", "Profile ID", &["Profile"], Some("Profile")),
        picklist(
            "UserType",
            "User Type",
            40,
            &["*Standard", "PowerPartner", "CSPLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "CsnOnly", "AutomatedProcess"],
        )
        .defaulted()
        .read_only(),
        text("EmployeeNumber", "Employee Number", 20),
        phone("Extension", "Extension"),
        text("FederationIdentifier", "SAML Federation ID", 512),
        reference("ManagerId", "Manager ID", &["User"], Some("Manager")),
        moment("LastLoginDate", "Last Login").read_only(),
        url("FullPhotoUrl", "Url for full-sized Photo").read_only(),
        url("SmallPhotoUrl", "Photo").read_only(),
        long_text("AboutMe", "About Me"),
    ]);
    fields.extend(tail());
    ObjectType {
        name: "User",
        label: "User",
        label_plural: "Users",
        prefix: "005",
        writable: true,
        deletable: false,
        searchable: true,
        fields,
    }
}
