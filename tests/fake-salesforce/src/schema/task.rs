//! Task: what is to do, and what was done, calls among it.

use super::{Field, FieldKind, ObjectType, fields::*};

pub(super) fn object() -> ObjectType {
    let mut fields = head("Activity ID");
    fields.extend([
        reference("WhoId", "Name ID", &["Contact", "Lead"], Some("Who")),
        reference("WhatId", "Related To ID", &["Account"], Some("What")),
        whole("WhoCount", "Relation Count", 9).read_only(),
        whole("WhatCount", "Related To Count", 9).read_only(),
        subject(),
        date("ActivityDate", "Due Date Only"),
        picklist("Status", "Status", 255, &["*Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"]).defaulted(),
        picklist("Priority", "Priority", 255, &["High", "*Normal", "Low"]).defaulted(),
        check_box("IsHighPriority", "High Priority").read_only(),
        reference("OwnerId", "Assigned To ID", &["Group", "User"], Some("Owner")).defaulted(),
        long_text("Description", "Description"),
        reference("AccountId", "Account ID", &["Account"], Some("Account")).read_only(),
        check_box("IsClosed", "Closed").read_only(),
    ]);
    fields.extend(tail());
    fields.extend([
        check_box("IsArchived", "Archived").read_only(),
        whole("CallDurationInSeconds", "Call Duration", 8),
        picklist("CallType", "Call Type", 40, &["Internal", "Inbound", "Outbound"]).restricted(),
        text("CallDisposition", "Call Result", 255),
        text("CallObject", "Call Object Identifier", 255),
        moment("ReminderDateTime", "Reminder Date/Time"),
        check_box("IsReminderSet", "Reminder Set"),
        moment("CompletedDateTime", "Completed Date").read_only(),
        picklist("TaskSubtype", "Task Subtype", 40, &["*Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn"])
            .restricted()
            .once()
            .defaulted(),
    ]);
    ObjectType {
        name: "Task",
        label: "Task",
        label_plural: "Tasks",
        prefix: "00T",
        writable: true,
        deletable: true,
        searchable: true,
        fields,
    }
}

/// Free text with suggestions.
fn subject() -> Field {
    let suggestions = ["Call", "Email", "Send Letter", "Send Quote", "Other"];
    Field { picklist: suggestions.map(|value| (value, false)).to_vec(), ..plain("Subject", "Subject", FieldKind::Combobox, 255) }.names()
}
