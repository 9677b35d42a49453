use std::sync::{Arc, Barrier};

use pbx_connector_kit::{
    base_types::SettingValue,
    base_types::{Direction, Outcome},
    types::{Failure, JournalEntry, RecordRef, UserRef},
};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::journal::{Guest as _, Item, ItemOutcome, LookedUp, Written},
};
use serde_json::{Value, json};

use crate::office::{LEAD, MESSAGE, NOW, Office, PARTNER, about, american, kind};

pub fn item(key: &str, about: RecordRef) -> Item {
    let entry = JournalEntry {
        version: 1,
        call: key.split('.').next().unwrap().to_owned(),
        subject: "Extension Call".to_owned(),
        body: "Call: 2026-11-22 10:16:56 Incoming".to_owned(),
        direction: Direction::Inbound,
        outcome: Outcome::Answered,
        answered_elsewhere: false,
        started_at: NOW,
        utc_offset_minutes: 60,
        talked: 65_000,
        from_shown: "Maria Torres <+15550100142>".to_owned(),
        to_shown: "Agent <1001>".to_owned(),
        number: american("5550100142"),
        user: None,
        recording: None,
        extras: Vec::new(),
    };
    Item { key: key.to_owned(), about, entry, extras: Vec::new() }
}

pub fn write(office: &Office, items: Vec<Item>) -> (Vec<ItemOutcome>, usize) {
    let asked = items.len();
    let (written, requests) = office.counted(|written: &Written| &written.usage, || Odoo::write(office.during("write"), items));
    assert_eq!(written.outcomes.len(), asked);
    office.discreet(&written.outcomes);
    (written.outcomes, requests)
}

fn found(office: &Office, items: Vec<Item>) -> Vec<Option<String>> {
    let ask = || Odoo::find_written(office.during("find-written"), items, NOW);
    let found = office.counted(|found: &LookedUp| &found.usage, ask).0;
    found.activities.into_iter().map(|activity| activity.map(|activity| activity.id)).collect()
}

