use std::collections::{BTreeMap, BTreeSet};

use pbx_connector_kit::{
    base_types::Moment,
    context::Context,
    failure::detail,
    json::{Node, Wrong},
    text::message,
    types::{Failure, RecordRef},
};
use serde_json::{Map, json};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::journal::{Guest, Item, ItemOutcome, LookedUp, Written},
    domain, external_id, follow_up,
    json2::Exchange,
    judgement,
    load::{self, Loaded, Objection},
    message::{self as call, AUTHOR, COLUMNS},
    model::{self, MESSAGE, USERS},
    record, row,
};

impl Guest for Odoo {
    fn write(context: Context, items: Vec<Item>) -> Result<Written, Failure> {
        let mut exchange = Exchange::new(&context);
        let outcomes = if items.is_empty() { Ok(Vec::new()) } else { write(&mut exchange, &items) };
        let outcomes = exchange.settle(outcomes)?;
        Ok(Written { outcomes, usage: exchange.usage(), extras: Vec::new() })
    }

    fn find_written(context: Context, items: Vec<Item>, _since: Moment) -> Result<LookedUp, Failure> {
        // The keys are stored, so the time is not needed to know the entries again.
        let mut exchange = Exchange::new(&context);
        let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
        let found = written(&mut exchange, &keys);
        let found = exchange.settle(found)?;
        let activities = keys.iter().map(|key| found.get(*key).map(|id| activity(&context, id))).collect();
        Ok(LookedUp { activities, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// What becomes of the items of one call, as far as it is known.
struct Batch<'i> {
    items: &'i [Item],
    authors: BTreeMap<u64, u64>,
    outcomes: BTreeMap<usize, ItemOutcome>,
}

/// Odoo stores all rows or none, and does not say reliably which one is to blame: a record that is gone is named for every row. So all are tried at once,
/// which succeeds as a rule. Else those that stand already and those whose record is gone are set aside, and the rest is tried again, by halves
/// where it is still refused.
fn write(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Vec<ItemOutcome>, Failure> {
    let mut batch = Batch { items, authors: authors(exchange, items)?, outcomes: BTreeMap::new() };
    for (index, item) in items.iter().enumerate() {
        if model::of_record(&item.about).is_none() {
            batch.outcomes.insert(index, ItemOutcome::Failed(unsupported("odoo.no-history")));
        }
    }
    let all = batch.open();
    // Before the entries: these are what is looked for after a crash, and then nothing would be left that brings the rest about.
    follow_up::plan(exchange, &all.iter().filter_map(|index| items.get(*index)).collect::<Vec<_>>())?;
    if let Err(objections) = batch.load(exchange, &all)? {
        batch.settle_known(exchange, &all)?;
        let rest = batch.open();
        // What one row alone was refused for is known.
        match objections.first().filter(|objection| rest == all && rest.len() == 1 && !objection.is_conflict()) {
            Some(objection) => batch.fail(&rest, &judgement::of_row(Some(objection))),
            None => batch.by_halves(exchange, rest),
        }
    }
    Ok((0..items.len()).map(|index| batch.outcomes.remove(&index).unwrap_or_else(|| ItemOutcome::Failed(unsettled()))).collect())
}

impl Batch<'_> {
    /// Items of which nothing is known yet.
    fn open(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|index| !self.outcomes.contains_key(index)).collect()
    }

    fn fail(&mut self, which: &[usize], failure: &Failure) {
        self.outcomes.extend(which.iter().map(|index| (*index, ItemOutcome::Failed(failure.clone()))));
    }

    /// Tries to write these. Err inside: none of them was, for these reasons.
    fn load(&mut self, exchange: &mut Exchange<'_>, which: &[usize]) -> Result<Result<(), Vec<Objection>>, Failure> {
        if which.is_empty() {
            return Ok(Ok(()));
        }
        let items: Vec<&Item> = which.iter().filter_map(|index| self.items.get(*index)).collect();
        let context = exchange.context;
        let has_authors = items.iter().any(|item| self.author(item).is_some());
        let rows = items.iter().filter_map(|item| {
            let mut values = call::row(&item.key, model::of_record(&item.about)?, &item.entry, &context.language);
            if has_authors {
                // Without one it is the key's user, as an empty value would not be.
                values.push(self.author(item).or_else(|| self.own()).map(|partner| partner.to_string()).unwrap_or_default());
            }
            Some(values)
        });
        let rows: Vec<Vec<String>> = rows.collect();
        let columns: Vec<&str> = COLUMNS.into_iter().chain(has_authors.then_some(AUTHOR)).collect();
        match load::load(exchange, MESSAGE, &columns, &rows, Map::new())? {
            Loaded::All(ids) => {
                let written = which.iter().zip(ids).map(|(index, id)| (*index, ItemOutcome::Written(activity(context, &id))));
                self.outcomes.extend(written);
                Ok(Ok(()))
            }
            Loaded::None(objections) => Ok(Err(objections)),
        }
    }

    fn author(&self, item: &Item) -> Option<u64> {
        let user = model::id(&item.entry.user.as_ref()?.id)?;
        self.authors.get(&user).copied()
    }

    fn own(&self) -> Option<u64> {
        self.authors.get(&0).copied()
    }

    /// Sets aside what was written by an earlier try, and what is about a record that is not there.
    fn settle_known(&mut self, exchange: &mut Exchange<'_>, which: &[usize]) -> Result<(), Failure> {
        let items = self.items;
        let keys: Vec<&str> = which.iter().filter_map(|index| items.get(*index)).map(|item| item.key.as_str()).collect();
        let there = written(exchange, &keys)?;
        for index in which {
            if let Some(id) = items.get(*index).and_then(|item| there.get(&item.key)) {
                self.outcomes.insert(*index, ItemOutcome::WasThere(activity(exchange.context, id)));
            }
        }
        let open = self.open();
        let about: BTreeSet<(&'static str, u64)> =
            open.iter().filter_map(|index| items.get(*index)).filter_map(|item| model::of_record(&item.about)).collect();
        let present = present(exchange, &about)?;
        let gone = open.into_iter().filter(|index| {
            let about = items.get(*index).and_then(|item| model::of_record(&item.about));
            about.is_some_and(|about| !present.contains(&about))
        });
        let gone: Vec<usize> = gone.collect();
        self.fail(&gone, &Failure::Gone(detail(message("odoo.gone", &[("status", "200")]))));
        Ok(())
    }

    /// Writes what can be written of these, by halves where they are refused together. What the requests of this call do not suffice for is left to a
    /// later one, in which it will be with fewer others.
    fn by_halves(&mut self, exchange: &mut Exchange<'_>, which: Vec<usize>) {
        let mut parts = vec![which];
        let mut refused = Vec::new();
        while let Some(part) = parts.pop() {
            match (self.load(exchange, &part), part.as_slice()) {
                (Ok(Ok(())), _) => {}
                (Ok(Err(objections)), [alone]) => refused.push((*alone, judgement::of_row(objections.first()))),
                (Ok(Err(_)), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second.to_vec(), first.to_vec()]);
                }
                // Nothing more was sent.
                (Err(Failure::Busy(_)), _) => break,
                (Err(failure), _) => {
                    self.fail(&part, &failure);
                    break;
                }
            }
        }
        self.refused(exchange, &refused);
    }

    /// These were refused one by one: for what they are, or because another host that holds the same call has written it meanwhile.
    fn refused(&mut self, exchange: &mut Exchange<'_>, refused: &[(usize, Failure)]) {
        let items = self.items;
        let keys: Vec<&str> = refused.iter().filter_map(|(index, _)| items.get(*index)).map(|item| item.key.as_str()).collect();
        if keys.is_empty() {
            return;
        }
        // Where that cannot be asked, nobody knows, and it is asked later.
        let Ok(there) = written(exchange, &keys) else { return };
        for (index, failure) in refused {
            let id = items.get(*index).and_then(|item| there.get(&item.key));
            let outcome =
                id.map_or_else(|| ItemOutcome::Failed(failure.clone()), |id| ItemOutcome::WasThere(activity(exchange.context, id)));
            self.outcomes.insert(*index, outcome);
        }
    }
}

/// The partner of each user who made or missed a call: authors of messages are partners. The key's own is under 0. None are asked for where all calls
/// are the key's user's.
fn authors(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<BTreeMap<u64, u64>, Failure> {
    let context = exchange.context;
    let own = context.user.as_ref().and_then(|user| model::id(&user.id));
    let users = items.iter().filter_map(|item| item.entry.user.as_ref()).filter(|user| user.connector == context.connector);
    let mut ids: BTreeSet<u64> = users.filter_map(|user| model::id(&user.id)).filter(|id| Some(*id) != own).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    ids.extend(own);
    let ids: Vec<u64> = ids.into_iter().collect();
    let arguments = json!({ "domain": domain::all(vec![domain::leaf("id", "in", ids)]), "fields": ["id", "partner_id"] });
    let pair = |record: &Node<'_>| -> Result<(Option<u64>, Option<u64>), Wrong> {
        let partner = row::reference(record, "partner_id")?.and_then(|(id, _)| model::id(&id));
        Ok((model::id(&row::id(record, "id")?), partner))
    };
    let pairs = exchange.ask(USERS, "search_read", arguments)?.rows(pair)?;
    let known = pairs.into_iter().filter_map(|(user, partner)| Some((user.filter(|user| Some(*user) != own).unwrap_or(0), partner?)));
    Ok(known.collect())
}

/// The ids of the messages with these keys.
fn written(exchange: &mut Exchange<'_>, keys: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
    let ids: Vec<String> = keys.iter().map(|key| external_id::message_id(key)).collect();
    let arguments = json!({
        "domain": domain::all(vec![domain::leaf("message_id", "in", ids)]),
        "fields": ["id", "message_id"],
        "order": "id",
    });
    let pair = |record: &Node<'_>| -> Result<Option<(String, String)>, Wrong> {
        let message_id = row::text(record, "message_id")?;
        let id = row::id(record, "id")?;
        Ok(message_id.as_deref().and_then(external_id::key).map(|key| (key.to_owned(), id)))
    };
    let mut found = BTreeMap::new();
    for (key, id) in exchange.ask(MESSAGE, "search_read", arguments)?.rows(pair)?.into_iter().flatten() {
        found.entry(key).or_insert(id);
    }
    Ok(found)
}

