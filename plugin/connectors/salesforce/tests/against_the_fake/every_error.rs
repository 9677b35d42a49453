//! Every error that Salesforce is known to answer with, provoked in the fake, and what the connector makes of it: the kind of failure, the
//! pause, and a sentence in both languages that says what happened, to what, and what to do.
//!
//! Where the connector asks in a way that cannot meet an error, the fake is made to answer with it all the same.

mod limits;
mod requests;
mod writes;

use pbx_connector_kit::{
    base_types::Message,
    failure::detail_of,
    types::{Amendment, Draft, Failure, Role, UserRef},
};
use pbx_salesforce_connector::{
    Salesforce,
    bindings::exports::pbx::{
        base::texts::Guest as _,
        crm::{
            account::Guest as _,
            allowance::Guest as _,
            amending::{Guest as _, Item as Change},
            creation::Guest as _,
            journal::{Guest as _, ItemOutcome},
            lookup::Guest as _,
            search::Guest as _,
            users::Guest as _,
        },
    },
};
use serde_json::{Value, json};

use crate::{
    creating::draft,
    journalling::{about, item},
    office::{Office, american, kind, person, prospect, unknown},
};

/// The errors of the guides that a case must be about.
const ALL: [&str; 53] = [
    // Editions and limits.
    "API_DISABLED_FOR_ORG",
    "RESTAPINOTENABLED",
    "API_CURRENTLY_DISABLED",
    "REQUEST_LIMIT_EXCEEDED TotalRequests",
    "REQUEST_LIMIT_EXCEEDED Concurrent",
    "SERVER_UNAVAILABLE",
    "403 of /limits",
    // Statuses.
    "300",
    "304",
    "401",
    "403 page",
    "409",
    "410",
    "412",
    "414",
    "415",
    "420, 429 page",
    "428",
    "431",
    "500, 502 page",
    "503 page",
    // Requests.
    "NOT_FOUND",
    "MALFORMED_ID",
    "MALFORMED_QUERY",
    "INVALID_TYPE",
    "INVALID_FIELD",
    "MALFORMED_SEARCH",
    "INVALID_SEARCH",
    "INVALID_QUERY_LOCATOR",
    "METHOD_NOT_ALLOWED",
    "JSON_PARSER_ERROR",
    "INSUFFICIENT_ACCESS",
    "UNKNOWN_EXCEPTION",
    // Writes.
    "REQUIRED_FIELD_MISSING",
    "STRING_TOO_LONG",
    "DUPLICATES_DETECTED",
    "DUPLICATE_VALUE",
    "INVALID_CROSS_REFERENCE_KEY",
    "ENTITY_IS_DELETED",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "FIELD_INTEGRITY_EXCEPTION",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_FIELD of a write",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "UNABLE_TO_LOCK_ROW",
    "INACTIVE_OWNER_OR_USER",
    "CANNOT_UPDATE_CONVERTED_LEAD",
    "TXN_SECURITY_NO_ACCESS",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    "STORAGE_LIMIT_EXCEEDED",
];

/// An organisation with one of each.
struct Desk {
    office: Office,
    contact: String,
    lead: String,
    agent: String,
    /// A call that was written before.
    task: String,
}

impl Desk {
    fn new() -> Self {
        let office = Office::new();
        let (contact, lead) = (office.seed(person("Lee", "(415) 555-0111")), office.seed(prospect("Prospect", "(415) 555-0110")));
        let agent = office.seed_user("Al Agent", true);
        let written = Salesforce::write(office.during("write"), vec![item("key-0", about("Contact", &contact))]).unwrap();
        let ItemOutcome::Written(task) = &written.outcomes[0] else { panic!("{written:?}") };
        let task = task.id.clone();
        Self { office, contact, lead, agent, task }
    }
}

/// What is asked of the connector.
type Ask = fn(&Desk) -> Result<(), Failure>;

fn find(desk: &Desk) -> Result<(), Failure> {
    Salesforce::find(desk.office.during("find"), vec![american("4155550112")], 50).map(drop)
}

fn exact(desk: &Desk) -> Result<(), Failure> {
    Salesforce::exact_check(desk.office.during("exact-check"), american("4155550112")).map(drop)
}

