use std::sync::{Arc, Barrier};

use pbx_connector_kit::{
    base_types::{Number, NumberKind, SettingValue},
    types::{Draft, Failure, Role, UserRef},
};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::creation::{Guest as _, LookedUp, Made},
};
use serde_json::{Value, json};

use crate::{
    office::{LEAD, NOW, Office, PARTNER, american, kind},
    wire::What,
};

fn draft(role: Role) -> Draft {
    Draft {
        role,
        kind: None,
        first_name: "Maria".to_owned(),
        last_name: "Torres".to_owned(),
        company: "Torres Bakery".to_owned(),
        number: american("5550100142"),
        emails: vec!["maria@torres.example".to_owned(), "second@torres.example".to_owned()],
        owner: None,
        extras: Vec::new(),
    }
}

fn create(office: &Office, key: &str, draft: &Draft) -> (Made, usize) {
    office.counted(|made: &Made| &made.usage, || Odoo::create(office.during("create"), key.to_owned(), draft.clone()))
}

fn find_created(office: &Office, key: &str, draft: &Draft) -> Option<(String, String)> {
    let ask = || Odoo::find_created(office.during("find-created"), key.to_owned(), draft.clone(), NOW);
    let found = office.counted(|found: &LookedUp| &found.usage, ask).0;
    found.entity.map(|entity| (entity.reference.id, entity.name))
}

fn of_id(office: &Office, model: &str, id: &str, fields: &[&str]) -> Value {
    office.rows(model, &json!([["id", "=", id.parse::<u64>().unwrap()]]), fields)[0].clone()
}