pub fn id(outcome: &ItemOutcome) -> String {
    match outcome {
        ItemOutcome::Written(activity) | ItemOutcome::WasThere(activity) => {
            assert_eq!(activity.kind, MESSAGE);
            activity.id.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn failure(outcome: &ItemOutcome) -> &Failure {
    let ItemOutcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
    failure
}

/// All messages of calls, oldest first.
pub fn messages(office: &Office) -> Vec<Value> {
    let fields = [
        "id",
        "model",
        "res_id",
        "subject",
        "body",
        "date",
        "author_id",
        "message_id",
        "message_type",
        "subtype_id",
        "is_internal",
        "mail_activity_type_id",
        "partner_ids",
        "notified_partner_ids",
        "email_from",
    ];
    office.rows(MESSAGE, &json!([["message_id", "like", "@pbx_crm>"]]), &fields)
}

fn of_user(office: &Office, login: &str) -> UserRef {
    office.user(login)
}

#[test]
fn a_call_is_a_note_of_the_type_call_that_nobody_is_sent() {
    let Some(office) = Office::open() else { return };
    for login in ["integration", "admin"] {
        office.sign_in(login);
        let ann = office.person("Ann", "+15550100142");
        office.write(PARTNER, ann, &json!({ "email": "ann@torres.example" }));
        let agent = office.colleague(&format!("agent-{login}"));
        // Whoever follows the record would be told of a comment.
        let follower =
            office.rows("res.users", &json!([["id", "=", agent.id.parse::<u64>().unwrap()]]), &["partner_id"])[0]["partner_id"][0].clone();
        let follow = json!({ "ids": [ann], "partner_ids": [follower, ann] });
        office.database.call("admin", PARTNER, "message_subscribe", &follow).unwrap();
        let told = (office.count("mail_mail"), office.count("mail_notification"));
        let mut call = item(&format!("{login}-7.journal"), about(PARTNER, ann));
        call.entry.user = Some(agent.clone());
        call.entry.recording = Some("https://pbx.example/recordings/7?a=1&b=2".to_owned());
        let (outcomes, requests) = write(&office, vec![call]);
        assert_eq!(requests, 2, "who the author is, and the call");
        let rows = messages(&office);
        let row = rows.last().unwrap();
        assert_eq!(row["id"].to_string(), id(&outcomes[0]));
        assert_eq!((&row["model"], &row["res_id"]), (&json!(PARTNER), &json!(ann)));
        assert_eq!((&row["subject"], &row["date"]), (&json!("Extension Call"), &json!("2026-11-22 09:16:56")));
        assert_eq!(row["author_id"][0], follower);
        assert_eq!((&row["message_type"], row["subtype_id"][1].as_str()), (&json!("comment"), Some("Note")));
        assert_eq!(row["mail_activity_type_id"][1], json!("Call"));
        assert_eq!((&row["partner_ids"], &row["notified_partner_ids"]), (&json!([]), &json!([])));
        assert_eq!(row["message_id"], json!(format!("<{login}-7.journal@pbx_crm>")));
        let body = row["body"].as_str().unwrap();
        assert!(
            body.starts_with(
                "<div class=\"pbx-call pbx-inbound pbx-answered pbx-talked-65000-ms\">Call: 2026-11-22 10:16:56 Incoming</div>"
            ),
            "{body}"
        );
        assert!(body.contains("href=\"https://pbx.example/recordings/7?a=1&amp;b=2\""), "{body}");
        assert_eq!((office.count("mail_mail"), office.count("mail_notification")), told, "nobody is told");
        // What the page of the record shows.
        let shown = office.database.call("seller", PARTNER, "read", &json!({ "ids": [ann], "fields": ["message_ids"] })).unwrap();
        assert!(shown[0]["message_ids"].as_array().unwrap().contains(&row["id"]));
    }
}

#[test]
fn fifty_calls_of_several_people_on_two_tables_are_two_requests_and_a_repeat_changes_nothing() {
    let Some(office) = Office::open() else { return };
    let contacts: Vec<u64> = (0..5).map(|serial| office.person(&format!("p{serial}"), "")).collect();
    let leads: Vec<u64> = (0..5).map(|serial| office.lead(&format!("l{serial}"), "")).collect();
    let people = [None, Some(office.colleague("one")), Some(office.colleague("two")), Some(of_user(&office, "integration"))];
    let items: Vec<Item> = (0..50)
        .map(|serial| {
            let record = if serial % 2 == 0 { about(PARTNER, contacts[serial % 5]) } else { about(LEAD, leads[serial % 5]) };
            let mut item = item(&format!("call-{serial}.journal.1001"), record);
            item.entry.user = people[serial % 4].clone();
            item.entry.started_at = NOW + serial as u64 * 1_000;
            item
        })
        .collect();
    let (outcomes, requests) = write(&office, items.clone());
    assert_eq!(requests, 2);
    let ids: Vec<String> = outcomes.iter().map(id).collect();
    let rows = messages(&office);
    assert_eq!(rows.len(), 50);
    let partner = |user: &UserRef| {
        office.rows("res.users", &json!([["id", "=", user.id.parse::<u64>().unwrap()]]), &["partner_id"])[0]["partner_id"][0].clone()
    };
    let authors: Vec<Value> = people.iter().map(|user| partner(user.as_ref().unwrap_or(&of_user(&office, "integration")))).collect();
    for (serial, (row, id)) in rows.iter().zip(&ids).enumerate() {
        assert_eq!(row["id"].to_string(), *id);
        assert_eq!(row["res_id"].to_string(), items[serial].about.id, "{serial}");
        assert_eq!((&row["model"], &row["author_id"][0]), (&json!(items[serial].about.kind), &authors[serial % 4]));
    }
    for login in ["integration", "admin"] {
        office.sign_in(login);
        let (again, requests) = write(&office, items.clone());
        assert_eq!((again.iter().map(id).collect::<Vec<_>>(), requests), (ids.clone(), 2), "{login}");
        assert_eq!(messages(&office), rows, "{login}");
    }
    // Old and new ones together.
    let mut mixed = items[40..].to_vec();
    mixed.extend((50..60).map(|serial| item(&format!("call-{serial}.journal.1001"), about(PARTNER, contacts[0]))));
    let (outcomes, _) = write(&office, mixed.clone());
    assert_eq!(outcomes[..10].iter().map(id).collect::<Vec<_>>(), ids[40..]);
    assert_eq!(messages(&office).len(), 60);
    let all: Vec<Item> = items.into_iter().chain(mixed.into_iter().skip(10)).chain([item("never", about(PARTNER, contacts[0]))]).collect();
    let found = found(&office, all);
    assert_eq!(found[..50].iter().flatten().cloned().collect::<Vec<_>>(), ids);
    assert!(found[50..60].iter().all(Option::is_some) && found[60].is_none());
    assert!(self::found(&office, Vec::new()).is_empty());
    assert_eq!(write(&office, Vec::new()).1, 0);
}

#[test]
fn what_a_person_or_an_amendment_changed_a_repeat_leaves_alone() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let call = item("c1.journal", about(PARTNER, ann));
    let written = id(&write(&office, vec![call.clone()]).0[0]);
    let values = json!({ "subject": "Mine", "body": "<p>Asked for 20 chairs</p>" });
    office.write(MESSAGE, written.parse().unwrap(), &values);
    let before = messages(&office);
    for login in ["integration", "admin"] {
        office.sign_in(login);
        assert_eq!(id(&write(&office, vec![call.clone()]).0[0]), written);
        assert_eq!(messages(&office), before, "{login}");
    }
}

#[test]
fn those_whose_record_is_gone_cost_the_others_nothing() {
    let Some(office) = Office::open() else { return };
    let (ann, bob) = (office.person("Ann", ""), office.person("Bob", ""));
    let lead = office.lead("Lea", "");
    let mut items: Vec<Item> = (0..50).map(|serial| item(&format!("c{serial}"), about(PARTNER, ann))).collect();
    items[7].about = about(PARTNER, bob);
    items[23].about = about(LEAD, lead);
    items[31].about = about(PARTNER, 999_999);
    items[49].about = about(LEAD, 999_999);
    items[3].about = about("calendar.event", 1);
    for (index, odd) in [(10, "0"), (11, "-1"), (12, "007"), (13, "99999999999"), (14, "1 or 1=1"), (15, "")] {
        items[index].about.id = odd.to_owned();
    }
    items[40].entry.user = Some(office.colleague("agent"));
    office.delete(PARTNER, bob);
    let (outcomes, requests) = write(&office, items.clone());
    assert!(requests <= 5, "{requests}");
    for (index, outcome) in outcomes.iter().enumerate() {
        match index {
            7 | 31 | 49 => assert_eq!(kind(failure(outcome)), "Gone"),
            3 | 10..=15 => assert_eq!(kind(failure(outcome)), "Unsupported"),
            _ => drop(id(outcome)),
        }
    }
    assert_eq!(messages(&office).len(), 40);
    let again = write(&office, items).0;
    assert_eq!(again[0], outcomes[0]);
    assert_eq!(messages(&office).len(), 40);
}

#[test]
fn a_record_that_the_key_cannot_see_is_gone_for_it() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let other: u64 = of_user(&office, "integration").id.parse().unwrap();
    let hidden = office.typed(LEAD, &json!({ "name": "Not the seller's", "user_id": other }));
    office.sign_in("seller");
    let (outcomes, _) =
        write(&office, vec![item("a", about(PARTNER, ann)), item("b", about(LEAD, hidden)), item("c", about(PARTNER, ann))]);
    assert_eq!(kind(failure(&outcomes[1])), "Gone");
    drop((id(&outcomes[0]), id(&outcomes[2])));
    assert_eq!(messages(&office).len(), 2);
    office.sign_in("reader");
    let (outcomes, _) = write(&office, vec![item("d", about(PARTNER, ann)), item("e", about(LEAD, hidden))]);
    assert!(["Forbidden", "Invalid"].contains(&kind(failure(&outcomes[0])).as_str()), "{outcomes:?}");
    assert_eq!((kind(failure(&outcomes[1])).as_str(), messages(&office).len()), ("Gone", 2));
}

/// Repeats, as the host does, what is not decided; gives the outcomes and how often it wrote.
fn until_decided(office: &Office, items: &[Item]) -> (Vec<ItemOutcome>, usize) {
    let mut outcomes: Vec<Option<ItemOutcome>> = vec![None; items.len()];
    for round in 1..60 {
        let open: Vec<usize> = (0..items.len()).filter(|index| outcomes[*index].is_none()).collect();
        let (told, _) = write(office, open.iter().map(|index| items[*index].clone()).collect());
        let undecided = |outcome: &ItemOutcome| matches!(outcome, ItemOutcome::Failed(Failure::Conflict(_)));
        for (index, outcome) in open.iter().zip(told) {
            outcomes[*index] = Some(outcome).filter(|outcome| !undecided(outcome));
        }
        if outcomes.iter().all(Option::is_some) {
            return (outcomes.into_iter().flatten().collect(), round);
        }
    }
    panic!("it never ends: {outcomes:?}");
}

#[test]
fn what_the_database_refuses_is_found_among_fifty_in_one_call() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    office.database.sql("alter table mail_message add constraint pbx_no_secrets check (subject not like 'secret%')").unwrap();
    for (round, bad) in [&[0][..], &[49], &[24], &[0, 1, 2], &[5, 30]].into_iter().enumerate() {
        let mut items: Vec<Item> = (0..50).map(|serial| item(&format!("r{round}-{serial}"), about(PARTNER, ann))).collect();
        for index in bad {
            items[*index].entry.subject = "secret".to_owned();
        }
        let (outcomes, rounds) = until_decided(&office, &items);
        assert_eq!(rounds, 1, "{bad:?}");
        for (index, outcome) in outcomes.iter().enumerate() {
            if bad.contains(&index) {
                let Failure::Invalid(wrong) = failure(outcome) else { panic!("{outcome:?}") };
                assert!(wrong.detail.said.verbatim.as_ref().is_some_and(|words| words.contains("pbx_no_secrets")), "{wrong:?}");
            } else {
                drop(id(outcome));
            }
        }
    }
    assert_eq!(messages(&office).len(), 250 - 8);
}

