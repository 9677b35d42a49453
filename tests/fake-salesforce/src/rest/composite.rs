//! Several requests in one: `/composite` and `/composite/graph` with references between them, `/composite/batch` without.

use http::Method;
use serde_json::{Map, Value as Json, json};

use super::{
    Rest,
    call::{Call, parser_error},
    desk::Desk,
    reference::{self, Answers},
    reply::{Answer, Reply},
    resource::Resource,
    version::Version,
};
use crate::error::ApiError;

/// Most subrequests.
const MOST: usize = 25;
/// Of which queries and collections.
const MOST_QUERIES: usize = 5;

/// Most graphs, and most nodes of all of them (REST API guide, Composite Graph).
const MOST_GRAPHS: usize = 75;
const MOST_NODES: usize = 500;

/// A subrequest of `/composite`, as given.
struct Part<'a> {
    method: Method,
    url: &'a str,
    reference: &'a str,
    body: Option<&'a Json>,
}

/// `POST /composite`: one call, however many subrequests.
pub fn composite(rest: &mut Rest, desk: &mut Desk<'_>, call: &Call) -> Answer {
    let body = call.object()?;
    only(body, &["allOrNone", "collateSubrequests", "compositeRequest"])?;
    let all_or_none = flag(body, "allOrNone")?;
    flag(body, "collateSubrequests")?;
    let parts = parts(body, MOST)?;
    let (told, _) = run(rest, desk, &parts, all_or_none, |resource| resource.in_composite());
    Ok(Reply::json(200, json!({ "compositeResponse": told })))
}

/// `POST /composite/graph`: several composites, of which each is done whole or not at all. What it counts is not documented:
/// see [`Rest::each_graph_counts`].
pub fn graph(rest: &mut Rest, desk: &mut Desk<'_>, call: &Call) -> Answer {
    let body = call.object()?;
    only(body, &["graphs"])?;
    let given = body.get("graphs").and_then(Json::as_array).filter(|graphs| !graphs.is_empty());
    let given = given.ok_or_else(|| parser_error("graphs must be a list of graphs"))?;
    let mut graphs: Vec<(&str, Vec<Part<'_>>)> = Vec::new();
    for graph in given {
        let graph = graph.as_object().ok_or_else(|| parser_error("A graph must be an object"))?;
        only(graph, &["compositeRequest", "graphId"])?;
        graphs.push((text(graph, "graphId")?, parts(graph, MOST_NODES)?));
    }
    let nodes: usize = graphs.iter().map(|(_, parts)| parts.len()).sum();
    if graphs.len() > MOST_GRAPHS || nodes > MOST_NODES {
        let message = format!("A request takes at most {MOST_GRAPHS} graphs with {MOST_NODES} nodes in all");
        return Err(ApiError::bad("LIMIT_EXCEEDED", message));
    }
    if rest.each_graph_counts {
        // The request itself is charged already.
        for _ in 1..graphs.len() {
            rest.charge(desk.context.now_ms)?;
        }
    }
    let told: Vec<Json> = graphs
        .iter()
        .map(|(id, parts)| {
            let (told, whole) = run(rest, desk, parts, true, |resource| resource.in_graph());
            json!({ "graphId": id, "graphResponse": { "compositeResponse": told }, "isSuccessful": whole })
        })
        .collect();
    Ok(Reply::json(200, json!({ "graphs": told })))
}

/// Runs subrequests in their order; tells of each, and whether all is as wished.
fn run(
    rest: &mut Rest,
    desk: &mut Desk<'_>,
    parts: &[Part<'_>],
    all_or_none: bool,
    allowed: fn(&Resource<'_>) -> bool,
) -> (Vec<Json>, bool) {
    let savepoint = desk.org.savepoint();
    let mut answers = Answers::new();
    let mut replies: Vec<Reply> = Vec::new();
    for part in parts {
        let reply = Reply::from(subrequest(rest, desk, part, &answers, allowed));
        let failed = !reply.is_success();
        answers.insert(part.reference.to_owned(), reply.body.clone().filter(|_| !failed));
        replies.push(reply);
        if failed && all_or_none {
            break;
        }
    }
    let halted = all_or_none && replies.last().is_some_and(|last| !last.is_success());
    if halted {
        desk.org.roll_back(savepoint);
        let failed = replies.pop();
        let before = replies.len();
        replies = vec![rolled_back(); before];
        replies.extend(failed);
        replies.resize_with(parts.len(), rolled_back);
    }
    let told = parts.iter().zip(replies).map(|(part, reply)| {
        let headers: Map<String, Json> =
            reply.headers.into_iter().filter_map(|(name, value)| Some((shown_name(name)?.to_owned(), value.into()))).collect();
        json!({ "body": reply.body, "httpHeaders": headers, "httpStatusCode": reply.status, "referenceId": part.reference })
    });
    (told.collect(), !halted)
}

/// Headers that an answer within an answer bears, as Salesforce spells them.
fn shown_name(name: &str) -> Option<&'static str> {
    match name {
        "location" => Some("Location"),
        "etag" => Some("ETag"),
        "last-modified" => Some("Last-Modified"),
        "allow" => Some("Allow"),
        _ => None,
    }
}

fn rolled_back() -> Reply {
    let message = "The transaction was rolled back since another operation in the same transaction failed.";
    ApiError::bad("PROCESSING_HALTED", message).into()
}

fn parts(body: &Map<String, Json>, most: usize) -> Result<Vec<Part<'_>>, ApiError> {
    let given = list(body, "compositeRequest", most)?;
    let parts: Vec<Part<'_>> = given.iter().map(part).collect::<Result<_, _>>()?;
    let mut known: Vec<&str> = Vec::new();
    for part in &parts {
        let sound = part.reference.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
            && part.reference.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'_');
        if !sound {
            let rule = "must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').";
            return Err(parser_error(format!("Provided referenceId ('{}') {rule}", part.reference)));
        }
        if known.contains(&part.reference) {
            return Err(ApiError::bad("INVALID_INPUT", format!("Duplicate referenceId provided: {}", part.reference)));
        }
        known.push(part.reference);
    }
    let queries = parts.iter().filter(|part| is_query(part.url)).count();
    if queries > MOST_QUERIES {
        let message = format!("Cannot execute more than {MOST_QUERIES} query or sObject Collections operations in one composite request");
        return Err(ApiError::bad("LIMIT_EXCEEDED", message));
    }
    Ok(parts)
}

