use crm_fake::CrmFake as _;
use pbx_connector_kit::{
    base_types::{Direction, Outcome},
    context::Context,
    types::{Amendment, Failure, JournalEntry, RecordRef, UserRef},
};
use pbx_salesforce_connector::{
    Salesforce,
    bindings::exports::pbx::crm::{
        amending::{Done, Guest as _, Item as Change},
        journal::{Guest as _, Item, ItemOutcome, Written},
    },
};
use serde_json::{Value, json};

use crate::office::{NOW, Office, american, company, kind, person, prospect, unknown};

pub fn about(kind: &str, id: &str) -> RecordRef {
    RecordRef { connector: "sf".to_owned(), kind: kind.to_owned(), id: id.to_owned() }
}

pub fn item(key: &str, about: RecordRef) -> Item {
    let entry = JournalEntry {
        version: 1,
        call: "call-1".to_owned(),
        subject: "Extension Call".to_owned(),
        body: "Call: 2026-11-22 23:30:00 Incoming".to_owned(),
        direction: Direction::Inbound,
        outcome: Outcome::Missed,
        answered_elsewhere: false,
        // 15:30 in London is 23:30 in Shanghai, and half past midnight the day after in Tokyo.
        started_at: NOW + 27_000_000,
        utc_offset_minutes: 540,
        talked: 65_900,
        from_shown: String::new(),
        to_shown: String::new(),
        number: american("4155550112"),
        user: None,
        recording: None,
        extras: Vec::new(),
    };
    Item { key: key.to_owned(), about, entry, extras: Vec::new() }
}

fn write(office: &Office, items: Vec<Item>) -> Written {
    Salesforce::write(office.during("write"), items).unwrap()
}

fn id(outcome: &ItemOutcome) -> String {
    match outcome {
        ItemOutcome::Written(activity) => activity.id.clone(),
        other => panic!("{other:?}"),
    }
}

fn failure(outcome: &ItemOutcome) -> &Failure {
    match outcome {
        ItemOutcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_hundred_calls_are_one_request_each_with_its_own_outcome() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let mut items: Vec<Item> = (0..200).map(|serial| item(&format!("k.{serial}"), about("Contact", &lee))).collect();
    items[7].about = about("Contact", &unknown("003"));
    items[8].about = about("Fax", "x");
    office
        .knob("validation-rule", json!({ "object": "Task", "field": "Subject", "when": {"contains": "secret"}, "message": "No secrets" }));
    items[9].entry.subject = "a secret".to_owned();
    let written = write(&office, items.clone());
    assert_eq!(written.outcomes.len(), 200);
    assert_eq!(kind(failure(&written.outcomes[7])), "Gone");
    assert_eq!(kind(failure(&written.outcomes[8])), "Unsupported");
    let Failure::Invalid(wrong) = failure(&written.outcomes[9]) else { panic!("not invalid") };
    assert_eq!(wrong.detail.said.verbatim.as_deref(), Some("No secrets"));
    assert_eq!(office.fake.borrow().activities().len(), 197);
    let good: Vec<Item> = items.split_off(10);
    let (written, requests) = office.counted(|written: &Written| &written.usage, || Salesforce::write(office.during("write"), good));
    assert_eq!((requests, written.outcomes.len()), (1, 190), "the status is asked in the same request");
}

#[test]
fn a_call_has_all_that_salesforce_keeps_of_it() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let agent = office.seed_user("Al Agent", true);
    let mut call = item("pbx:1.2-3_4", about("Contact", &lee));
    call.entry.user = Some(UserRef { connector: "sf".to_owned(), id: agent.clone() });
    call.entry.recording = Some("https://pbx.example/recordings/7".to_owned());
    let written = write(&office, vec![call]);
    let task = id(&written.outcomes[0]);
    let wanted = [
        ("Subject", json!("Extension Call")),
        ("Description", json!("Call: 2026-11-22 23:30:00 Incoming\nhttps://pbx.example/recordings/7")),
        ("Status", json!("Completed")),
        ("IsClosed", json!(true)),
        ("TaskSubtype", json!("Call")),
        ("CallType", json!("Inbound")),
        ("CallDurationInSeconds", json!(65)),
        ("CallDisposition", json!("Missed")),
        ("CallObject", json!("pbx:1.2-3_4")),
        ("ActivityDate", json!("2026-11-23")),
        ("OwnerId", json!(agent)),
        ("WhoId", json!(lee)),
        ("WhatId", Value::Null),
    ];
    for (field, value) in wanted {
        assert_eq!(office.field(&task, field), value, "{field}");
    }
}

