use std::collections::BTreeMap;

use pbx_connector_kit::{
    Client, Request,
    base_types::Moment,
    context::Context,
    json::{Node, Wrong},
    types::{Failure, RecordRef},
    url::{Query, repeated},
};
use serde_json::{Value, json};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::journal::{Guest, Item, ItemOutcome, LookedUp, Written},
    call_json,
    exchange::{MAX_ID, MAX_PATH, ask},
    kinds,
    results::Results,
};

impl Guest for Webhook {
    fn write(context: Context, items: Vec<Item>) -> Result<Written, Failure> {
        let mut client = Client::new(&context);
        let outcomes = if items.is_empty() { Ok(Vec::new()) } else { write(&mut client, &context, &items) };
        let outcomes = client.settle(outcomes)?;
        Ok(Written { outcomes, usage: client.usage(), extras: Vec::new() })
    }

    fn find_written(context: Context, items: Vec<Item>, _since: Moment) -> Result<LookedUp, Failure> {
        // The service stores the keys, so the time is not needed to know the entries again.
        let mut client = Client::new(&context);
        let found = find_written(&mut client, &context, &items);
        let activities = client.settle(found)?;
        Ok(LookedUp { activities, usage: client.usage(), extras: Vec::new() })
    }
}

fn write(client: &mut Client<'_>, context: &Context, items: &[Item]) -> Result<Vec<ItemOutcome>, Failure> {
    let calls: Vec<Value> = items.iter().map(|item| call_json::to_write(&item.key, &item.about.id, &item.entry)).collect();
    let request = Request::post("/calls", &json!({ "calls": calls }));
    let answer = ask(client, context.now, &request, &[])?;
    answer.read(|answer| {
        let results = Results::of(&answer)?;
        Ok(items.iter().map(|item| outcome(&results, context, &item.key)).collect())
    })
}

fn outcome(results: &Results<'_>, context: &Context, key: &str) -> ItemOutcome {
    let done = results.outcome(key, |status, item| {
        let made: fn(RecordRef) -> ItemOutcome = match status {
            "written" => ItemOutcome::Written,
            "was-there" => ItemOutcome::WasThere,
            _ => return Ok(None),
        };
        Ok(Some(made(activity(context, item.member("id")?.required_id(MAX_ID)?))))
    });
    done.unwrap_or_else(ItemOutcome::Failed)
}

fn find_written(client: &mut Client<'_>, context: &Context, items: &[Item]) -> Result<Vec<Option<RecordRef>>, Failure> {
    let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    let mut ids = BTreeMap::new();
    for path in repeated(&Query::of("/calls"), "key", &keys, MAX_PATH) {
        let answer = ask(client, context.now, &Request::get(path), &[])?;
        ids.extend(answer.read(|answer| written(&answer))?);
    }
    Ok(keys.iter().map(|key| ids.get(*key).map(|id| activity(context, id.clone()))).collect())
}

/// `{"calls": [{"key": "...", "id": "..."}]}`
fn written(answer: &Node<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let calls = answer.member("calls")?.required_list()?;
    let pair = |call: &Node<'_>| Ok((call.member("key")?.required_text()?.to_owned(), call.member("id")?.required_id(MAX_ID)?));
    calls.iter().map(pair).collect()
}

fn activity(context: &Context, id: String) -> RecordRef {
    RecordRef { connector: context.connector.clone(), kind: kinds::CALL.to_owned(), id }
}
