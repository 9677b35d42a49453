//! What a hook may read, write and ask for: one file for each group of the contract's imports.

mod clients;
mod crm;
mod log;
mod pbx;
mod phonebook;

use super::HookData;
use crate::bindings::{base, crm as crm_types, hooks};
use crate::limits;
use crate::number::cut;

impl base::types::Host for HookData {}
impl hooks::calls::Host for HookData {}
impl crm_types::types::Host for HookData {}

impl HookData {
    /// May one more write be taken? Beyond the limit the component is broken, and its hook fails as a whole.
    fn room(&self) -> wasmtime::Result<()> {
        if self.unit.writes() < limits::WRITES {
            Ok(())
        } else {
            Err(wasmtime::Error::msg(format!("one hook wrote more than {} things", limits::WRITES)))
        }
    }
}

/// A key of work as the contract allows it.
fn good_key(key: &str) -> bool {
    (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

/// The first of these texts that is longer than the limit, by its name.
fn too_long<'a>(texts: &[(&'a str, &str, usize)]) -> Option<&'a str> {
    texts.iter().find(|(_, text, limit)| text.len() > *limit).map(|(name, ..)| *name)
}

fn short(text: &str) -> String {
    cut(text, limits::TEXT_BYTES).to_owned()
}
