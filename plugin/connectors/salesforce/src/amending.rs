use std::collections::BTreeMap;

use pbx_connector_kit::{
    Request,
    context::Context,
    json::{Node, Wrong},
    types::Failure,
};
use serde_json::{Map, Value, json};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::amending::{Done, Guest, Item},
    collection, composite,
    exchange::{Exchange, MAX_ID, Refused},
    kinds::TASK,
    soql, task,
};

/// Longest list of ids in one query, in characters.
const LIST: usize = 4_600;
/// The first round, and one without an owner who is gone.
const MOST_ROUNDS: usize = 2;

impl Guest for Salesforce {
    fn amend(context: Context, items: Vec<Item>) -> Result<Done, Failure> {
        let mut exchange = Exchange::new(&context);
        let outcomes = amend(&mut exchange, &items);
        let outcomes = exchange.settle(outcomes)?;
        Ok(Done { outcomes, usage: exchange.usage(), extras: Vec::new() })
    }
}

type Outcome = Result<(), Failure>;

fn amend(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Vec<Outcome>, Failure> {
    let bodies = bodies(exchange, items)?;
    // Salesforce takes a row once in a request: amendments of the same activity become one, the later ones on top.
    let mut rows: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for item in items {
        let changes = changes(item, &bodies, exchange.context);
        rows.entry(&item.activity.id).or_default().extend(changes);
    }
    rows.retain(|_, row| !row.is_empty());
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let waiting: Vec<(&str, Map<String, Value>)> = std::mem::take(&mut rows).into_iter().collect();
        let whole: Vec<Value> = waiting.iter().map(|(id, row)| with_id(id, row)).collect();
        let mut waiting = waiting.into_iter();
        let mut sent = whole.iter();
        for count in collection::parcels(whole.iter()) {
            let parcel: Vec<(&str, Map<String, Value>)> = waiting.by_ref().take(count).collect();
            let records: Vec<&Value> = sent.by_ref().take(count).collect();
            let body = json!({ "allOrNone": false, "records": records });
            let answer = exchange.ask(&Request::patch(api::COLLECTION, &body));
            let results = answer.and_then(|answer| Ok(answer.read(|answer| collection::results(&answer, count))?));
            match results {
                Err(why) if outcomes.is_empty() && rows.is_empty() => return Err(why.failure),
                Err(why) => outcomes.extend(parcel.into_iter().map(|(id, _)| (id, Err(why.failure.clone())))),
                Ok(results) => {
                    for ((id, mut row), done) in parcel.into_iter().zip(results) {
                        match done {
                            Ok(_) => drop(outcomes.insert(id, Ok(()))),
                            Err(complaint) if round < MOST_ROUNDS && task::mend(&mut row, &complaint) && !row.is_empty() => {
                                rows.insert(id, row);
                            }
                            Err(complaint) => drop(outcomes.insert(id, Err(collection::failure(&complaint)))),
                        }
                    }
                }
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    // What changes nothing is done.
    Ok(items.iter().map(|item| outcomes.get(item.activity.id.as_str()).cloned().unwrap_or(Ok(()))).collect())
}

fn with_id(id: &str, row: &Map<String, Value>) -> Value {
    let mut row = row.clone();
    row.insert("attributes".to_owned(), json!({ "type": TASK }));
    row.insert("id".to_owned(), id.into());
    Value::Object(row)
}

fn changes(item: &Item, bodies: &BTreeMap<String, String>, context: &Context) -> Map<String, Value> {
    let change = &item.change;
    let mut row = Map::new();
    if let Some(subject) = &change.subject {
        row.insert("Subject".to_owned(), task::subject(subject).into());
    }
    let body = change.body.as_ref().or_else(|| change.recording.as_ref().and_then(|_| bodies.get(&item.activity.id)));
    let body = body.map(String::as_str).or_else(|| change.recording.as_ref().map(|_| ""));
    if let Some(body) = body {
        row.insert("Description".to_owned(), task::description(body, change.recording.as_deref()).into());
    }
    if let Some(owner) = task::owner(change.user.as_ref(), context) {
        row.insert("OwnerId".to_owned(), owner.into());
    }
    row
}

/// Descriptions of the activities that get a recording behind the text that they have.
fn bodies(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<BTreeMap<String, String>, Refused> {
    let kept = items.iter().filter(|item| item.change.recording.is_some() && item.change.body.is_none());
    let mut ids: Vec<&str> = kept.map(|item| item.activity.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut bodies = BTreeMap::new();
    if ids.is_empty() {
        return Ok(bodies);
    }
    let queries = soql::in_lists("SELECT Id, Description FROM Task WHERE Id IN ", &ids, "", LIST);
    for answer in composite::queries(exchange, api::QUERY, &queries)? {
        bodies.extend(answer.read(|answer| read_bodies(&answer))?);
    }
    Ok(bodies)
}

fn read_bodies(answer: &Node<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    let pair =
        |row: &Node<'_>| Ok((row.member("Id")?.required_id(MAX_ID)?, row.member("Description")?.text()?.unwrap_or_default().to_owned()));
    rows.iter().map(pair).collect()
}
