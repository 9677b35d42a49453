use crm_fake::SeedRecord;
use pbx_connector_kit::types::{RecordRef, Usage, UserRef};
use pbx_salesforce_connector::{
    Salesforce,
    bindings::exports::pbx::crm::{
        account::{Account, Administrator, Guest as _},
        users::{Guest as _, Page},
        visibility::{Guest as _, Seen},
    },
};
use serde_json::json;

use crate::office::{Office, kind, person};

fn verify(office: &Office) -> Account {
    office.counted(|account: &Account| &account.usage, || Salesforce::verify(office.during("verify"))).0
}

#[test]
fn the_account_is_known_after_two_requests() {
    let office = Office::new();
    let (account, requests) = office.counted(|account: &Account| &account.usage, || Salesforce::verify(office.during("verify")));
    assert_eq!(requests, 2);
    assert!(matches!(account.administrator, Administrator::Yes));
    let organisation = office.fake.borrow().org.organization().to_string();
    assert_eq!(account.organisation, organisation);
    assert_eq!((account.user_name.as_str(), account.warnings.len()), ("Ada Admin", 0), "{:?}", account.warnings);
    assert_eq!(account.user.unwrap().id, office.fake.borrow().org.administrator().to_string());
}

#[test]
fn only_who_sees_all_data_and_manages_users_is_an_administrator() {
    let office = Office::new();
    let agent = office.seed_user("Al Agent", true);
    for (all_data, users, is_admin) in [(false, false, false), (true, false, false), (false, true, false), (true, true, true)] {
        office.knob("user", json!({ "user": agent, "admin": all_data, "manage-users": users }));
        office.sign_in(&agent);
        assert_eq!(matches!(verify(&office).administrator, Administrator::Yes), is_admin, "{all_data} {users}");
    }
}

#[test]
fn another_edition_and_hidden_fields_are_told_before_the_first_call() {
    let office = Office::new();
    office.knob("organization", json!({ "OrganizationType": "Professional Edition" }));
    office.knob("hidden-field", json!({ "object": "Task", "field": "CallObject" }));
    let account = verify(&office);
    let told: Vec<(&str, &str)> = account.warnings.iter().map(|warning| (warning.id.as_str(), warning.arguments[0].1.as_str())).collect();
    assert_eq!(told, [("salesforce.edition-unknown", "Professional Edition"), ("salesforce.call-fields-hidden", "CallObject")]);
}

#[test]
fn an_edition_without_api_is_refused_with_the_editions_that_have_it() {
    for bare in [false, true] {
        for code in ["API_DISABLED_FOR_ORG", "RESTAPINOTENABLED"] {
            let office = Office::new();
            office.knob("api-disabled", json!({ "code": code, "bare": bare }));
            let mut failure = Salesforce::verify(office.during("verify")).unwrap_err();
            assert_eq!(kind(&failure), "Forbidden");
            assert_eq!(pbx_connector_kit::failure::detail_of(&mut failure).said.id, "salesforce.edition", "{code} {bare}");
        }
    }
}

#[test]
fn an_organisation_without_our_version_is_told_so() {
    let office = Office::new();
    office.knob(
        "answer-next",
        json!({ "route": "/services/data/v66.0", "status": 404, "body": [{ "errorCode": "NOT_FOUND", "message": "m" }] }),
    );
    let mut failure = Salesforce::verify(office.during("verify")).unwrap_err();
    assert_eq!(kind(&failure), "Unsupported");
    assert_eq!(pbx_connector_kit::failure::detail_of(&mut failure).said.id, "salesforce.version");
}

#[test]
fn what_is_left_is_read_from_the_header_of_one_request() {
    let office = Office::new();
    office.knob("quota", json!({ "max": 15_000, "left": 500 }));
    office.knob("limit-info-more", json!("per-app-api-usage=17/250(appName=x)"));
    let (usage, requests) = office.counted(
        |usage: &Usage| usage,
        || <Salesforce as pbx_salesforce_connector::bindings::exports::pbx::crm::allowance::Guest>::read(office.during("read")),
    );
    assert_eq!((requests, usage.allowed, usage.left), (1, Some(15_000), Some(499)));
}