#[test]
fn refusals_that_name_the_wrong_row_come_to_an_end_too() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    // Of such an error Odoo says that it was the first row's.
    office
        .database
        .sql(
            "create function pbx_refuse() returns trigger language plpgsql as $$ begin \
            if new.subject like 'secret%' then raise exception 'no secrets'; end if; return new; end $$; \
            create trigger pbx_refuse before insert on mail_message for each row execute function pbx_refuse()",
        )
        .unwrap();
    for (round, bad) in [&[0][..], &[49], &[0, 1, 2, 20, 21, 22, 49]].into_iter().enumerate() {
        let mut items: Vec<Item> = (0..50).map(|serial| item(&format!("r{round}-{serial}"), about(PARTNER, ann))).collect();
        for index in bad {
            items[*index].entry.subject = "secret".to_owned();
        }
        let (outcomes, rounds) = until_decided(&office, &items);
        assert!(rounds <= 20, "{rounds} for {bad:?}");
        eprintln!("{bad:?}: {rounds} calls");
        for (index, outcome) in outcomes.iter().enumerate() {
            if bad.contains(&index) {
                assert_eq!(kind(failure(outcome)), "Invalid");
            } else {
                drop(id(outcome));
            }
        }
    }
    assert_eq!(messages(&office).len(), 150 - 9);
}

