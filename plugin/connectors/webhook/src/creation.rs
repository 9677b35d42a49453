use pbx_connector_kit::{
    Client, Request,
    base_types::{Moment, WorkKey},
    context::Context,
    failure::detail,
    text::message,
    types::{Detail, Draft, Elsewhere, Entity, Failure},
    url::Query,
};
use serde_json::json;

use crate::{
    Webhook,
    bindings::exports::pbx::crm::creation::{Guest, LookedUp, Made},
    exchange::{Answer, ask},
    kinds, record_json,
};

impl Guest for Webhook {
    fn create(context: Context, key: WorkKey, draft: Draft) -> Result<Made, Failure> {
        let mut client = Client::new(&context);
        let made = create(&mut client, &context, &key, &draft);
        let (entity, was_there) = client.settle(made)?;
        Ok(Made { entity, was_there, usage: client.usage(), extras: Vec::new() })
    }

    fn find_created(context: Context, key: WorkKey, _draft: Draft, _since: Moment) -> Result<LookedUp, Failure> {
        // The service stores the key, so neither the draft nor the time is needed to know the record again.
        let mut client = Client::new(&context);
        let path = Query::of("/records").with("key", &key).into_text();
        let found = ask(&mut client, context.now, &Request::get(path), &[])
            .and_then(|answer| answer.read(|answer| record_json::page(&answer, &context)));
        let (entities, _) = client.settle(found)?;
        Ok(LookedUp { entity: entities.into_iter().next(), usage: client.usage(), extras: Vec::new() })
    }
}

fn create(client: &mut Client<'_>, context: &Context, key: &str, draft: &Draft) -> Result<(Entity, bool), Failure> {
    let Some(kind) = kinds::to_create(&draft.role, draft.kind.as_deref()) else {
        return Err(Failure::Unsupported(detail(message("webhook.not-creatable", &[]))));
    };
    let body = json!({ "key": key, "record": record_json::to_create(kind, draft) });
    let answer = ask(client, context.now, &Request::post("/records", &body), &[409])?;
    let entity = |answer: &Answer| answer.read(|answer| record_json::entity(&answer.member("record")?, context));
    match answer.status {
        201 => Ok((entity(&answer)?, false)),
        200 => Ok((entity(&answer)?, true)),
        409 => Err(duplicate(entity(&answer))),
        _ => answer.read(|answer| answer.wrong("status 200, 201 or 409")),
    }
}

/// The service has made nothing, whatever it says besides.
fn duplicate(found: Result<Entity, Failure>) -> Failure {
    match found {
        Ok(entity) => {
            let detail = Detail { status: Some(409), ..detail(message("webhook.duplicate", &[])) };
            Failure::Duplicate(Elsewhere { found: entity.reference, detail })
        }
        Err(Failure::Unclear(detail)) => Failure::Garbled(detail),
        Err(other) => other,
    }
}
