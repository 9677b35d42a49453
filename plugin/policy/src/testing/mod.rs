//! A host in memory, and calls played on it: for tests of the decisions, and for benchmarks without a component.

mod numbers;
mod played_call;
mod render;

pub use numbers::{number, of_kind, sameness};
pub use played_call::PlayedCall;
pub use render::render;

use crate::contract::pbx::base::types::{Message, Number, SettingValue};
use crate::contract::pbx::crm::connections::{Connection, KindInfo, User};
use crate::contract::pbx::crm::known_records::Known;
use crate::contract::pbx::crm::requests::RequestError;
use crate::contract::pbx::crm::types::{About, Draft, Entity, JournalEntry, RecordRef, Role, UserRef};
use crate::contract::pbx::hooks::clients::{Card, ClientError, Lifetime};
use crate::contract::pbx::hooks::directory::Extension;
use crate::contract::pbx::hooks::host::{HostFacts, WallClock};
use crate::contract::pbx::hooks::log::Level;
use crate::contract::pbx::hooks::numbers::Sameness;
use crate::settings_page;
use crate::world::World;
use std::collections::BTreeMap;

/// Id of the connection that [`InMemory::new`] has.
pub const CONNECTOR: &str = "crm";

/// Something that the policy did, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A reason: decision and message.
    Reason(String, Message),
    /// A card: extension, content.
    Card(String, Card),
    /// A page: extension, link, lifetime.
    Page(String, String, Lifetime),
    /// A look-up: number as received.
    Match(String),
    /// A creation: key, draft.
    Create(String, Draft),
    /// An entry: key, where it goes, content.
    Journal(String, About, JournalEntry),
    /// An answer to an agent: carried out or not, words.
    Reply(bool, Message),
}

/// A host in memory. Fields are what the reads answer; `deeds` is what was written and requested.
pub struct InMemory {
    /// Facts of the PBX.
    pub facts: HostFacts,
    /// Milliseconds since 1970.
    pub now: u64,
    /// Local time minus UTC, in minutes.
    pub utc_offset_minutes: i16,
    /// Settings in force, defaults filled in.
    pub settings: BTreeMap<String, SettingValue>,
    /// The directory.
    pub extensions: Vec<Extension>,
    /// Connected CRM accounts.
    pub connections: Vec<Connection>,
    /// Who is bound: (extension, connector) and user.
    pub bindings: BTreeMap<(String, String), User>,
    /// Records that the host remembers.
    pub known: Vec<Known>,
    /// Notes: (call, key) and value.
    pub notes: BTreeMap<(String, String), String>,
    /// What every request is refused with, if it is.
    pub refuses: Option<RequestError>,
    /// What every card and page is refused with, if it is.
    pub shows_nothing: Option<ClientError>,
    /// False: the CRM has no pages.
    pub has_pages: bool,
    /// What the policy did, in order.
    pub deeds: Vec<Deed>,
}

impl Default for InMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl InMemory {
    /// One connection that creates persons and prospects, default settings, nobody bound, at 2026-01-02 03:04:05 UTC, two
    /// hours west of the PBX.
    pub fn new() -> Self {
        let kind = |kind: &str, role, can_create| KindInfo { kind: kind.to_owned(), role, can_create, extras: vec![] };
        Self {
            facts: HostFacts {
                pbx: "test".to_owned(),
                pbx_version: "1.0".to_owned(),
                host_version: "0.1.0".to_owned(),
                country: "US".to_owned(),
                language: "en".to_owned(),
                time_zone: "Etc/GMT-2".to_owned(),
                public_address: None,
                licences: vec![],
                abilities: vec![],
                extras: vec![],
            },
            now: 1_767_323_045_000,
            utc_offset_minutes: 120,
            settings: settings_page::schema().into_iter().map(|field| (field.key, field.default)).collect(),
            extensions: vec![],
            connections: vec![Connection {
                id: CONNECTOR.to_owned(),
                name: "Test CRM".to_owned(),
                organisation: "Example".to_owned(),
                kinds: vec![
                    kind("contact", Role::Person, true),
                    kind("lead", Role::Prospect, true),
                    kind("account", Role::Organisation, false),
                ],
                creates: true,
                abilities: vec![],
                extras: vec![],
            }],
            bindings: BTreeMap::new(),
            known: vec![],
            notes: BTreeMap::new(),
            refuses: None,
            shows_nothing: None,
            has_pages: true,
            deeds: vec![],
        }
    }