#[test]
fn times_do_not_depend_on_where_the_keys_user_is() {
    let Some(office) = Office::open() else { return };
    let user: u64 = of_user(&office, "integration").id.parse().unwrap();
    office.write("res.users", user, &json!({ "tz": "Pacific/Auckland", "lang": "en_US" }));
    let ann = office.person("Ann", "");
    let mut items = vec![item("a", about(PARTNER, ann)), item("b", about(PARTNER, ann)), item("c", about(PARTNER, ann))];
    items[1].entry.started_at = 0;
    // An hour that does not exist in Auckland: the clock was put forward.
    items[2].entry.started_at = 1_790_433_000_000;
    write(&office, items);
    let dates: Vec<Value> = messages(&office).into_iter().map(|row| row["date"].clone()).collect();
    assert_eq!(dates, [json!("2026-11-22 09:16:56"), json!("1970-01-01 00:00:00"), json!("2026-09-26 14:30:00")]);
}

/// What people read in the chatter.
fn words(body: &str) -> String {
    let inside = &body[body.find('>').unwrap() + 1..];
    let inside = inside.split("</div>").next().unwrap().replace("<br>", "\n");
    inside.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

#[test]
fn texts_are_shown_as_they_were_written() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let texts: Vec<(String, String)> = [
        ("plain", "plain"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<b onclick=x>&amp; \"q\" 'a' </div><div>", "<b onclick=x>&amp; \"q\" 'a' </div><div>"),
        ("a\u{0}b\u{1b}[2Jc\u{7}", "a b [2Jc "),
        ("one\r\ntwo\nthree\n\nfive", "one\ntwo\nthree\n\nfive"),
        ("吴 ☎️ 👩‍👩‍👧 e\u{301} \u{202e}x", "吴 ☎️ 👩‍👩‍👧 e\u{301} \u{202e}x"),
        ("{{ object.name }} ${1+1} %(x)s \\n", "{{ object.name }} ${1+1} %(x)s \\n"),
        (
            "data:image/png;base64,AAAA <img src=\"data:image/png;base64,iVBORw0KGgo=\">",
            "data:image/png;base64,AAAA <img src=\"data:image/png;base64,iVBORw0KGgo=\">",
        ),
        ("false", "false"),
    ]
    .map(|(text, shown)| (text.to_owned(), shown.to_owned()))
    .into_iter()
    .chain([("<&\"".repeat(10_666), "<&\"".repeat(10_666)), ("话".repeat(10_666), "话".repeat(10_666))])
    .collect();
    let items: Vec<Item> = texts
        .iter()
        .enumerate()
        .map(|(serial, (text, _))| {
            let mut item = item(&format!("t{serial}"), about(PARTNER, ann));
            item.entry.body.clone_from(text);
            item.entry.subject = text.chars().take(60).collect();
            item
        })
        .collect();
    let files = office.count("ir_attachment");
    let (outcomes, requests) = write(&office, items);
    assert_eq!(requests, 1);
    outcomes.iter().for_each(|outcome| drop(id(outcome)));
    for (row, (text, shown)) in messages(&office).iter().zip(&texts) {
        assert_eq!(words(row["body"].as_str().unwrap()), *shown);
        let subject: String = text.chars().take(60).map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        assert_eq!(row["subject"].as_str().unwrap().trim(), subject.trim());
        for tag in ["<script", "<img", "<b "] {
            assert!(!row["body"].as_str().unwrap().contains(tag), "{row}");
        }
    }
    assert_eq!(office.count("ir_attachment"), files, "an image in a text is a text");
}

