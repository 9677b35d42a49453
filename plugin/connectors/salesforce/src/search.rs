use pbx_connector_kit::{Request, context::Context, types::Failure, url::Query};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::search::{Guest, Page},
    exchange::{Exchange, Refused},
    gathered::Gathered,
    lookup::without_hidden,
    record, sosl,
};

impl Guest for Salesforce {
    fn search(context: Context, text: String, limit: u32) -> Result<Page, Failure> {
        let mut exchange = Exchange::new(&context);
        let found = search(&mut exchange, &text, limit);
        let wanted = text.trim().to_lowercase();
        // Salesforce gives one kind after another: a name that has the text as it was typed comes before what only has its words.
        let (entities, more) = exchange.settle(found)?.finish(limit, |entity| !entity.name.to_lowercase().contains(&wanted));
        Ok(Page { entities, more, usage: exchange.usage(), extras: Vec::new() })
    }
}

fn search(exchange: &mut Exchange<'_>, text: &str, limit: u32) -> Result<Gathered, Refused> {
    let context = exchange.context;
    let rows = limit.saturating_add(1).min(sosl::MOST_ROWS);
    without_hidden(|columns| {
        let mut gathered = Gathered::default();
        if let Some(statement) = sosl::by_text(text, columns, rows) {
            let answer = exchange.ask(&Request::get(Query::of(api::SEARCH).with("q", &statement).into_text()))?;
            gathered.add(answer.read(|answer| record::found(&answer, context))?, rows);
        }
        Ok(gathered)
    })
}