#[test]
fn the_result_of_a_call_is_in_the_reader_s_words_and_means_the_same() {
    let outcomes = [
        (Outcome::Answered, "answered"),
        (Outcome::Missed, "missed"),
        (Outcome::Voicemail, "voicemail"),
        (Outcome::NoAnswer, "no-answer"),
        (Outcome::Busy, "busy"),
        (Outcome::Failed, "failed"),
        (Outcome::Forwarded, "forwarded"),
        (Outcome::Lost, "lost"),
    ];
    for language in ["en", "zh-CN"] {
        let office = Office::new();
        let lee = office.seed(person("Lee", "(415) 555-0112"));
        for (outcome, word) in &outcomes {
            let mut call = item(word, about("Contact", &lee));
            call.entry.outcome = outcome.clone();
            let context = Context { language: language.to_owned(), ..office.during("write") };
            let task = id(&Salesforce::write(context, vec![call]).unwrap().outcomes[0]);
            let shown = office.field(&task, "CallDisposition");
            assert_eq!(shown.as_str().unwrap().is_ascii(), language == "en", "{shown}");
            let activities = office.fake.borrow().activities();
            assert_eq!(activities.last().unwrap().outcome.as_deref(), Some(*word), "{shown}");
        }
    }
}

#[test]
fn leads_are_who_and_accounts_are_what() {
    let office = Office::new();
    let lead = office.seed(prospect("Prospect", "(415) 555-0112"));
    let account = office.seed(company("Sample Ltd", "(415) 555-0113"));
    let written = write(&office, vec![item("a", about("Lead", &lead)), item("b", about("Account", &account))]);
    assert_eq!(office.field(&id(&written.outcomes[0]), "WhoId"), json!(lead));
    assert_eq!(office.field(&id(&written.outcomes[1]), "WhatId"), json!(account));
}

#[test]
fn long_texts_are_cut_by_characters() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let mut call = item("a", about("Contact", &lee));
    call.entry.subject = "话".repeat(300);
    call.entry.body = "话".repeat(33_000);
    call.entry.recording = Some("https://pbx.example/7".to_owned());
    let task = id(&write(&office, vec![call]).outcomes[0]);
    assert_eq!(office.field(&task, "Subject").as_str().unwrap().chars().count(), 255);
    let body = office.field(&task, "Description").as_str().unwrap().to_owned();
    assert!(body.chars().count() == 32_000 && body.ends_with("\nhttps://pbx.example/7"));
}

#[test]
fn a_closed_status_of_the_organisations_own_is_used() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let statuses = [("Offen".to_owned(), false), ("Erledigt".to_owned(), true)];
    office.fake.borrow_mut().org.set_task_statuses(NOW, &statuses).unwrap();
    // What looks like a reference to another part of the request is only a text.
    let mut odd = item("b", about("Contact", &lee));
    odd.entry.body = "@{p0.records[0].ApiName} @{nobody.id}".to_owned();
    for items in [vec![item("a", about("Contact", &lee))], vec![odd]] {
        let body = items[0].entry.body.clone();
        let task = id(&write(&office, items).outcomes[0]);
        assert_eq!(office.field(&task, "Status"), json!("Erledigt"));
        assert_eq!(office.field(&task, "Description"), json!(body));
    }
    office.fake.borrow_mut().org.set_task_statuses(NOW, &[("Offen".to_owned(), false)]).unwrap();
    let task = id(&write(&office, vec![item("c", about("Contact", &lee))]).outcomes[0]);
    assert_eq!(office.field(&task, "Status"), json!("Completed"), "there is none that is closed");
}

