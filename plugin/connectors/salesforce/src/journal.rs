use std::collections::BTreeMap;

use pbx_connector_kit::{
    Request,
    base_types::Moment,
    context::Context,
    failure::detail,
    json::{Node, Wrong},
    text::message,
    types::{Elsewhere, Failure, RecordRef},
};
use serde_json::{Map, Value, json};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::journal::{Guest, Item, ItemOutcome, LookedUp, Written},
    collection::{self, Done},
    complaint::Complaint,
    composite::{self, Part},
    exchange::{Exchange, MAX_ID, Refused},
    kinds::{Kind, TASK},
    record, soql, task, whereabouts,
};

/// Most rounds of one call: the first, and one for each thing that has to be left out.
const MOST_ROUNDS: usize = 4;
/// The status of a call that is over, if the organisation does not say which of its own that is.
const COMPLETED: &str = "Completed";
/// Longest list of keys in one query, in characters.
const KEYS: usize = 5_000;
const DAY_MS: Moment = 86_400_000;

impl Guest for Salesforce {
    fn write(context: Context, items: Vec<Item>) -> Result<Written, Failure> {
        let mut exchange = Exchange::new(&context);
        let outcomes = write(&mut exchange, &items);
        let outcomes = exchange.settle(outcomes)?;
        Ok(Written { outcomes, usage: exchange.usage(), extras: Vec::new() })
    }