#[test]
fn only_pages_of_the_web_are_links() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let addresses = [
        "https://pbx.example/r/1",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://pbx.example/\"onclick=\"x",
        "https://a\u{0}\nb/<c>",
        "",
    ];
    let items: Vec<Item> = addresses
        .iter()
        .enumerate()
        .map(|(serial, address)| {
            let mut item = item(&format!("l{serial}"), about(PARTNER, ann));
            item.entry.recording = Some((*address).to_owned());
            item
        })
        .collect();
    write(&office, items);
    let links: Vec<bool> = messages(&office).iter().map(|row| row["body"].as_str().unwrap().contains("<a ")).collect();
    assert_eq!(links, [true, false, false, true, true, false]);
    for row in messages(&office) {
        let body = row["body"].as_str().unwrap();
        assert!(!body.contains("javascript") && !body.contains("data:") && !body.contains(" onclick"), "{body}");
    }
}

#[test]
fn every_direction_and_outcome_is_told_to_programs() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let outcomes = [
        (Outcome::Answered, "answered"),
        (Outcome::Missed, "missed"),
        (Outcome::Voicemail, "voicemail"),
        (Outcome::NoAnswer, "no-answer"),
        (Outcome::Busy, "busy"),
        (Outcome::Failed, "failed"),
        (Outcome::Forwarded, "forwarded"),
        (Outcome::Lost, "lost"),
        (Outcome::Other("new".to_owned()), "failed"),
    ];
    let directions = [(Direction::Inbound, "inbound"), (Direction::Outbound, "outbound"), (Direction::Internal, "internal")];
    let mut wanted = Vec::new();
    let mut items = Vec::new();
    for (direction, way) in &directions {
        for (outcome, word) in &outcomes {
            let mut item = item(&format!("c{}", items.len()), about(PARTNER, ann));
            (item.entry.direction, item.entry.outcome, item.entry.talked) = (*direction, outcome.clone(), items.len() as u64);
            wanted.push(format!("<div class=\"pbx-call pbx-{way} pbx-{word} pbx-talked-{}-ms\">", items.len()));
            items.push(item);
        }
    }
    write(&office, items);
    for (row, wanted) in messages(&office).iter().zip(&wanted) {
        assert!(row["body"].as_str().unwrap().starts_with(wanted), "{row}");
    }
}

