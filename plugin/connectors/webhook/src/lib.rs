//! Connector for a company's own address-book service. What such a service must answer is in this folder's `README.md`.
//!
//! Each exported interface has a module of its own; what they share is in `exchange` (one question and its answer), `record_json`,
//! `call_json` and `results` (the protocol's nouns).

#![allow(clippy::result_large_err, reason = "failures are the contract's, and cross the border once a call")]

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
#[allow(unsafe_code, reason = "generated code")]
mod exported {
    use super::Webhook;

    crate::bindings::export!(Webhook with_types_in crate::bindings);
}