#[test]
fn call_fields_that_the_organisation_hides_are_left_out() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    for field in ["CallDisposition", "TaskSubtype"] {
        office.knob("hidden-field", json!({ "object": "Task", "field": field }));
    }
    let items = (0..3).map(|serial| item(&format!("k{serial}"), about("Contact", &lee))).collect();
    let (written, requests) = office.counted(|written: &Written| &written.usage, || Salesforce::write(office.during("write"), items));
    assert_eq!(requests, 3);
    for outcome in &written.outcomes {
        let task = id(outcome);
        assert_eq!((office.field(&task, "CallDisposition"), office.field(&task, "CallType")), (Value::Null, json!("Inbound")));
    }
    office.knob("hidden-field", json!({ "object": "Task", "field": "Description" }));
    let failed = write(&office, vec![item("z", about("Contact", &lee))]);
    let Failure::Invalid(wrong) = failure(&failed.outcomes[0]) else { panic!("not invalid") };
    assert_eq!(
        (wrong.fields.as_slice(), wrong.detail.said.id.as_str()),
        (["Description".to_owned()].as_slice(), "salesforce.field-hidden")
    );
}

#[test]
fn an_owner_who_left_leaves_the_call_to_the_connected_account() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let gone = office.seed_user("Gus Gone", false);
    let mut call = item("a", about("Contact", &lee));
    call.entry.user = Some(UserRef { connector: "sf".to_owned(), id: gone });
    let written = write(&office, vec![call, item("b", about("Contact", &lee))]);
    let admin = office.field(&id(&written.outcomes[1]), "OwnerId");
    assert_eq!(office.field(&id(&written.outcomes[0]), "OwnerId"), admin);
    assert_eq!(office.fake.borrow().activities().len(), 2);
}

#[test]
fn a_converted_lead_has_moved_and_a_deleted_contact_is_gone() {
    let office = Office::new();
    let lead = office.seed(prospect("Prospect", "(415) 555-0112"));
    let contact = office.knob("convert-lead", json!({ "lead": lead }))["contact"].clone();
    let deleted = office.seed(crm_fake::SeedRecord { retired: true, ..person("Lee", "(415) 555-0113") });
    let outcomes = write(&office, vec![item("a", about("Lead", &lead)), item("b", about("Contact", &deleted))]).outcomes;
    let Failure::Moved(moved) = failure(&outcomes[0]) else { panic!("{outcomes:?}") };
    assert_eq!((moved.found.kind.as_str(), json!(moved.found.id)), ("Contact", contact));
    assert_eq!(kind(failure(&outcomes[1])), "Gone");
}

#[test]
fn a_call_that_a_broken_connection_left_in_doubt_is_found_by_its_key() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    office.knob("index-lag-ms", json!(600_000));
    let items: Vec<Item> = (0..120).map(|serial| item(&format!("pbx-1.call.{serial:060}:{serial}"), about("Contact", &lee))).collect();
    let fault: crm_fake::Fault = serde_json::from_value(json!({ "what": "cut-after-commit", "on": ["write"], "times": 1 })).unwrap();
    office.fake.borrow_mut().inject(fault).unwrap();
    let failed = Salesforce::write(office.during("write"), items[..100].to_vec()).unwrap_err();
    assert_eq!(kind(&failed), "Unclear");
    office.clock.set(NOW + 3 * 86_400_000);
    office.sign_in("admin");
    let before = office.spent();
    let found = Salesforce::find_written(office.during("find-written"), items, NOW).unwrap();
    assert_eq!(office.spent().0 - before.0, 1, "one request for all keys");
    assert_eq!(found.usage.spent, 1);
    let found = found.activities;
    assert!(found[..100].iter().all(Option::is_some) && found[100..].iter().all(Option::is_none));
    let nothing = Salesforce::find_written(office.during("find-written"), vec![item("nowhere", about("Contact", &lee))], NOW).unwrap();
    assert_eq!((nothing.activities, nothing.usage.spent), (vec![None], 1), "what it cost is told too");
    assert!(Salesforce::find_written(office.during("find-written"), Vec::new(), NOW).unwrap().activities.is_empty());
}

#[test]
fn calls_on_later_pages_are_found_too() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let account = office.seed(company("Sample Ltd", "(415) 555-0113"));
    let items: Vec<Item> = (0..5)
        .map(|serial| item(&format!("k{serial}"), if serial < 3 { about("Contact", &lee) } else { about("Account", &account) }))
        .collect();
    write(&office, items.clone());
    office.knob("page-size", json!(2));
    let before = office.spent().0;
    let found = Salesforce::find_written(office.during("find-written"), items.clone(), NOW).unwrap().activities;
    assert_eq!((found.iter().flatten().count(), office.spent().0 - before), (5, 3));
    office.knob("hidden-field", json!({ "object": "Task", "field": "CallObject" }));
    let found = Salesforce::find_written(office.during("find-written"), items, NOW).unwrap().activities;
    assert_eq!(found.iter().flatten().count(), 5);
}