#[test]
fn an_author_who_left_stays_the_author_and_an_unknown_one_is_the_keys_user() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let left = office.colleague("left");
    let partner =
        office.rows("res.users", &json!([["id", "=", left.id.parse::<u64>().unwrap()]]), &["partner_id"])[0]["partner_id"][0].clone();
    office.write("res.users", left.id.parse().unwrap(), &json!({ "active": false }));
    office.write(PARTNER, partner.as_u64().unwrap(), &json!({ "active": false }));
    let own = office.rows("res.users", &json!([["login", "=", "integration"]]), &["partner_id"])[0]["partner_id"][0].clone();
    let users = [
        (Some(left.clone()), partner),
        (Some(UserRef { id: "999999".to_owned(), ..left.clone() }), own.clone()),
        (Some(UserRef { connector: "o2".to_owned(), ..left.clone() }), own.clone()),
        (Some(UserRef { id: "0".to_owned(), ..left }), own.clone()),
        (None, own),
    ];
    let items: Vec<Item> = users
        .iter()
        .enumerate()
        .map(|(serial, (user, _))| {
            let mut item = item(&format!("u{serial}"), about(PARTNER, ann));
            item.entry.user.clone_from(user);
            item
        })
        .collect();
    // Together, and each alone.
    write(&office, items.clone());
    for mut item in items {
        item.key = format!("alone-{}", item.key);
        write(&office, vec![item]);
    }
    let rows = messages(&office);
    for (serial, row) in rows.iter().enumerate() {
        assert_eq!(row["author_id"][0], users[serial % 5].1, "{serial}");
    }
    assert_eq!(rows.len(), 10);
}

