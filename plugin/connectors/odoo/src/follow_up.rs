//! The reminder that a missed call may leave on its record: an activity of the type "Call".

use std::collections::{BTreeMap, BTreeSet};

use pbx_connector_kit::{
    base_types::{Direction, Outcome},
    json::{Node, Wrong},
    time::rfc3339,
    types::{Failure, JournalEntry},
};
use serde_json::{Map, Value, json};

use crate::{
    bindings::exports::pbx::crm::journal::Item,
    domain, external_id,
    json2::Exchange,
    load::{self, Loaded},
    message::plain,
    model::{self, ACTIVITY},
    row, texts,
};

const COLUMNS: [&str; 5] = ["id", "res_id", "activity_type_id/id", "summary", "date_deadline"];
const ASSIGNEE: &str = "user_id/.id";

/// Plans a call back for each missed call among these that has none, if the administrator wants it: one for a call and record, however many phones rang. A
/// reminder that Odoo refuses costs no entry: it is left out.
///
/// # Errors
/// Odoo could not be asked, or somebody was at the same work at the same time: then nothing of these calls is written yet.
pub fn plan(exchange: &mut Exchange<'_>, items: &[&Item]) -> Result<(), Failure> {
    if !exchange.options.call_back {
        return Ok(());
    }
    let missed = items.iter().filter(|item| wants_call_back(&item.entry));
    let mut wanted: BTreeMap<String, &Item> = BTreeMap::new();
    for item in missed {
        if let Some((model, id)) = model::of_record(&item.about) {
            wanted.entry(key(&item.entry.call, model, id)).or_insert(item);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let there = there(exchange, wanted.values().copied())?;
    wanted.retain(|key, _| !there.contains(&external_id::of(key)));
    for model in [model::PARTNER, model::LEAD] {
        let of_model: Vec<(&String, &&Item)> = wanted.iter().filter(|(_, item)| item.about.kind == model).collect();
        if !of_model.is_empty() {
            load(exchange, model, &of_model)?;
        }
    }
    Ok(())
}

/// Somebody called, and nobody of us talked to them.
fn wants_call_back(entry: &JournalEntry) -> bool {
    entry.direction == Direction::Inbound && entry.outcome == Outcome::Missed && !entry.answered_elsewhere
}

fn key(call: &str, model: &str, id: u64) -> String {
    format!("{call}.{model}.{id}.call-back")
}

/// The external ids of what we planned for these records, done or not.
fn there<'i>(exchange: &mut Exchange<'_>, items: impl Iterator<Item = &'i Item>) -> Result<BTreeSet<String>, Failure> {
    let records: BTreeSet<u64> = items.filter_map(|item| model::of_record(&item.about)).map(|(_, id)| id).collect();
    let conditions = vec![
        domain::leaf("res_model", "in", vec![model::PARTNER, model::LEAD]),
        domain::leaf("res_id", "in", records.into_iter().collect::<Vec<u64>>()),
    ];
    let arguments = json!({ "domain": domain::all(conditions), "fields": ["id"], "order": "id desc", "limit": 500 });
    let id = |record: &Node<'_>| -> Result<Option<u64>, Wrong> { Ok(model::id(&row::id(record, "id")?)) };
    let ids: Vec<u64> = exchange.ask(ACTIVITY, "search_read", arguments)?.rows(id)?.into_iter().flatten().collect();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let external = exchange.ask(ACTIVITY, "get_external_id", json!({ "ids": ids }))?;
    let all = external.json.as_object().map(|all| all.values().filter_map(Value::as_str).map(str::to_owned).collect());
    Ok(all.unwrap_or_default())
}

/// The table that an activity is about cannot be loaded: it goes as a default, so each has a request of its own.
fn load(exchange: &mut Exchange<'_>, model: &str, wanted: &[(&String, &&Item)]) -> Result<(), Failure> {
    let context = exchange.context;
    let assignee = |item: &Item| {
        let user = item.entry.user.as_ref().filter(|user| user.connector == context.connector).or(context.user.as_ref())?;
        model::id(&user.id).map(|id| id.to_string())
    };
    let has_assignees = wanted.iter().all(|(_, item)| assignee(item).is_some());
    let rows = wanted.iter().map(|(key, item)| {
        let mut values = vec![
            external_id::of(key),
            item.about.id.clone(),
            "mail.mail_activity_data_call".to_owned(),
            plain(&texts::that_stays(&context.language, "odoo.call-back.summary", &[("caller", &item.entry.from_shown)])),
            local_day(&item.entry),
        ];
        if has_assignees {
            values.extend(assignee(item));
        }
        values
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let columns: Vec<&str> = COLUMNS.into_iter().chain(has_assignees.then_some(ASSIGNEE)).collect();
    let mut defaults = Map::new();
    defaults.insert("default_res_model".to_owned(), model.into());
    match load::load(exchange, ACTIVITY, &columns, &rows, defaults)? {
        Loaded::None(objections) if objections.iter().any(load::Objection::is_conflict) => {
            Err(crate::judgement::of_row(objections.iter().find(|objection| objection.is_conflict())))
        }
        Loaded::All(_) | Loaded::None(_) => Ok(()),
    }
}

/// The day of the call where the PBX is: it is due at once.
fn local_day(entry: &JournalEntry) -> String {
    rfc3339(entry.started_at, entry.utc_offset_minutes).chars().take("2026-11-20".len()).collect()
}
