use crm_fake::SeedRecord;
use pbx_connector_kit::types::Role;
use pbx_salesforce_connector::{
    Salesforce,
    bindings::exports::pbx::crm::{
        lookup::{Found, Guest as _},
        search::{Guest as _, Page},
    },
};
use serde_json::json;

use crate::office::{NOW, Office, american, british, company, person, phone, prospect};

fn names(found: &Found) -> Vec<&str> {
    let mut names: Vec<&str> = found.entities.iter().map(|entity| entity.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn several_numbers_in_all_forms_are_one_request() {
    for profile in ["strict", "lenient"] {
        let office = Office::new();
        office.knob("phone-search", json!(profile));
        office.seed(SeedRecord { company: Some("Lee Ltd".to_owned()), ..person("Lee", "(415) 555-0112") });
        office.seed(prospect("Prospect", "+44 20 7946 0958"));
        office.seed(company("Sample Ltd", "0113 496 0123"));
        office.seed(person("Elsewhere", "+1 212 555 0199"));
        let numbers = vec![american("4155550112"), british("2079460958"), british("1134960123")];
        let (found, requests) = office.counted(|found: &Found| &found.usage, || Salesforce::find(office.during("find"), numbers, 50));
        assert_eq!((requests, found.more), (1, false));
        assert_eq!(names(&found), ["Ann Lee", "Ann Prospect", "Sample Ltd"], "{profile}");
        let lee = found.entities.iter().find(|entity| entity.name == "Ann Lee").unwrap();
        assert_eq!((lee.role.clone(), lee.company.as_deref()), (Role::Person, Some("Lee Ltd")));
        assert_eq!(lee.phones, [("business".to_owned(), "(415) 555-0112".to_owned())]);
        assert!(lee.organisation.as_ref().is_some_and(|account| account.kind == "Account"));
        assert!(lee.owner.is_some() && lee.changed_at.is_some());
        assert!(found.usage.left.is_some() && found.usage.allowed.is_some());
    }
}

#[test]
fn forty_numbers_take_no_more_requests_than_their_length_demands() {
    let office = Office::new();
    let numbers = (0..40).map(|serial| american(&format!("41555501{serial:02}"))).collect();
    let (_, requests) = office.counted(|found: &Found| &found.usage, || Salesforce::find(office.during("find"), numbers, 50));
    assert!(requests <= 2, "{requests}");
}

#[test]
fn a_number_in_any_spelling_is_found_in_the_database_at_once() {
    let office = Office::new();
    office.knob("index-lag-ms", json!(600_000));
    let spellings = [
        "+442079460958",
        "+44 20 7946 0958",
        "(020) 7946 0958",
        "020.7946.0958",
        "020-7946-0958",
        "02079460958",
        "+44 (0)20 7946 0958",
        "0044 20 79460958",
        "020 7946 0958 x12",
        "442079460958",
        "+44 20 7946 0958 ext. 12",
        "020/7946-0958",
        "Tel. 020 7946 0958",
    ];
    for (serial, spelling) in spellings.iter().enumerate() {
        office.seed(SeedRecord { new: true, ..person(&format!("P{serial}"), spelling) });
    }
    office.seed(SeedRecord { new: true, ..prospect("Prospect", "020 7946 0958") });
    office.seed(SeedRecord { new: true, ..company("Sample Ltd", "(020) 7946-0958") });
    office.seed(SeedRecord { new: true, ..person("Neighbour", "020 7946 0959") });
    let indexed = Salesforce::find(office.during("find"), vec![british("2079460958")], 50).unwrap();
    assert!(indexed.entities.is_empty(), "the index is late");
    let (found, requests) =
        office.counted(|found: &Found| &found.usage, || Salesforce::exact_check(office.during("exact-check"), british("2079460958")));
    assert_eq!((requests, found.entities.len()), (1, spellings.len() + 2), "{:?}", names(&found));
    assert!(!names(&found).contains(&"Ann Neighbour"));
}

#[test]
fn the_exact_check_finds_every_spelling_of_a_number_without_area() {
    let office = Office::new();
    for (serial, spelling) in ["555-0112", "5550112", "555 0112", "555.0112", "555-0112 x9"].iter().enumerate() {
        office.seed(person(&format!("Near{serial}"), spelling));
    }
    office.seed(person("Far", "(212) 555-0112"));
    let found = Salesforce::exact_check(office.during("exact-check"), american("4155550112")).unwrap();
    assert_eq!(names(&found), ["Ann Near0", "Ann Near1", "Ann Near2", "Ann Near3", "Ann Near4"]);
}

#[test]
fn numbers_cannot_carry_a_query() {
    let office = Office::new();
    office.seed(person("Lee", "(415) 555-0112"));
    let mut odd = american("4155550112");
    odd.forms = vec!["x' OR Name LIKE '%".to_owned(), "1} IN NAME FIELDS RETURNING User(Id)".to_owned(), String::new()];
    let before = office.spent();
    assert!(Salesforce::find(office.during("find"), vec![odd.clone()], 50).unwrap().entities.is_empty());
    assert!(Salesforce::exact_check(office.during("exact-check"), odd).unwrap().entities.is_empty());
    assert_eq!(office.spent(), before, "there is nothing to ask");
}

#[test]
fn a_converted_lead_is_not_found_and_stands_last_in_the_exact_check() {
    let office = Office::new();
    let lead = office.seed(prospect("Prospect", "(415) 555-0112"));
    office.knob("convert-lead", json!({ "lead": lead }));
    let found = Salesforce::find(office.during("find"), vec![american("4155550112")], 50).unwrap();
    assert!(found.entities.iter().all(|entity| entity.role != Role::Prospect), "{found:?}");
    assert!(found.entities.iter().any(|entity| entity.role == Role::Person));
    let found = Salesforce::exact_check(office.during("exact-check"), american("4155550112")).unwrap();
    let last = found.entities.last().unwrap();
    assert!(last.retired && last.reference.kind == "Lead" && !found.entities[0].retired);
}

#[test]
fn a_person_account_is_one_person() {
    let office = Office::new();
    office.knob("person-accounts", json!(true));
    let fields = json!({ "FirstName": "Pia", "LastName": "Person", "Phone": "(415) 555-0112", "PersonMobilePhone": "(415) 555-0113" });
    {
        let mut fake = office.fake.borrow_mut();
        let user = fake.org.administrator();
        let context = fake_salesforce::org::Context {
            now_ms: NOW - 86_400_000,
            user,
            allow_save: true,
            include_record_details: false,
            auto_assign: false,
        };
        fake.org.create(&context, "Account", fields.as_object().unwrap()).unwrap();
    }
    for number in ["4155550112", "4155550113"] {
        let found = Salesforce::find(office.during("find"), vec![american(number)], 50).unwrap();
        let found: Vec<_> = found.entities.iter().map(|entity| (entity.name.as_str(), entity.role.clone(), entity.phones.len())).collect();
        assert_eq!(found, [("Pia Person", Role::Person, 2)], "{number}");
        let found = Salesforce::exact_check(office.during("exact-check"), american(number)).unwrap();
        assert_eq!(found.entities.len(), 1, "{number}");
    }
}

#[test]
fn a_field_that_is_hidden_hides_no_record() {
    let office = Office::new();
    office.seed(person("Lee", "(415) 555-0112"));
    for (object, field) in [("Contact", "AssistantPhone"), ("Lead", "Fax")] {
        office.knob("hidden-field", json!({ "object": object, "field": field }));
    }
    for function in ["find", "exact-check"] {
        let context = office.during(function);
        let number = american("4155550112");
        let found = if function == "find" { Salesforce::find(context, vec![number], 50) } else { Salesforce::exact_check(context, number) };
        assert_eq!(names(&found.unwrap()), ["Ann Lee"], "{function}");
    }
}

#[test]
fn more_than_wanted_says_so_and_those_with_the_number_come_first() {
    let office = Office::new();
    office.knob("phone-search", json!("lenient"));
    for serial in 0..6 {
        office.seed(person(&format!("Other{serial}"), &format!("+1 212 9{serial}5 550 0112")));
    }
    for serial in 0..3 {
        office.seed(person(&format!("Same{serial}"), "(415) 555-0112"));
    }
    let found = Salesforce::find(office.during("find"), vec![american("4155550112")], 2).unwrap();
    assert!(found.more && found.entities.len() == 2);
    assert!(found.entities.iter().all(|entity| entity.name.starts_with("Ann Same")), "{:?}", names(&found));
}

#[test]
fn texts_find_names_companies_and_numbers() {
    let office = Office::new();
    office.seed(SeedRecord { phones: vec![phone("mobile", "(415) 555-0112")], ..person("O'Brien", "(415) 555-0199") });
    office.seed(company("Sample & Sons", "0113 496 0123"));
    for (text, wanted) in [
        ("o'bri", vec!["Ann O'Brien"]),
        ("Sample & S", vec!["Sample & Sons"]),
        ("415 555 0112", vec!["Ann O'Brien"]),
        ("01134960", vec!["Sample & Sons"]),
        ("nobody*} IN", vec![]),
    ] {
        let page: Page = Salesforce::search(office.during("search"), text.to_owned(), 10).unwrap();
        let names: Vec<&str> = page.entities.iter().map(|entity| entity.name.as_str()).collect();
        assert_eq!(names, wanted, "{text}");
    }
    let before = office.spent();
    assert!(Salesforce::search(office.during("search"), " & ".to_owned(), 10).unwrap().entities.is_empty());
    assert_eq!(office.spent(), before);
}
