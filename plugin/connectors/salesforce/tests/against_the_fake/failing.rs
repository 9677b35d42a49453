use crm_fake::CrmFake as _;
use pbx_connector_kit::{failure::detail_of, types::Failure};
use pbx_salesforce_connector::{Salesforce, bindings::exports::pbx::crm::lookup::Guest as _};
use serde_json::{Value, json};

use crate::office::{Office, american, kind, person};

fn find(office: &Office) -> Failure {
    Salesforce::find(office.during("find"), vec![american("4155550112")], 50).unwrap_err()
}

#[test]
fn every_refusal_of_salesforce_is_judged_as_what_it_is() {
    let error = |code: &str, message: &str| json!([{ "errorCode": code, "message": message }]);
    let rows: [(&str, Value, &str, &str); 12] = [
        ("quota", json!({ "left": 0 }), "Quota", "salesforce.quota"),
        ("concurrent-limit", json!({}), "Busy", "salesforce.concurrent"),
        ("concurrent-limit", json!({ "long": true }), "Busy", "salesforce.concurrent"),
        ("html-503", json!({}), "Busy", "salesforce.unavailable"),
        ("server-unavailable", json!({}), "Busy", "salesforce.unavailable"),
        ("expire-access-tokens", json!(null), "AuthoriseAgain", "salesforce.session"),
        ("api-disabled", json!({ "bare": true }), "Forbidden", "salesforce.edition"),
        ("object-access", json!({ "object": "Lead", "access": "none" }), "", ""),
        ("answer-next", json!({ "status": 420, "body": "Enhance your calm" }), "Busy", "salesforce.unavailable"),
        ("answer-next", json!({ "status": 500, "body": error("UNKNOWN_EXCEPTION", "ErrorId: 1-2") }), "Unreachable", "salesforce.internal"),
        ("answer-next", json!({ "status": 300, "body": ["/services/data/v66.0/sobjects/Contact/003"] }), "Other", "salesforce.several"),
        ("answer-next", json!({ "status": 200, "body": "<html>Maintenance</html>" }), "Garbled", "kit.wrong-answer"),
    ];
    for (knob, value, wanted, id) in rows {
        let office = Office::new();
        if knob == "object-access" {
            // For those who see all data nothing is hidden.
            let agent = office.seed_user("Al Agent", true);
            office.sign_in(&agent);
            office.knob(knob, json!({ "object": "Lead", "user": agent, "access": "none" }));
            assert_eq!(kind(&find(&office)), "Forbidden");
            continue;
        }
        office.knob(knob, value);
        let mut failure = find(&office);
        assert_eq!(kind(&failure), wanted, "{knob}");
        let detail = detail_of(&mut failure);
        assert_eq!(detail.said.id, id, "{knob}");
        assert!(detail.usage.as_ref().is_some_and(|usage| usage.spent == 1), "{knob}");
    }
}

#[test]
fn a_session_that_no_refresh_helps_is_the_administrators_matter() {
    for words in ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"] {
        let office = Office::new();
        office.knob("answer-next", json!({ "status": 401, "body": [{ "errorCode": "INVALID_SESSION_ID", "message": words }] }));
        assert_eq!(kind(&find(&office)), "AuthoriseAgain", "{words}");
    }
}

#[test]
fn an_unreachable_salesforce_and_a_broken_connection_are_told_apart() {
    let office = Office::new();
    office.seed(person("Lee", "(415) 555-0112"));
    for (what, spent) in [("unreachable", 0), ("cut-before-commit", 1), ("truncated", 1)] {
        let fault: crm_fake::Fault = serde_json::from_value(json!({ "what": what, "times": 1 })).unwrap();
        office.fake.borrow_mut().inject(fault).unwrap();
        let mut failure = find(&office);
        assert!(matches!(failure, Failure::Unreachable(_) | Failure::Garbled(_)), "{what}");
        assert_eq!(detail_of(&mut failure).usage.as_ref().map(|usage| usage.spent), Some(spent), "{what}");
    }
}

#[test]
fn no_more_requests_are_made_than_the_host_allows() {
    let office = Office::new();
    let mut context = office.during("find");
    context.requests_left = 0;
    let failure = Salesforce::find(context, vec![american("4155550112")], 50).unwrap_err();
    assert_eq!((kind(&failure).as_str(), office.spent().0), ("Busy", 0));
}
