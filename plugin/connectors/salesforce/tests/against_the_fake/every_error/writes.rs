use crm_fake::SeedRecord;
use serde_json::json;

use super::*;
use crate::office::NOW;

/// Errors of writes.
pub(super) fn cases() -> Vec<Case> {
    let rule: fn(&Desk) = |desk| {
        for object in ["Contact", "Task"] {
            knob(desk, "validation-rule", json!({ "object": object, "when": "always", "message": "请先填写“来源”！" }));
        }
    };
    let trigger: fn(&Desk) = |desk| knob(desk, "trigger-failure", json!({ "times": null, "message": "CallTrigger: line 7" }));
    let read_only: fn(&Desk) = |desk| {
        for object in ["Contact", "Task"] {
            knob(desk, "object-access", json!({ "object": object, "access": "read" }));
        }
    };
    let locked: fn(&Desk) = |desk| knob(desk, "row-lock", json!({ "times": null }));
    let maintenance: fn(&Desk) = |desk| knob(desk, "maintenance", json!(true));
    let full: fn(&Desk) = |desk| knob(desk, "storage-full", json!(true));
    let mut cases = Vec::new();
    for ask in [create as Ask, write, amend] {
        cases.extend([
            case(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                Provoked::Really(rule),
                ask,
                naming("Invalid", "salesforce.validation-rule", &["请先填写“来源”！"]),
            ),
            case(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                Provoked::Really(trigger),
                ask,
                naming("Invalid", "salesforce.automation", &["CallTrigger"]),
            ),
            case("INSUFFICIENT_ACCESS_OR_READONLY", Provoked::Really(read_only), ask, fails("Forbidden", "salesforce.no-access")),
            case("UNABLE_TO_LOCK_ROW", Provoked::Really(locked), ask, fails("Conflict", "salesforce.locked")),
            case(
                "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
                Provoked::Really(maintenance),
                ask,
                fails("Busy", "salesforce.maintenance"),
            ),
        ]);
    }
    for ask in [create as Ask, write] {
        cases.push(case("STORAGE_LIMIT_EXCEEDED", Provoked::Really(full), ask, fails("Forbidden", "salesforce.storage")));
    }
    cases
}

