//! Rows as the vendor-neutral control side shows them.

use crm_fake::{Activity, Direction, Phone, Record, Role};

use super::Names;
use crate::{
    id::Id,
    org::{Org, Row},
    schema::ObjectType,
    value::Value,
};

/// What a lead's company says when nobody knows it: the field must not be empty.
pub(super) const NO_COMPANY: &str = "[not provided]";

/// Phone fields and the labels that they stand for, over all objects.
const PHONES: [(&str, &str); 10] = [
    ("Phone", "business"),
    ("MobilePhone", "mobile"),
    ("PersonMobilePhone", "mobile"),
    ("HomePhone", "home"),
    ("PersonHomePhone", "home"),
    ("OtherPhone", "other"),
    ("PersonOtherPhone", "other"),
    ("AssistantPhone", "other"),
    ("PersonAssistantPhone", "other"),
    ("Fax", "fax"),
];

/// What connectors write into "Call Result", in the languages that they speak, and the contract's word for it. Compared without case.
const OUTCOMES: [(&str, &str); 16] = [
    ("answered", "answered"),
    ("missed", "missed"),
    ("voicemail", "voicemail"),
    ("no answer", "no-answer"),
    ("busy", "busy"),
    ("failed", "failed"),
    ("forwarded", "forwarded"),
    ("connection lost", "lost"),
    ("已接听", "answered"),
    ("未接", "missed"),
    ("语音留言", "voicemail"),
    ("无人接听", "no-answer"),
    ("忙线", "busy"),
    ("失败", "failed"),
    ("已转接", "forwarded"),
    ("连接中断", "lost"),
];

/// All people, prospects and organisations.
pub(super) fn records(org: &Org, names: &Names) -> Vec<Record> {
    let mut shown: Vec<((i64, usize, Id), Record)> = Vec::new();
    for (object, role) in [("Contact", Role::Person), ("Lead", Role::Prospect), ("Account", Role::Organisation)] {
        let Some(object) = org.object(object) else { continue };
        for row in org.rows(object).filter(|row| !names.implied.contains(&row.id)) {
            let is_person_account = is_true(row.named(object, "IsPersonAccount"));
            // A person account is one person, though it has two rows; the account is the one that people open.
            if is_person_account && role == Role::Person {
                continue;
            }
            let role = if is_person_account { Role::Person } else { role };
            let place = (moment(row.named(object, "CreatedDate")), names.order.get(&row.id).copied().unwrap_or(usize::MAX), row.id);
            shown.push((place, record(org, names, object, row, role)));
        }
    }
    shown.sort_by_key(|(place, _)| *place);
    shown.into_iter().map(|(_, record)| record).collect()
}

fn record(org: &Org, names: &Names, object: &ObjectType, row: &Row, role: Role) -> Record {
    let text = |name: &str| row.named(object, name).as_text().unwrap_or_default().to_owned();
    let company = match object.name {
        "Lead" => Some(text("Company")).filter(|company| company != NO_COMPANY).unwrap_or_default(),
        "Contact" => account_name(org, row.named(object, "AccountId")),
        _ => String::new(),
    };
    let phones = PHONES.iter().filter_map(|(field, label)| {
        let number = row.named(object, field).as_text()?;
        Some(Phone { label: (*label).to_owned(), number: number.to_owned() })
    });
    let emails = ["Email", "PersonEmail"].into_iter().map(text).filter(|email| !email.is_empty());
    Record {
        id: names.shown(row.id),
        role,
        name: text("Name"),
        first_name: text("FirstName"),
        last_name: text("LastName"),
        company,
        phones: phones.collect(),
        emails: emails.collect(),
        owner: owner(org, names, row.named(object, "OwnerId")),
        changed_at: u64::try_from(moment(row.named(object, "SystemModstamp"))).unwrap_or_default(),
        retired: row.is_deleted || is_true(row.named(object, "IsConverted")),
        key: None,
    }
}

/// The owner, if the test knows of such a user. Every row of Salesforce has one: the connected administrator, whom nobody has seeded, stands
/// where other CRMs have nobody.
fn owner(org: &Org, names: &Names, value: &Value) -> Option<String> {
    let owner = value.as_id().filter(|id| *id != org.administrator() || names.order.contains_key(id))?;
    Some(names.shown(owner))
}

fn outcome(text: &str) -> String {
    let known = OUTCOMES.iter().find(|(label, _)| label.eq_ignore_ascii_case(text.trim()));
    known.map_or_else(|| text.to_owned(), |(_, word)| (*word).to_owned())
}

fn account_name(org: &Org, account: &Value) -> String {
    let name = account.as_id().and_then(|id| org.row(id)).zip(org.object("Account"));
    name.and_then(|(row, object)| row.named(object, "Name").as_text()).unwrap_or_default().to_owned()
}

/// All tasks.
pub(super) fn activities(org: &Org, names: &Names) -> Vec<Activity> {
    let Some(object) = org.object("Task") else { return Vec::new() };
    let mut tasks: Vec<&Row> = org.rows(object).filter(|row| !row.is_deleted).collect();
    tasks.sort_by_key(|row| (moment(row.named(object, "CreatedDate")), row.id));
    tasks.into_iter().map(|row| activity(org, names, object, row)).collect()
}

fn activity(org: &Org, names: &Names, object: &ObjectType, row: &Row) -> Activity {
    let value = |name: &str| row.named(object, name);
    let text = |name: &str| value(name).as_text().map(str::to_owned);
    let record = value("WhoId").as_id().or_else(|| value("WhatId").as_id());
    let direction = match value("CallType").as_text() {
        Some("Inbound") => Some(Direction::Inbound),
        Some("Outbound") => Some(Direction::Outbound),
        Some("Internal") => Some(Direction::Internal),
        _ => None,
    };
    // A task keeps the day of a call and nothing finer; its creation is the next best.
    let started_at = match value("ActivityDate") {
        Value::Date(day) => day.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc().timestamp_millis()),
        _ => Some(moment(value("CreatedDate"))),
    };
    let talked = match value("CallDurationInSeconds") {
        Value::Integer(seconds) => u64::try_from(*seconds).ok(),
        _ => None,
    };
    Activity {
        id: row.id.to_string(),
        record: record.map(|id| names.shown(id)).unwrap_or_default(),
        user: owner(org, names, value("OwnerId")),
        subject: text("Subject").unwrap_or_default(),
        body: text("Description").unwrap_or_default(),
        direction,
        outcome: value("CallDisposition").as_text().map(outcome),
        started_at: started_at.and_then(|at| u64::try_from(at).ok()),
        talked_ms: talked.map(|seconds| seconds.saturating_mul(1000)),
        key: text("CallObject"),
    }
}

impl Names {
    /// The name by which the test knows a row, or its id.
    pub(super) fn shown(&self, id: Id) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Boolean(true))
}

fn moment(value: &Value) -> i64 {
    match value {
        Value::DateTime(moment) => *moment,
        _ => 0,
    }
}
