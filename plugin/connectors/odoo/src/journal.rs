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
    Odoo, authors,
    bindings::exports::pbx::crm::journal::{Guest, Item, ItemOutcome, LookedUp, Written},
    domain, external_id, follow_up,
    json2::Exchange,
    judgement,
    load::{self, Loaded, Objection},
    message::{self as call, AUTHOR, COLUMNS},
    model::{self, MESSAGE},
    narrowing, record, row,
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

/// Requests that it takes to find out which records are gone.
const LOOKING: u32 = 2;

/// What becomes of the items of one call, as far as it is known.
struct Batch<'i> {
    items: &'i [Item],
    authors: BTreeMap<u64, u64>,
    outcomes: BTreeMap<usize, ItemOutcome>,
}

/// All are tried at once, which succeeds as a rule. Else those whose record is gone are set aside, and of the rest is written what Odoo takes. An entry that
/// an earlier try has written stays as it is: Odoo does not tell it from a new one.
fn write(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Vec<ItemOutcome>, Failure> {
    let mut batch = Batch { items, authors: authors_of(exchange, items)?, outcomes: BTreeMap::new() };
    for (index, item) in items.iter().enumerate() {
        if model::of_record(&item.about).is_none() {
            batch.outcomes.insert(index, ItemOutcome::Failed(unsupported("odoo.no-history")));
        }
    }
    // Before the entries: these are what is looked for after a crash, and then nothing would be left that brings the rest about.
    let open = batch.open();
    let gone = follow_up::plan(exchange, &open.iter().filter_map(|index| items.get(*index)).collect::<Vec<_>>())?;
    batch.set_aside(gone.as_ref().unwrap_or(&BTreeSet::new()));
    let open = batch.open();
    if let Loaded::None(objections) = batch.load(exchange, &open)? {
        if gone.is_none() && !objections.is_empty() && exchange.left() > LOOKING {
            batch.find_gone(exchange)?;
        }
        let rest = batch.open();
        // What was said of all of them says nothing of fewer, or after somebody else was there at the same time.
        let still = rest == open && !objections.iter().any(Objection::is_conflict);
        batch.store(exchange, rest, still.then_some(&objections));
        batch.find_there(exchange);
    }
    Ok((0..items.len()).map(|index| batch.outcomes.remove(&index).unwrap_or_else(|| ItemOutcome::Failed(judgement::unsettled()))).collect())
}

impl Batch<'_> {
    /// Items of which nothing is known yet.
    fn open(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|index| !self.outcomes.contains_key(index)).collect()
    }

    fn about(&self, index: usize) -> Option<(&'static str, u64)> {
        model::of_record(&self.items.get(index)?.about)
    }

    /// Tries to write these, and takes down if they are.
    fn load(&mut self, exchange: &mut Exchange<'_>, which: &[usize]) -> Result<Loaded, Failure> {
        let loaded = self.attempt(exchange, which)?;
        if let Loaded::All(ids) = &loaded {
            let written = which.iter().zip(ids).map(|(index, id)| (*index, ItemOutcome::Written(activity(exchange.context, id))));
            self.outcomes.extend(written);
        }
        Ok(loaded)
    }

    fn attempt(&self, exchange: &mut Exchange<'_>, which: &[usize]) -> Result<Loaded, Failure> {
        if which.is_empty() {
            return Ok(Loaded::All(Vec::new()));
        }
        let items: Vec<&Item> = which.iter().filter_map(|index| self.items.get(*index)).collect();
        let context = exchange.context;
        let has_authors = !self.authors.is_empty();
        let rows = items.iter().filter_map(|item| {
            let mut values = call::row(&item.key, model::of_record(&item.about)?, &item.entry, &context.language);
            if has_authors {
                values.push(self.author(item, context).map(|partner| partner.to_string()).unwrap_or_default());
            }
            Some(values)
        });
        let rows: Vec<Vec<String>> = rows.collect();
        let columns: Vec<&str> = COLUMNS.into_iter().chain(has_authors.then_some(AUTHOR)).collect();
        load::make(exchange, MESSAGE, &columns, &rows, Map::new())
    }

    /// The partner of whoever made the call; without one it is the key's user, as an empty value would not be.
    fn author(&self, item: &Item, context: &Context) -> Option<u64> {
        let partner = |user| self.authors.get(&model::user(user, context)?);
        partner(item.entry.user.as_ref()).or_else(|| partner(context.user.as_ref())).copied()
    }

    fn set_aside(&mut self, gone: &BTreeSet<(&'static str, u64)>) {
        let failure = Failure::Gone(detail(message("odoo.gone", &[("status", "200")])));
        let which = self.open().into_iter().filter(|index| self.about(*index).is_some_and(|about| gone.contains(&about)));
        let which: Vec<usize> = which.collect();
        self.outcomes.extend(which.into_iter().map(|index| (index, ItemOutcome::Failed(failure.clone()))));
    }

    /// Sets aside what is about a record that is not there: such a one is held against all others.
    fn find_gone(&mut self, exchange: &mut Exchange<'_>) -> Result<(), Failure> {
        let about: BTreeSet<(&'static str, u64)> = self.open().into_iter().filter_map(|index| self.about(index)).collect();
        let gone = record::gone(exchange, &about)?;
        self.set_aside(&gone);
        Ok(())
    }

    /// Writes what Odoo takes of these.
    fn store(&mut self, exchange: &mut Exchange<'_>, which: Vec<usize>, refused: Option<&Vec<Objection>>) {
        let attempt = |exchange: &mut Exchange<'_>, which: &[usize]| self.attempt(exchange, which);
        let fates = narrowing::store(exchange, which, refused.map(Vec::as_slice), attempt);
        let outcome = |fate: Result<String, Failure>| match fate {
            Ok(id) => ItemOutcome::Written(activity(exchange.context, &id)),
            Err(failure) => ItemOutcome::Failed(failure),
        };
        let outcomes: Vec<_> = fates.into_iter().map(|(index, fate)| (index, outcome(fate))).collect();
        self.outcomes.extend(outcomes);
    }

    /// What was refused although it is there was refused since somebody else was writing it. PostgreSQL says that in the language of its server, so that
    /// the words do not always tell.
    fn find_there(&mut self, exchange: &mut Exchange<'_>) {
        let refused = self.outcomes.iter().filter(|(_, outcome)| matches!(outcome, ItemOutcome::Failed(Failure::Invalid(_))));
        let refused: Vec<(usize, &str)> = refused.filter_map(|(index, _)| Some((*index, self.items.get(*index)?.key.as_str()))).collect();
        // Without a request for it the refusals stand: a call that decides nothing would be repeated for ever.
        if refused.is_empty() || exchange.left() == 0 {
            return;
        }
        let keys: Vec<&str> = refused.iter().map(|(_, key)| *key).collect();
        let Ok(there) = written(exchange, &keys) else {
            // Nobody knows: a later call tells.
            let unknown: Vec<usize> = refused.into_iter().map(|(index, _)| index).collect();
            self.outcomes.extend(unknown.into_iter().map(|index| (index, ItemOutcome::Failed(judgement::unsettled()))));
            return;
        };
        let found = refused.into_iter().filter_map(|(index, key)| Some((index, activity(exchange.context, there.get(key)?))));
        let found: Vec<(usize, RecordRef)> = found.collect();
        self.outcomes.extend(found.into_iter().map(|(index, activity)| (index, ItemOutcome::WasThere(activity))));
    }
}

/// The partners of the users who made or missed these calls, and the key's own. None are asked for where all calls are the key's user's.
fn authors_of(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<BTreeMap<u64, u64>, Failure> {
    let context = exchange.context;
    let own = model::user(context.user.as_ref(), context);
    let mut users: BTreeSet<u64> = items.iter().filter_map(|item| model::user(item.entry.user.as_ref(), context)).collect();
    if users.iter().any(|user| Some(*user) != own) {
        users.extend(own);
        authors::partners(exchange, &users)
    } else {
        Ok(BTreeMap::new())
    }
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

fn activity(context: &Context, id: &str) -> RecordRef {
    record::reference(context, MESSAGE, id.to_owned())
}

fn unsupported(id: &str) -> Failure {
    Failure::Unsupported(detail(message(id, &[])))
}
