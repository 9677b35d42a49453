//! What a request is for, in the words of the connectors' contract, so that faults and budgets can name it.

use crm_fake::{Operation, wire};
use http::{Method, Request};
use serde_json::Value as Json;

/// What a request is for.
pub(super) fn of(request: &Request<Vec<u8>>) -> Operation {
    let path = request.uri().path().trim_end_matches('/');
    if path == "/services/oauth2/userinfo" || path == "/services/data" {
        return Operation::Verify;
    }
    let Some(below) = path.strip_prefix("/services/data/") else { return Operation::Other };
    let target = below.split_once('/').map_or("", |(_, target)| target);
    let query = wire::query_pairs(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let text = query.iter().find(|(name, _)| name == "q").map_or("", |(_, text)| text.as_str());
    // A body is read only where it decides.
    let body = || serde_json::from_slice::<Json>(request.body()).unwrap_or_default();
    match target {
        "composite" | "composite/batch" => parts(&body()),
        "composite/graph" => {
            let body = body();
            let graphs = body.get("graphs").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            weightiest(graphs.iter().map(parts))
        }
        "composite/sobjects" if request.method() == Method::POST => records(&body(), Operation::Create, Operation::Write),
        "composite/sobjects" if request.method() == Method::PATCH => records(&body(), Operation::Other, Operation::Amend),
        "parameterizedSearch" if request.method() == Method::POST => group(body().get("in").and_then(Json::as_str).unwrap_or_default()),
        "parameterizedSearch" => group(query.iter().find(|(name, _)| name == "in").map_or("", |(_, value)| value)),
        _ => simple(request.method(), target, text),
    }
}

/// One resource, also as a part of a composite request.
fn simple(method: &Method, target: &str, text: &str) -> Operation {
    let parts: Vec<&str> = target.trim_matches('/').split('/').collect();
    match *parts.as_slice() {
        [] | [""] | ["limits"] => Operation::Verify,
        ["search"] => searched(text),
        ["query" | "queryAll"] => queried(text),
        ["sobjects", object] if method == Method::POST => made(object),
        ["sobjects", object, _] if method == Method::PATCH && object.eq_ignore_ascii_case("Task") => Operation::Amend,
        // An upsert may make a row.
        ["sobjects", object, _, _] if method == Method::PATCH => made(object),
        ["composite", "tree", object] if method == Method::POST => made(object),
        _ => Operation::Other,
    }
}

fn made(object: &str) -> Operation {
    if object.eq_ignore_ascii_case("Task") {
        Operation::Write
    } else if ["Contact", "Lead", "Account"].iter().any(|name| object.eq_ignore_ascii_case(name)) {
        Operation::Create
    } else {
        Operation::Other
    }
}

/// By phone fields it asks for a caller, by anything else for a text.
fn searched(text: &str) -> Operation {
    let words: Vec<&str> = text.split_whitespace().collect();
    let within = words.windows(3).find_map(|three| match three {
        [before, group, after] if before.eq_ignore_ascii_case("IN") && after.eq_ignore_ascii_case("FIELDS") => Some(*group),
        _ => None,
    });
    group(within.unwrap_or_default())
}

fn group(name: &str) -> Operation {
    if name.eq_ignore_ascii_case("PHONE") { Operation::Find } else { Operation::Search }
}

fn queried(text: &str) -> Operation {
    let lower = text.to_ascii_lowercase();
    let Some((_, from)) = lower.split_once(" from ") else { return Operation::Other };
    let (object, condition) = from.trim_start().split_once(' ').unwrap_or((from, ""));
    if object == "task" {
        return if condition.contains("callobject") { Operation::FindWritten } else { Operation::Other };
    }
    if ["organization", "userpermissionaccess"].contains(&object) {
        return Operation::Verify;
    }
    let of_people = ["contact", "lead", "account"].contains(&object);
    let asks_phones = condition.split_once("where ").is_some_and(|(_, asked)| asked.contains("phone"));
    match of_people && asks_phones {
        // Who looks for what was made asks when it was made.
        true if condition.contains("createddate") => Operation::FindCreated,
        true => Operation::ExactCheck,
        false => Operation::Other,
    }
}

/// A composite request is what its weightiest part is.
fn parts(body: &Json) -> Operation {
    let list = body.get("compositeRequest").or_else(|| body.get("batchRequests")).and_then(Json::as_array);
    let parts = list.map(Vec::as_slice).unwrap_or_default().iter().map(|part| {
        let text = |name: &str| part.get(name).and_then(Json::as_str).unwrap_or_default();
        let method = Method::from_bytes(text("method").to_ascii_uppercase().as_bytes()).unwrap_or(Method::GET);
        let url = text("url");
        let below = url.strip_prefix("/services/data/").unwrap_or(url);
        let target = below.split_once('/').map_or("", |(_, target)| target);
        let (target, query) = target.split_once('?').unwrap_or((target, ""));
        if target == "composite/sobjects" {
            return records(part.get("body").unwrap_or(&Json::Null), Operation::Create, Operation::Write);
        }
        let query = wire::query_pairs(query).unwrap_or_default();
        simple(&method, target, query.iter().find(|(name, _)| name == "q").map_or("", |(_, text)| text))
    });
    weightiest(parts)
}

fn records(body: &Json, people: Operation, calls: Operation) -> Operation {
    let list = body.get("records").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    weightiest(list.iter().map(|record| {
        let kind = record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Json::as_str);
        match made(kind.unwrap_or_default()) {
            Operation::Create => people,
            Operation::Write => calls,
            other => other,
        }
    }))
}