fn search(desk: &Desk) -> Result<(), Failure> {
    Salesforce::search(desk.office.during("search"), "Lee".to_owned(), 5).map(drop)
}

fn users(desk: &Desk) -> Result<(), Failure> {
    Salesforce::list_page(desk.office.during("list-page"), None).map(drop)
}

fn verify(desk: &Desk) -> Result<(), Failure> {
    Salesforce::verify(desk.office.during("verify")).map(drop)
}

fn usage(desk: &Desk) -> Result<(), Failure> {
    Salesforce::read(desk.office.during("read")).map(drop)
}

fn create(desk: &Desk) -> Result<(), Failure> {
    Salesforce::create(desk.office.during("create"), "key-1".to_owned(), draft(Role::Person)).map(drop)
}

fn create_lead(desk: &Desk) -> Result<(), Failure> {
    Salesforce::create(desk.office.during("create"), "key-1".to_owned(), draft(Role::Prospect)).map(drop)
}

fn create_owned(desk: &Desk) -> Result<(), Failure> {
    let owner = Some(UserRef { connector: "sf".to_owned(), id: desk.agent.clone() });
    Salesforce::create(desk.office.during("create"), "key-1".to_owned(), Draft { owner, ..draft(Role::Person) }).map(drop)
}

fn write(desk: &Desk) -> Result<(), Failure> {
    write_about(desk, "Contact", &desk.contact, None)
}

fn write_owned(desk: &Desk) -> Result<(), Failure> {
    write_about(desk, "Contact", &desk.contact, Some(&desk.agent))
}

fn write_to_lead(desk: &Desk) -> Result<(), Failure> {
    write_about(desk, "Lead", &desk.lead, None)
}

fn write_to_nobody(desk: &Desk) -> Result<(), Failure> {
    write_about(desk, "Contact", &unknown("003"), None)
}

fn write_to_nonsense(desk: &Desk) -> Result<(), Failure> {
    write_about(desk, "Contact", "003-no-such-id", None)
}

fn write_about(desk: &Desk, kind: &str, id: &str, owner: Option<&String>) -> Result<(), Failure> {
    let mut call = item("key-1", about(kind, id));
    call.entry.user = owner.map(|id| UserRef { connector: "sf".to_owned(), id: id.clone() });
    match Salesforce::write(desk.office.during("write"), vec![call])?.outcomes.remove(0) {
        ItemOutcome::Written(_) => Ok(()),
        ItemOutcome::Failed(failure) => Err(failure),
        other => panic!("{other:?}"),
    }
}

fn amend(desk: &Desk) -> Result<(), Failure> {
    let change = Amendment { subject: Some("Another".to_owned()), body: None, recording: None, user: None, extras: Vec::new() };
    let item = Change { key: "key-2".to_owned(), activity: about("Task", &desk.task), change, extras: Vec::new() };
    Salesforce::amend(desk.office.during("amend"), vec![item])?.outcomes.remove(0)
}

/// How an error comes about.
enum Provoked {
    /// By what the organisation is like.
    Really(fn(&Desk)),
    /// The fake answers so, whatever was asked; an error in both shapes that there are, a list and a bare object.
    Answer(u16, Value),
    /// Of the rows of a collection this one is refused.
    Row(&'static str, &'static str, &'static [&'static str]),
}

/// What the connector makes of it.
enum Wanted {
    /// The kind of failure, the message, the pause, and what the sentence names.
    Fails(&'static str, &'static str, Option<u64>, &'static [&'static str]),
    /// It goes on without what was refused.
    Survives,
}

struct Case {
    error: &'static str,
    provoked: Provoked,
    ask: Ask,
    wanted: Wanted,
}

fn case(error: &'static str, provoked: Provoked, ask: Ask, wanted: Wanted) -> Case {
    Case { error, provoked, ask, wanted }
}

fn fails(kind: &'static str, id: &'static str) -> Wanted {
    Wanted::Fails(kind, id, None, &[])
}

fn naming(kind: &'static str, id: &'static str, names: &'static [&'static str]) -> Wanted {
    Wanted::Fails(kind, id, None, names)
}

fn pausing(kind: &'static str, id: &'static str, wait: u64) -> Wanted {
    Wanted::Fails(kind, id, Some(wait), &[])
}

