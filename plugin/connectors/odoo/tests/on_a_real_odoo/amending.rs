use pbx_connector_kit::types::{Amendment, Failure, RecordRef, UserRef};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::amending::{Done, Guest as _, Item},
};
use serde_json::{Value, json};

use crate::{
    journalling::{id, item, messages, write},
    office::{MESSAGE, Office, PARTNER, about, kind},
};

fn nothing() -> Amendment {
    Amendment { subject: None, body: None, recording: None, user: None, extras: Vec::new() }
}

fn change(activity: &str, change: Amendment) -> Item {
    let activity = RecordRef { connector: "o1".to_owned(), kind: MESSAGE.to_owned(), id: activity.to_owned() };
    Item { key: "amend-1".to_owned(), activity, change, extras: Vec::new() }
}

fn amend(office: &Office, items: Vec<Item>) -> (Vec<Result<(), Failure>>, usize) {
    let (done, requests) = office.counted(|done: &Done| &done.usage, || Odoo::amend(office.during("amend"), items));
    office.discreet(&done.outcomes);
    (done.outcomes, requests)
}

/// Some calls on one contact, the first with a recording.
fn written(office: &Office, many: usize) -> Vec<String> {
    let ann = office.person("Ann", "");
    let mut items: Vec<_> = (0..many).map(|serial| item(&format!("c{serial}.journal"), about(PARTNER, ann))).collect();
    items[0].entry.recording = Some("https://pbx.example/1".to_owned());
    write(office, items).0.iter().map(id).collect()
}

fn body(row: &Value) -> &str {
    row["body"].as_str().unwrap()
}

#[test]
fn an_amendment_changes_what_it_names_and_twice_is_once() {
    let Some(office) = Office::open() else { return };
    for login in ["integration", "admin"] {
        office.sign_in(login);
        let ids = written(&office, 3);
        let before = messages(&office);
        let before = &before[before.len() - 3..];
        let agent = office.colleague(&format!("agent-{login}"));
        let items = vec![
            change(&ids[0], Amendment { subject: Some("New".to_owned()), ..nothing() }),
            change(&ids[1], Amendment { body: Some("Two <lines>\r\nof text".to_owned()), ..nothing() }),
            change(&ids[1], Amendment { recording: Some("https://pbx.example/2?a=1&b=2".to_owned()), ..nothing() }),
            change(&ids[0], Amendment { user: Some(agent.clone()), ..nothing() }),
            change(&ids[2], nothing()),
        ];
        let mails = office.count("mail_mail");
        let mut first = Vec::new();
        for _ in 0..2 {
            let (outcomes, requests) = amend(&office, items.clone());
            assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
            assert_eq!(requests, 3, "what stands there, who the user is, and all changes");
            let rows = messages(&office);
            let rows = &rows[rows.len() - 3..];
            assert_eq!((&rows[0]["subject"], body(&rows[0])), (&json!("New"), body(&before[0])));
            let partner = office.rows("res.users", &json!([["id", "=", agent.id.parse::<u64>().unwrap()]]), &["partner_id"]);
            assert_eq!(rows[0]["author_id"][0], partner[0]["partner_id"][0]);
            assert_eq!(rows[1]["subject"], before[1]["subject"]);
            assert!(
                body(&rows[1])
                    .starts_with("<div class=\"pbx-call pbx-inbound pbx-answered pbx-talked-65000-ms\">Two &lt;lines&gt;<br>of text</div>"),
                "{}",
                rows[1]
            );
            assert_eq!(body(&rows[1]).matches("<a ").count(), 1, "{}", rows[1]);
            assert_eq!(rows[2], before[2]);
            if first.is_empty() {
                first = rows.to_vec();
            }
            assert_eq!(rows, first, "the same twice is the same as once");
        }
        let again = vec![change(
            &ids[0],
            Amendment { recording: Some("https://pbx.example/3".to_owned()), body: Some("x".to_owned()), ..nothing() },
        )];
        amend(&office, again);
        let rows = messages(&office);
        let row = &rows[rows.len() - 3];
        assert!(body(row).matches("<a ").count() == 1 && body(row).contains("https://pbx.example/3"), "{row}");
        assert_eq!(
            (&row["date"], &row["message_id"], &row["res_id"]),
            (&before[0]["date"], &before[0]["message_id"], &before[0]["res_id"])
        );
        assert_eq!(office.count("mail_mail"), mails);
    }
}

