//! Reads about the PBX: facts, clock, settings, numbers, directory, calls and their notes.

use super::{HookData, short};
use crate::bindings::base::types::{Number, Setting, SettingValue};
use crate::bindings::hooks::calls::Call;
use crate::bindings::hooks::host::{HostFacts, WallClock};
use crate::bindings::hooks::numbers::Sameness;
use crate::bindings::hooks::{directory, host, live_calls, notes, numbers, settings};
use crate::limits;

impl host::Host for HookData {
    fn facts(&mut self) -> wasmtime::Result<HostFacts> {
        let mut facts = self.state.pbx.facts();
        facts.host_version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(facts)
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now)
    }

    fn wall_clock_at(&mut self, at: u64) -> wasmtime::Result<WallClock> {
        Ok(crate::pbx::wall_clock(&self.state.pbx.facts().time_zone, at))
    }
}

impl settings::Host for HookData {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<SettingValue>> {
        Ok(self.state.settings.get(&key))
    }

    fn all(&mut self) -> wasmtime::Result<Vec<Setting>> {
        Ok(self.state.settings.all())
    }
}

impl numbers::Host for HookData {
    fn parse(&mut self, raw: String) -> wasmtime::Result<Number> {
        Ok(self.state.numbers.parse(&raw))
    }

    fn same(&mut self, number: Number, stored: String) -> wasmtime::Result<Sameness> {
        Ok(self.state.numbers.same(&number, &stored))
    }
}

impl directory::Host for HookData {
    fn get_extension(&mut self, id: String) -> wasmtime::Result<Option<directory::Extension>> {
        Ok(self.state.pbx.extension(&id))
    }

    fn get_group(&mut self, id: String) -> wasmtime::Result<Option<directory::Group>> {
        Ok(self.state.pbx.group(&id))
    }

    fn list_extensions(&mut self, after: String, limit: u32) -> wasmtime::Result<Vec<directory::Extension>> {
        Ok(self.state.pbx.extensions_after(&after, limit.clamp(1, 500) as usize))
    }

    fn list_groups(&mut self, after: String, limit: u32) -> wasmtime::Result<Vec<directory::Group>> {
        Ok(self.state.pbx.groups_after(&after, limit.clamp(1, 500) as usize))
    }
}

impl live_calls::Host for HookData {
    fn get(&mut self, id: String) -> wasmtime::Result<Option<Call>> {
        Ok(self.state.calls.get(&id).map(|call| call.at(self.now)))
    }

    fn of_extension(&mut self, extension: String) -> wasmtime::Result<Vec<Call>> {
        let mut calls: Vec<Call> = self
            .state
            .calls
            .iter()
            .filter(|(id, state)| !state.ended() && self.state.takes_part(&extension, id))
            .map(|(_, state)| state.at(self.now))
            .collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.started_at));
        calls.truncate(limits::LIST_ITEMS);
        Ok(calls)
    }
}

impl notes::Host for HookData {
    fn get(&mut self, call: String, key: String) -> wasmtime::Result<Option<String>> {
        if let Some(written) = self.unit.notes.get(&(call.clone(), key.clone())) {
            return Ok(written.clone());
        }
        Ok(self.state.notes.get(&call).and_then(|notes| notes.get(&key)).cloned())
    }

    fn set(&mut self, call: String, key: String, value: String) -> wasmtime::Result<bool> {
        self.room()?;
        let known = self.state.calls.contains_key(&call) || self.state.notes.contains_key(&call);
        if !known || key.is_empty() || key.len() > 64 || value.len() > limits::TEXT_BYTES {
            return Ok(false);
        }
        let kept = self.state.notes.get(&call);
        let new = !kept.is_some_and(|notes| notes.contains_key(&key)) && !self.unit.notes.contains_key(&(call.clone(), key.clone()));
        let count = kept.map_or(0, std::collections::BTreeMap::len) + self.unit.notes.keys().filter(|(of, _)| *of == call).count();
        if new && count >= limits::NOTES {
            return Ok(false);
        }
        self.unit.notes.insert((call, key), Some(short(&value)));
        Ok(true)
    }

    fn remove(&mut self, call: String, key: String) -> wasmtime::Result<()> {
        self.room()?;
        self.unit.notes.insert((call, key), None);
        Ok(())
    }
}
