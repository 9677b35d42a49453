//! What hooks read and the core keeps: live calls, notes, and the way to the durable store.

use std::collections::{BTreeMap, BTreeSet};

use super::agenda::Agenda;
use super::call::CallState;
use super::page::PageAt;
use crate::binding::Bindings;
use crate::bindings::connector::exports::pbx::crm::description::KindInfo;
use crate::bindings::crm::connections::Connection;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::calls::LegState;
use crate::number::DialPlan;
use crate::pbx::Pbx;
use crate::settings::Settings;
use crate::store::Store;

/// Lent to each hook and taken back when it returns.
pub(crate) struct State {
    pub(crate) calls: BTreeMap<String, CallState>,
    /// By call, then key.
    pub(crate) notes: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) store: Box<dyn Store>,
    /// What of the store is unfinished.
    pub(crate) agenda: Agenda,
    pub(crate) pbx: Box<dyn Pbx>,
    pub(crate) numbers: DialPlan,
    /// Of the plugin.
    pub(crate) settings: Settings,
    /// Connected, in the administrator's order.
    pub(crate) accounts: Vec<Account>,
    pub(crate) bindings: Bindings,
    /// Links that the host made in hooks of a call: only these may open by themselves.
    pub(crate) links: BTreeMap<String, BTreeSet<String>>,
}

/// A connected CRM account as plugins see it.
pub(crate) struct Account {
    pub(crate) connection: Connection,
    /// False: an administrator switched it off, and for plugins it is not there.
    pub(crate) enabled: bool,
    /// Address for API requests and pages, without a final "/".
    pub(crate) base: String,
    /// Address of pages where it is not that one, without a final "/".
    pub(crate) pages: Option<String>,
    pub(crate) organisation: String,
    pub(crate) kinds: Vec<KindInfo>,
}

impl State {
    /// Accounts that plugins may use.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(|account| account.enabled)
    }

    /// Does the extension ring or talk in that call now?
    pub(crate) fn takes_part(&self, extension: &str, call: &str) -> bool {
        self.calls.get(call).is_some_and(|state| {
            state.call().legs.iter().any(|leg| {
                leg.extension == extension
                    && leg.left_at.is_none()
                    && (matches!(leg.state, LegState::Ringing | LegState::Talking) || leg.placed_call)
            })
        })
    }

    /// The page of a record, from the connector's pattern and the account's address.
    pub(crate) fn link(&self, reference: &RecordRef) -> Option<String> {
        let account = self.accounts.iter().find(|account| account.connection.id == reference.connector)?;
        // A kind that stands there for several roles has one pattern in all.
        let pattern = account.kinds.iter().find(|kind| kind.kind == reference.kind)?.page.as_ref()?;
        let at = PageAt { base: &account.base, pages: account.pages.as_deref(), organisation: &account.organisation };
        at.address(pattern, reference)
    }
}
