//! The component: each hook of the contract calls its function in `policy`, with the host's imports as the world.

use crate::contract::exports::pbx::base::{settings_page as page, texts as catalogue};
use crate::contract::exports::pbx::crm::{agent_questions, crm_answers};
use crate::contract::exports::pbx::hooks::call_events;
use crate::contract::pbx::base::types::{HookError, Message, Number, Setting, SettingValue};
use crate::contract::pbx::crm::connections::{self, Connection, User};
use crate::contract::pbx::crm::known_records::{self, Known};
use crate::contract::pbx::crm::requests::{self, RequestError};
use crate::contract::pbx::crm::types::{About, Draft, JournalEntry, RecordRef};
use crate::contract::pbx::hooks::clients::{self, Card, ClientError, Lifetime};
use crate::contract::pbx::hooks::directory::{self, Extension};
use crate::contract::pbx::hooks::host::{self, HostFacts, WallClock};
use crate::contract::pbx::hooks::log::{self, Level};
use crate::contract::pbx::hooks::numbers::{self, Sameness};
use crate::contract::pbx::hooks::{notes, replies, settings};
use crate::{policy, settings_page, texts, world::World};

struct Imports;

impl World for Imports {
    fn facts(&self) -> HostFacts {
        host::facts()
    }
    fn now(&self) -> u64 {
        host::now()
    }
    fn wall_clock_at(&self, at: u64) -> WallClock {
        host::wall_clock_at(at)
    }
    fn setting(&self, key: &str) -> Option<SettingValue> {
        settings::get(key)
    }
    fn same(&self, number: &Number, stored: &str) -> Sameness {
        numbers::same(number, stored)
    }
    fn extension(&self, id: &str) -> Option<Extension> {
        directory::get_extension(id)
    }
    fn connections(&self) -> Vec<Connection> {
        connections::active()
    }
    fn user_of(&self, extension: &str, connector: &str) -> Option<User> {
        connections::user_of(extension, connector)
    }
    fn bound(&self, extension: &str) -> bool {
        connections::bound(extension)
    }
    fn known_by_number(&self, number: &Number) -> Vec<Known> {
        known_records::by_number(number)
    }
    fn known(&self, reference: &RecordRef) -> Option<Known> {
        known_records::get(reference)
    }
    fn link(&self, reference: &RecordRef) -> Option<String> {
        known_records::link(reference)
    }
    fn note(&self, call: &str, key: &str) -> Option<String> {
        notes::get(call, key)
    }
    fn set_note(&mut self, call: &str, key: &str, value: &str) -> bool {
        notes::set(call, key, value)
    }
    fn log(&mut self, level: Level, text: &str) {
        log::write(level, text, &[]);
    }
    fn reason(&mut self, decision: &str, why: &Message) {
        log::reason(decision, why);
    }
    fn show_card(&mut self, extension: &str, call: &str, card: &Card, lifetime: &Lifetime) -> Result<(), ClientError> {
        clients::show_card(extension, call, card, lifetime)
    }
    fn open_page(&mut self, extension: &str, call: &str, link: &str, title: &str, lifetime: &Lifetime) -> Result<(), ClientError> {
        clients::open_page(extension, call, link, title, lifetime)
    }
    fn match_number(&mut self, call: &str, number: &Number) -> Result<(), RequestError> {
        requests::match_number(call, number)
    }
    fn create(&mut self, key: &str, call: &str, draft: &Draft) -> Result<(), RequestError> {
        requests::create(key, Some(call), draft)
    }
    fn journal(&mut self, key: &str, about: &About, entry: &JournalEntry) -> Result<(), RequestError> {
        requests::journal(key, about, entry)
    }
    fn reply_done(&mut self, request: &str, said: &Message) {
        replies::done(request, said);
    }
    fn reply_refused(&mut self, request: &str, why: &Message) {
        replies::refused(request, why);
    }
}

struct Component;

impl call_events::Guest for Component {
    fn on_start(event: call_events::Started) -> Result<(), HookError> {
        policy::on_start(&mut Imports, &event)
    }
    fn on_ring(event: call_events::Rang) -> Result<(), HookError> {
        policy::on_ring(&mut Imports, &event)
    }
    fn on_answer(event: call_events::Answered) -> Result<(), HookError> {
        policy::on_answer(&mut Imports, &event)
    }
    fn on_end(event: call_events::Ended) -> Result<(), HookError> {
        policy::on_end(&mut Imports, &event)
    }
    fn on_merged(event: call_events::Merged) -> Result<(), HookError> {
        policy::on_merged(&mut Imports, &event)
    }
}

impl crm_answers::Guest for Component {
    fn on_matched(answer: crm_answers::Matched) -> Result<(), HookError> {
        policy::on_matched(&mut Imports, &answer)
    }
    fn on_searched(answer: crm_answers::Searched) -> Result<(), HookError> {
        policy::on_searched(&mut Imports, &answer)
    }
    fn on_created(answer: crm_answers::Created) -> Result<(), HookError> {
        policy::on_created(&mut Imports, &answer)
    }
    fn on_journalled(answer: crm_answers::Journalled) -> Result<(), HookError> {
        policy::on_journalled(&mut Imports, &answer)
    }
    fn on_amended(answer: crm_answers::Amended) -> Result<(), HookError> {
        policy::on_amended(&mut Imports, &answer)
    }
    fn on_refused(answer: crm_answers::Refused) -> Result<(), HookError> {
        policy::on_refused(&mut Imports, &answer)
    }
}

impl agent_questions::Guest for Component {
    fn on_question(asked: agent_questions::Asked) -> Result<(), HookError> {
        policy::on_question(&mut Imports, &asked)
    }
}

impl page::Guest for Component {
    fn version() -> u32 {
        settings_page::VERSION
    }
    fn schema() -> Vec<page::Field> {
        settings_page::schema()
    }
    fn check(entered: Vec<Setting>) -> Vec<page::Problem> {
        settings_page::check(&Imports, &entered)
    }
    fn upgrade(from_version: u32, entered: Vec<Setting>) -> Result<Vec<Setting>, Message> {
        settings_page::upgrade(from_version, entered)
    }
}

impl catalogue::Guest for Component {
    fn languages() -> Vec<String> {
        texts::LANGUAGES.iter().map(ToString::to_string).collect()
    }
    fn catalogue(language: String) -> Vec<(String, String)> {
        texts::catalogue(&language).map(|(id, pattern)| (id.to_owned(), pattern.to_owned())).collect()
    }
}

/// What the contract's generated code exports.
#[allow(unsafe_code, reason = "generated code")]
mod exported {
    use super::Component;

    crate::contract::export!(Component with_types_in crate::contract);
}
