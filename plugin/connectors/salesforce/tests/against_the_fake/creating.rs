use crm_fake::CrmFake as _;
use pbx_connector_kit::types::{Draft, Failure, Role, UserRef};
use pbx_salesforce_connector::{
    Salesforce,
    bindings::exports::pbx::crm::{
        creation::{Guest as _, LookedUp, Made},
        lookup::Guest as _,
    },
};
use serde_json::json;

use crate::office::{NOW, Office, american, kind, person, unknown};

pub fn draft(role: Role) -> Draft {
    Draft {
        role,
        kind: None,
        first_name: "Automatic New Contact".to_owned(),
        last_name: "-4155550112".to_owned(),
        company: String::new(),
        number: american("4155550112"),
        emails: Vec::new(),
        owner: None,
        extras: Vec::new(),
    }
}

fn create(office: &Office, draft: &Draft) -> Result<Made, Failure> {
    Salesforce::create(office.during("create"), "key-1".to_owned(), draft.clone())
}

#[test]
fn a_contact_and_a_lead_are_made_with_one_request_each() {
    let office = Office::new();
    let boss = office.seed_user("Bo Boss", true);
    office.knob("lead-assignment", json!(boss));
    let agent = office.seed_user("Al Agent", true);
    for (role, object) in [(Role::Person, "Contact"), (Role::Prospect, "Lead")] {
        let owner = Some(UserRef { connector: "sf".to_owned(), id: agent.clone() });
        let (made, requests) = office.counted(|made: &Made| &made.usage, || create(&office, &Draft { owner, ..draft(role) }));
        assert_eq!((requests, made.was_there, made.entity.reference.kind.as_str()), (1, false, object));
        assert_eq!(made.entity.name, "Automatic New Contact -4155550112");
        let id = made.entity.reference.id;
        assert_eq!((office.field(&id, "FirstName"), office.field(&id, "LastName")), (json!("Automatic New Contact"), json!("-4155550112")));
        assert_eq!(office.field(&id, "Phone"), json!("+14155550112"));
        assert_eq!(office.field(&id, "OwnerId"), json!(agent), "no rule of the organisation chooses another");
    }
}

#[test]
fn a_lead_without_company_gets_its_last_name_as_one() {
    let office = Office::new();
    let made = create(&office, &draft(Role::Prospect)).unwrap();
    assert_eq!(office.field(&made.entity.reference.id, "Company"), json!("-4155550112"));
}

#[test]
fn an_owner_who_is_gone_loses_no_record() {
    let office = Office::new();
    let gone = office.seed_user("Gus Gone", false);
    for owner in [gone.as_str(), unknown("005").as_str(), "005dM0000000zzzAAA"] {
        let owner = Some(UserRef { connector: "sf".to_owned(), id: owner.to_owned() });
        let made = create(&office, &Draft { owner, ..draft(Role::Person) }).unwrap();
        assert!(made.entity.owner.is_none());
    }
}

#[test]
fn texts_that_are_too_long_are_cut_and_a_wrong_address_is_left_out() {
    let office = Office::new();
    let long =
        Draft { first_name: "名".repeat(50), last_name: "x".repeat(90), emails: vec!["nonsense".to_owned()], ..draft(Role::Prospect) };
    let made = create(&office, &long).unwrap();
    assert_eq!(made.entity.first_name.unwrap().chars().count(), 40);
    assert_eq!(made.entity.last_name.unwrap().len(), 80);
    assert!(made.entity.emails.is_empty());
}

#[test]
fn a_duplicate_rule_gives_the_record_that_is_there_in_both_spellings() {
    for key in ["duplicateResut", "duplicateResult"] {
        for mode in ["alert", "block"] {
            let office = Office::new();
            let there = office.seed(person("Lee", "+14155550112"));
            office.knob("duplicate-key", json!(key));
            office.knob("duplicate-rule", json!({ "object": "Contact", "mode": mode, "by": ["phone"] }));
            let Err(Failure::Duplicate(found)) = create(&office, &draft(Role::Person)) else { panic!("{key} {mode}") };
            assert_eq!((found.found.kind.as_str(), found.found.id), ("Contact", there));
            assert!(found.detail.said.verbatim.is_some() && found.detail.usage.is_some());
        }
    }
}

