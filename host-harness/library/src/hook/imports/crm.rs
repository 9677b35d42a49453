//! Requests to the CRM, what the host remembers of it, and who is who in it.

use super::{HookData, good_key, too_long};
use crate::bindings::base::types::Number;
use crate::bindings::crm::connections::{Connection, User};
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::requests::{About, Amendment, Draft, JournalEntry, RecordRef, RequestError, UserRef};
use crate::bindings::crm::{connections, known_records, requests};
use crate::bindings::hooks::numbers::Sameness;
use crate::core::work::number_key;
use crate::hook::unit::Write;
use crate::store::{Kind, Room, Task, WorkState, index_digits};

impl requests::Host for HookData {
    fn match_number(&mut self, call: String, number: Number) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if self.state.active().next().is_none() {
            return Ok(Err(RequestError::SwitchedOff));
        }
        if number.forms.is_empty() {
            return Ok(Err(RequestError::NoNumber));
        }
        self.unit.write(Write::Match { call, number });
        Ok(Ok(()))
    }

    fn search(&mut self, request: String, text: String, limit: u32) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if self.state.active().next().is_none() {
            return Ok(Err(RequestError::SwitchedOff));
        }
        if !self.some_account_can("search") {
            return Ok(Err(RequestError::Unsupported));
        }
        if !(2..=80).contains(&text.chars().count()) || !(1..=50).contains(&limit) {
            return Ok(Err(RequestError::Invalid("a text of 2 to 80 characters and a limit of 1 to 50".to_owned())));
        }
        self.unit.write(Write::Search { request, text, limit });
        Ok(Ok(()))
    }

    fn create(&mut self, key: String, call: Option<String>, draft: Draft) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if self.state.active().next().is_none() {
            return Ok(Err(RequestError::SwitchedOff));
        }
        if self.state.store.room() >= Room::NoCreations {
            return Ok(Err(RequestError::Full));
        }
        let role = std::mem::discriminant(&draft.role);
        let can = self
            .state
            .active()
            .filter(|account| account.connection.creates)
            .any(|account| account.connection.kinds.iter().any(|kind| kind.can_create && std::mem::discriminant(&kind.role) == role));
        if !can {
            return Ok(Err(RequestError::Unsupported));
        }
        if draft.number.forms.is_empty() {
            return Ok(Err(RequestError::NoNumber));
        }
        if draft.last_name.is_empty() {
            return Ok(Err(RequestError::Invalid("last-name is empty".to_owned())));
        }
        if let Some(field) =
            too_long(&[("first-name", &draft.first_name, 256), ("last-name", &draft.last_name, 256), ("company", &draft.company, 256)])
        {
            return Ok(Err(RequestError::Invalid(format!("{field} is too long"))));
        }
        if !self.free_key(&key, |task| matches!(task, Task::Create(_))) {
            return Ok(Err(RequestError::BadKey));
        }
        self.unit.write(Write::Create { key, call, draft: Box::new(draft) });
        Ok(Ok(()))
    }

    fn journal(&mut self, key: String, about: About, entry: JournalEntry) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if self.state.active().next().is_none() {
            return Ok(Err(RequestError::SwitchedOff));
        }
        match &about {
            About::Existing(record) if !self.state.active().any(|account| account.connection.id == record.connector) => {
                return Ok(Err(RequestError::Unsupported));
            }
            About::Other(_) => return Ok(Err(RequestError::Unsupported)),
            About::Existing(_) | About::CreatedBy(_) => {}
        }
        let has_history = self.state.active().any(|account| {
            let it = match &about {
                About::Existing(record) => account.connection.id == record.connector,
                About::CreatedBy(_) | About::Other(_) => account.connection.creates,
            };
            it && account.connection.abilities.iter().any(|ability| ability == "journal")
        });
        if !has_history {
            return Ok(Err(RequestError::Unsupported));
        }
        if let Some(field) = too_long(&[("subject", &entry.subject, 255), ("body", &entry.body, 32_000)]) {
            return Ok(Err(RequestError::Invalid(format!("{field} is too long"))));
        }
        if !self.free_key(&key, |task| matches!(task, Task::Journal { .. })) {
            return Ok(Err(RequestError::BadKey));
        }
        self.unit.write(Write::Journal { key, about, entry: Box::new(entry) });
        Ok(Ok(()))
    }

    fn amend(&mut self, key: String, journal_key: String, change: Amendment) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if self.state.active().next().is_none() {
            return Ok(Err(RequestError::SwitchedOff));
        }
        if !self.free_key(&key, |task| matches!(task, Task::Amend { .. })) {
            return Ok(Err(RequestError::BadKey));
        }
        let journal = self.state.store.work(&journal_key);
        let asked_now = self
            .unit
            .lines
            .iter()
            .any(|line| matches!(line, crate::hook::unit::Line::Write(Write::Journal { key, .. }) if *key == journal_key));
        if journal.is_none() && !asked_now {
            return Ok(Err(RequestError::BadKey));
        }
        let written = journal.is_some_and(|item| matches!(item.progress.state, WorkState::Done(_) | WorkState::Leased(_)));
        if written && !self.some_account_can("amend") {
            return Ok(Err(RequestError::Unsupported));
        }
        self.unit.write(Write::Amend { key, journal_key, change: Box::new(change) });
        Ok(Ok(()))
    }

    fn check_visibility(&mut self, call: String, user: UserRef, records: Vec<RecordRef>) -> wasmtime::Result<Result<(), RequestError>> {
        self.room()?;
        if !(1..=50).contains(&records.len()) || records.iter().any(|record| record.connector != user.connector) {
            return Ok(Err(RequestError::Invalid("1 to 50 records, all of the user's connector".to_owned())));
        }
        let able = self.state.active().any(|account| {
            account.connection.id == user.connector && account.connection.abilities.iter().any(|ability| ability == "visibility")
        });
        if !able {
            return Ok(Err(RequestError::Unsupported));
        }
        self.unit.write(Write::Visibility { call, user, records });
        Ok(Ok(()))
    }
}