#[test]
fn a_contact_has_what_the_draft_has() {
    let Some(office) = Office::open() else { return };
    let (made, requests) = create(&office, "pbx-1.call:1", &draft(Role::Person));
    assert_eq!((requests, made.was_there, made.entity.reference.kind.as_str()), (3, false, PARTNER));
    assert_eq!((made.entity.name.as_str(), &made.entity.role), ("Maria Torres", &Role::Person));
    let fields = ["name", "phone", "email", "company_name", "is_company", "user_id", "active"];
    let row = of_id(&office, PARTNER, &made.entity.reference.id, &fields);
    for (field, value) in [
        ("name", json!("Maria Torres")),
        ("phone", json!("+15550100142")),
        ("email", json!("maria@torres.example")),
        ("company_name", json!("Torres Bakery")),
        ("is_company", json!(false)),
        ("user_id", json!(false)),
        ("active", json!(true)),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
}

#[test]
fn a_prospect_is_a_lead_or_an_opportunity_as_the_administrator_chose() {
    let Some(office) = Office::open() else { return };
    for (choice, sort) in [("leads", "lead"), ("opportunities", "opportunity")] {
        office.choose("prospects", choice);
        let number = american(if sort == "lead" { "5550100142" } else { "5550100143" });
        let made = create(&office, sort, &Draft { number, ..draft(Role::Prospect) }).0;
        let fields = ["name", "type", "contact_name", "partner_name", "email_from", "user_id"];
        let row = of_id(&office, LEAD, &made.entity.reference.id, &fields);
        assert_eq!(
            (&row["type"], &row["contact_name"], &row["partner_name"]),
            (&json!(sort), &json!("Maria Torres"), &json!("Torres Bakery"))
        );
        assert_eq!((&row["name"], &row["email_from"]), (&json!("Maria Torres"), &json!("maria@torres.example")));
        assert_eq!(row["user_id"][0].to_string(), office.user("integration").id, "without an owner it is the connected account's");
        assert_eq!((&made.entity.role, made.entity.name.as_str()), (&Role::Prospect, "Maria Torres"));
    }
    office.choose("prospects", "none");
    assert_eq!(kind(&office.refused(|| Odoo::create(office.during("create"), "x".to_owned(), draft(Role::Prospect)))), "Unsupported");
    assert_eq!(kind(&office.refused(|| Odoo::create(office.during("create"), "x".to_owned(), draft(Role::Organisation)))), "Unsupported");
}

#[test]
fn a_key_makes_one_record_and_never_undoes_what_people_changed() {
    let Some(office) = Office::open() else { return };
    for role in [Role::Person, Role::Prospect] {
        let (model, field) = if role == Role::Person { (PARTNER, "name") } else { (LEAD, "contact_name") };
        let draft = Draft { number: american(if role == Role::Person { "5550100142" } else { "5550100143" }), ..draft(role) };
        let key = format!("pbx-1.once.{model}");
        let before = office.count(&model.replace('.', "_"));
        let first = create(&office, &key, &draft).0.entity.reference;
        let again = create(&office, &key, &draft).0;
        assert_eq!((&again.entity.reference, again.was_there), (&first, true));
        // Renamed and with another number, nothing shows any more that it is the one but the key.
        office.write(model, first.id.parse().unwrap(), &json!({ "name": "Mary T.", field: "Mary T.", "phone": "+15550100199" }));
        let third = create(&office, &key, &draft).0.entity.reference;
        assert_eq!(third, first);
        assert_eq!(
            of_id(&office, model, &first.id, &[field, "phone"]),
            json!({ "id": first.id.parse::<u64>().unwrap(), field: "Mary T.", "phone": "+15550100199" })
        );
        assert_eq!(office.count(&model.replace('.', "_")), before + 1);
    }
}

#[test]
fn a_race_with_one_key_ends_with_one_record() {
    let Some(office) = Office::open() else { return };
    for role in [Role::Person, Role::Prospect] {
        let before = (office.count("res_partner"), office.count("crm_lead"));
        let start = Arc::new(Barrier::new(6));
        let threads: Vec<_> = (0..6)
            .map(|_| {
                let (database, start, draft) = (Arc::clone(&office.database), Arc::clone(&start), draft(role.clone()));
                std::thread::spawn(move || {
                    let office = Office::at(database);
                    start.wait();
                    let mut tries = 0;
                    loop {
                        tries += 1;
                        assert!(tries < 20, "it does not settle");
                        match Odoo::create(office.during("create"), "race".to_owned(), draft.clone()) {
                            Ok(made) => return made.entity.reference.id,
                            // It is seen before its key is: the host takes the very record then.
                            Err(Failure::Duplicate(elsewhere)) => return elsewhere.found.id,
                            Err(Failure::Conflict(_)) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                })
            })
            .collect();
        let ids: Vec<String> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let after = (office.count("res_partner"), office.count("crm_lead"));
        assert_eq!(after.0 + after.1, before.0 + before.1 + 1);
        let id: u64 = ids[0].parse().unwrap();
        office.delete(if role == Role::Person { PARTNER } else { LEAD }, id);
    }
}

#[test]
fn an_owner_looks_after_the_record_unless_they_left() {
    let Some(office) = Office::open() else { return };
    let agent = office.colleague("agent");
    let gone = UserRef { id: "999999".to_owned(), ..agent.clone() };
    let elsewhere = UserRef { connector: "o2".to_owned(), ..agent.clone() };
    let left = office.colleague("left");
    office.write("res.users", left.id.parse().unwrap(), &json!({ "active": false }));
    let odd = UserRef { id: "agent".to_owned(), ..agent.clone() };
    let mails = office.count("mail_mail");
    for (serial, (owner, keeps)) in
        [(agent.clone(), true), (gone, false), (left, false), (elsewhere, false), (odd, false)].into_iter().enumerate()
    {
        for role in [Role::Person, Role::Prospect] {
            let number = american(&format!("55501001{serial}{}", if role == Role::Person { 1 } else { 2 }));
            let draft = Draft { owner: Some(owner.clone()), number, ..draft(role.clone()) };
            let made = create(&office, &format!("{serial}{role:?}"), &draft).0;
            let model = if role == Role::Person { PARTNER } else { LEAD };
            let row = of_id(&office, model, &made.entity.reference.id, &["user_id"]);
            // A lead that is nobody's is the key's user's: told is what stands there.
            let stored = row["user_id"][0].as_u64().map(|id| id.to_string());
            assert_eq!(made.entity.owner.map(|user| user.id), stored, "{owner:?}");
            assert_eq!(row["user_id"][0] == json!(agent.id.parse::<u64>().unwrap()), keeps, "{owner:?} {row}");
        }
    }
    assert_eq!(office.count("mail_mail"), mails, "nobody is told by mail what they do themselves");
}

#[test]
fn who_was_typed_in_meanwhile_is_taken_instead() {
    let Some(office) = Office::open() else { return };
    for (spelling, model) in [("(555) 010-0142", PARTNER), ("+1 555 010 0143", LEAD)] {
        let number = american(if model == PARTNER { "5550100142" } else { "5550100143" });
        let typed = if model == PARTNER { office.person("Ann", spelling) } else { office.lead("Ann", spelling) };
        for role in [Role::Person, Role::Prospect] {
            let draft = Draft { number: number.clone(), ..draft(role) };
            let failure = office.refused(|| Odoo::create(office.during("create"), "k".to_owned(), draft));
            let Failure::Duplicate(found) = failure else { panic!("{failure:?}") };
            assert_eq!((found.found.kind.as_str(), found.found.id), (model, typed.to_string()));
        }
        assert_eq!(office.count("ir_model_data where module = 'pbx_crm'"), 0);
    }
}

#[test]
fn who_has_the_same_digits_in_another_place_is_somebody_else() {
    let Some(office) = Office::open() else { return };
    let before = office.count("res_partner");
    office.person("No area code", "010-0142");
    office.person("Another area", "(666) 010-0142");
    office.typed(PARTNER, &json!({ "name": "Archie", "phone": "(555) 010-0142", "active": false }));
    create(&office, "k", &draft(Role::Person));
    assert_eq!(office.count("res_partner"), before + 4);
}

#[test]
fn what_was_made_is_found_by_its_key_and_nothing_else_is() {
    let Some(office) = Office::open() else { return };
    for (role, number) in [(Role::Person, "5550100142"), (Role::Prospect, "5550100143")] {
        let draft = Draft { number: american(number), ..draft(role.clone()) };
        assert_eq!(find_created(&office, "key.1", &draft), None);
        let (model, field) = if role == Role::Person { (PARTNER, "name") } else { (LEAD, "contact_name") };
        let id = create(&office, "key.1", &draft).0.entity.reference.id;
        assert_eq!(find_created(&office, "key.1", &draft), Some((id.clone(), "Maria Torres".to_owned())));
        assert_eq!(find_created(&office, "key.2", &draft), None);
        assert_eq!(find_created(&office, "key", &draft), None);
        let number: u64 = id.parse().unwrap();
        office.write(model, number, &json!({ "name": "Mary", field: "Mary" }));
        assert_eq!(find_created(&office, "key.1", &draft), Some((id.clone(), "Mary".to_owned())), "its number is the same");
        office.write(model, number, &json!({ "active": false }));
        assert_eq!(find_created(&office, "key.1", &draft), Some((id, "Mary".to_owned())));
        office.delete(model, number);
        assert_eq!(find_created(&office, "key.1", &draft), None);
    }
}

#[test]
fn an_answer_that_was_lost_is_unclear_and_the_record_is_found() {
    let Some(office) = Office::open() else { return };
    let draft = draft(Role::Person);
    office.mishap("res.partner/load", What::After(|_| Err(pbx_connector_kit::wasi::http::types::ErrorCode::ConnectionTerminated)));
    let failure = office.refused(|| Odoo::create(office.during("create"), "lost".to_owned(), draft.clone()));
    assert_eq!(kind(&failure), "Unclear");
    let found = find_created(&office, "lost", &draft).unwrap();
    assert_eq!(create(&office, "lost", &draft).0.entity.reference.id, found.0);
}

#[test]
fn whatever_stands_in_names_and_numbers_makes_a_record() {
    let Some(office) = Office::open() else { return };
    let before = office.count("res_partner") + office.count("crm_lead");
    let raw = |raw: &str| Number {
        raw: raw.to_owned(),
        kind: NumberKind::External,
        e164: None,
        country: None,
        forms: raw.chars().filter(char::is_ascii_digit).collect::<String>().split_whitespace().map(str::to_owned).collect(),
        local_only: false,
        extras: Vec::new(),
    };
    let texts = ["a\u{0}b\r\nc", "<b>Bold</b> & \"Co\"", "吴 📞", "=1+1", "[[1,2]]", "false", "O'Brien\\", "#1; drop table res_partner"];
    for (serial, text) in texts.iter().enumerate() {
        for role in [Role::Person, Role::Prospect] {
            let draft = Draft {
                first_name: String::new(),
                last_name: (*text).to_owned(),
                company: (*text).to_owned(),
                emails: vec![format!("{text}@x")],
                number: raw(&format!("77{serial}{}001\u{0}\u{1b}", u8::from(role == Role::Person))),
                ..draft(role.clone())
            };
            let made = create(&office, &format!("{serial}.{role:?}"), &draft).0;
            let plain: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
            let (model, field) = if role == Role::Person { (PARTNER, "name") } else { (LEAD, "contact_name") };
            assert_eq!(of_id(&office, model, &made.entity.reference.id, &[field])[field], json!(plain), "{text:?}");
            assert_eq!(find_created(&office, &format!("{serial}.{role:?}"), &draft).unwrap().0, made.entity.reference.id);
        }
    }
    let nobody = Draft { number: raw(""), last_name: "Anonymous".to_owned(), ..draft(Role::Person) };
    let made = create(&office, "anonymous", &nobody).0;
    assert_eq!(find_created(&office, "anonymous", &nobody).unwrap().0, made.entity.reference.id);
    assert_eq!(office.count("res_partner") + office.count("crm_lead"), before + 2 * texts.len() as u64 + 1);
}

#[test]
fn a_refusal_of_odoo_is_told_in_its_words() {
    let Some(office) = Office::open() else { return };
    office.database.sql("alter table res_partner add constraint pbx_no_maria check (name not like 'Maria%')").unwrap();
    let failure = office.refused(|| Odoo::create(office.during("create"), "k".to_owned(), draft(Role::Person)));
    let Failure::Invalid(wrong) = failure else { panic!("{failure:?}") };
    assert!(wrong.detail.said.verbatim.is_some_and(|words| words.contains("pbx_no_maria")));
    office.sign_in("reader");
    office.set("prospects", SettingValue::Text("none".to_owned()));
    let failure = office.refused(|| Odoo::create(office.during("create"), "k".to_owned(), draft(Role::Person)));
    assert!(["Forbidden", "Invalid"].contains(&kind(&failure).as_str()), "{failure:?}");
}
