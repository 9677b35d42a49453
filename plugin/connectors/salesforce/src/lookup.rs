use pbx_connector_kit::{
    Request,
    base_types::Number,
    context::Context,
    types::{Entity, Failure},
    url::Query,
};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::lookup::{Found, Guest},
    columns::Columns,
    composite,
    exchange::{Exchange, Refused},
    gathered::{Gathered, has_digits},
    kinds, phone_patterns, record, sosl,
};

/// Most records of each kind in an exact check: a number with more owners than that has none.
const EXACT_LIMIT: u32 = 200;

impl Guest for Salesforce {
    fn find(context: Context, numbers: Vec<Number>, limit: u32) -> Result<Found, Failure> {
        let mut exchange = Exchange::new(&context);
        let forms = forms(&numbers);
        let found = find(&mut exchange, &forms, limit);
        let (entities, more) = exchange.settle(found)?.finish(limit, |entity| !has_digits(entity, &forms));
        Ok(Found { entities, more, usage: exchange.usage(), extras: Vec::new() })
    }

    fn exact_check(context: Context, number: Number) -> Result<Found, Failure> {
        let mut exchange = Exchange::new(&context);
        let found = exact_check(&mut exchange, &number);
        let number = [number];
        let forms = forms(&number);
        // Whoever takes the first that fits shall not take a lead that was converted.
        let rank = |entity: &Entity| (entity.retired, !has_digits(entity, &forms));
        let (entities, more) = exchange.settle(found)?.finish(EXACT_LIMIT, rank);
        Ok(Found { entities, more, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// All forms of all numbers, each once, in their order.
fn forms(numbers: &[Number]) -> Vec<&str> {
    let mut forms: Vec<&str> = Vec::new();
    for form in numbers.iter().flat_map(|number| &number.forms) {
        if !forms.contains(&form.as_str()) {
            forms.push(form);
        }
    }
    forms
}

fn find(exchange: &mut Exchange<'_>, forms: &[&str], limit: u32) -> Result<Gathered, Refused> {
    let context = exchange.context;
    // One more than wanted, to know whether there are more.
    let rows = limit.saturating_add(1).min(sosl::MOST_ROWS);
    without_hidden(|columns| {
        let mut gathered = Gathered::default();
        for statement in sosl::by_phone(forms, columns, rows) {
            let answer = exchange.ask(&Request::get(Query::of(api::SEARCH).with("q", &statement).into_text()))?;
            gathered.add(answer.read(|answer| record::found(&answer, context))?, rows);
        }
        Ok(gathered)
    })
}

fn exact_check(exchange: &mut Exchange<'_>, number: &Number) -> Result<Gathered, Refused> {
    let context = exchange.context;
    let patterns = phone_patterns::patterns(number);
    without_hidden(|columns| {
        let mut gathered = Gathered::default();
        let mut queries = Vec::new();
        for kind in kinds::ALL {
            for condition in phone_patterns::conditions(&columns.phones_of(kind), &patterns) {
                let fields = columns.of(kind).join(", ");
                queries.push(format!("SELECT {fields} FROM {} WHERE {condition} LIMIT {EXACT_LIMIT}", kind.name()));
            }
        }
        for answer in composite::queries(exchange, api::QUERY, &queries)? {
            gathered.add(answer.read(|answer| record::queried(&answer, context))?, EXACT_LIMIT);
        }
        Ok(gathered)
    })
}

/// Asks, and asks again without the fields that turn out to be hidden from the connected user.
///
/// # Errors
/// Those of the last try.
pub fn without_hidden<T>(mut ask: impl FnMut(&Columns) -> Result<T, Refused>) -> Result<T, Refused> {
    let mut columns = Columns::default();
    loop {
        match ask(&columns) {
            Err(refused) if refused.complaints.iter().any(|complaint| columns.hide(complaint)) => {}
            done => return done,
        }
    }
}