    fn find_written(context: Context, items: Vec<Item>, since: Moment) -> Result<LookedUp, Failure> {
        let mut exchange = Exchange::new(&context);
        let found = find_written(&mut exchange, &items, since);
        let activities = exchange.settle(found)?;
        Ok(LookedUp { activities, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// A task that is on its way.
struct Waiting {
    /// Of its item.
    index: usize,
    row: Map<String, Value>,
}

/// Which status says that a task is done.
enum Status {
    /// To be asked in the same request.
    Unknown,
    Known(String),
}

fn write(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Vec<ItemOutcome>, Failure> {
    let context = exchange.context;
    let mut outcomes: BTreeMap<usize, ItemOutcome> = BTreeMap::new();
    let mut waiting = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match task::row(&item.key, &item.about, &item.entry, context) {
            Some(row) => waiting.push(Waiting { index, row }),
            None => drop(outcomes.insert(index, ItemOutcome::Failed(composite::unsupported("salesforce.no-activities")))),
        }
    }
    let mut status = Status::Unknown;
    let mut refused: BTreeMap<usize, Complaint> = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let mut again = Vec::new();
        let rows: Vec<Value> = waiting.iter().map(|task| Value::Object(task.row.clone())).collect();
        let mut waiting_now = waiting.into_iter();
        for count in collection::parcels(rows.iter()) {
            let parcel: Vec<Waiting> = waiting_now.by_ref().take(count).collect();
            match send(exchange, &parcel, &mut status) {
                // Nothing at all was written so far: the whole has failed.
                Err(why) if outcomes.is_empty() && refused.is_empty() && again.is_empty() => return Err(why.failure),
                Err(why) => outcomes.extend(parcel.iter().map(|task| (task.index, ItemOutcome::Failed(why.failure.clone())))),
                Ok(results) => {
                    for (mut task, done) in parcel.into_iter().zip(results) {
                        match done {
                            Ok(id) => drop(outcomes.insert(task.index, ItemOutcome::Written(record::reference(context, TASK, &id)))),
                            Err(complaint) if round < MOST_ROUNDS && task::mend(&mut task.row, &complaint) => again.push(task),
                            Err(complaint) => drop(refused.insert(task.index, complaint)),
                        }
                    }
                }
            }
        }
        waiting = again;
        if waiting.is_empty() {
            break;
        }
    }
    for (index, failure) in judge(exchange, items, &refused) {
        outcomes.insert(index, ItemOutcome::Failed(failure));
    }
    let unsaid = || ItemOutcome::Failed(collection::failure(&Complaint::default()));
    Ok((0..items.len()).map(|index| outcomes.remove(&index).unwrap_or_else(unsaid)).collect())
}

/// Sends a parcel of tasks in one request, which also asks for the status if that is not known yet.
fn send(exchange: &mut Exchange<'_>, parcel: &[Waiting], status: &mut Status) -> Result<Vec<Done>, Refused> {
    if let Status::Unknown = status {
        // What stands between "@{" and "}" is a reference to Salesforce, whoever wrote it: such texts must not go into a composite.
        let text = |value: &Value| value.as_str().is_some_and(|text| text.contains("@{"));
        if parcel.iter().any(|task| task.row.values().any(text)) {
            *status = Status::Known(ask_status(exchange)?);
        } else if let Some(results) = send_with_question(exchange, parcel, status)? {
            return Ok(results);
        }
    }
    let known = match status {
        Status::Known(name) => name.as_str(),
        Status::Unknown => COMPLETED,
    };
    let body = json!({ "allOrNone": false, "records": rows(parcel, known) });
    let answer = exchange.ask(&Request::post(api::COLLECTION, &body))?;
    Ok(answer.read(|answer| collection::results(&answer, parcel.len()))?)
}

/// One request for both. None: the status is not told, and so nothing was written.
fn send_with_question(exchange: &mut Exchange<'_>, parcel: &[Waiting], status: &mut Status) -> Result<Option<Vec<Done>>, Refused> {
    let question = Part::query(api::QUERY, &status_query());
    let mut parts = composite::ask(exchange, &[question, Part::create(&rows(parcel, "@{p0.records[0].ApiName}"))])?.into_iter();
    let (told, written) = (parts.next(), parts.next());
    match written {
        Some(Ok(answer)) => {
            if let Some(Ok(told)) = told
                && let Some(name) = told.read(|answer| first_status(&answer))?
            {
                *status = Status::Known(name);
            }
            Ok(Some(answer.read(|answer| collection::results(&answer, parcel.len()))?))
        }
        // Refers to what is not there: the second part was not begun.
        Some(Err(refused)) if refused.complaint("PROCESSING_HALTED").is_some() => {
            *status = Status::Known(COMPLETED.to_owned());
            Ok(None)
        }
        Some(Err(refused)) => Err(refused),
        None => Err(collection::failure(&Complaint::default()).into()),
    }
}

fn rows(parcel: &[Waiting], status: &str) -> Vec<Value> {
    let with_status = |task: &Waiting| {
        let mut row = task.row.clone();
        row.insert("Status".to_owned(), status.into());
        Value::Object(row)
    };
    parcel.iter().map(with_status).collect()
}

/// The statuses are the organisation's own: this one closes a task.
fn status_query() -> String {
    "SELECT ApiName FROM TaskStatus WHERE IsClosed = true ORDER BY SortOrder LIMIT 1".to_owned()
}

fn ask_status(exchange: &mut Exchange<'_>) -> Result<String, Refused> {
    let answers = composite::queries(exchange, api::QUERY, &[status_query()])?;
    let told = answers.first().map(|answer| answer.read(|answer| first_status(&answer))).transpose()?;
    Ok(told.flatten().unwrap_or_else(|| COMPLETED.to_owned()))
}

fn first_status(answer: &Node<'_>) -> Result<Option<String>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(first.member("ApiName")?.text()?.map(str::to_owned))
}

/// The failures of the refused. Of records that are gone it is asked, once for all, as what they live on.
fn judge(exchange: &mut Exchange<'_>, items: &[Item], refused: &BTreeMap<usize, Complaint>) -> Vec<(usize, Failure)> {
    const GONE: [&str; 3] = ["CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"];
    let gone = refused.iter().filter(|(_, complaint)| GONE.contains(&complaint.code.as_str()));
    let gone: Vec<RecordRef> = gone.filter_map(|(index, _)| items.get(*index)).map(|item| item.about.clone()).collect();
    // If this cannot be asked, the item failed all the same, and for the reason that it had.
    let moved = if gone.is_empty() { BTreeMap::new() } else { whereabouts::find(exchange, &gone).unwrap_or_default() };
    let of_one = |index: usize, complaint: &Complaint| {
        let failure = collection::failure(complaint);
        let Some(found) = items.get(index).filter(|_| GONE.contains(&complaint.code.as_str())).and_then(|item| moved.get(&item.about.id))
        else {
            return failure;
        };
        let detail = pbx_connector_kit::types::Detail { code: Some(complaint.code.clone()), ..detail(message("salesforce.moved", &[])) };
        Failure::Moved(Elsewhere { found: found.clone(), detail })
    };
    refused.iter().map(|(index, complaint)| (*index, of_one(*index, complaint))).collect()
}

fn find_written(exchange: &mut Exchange<'_>, items: &[Item], since: Moment) -> Result<Vec<Option<RecordRef>>, Refused> {
    let context = exchange.context;
    // Days begin where the organisation is, and both clocks may be wrong by a little: one more on each side.
    let days = context.now.saturating_sub(since) / DAY_MS + 2;
    let end = format!(" AND CreatedDate = LAST_N_DAYS:{days}");
    let found = match by_key(exchange, items, &end) {
        Err(refused) if hides_keys(&refused) => by_content(exchange, items, &end)?,
        found => found?,
    };
    Ok(found.into_iter().map(|id| id.map(|id| record::reference(context, TASK, &id))).collect())
}

fn by_key(exchange: &mut Exchange<'_>, items: &[Item], end: &str) -> Result<Vec<Option<String>>, Refused> {
    let keys = sorted(items.iter().map(|item| item.key.as_str()));
    let queries = soql::in_lists("SELECT Id, CallObject FROM Task WHERE CallObject IN ", &keys, end, KEYS);
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for answer in composite::queries(exchange, api::QUERY, &queries)? {
        for (key, id) in answer.read(|answer| written(&answer))? {
            ids.entry(key).or_insert(id);
        }
    }
    Ok(items.iter().map(|item| ids.get(&item.key).cloned()).collect())
}

fn written(answer: &Node<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    // Salesforce compares without case; the keys are compared again where they are looked up.
    let pair = |row: &Node<'_>| Ok((row.member(task::KEY)?.required_text()?.to_owned(), row.member("Id")?.required_id(MAX_ID)?));
    rows.iter().map(pair).collect()
}

fn hides_keys(refused: &Refused) -> bool {
    let named = |complaint: &Complaint| complaint.named_fields().iter().any(|field| field.eq_ignore_ascii_case(task::KEY));
    refused.complaints.iter().any(|complaint| complaint.code == "INVALID_FIELD" && named(complaint))
}

/// Where the organisation hides the field with our key, calls are known again by what they say: record, subject and text.
fn by_content(exchange: &mut Exchange<'_>, items: &[Item], end: &str) -> Result<Vec<Option<String>>, Refused> {
    let mut queries = Vec::new();
    for (field, is_account) in [("WhoId", false), ("WhatId", true)] {
        let of_field = items.iter().filter(|item| (Kind::of(&item.about) == Some(Kind::Account)) == is_account);
        let ids = sorted(of_field.map(|item| item.about.id.as_str()));
        let start = format!("SELECT Id, Subject, Description, WhoId, WhatId FROM Task WHERE {field} IN ");
        queries.extend(soql::in_lists(&start, &ids, end, KEYS));
    }
    let mut rows: Vec<Content> = Vec::new();
    for answer in composite::queries(exchange, api::QUERY, &queries)? {
        rows.extend(answer.read(|answer| contents(&answer))?);
    }
    let found = items.iter().map(|item| {
        let body = task::description(&item.entry.body, item.entry.recording.as_deref());
        let wanted = (task::subject(&item.entry.subject), lines(&body));
        let of_item = |row: &Content| row.about.contains(&item.about.id) && (&row.subject, &row.body) == (&wanted.0, &wanted.1);
        // Each task is one call: two that say the same are two.
        let at = rows.iter().position(of_item)?;
        Some(rows.remove(at).id)
    });
    Ok(found.collect())
}

/// What a task says.
struct Content {
    id: String,
    about: Vec<String>,
    subject: String,
    body: String,
}

fn contents(answer: &Node<'_>) -> Result<Vec<Content>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    let text = |row: &Node<'_>, name: &str| -> Result<String, Wrong> { Ok(row.member(name)?.text()?.unwrap_or_default().to_owned()) };
    let content = |row: &Node<'_>| {
        let about = vec![text(row, "WhoId")?, text(row, "WhatId")?];
        let (subject, body) = (text(row, "Subject")?, lines(&text(row, "Description")?));
        Ok(Content { id: row.member("Id")?.required_id(MAX_ID)?, about, subject, body })
    };
    rows.iter().map(content).collect()
}

/// The same text whatever ends its lines.
fn lines(text: &str) -> String {
    text.trim_end().replace('\r', "")
}

fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}