#[test]
fn an_entry_that_was_deleted_is_gone_and_the_others_are_amended() {
    let Some(office) = Office::open() else { return };
    let ids = written(&office, 3);
    office.delete(MESSAGE, ids[1].parse().unwrap());
    let subject = |subject: &str| Amendment { subject: Some(subject.to_owned()), ..nothing() };
    let mut items: Vec<Item> = ids.iter().map(|id| change(id, subject("New"))).collect();
    items.push(change("x", subject("New")));
    items.push(Item { activity: about(PARTNER, 1), ..change("1", subject("New")) });
    let (outcomes, _) = amend(&office, items);
    let kinds: Vec<String> = outcomes.iter().map(|outcome| outcome.as_ref().map_or_else(kind, |()| "ok".to_owned())).collect();
    assert_eq!(kinds, ["ok", "Gone", "ok", "Gone", "Gone"]);
    assert!(messages(&office).iter().all(|row| row["subject"] == json!("New")));
    assert_eq!(amend(&office, Vec::new()).1, 0);
    assert_eq!(amend(&office, vec![change("x", nothing())]).1, 0, "nothing to ask for");
}

#[test]
fn one_that_odoo_refuses_costs_the_others_nothing() {
    let Some(office) = Office::open() else { return };
    let ids = written(&office, 50);
    office.database.sql("alter table mail_message add constraint pbx_no_secrets check (subject not like 'secret%')").unwrap();
    let subject = |serial: usize| if serial == 30 { "secret" } else { "New" };
    let items: Vec<Item> = ids
        .iter()
        .enumerate()
        .map(|(serial, id)| change(id, Amendment { subject: Some(subject(serial).to_owned()), ..nothing() }))
        .collect();
    let (outcomes, requests) = amend(&office, items);
    assert!(requests <= 8, "{requests}");
    for (serial, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(()) => assert_ne!(serial, 30),
            Err(failure) => assert_eq!((serial, kind(failure).as_str()), (30, "Invalid")),
        }
    }
    assert_eq!(messages(&office).iter().filter(|row| row["subject"] == json!("New")).count(), 49);
}

#[test]
fn what_a_person_wrote_over_it_is_kept_beside_a_recording() {
    let Some(office) = Office::open() else { return };
    let ids = written(&office, 2);
    for id in &ids {
        office.write(MESSAGE, id.parse().unwrap(), &json!({ "body": "<p>Wants <b>20 chairs</b></p>" }));
    }
    let recording = Some("https://pbx.example/9".to_owned());
    let items = vec![
        change(&ids[0], Amendment { recording, ..nothing() }),
        change(&ids[1], Amendment { recording: Some("javascript:alert(1)".to_owned()), ..nothing() }),
    ];
    assert!(amend(&office, items).0.iter().all(Result::is_ok));
    let rows = messages(&office);
    assert!(body(&rows[0]).contains("<b>20 chairs</b>") && body(&rows[0]).contains("https://pbx.example/9"), "{}", rows[0]);
    assert!(body(&rows[1]).contains("<b>20 chairs</b>") && !body(&rows[1]).contains("javascript"), "{}", rows[1]);
}

#[test]
fn a_user_who_is_not_known_leaves_the_author() {
    let Some(office) = Office::open() else { return };
    let ids = written(&office, 1);
    let before = messages(&office);
    for (connector, user) in [("o1", "999999"), ("o1", "x"), ("o2", "2")] {
        let user = Some(UserRef { connector: connector.to_owned(), id: user.to_owned() });
        assert!(amend(&office, vec![change(&ids[0], Amendment { user, ..nothing() })]).0[0].is_ok());
        assert_eq!(messages(&office), before);
    }
}

#[test]
fn texts_of_amendments_are_texts_too() {
    let Some(office) = Office::open() else { return };
    let ids = written(&office, 1);
    for text in ["", "<script>x</script></div>", "a\u{0}b", "<&\"".repeat(10_000).as_str(), "吴 📞"] {
        let items =
            vec![change(&ids[0], Amendment { body: Some(text.to_owned()), subject: Some(text.chars().take(50).collect()), ..nothing() })];
        assert!(amend(&office, items.clone()).0[0].is_ok(), "{text}");
        let once = messages(&office);
        assert!(amend(&office, items).0[0].is_ok());
        assert_eq!(messages(&office), once, "{text}");
        assert!(!body(&once[0]).contains("<script") && body(&once[0]).matches("<a ").count() == 1, "{}", once[0]);
    }
}
