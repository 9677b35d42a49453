use pbx_connector_kit::{
    base_types::{Number, NumberKind},
    types::{Entity, Failure, Role},
};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::{
        journal::ItemOutcome,
        lookup::{Found, Guest as _},
        search::{Guest as _, Page},
    },
};
use serde_json::json;

use crate::{
    journalling::{id, item, write},
    office::{LEAD, Office, PARTNER, about, american, british},
};

fn find(office: &Office, numbers: Vec<Number>, limit: u32) -> (Found, usize) {
    office.counted(|found: &Found| &found.usage, || Odoo::find(office.during("find"), numbers, limit))
}

fn search(office: &Office, text: &str, limit: u32) -> Page {
    office.counted(|page: &Page| &page.usage, || Odoo::search(office.during("search"), text.to_owned(), limit)).0
}

fn names(entities: &[Entity]) -> Vec<&str> {
    let mut names: Vec<&str> = entities.iter().map(|entity| entity.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_number_is_found_however_it_is_spelled() {
    let Some(office) = Office::open() else { return };
    // The first is for Odoo's own library no valid number, so that it keeps it only as it was typed.
    let invalid = [
        "+15550100142",
        "5550100142",
        "(555) 010-0142",
        "555-010-0142",
        "555.010.0142",
        "1-555-010-0142",
        "+1 (555) 010 0142",
        "001 555 010 0142",
        "011 1 555 010 0142",
        "010-0142",
        "555/010-0142",
        "+1 555 010 0142 x12",
        "(555) 010-0142 ext. 12",
    ];
    let valid = [
        "+442079460018",
        "+44 20 7946 0018",
        "+44 (0)20 7946 0018",
        "020 7946 0018",
        "(020) 7946 0018",
        "0044 20 7946 0018",
        "011 44 20 7946 0018",
        "020 7946 0018 x12",
        // With a space that does not break, from a page on the web.
        "+44\u{a0}20\u{a0}7946\u{a0}0018",
    ];
    for (spellings, number, other) in
        [(&invalid[..], american("5550100142"), "+15550100143"), (&valid[..], british("2079460018"), "+442079460019")]
    {
        for spelling in spellings {
            office.person(&format!("p {spelling}"), spelling);
            office.lead(&format!("l {spelling}"), spelling);
        }
        office.person("somebody else", other);
        let (found, requests) = find(&office, vec![number.clone()], 50);
        let mut wanted: Vec<String> = spellings.iter().flat_map(|spelling| [format!("p {spelling}"), format!("l {spelling}")]).collect();
        wanted.sort_unstable();
        assert_eq!(names(&found.entities), wanted);
        assert_eq!((requests, found.more), (2, false));
        // As stored, letter for letter: the host compares.
        assert!(found.entities.iter().all(|entity| spellings.contains(&entity.phones[0].1.as_str())), "{:?}", found.entities);
        let exact = Odoo::exact_check(office.during("exact-check"), number).unwrap();
        assert_eq!(names(&exact.entities), wanted);
    }
}

#[test]
fn a_national_number_is_read_by_its_records_country() {
    let Some(office) = Office::open() else { return };
    let greece = office.rows("res.country", &json!([["code", "=", "GR"]]), &["id"])[0]["id"].clone();
    office.typed(PARTNER, &json!({ "name": "Eleni", "phone": "693 123 4567", "country_id": greece }));
    office.typed(LEAD, &json!({ "name": "Chairs", "contact_name": "Nikos", "phone": "693 123 4567", "country_id": greece }));
    // Its digits alone say nothing of the country: only Odoo's own reading has it.
    let number = Number { forms: vec!["306931234567".to_owned()], ..british("x") };
    let number =
        Number { raw: "+306931234567".to_owned(), e164: Some("+306931234567".to_owned()), country: Some("GR".to_owned()), ..number };
    assert_eq!(names(&find(&office, vec![number], 50).0.entities), ["Eleni", "Nikos"]);
}

#[test]
fn persons_companies_leads_and_opportunities_have_their_roles() {
    let Some(office) = Office::open() else { return };
    let company = office.typed(PARTNER, &json!({ "name": "Torres Bakery", "is_company": true, "phone": "(555) 010-0142" }));
    let owner = office.user("seller");
    let owner: u64 = owner.id.parse().unwrap();
    office.typed(
        PARTNER,
        &json!({ "name": "Maria Torres", "parent_id": company, "phone": "555-010-0142", "user_id": owner, "email": "maria@torres.example" }),
    );
    office.typed(
        LEAD,
        &json!({ "name": "20 chairs", "type": "opportunity", "partner_name": "Wood & Sons", "phone": "+15550100142", "user_id": owner }),
    );
    office.typed(LEAD, &json!({ "name": "A table", "type": "lead", "contact_name": "Tom Wood", "phone": "+15550100142" }));
    let found = find(&office, vec![american("5550100142")], 50).0.entities;
    assert_eq!(names(&found), ["Maria Torres", "Tom Wood", "Torres Bakery", "Wood & Sons"]);
    let of = |name: &str| found.iter().find(|entity| entity.name == name).unwrap();
    let maria = of("Maria Torres");
    assert_eq!(
        (&maria.role, maria.company.as_deref(), maria.emails.as_slice()),
        (&Role::Person, Some("Torres Bakery"), &["maria@torres.example".to_owned()][..])
    );
    assert_eq!(maria.organisation.as_ref().unwrap().id, company.to_string());
    assert_eq!(maria.owner.as_ref().unwrap().id, owner.to_string());
    assert_eq!((&of("Torres Bakery").role, &of("Torres Bakery").organisation), (&Role::Organisation, &None));
    assert_eq!(
        (&of("Wood & Sons").role, of("Wood & Sons").owner.as_ref().map(|owner| owner.id.clone())),
        (&Role::Prospect, Some(owner.to_string()))
    );
    assert_eq!((&of("Tom Wood").role, of("Tom Wood").reference.kind.as_str()), (&Role::Prospect, LEAD));
    // Milliseconds of the real clock.
    assert!(found.iter().all(|entity| !entity.retired && entity.changed_at.unwrap() > 1_700_000_000_000));
}

#[test]
fn archived_contacts_and_lost_leads_are_given_as_retired() {
    let Some(office) = Office::open() else { return };
    office.typed(PARTNER, &json!({ "name": "Archie", "phone": "555-010-0142", "active": false }));
    let lead = office.lead("Lars Lost", "555-010-0142");
    office.database.call("admin", LEAD, "action_set_lost", &json!({ "ids": [lead] })).unwrap();
    office.person("Ann", "555-010-0142");
    let found = find(&office, vec![american("5550100142")], 50).0.entities;
    let mut retired: Vec<(&str, bool)> = found.iter().map(|entity| (entity.name.as_str(), entity.retired)).collect();
    retired.sort_unstable();
    assert_eq!(retired, [("Ann", false), ("Archie", true), ("Lars Lost", true)]);
}

#[test]
fn many_numbers_are_two_requests() {
    let Some(office) = Office::open() else { return };
    let nationals: Vec<String> = (0..20).map(|serial| format!("55501001{serial:02}")).collect();
    for national in &nationals {
        office.person(&format!("p{national}"), &format!("+1{national}"));
    }
    office.lead("l5550100107", "(555) 010-0107");
    let numbers: Vec<Number> = nationals.iter().map(|national| american(national)).collect();
    let (found, requests) = find(&office, numbers, 50);
    assert_eq!((requests, found.entities.len(), found.more), (2, 21, false));
    let (found, requests) = find(&office, vec![american("2025550199"), british("2079460099")], 50);
    assert_eq!((requests, found.entities.len(), found.more), (2, 0, false));
}

#[test]
fn no_more_come_than_were_asked_for_and_it_is_told() {
    let Some(office) = Office::open() else { return };
    for serial in 0..4 {
        office.person(&format!("p{serial}"), "555-010-0142");
    }
    office.lead("l", "555-010-0142");
    for (limit, given, more) in [(5, 5, false), (4, 4, true), (2, 2, true), (50, 5, false), (u32::MAX, 5, false)] {
        let found = find(&office, vec![american("5550100142")], limit).0;
        assert_eq!((found.entities.len(), found.more), (given, more), "{limit}");
    }
    let page = search(&office, "p", 2);
    assert_eq!((page.entities.len(), page.more), (2, true));
}

#[test]
fn a_short_number_finds_its_owner_and_not_all_who_have_its_digits() {
    let Some(office) = Office::open() else { return };
    office.person("Emergency", "112");
    for serial in 0..60 {
        office.person(&format!("p{serial}"), &format!("+1 202 555 {}", 1_120 + serial % 10));
    }
    let short = |raw: &str| Number {
        raw: raw.to_owned(),
        kind: NumberKind::External,
        e164: None,
        country: None,
        forms: vec![raw.to_owned()],
        local_only: true,
        extras: Vec::new(),
    };
    let found = find(&office, vec![short("112")], 50).0;
    assert_eq!((names(&found.entities), found.more), (vec!["Emergency"], false));
    for odd in ["1", "11", "00", "000", "0000000"] {
        assert!(find(&office, vec![short(odd)], 50).0.entities.is_empty(), "{odd}");
    }
    assert!(find(&office, Vec::new(), 50).0.entities.is_empty());
}

#[test]
fn where_the_app_crm_is_not_used_contacts_are_all_that_is_asked_for() {
    let Some(office) = Office::open() else { return };
    office.person("Ann", "555-010-0142");
    office.lead("Lea", "555-010-0142");
    office.choose("prospects", "none");
    let (found, requests) = find(&office, vec![american("5550100142")], 50);
    assert_eq!((names(&found.entities), requests), (vec!["Ann"], 1));
    office.choose("prospects", "opportunities");
    assert_eq!(find(&office, vec![american("5550100142")], 50).0.entities.len(), 2);
}

#[test]
fn where_the_app_crm_is_not_installed_contacts_are_found_nevertheless() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "555-010-0142");
    let app = office.rows("ir.module.module", &json!([["name", "=", "crm"]]), &["id"])[0]["id"].clone();
    office.database.call("admin", "ir.module.module", "button_immediate_uninstall", &json!({ "ids": [app] })).unwrap();
    let (found, requests) = find(&office, vec![american("5550100142")], 50);
    assert_eq!((names(&found.entities), requests), (vec!["Ann"], 2));
    // A call for a lead that was looked up before.
    let items = vec![item("c1", about(LEAD, 7)), item("c2", about(PARTNER, ann))];
    let outcomes = write(&office, items).0;
    assert!(matches!(&outcomes[0], ItemOutcome::Failed(Failure::Gone(_))), "{outcomes:?}");
    drop(id(&outcomes[1]));
}

