use pbx_connector_kit::{
    base_types::SettingValue,
    base_types::{Direction, Outcome},
};
use pbx_odoo_connector::bindings::exports::pbx::crm::journal::Item;
use serde_json::{Value, json};

use crate::{
    journalling::{id, item, messages, write},
    office::{LEAD, Office, PARTNER, about},
};

fn missed(key: &str, model: &str, id: u64) -> Item {
    let mut item = item(key, about(model, id));
    item.entry.outcome = Outcome::Missed;
    item
}

/// All activities, those that are done too.
fn reminders(office: &Office) -> Vec<Value> {
    let fields = ["id", "res_model", "res_id", "summary", "date_deadline", "user_id", "activity_type_id", "active", "state"];
    office.rows("mail.activity", &json!([]), &fields)
}

fn office() -> Option<Office> {
    let office = Office::open()?;
    office.set("call-back", SettingValue::Flag(true));
    Some(office)
}

#[test]
fn nobody_is_reminded_unless_the_administrator_wants_it() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    assert_eq!(write(&office, vec![missed("c1.a", PARTNER, ann)]).1, 1);
    assert!(reminders(&office).is_empty());
}

#[test]
fn a_missed_call_is_to_be_called_back_the_same_day_by_who_missed_it() {
    let Some(office) = office() else { return };
    let (ann, lead) = (office.person("Ann", ""), office.lead("Lea", ""));
    let agent = office.colleague("agent");
    let told = (office.count("mail_mail"), office.count("mail_notification"));
    let mut items = vec![missed("c1.a", PARTNER, ann), missed("c2.a", LEAD, lead), missed("c3.a", PARTNER, ann)];
    items[0].entry.user = Some(agent.clone());
    // On the other side of midnight the day is another one.
    items[2].entry.utc_offset_minutes = 15 * 60;
    let (outcomes, requests) = write(&office, items);
    assert_eq!(requests, 4, "who, one for each table, and the entries");
    outcomes.iter().for_each(|outcome| drop(id(outcome)));
    let rows = reminders(&office);
    assert_eq!(rows.len(), 3);
    let of = |model: &str, day: &str| {
        rows.iter().find(|row| row["res_model"] == json!(model) && row["date_deadline"] == json!(day)).unwrap_or_else(|| panic!("{rows:?}"))
    };
    let first = of(PARTNER, "2026-11-22");
    assert_eq!((&first["res_id"], &first["summary"]), (&json!(ann), &json!("Call back Maria Torres <+15550100142>")));
    assert_eq!((first["user_id"][0].to_string(), &first["activity_type_id"][1]), (agent.id, &json!("Call")));
    assert_eq!(of(LEAD, "2026-11-22")["res_id"], json!(lead));
    assert_eq!(of(PARTNER, "2026-11-23")["user_id"][0].to_string(), office.user("integration").id);
    assert_eq!((office.count("mail_mail"), office.count("mail_notification")), told, "nobody gets a mail");
}

#[test]
fn a_call_that_many_phones_missed_is_called_back_once() {
    let Some(office) = office() else { return };
    let (ann, lead) = (office.person("Ann", ""), office.lead("Lea", ""));
    let phones: Vec<Item> = (0..5).map(|phone| missed(&format!("c1.journal.{phone}"), PARTNER, ann)).collect();
    write(&office, phones[..3].to_vec());
    write(&office, phones[3..].to_vec());
    write(&office, vec![missed("c1.journal.9", LEAD, lead)]);
    assert_eq!((reminders(&office).len(), messages(&office).len()), (2, 6), "one for each record");
    write(&office, phones);
    assert_eq!((reminders(&office).len(), messages(&office).len()), (2, 6));
}

#[test]
fn only_missed_calls_from_outside_that_nobody_took_are_called_back() {
    let Some(office) = office() else { return };
    let ann = office.person("Ann", "");
    let mut items: Vec<Item> = (0..4).map(|serial| missed(&format!("c{serial}.a"), PARTNER, ann)).collect();
    items[0].entry.answered_elsewhere = true;
    items[1].entry.direction = Direction::Outbound;
    items[2].entry.outcome = Outcome::Answered;
    items[3].entry.outcome = Outcome::Voicemail;
    assert_eq!(write(&office, items).1, 1);
    assert!(reminders(&office).is_empty());
}

#[test]
fn what_is_done_or_moved_by_a_person_stays_so() {
    let Some(office) = office() else { return };
    let ann = office.person("Ann", "");
    let items = vec![missed("c1.a", PARTNER, ann), missed("c2.a", PARTNER, ann)];
    write(&office, items.clone());
    let rows = reminders(&office);
    let done = rows[0]["id"].as_u64().unwrap();
    office.database.call("admin", "mail.activity", "action_feedback", &json!({ "ids": [done], "feedback": "Called" })).unwrap();
    let other: u64 = office.user("seller").id.parse().unwrap();
    office.write(
        "mail.activity",
        rows[1]["id"].as_u64().unwrap(),
        &json!({ "summary": "Mine", "user_id": other, "date_deadline": "2027-01-05" }),
    );
    let before = reminders(&office);
    assert_eq!((&before[0]["active"], &before[0]["state"]), (&json!(false), &json!("done")));
    for login in ["integration", "admin"] {
        office.sign_in(login);
        write(&office, items.clone());
        // Another phone of the same call.
        write(&office, vec![missed("c1.b", PARTNER, ann)]);
        assert_eq!(reminders(&office), before, "{login}");
    }
}

#[test]
fn a_record_that_is_gone_costs_the_others_no_reminder() {
    let Some(office) = office() else { return };
    let (ann, lead) = (office.person("Ann", ""), office.lead("Lea", ""));
    let items: Vec<Item> = (0..50)
        .map(|serial| match serial {
            7 => missed("c7.a", PARTNER, 999_999),
            8 => missed("c8.a", LEAD, 999_999),
            _ if serial % 2 == 0 => missed(&format!("c{serial}.a"), PARTNER, ann),
            _ => missed(&format!("c{serial}.a"), LEAD, lead),
        })
        .collect();
    let (_, requests) = write(&office, items);
    assert!(requests <= 8, "{requests}");
    assert_eq!((reminders(&office).len(), messages(&office).len()), (48, 48));
}

#[test]
fn what_odoo_refuses_as_a_reminder_is_journalled_nevertheless() {
    let Some(office) = office() else { return };
    let ann = office.person("Ann", "");
    office.database.sql("alter table mail_activity add constraint pbx_no_secrets check (summary not like '%secret%')").unwrap();
    let mut items: Vec<Item> = (0..5).map(|serial| missed(&format!("c{serial}.a"), PARTNER, ann)).collect();
    items[2].entry.from_shown = "secret".to_owned();
    let (outcomes, _) = write(&office, items);
    outcomes.iter().for_each(|outcome| drop(id(outcome)));
    assert_eq!((reminders(&office).len(), messages(&office).len()), (4, 5));
}
