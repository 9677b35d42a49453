use serde_json::json;

use super::*;

fn mistake(error: &'static str, provoked: Provoked, ask: Ask) -> Case {
    case(error, provoked, ask, fails("Other", "salesforce.mistake"))
}

fn refused(error: &'static str, provoked: Provoked) -> Case {
    case(error, provoked, create, fails("Invalid", "salesforce.mistake"))
}

/// Statuses, whatever stands in the body.
pub(super) fn statuses() -> Vec<Case> {
    let several = || Provoked::Answer(300, json!(["/services/data/v66.0/sobjects/Contact/003"]));
    let session = "Session expired or invalid";
    vec![
        case("300", several(), find, fails("Other", "salesforce.several")),
        case("300", several(), create, fails("Invalid", "salesforce.several")),
        case(
            "401",
            Provoked::Really(|desk| knob(desk, "expire-access-tokens", json!(null))),
            find,
            fails("AuthoriseAgain", "salesforce.session"),
        ),
        case("401", answer(401, "INVALID_SESSION_ID", session), create, fails("AuthoriseAgain", "salesforce.session")),
        case("401 page", page(401), find, fails("AuthoriseAgain", "salesforce.session")),
        case(
            "401 final",
            answer(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
            find,
            fails("AuthoriseAgain", "salesforce.session-unusable"),
        ),
        case(
            "401 final",
            answer(401, "X", "Connected app is not attached to Agent"),
            find,
            fails("AuthoriseAgain", "salesforce.session-unusable"),
        ),
        case("403 Bad_OAuth_Token", Provoked::Answer(403, json!("Bad_OAuth_Token")), find, fails("AuthoriseAgain", "salesforce.session")),
        case("403 page", page(403), create, fails("Forbidden", "salesforce.no-access")),
        case("409", page(409), create, fails("Conflict", "salesforce.locked")),
        case("410", page(410), find, naming("Unsupported", "salesforce.version", &["v66.0"])),
        mistake("412", page(412), find),
        mistake("414", page(414), find),
        mistake("414", answer(414, "URI_TOO_LONG", "URI too long"), users),
        mistake("428", page(428), find),
        mistake("431", page(431), find),
        refused("415", answer(415, "UNSUPPORTED_MEDIA_TYPE", "The Content-Type header is invalid")),
        case("304", page(304), find, Wanted::Fails("Garbled", "salesforce.no-endpoint", None, &[])),
    ]
}

/// Errors of requests.
pub(super) fn codes() -> Vec<Case> {
    let stale: fn(&Desk) -> Result<(), Failure> = |desk| {
        for serial in 0..250 {
            desk.office.seed_user(&format!("Agent{serial} Smith"), true);
        }
        knob(desk, "page-size", json!(200));
        let mark = Salesforce::list_page(desk.office.during("list-page"), None).unwrap().next;
        knob(desk, "close-cursors", json!(null));
        Salesforce::list_page(desk.office.during("list-page"), mark).map(drop)
    };
    let lead_hidden: fn(&Desk) = |desk| {
        desk.office.sign_in(&desk.agent);
        knob(desk, "object-access", json!({ "object": "Lead", "user": desk.agent, "access": "none" }));
    };
    let no_such = "No such column 'Id' on entity 'Contact'.";
    vec![
        case(
            "NOT_FOUND",
            answer(404, "NOT_FOUND", "The requested resource does not exist"),
            find,
            fails("Garbled", "salesforce.no-endpoint"),
        ),
        case(
            "NOT_FOUND",
            answer(404, "NOT_FOUND", "The requested resource does not exist"),
            verify,
            naming("Unsupported", "salesforce.version", &["v66.0"]),
        ),
        case(
            "NOT_FOUND",
            Provoked::Really(|desk| knob(desk, "object-access", json!({ "object": "Lead", "access": "none" }))),
            create_lead,
            naming("Forbidden", "salesforce.object-hidden", &["Lead"]),
        ),
        mistake("METHOD_NOT_ALLOWED", answer(405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are HEAD,GET"), exact),
        refused("METHOD_NOT_ALLOWED", answer(405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are HEAD,GET")),
        mistake("MALFORMED_QUERY", answer(400, "MALFORMED_QUERY", "unexpected token: FROM"), users),
        mistake("MALFORMED_SEARCH", answer(400, "MALFORMED_SEARCH", "No search term found."), find),
        mistake("INVALID_SEARCH", answer(400, "INVALID_SEARCH", "search term must be longer than one character: g"), search),
        refused("JSON_PARSER_ERROR", answer(400, "JSON_PARSER_ERROR", "Unexpected character")),
        case("INVALID_TYPE", Provoked::Really(lead_hidden), find, naming("Forbidden", "salesforce.object-hidden", &["Lead"])),
        case("INVALID_TYPE", Provoked::Really(lead_hidden), exact, naming("Forbidden", "salesforce.object-hidden", &["Lead"])),
        case("INVALID_FIELD", answer(400, "INVALID_FIELD", no_such), find, naming("Forbidden", "salesforce.field-hidden", &["Id"])),
        case(
            "INVALID_FIELD",
            Provoked::Really(|desk| knob(desk, "hidden-field", json!({ "object": "Contact", "field": "Fax" }))),
            find,
            Wanted::Survives,
        ),
        case(
            "INVALID_FIELD",
            Provoked::Really(|desk| knob(desk, "hidden-field", json!({ "object": "Lead", "field": "Fax" }))),
            exact,
            Wanted::Survives,
        ),
        case("INVALID_QUERY_LOCATOR", Provoked::Really(|_| ()), stale, fails("Gone", "salesforce.cursor")),
        case(
            "UNKNOWN_EXCEPTION",
            answer(500, "UNKNOWN_EXCEPTION", "ErrorId: 1-2 (3)"),
            find,
            naming("Unreachable", "salesforce.internal", &["ErrorId: 1-2 (3)"]),
        ),
        case("UNKNOWN_EXCEPTION", answer(500, "UNKNOWN_EXCEPTION", "ErrorId: 1-2 (3)"), create, fails("Unclear", "salesforce.internal")),
    ]
}
