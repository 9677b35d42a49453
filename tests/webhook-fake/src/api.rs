use crm_fake::{Role, wire};
use http::Response;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{call, pages::Pages, query::Asked, record, store::Store};

/// Most items in one batch.
const MAX_BATCH: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    key: String,
    record: record::New,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    calls: Vec<call::New>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amend {
    amendments: Vec<call::Change>,
}

/// Does what was asked. `visible` says of a record's age whether the index has it.
pub fn respond(
    store: &mut Store,
    pages: &Pages,
    now_ms: u64,
    asked: &Asked,
    body: &[u8],
    visible: &dyn Fn(Option<u64>) -> bool,
) -> Response<Vec<u8>> {
    let answer = match asked {
        Asked::ListPage => Ok(pages.list(store)),
        Asked::RecordPage(id) => Ok(pages.record(store, id)),
        Asked::Verify => Ok(wire::json(200, &json!({ "organisation": "address-book", "name": "Address book" }))),
        Asked::ByNumber { numbers, exact, limit } => Ok(by_number(store, numbers, *limit, &|at| *exact || visible(at))),
        Asked::ByText { text, limit } => Ok(by_text(store, text, *limit, visible)),
        Asked::ByKey(key) => Ok(page(store, store.record_by_key(key).into_iter().collect(), 1)),
        Asked::Create => read(body).and_then(|create| self::create(store, create, now_ms)),
        Asked::Write => read(body).and_then(|write: Write| batch(write.calls, |call| write_one(store, call))),
        Asked::WrittenBy(keys) => Ok(written(store, keys)),
        Asked::Amend => read(body).and_then(|amend: Amend| batch(amend.amendments, |change| amend_one(store, change))),
        Asked::Refused(status, why) => Err((*status, why.clone())),
    };
    answer.unwrap_or_else(|(status, why)| wire::error(status, &why))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|why| (400, why.to_string()))
}

fn by_number(store: &Store, numbers: &[String], limit: usize, visible: &dyn Fn(Option<u64>) -> bool) -> Response<Vec<u8>> {
    let has = |stored: &&record::Stored| stored.has_number(numbers) && visible(stored.made_at());
    page(store, store.records().iter().filter(has).collect(), limit)
}

fn by_text(store: &Store, text: &str, limit: usize, visible: &dyn Fn(Option<u64>) -> bool) -> Response<Vec<u8>> {
    let seen = store.records().iter().filter(|stored| visible(stored.made_at()));
    let mut found: Vec<_> = seen.filter_map(|stored| Some((stored.fits(text)?, stored))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    page(store, found.into_iter().map(|(_, stored)| stored).collect(), limit)
}

fn page(store: &Store, mut found: Vec<&record::Stored>, limit: usize) -> Response<Vec<u8>> {
    let more = found.len() > limit;
    found.truncate(limit);
    let records: Vec<Value> = found.into_iter().map(|stored| answer(store, stored)).collect();
    wire::json(200, &json!({ "records": records, "more": more }))
}

fn answer(store: &Store, stored: &record::Stored) -> Value {
    let company = &stored.record().company;
    let theirs = |other: &&record::Stored| other.record().role == Role::Organisation && other.record().name == *company;
    let organisation = store.records().iter().find(theirs).filter(|_| stored.record().role != Role::Organisation);
    stored.answer(organisation.map(|other| other.record().id.as_str()))
}

fn create(store: &mut Store, Create { key, record: new }: Create, now_ms: u64) -> Result<Response<Vec<u8>>, (u16, String)> {
    check_key(&key).map_err(|why| (400, why))?;
    if let Some(known) = store.record_by_key(&key) {
        return Ok(told(store, 200, known));
    }
    if let Some(complaint) = new.complaint() {
        return Err((422, complaint.to_owned()));
    }
    let digits = new.digits();
    let twin = store.records().iter().find(|stored| !stored.record().retired && stored.has_number(&digits));
    if let Some(twin) = twin {
        return Ok(told(store, 409, twin));
    }
    let id = store.create(key, new, now_ms);
    let made = store.record(&id).ok_or((500, "the new record is lost".to_owned()))?;
    Ok(told(store, 201, made))
}

fn told(store: &Store, status: u16, stored: &record::Stored) -> Response<Vec<u8>> {
    wire::json(status, &json!({ "record": answer(store, stored) }))
}

/// Answers a batch item by item. `each` gives the item's key and what became of it.
fn batch<T>(items: Vec<T>, each: impl FnMut(T) -> Value) -> Result<Response<Vec<u8>>, (u16, String)> {
    if items.is_empty() || items.len() > MAX_BATCH {
        return Err((400, format!("1 to {MAX_BATCH} items, not {}", items.len())));
    }
    let results: Vec<Value> = items.into_iter().map(each).collect();
    Ok(wire::json(200, &json!({ "results": results })))
}

fn write_one(store: &mut Store, call: call::New) -> Value {
    let key = call.key.clone();
    if let Some(known) = store.call_by_key(&key) {
        return json!({ "key": key, "status": "was-there", "id": known.id });
    }
    if let Err(why) = check_key(&key) {
        return failed(&key, "invalid", &why);
    }
    if store.record(&call.record).is_none() {
        return failed(&key, "gone", &format!("there is no record {}", call.record));
    }
    match store.write(call) {
        Ok(id) => json!({ "key": key, "status": "written", "id": id }),
        Err(why) => failed(&key, "invalid", &why),
    }
}

fn amend_one(store: &mut Store, change: call::Change) -> Value {
    let key = change.key.clone();
    let Some(call) = store.call_mut(&change.id) else {
        return failed(&key, "gone", &format!("there is no call {}", change.id));
    };
    match call.amend(change) {
        Ok(()) => json!({ "key": key, "status": "amended" }),
        Err(why) => failed(&key, "invalid", &why),
    }
}

fn written(store: &Store, keys: &[String]) -> Response<Vec<u8>> {
    let known = keys.iter().filter_map(|key| store.call_by_key(key));
    let calls: Vec<Value> = known.map(|call| json!({ "key": call.key(), "id": call.id })).collect();
    wire::json(200, &json!({ "calls": calls }))
}

fn failed(key: &str, reason: &str, error: &str) -> Value {
    json!({ "key": key, "status": "failed", "reason": reason, "error": error })
}

fn check_key(key: &str) -> Result<(), String> {
    let allowed = |sign: u8| sign.is_ascii_alphanumeric() || b"._:-".contains(&sign);
    let sound = (1..=128).contains(&key.len()) && key.bytes().all(allowed);
    if sound { Ok(()) } else { Err("`key` must be 1 to 128 of A-Z a-z 0-9 . _ : -".to_owned()) }
}
