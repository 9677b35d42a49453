//! The smallest plugin that does something: when a phone rings, a card says who calls and how to greet them.
//!
//! It knows nothing of a CRM (world `pbx:hooks/listener`), and serves the host's tests and documentation.

// Exported names of a component mean nothing to a native linker.
#![cfg(target_family = "wasm")]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod card;
mod settings_page;
mod texts;

/// The contract in Rust, made from the WIT files.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
mod contract {
    wit_bindgen::generate!({ path: ["../../../wit/base", "../../../wit/hooks"], world: "pbx:hooks/listener", generate_all });
}

use contract::exports::pbx::hooks::call_events::{Answered, Ended, Guest, Merged, Rang, Started};
use contract::pbx::base::types::HookError;

struct Greeter;

impl Guest for Greeter {
    fn on_start(_: Started) -> Result<(), HookError> {
        Ok(())
    }
    fn on_ring(event: Rang) -> Result<(), HookError> {
        card::show(&event)
    }
    fn on_answer(_: Answered) -> Result<(), HookError> {
        Ok(())
    }
    fn on_end(_: Ended) -> Result<(), HookError> {
        Ok(())
    }
    fn on_merged(_: Merged) -> Result<(), HookError> {
        Ok(())
    }
}

contract::export!(Greeter with_types_in contract);