/// Errors of a field, a reference or a row.
pub(super) fn fields() -> Vec<Case> {
    let row = Provoked::Row;
    let on_create = |code: &'static str, message: &str, field: &str| {
        Provoked::Answer(
            400,
            json!([{ "errorCode": code, "message": message, "fields": if field.is_empty() { json!([]) } else { json!([field]) } }]),
        )
    };
    let refused = |error, provoked, ask, id, names| case(error, provoked, ask, naming("Invalid", id, names));
    vec![
        refused(
            "REQUIRED_FIELD_MISSING",
            on_create("REQUIRED_FIELD_MISSING", "Required fields are missing: [Source__c]", ""),
            create,
            "salesforce.required",
            &["Source__c"],
        ),
        refused(
            "REQUIRED_FIELD_MISSING",
            row("REQUIRED_FIELD_MISSING", "Required fields are missing: [Source__c]", &["Source__c"]),
            write,
            "salesforce.required",
            &["Source__c"],
        ),
        refused(
            "STRING_TOO_LONG",
            on_create("STRING_TOO_LONG", "Last Name: data value too large: x (max length=80)", "LastName"),
            create,
            "salesforce.too-long",
            &["LastName", "80"],
        ),
        refused(
            "STRING_TOO_LONG",
            row("STRING_TOO_LONG", "Subject: data value too large: x (max length=255)", &["Subject"]),
            write,
            "salesforce.too-long",
            &["Subject", "255"],
        ),
        refused(
            "DUPLICATE_VALUE",
            on_create("DUPLICATE_VALUE", "duplicate value found: Number__c duplicates value on record with id: 003", ""),
            create,
            "salesforce.duplicate-value",
            &["Number__c"],
        ),
        case("INVALID_CROSS_REFERENCE_KEY", Provoked::Really(|_| ()), write_to_nobody, fails("Gone", "salesforce.deleted")),
        case(
            "INVALID_CROSS_REFERENCE_KEY",
            row("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[]),
            write_owned,
            Wanted::Survives,
        ),
        case("MALFORMED_ID", Provoked::Really(|_| ()), write_to_nonsense, fails("Invalid", "salesforce.value")),
        case("MALFORMED_ID", on_create("MALFORMED_ID", "Owner ID: id value of incorrect type", "OwnerId"), create_owned, Wanted::Survives),
        case("ENTITY_IS_DELETED", answer(404, "ENTITY_IS_DELETED", "entity is deleted"), create, fails("Gone", "salesforce.deleted")),
        case("ENTITY_IS_DELETED", row("ENTITY_IS_DELETED", "entity is deleted", &[]), write, fails("Gone", "salesforce.deleted")),
        refused(
            "FIELD_INTEGRITY_EXCEPTION",
            row("FIELD_INTEGRITY_EXCEPTION", "field integrity exception", &["WhatId"]),
            write_to_lead,
            "salesforce.integrity",
            &["WhatId"],
        ),
        case("FIELD_INTEGRITY_EXCEPTION", Provoked::Really(|_| ()), write_to_lead, Wanted::Survives),
        refused(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            Provoked::Really(|desk| {
                let mut fake = desk.office.fake.borrow_mut();
                fake.org.set_task_statuses(NOW, &[("Offen".to_owned(), false)]).unwrap();
                fake.org.restrict_picklist("Task", "Status", true).unwrap();
            }),
            write,
            "salesforce.picklist",
            &["Status"],
        ),
        case(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            row("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value", &["CallType"]),
            write,
            Wanted::Survives,
        ),
        refused(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            row("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: WhoId", &["WhoId"]),
            write,
            "salesforce.field-hidden",
            &["WhoId"],
        ),
        case(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            row("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields", &["CallObject"]),
            write,
            Wanted::Survives,
        ),
        refused(
            "INVALID_FIELD of a write",
            Provoked::Really(|desk| knob(desk, "hidden-field", json!({ "object": "Task", "field": "Description" }))),
            write,
            "salesforce.field-hidden",
            &["Description"],
        ),
        case(
            "INVALID_FIELD of a write",
            Provoked::Really(|desk| knob(desk, "hidden-field", json!({ "object": "Task", "field": "CallDisposition" }))),
            write,
            Wanted::Survives,
        ),
        case(
            "INSUFFICIENT_ACCESS",
            answer(403, "INSUFFICIENT_ACCESS", "insufficient access rights"),
            create,
            fails("Forbidden", "salesforce.no-access"),
        ),
        case(
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            row("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id", &[]),
            write,
            fails("Forbidden", "salesforce.no-access"),
        ),
        case(
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            answer(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id"),
            create_owned,
            Wanted::Survives,
        ),
        case(
            "INACTIVE_OWNER_OR_USER",
            Provoked::Really(|desk| knob(desk, "user", json!({ "user": desk.agent, "active": false }))),
            write_owned,
            Wanted::Survives,
        ),
        case(
            "INACTIVE_OWNER_OR_USER",
            answer(400, "INACTIVE_OWNER_OR_USER", "operation performed with inactive user"),
            create,
            fails("Invalid", "salesforce.owner"),
        ),
        case(
            "CANNOT_UPDATE_CONVERTED_LEAD",
            Provoked::Really(|desk| knob(desk, "convert-lead", json!({ "lead": desk.lead }))),
            write_to_lead,
            fails("Moved", "salesforce.moved"),
        ),
        case(
            "CANNOT_UPDATE_CONVERTED_LEAD",
            answer(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"),
            create,
            fails("Invalid", "salesforce.converted"),
        ),
        case(
            "TXN_SECURITY_NO_ACCESS",
            answer(403, "TXN_SECURITY_NO_ACCESS", "blocked by policy"),
            create,
            fails("Forbidden", "salesforce.security-policy"),
        ),
        case(
            "TXN_SECURITY_NO_ACCESS",
            row("TXN_SECURITY_NO_ACCESS", "blocked by policy", &[]),
            write,
            fails("Forbidden", "salesforce.security-policy"),
        ),
    ]
}

/// Duplicate rules.
pub(super) fn duplicates() -> Vec<Case> {
    fn rule(desk: &Desk, mode: &str, by: &str, key: &str) {
        let number = if by == "phone" { "+1 (415) 555-0112" } else { "+1 (415) 555-0199" };
        let name = Some("Automatic New Contact".to_owned());
        desk.office.seed(SeedRecord { first_name: name, ..person("-4155550112", number) });
        knob(desk, "duplicate-rule", json!({ "object": "Contact", "mode": mode, "by": [by] }));
        knob(desk, "duplicate-key", json!(key));
    }
    let known: [fn(&Desk); 3] = [
        |desk| rule(desk, "alert", "phone", "duplicateResut"),
        |desk| rule(desk, "block", "phone", "duplicateResult"),
        |desk| rule(desk, "block", "name", "duplicateResut"),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for known in known {
        cases.push(case("DUPLICATES_DETECTED", Provoked::Really(known), create, fails("Duplicate", "salesforce.duplicate")));
    }
    let another: fn(&Desk) = |desk| rule(desk, "alert", "name", "duplicateResut");
    cases.push(case("DUPLICATES_DETECTED", Provoked::Really(another), create, Wanted::Survives));
    let unnamed = answer(400, "DUPLICATES_DETECTED", "Use one of these records?");
    cases.push(case("DUPLICATES_DETECTED", unnamed, create, fails("Invalid", "salesforce.duplicate")));
    cases
}