/// Which of these records the key's user can see.
fn present(exchange: &mut Exchange<'_>, about: &BTreeSet<(&'static str, u64)>) -> Result<BTreeSet<(&'static str, u64)>, Failure> {
    let mut present = BTreeSet::new();
    for model in [model::PARTNER, model::LEAD] {
        let ids: Vec<u64> = about.iter().filter(|(of, _)| *of == model).map(|(_, id)| *id).collect();
        if ids.is_empty() {
            continue;
        }
        let arguments = json!({ "domain": domain::all(vec![domain::leaf("id", "in", ids)]), "fields": ["id"] });
        let found = match exchange.ask(model, "search_read", arguments) {
            Ok(answer) => answer.rows(|record| row::id(record, "id"))?,
            // The app is no longer installed.
            Err(Failure::Unsupported(_)) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        present.extend(found.iter().filter_map(|id| model::id(id)).map(|id| (model, id)));
    }
    Ok(present)
}

fn activity(context: &Context, id: &str) -> RecordRef {
    record::reference(context, MESSAGE, id.to_owned())
}

fn unsupported(id: &str) -> Failure {
    Failure::Unsupported(detail(message(id, &[])))
}

fn unsettled() -> Failure {
    Failure::Conflict(detail(message("odoo.unsettled", &[])))
}