#[test]
fn a_race_with_one_key_ends_with_one_entry() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    for (round, login) in ["integration", "admin", "integration"].into_iter().enumerate() {
        let start = Arc::new(Barrier::new(6));
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let (database, start) = (Arc::clone(&office.database), Arc::clone(&start));
                std::thread::spawn(move || {
                    let office = Office::at(database);
                    office.sign_in(login);
                    let mut items = vec![item(&format!("race{round}"), about(PARTNER, ann))];
                    // Some write it among others.
                    if thread % 2 == 0 {
                        items.extend((0..5).map(|serial| item(&format!("r{round}-{thread}-{serial}"), about(PARTNER, ann))));
                    }
                    start.wait();
                    let (outcomes, _) = until_decided(&office, &items);
                    outcomes.iter().map(id).next().unwrap()
                })
            })
            .collect();
        let ids: Vec<String> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(messages(&office).len(), (round + 1) * 16);
    }
}

#[test]
fn a_race_is_survived_where_postgresql_does_not_speak_english() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let call = item("k", about(PARTNER, ann));
    let written = id(&write(&office, vec![call.clone()]).0[0]);
    let refused = json!({ "ids": false, "messages": [{ "type": "error", "record": 0, "message": "konnte Zugriff nicht serialisieren" }] });
    let response = pbx_connector_kit::Response { status: 200, headers: Vec::new(), body: refused.to_string().into_bytes() };
    for _ in 0..2 {
        office.mishap("mail.message/load", crate::wire::What::Instead(Ok(response.clone())));
    }
    let (outcomes, _) = write(&office, vec![call]);
    assert_eq!(id(&outcomes[0]), written);
}

#[test]
fn answers_that_were_lost_are_unclear_and_the_calls_are_found() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let items: Vec<Item> = (0..3).map(|serial| item(&format!("c{serial}"), about(PARTNER, ann))).collect();
    office.mishap(
        "mail.message/load",
        crate::wire::What::After(|_| Err(pbx_connector_kit::wasi::http::types::ErrorCode::ConnectionTerminated)),
    );
    let failure = office.refused(|| Odoo::write(office.during("write"), items.clone()));
    assert_eq!(kind(&failure), "Unclear");
    let there = found(&office, items.clone());
    assert!(there.iter().all(Option::is_some));
    assert_eq!(write(&office, items).0.iter().map(|outcome| Some(id(outcome))).collect::<Vec<_>>(), there);
    assert_eq!(messages(&office).len(), 3);
}

#[test]
fn without_many_requests_left_something_is_decided_nevertheless() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    office.set("call-back", SettingValue::Flag(true));
    office.database.sql("alter table mail_message add constraint pbx_no_secrets check (subject not like 'secret%')").unwrap();
    office.database.sql("alter table mail_activity add constraint pbx_no_secrets check (summary not like '%secret%')").unwrap();
    let lead = office.lead("Lea", "");
    let agent = office.colleague("agent");
    let mut items: Vec<Item> = (0..50)
        .map(|serial| {
            let mut item = item(&format!("c{serial}"), if serial % 2 == 0 { about(PARTNER, ann) } else { about(LEAD, lead) });
            item.entry.outcome = Outcome::Missed;
            item.entry.user = Some(agent.clone());
            item
        })
        .collect();
    for index in [2, 3, 4, 5, 6, 7, 8, 9] {
        items[index].entry.subject = "secret".to_owned();
        items[index].entry.from_shown = "secret".to_owned();
    }
    items[10].about = about(PARTNER, 999_999);
    items[11].about = about(LEAD, 999_999);
    let (outcomes, rounds) = until_decided(&office, &items);
    assert!(rounds <= 10, "{rounds}");
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, ItemOutcome::Failed(Failure::Invalid(_)))).count();
    let gone = outcomes.iter().filter(|outcome| matches!(outcome, ItemOutcome::Failed(Failure::Gone(_)))).count();
    assert_eq!((refused, gone, messages(&office).len()), (8, 2, 40));
}
