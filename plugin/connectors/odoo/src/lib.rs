//! Connector for Odoo 19 and later: contacts, companies and leads, and calls as messages in their chatter.
//!
//! Each exported interface has a module of its own. What they share:
//!
//! * `json2` calls one method of one model, `judgement` says which kind of failure a refusal is, `load` reads the answers of the one method that
//!   refuses with a success, and `narrowing` finds out which of many rows it refused.
//! * `domain` writes what is searched for: as JSON values, so that no text from outside is ever a part of a condition.
//! * `model` and `record` are the nouns: which tables there are, what is asked of them, and how a row becomes an entity.
//! * `message` is a call in Odoo's words, `follow_up` the reminder to call back.
//!
//! Facts about Odoo in the comments were measured on Odoo Community 19.0; its documentation calls this door "External JSON-2 API".

#![allow(clippy::result_large_err, reason = "failures are the contract's, and cross the border once a call")]

mod account;
mod amending;
mod authors;
pub mod bindings;
mod creation;
mod description;
mod domain;
mod external_id;
mod follow_up;
mod journal;
mod json2;
mod judgement;
mod load;
mod lookup;
mod message;
mod model;
mod narrowing;
mod record;
mod row;
mod search;
mod settings_page;
mod texts;
mod users;

/// The component.
pub struct Odoo;

// The names of a component's exports mean nothing to other linkers.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "generated code")]
mod exported {
    use super::Odoo;

    crate::bindings::export!(Odoo with_types_in crate::bindings);
}
