//! The CRM logic of a PBX: which record a caller is, whose screen opens its page, when a record is made, and what stands
//! in the call journal for whom. It decides and never waits: see the contract (`wit/base`, `wit/hooks`, `wit/crm`).
//!
//! The decisions are plain functions over the trait [`World`]: [`policy`] has one function for each hook. Compiled to WASI,
//! a thin layer serves the trait by the host's imports; natively, [`testing`] serves it from memory, for tests and benchmarks.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod contract;

mod cards;
mod choice;
#[cfg(target_family = "wasm")]
mod component;
mod creation;
mod identify;
mod involvement;
mod journal;
pub mod keys;
mod memory;
mod message_ids;
mod outside;
pub mod policy;
mod pops;
mod questions;
mod refusals;
mod scene;
mod settings;
pub mod settings_page;
pub mod template;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod texts;
mod wording;
mod world;

pub use message_ids::ALL as MESSAGE_IDS;
pub use world::World;
