use std::collections::BTreeMap;

use pbx_connector_kit::{
    context::Context,
    failure::detail,
    json::{Node, Wrong},
    text::message,
    types::Failure,
};
use serde_json::json;

use crate::{
    Odoo, authors,
    bindings::exports::pbx::crm::amending::{Done, Guest, Item},
    domain,
    json2::Exchange,
    judgement,
    load::{self, Loaded},
    message::{AUTHOR, amended, plain},
    model::{self, MESSAGE},
    narrowing, row,
};

impl Guest for Odoo {
    fn amend(context: Context, items: Vec<Item>) -> Result<Done, Failure> {
        let mut exchange = Exchange::new(&context);
        let outcomes = if items.is_empty() { Ok(Vec::new()) } else { amend(&mut exchange, &items) };
        let outcomes = exchange.settle(outcomes)?;
        Ok(Done { outcomes, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// A message as it stands.
struct Standing {
    subject: String,
    body: String,
    /// Id of a partner.
    author: String,
}

/// One request for what stands there and one that writes all, as far as they are there.
fn amend(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Vec<Result<(), Failure>>, Failure> {
    let mut standing = standing(exchange, items)?;
    let users = items.iter().filter_map(|item| model::user(item.change.user.as_ref(), exchange.context)).collect();
    let partners = authors::partners(exchange, &users)?;
    // Several changes of one message come one after another, and are written as one.
    let mut touched: Vec<u64> = Vec::new();
    let mut outcomes = Vec::new();
    for item in items {
        let id = model::id(&item.activity.id).filter(|_| item.activity.kind == MESSAGE);
        let Some((id, entry)) = id.and_then(|id| Some((id, standing.get_mut(&id)?))) else {
            outcomes.push(Err(Failure::Gone(detail(message("odoo.entry-gone", &[])))));
            continue;
        };
        let change = &item.change;
        if let Some(subject) = &change.subject {
            entry.subject = plain(subject);
        }
        entry.body = amended(&entry.body, change.body.as_deref(), change.recording.as_deref(), &exchange.context.language);
        if let Some(partner) = model::user(change.user.as_ref(), exchange.context).and_then(|user| partners.get(&user)) {
            entry.author = partner.to_string();
        }
        if !touched.contains(&id) {
            touched.push(id);
        }
        outcomes.push(Ok(()));
    }
    if touched.is_empty() {
        return Ok(outcomes);
    }
    // The row of a message is its place among those that are touched.
    let attempt = |exchange: &mut Exchange<'_>, which: &[usize]| {
        let rows = which.iter().filter_map(|row| touched.get(*row)).filter_map(|id| {
            let message = standing.get(id)?;
            Some(vec![id.to_string(), message.subject.clone(), message.body.clone(), message.author.clone()])
        });
        load::change(exchange, MESSAGE, &[".id", "subject", "body", AUTHOR], &rows.collect::<Vec<_>>())
    };
    let all: Vec<usize> = (0..touched.len()).collect();
    let Loaded::None(objections) = attempt(exchange, &all)? else { return Ok(outcomes) };
    let fates = narrowing::store(exchange, all, Some(&objections), attempt);
    for (item, outcome) in items.iter().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_ok()) {
        let row = touched.iter().position(|id| model::id(&item.activity.id) == Some(*id));
        *outcome = match row.and_then(|row| fates.get(&row)) {
            Some(Ok(_)) => Ok(()),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(judgement::unsettled()),
        };
    }
    Ok(outcomes)
}

fn standing(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<BTreeMap<u64, Standing>, Failure> {
    let ids: Vec<u64> = items.iter().filter_map(|item| model::id(&item.activity.id)).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let arguments = json!({
        "domain": domain::all(vec![domain::leaf("id", "in", ids)]),
        "fields": ["id", "subject", "body", "author_id"],
    });
    let read = |record: &Node<'_>| -> Result<Option<(u64, Standing)>, Wrong> {
        let standing = Standing {
            subject: row::text(record, "subject")?.unwrap_or_default(),
            body: row::text(record, "body")?.unwrap_or_default(),
            author: row::reference(record, "author_id")?.map(|(id, _)| id).unwrap_or_default(),
        };
        Ok(model::id(&row::id(record, "id")?).map(|id| (id, standing)))
    };
    Ok(exchange.ask(MESSAGE, "search_read", arguments)?.rows(read)?.into_iter().flatten().collect())
}
