//! What the firmware provides: facts about the PBX, and who is on it.

use std::collections::BTreeMap;

use chrono::{Datelike, Offset, TimeZone, Timelike};

use crate::bindings::hooks::directory::{Extension, Group};
use crate::bindings::hooks::host::{HostFacts, WallClock};
use crate::event::Moment;

/// The PBX as the host sees it. Reads are answered within a hook, so they must come from memory.
pub trait Pbx: Send {
    /// Facts that change with an upgrade, a licence or a setting. `host_version` is filled in by the host.
    fn facts(&self) -> HostFacts;
    /// None: there is no such extension.
    fn extension(&self, id: &str) -> Option<Extension>;
    /// None: there is no such group.
    fn group(&self, id: &str) -> Option<Group>;
    /// Extensions by number, at most `limit`, from the one after `after`.
    fn extensions_after(&self, after: &str, limit: usize) -> Vec<Extension>;
    /// Groups by id, at most `limit`, from the one after `after`.
    fn groups_after(&self, after: &str, limit: usize) -> Vec<Group>;
}

/// A [`Pbx`] whose facts and directory are given once: for tests, scenarios and small systems.
#[derive(Debug, Clone)]
pub struct StaticPbx {
    facts: HostFacts,
    extensions: BTreeMap<String, Extension>,
    groups: BTreeMap<String, Group>,
}

impl StaticPbx {
    /// A PBX of that country (ISO 3166-1 alpha-2) and time zone (IANA), without anybody on it; English.
    #[must_use]
    pub fn new(country: &str, time_zone: &str) -> Self {
        Self {
            facts: HostFacts {
                pbx: String::new(),
                pbx_version: String::new(),
                host_version: env!("CARGO_PKG_VERSION").to_owned(),
                country: country.to_owned(),
                language: "en".to_owned(),
                time_zone: time_zone.to_owned(),
                public_address: None,
                licences: Vec::new(),
                abilities: Vec::new(),
                extras: Vec::new(),
            },
            extensions: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Changes the facts.
    #[must_use]
    pub fn with_facts(mut self, change: impl FnOnce(&mut HostFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    /// Adds an extension; its groups are filled in from the groups' members.
    #[must_use]
    pub fn with_extension(mut self, id: &str, name: &str, email: Option<&str>) -> Self {
        let groups =
            self.groups.values().filter(|group| group.members.iter().any(|member| member == id)).map(|group| group.id.clone()).collect();
        self.extensions.insert(
            id.to_owned(),
            Extension {
                id: id.to_owned(),
                name: name.to_owned(),
                email: email.map(str::to_owned),
                groups,
                language: None,
                extras: Vec::new(),
            },
        );
        self
    }

    /// Adds a group.
    #[must_use]
    pub fn with_group(mut self, group: Group) -> Self {
        for member in &group.members {
            if let Some(extension) = self.extensions.get_mut(member) {
                extension.groups.push(group.id.clone());
            }
        }
        self.groups.insert(group.id.clone(), group);
        self
    }
}

impl Pbx for StaticPbx {
    fn facts(&self) -> HostFacts {
        self.facts.clone()
    }

    fn extension(&self, id: &str) -> Option<Extension> {
        self.extensions.get(id).cloned()
    }

    fn group(&self, id: &str) -> Option<Group> {
        self.groups.get(id).cloned()
    }

    fn extensions_after(&self, after: &str, limit: usize) -> Vec<Extension> {
        after_key(&self.extensions, after, limit)
    }

    fn groups_after(&self, after: &str, limit: usize) -> Vec<Group> {
        after_key(&self.groups, after, limit)
    }
}

fn after_key<T: Clone>(map: &BTreeMap<String, T>, after: &str, limit: usize) -> Vec<T> {
    use std::ops::Bound::{Excluded, Unbounded};
    map.range::<str, _>((Excluded(after), Unbounded)).take(limit).map(|(_, value)| value.clone()).collect()
}

/// A moment on the wall clock of an IANA time zone, daylight saving included. An unknown zone is taken as UTC.
#[must_use]
pub fn wall_clock(time_zone: &str, at: Moment) -> WallClock {
    let zone: chrono_tz::Tz = time_zone.parse().unwrap_or(chrono_tz::UTC);
    let millis = i64::try_from(at).unwrap_or(i64::MAX).min(253_402_300_799_999);
    let local = zone.timestamp_millis_opt(millis).earliest().unwrap_or_else(|| zone.timestamp_nanos(0));
    WallClock {
        year: u16::try_from(local.year()).unwrap_or(1970),
        month: u8::try_from(local.month()).unwrap_or(1),
        day: u8::try_from(local.day()).unwrap_or(1),
        hour: u8::try_from(local.hour()).unwrap_or(0),
        minute: u8::try_from(local.minute()).unwrap_or(0),
        second: u8::try_from(local.second()).unwrap_or(0),
        utc_offset_minutes: i16::try_from(local.offset().fix().local_minus_utc() / 60).unwrap_or(0),
    }
}