#[test]
fn users_are_people_page_by_page() {
    let office = Office::new();
    for serial in 0..450 {
        office.seed_user(&format!("Agent{serial} Smith"), serial != 7);
    }
    office.knob("page-size", json!(200));
    let mut users = Vec::new();
    let mut mark = None;
    loop {
        let context = office.during("list-page");
        let (page, requests) = office.counted(|page: &Page| &page.usage, || Salesforce::list_page(context, mark.clone()));
        assert_eq!(requests, 1);
        users.extend(page.users);
        mark = page.next;
        if mark.is_none() {
            break;
        }
    }
    assert!(users.iter().all(|user| user.active && user.email.contains('@')));
    assert!(users.iter().any(|user| user.name == "Ada Admin") && !users.iter().any(|user| user.name == "Agent7 Smith"));
    assert!(users.iter().filter(|user| user.name.starts_with("Agent")).count() == 449, "{}", users.len());
    for robot in ["Automated Process", "Platform Integration"] {
        assert!(!users.iter().any(|user| user.name.contains(robot)), "{robot}");
    }
}

#[test]
fn a_list_that_was_left_too_long_begins_anew() {
    let office = Office::new();
    for serial in 0..300 {
        office.seed_user(&format!("Agent{serial} Smith"), true);
    }
    office.knob("page-size", json!(200));
    let mark = Salesforce::list_page(office.during("list-page"), None).unwrap().next;
    office.knob("close-cursors", json!(null));
    assert_eq!(kind(&Salesforce::list_page(office.during("list-page"), mark).unwrap_err()), "Gone");
    let odd = Some("../../sobjects/Contact".to_owned());
    assert_eq!(kind(&Salesforce::list_page(office.during("list-page"), odd).unwrap_err()), "Gone", "a mark stays where marks are");
}

fn seen(office: &Office, user: &str, ids: &[String]) -> (Vec<bool>, usize) {
    let records: Vec<RecordRef> =
        ids.iter().map(|id| RecordRef { connector: "sf".to_owned(), kind: "Contact".to_owned(), id: id.clone() }).collect();
    let user = UserRef { connector: "sf".to_owned(), id: user.to_owned() };
    let (seen, requests) = office.counted(|seen: &Seen| &seen.usage, || Salesforce::visible(office.during("visible"), user, records));
    (seen.visible, requests)
}

#[test]
fn a_user_sees_what_the_sharing_of_the_organisation_allows() {
    let office = Office::new();
    let agent = office.seed_user("Al Agent", true);
    let own = office.seed(SeedRecord { owner: Some(agent.clone()), ..person("Lee", "(415) 555-0112") });
    let (other, gone) = (office.seed(person("Kim", "(415) 555-0113")), office.seed(SeedRecord { retired: true, ..person("Lee", "") }));
    let ids = [own.clone(), other, gone, own[..15].to_owned(), "no-id".to_owned()];
    office.knob("private-contacts", json!(false));
    assert_eq!(seen(&office, &agent, &ids), (vec![true, true, false, true, false], 1));
    office.knob("private-objects", json!(["Contact"]));
    assert_eq!(seen(&office, &agent, &ids), (vec![true, false, false, true, false], 1));
    let admin = office.fake.borrow().org.administrator().to_string();
    assert_eq!(seen(&office, &admin, &ids), (vec![true, true, false, true, false], 1));
    office.knob("object-access", json!({ "object": "Contact", "user": agent, "access": "none" }));
    assert_eq!(seen(&office, &agent, &ids).0, [false; 5]);
}

#[test]
fn visibility_of_many_records_is_asked_200_at_a_time_in_one_request() {
    let office = Office::new();
    let agent = office.seed_user("Al Agent", true);
    let ids: Vec<String> = (0..450).map(|serial| office.seed(person(&format!("Lee {serial}"), "(415) 555-0112"))).collect();
    office.knob("private-contacts", json!(false));
    assert_eq!(seen(&office, &agent, &ids), (vec![true; 450], 1));
}