#[test]
fn where_the_key_is_hidden_calls_are_known_again_by_what_they_say() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let account = office.seed(company("Sample Ltd", "(415) 555-0113"));
    office.knob("hidden-field", json!({ "object": "Task", "field": "CallObject" }));
    let mut items = vec![item("a", about("Contact", &lee)), item("b", about("Account", &account)), item("c", about("Contact", &lee))];
    items[2].entry.body = "Another call\nwith two lines ".to_owned();
    let mut all = items.clone();
    all.push(item("d", about("Contact", &lee)));
    let ids: Vec<String> = write(&office, items).outcomes.iter().map(id).collect();
    let found = Salesforce::find_written(office.during("find-written"), all, NOW).unwrap();
    let found: Vec<Option<String>> = found.activities.into_iter().map(|found| found.map(|found| found.id)).collect();
    assert_eq!(found, [Some(ids[0].clone()), Some(ids[1].clone()), Some(ids[2].clone()), None]);
}

#[test]
fn what_is_too_large_for_one_request_is_parted() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let mut items: Vec<Item> = (0..70).map(|serial| item(&format!("k{serial}"), about("Contact", &lee))).collect();
    for item in &mut items {
        item.entry.body = "x".repeat(30_000);
    }
    let (written, requests) = office.counted(|written: &Written| &written.usage, || Salesforce::write(office.during("write"), items));
    assert!(requests == 3 && written.outcomes.iter().all(|outcome| matches!(outcome, ItemOutcome::Written(_))), "{requests}");
}

fn change(activity: &str, change: Amendment) -> Change {
    Change { key: "amend-1".to_owned(), activity: about("Task", activity), change, extras: Vec::new() }
}

fn nothing() -> Amendment {
    Amendment { subject: None, body: None, recording: None, user: None, extras: Vec::new() }
}

#[test]
fn amendments_change_what_they_name_and_nothing_else() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let tasks: Vec<String> =
        write(&office, (0..2).map(|n| item(&format!("k{n}"), about("Contact", &lee))).collect()).outcomes.iter().map(id).collect();
    let items = || {
        vec![
            change(&tasks[0], Amendment { subject: Some("New".to_owned()), ..nothing() }),
            change(&tasks[0], Amendment { body: Some("Note".to_owned()), ..nothing() }),
            change(&unknown("00T"), Amendment { body: Some("Note".to_owned()), ..nothing() }),
            change(&tasks[1], nothing()),
        ]
    };
    for _ in 0..2 {
        let (done, requests) = office.counted(|done: &Done| &done.usage, || Salesforce::amend(office.during("amend"), items()));
        assert!(requests == 1 && done.outcomes[0].is_ok() && done.outcomes[1].is_ok() && done.outcomes[3].is_ok());
        assert_eq!(kind(done.outcomes[2].as_ref().unwrap_err()), "Gone");
    }
    assert_eq!((office.field(&tasks[0], "Subject"), office.field(&tasks[0], "Description")), (json!("New"), json!("Note")));
    assert_eq!(office.field(&tasks[1], "Subject"), json!("Extension Call"));
}

#[test]
fn a_recording_goes_behind_the_text_once() {
    let office = Office::new();
    let lee = office.seed(person("Lee", "(415) 555-0112"));
    let task = id(&write(&office, vec![item("a", about("Contact", &lee))]).outcomes[0]);
    for _ in 0..2 {
        let recording = Some("https://pbx.example/7".to_owned());
        let done = Salesforce::amend(office.during("amend"), vec![change(&task, Amendment { recording, ..nothing() })]).unwrap();
        assert!(done.outcomes[0].is_ok());
    }
    assert_eq!(office.field(&task, "Description"), json!("Call: 2026-11-22 23:30:00 Incoming\nhttps://pbx.example/7"));
    let before = office.spent();
    assert!(Salesforce::amend(office.during("amend"), vec![change(&task, nothing())]).unwrap().outcomes[0].is_ok());
    assert_eq!(office.spent(), before);
}
