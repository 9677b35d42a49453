//! What the host does, in figures: Prometheus' text format 0.0.4, and whether all is well ([`Health`]).
//!
//! Whoever runs a host gives [`Metrics::told`] what the observer is told, wraps the store ([`Watched`]), and shows [`Metrics::page`]. Labels
//! take values of closed sets alone: an account that is not known by its id counts as "other". No figure names a person, a number or a call.
//!
//! | metric | kind | labels | what |
//! |---|---|---|---|
//! | `pbx_crm_build_info` | gauge | `version` | always 1 |
//! | `pbx_crm_start_time_seconds` | gauge | | when the host began, in seconds since 1970 |
//! | `pbx_crm_core_seen_timestamp_seconds` | gauge | | when the core's thread was last seen at work, in seconds since 1970; every second as a rule |
//! | `pbx_crm_events_total` | counter | `event` | events of calls that were taken in |
//! | `pbx_crm_events_ignored_total` | counter | `why` | events of calls that were not taken in |
//! | `pbx_crm_hook_failures_total` | counter | `why` | hooks of the plugin that failed: nothing of them was kept |
//! | `pbx_crm_connector_calls_total` | counter | `connector`, `function`, `outcome` | calls of connectors, answered or failed |
//! | `pbx_crm_connector_requests_total` | counter | `connector` | HTTP requests to the CRM |
//! | `pbx_crm_connector_cost_total` | counter | `connector` | their cost in the CRM's own counting |
//! | `pbx_crm_connector_denied_total` | counter | `connector` | requests that a connector had not declared; none was sent |
//! | `pbx_crm_account_open` | gauge | `connector` | 1: the account is asked; 0: not for a while |
//! | `pbx_crm_account_enabled` | gauge | `connector` | 0: switched off by an administrator |
//! | `pbx_crm_connector_given_up_total` | counter | `connector` | times that a function was given up since the connector crashed at one call of it after another |
//! | `pbx_crm_work_items` | gauge | `state` | work in the store: pending, leased, dead, and what is still remembered of done and discarded |
//! | `pbx_crm_work_oldest_seconds` | gauge | | age of the oldest pending work, in seconds; 0: there is none |
//! | `pbx_crm_work_retries_total` | counter | `task` | failed tries after which work waits |
//! | `pbx_crm_work_deaths_total` | counter | `task` | work that ended without success |
//! | `pbx_crm_orders_total` | counter | | administrators' orders that were carried out, or could not be |
//! | `pbx_crm_store_room` | gauge | `room` | 1 at the one that holds: enough, scarce, no-creations (no records are made any more), none (events are refused) |
//! | `pbx_crm_store_writable` | gauge | | 0: the last write to the disk failed |
//! | `pbx_crm_store_write_errors_total` | counter | | writes to the disk that failed |
//! | `pbx_crm_store_last_error_timestamp_seconds` | gauge | | when the last of them failed, in seconds since 1970; 0: never |
//! | `pbx_crm_component_log_lines_total` | counter | `level` | lines that plugin and connectors logged |
//! | `pbx_crm_log_lines_dropped_total` | counter | | lines of the log that whoever takes them was too slow for |

mod families;
mod health;
mod told;
mod values;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use health::{Grade, Health, Reason};
pub use watched::Watched;

use crate::event::Moment;
use crate::store::{AccountState, Counts, Room};
use values::Values;

/// The `Content-Type` of [`Metrics::page`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Figures of one host. To be shared between threads; no method waits longer than others take to add a number.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    values: Values,
    connectors: Vec<String>,
    /// Accounts that are not asked now, until when.
    closed: BTreeMap<String, Moment>,
    disabled: BTreeSet<String>,
    /// Accounts of which some work waits since their connector crashes.
    crashed: BTreeSet<String>,
    counts: Option<Counts>,
    room: Room,
    /// Why the store cannot write.
    unwritten: Option<String>,
    /// Why it cannot be read.
    unread: Option<String>,
    /// When the core's thread was last seen at work.
    seen: Option<Moment>,
}

impl Metrics {
    /// Of a host with these accounts, by the ids of their connectors.
    #[must_use]
    pub fn new(connectors: impl IntoIterator<Item = String>, now: Moment) -> Self {
        let connectors: Vec<String> = connectors.into_iter().collect();
        let mut values = Values::default();
        families::begin(&mut values, &connectors, now);
        let inner = Inner {
            values,
            connectors,
            closed: BTreeMap::new(),
            disabled: BTreeSet::new(),
            crashed: BTreeSet::new(),
            counts: None,
            room: Room::Enough,
            unwritten: None,
            unread: None,
            seen: None,
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// How much work there is, as somebody has just found out; or why that cannot be read.
    pub fn counted(&self, counts: Result<Counts, String>) {
        let mut inner = self.inner();
        match counts {
            Ok(counts) => (inner.counts, inner.unread) = (Some(counts), None),
            Err(why) => inner.unread = Some(why),
        }
    }

    /// Is there room for more work?
    pub fn room(&self, room: Room) {
        self.inner().room = room;
    }

    /// How accounts stand.
    pub fn accounts(&self, states: &[AccountState]) {
        let named =
            |wanted: fn(&&AccountState) -> bool| states.iter().filter(wanted).map(|state| state.account.connector.clone()).collect();
        let (disabled, crashed) = (named(|state| !state.enabled), named(|state| !state.crashed.is_empty()));
        let mut inner = self.inner();
        (inner.disabled, inner.crashed) = (disabled, crashed);
    }

    /// So many lines of the log were dropped since the start.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.inner().values.set("pbx_crm_log_lines_dropped_total", &[], lines);
    }

    /// All figures as text, for a scrape.
    #[must_use]
    pub fn page(&self, now: Moment) -> String {
        let mut inner = self.inner();
        inner.bring_up_to_date(now);
        inner.values.text(families::FAMILIES)
    }

    /// Is all well?
    #[must_use]
    pub fn health(&self, now: Moment) -> Health {
        health::judge(&self.inner(), now)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Figures that are states.
    fn bring_up_to_date(&mut self, now: Moment) {
        if let Some(counts) = self.counts {
            let states = [
                ("pending", counts.pending),
                ("leased", counts.leased),
                ("dead", counts.dead),
                ("done", counts.done),
                ("discarded", counts.discarded),
            ];
            for (state, count) in states {
                self.values.set("pbx_crm_work_items", &[("state", state)], count);
            }
            let age = counts.oldest.map_or(0, |oldest| now.saturating_sub(oldest) / 1000);
            self.values.set("pbx_crm_work_oldest_seconds", &[], age);
        }
        for (room, word) in families::ROOMS {
            self.values.set("pbx_crm_store_room", &[("room", word)], u64::from(self.room == room));
        }
        for connector in &self.connectors {
            let open = !self.closed.contains_key(connector);
            let enabled = !self.disabled.contains(connector);
            self.values.set("pbx_crm_account_open", &[("connector", connector)], u64::from(open));
            self.values.set("pbx_crm_account_enabled", &[("connector", connector)], u64::from(enabled));
        }
        self.values.set("pbx_crm_store_writable", &[], u64::from(self.unwritten.is_none()));
        self.values.set("pbx_crm_core_seen_timestamp_seconds", &[], self.seen.unwrap_or(0) / 1000);
    }
}

#[cfg(test)]
mod tests;