#[test]
fn a_key_that_sees_no_leads_fails_and_does_not_say_that_there_are_none() {
    let Some(office) = Office::open() else { return };
    office.person("Ann", "555-010-0142");
    office.sign_in("reader");
    let failure = office.refused(|| Odoo::find(office.during("find"), vec![american("5550100142")], 50));
    assert_eq!(crate::office::kind(&failure), "Forbidden");
    office.choose("prospects", "none");
    assert_eq!(find(&office, vec![american("5550100142")], 50).0.entities.len(), 1);
}

#[test]
fn texts_are_searched_in_names_companies_addresses_and_numbers() {
    let Some(office) = Office::open() else { return };
    let company = office.typed(PARTNER, &json!({ "name": "Torres Bakery", "is_company": true }));
    office.typed(PARTNER, &json!({ "name": "Maria", "parent_id": company, "phone": "(555) 010-0142" }));
    office.typed(
        LEAD,
        &json!({ "name": "20 chairs", "contact_name": "Tom", "partner_name": "Wood & Sons", "email_from": "tom@wood.example" }),
    );
    for (text, wanted) in [
        ("torres", &["Maria", "Torres Bakery"][..]),
        ("  Maria ", &["Maria"]),
        ("wood & s", &["Tom"]),
        ("tom@wood", &["Tom"]),
        ("20 chairs", &["Tom"]),
        ("010-01", &["Maria"]),
        ("+1 (555) 010", &[]),
        ("555.010.0142", &["Maria"]),
        ("01", &[]),
        ("", &[]),
        (" \n", &[]),
    ] {
        assert_eq!(names(&search(&office, text, 20).entities), wanted, "{text:?}");
    }
}

#[test]
fn signs_of_a_search_text_mean_themselves() {
    let Some(office) = Office::open() else { return };
    for name in ["50% off", "under_score", "back\\slash", "O'Brien \"Bob\"", "plain"] {
        office.person(name, "");
    }
    for (text, wanted) in [
        ("%", &["50% off"][..]),
        ("_", &["under_score"]),
        ("\\", &["back\\slash"]),
        ("k\\s", &["back\\slash"]),
        ("o'brien \"b", &["O'Brien \"Bob\""]),
        ("pl\u{0}ain", &[]),
        ("\u{0}plain\u{0}", &["plain"]),
        ("[('id','=',1)]", &[]),
    ] {
        assert_eq!(names(&search(&office, text, 20).entities), wanted, "{text:?}");
    }
}
