//! Connector for a company's own address-book service. What such a service must answer is in this folder's `README.md`.
//!
//! Each exported interface has a module of its own; what they share is in `exchange` (one question and its answer), `record_json`,
//! `call_json` and `results` (the protocol's nouns).

#![deny(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::result_large_err, reason = "failures are the contract's, and cross the border once a call")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod account;
mod amending;
mod bindings;
mod call_json;
mod creation;
mod description;
mod exchange;
mod journal;
mod kinds;
mod lookup;
mod record_json;
mod results;
mod search;
mod settings_page;
mod texts;

/// The component.
struct Webhook;

// The names of a component's exports mean nothing to other linkers.
#[cfg(target_arch = "wasm32")]
bindings::export!(Webhook with_types_in bindings);
