//! Who made a call: authors of messages are partners, and each user has one.

use std::collections::{BTreeMap, BTreeSet};

use pbx_connector_kit::{
    json::{Node, Wrong},
    types::Failure,
};
use serde_json::json;

use crate::{
    domain,
    json2::Exchange,
    model::{self, USERS},
    row,
};

/// The partners of these users, by the users' ids. Nothing is asked where there are none.
///
/// # Errors
/// Odoo could not be asked.
pub fn partners(exchange: &mut Exchange<'_>, users: &BTreeSet<u64>) -> Result<BTreeMap<u64, u64>, Failure> {
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<u64> = users.iter().copied().collect();
    let arguments = json!({ "domain": domain::all(vec![domain::leaf("id", "in", ids)]), "fields": ["id", "partner_id"] });
    let pair = |record: &Node<'_>| -> Result<Option<(u64, u64)>, Wrong> {
        let partner = row::reference(record, "partner_id")?.and_then(|(id, _)| model::id(&id));
        Ok(model::id(&row::id(record, "id")?).zip(partner))
    };
    Ok(exchange.ask(USERS, "search_read", arguments)?.rows(pair)?.into_iter().flatten().collect())
}