#[test]
fn a_warning_about_a_name_alone_makes_no_stranger_the_caller() {
    let office = Office::new();
    let mut other = person("-4155550112", "+12125550199");
    other.first_name = Some("Automatic New Contact".to_owned());
    let other = office.seed(other);
    office.knob("duplicate-rule", json!({ "object": "Contact", "mode": "alert", "by": ["name"] }));
    let (made, requests) = office.counted(|made: &Made| &made.usage, || create(&office, &draft(Role::Person)));
    assert_eq!(requests, 2);
    assert_ne!(made.entity.reference.id, other);
    office.knob("duplicate-rule", json!({ "object": "Contact", "mode": "block", "by": ["name"] }));
    assert!(matches!(create(&office, &draft(Role::Person)), Err(Failure::Duplicate(_))), "a rule that blocks is the administrator's word");
}

#[test]
fn who_was_typed_in_after_the_check_is_not_made_twice_where_a_rule_compares_numbers() {
    let office = Office::of(fake_salesforce::fake::FakeSalesforce::new(NOW).refusing_known_numbers());
    let there = office.seed(person("Lee", "+1 415 555 0112"));
    for role in [Role::Person, Role::Prospect] {
        let Err(Failure::Duplicate(elsewhere)) = create(&office, &draft(role)) else { panic!("not a duplicate") };
        assert_eq!(elsewhere.found.id, there);
    }
    assert_eq!(office.fake.borrow().records().len(), 1);
}

#[test]
fn what_a_cut_connection_left_behind_is_found_again_and_only_that() {
    let office = Office::new();
    let fault: crm_fake::Fault = serde_json::from_value(json!({ "what": "cut-after-commit", "on": ["create"], "times": 1 })).unwrap();
    let find =
        |office: &Office| Salesforce::find_created(office.during("find-created"), "key-1".to_owned(), draft(Role::Person), NOW).unwrap();
    // The same name with another number, and the same number with another name, are somebody else.
    office.seed(crm_fake::SeedRecord { new: true, ..person("-4155550112", "+14155550113") });
    office.seed(crm_fake::SeedRecord { new: true, ..person("Lee", "+14155550112") });
    let nothing = find(&office);
    assert_eq!((nothing.entity, nothing.usage.spent), (None, 1), "what it cost is told too");
    office.fake.borrow_mut().inject(fault).unwrap();
    office.knob("index-lag-ms", json!(600_000));
    let failed = create(&office, &draft(Role::Person)).unwrap_err();
    assert_eq!(kind(&failed), "Unclear");
    let (made, requests) = office.counted(|found: &LookedUp| &found.usage, || Ok(find(&office)));
    let made = made.entity.unwrap();
    assert!(requests == 1 && made.name == "Automatic New Contact -4155550112");
    let exact = Salesforce::exact_check(office.during("exact-check"), american("4155550112")).unwrap();
    assert!(exact.entities.iter().any(|entity| entity.reference == made.reference));
}

#[test]
fn refusals_say_what_an_administrator_can_do() {
    let office = Office::new();
    office.knob("validation-rule", json!({ "object": "Contact", "when": "always", "message": "请先填写来源" }));
    let Err(Failure::Invalid(wrong)) = create(&office, &draft(Role::Person)) else { panic!("not invalid") };
    assert_eq!(
        (wrong.detail.said.id.as_str(), wrong.detail.said.verbatim.as_deref()),
        ("salesforce.validation-rule", Some("请先填写来源"))
    );
    office.knob("validation-rule", json!(null));
    office.knob("row-lock", json!({ "times": 1 }));
    assert_eq!(kind(&create(&office, &draft(Role::Person)).unwrap_err()), "Conflict");
    office.knob("trigger-failure", json!({ "times": 1 }));
    assert_eq!(kind(&create(&office, &draft(Role::Person)).unwrap_err()), "Invalid");
    office.knob("maintenance", json!(true));
    assert_eq!(kind(&create(&office, &draft(Role::Person)).unwrap_err()), "Busy");
    office.knob("maintenance", json!(false));
    office.knob("storage-full", json!(true));
    assert_eq!(kind(&create(&office, &draft(Role::Person)).unwrap_err()), "Forbidden");
    office.knob("storage-full", json!(false));
    office.knob("object-access", json!({ "object": "Lead", "access": "none" }));
    assert_eq!(kind(&create(&office, &draft(Role::Prospect)).unwrap_err()), "Forbidden");
    assert_eq!(kind(&create(&office, &draft(Role::Organisation)).unwrap_err()), "Unsupported");
}
