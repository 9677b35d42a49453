#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use http::{Response, header};
use serde_json::{Value as Json, json};

use super::respond;
use crate::{
    id::Id,
    org::{Context, Org},
};

const NOW: u64 = 1_795_348_800_000;

/// An org with an account, its contact, two leads and calls.
struct Office {
    org: Org,
    account: Id,
    contact: Id,
    lead: Id,
}

fn create(org: &mut Org, at_ms: u64, object: &str, fields: Json) -> Id {
    let context = Context { now_ms: at_ms, user: org.administrator(), allow_save: true, include_record_details: false, auto_assign: false };
    org.create(&context, object, fields.as_object().unwrap()).unwrap()
}

impl Office {
    fn new() -> Self {
        let mut org = Org::new(NOW);
        let account = create(
            &mut org,
            NOW,
            "Account",
            json!({ "Name": "Harbour & Sons <Ltd>", "Phone": "+44 (0)20 7946 0100", "Industry": "Manufacturing" }),
        );
        let contact = create(
            &mut org,
            NOW,
            "Contact",
            json!({
                "FirstName": "Marta", "LastName": "Quillfeather", "AccountId": account.to_string(), "Title": "Head of Purchasing",
                "Phone": "(415) 555-0132 x12", "MobilePhone": "+1 415-555-0199", "Email": "marta@harbour.example",
                "MailingCity": "San Francisco", "Description": "Prefers calls in the morning.\nSpeaks English and Polish.",
            }),
        );
        let lead = create(
            &mut org,
            NOW,
            "Lead",
            json!({ "LastName": "Brandt", "FirstName": "Ole", "Company": "Nordlicht Energie", "Phone": "+49 30 23125 014" }),
        );
        let mut call = |day: &str, subject: &str, more: Json| {
            let mut task = json!({ "Subject": subject, "WhoId": contact.to_string(), "ActivityDate": day, "Status": "Completed", "TaskSubtype": "Call" });
            task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            create(&mut org, NOW, "Task", task)
        };
        call(
            "2026-11-20",
            "Inbound call from +1 415-555-0199",
            json!({ "CallType": "Inbound", "CallDurationInSeconds": 754, "CallDisposition": "Answered", "Description": "Asked for the offer <b>again</b>.\nWill ring back on Monday." }),
        );
        call(
            "2026-11-22",
            "Outbound call to (415) 555-0132",
            json!({ "CallType": "Outbound", "CallDurationInSeconds": 45, "CallDisposition": "Answered" }),
        );
        call(
            "2026-11-18",
            "Missed call from +1 415-555-0199",
            json!({ "CallType": "Inbound", "CallDurationInSeconds": 0, "CallDisposition": "Not answered" }),
        );
        call("2026-11-10", "Send the new price list", json!({ "TaskSubtype": "Task" }));
        Self { org, account, contact, lead }
    }

    fn get(&self, uri: &str) -> Response<Vec<u8>> {
        respond(&self.org, NOW + 3_600_000, &uri.parse().unwrap()).unwrap_or_else(|| panic!("{uri} is no page"))
    }

    fn page(&self, uri: &str) -> String {
        let response = self.get(uri);
        assert_eq!(response.status(), 200, "{uri}: {}", text(&response));
        text(&response)
    }
}

fn text(response: &Response<Vec<u8>>) -> String {
    String::from_utf8(response.body().clone()).unwrap()
}

#[test]
fn a_record_is_found_by_both_ids_and_by_its_lightning_page() {
    let office = Office::new();
    let contact = office.contact;
    for uri in [
        format!("/{contact}"),
        format!("/{}", contact.short()),
        format!("/lightning/r/Contact/{contact}/view"),
        format!("/lightning/r/{contact}/view"),
    ] {
        assert!(office.page(&uri).contains("<h1 id=\"record-name\">Marta Quillfeather</h1>"), "{uri}");
    }
    let other = office.get(&format!("/lightning/r/Lead/{contact}/view"));
    assert_eq!(other.headers()[header::LOCATION], format!("/lightning/r/Contact/{contact}/view"));
}

#[test]
fn telephone_numbers_are_links_of_digits_and_a_plus() {
    let office = Office::new();
    let page = office.page(&format!("/{}", office.contact));
    assert!(page.contains("href=\"tel:4155550132\">(415) 555-0132 x12</a>"));
    assert!(page.contains("href=\"tel:+14155550199\">+1 415-555-0199</a>"));
    assert!(office.page(&format!("/{}", office.account)).contains("href=\"tel:+442079460100\""));
}

#[test]
fn a_record_shows_its_account_and_its_owner() {
    let office = Office::new();
    let page = office.page(&format!("/{}", office.contact));
    assert!(
        page.contains(&format!("<a href=\"/lightning/r/Account/{}/view\">Harbour &amp; Sons &lt;Ltd&gt;</a>", office.account)),
        "{page}"
    );
    assert!(page.contains(&format!("/lightning/r/User/{}/view", office.org.administrator())));
    let page = office.page(&format!("/{}", office.account));
    assert!(page.contains(&format!("<a href=\"/lightning/r/Contact/{}/view\">Marta Quillfeather</a>", office.contact)));
}

#[test]
fn the_timeline_shows_the_newest_first_with_all_that_a_call_has() {
    let office = Office::new();
    for id in [office.contact, office.account] {
        let page = office.page(&format!("/{id}"));
        let place = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what} is missing"));
        assert!(place("Outbound call to") < place("Inbound call from") && place("Inbound call from") < place("Missed call"));
        assert!(place("Missed call") < place("Send the new price list"));
        for shown in ["12 min 34 s", "Not answered", "20 Nov 2026", "Asked for the offer &lt;b&gt;again&lt;/b&gt;", "Outbound call"] {
            place(shown);
        }
    }
    assert!(office.page(&format!("/{}", office.lead)).contains("No activity yet"));
}

