use std::collections::BTreeMap;

use pbx_connector_kit::{
    context::Context,
    json::{Node, Wrong},
    types::{Failure, RecordRef, UserRef},
};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::visibility::{Guest, Seen},
    composite,
    exchange::{Exchange, MAX_ID, Refused},
    kinds, soql,
};

/// Salesforce answers for so many records in one query (Object Reference, UserRecordAccess).
const MOST_RECORDS: usize = 200;
/// What of an id tells records apart: three more characters only guard its case.
const SHORT_ID: usize = 15;

impl Guest for Salesforce {
    fn visible(context: Context, user: UserRef, records: Vec<RecordRef>) -> Result<Seen, Failure> {
        let mut exchange = Exchange::new(&context);
        let visible = visible(&mut exchange, &user, &records);
        let visible = exchange.settle(visible)?;
        Ok(Seen { visible, usage: exchange.usage(), extras: Vec::new() })
    }
}

fn visible(exchange: &mut Exchange<'_>, user: &UserRef, records: &[RecordRef]) -> Result<Vec<bool>, Refused> {
    let mut ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).filter(|id| kinds::is_id(id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let user = soql::text(&user.id);
    let query = |ids: &[&str]| {
        let list = soql::list(ids.iter().copied());
        format!("SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = {user} AND RecordId IN {list}")
    };
    let queries: Vec<String> = ids.chunks(MOST_RECORDS).map(query).collect();
    let mut access: BTreeMap<String, bool> = BTreeMap::new();
    for answer in composite::queries(exchange, api::QUERY, &queries)? {
        access.extend(answer.read(|answer| read(&answer))?);
    }
    // Salesforce says nothing of records that the connected user cannot read, and of deleted ones: nobody sees these.
    let seen = |record: &RecordRef| access.get(short(&record.id)).copied().unwrap_or_default();
    Ok(records.iter().map(seen).collect())
}

fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

fn read(answer: &Node<'_>) -> Result<Vec<(String, bool)>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    rows.iter()
        .map(|row| Ok((short(&row.member("RecordId")?.required_id(MAX_ID)?).to_owned(), row.member("HasReadAccess")?.flag()?)))
        .collect()
}