    /// Adds an extension with its owner's name.
    pub fn add_extension(&mut self, id: &str, name: &str) {
        self.extensions.push(Extension {
            id: id.to_owned(),
            name: name.to_owned(),
            email: None,
            groups: vec![],
            language: None,
            extras: vec![],
        });
    }

    /// Binds an extension to a user of the first connection.
    pub fn bind(&mut self, extension: &str, user: &str) {
        self.bind_at(extension, CONNECTOR, user);
    }

    /// Binds an extension to a user of any connection; the user's name is their id.
    pub fn bind_at(&mut self, extension: &str, connector: &str, user: &str) {
        let reference = UserRef { connector: connector.to_owned(), id: user.to_owned() };
        let user = User { reference, name: user.to_owned(), email: String::new(), active: true, extras: vec![] };
        self.bindings.insert((extension.to_owned(), connector.to_owned()), user);
    }

    /// Changes a setting.
    pub fn set(&mut self, key: &str, value: SettingValue) {
        self.settings.insert(key.to_owned(), value);
    }

    /// Changes a setting that is a text.
    pub fn set_text(&mut self, key: &str, value: &str) {
        self.set(key, SettingValue::Text(value.to_owned()));
    }

    /// Changes a setting that is a list of texts.
    pub fn set_texts(&mut self, key: &str, values: &[&str]) {
        self.set(key, SettingValue::Texts(values.iter().map(ToString::to_string).collect()));
    }

