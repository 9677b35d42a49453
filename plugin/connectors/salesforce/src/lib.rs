//! Connector for Salesforce: contacts, leads and accounts, and calls as tasks.
//!
//! Each exported interface has a module of its own. What they share:
//!
//! * `exchange` sends a request and reads its answer, `composite` puts several into one; `complaint` reads what Salesforce says of a refusal and
//!   `judgement` decides which kind of failure that is.
//! * `soql` and `sosl` write queries and searches: whatever comes from outside passes an encoder there.
//! * `kinds`, `columns` and `record` are the nouns: which records there are, what is asked of them, and how an answer becomes an entity.
//! * `task` is a call in Salesforce's words, `whereabouts` finds out what became of a record that is gone.
//!
//! Numbers in the comments are those of Salesforce's "App Limits Cheat Sheet" and "REST API Developer Guide".

#![allow(clippy::result_large_err, reason = "failures are the contract's, and cross the border once a call")]

mod account;
mod allowance;
mod amending;
mod api;
pub mod bindings;
mod collection;
mod columns;
mod complaint;
mod composite;
mod creation;
mod description;
mod draft_json;
mod duplicates;
mod exchange;
mod gathered;
mod journal;
mod judgement;
mod kinds;
mod limit_info;
mod lookup;
mod phone_patterns;
mod record;
mod search;
mod settings_page;
mod soql;
mod sosl;
mod task;
mod texts;
mod users;
mod visibility;
mod whereabouts;

/// The component.
pub struct Salesforce;

// The names of a component's exports mean nothing to other linkers.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "generated code")]
mod exported {
    use super::Salesforce;

    crate::bindings::export!(Salesforce with_types_in crate::bindings);
}