fn answer(status: u16, code: &str, message: &str) -> Provoked {
    Provoked::Answer(status, json!([{ "errorCode": code, "message": message }]))
}

fn page(status: u16) -> Provoked {
    Provoked::Answer(status, json!(format!("<html><body>{status}</body></html>")))
}

impl Case {
    fn check(&self) {
        let bare = match &self.provoked {
            Provoked::Answer(_, Value::Array(list)) => list.first().filter(|first| first.is_object()).cloned(),
            _ => None,
        };
        self.check_as(None);
        if let Some(bare) = bare {
            self.check_as(Some(bare));
        }
    }

    fn check_as(&self, bare: Option<Value>) {
        let error = self.error;
        let desk = Desk::new();
        let before = desk.office.spent().0;
        match &self.provoked {
            Provoked::Really(change) => change(&desk),
            Provoked::Answer(status, body) => {
                desk.office.knob("answer-next", json!({ "status": status, "body": bare.unwrap_or_else(|| body.clone()) }));
            }
            Provoked::Row(code, message, fields) => {
                desk.office.knob("answer-next", json!({ "route": "composite", "status": 200, "body": refused_row(code, message, fields) }));
            }
        }
        let told = (self.ask)(&desk);
        assert!(desk.office.spent().0 > before, "{error}: nothing was asked of the fake");
        match (&self.wanted, told) {
            (Wanted::Survives, told) => assert!(told.is_ok(), "{error}: {told:?}"),
            (Wanted::Fails(..), Ok(())) => panic!("{error}: it went well"),
            (Wanted::Fails(wanted, id, wait, names), Err(mut failure)) => {
                assert_eq!(kind(&failure), *wanted, "{error}: {failure:?}");
                assert_eq!(pause(&failure), *wait, "{error}: pause");
                let said = detail_of(&mut failure).said.clone();
                assert_eq!(said.id, *id, "{error}");
                understandable(error, &said, names);
            }
        }
    }
}

/// A composite answer as to the first calls of a day: which status is closed, and rows of which one is refused.
fn refused_row(code: &str, message: &str, fields: &[&str]) -> Value {
    let part = |name: &str, body: Value| json!({ "body": body, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": name });
    let status = json!({ "totalSize": 1, "done": true, "records": [{ "attributes": { "type": "TaskStatus" }, "ApiName": "Completed" }] });
    let row = json!([{ "success": false, "errors": [{ "statusCode": code, "message": message, "fields": fields }] }]);
    json!({ "compositeResponse": [part("p0", status), part("p1", row)] })
}

fn pause(failure: &Failure) -> Option<u64> {
    match failure {
        Failure::Busy(pause) | Failure::Quota(pause) => pause.wait,
        _ => None,
    }
}

/// In both languages there are at least two sentences, what happened and what to do, complete and with the names in them.
fn understandable(error: &str, said: &Message, names: &[&str]) {
    for (language, ends) in [("en", [". ", "; "]), ("zh-CN", ["。", "；"])] {
        let catalogue = Salesforce::catalogue(language.to_owned());
        let (_, pattern) =
            catalogue.iter().find(|(id, _)| *id == said.id).unwrap_or_else(|| panic!("{error}: no {} in {language}", said.id));
        let text = said.arguments.iter().fold(pattern.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        assert!(!text.contains(['{', '}']), "{error}: {text}");
        let sentences: usize = ends.iter().map(|end| format!("{text} ").matches(end).count()).sum();
        assert!(sentences >= 2, "{error}: does not say what to do: {text}");
        assert!(text.ends_with(['.', '。']), "{error}: {text}");
        for name in names {
            let quoted = said.verbatim.as_deref().unwrap_or_default();
            assert!(text.contains(name) || quoted.contains(name), "{error}: {name} is not in: {text}");
        }
    }
}

fn knob(desk: &Desk, name: &str, value: Value) {
    desk.office.knob(name, value);
}

#[test]
fn every_error_is_answered_as_it_should_be() {
    let cases: Vec<Case> =
        [limits::cases(), requests::statuses(), requests::codes(), writes::cases(), writes::fields(), writes::duplicates()]
            .into_iter()
            .flatten()
            .collect();
    for case in &cases {
        case.check();
    }
    for error in ALL {
        assert!(cases.iter().any(|case| case.error == error), "nothing provokes {error}");
    }
}
