use pbx_connector_kit::{Client, Request, context::Context, types::Failure, url::Query};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::search::{Guest, Page},
    exchange::ask,
    record_json,
};

impl Guest for Webhook {
    fn search(context: Context, text: String, limit: u32) -> Result<Page, Failure> {
        let mut client = Client::new(&context);
        let text = text.trim();
        // Everything contains nothing: that is no search.
        let (mut entities, mut more) = if text.is_empty() {
            (Vec::new(), false)
        } else {
            let path = Query::of("/records").with("text", text).with("limit", &limit.to_string()).into_text();
            let answer = ask(&mut client, context.now, &Request::get(path), &[])
                .and_then(|answer| answer.read(|answer| record_json::page(&answer, &context)));
            client.settle(answer)?
        };
        let most = limit as usize;
        more |= entities.len() > most;
        entities.truncate(most);
        Ok(Page { entities, more, usage: client.usage(), extras: Vec::new() })
    }
}
