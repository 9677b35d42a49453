//! Which kind of failure a refusal is.
//!
//! Odoo names the exception in its JSON. A page of HTML comes from what stands before its models: the door to the database, or a proxy. So a 404 means
//! that a record is gone only where it is JSON and says so.

use pbx_connector_kit::{
    Effect, Response, context,
    failure::{detail, lost},
    json::{self, Node},
    status::{self, Refusal},
    text::{message, quoting},
    types::{Detail, Failure, WrongFields},
};

/// What Odoo says of a refusal. Its `debug` is a traceback of the server, which nobody is shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Complaint {
    /// Name of the exception.
    name: String,
    words: String,
}

/// Judges an answer; none: it is a success.
pub fn of_response(response: &Response, effect: Effect, now: context::Moment) -> Option<Failure> {
    let status = response.status;
    if (200..=299).contains(&status) {
        return None;
    }
    let complaint = complaint(&response.body);
    let refused = |id: &str| {
        let plain = message(id, &[("status", &status.to_string())]);
        let (said, code) = match &complaint {
            Some(complaint) => (quoting(plain, first_lines(&complaint.words)), Some(complaint.name.clone())),
            None => (plain, None),
        };
        Detail { status: Some(status), code: code.filter(|code| !code.is_empty()), ..detail(said) }
    };
    let name = complaint.as_ref().map(|complaint| complaint.name.as_str());
    Some(match (status, name) {
        (401, _) => Failure::AuthoriseAgain(refused("odoo.key")),
        (404, Some("odoo.exceptions.MissingError")) => Failure::Gone(refused("odoo.gone")),
        // The app is not installed, or a module has taken the method away.
        (404, Some("werkzeug.exceptions.NotFound")) => Failure::Unsupported(refused("odoo.no-model")),
        // "No database is selected": a wrong name, or PostgreSQL is away. Nothing was done.
        (404, _) => Failure::Unreachable(refused("odoo.no-database")),
        (403, Some("odoo.exceptions.AccessError")) => Failure::Forbidden(refused("odoo.no-access")),
        // Said of whatever goes wrong while the key is looked up, such as a database that has just come back; of a wrong key it is 401. Nothing was done.
        (403, Some("odoo.exceptions.AccessDenied")) => Failure::Unreachable(refused("odoo.not-signed-in")),
        // Odoo has no such answers: something in between does not let us through.
        (403 | 410, None) => Failure::Unreachable(refused("kit.status-between")),
        // Raised by Odoo after it has tried five times by itself; nothing is left of it.
        (
            _,
            Some(
                "psycopg2.errors.SerializationFailure"
                | "psycopg2.errors.DeadlockDetected"
                | "psycopg2.errors.LockNotAvailable"
                | "odoo.exceptions.LockError"
                | "odoo.exceptions.ConcurrencyError",
            ),
        ) => Failure::Conflict(refused("odoo.conflict")),
        // The database went away underway: a write may stand.
        (_, Some(name)) if name.starts_with("psycopg2.") => lost(effect, refused("odoo.database-lost")),
        // Whatever else an exception was, Odoo has taken back what was done.
        (422, Some(_)) => Failure::Invalid(WrongFields { fields: Vec::new(), detail: refused("odoo.refused") }),
        (400 | 405 | 406 | 415, _) | (500, Some(_)) => match effect {
            Effect::Reads => Failure::Other(refused("odoo.mistake")),
            Effect::Writes => Failure::Invalid(WrongFields { fields: Vec::new(), detail: refused("odoo.mistake") }),
        },
        // Once for each connection to the database that has died.
        (500, None) => lost(effect, refused("odoo.broken")),
        _ => {
            let words = complaint.as_ref().map(|complaint| first_lines(&complaint.words).to_owned());
            let refusal = Refusal { code: name.map(str::to_owned), words, fields: Vec::new() };
            status::failure(response, effect, now, &refusal)?
        }
    })
}

/// What `load` says of one row that it was given alone.
pub fn of_row(objection: Option<&crate::load::Objection>) -> Failure {
    let Some(objection) = objection else { return Failure::Other(detail(message("odoo.refused", &[("status", "200")]))) };
    let told = |id: &str| Detail { status: Some(200), ..detail(quoting(message(id, &[("status", "200")]), first_lines(&objection.words))) };
    if objection.is_conflict() {
        return Failure::Conflict(told("odoo.conflict"));
    }
    Failure::Invalid(WrongFields { fields: objection.field.iter().cloned().collect(), detail: told("odoo.refused") })
}

/// A row that was refused together with others, and could not be tried alone any more.
pub fn unsettled() -> Failure {
    Failure::Conflict(detail(message("odoo.unsettled", &[])))
}

