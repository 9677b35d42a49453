use pbx_connector_kit::{Client, Request, context::Context, types::Failure};
use serde_json::{Value, json};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::amending::{Done, Guest, Item},
    call_json,
    exchange::{about_status, ask},
    results::Results,
};

impl Guest for Webhook {
    fn amend(context: Context, items: Vec<Item>) -> Result<Done, Failure> {
        let mut client = Client::new(&context);
        let outcomes = if items.is_empty() { Ok(Vec::new()) } else { amend(&mut client, &context, &items) };
        let outcomes = client.settle(outcomes)?;
        Ok(Done { outcomes, usage: client.usage(), extras: Vec::new() })
    }
}

fn amend(client: &mut Client<'_>, context: &Context, items: &[Item]) -> Result<Vec<Result<(), Failure>>, Failure> {
    let amendments: Vec<Value> = items.iter().map(|item| call_json::to_amend(&item.key, &item.activity.id, &item.change)).collect();
    let request = Request::post("/calls/amend", &json!({ "amendments": amendments }));
    let answer = ask(client, context.now, &request, &[]).map_err(not_offered)?;
    answer.read(|answer| {
        let results = Results::of(&answer)?;
        let done = |status: &str| (status == "amended").then_some(());
        Ok(items.iter().map(|item| results.outcome(&item.key, |status, _| Ok(done(status)))).collect())
    })
}

/// A service need not offer this, and the simplest one then has nothing at the address.
fn not_offered(failure: Failure) -> Failure {
    match failure {
        Failure::Garbled(detail) if matches!(detail.status, Some(404 | 410)) => {
            let status = detail.status.unwrap_or_default();
            Failure::Unsupported(about_status("webhook.not-offered", status, detail))
        }
        other => other,
    }
}