fn weightiest(all: impl Iterator<Item = Operation>) -> Operation {
    const ORDER: [Operation; 9] = [
        Operation::Create,
        Operation::Write,
        Operation::Amend,
        Operation::Find,
        Operation::Search,
        Operation::ExactCheck,
        Operation::FindCreated,
        Operation::FindWritten,
        Operation::Verify,
    ];
    let all: Vec<Operation> = all.collect();
    ORDER.into_iter().find(|operation| all.contains(operation)).unwrap_or(Operation::Other)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Operation, Request, of};

    #[test]
    fn requests_are_told_apart_by_what_they_are_for() {
        let v = "/services/data/v66.0";
        for (method, path, body, expected) in [
            ("GET", "/services/data", "", Operation::Verify),
            ("GET", "/services/data/v66.0/limits/", "", Operation::Verify),
            ("GET", "/services/data/v66.0/search/?q=FIND+%7B415%7D+IN+PHONE+FIELDS", "", Operation::Find),
            ("GET", "/services/data/v66.0/search?q=FIND%20{Lee}%20IN%20NAME%20FIELDS", "", Operation::Search),
            ("GET", "/services/data/v66.0/parameterizedSearch?q=415&in=phone&sobject=Lead", "", Operation::Find),
            ("GET", "/services/data/v66.0/query?q=SELECT+Id+FROM+Contact+WHERE+MobilePhone='1'", "", Operation::ExactCheck),
            ("GET", "/services/data/v66.0/query?q=SELECT+Id,Phone+FROM+Contact+WHERE+Name='1'", "", Operation::Other),
            ("GET", "/services/data/v66.0/query/?q=SELECT+Id+FROM+Task+WHERE+CallObject='k'", "", Operation::FindWritten),
            (
                "GET",
                "/services/data/v66.0/query?q=SELECT+Id+FROM+Lead+WHERE+Phone='1'+AND+CreatedDate>2026-01-01T00:00:00Z",
                "",
                Operation::FindCreated,
            ),
            ("GET", "/services/data/v66.0/query?q=SELECT+Name+FROM+Organization", "", Operation::Verify),
            ("GET", "/services/data/v66.0/query?q=SELECT+Id+FROM+User", "", Operation::Other),
            ("POST", "/services/data/v66.0/sobjects/task", "{}", Operation::Write),
            ("POST", "/services/data/v66.0/sobjects/Lead/", "{}", Operation::Create),
            ("PATCH", "/services/data/v66.0/sobjects/Task/00T1", "{}", Operation::Amend),
            ("PATCH", "/services/data/v66.0/sobjects/Contact/Email/a", "{}", Operation::Create),
            ("GET", "/services/oauth2/userinfo", "", Operation::Verify),
            ("POST", "/services/oauth2/token", "", Operation::Other),
            ("GET", "/003", "", Operation::Other),
            (
                "POST",
                "/services/data/v66.0/composite",
                r#"{"compositeRequest":[{"method":"POST","url":"/services/data/v66.0/sobjects/Task"},{"method":"POST","url":"/services/data/v66.0/sobjects/Contact"}]}"#,
                Operation::Create,
            ),
            (
                "POST",
                "/services/data/v66.0/composite",
                r#"{"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/query?q=SELECT+Id+FROM+Lead+WHERE+Phone='1'"}]}"#,
                Operation::ExactCheck,
            ),
            (
                "POST",
                "/services/data/v66.0/composite/batch",
                r#"{"batchRequests":[{"method":"GET","url":"v66.0/search?q=FIND+{1}+IN+PHONE+FIELDS"}]}"#,
                Operation::Find,
            ),
            ("POST", "/services/data/v66.0/composite/sobjects", r#"{"records":[{"attributes":{"type":"Task"}}]}"#, Operation::Write),
            ("PATCH", "/services/data/v66.0/composite/sobjects", r#"{"records":[{"attributes":{"type":"Task"}}]}"#, Operation::Amend),
            ("POST", "/services/data/v66.0/composite", "{", Operation::Other),
        ] {
            let path = path.replace('{', "%7B").replace('}', "%7D").replace('\'', "%27").replace('>', "%3E");
            let request = Request::builder().method(method).uri(&path).body(body.as_bytes().to_vec()).unwrap();
            assert_eq!(of(&request), expected, "{method} {path} below {v}");
        }
    }
}
