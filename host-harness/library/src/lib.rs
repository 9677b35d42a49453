#![deny(missing_docs)]
//! draft
pub mod binding;
#[allow(missing_docs)]
pub mod bindings;
pub mod component;
mod connector;
pub mod core;
pub mod engine;
pub mod event;
mod hook;
pub mod limits;
pub mod number;
pub mod pbx;
pub mod settings;
pub mod store;
pub mod texts;
