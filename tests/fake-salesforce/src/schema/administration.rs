//! Objects about the org itself: its own row, profiles, permissions, queues, statuses of tasks.

use super::{Field, FieldKind, ObjectType, fields::*};

/// An object that the API can only read.
fn object(name: &'static str, label: &'static str, label_plural: &'static str, prefix: &'static str, fields: Vec<Field>) -> ObjectType {
    ObjectType { name, label, label_plural, prefix, writable: false, deletable: false, searchable: false, fields }
}

pub(super) fn objects() -> Vec<ObjectType> {
    vec![organization(), profile(), permissions(), group(), task_status()]
}

/// Fields of an object that knows no deletion.
fn permanent(id_label: &'static str, own: impl IntoIterator<Item = Field>) -> Vec<Field> {
    let mut fields = head(id_label);
    fields.retain(|field| field.name != "IsDeleted");
    fields.extend(own.into_iter().map(Field::read_only));
    fields
}

fn organization() -> ObjectType {
    let mut fields = permanent(
        "Organization ID",
        [
            text("Name", "Name", 80).defaulted().names(),
            text("Division", "Division", 80),
            street("Street", "Street"),
            text("City", "City", 40),
            text("State", "State/Province", 80),
            text("PostalCode", "Zip/Postal Code", 20),
            text("Country", "Country", 80),
            phone("Phone", "Phone"),
            phone("Fax", "Fax"),
            text("PrimaryContact", "Primary Contact", 80),
            picklist("DefaultLocaleSidKey", "Locale", 40, &["*en_US", "en_GB", "de_DE", "zh_CN"]).defaulted(),
            picklist("TimeZoneSidKey", "Time Zone", 40, &["*America/Los_Angeles", "Europe/London", "Asia/Shanghai"]).defaulted(),
            picklist("LanguageLocaleKey", "Language", 40, &["*en_US", "de", "zh_CN"]).defaulted(),
            picklist(
                "OrganizationType",
                "Edition",
                40,
                &["Team Edition", "Professional Edition", "Enterprise Edition", "Developer Edition", "Unlimited Edition"],
            ),
            text("NamespacePrefix", "Namespace Prefix", 15),
            text("InstanceName", "Instance Name", 5),
            check_box("IsSandbox", "Is Sandbox"),
            moment("TrialExpirationDate", "Trial Expiration Date"),
        ],
    );
    fields.extend(tail());
    object("Organization", "Organization", "Organizations", "00D", fields)
}

fn profile() -> ObjectType {
    let mut fields = permanent(
        "Profile ID",
        [
            text("Name", "Name", 255).defaulted().names(),
            check_box("PermissionsApiEnabled", "API Enabled"),
            check_box("PermissionsModifyAllData", "Modify All Data"),
            check_box("PermissionsViewAllData", "View All Data"),
            check_box("PermissionsManageUsers", "Manage Internal Users"),
            check_box("PermissionsViewSetup", "View Setup and Configuration"),
            picklist("UserType", "User Type", 40, &["*Standard", "CsnOnly"]),
            text("Description", "Description", 255),
        ],
    );
    fields.extend(tail());
    object("Profile", "Profile", "Profiles", "00e", fields)
}

/// What the user who asks may do, permission sets included. Everybody finds one row only: the own one.
fn permissions() -> ObjectType {
    let fields = permanent(
        "User Permission Access ID",
        [
            moment("LastCacheUpdate", "Last Cache Update"),
            check_box("PermissionsApiEnabled", "API Enabled"),
            check_box("PermissionsModifyAllData", "Modify All Data"),
            check_box("PermissionsViewAllData", "View All Data"),
            check_box("PermissionsManageUsers", "Manage Internal Users"),
            check_box("PermissionsViewSetup", "View Setup and Configuration"),
        ],
    );
    object("UserPermissionAccess", "User Permission Access", "User Permission Access", "0PX", fields)
}

/// Queues are groups whose type says so.
fn group() -> ObjectType {
    let mut fields = permanent(
        "Group ID",
        [
            text("Name", "Name", 40).defaulted().names(),
            text("DeveloperName", "Developer Name", 80),
            picklist("Type", "Type", 40, &["Regular", "Queue", "Role", "Organization"]),
            email("Email", "Email", 255),
        ],
    );
    fields.extend(tail());
    object("Group", "Group", "Group", "00G", fields)
}

fn task_status() -> ObjectType {
    let mut fields = permanent(
        "Task Status Value ID",
        [
            text("MasterLabel", "Master Label", 255).names(),
            text("ApiName", "Api Name", 255),
            plain("SortOrder", "Sort Order", FieldKind::Int, 0),
            check_box("IsDefault", "Is Default"),
            check_box("IsClosed", "Is Closed"),
        ],
    );
    fields.extend(tail());
    object("TaskStatus", "Task Status Value", "Task Status Value", "01T", fields)
}