/// Odoo's messages for people go on with lists of groups and records.
fn first_lines(words: &str) -> &str {
    words.split("\n\n").next().unwrap_or_default()
}

fn complaint(body: &[u8]) -> Option<Complaint> {
    let json = json::parse(body).ok()?;
    let root = Node::root(&json);
    let text = |name: &str| root.member(name).ok()?.text().ok()?.map(str::to_owned);
    Some(Complaint { name: text("name")?, words: text("message").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::load::Objection;

    const NO_DATABASE: &str = "<!DOCTYPE html>\n<title>404 Not Found</title>\n<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>";

    fn judged(status: u16, body: &str, effect: Effect) -> Failure {
        let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
        of_response(&response, effect, 0).unwrap()
    }

    fn kind(failure: &Failure) -> String {
        format!("{failure:?}").trim_start_matches("Failure::").split('(').next().unwrap().to_owned()
    }

    fn error(name: &str) -> String {
        json!({"name": name, "message": "In words.\n\nAnd more", "arguments": [], "context": {}, "debug": "Traceback (most recent call last):\n  File \"/srv/odoo/http.py\""}).to_string()
    }

    #[test]
    fn kinds_and_messages_of_what_was_met() {
        let rows: [(u16, String, &str, &str, &str); 18] = [
            (403, error("odoo.exceptions.AccessDenied"), "Unreachable", "Unreachable", "odoo.not-signed-in"),
            (403, "<h1>Firewall</h1>".to_owned(), "Unreachable", "Unreachable", "kit.status-between"),
            (410, "<h1>Gone</h1>".to_owned(), "Unreachable", "Unreachable", "kit.status-between"),
            (401, error("werkzeug.exceptions.Unauthorized"), "AuthoriseAgain", "AuthoriseAgain", "odoo.key"),
            (401, "<h1>sign in</h1>".to_owned(), "AuthoriseAgain", "AuthoriseAgain", "odoo.key"),
            (403, error("odoo.exceptions.AccessError"), "Forbidden", "Forbidden", "odoo.no-access"),
            (404, error("odoo.exceptions.MissingError"), "Gone", "Gone", "odoo.gone"),
            (404, error("werkzeug.exceptions.NotFound"), "Unsupported", "Unsupported", "odoo.no-model"),
            (404, NO_DATABASE.to_owned(), "Unreachable", "Unreachable", "odoo.no-database"),
            (422, error("odoo.exceptions.ValidationError"), "Invalid", "Invalid", "odoo.refused"),
            (422, error("builtins.TypeError"), "Invalid", "Invalid", "odoo.refused"),
            (500, error("builtins.ValueError"), "Other", "Invalid", "odoo.mistake"),
            (400, error("werkzeug.exceptions.BadRequest"), "Other", "Invalid", "odoo.mistake"),
            (415, "<h1>415</h1>".to_owned(), "Other", "Invalid", "odoo.mistake"),
            (500, "<h1>500</h1>".to_owned(), "Unreachable", "Unclear", "odoo.broken"),
            (500, error("psycopg2.OperationalError"), "Unreachable", "Unclear", "odoo.database-lost"),
            (500, error("psycopg2.errors.SerializationFailure"), "Conflict", "Conflict", "odoo.conflict"),
            (502, "<h1>Bad gateway</h1>".to_owned(), "Unreachable", "Unclear", "kit.status-between"),
        ];
        for (status, body, reading, writing, id) in rows {
            for (effect, wanted) in [(Effect::Reads, reading), (Effect::Writes, writing)] {
                let mut failure = judged(status, &body, effect);
                assert_eq!(kind(&failure), wanted, "{status} {body}");
                let said = &pbx_connector_kit::failure::detail_of(&mut failure).said;
                assert_eq!(said.id, id, "{status} {body}");
                assert!(!format!("{said:?}").contains("Traceback"), "a traceback is for nobody");
            }
        }
    }

    #[test]
    fn rows_are_judged_by_what_load_says() {
        let of = |field: Option<&str>, words: &str| {
            of_row(Some(&Objection { row: None, field: field.map(str::to_owned), words: words.to_owned() }))
        };
        assert!(matches!(of(None, "could not serialize access due to concurrent update"), Failure::Conflict(_)));
        let Failure::Invalid(wrong) = of(Some("email"), "Not an address.\n\nRecords: 1") else { panic!("not invalid") };
        assert_eq!((wrong.fields, wrong.detail.said.verbatim.as_deref()), (vec!["email".to_owned()], Some("Not an address.")));
        assert!(matches!(of_row(None), Failure::Other(_)));
    }
}