impl known_records::Host for HookData {
    fn by_number(&mut self, number: Number) -> wasmtime::Result<Vec<Known>> {
        let digits = number.forms.first().map(|form| index_digits(form)).unwrap_or_default();
        let mut known = self.state.store.known_by_digits(&digits);
        known.retain(|known| {
            self.state.active().any(|account| account.connection.id == known.entity.reference.connector)
                && known.entity.phones.iter().any(|(_, stored)| !matches!(self.state.numbers.same(&number, stored), Sameness::No))
        });
        known.truncate(20);
        Ok(known)
    }

    fn get(&mut self, reference: RecordRef) -> wasmtime::Result<Option<Known>> {
        Ok(self.state.store.known(&reference))
    }

    fn creation_waiting(&mut self, number: Number) -> wasmtime::Result<Option<String>> {
        Ok(self.state.agenda.in_lane(Kind::Create, number_key(&number)).next().map(|(_, head)| head.key.to_string()))
    }

    fn link(&mut self, reference: RecordRef) -> wasmtime::Result<Option<String>> {
        let link = self.state.link(&reference);
        if let Some(link) = &link {
            self.unit.links.insert(link.clone());
        }
        Ok(link)
    }
}

impl connections::Host for HookData {
    fn active(&mut self) -> wasmtime::Result<Vec<Connection>> {
        Ok(self.state.active().map(|account| account.connection.clone()).collect())
    }

    fn user_of(&mut self, extension: String, connector: String) -> wasmtime::Result<Option<User>> {
        Ok(self.state.bindings.user_of(&extension, &connector, self.state.pbx.as_ref()).cloned())
    }

    fn bound(&mut self, extension: String) -> wasmtime::Result<bool> {
        Ok(self
            .state
            .active()
            .any(|account| self.state.bindings.user_of(&extension, &account.connection.id, self.state.pbx.as_ref()).is_some()))
    }
}

impl HookData {
    fn some_account_can(&self, ability: &str) -> bool {
        self.state.active().any(|account| account.connection.abilities.iter().any(|known| known == ability))
    }

    /// Is the key well-formed, and unused or used for the same kind of work?
    fn free_key(&self, key: &str, same_kind: impl Fn(&Task) -> bool) -> bool {
        good_key(key) && self.state.store.work(key).is_none_or(|item| same_kind(&item.task))
    }
}