    /// What the policy did since the last time, and forgets it.
    pub fn take(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// All reasons so far as people read them.
    pub fn timeline(&self, language: &str) -> Vec<String> {
        let line = |deed: &Deed| match deed {
            Deed::Reason(decision, why) => Some(format!("{decision}: {}", render(language, why))),
            _ => None,
        };
        self.deeds.iter().filter_map(line).collect()
    }

    /// Message ids of all reasons so far.
    pub fn reasons(&self) -> Vec<&str> {
        self.deeds
            .iter()
            .filter_map(|deed| match deed {
                Deed::Reason(_, why) => Some(why.id.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Extensions for which a page was opened, in order.
    pub fn pages(&self) -> Vec<&str> {
        self.deeds
            .iter()
            .filter_map(|deed| match deed {
                Deed::Page(extension, ..) => Some(extension.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Journal entries asked for, in order.
    pub fn entries(&self) -> Vec<&JournalEntry> {
        self.deeds
            .iter()
            .filter_map(|deed| match deed {
                Deed::Journal(_, _, entry) => Some(entry),
                _ => None,
            })
            .collect()
    }

    /// Records asked for, in order.
    pub fn drafts(&self) -> Vec<&Draft> {
        self.deeds
            .iter()
            .filter_map(|deed| match deed {
                Deed::Create(_, draft) => Some(draft),
                _ => None,
            })
            .collect()
    }

    /// How many look-ups were asked for.
    pub fn look_ups(&self) -> usize {
        self.deeds.iter().filter(|deed| matches!(deed, Deed::Match(_))).count()
    }

    fn requested(&mut self, deed: Deed) -> Result<(), RequestError> {
        match &self.refuses {
            Some(error) => Err(error.clone()),
            None => {
                self.deeds.push(deed);
                Ok(())
            }
        }
    }

    fn show(&mut self, deed: Deed) -> Result<(), ClientError> {
        match &self.shows_nothing {
            Some(error) => Err(error.clone()),
            None => {
                self.deeds.push(deed);
                Ok(())
            }
        }
    }
}

/// A person of the first connection with one number.
pub fn person(id: &str, name: &str, stored: &str) -> Entity {
    Entity {
        reference: RecordRef { connector: CONNECTOR.to_owned(), kind: "contact".to_owned(), id: id.to_owned() },
        role: Role::Person,
        name: name.to_owned(),
        first_name: None,
        last_name: None,
        company: Some("Example Ltd".to_owned()),
        organisation: None,
        phones: vec![("mobile".to_owned(), stored.to_owned())],
        emails: vec![],
        owner: None,
        changed_at: None,
        retired: false,
        extras: vec![],
    }
}

impl World for InMemory {
    fn facts(&self) -> HostFacts {
        self.facts.clone()
    }
    fn now(&self) -> u64 {
        self.now
    }
    fn wall_clock_at(&self, at: u64) -> WallClock {
        numbers::wall_clock(at, self.utc_offset_minutes)
    }
    fn setting(&self, key: &str) -> Option<SettingValue> {
        self.settings.get(key).cloned()
    }
    fn same(&self, number: &Number, stored: &str) -> Sameness {
        sameness(number, stored)
    }
    fn extension(&self, id: &str) -> Option<Extension> {
        self.extensions.iter().find(|extension| extension.id == id).cloned()
    }
    fn connections(&self) -> Vec<Connection> {
        self.connections.clone()
    }
    fn user_of(&self, extension: &str, connector: &str) -> Option<User> {
        self.bindings.get(&(extension.to_owned(), connector.to_owned())).cloned()
    }
    fn bound(&self, extension: &str) -> bool {
        self.bindings.keys().any(|(bound, _)| bound == extension)
    }
    fn known_by_number(&self, number: &Number) -> Vec<Known> {
        let has = |known: &&Known| known.entity.phones.iter().any(|(_, stored)| !matches!(sameness(number, stored), Sameness::No));
        self.known.iter().filter(has).cloned().collect()
    }
    fn known(&self, reference: &RecordRef) -> Option<Known> {
        self.known.iter().find(|known| known.entity.reference == *reference).cloned()
    }
    fn link(&self, reference: &RecordRef) -> Option<String> {
        self.has_pages.then(|| format!("https://crm.example/{}/{}", reference.kind, reference.id))
    }
    fn note(&self, call: &str, key: &str) -> Option<String> {
        self.notes.get(&(call.to_owned(), key.to_owned())).cloned()
    }
    fn set_note(&mut self, call: &str, key: &str, value: &str) -> bool {
        let fits = key.len() <= 64 && value.len() <= 4096;
        if fits {
            self.notes.insert((call.to_owned(), key.to_owned()), value.to_owned());
        }
        fits
    }
    fn log(&mut self, _level: Level, _text: &str) {}
    fn reason(&mut self, decision: &str, why: &Message) {
        self.deeds.push(Deed::Reason(decision.to_owned(), why.clone()));
    }
    fn show_card(&mut self, extension: &str, _call: &str, card: &Card, _lifetime: &Lifetime) -> Result<(), ClientError> {
        self.show(Deed::Card(extension.to_owned(), card.clone()))
    }
    fn open_page(&mut self, extension: &str, _call: &str, link: &str, _title: &str, lifetime: &Lifetime) -> Result<(), ClientError> {
        self.show(Deed::Page(extension.to_owned(), link.to_owned(), lifetime.clone()))
    }
    fn match_number(&mut self, _call: &str, number: &Number) -> Result<(), RequestError> {
        self.requested(Deed::Match(number.raw.clone()))
    }
    fn create(&mut self, key: &str, _call: &str, draft: &Draft) -> Result<(), RequestError> {
        self.requested(Deed::Create(key.to_owned(), draft.clone()))
    }
    fn journal(&mut self, key: &str, about: &About, entry: &JournalEntry) -> Result<(), RequestError> {
        self.requested(Deed::Journal(key.to_owned(), about.clone(), entry.clone()))
    }
    fn reply_done(&mut self, _request: &str, said: &Message) {
        self.deeds.push(Deed::Reply(true, said.clone()));
    }
    fn reply_refused(&mut self, _request: &str, why: &Message) {
        self.deeds.push(Deed::Reply(false, why.clone()));
    }
}
