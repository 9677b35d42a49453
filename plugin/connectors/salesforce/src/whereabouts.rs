//! What became of records that can no longer be written to.

use std::collections::BTreeMap;

use pbx_connector_kit::{
    json::{Node, Wrong},
    types::RecordRef,
};

use crate::{
    api, composite,
    exchange::{Exchange, MAX_ID, Refused},
    kinds::{self, ALL, Kind},
    record, soql,
};

/// Longest list of ids in one query, in characters.
const LIST: usize = 4_600;

/// As which records these live on: a converted lead as its contact (or account), a merged record as the one that it was merged into.
/// Records that live on as nothing are missing. One request, whatever their number.
///
/// # Errors
/// Salesforce could not be asked.
pub fn find(exchange: &mut Exchange<'_>, records: &[RecordRef]) -> Result<BTreeMap<String, RecordRef>, Refused> {
    let context = exchange.context;
    let mut queries = Vec::new();
    for kind in ALL {
        let ids = records.iter().filter(|record| Kind::of(record) == Some(kind) && kinds::is_id(&record.id));
        let mut ids: Vec<&str> = ids.map(|record| record.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let converted = if kind == Kind::Lead { ", IsConverted, ConvertedContactId, ConvertedAccountId" } else { "" };
        let start = format!("SELECT Id, MasterRecordId{converted} FROM {} WHERE Id IN ", kind.name());
        queries.extend(soql::in_lists(&start, &ids, "", LIST));
    }
    let mut found = BTreeMap::new();
    // Deleted rows tell into what they were merged.
    for answer in composite::queries(exchange, api::QUERY_ALL, &queries)? {
        let moved = answer.read(|answer| {
            let rows = answer.member("records")?.required_list()?;
            rows.iter().map(|row| moved(row)).collect::<Result<Vec<_>, Wrong>>()
        })?;
        found.extend(moved.into_iter().flatten().map(|(from, kind, to)| (from, record::reference(context, kind.name(), &to))));
    }
    Ok(found)
}

fn moved(row: &Node<'_>) -> Result<Option<(String, Kind, String)>, Wrong> {
    let from = row.member("Id")?.required_id(MAX_ID)?;
    let id = |name: &str| -> Result<Option<String>, Wrong> { row.member(name)?.id(MAX_ID) };
    let kind = row.member("attributes")?.member("type")?.text()?.and_then(Kind::named);
    if row.member("IsConverted")?.flag()? {
        let contact = id("ConvertedContactId")?.map(|to| (from.clone(), Kind::Contact, to));
        let account = id("ConvertedAccountId")?.map(|to| (from.clone(), Kind::Account, to));
        return Ok(contact.or(account));
    }
    Ok(id("MasterRecordId")?.zip(kind).map(|(to, kind)| (from, kind, to)))
}
