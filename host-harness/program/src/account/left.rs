//! What waits for an account in the store, and what its host is told when the account is connected or disconnected.

use std::collections::BTreeSet;

use pbx_crm_host::account::CrmAccount;
use pbx_crm_host::host::now;
use pbx_crm_host::store::sqlite::{Database, ListFilter, State, order};
use pbx_crm_host::store::{AccountState, Order};

use super::{About, AccountError};
use crate::queue::who;

/// Most items that are counted: more are told as so many.
const MOST: usize = 100_000;

/// How many entries and other work an account has that is not done.
///
/// # Errors
/// The store cannot be read.
pub(super) fn waiting(about: &About, account: &CrmAccount) -> Result<usize, AccountError> {
    let place = about.place()?;
    let states = BTreeSet::from([State::Pending, State::Leased, State::Dead]);
    let filter = ListFilter { states, connector: Some(id(about, account)), ..ListFilter::default() };
    let counted = Database::look(&place.database()).map_err(|why| AccountError::Said(why.to_string()))?.list(&filter, 0, MOST);
    Ok(counted.map_err(|why| AccountError::Said(why.to_string()))?.len())
}

/// The account as the host left it in the store; none: no host has begun with it yet.
///
/// # Errors
/// The store cannot be read.
pub(super) fn state(about: &About, account: &CrmAccount) -> Result<Option<AccountState>, AccountError> {
    let id = id(about, account);
    let look = Database::look(&about.place()?.database()).map_err(|why| AccountError::Said(why.to_string()))?;
    let states = look.accounts().map_err(|why| AccountError::Said(why.to_string()))?;
    Ok(states.into_iter().find(|state| state.account.connector == id))
}

/// A host that runs asks the account at once; one that starts later begins with it.
///
/// # Errors
/// The store cannot be written.
pub(super) fn connected(about: &About, account: &CrmAccount) -> Result<(), AccountError> {
    let connector = id(about, account);
    leave(about, &[Order::Enable { connector: connector.clone() }, Order::Reopen { connector }])
}

/// Nothing is sent to the account any more, and what waits for it is discarded.
///
/// # Errors
/// The store cannot be written.
pub(super) fn disconnected(about: &About, account: &CrmAccount) -> Result<(), AccountError> {
    leave(about, &[Order::Forget { connector: id(about, account) }])
}

fn leave(about: &About, orders: &[Order]) -> Result<(), AccountError> {
    let file = about.place()?.database();
    orders.iter().try_for_each(|wanted| order(&file, wanted, &who(), now()).map(drop).map_err(|why| AccountError::Said(why.to_string())))
}

fn id(about: &About, account: &CrmAccount) -> String {
    about.account.clone().unwrap_or_else(|| account.connector().description().id.clone())
}
