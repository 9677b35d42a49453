//! The reminder that a missed call may leave on its record: an activity of the type "Call".

use std::collections::{BTreeMap, BTreeSet};

use pbx_connector_kit::{
    base_types::{Direction, Outcome},
    time::rfc3339,
    types::{Failure, JournalEntry},
};
use serde_json::Map;

use crate::{
    bindings::exports::pbx::crm::journal::Item,
    external_id,
    json2::Exchange,
    load::{self, Loaded, Objection},
    message::plain,
    model::{self, ACTIVITY},
    record, texts,
};

const COLUMNS: [&str; 5] = ["id", "res_id", "activity_type_id/id", "summary", "date_deadline"];
const ASSIGNEE: &str = "user_id/.id";

/// Model and id of a record.
type Place = (&'static str, u64);
/// The key of a reminder, the record that it is about, and the call.
type Reminder<'i> = (String, Place, &'i Item);

/// Requests that are left to the entries themselves: one for all, and one for a single one.
const FOR_ENTRIES: u32 = 2;

/// Plans a call back for each missed call among these that has none, if the administrator wants it: one for a call and record, however many phones rang. A
/// reminder that Odoo refuses costs no entry: it is left out. One that is there stays as it is, done or not.
///
/// Gives which of the items' records are gone, if it had to find out.
///
/// # Errors
/// Odoo could not be asked, or somebody was at the same work at the same time: then nothing of these calls is written yet.
pub fn plan(exchange: &mut Exchange<'_>, items: &[&Item]) -> Result<Option<BTreeSet<Place>>, Failure> {
    let mut gone: Option<BTreeSet<Place>> = None;
    if !exchange.options.call_back {
        return Ok(gone);
    }
    let mut wanted: BTreeMap<String, (Place, &Item)> = BTreeMap::new();
    for item in items.iter().filter(|item| wants_call_back(&item.entry)) {
        if let Some((model, id)) = model::of_record(&item.about) {
            wanted.entry(key(&item.entry.call, model, id)).or_insert(((model, id), item));
        }
    }
    for model in [model::PARTNER, model::LEAD] {
        let of_model = wanted.iter().filter(|(_, ((of, _), _))| *of == model);
        let mut reminders: Vec<Reminder<'_>> = of_model.map(|(key, (place, item))| (key.clone(), *place, *item)).collect();
        let is_there = |gone: &Option<BTreeSet<Place>>, place: &Place| gone.as_ref().is_none_or(|gone| !gone.contains(place));
        reminders.retain(|(_, place, _)| is_there(&gone, place));
        let Some(objections) = load(exchange, model, &reminders)? else { continue };
        // What is gone is held against all; else the refusal names the right ones as a rule.
        let before = reminders.len();
        if gone.is_none() && exchange.left() > FOR_ENTRIES + 1 {
            gone = Some(record::gone(exchange, &items.iter().filter_map(|item| model::of_record(&item.about)).collect())?);
            reminders.retain(|(_, place, _)| is_there(&gone, place));
        }
        if reminders.len() == before {
            let named: BTreeSet<usize> = objections.iter().filter_map(|objection| objection.row).collect();
            let sound = reminders.into_iter().enumerate().filter(|(row, _)| !named.contains(row));
            reminders = sound.map(|(_, reminder)| reminder).collect();
        }
        load(exchange, model, &reminders)?;
    }
    Ok(gone)
}

/// Somebody called, and nobody of us talked to them.
fn wants_call_back(entry: &JournalEntry) -> bool {
    entry.direction == Direction::Inbound && entry.outcome == Outcome::Missed && !entry.answered_elsewhere
}

fn key(call: &str, model: &str, id: u64) -> String {
    // Odoo takes no blanks in external ids.
    let call = call.replace(|sign: char| sign.is_whitespace() || sign.is_control(), "_");
    format!("{call}.{model}.{id}.call-back")
}

/// The table that an activity is about cannot be loaded: it goes as a default, so each has a request of its own. Gives why Odoo stored none.
fn load(exchange: &mut Exchange<'_>, model: &str, wanted: &[Reminder<'_>]) -> Result<Option<Vec<Objection>>, Failure> {
    if wanted.is_empty() || exchange.left() <= FOR_ENTRIES {
        return Ok(None);
    }
    let context = exchange.context;
    let assignee = |item: &Item| {
        let user = model::user(item.entry.user.as_ref(), context).or_else(|| model::user(context.user.as_ref(), context));
        user.map(|id| id.to_string())
    };
    let has_assignees = wanted.iter().all(|(_, _, item)| assignee(item).is_some());
    let rows = wanted.iter().map(|(key, _, item)| {
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
    // Odoo would send a mail to each who is reminded.
    defaults.insert("mail_activity_quick_update".to_owned(), true.into());
    match load::make(exchange, ACTIVITY, &columns, &rows, defaults)? {
        Loaded::All(_) => Ok(None),
        Loaded::None(objections) => match objections.iter().find(|objection| objection.is_conflict()) {
            Some(conflict) => Err(crate::judgement::of_row(Some(conflict))),
            None => Ok(Some(objections)),
        },
    }
}

/// The day of the call where the PBX is: it is due at once.
fn local_day(entry: &JournalEntry) -> String {
    rfc3339(entry.started_at, entry.utc_offset_minutes).chars().take("2026-11-20".len()).collect()
}