#[test]
fn a_converted_lead_leads_to_its_contact() {
    let mut office = Office::new();
    assert!(office.page(&format!("/{}", office.lead)).contains("Ole Brandt"));
    let (_, contact) = office.org.convert_lead(NOW, office.lead, None, None).unwrap();
    assert_eq!(office.get(&format!("/{}", office.lead)).headers()[header::LOCATION], format!("/{contact}"));
    let lightning = office.get(&format!("/lightning/r/Lead/{}/view", office.lead));
    assert_eq!(lightning.headers()[header::LOCATION], format!("/lightning/r/Contact/{contact}/view"));
    assert!(office.page(&format!("/{contact}")).contains("Ole Brandt"));
}

#[test]
fn what_is_not_there_is_a_page_404() {
    let mut office = Office::new();
    let context =
        Context { now_ms: NOW, user: office.org.administrator(), allow_save: false, include_record_details: false, auto_assign: false };
    office.org.delete(&context, "Lead", office.lead).unwrap();
    let wrong_checksum = format!("{}AAA", office.contact.short());
    for uri in [
        format!("/{}", office.lead),
        format!("/{}", Id::new("003", 99_999)),
        format!("/{}", Id::new("zzz", 1)),
        format!("/lightning/r/Contact/{wrong_checksum}/view"),
        "/lightning/o/Nothing/list".to_owned(),
        "/lightning/o/Nothing__c/new".to_owned(),
        "/lightning/x".to_owned(),
    ] {
        let response = office.get(&uri);
        assert_eq!(response.status(), 404, "{uri}");
        assert!(text(&response).contains("Page not found"));
    }
    for uri in ["/services/data", "/nothing", "/a/b", "/favicon.ico"] {
        assert!(respond(&office.org, NOW, &uri.parse().unwrap()).is_none(), "{uri}");
    }
}

#[test]
fn pages_may_load_nothing_but_their_style_sheet() {
    let office = Office::new();
    let response = office.get(&format!("/{}", office.contact));
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'; style-src 'self'"));
    let page = text(&response);
    assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains("http://") && !page.contains("https://"));
    assert_eq!(office.get("/resource/fake-salesforce.css").headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
}

#[test]
fn lists_have_pages_and_a_search_box() {
    let mut office = Office::new();
    for at in 0..120 {
        create(&mut office.org, NOW, "Contact", json!({ "LastName": format!("Person{at:03}"), "Phone": format!("020 7946 0{at:03}") }));
    }
    let page = office.page("/lightning/o/Contact/list");
    assert!(page.contains("1–50 of 121") && page.contains("Page 1 of 3") && page.contains("Person048") && !page.contains("Person049"));
    let last = office.page("/lightning/o/contact/list?page=3");
    assert!(last.contains("101–121 of 121") && last.contains("Person119"));
    assert!(office.page("/lightning/o/Contact/list?page=99").contains("Page 3 of 3"));
    assert!(office.page("/lightning/o/Contact/list?page=-1").contains("Page 1 of 3"));
    let found = office.page("/lightning/o/Contact/list?q=QUILL+marta");
    assert!(found.contains("1–1 of 1") && found.contains("value=\"QUILL marta\""));
    assert!(office.page("/lightning/o/Contact/list?q=%2B1+415+555").contains("1–1 of 1"), "numbers are found however they are written");
    let hostile = office.page("/lightning/o/Contact/list?q=%22%3E%3Cscript%3E");
    assert!(hostile.contains("No records") && !hostile.contains("<script>"));
    let paged = office.page("/lightning/o/Contact/list?q=Person+%26");
    assert!(paged.contains("No records"));
    assert!(office.page("/lightning/o/Contact/list?q=Person").contains("/lightning/o/Contact/list?q=Person&amp;page=2"));
}

#[test]
fn home_counts_the_records_of_each_object() {
    let office = Office::new();
    let page = office.page("/");
    let tile = page.split("href=\"/lightning/o/Task/list\">").last().unwrap();
    assert!(tile.split("</a>").next().unwrap().contains("<span class=\"tile-count\">4</span>"), "{tile}");
}

#[test]
fn a_link_fills_in_a_new_record() {
    let office = Office::new();
    let page = office.page("/lightning/o/Contact/new?defaultFieldValues=LastName%3DSmith%252C%2520Jr%2CPhone%3D%2B14155550132%2CNope%3D1");
    assert!(page.contains("name=\"LastName\" value=\"Smith, Jr\" readonly"), "{page}");
    assert!(page.contains("name=\"Phone\" value=\"+14155550132\" readonly"));
    assert!(page.contains("cannot be filled in: Nope"));
}

#[test]
fn the_search_page_asks_the_index() {
    let office = Office::new();
    let page = office.page("/_ui/search/ui/UnifiedSearchResults?str=quill");
    assert!(page.contains(&format!("/lightning/r/Contact/{}/view", office.contact)), "{page}");
    assert!(page.contains("value=\"quill\""));
    assert!(office.page("/_ui/search/ui/UnifiedSearchResults?str=nobody").contains("Nothing was found"));
    assert!(office.page("/_ui/search/ui/UnifiedSearchResults").contains("Type a name"));
}
