use pbx_connector_kit::{
    base_types::Number,
    context::Context,
    types::{Entity, Failure},
};
use serde_json::{Value, json};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::lookup::{Found, Guest},
    domain,
    json2::Exchange,
    model::{self, LEAD},
    record,
};

/// Most records that an exact check asks for: a number with more owners than that has none.
const EXACT_LIMIT: u32 = 50;

impl Guest for Odoo {
    fn find(context: Context, numbers: Vec<Number>, limit: u32) -> Result<Found, Failure> {
        by_numbers(&context, &numbers, limit)
    }

    fn exact_check(context: Context, number: Number) -> Result<Found, Failure> {
        // Every search reads the database itself: there is no index that lags.
        by_numbers(&context, &[number], EXACT_LIMIT)
    }
}

fn by_numbers(context: &Context, numbers: &[Number], limit: u32) -> Result<Found, Failure> {
    let mut exchange = Exchange::new(context);
    let found = in_all_models(&mut exchange, |_| domain::of_numbers(numbers), "write_date desc, id desc", limit);
    let (entities, more) = exchange.settle(found)?;
    Ok(Found { entities, more, usage: exchange.usage(), extras: Vec::new() })
}

/// The records of all models of callers to which the domain applies, and whether there are more than `limit`.
///
/// # Errors
/// One of the models could not be asked: a part of an answer is none.
pub fn in_all_models(
    exchange: &mut Exchange<'_>,
    domain: impl Fn(&str) -> Value,
    order: &str,
    limit: u32,
) -> Result<(Vec<Entity>, bool), Failure> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut entities: Vec<Entity> = Vec::new();
    for model in model::of_callers(&exchange.options) {
        let arguments = json!({
            "domain": domain(model),
            "fields": record::fields(model),
            "limit": limit.saturating_add(1),
            "order": order,
        });
        let rows = match exchange.ask(model, "search_read", arguments) {
            Ok(answer) => answer.rows(|row| record::entity(model, row, exchange.context))?,
            // The app CRM is not installed: then nobody stands in it.
            Err(Failure::Unsupported(_)) if *model == LEAD => Vec::new(),
            Err(failure) => return Err(failure),
        };
        entities.extend(rows);
    }
    let more = entities.len() > most;
    entities.truncate(most);
    Ok((entities, more))
}