fn part(given: &Json) -> Result<Part<'_>, ApiError> {
    let given = given.as_object().ok_or_else(|| parser_error("A subrequest must be an object"))?;
    only(given, &["body", "httpHeaders", "method", "referenceId", "url"])?;
    if let Some(headers) = given.get("httpHeaders").filter(|headers| !headers.is_null()) {
        let names = headers.as_object().ok_or_else(|| parser_error("httpHeaders must be an object"))?.keys();
        for name in names {
            if ["accept", "authorization", "content-type"].contains(&name.to_ascii_lowercase().as_str()) {
                return Err(ApiError::bad("INVALID_INPUT", format!("The header {name} is not allowed in a subrequest")));
            }
        }
    }
    Ok(Part {
        method: method(given)?,
        url: text(given, "url")?,
        reference: text(given, "referenceId")?,
        body: given.get("body").filter(|body| !body.is_null()),
    })
}

fn subrequest(rest: &mut Rest, desk: &mut Desk<'_>, part: &Part<'_>, answers: &Answers, allowed: fn(&Resource<'_>) -> bool) -> Answer {
    let url = reference::fill_text(part.url, answers)?;
    let body = part.body.map(|body| reference::fill(body, answers)).transpose()?;
    let (version, target) = split(&url).ok_or_else(ApiError::not_found)?;
    let call = Call::within(part.method.clone(), Version::read(version)?, target, body)?;
    let resource = Resource::at(&call.path).ok_or_else(ApiError::not_found)?;
    if !allowed(&resource) {
        return Err(ApiError::bad("INVALID_INPUT", format!("The resource {url} is not supported in a composite request")));
    }
    Ok(rest.dispatch(desk, &call))
}

fn is_query(url: &str) -> bool {
    let target = split(url).map_or(url, |(_, target)| target);
    let path: Vec<String> = target.split(['?']).next().unwrap_or_default().trim_matches('/').split('/').map(str::to_owned).collect();
    Resource::at(&path).is_some_and(|resource| resource.is_query_or_collection())
}

/// Version and rest of `/services/data/v66.0/sobjects/Contact`.
fn split(url: &str) -> Option<(&str, &str)> {
    let below = url.strip_prefix("/services/data/")?;
    Some(below.split_once('/').unwrap_or((below, "")))
}

/// `POST /composite/batch`: each subrequest counts, none is undone.
pub fn batch(rest: &mut Rest, desk: &mut Desk<'_>, call: &Call) -> Answer {
    let body = call.object()?;
    only(body, &["batchRequests", "haltOnError"])?;
    let halt_on_error = flag(body, "haltOnError")?;
    let given = list(body, "batchRequests", MOST)?;
    let mut results: Vec<Json> = Vec::new();
    let mut has_errors = false;
    for part in given {
        let reply = if has_errors && halt_on_error {
            ApiError::new(412, "BATCH_PROCESSING_HALTED", "Batch processing was halted since an earlier subrequest failed.").into()
        } else {
            Reply::from(batched(rest, desk, part))
        };
        has_errors |= !reply.is_success();
        results.push(json!({ "statusCode": reply.status, "result": reply.body }));
    }
    Ok(Reply::json(200, json!({ "hasErrors": has_errors, "results": results })))
}

fn batched(rest: &mut Rest, desk: &mut Desk<'_>, part: &Json) -> Answer {
    let part = part.as_object().ok_or_else(|| parser_error("A subrequest must be an object"))?;
    only(part, &["method", "richInput", "url"])?;
    let url = text(part, "url")?;
    // Relative to /services/data/ by the guide; clients also send the whole path.
    let below = url.strip_prefix("/services/data/").unwrap_or(url).trim_start_matches('/');
    let (version, target) = below.split_once('/').unwrap_or((below, ""));
    let body = part.get("richInput").filter(|body| !body.is_null()).cloned();
    let call = Call::within(method(part)?, Version::read(version)?, target, body)?;
    let resource = Resource::at(&call.path).ok_or_else(ApiError::not_found)?;
    if !resource.in_batch() {
        return Err(ApiError::bad("INVALID_BATCH_REQUEST", format!("The resource {url} is not supported in a batch")));
    }
    rest.charge(desk.context.now_ms)?;
    Ok(rest.dispatch(desk, &call))
}

fn list<'a>(body: &'a Map<String, Json>, name: &str, most: usize) -> Result<&'a Vec<Json>, ApiError> {
    let given = body.get(name).and_then(Json::as_array).filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| parser_error(format!("{name} must be a list of subrequests")))?;
    if given.len() > most {
        return Err(ApiError::bad("LIMIT_EXCEEDED", format!("The request has {} subrequests; at most {most} are allowed", given.len())));
    }
    Ok(given)
}

fn text<'a>(given: &'a Map<String, Json>, name: &str) -> Result<&'a str, ApiError> {
    given.get(name).and_then(Json::as_str).ok_or_else(|| parser_error(format!("{name} is a required string of each subrequest")))
}

fn method(given: &Map<String, Json>) -> Result<Method, ApiError> {
    let name = text(given, "method")?;
    match name.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        "PUT" => Ok(Method::PUT),
        _ => Err(parser_error(format!("'{name}' is no method of a subrequest"))),
    }
}

/// A key that does not belong there.
pub fn only(given: &Map<String, Json>, known: &[&str]) -> Result<(), ApiError> {
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(parser_error(format!("Unrecognized field \"{key}\""))),
        None => Ok(()),
    }
}

/// A switch; absent: off.
pub fn flag(given: &Map<String, Json>, name: &str) -> Result<bool, ApiError> {
    match given.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(yes)) => Ok(*yes),
        Some(Json::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
        Some(_) => Err(parser_error(format!("{name} must be true or false"))),
    }
}
