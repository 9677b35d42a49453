use serde_json::json;

use super::*;

const SECONDS: u64 = 5_000;
const EDITIONS: &[&str] = &["Enterprise", "Performance", "Unlimited", "Developer"];

/// Editions, limits and the edge.
pub(super) fn cases() -> Vec<Case> {
    const TOTAL: &str = "REQUEST_LIMIT_EXCEEDED TotalRequests";
    const LONG_ONES: &str = "REQUEST_LIMIT_EXCEEDED Concurrent";
    let quota: fn(&Desk) = |desk| knob(desk, "quota", json!({ "left": 0 }));
    let crowd: fn(&Desk) = |desk| knob(desk, "concurrent-limit", json!({}));
    let long: fn(&Desk) = |desk| knob(desk, "concurrent-limit", json!({ "long": true }));
    let disabled: fn(&Desk) = |desk| knob(desk, "api-disabled", json!({}));
    let disabled_bare: fn(&Desk) = |desk| knob(desk, "api-disabled", json!({ "code": "RESTAPINOTENABLED", "bare": true }));
    let no_api: fn(&Desk) = |desk| {
        knob(desk, "user", json!({ "user": desk.agent, "api": false }));
        desk.office.sign_in(&desk.agent);
    };
    let mut cases = vec![
        case("API_DISABLED_FOR_ORG", Provoked::Really(disabled), verify, naming("Forbidden", "salesforce.edition", EDITIONS)),
        case("RESTAPINOTENABLED", Provoked::Really(disabled_bare), find, naming("Forbidden", "salesforce.edition", EDITIONS)),
        case("API_CURRENTLY_DISABLED", Provoked::Really(no_api), find, naming("Forbidden", "salesforce.user-without-api", &["API"])),
        case(
            "SERVER_UNAVAILABLE",
            Provoked::Really(|desk| knob(desk, "server-unavailable", json!({}))),
            create,
            fails("Busy", "salesforce.unavailable"),
        ),
        case("503 page", Provoked::Really(|desk| knob(desk, "html-503", json!({}))), find, fails("Busy", "salesforce.unavailable")),
        case("503 page", Provoked::Really(|desk| knob(desk, "html-503", json!({}))), create, fails("Unclear", "salesforce.internal")),
        case(
            "QUERY_TIMEOUT",
            answer(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
            exact,
            fails("Busy", "salesforce.slow"),
        ),
        case("403 of /limits", answer(403, "FORBIDDEN", "You do not have permission"), usage, fails("Forbidden", "salesforce.no-access")),
    ];
    for ask in [find as Ask, exact, users, create, write, amend] {
        let named = Wanted::Fails("Quota", "salesforce.quota", None, &["DailyApiRequests"]);
        cases.push(case(TOTAL, Provoked::Really(quota), ask, named));
        cases.push(case(LONG_ONES, Provoked::Really(crowd), ask, pausing("Busy", "salesforce.concurrent", SECONDS)));
        cases.push(case(LONG_ONES, Provoked::Really(long), ask, pausing("Busy", "salesforce.concurrent", SECONDS)));
    }
    for status in [420, 429] {
        cases.push(case("420, 429 page", page(status), find, fails("Busy", "salesforce.unavailable")));
        cases.push(case(
            "420, 429 text",
            Provoked::Answer(status, json!("Enhance your calm")),
            create,
            fails("Busy", "salesforce.unavailable"),
        ));
    }
    for status in [500, 502] {
        cases.push(case("500, 502 page", page(status), find, fails("Unreachable", "salesforce.internal")));
        cases.push(case("500, 502 page", page(status), write, fails("Unclear", "salesforce.internal")));
    }
    cases
}
