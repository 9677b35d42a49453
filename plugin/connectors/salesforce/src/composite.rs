//! Several requests in one, which Salesforce counts as one (REST API Developer Guide, Composite).

use pbx_connector_kit::{
    Effect, Request,
    failure::{self, detail},
    json::Wrong,
    text::message,
    types::Failure,
    url::{self, Query},
};
use serde_json::{Value, json};

use crate::{
    api, complaint,
    exchange::{Answer, Exchange, Refused},
    judgement::{self, Came},
};

/// Most queries in one composite.
const MOST_QUERIES: usize = 5;

/// A part of a composite request.
#[derive(Clone, Debug)]
pub struct Part {
    method: &'static str,
    url: String,
    body: Option<Value>,
    effect: Effect,
}

impl Part {
    /// A query; `resource` is [`api::QUERY`] or [`api::QUERY_ALL`].
    pub fn query(resource: &str, soql: &str) -> Self {
        Self { method: "GET", url: Query::of(resource).with("q", soql).into_text(), body: None, effect: Effect::Reads }
    }

    /// Rows to be made.
    pub fn create(rows: &[Value]) -> Self {
        let body = json!({ "allOrNone": false, "records": rows });
        Self { method: "POST", url: api::COLLECTION.to_owned(), body: Some(body), effect: Effect::Writes }
    }

    /// Anything that is read.
    pub fn get(path: String) -> Self {
        Self { method: "GET", url: path, body: None, effect: Effect::Reads }
    }
}

/// Name by which later parts refer to the answer of a part: `@{p0.records[0].Id}`.
fn name(index: usize) -> String {
    format!("p{index}")
}

/// Sends the parts in one request and gives an answer for each, in order.
///
/// # Errors
/// The whole was refused, or its answer makes no sense.
pub fn ask(exchange: &mut Exchange<'_>, parts: &[Part]) -> Result<Vec<Result<Answer, Refused>>, Refused> {
    let body = json!({ "allOrNone": false, "compositeRequest": parts.iter().enumerate().map(|(index, part)| {
        let mut told = json!({ "method": part.method, "url": part.url, "referenceId": name(index) });
        if let (Some(told), Some(body)) = (told.as_object_mut(), &part.body) {
            told.insert("body".to_owned(), body.clone());
        }
        told
    }).collect::<Vec<_>>() });
    let writes = parts.iter().any(|part| part.effect == Effect::Writes);
    let request = if writes { Request::post(api::COMPOSITE, &body) } else { Request::question(api::COMPOSITE, &body) };
    let answer = exchange.ask(&request)?;
    let told = answer.read(|answer| {
        let list = answer.member("compositeResponse")?.required_list()?;
        list.iter()
            .map(|part| {
                let status = part.member("httpStatusCode")?;
                let code = status.number()?.and_then(|code| u16::try_from(code).ok());
                let Some(code) = code else { return status.wrong("status") };
                Ok((part.member("referenceId")?.required_text()?.to_owned(), code, part.member("body")?.value().cloned()))
            })
            .collect::<Result<Vec<_>, Wrong>>()
    })?;
    Ok(parts
        .iter()
        .enumerate()
        .map(|(index, part)| result(part, told.iter().find(|(reference, _, _)| *reference == name(index))))
        .collect())
}

fn result(part: &Part, told: Option<&(String, u16, Option<Value>)>) -> Result<Answer, Refused> {
    let Some((_, status, body)) = told else {
        let missing = failure::senseless(part.effect, detail(message("salesforce.no-result", &[])));
        return Err(missing.into());
    };
    let body = body.clone().unwrap_or_default();
    if (200..=299).contains(status) {
        return Ok(Answer::part(*status, body, part.effect));
    }
    let complaints = complaint::all(&body);
    let came = Came { status: Some(*status), wait: None, effect: part.effect };
    Err(Refused { failure: judgement::of_complaints(&came, &complaints), complaints })
}

/// Asks several queries of the same kind: a single one with a `GET`, more in as few requests as they fit.
///
/// # Errors
/// One of them was refused.
pub fn queries(exchange: &mut Exchange<'_>, resource: &str, queries: &[String]) -> Result<Vec<Answer>, Refused> {
    let mut answers = Vec::new();
    if let [only] = queries {
        let path = Query::of(resource).with("q", only).into_text();
        if path.len() <= api::MAX_PATH {
            let answer = exchange.ask(&Request::get(path))?;
            pages(exchange, answer, &mut answers)?;
            return Ok(answers);
        }
    }
    for some in queries.chunks(MOST_QUERIES) {
        let parts: Vec<Part> = some.iter().map(|soql| Part::query(resource, soql)).collect();
        for answer in ask(exchange, &parts)? {
            pages(exchange, answer?, &mut answers)?;
        }
    }
    Ok(answers)
}

/// An answer with all that follows it: rows with long texts come in pages that are smaller than promised.
fn pages(exchange: &mut Exchange<'_>, first: Answer, all: &mut Vec<Answer>) -> Result<(), Refused> {
    let mut answer = first;
    loop {
        let next = answer.read(|answer| Ok(answer.member("nextRecordsUrl")?.text()?.and_then(mark).map(str::to_owned)))?;
        all.push(answer);
        let Some(mark) = next else { return Ok(()) };
        answer = exchange.ask(&Request::get(format!("{}/{}", api::QUERY, url::segment(&mark))))?;
    }
}

/// What stands behind the query's path in the address of the next page.
pub fn mark(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|mark| !mark.is_empty())
}

/// The failure of something that must not have been asked for nothing.
pub fn unsupported(id: &str) -> Failure {
    Failure::Unsupported(detail(message(id, &[])))
}
