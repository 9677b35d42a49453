use pbx_connector_kit::{
    Client, Request,
    base_types::Number,
    context::Context,
    types::{Entity, Failure},
    url::{Query, repeated},
};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::lookup::{Found, Guest},
    exchange::{MAX_PATH, ask},
    record_json,
};

/// Most records that an exact check asks for: a number with more owners than that has none.
const EXACT_LIMIT: u32 = 50;

impl Guest for Webhook {
    fn find(context: Context, numbers: Vec<Number>, limit: u32) -> Result<Found, Failure> {
        by_numbers(&context, &Query::of("/records"), &numbers, limit)
    }

    fn exact_check(context: Context, number: Number) -> Result<Found, Failure> {
        by_numbers(&context, &Query::of("/records").with("exact", "true"), &[number], EXACT_LIMIT)
    }
}

fn by_numbers(context: &Context, start: &Query, numbers: &[Number], limit: u32) -> Result<Found, Failure> {
    let start = start.clone().with("limit", &limit.to_string());
    let mut client = Client::new(context);
    let mut found = Gathered { entities: Vec::new(), more: false, limit };
    let mut gather = || {
        for path in repeated(&start, "number", &forms(numbers), MAX_PATH) {
            let answer = ask(&mut client, context.now, &Request::get(path), &[])?;
            found.add(answer.read(|answer| record_json::page(&answer, context))?);
        }
        Ok(())
    };
    let gathered = gather();
    client.settle(gathered)?;
    Ok(Found { entities: found.entities, more: found.more, usage: client.usage(), extras: Vec::new() })
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

/// Records of several answers, each once.
struct Gathered {
    entities: Vec<Entity>,
    more: bool,
    limit: u32,
}

impl Gathered {
    fn add(&mut self, (entities, more): (Vec<Entity>, bool)) {
        self.more |= more;
        for entity in entities {
            if self.entities.iter().any(|known| known.reference.id == entity.reference.id) {
                continue;
            }
            if self.entities.len() >= self.limit as usize {
                self.more = true;
                return;
            }
            self.entities.push(entity);
        }
    }
}
