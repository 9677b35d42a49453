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

/// Longest list of ids, in characters: Salesforce answers for 200 records in one query.
const LIST: usize = 200 * 21;

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
    let start = format!("SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = {user} AND RecordId IN ");
    let mut access = BTreeMap::new();
    for answer in composite::queries(exchange, api::QUERY, &soql::in_lists(&start, &ids, "", LIST))? {
        access.extend(answer.read(|answer| read(&answer))?);
    }
    // Of what Salesforce does not speak, nobody sees anything.
    Ok(records.iter().map(|record| access.get(&record.id).copied().unwrap_or_default()).collect())
}

fn read(answer: &Node<'_>) -> Result<Vec<(String, bool)>, Wrong> {
    let rows = answer.member("records")?.required_list()?;
    rows.iter().map(|row| Ok((row.member("RecordId")?.required_id(MAX_ID)?, row.member("HasReadAccess")?.flag()?))).collect()
}
