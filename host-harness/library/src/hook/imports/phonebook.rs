use super::{HookData, too_long};
use crate::bindings::base::types::Number;
use crate::bindings::hooks::numbers::Sameness;
use crate::bindings::hooks::phonebook::{Book, Entry, Host, WriteError};
use crate::hook::unit::Write;
use crate::store::index_digits;

/// Tag of books that the plugin keeps: what people see beside the book's name.
pub(crate) const KEPT_BY: &str = "CRM";

impl Host for HookData {
    fn books(&mut self) -> wasmtime::Result<Vec<Book>> {
        Ok(self.state.store.books())
    }

    fn find(&mut self, number: Number) -> wasmtime::Result<Vec<(String, Entry)>> {
        let own: Vec<String> = self.state.store.books().into_iter().filter(|book| book.kept_by.is_some()).map(|book| book.id).collect();
        let digits = number.forms.first().map(|form| index_digits(form)).unwrap_or_default();
        let mut found = self.state.store.entries_by_digits(&digits);
        // This hook's own writes stand before what the store has.
        found.retain(|(book, entry)| !self.unit.entries.contains_key(&(book.clone(), entry.key.clone())));
        found.extend(self.unit.entries.iter().filter_map(|((book, _), entry)| entry.clone().map(|entry| (book.clone(), entry))));
        found
            .retain(|(_, entry)| entry.numbers.iter().any(|(_, stored)| !matches!(self.state.numbers.same(&number, stored), Sameness::No)));
        found.sort_by_key(|(book, entry)| (own.contains(book), book.clone(), entry.key.clone()));
        found.truncate(20);
        Ok(found)
    }

    fn get(&mut self, book: String, key: String) -> wasmtime::Result<Option<Entry>> {
        if let Some(written) = self.unit.entries.get(&(book.clone(), key.clone())) {
            return Ok(written.clone());
        }
        Ok(self.state.store.entry(&book, &key))
    }

    fn put(&mut self, book: String, entry: Entry) -> wasmtime::Result<Result<(), WriteError>> {
        self.room()?;
        if let Err(why) = self.writable(&book) {
            return Ok(Err(why));
        }
        let long = too_long(&[
            ("key", &entry.key, 128),
            ("first-name", &entry.first_name, 256),
            ("last-name", &entry.last_name, 256),
            ("company", &entry.company, 256),
            ("email", &entry.email, 320),
        ]);
        if let Some(field) = long {
            return Ok(Err(WriteError::Invalid(format!("{field} is too long"))));
        }
        if entry.key.is_empty() || !(1..=16).contains(&entry.numbers.len()) {
            return Ok(Err(WriteError::Invalid("an entry needs a key and 1 to 16 numbers".to_owned())));
        }
        self.unit.entries.insert((book.clone(), entry.key.clone()), Some(entry.clone()));
        self.unit.write(Write::PutEntry { book, entry: Box::new(entry) });
        Ok(Ok(()))
    }

    fn remove(&mut self, book: String, key: String) -> wasmtime::Result<Result<(), WriteError>> {
        self.room()?;
        if let Err(why) = self.writable(&book) {
            return Ok(Err(why));
        }
        self.unit.entries.insert((book.clone(), key.clone()), None);
        self.unit.write(Write::RemoveEntry { book, key });
        Ok(Ok(()))
    }
}

impl HookData {
    fn writable(&self, book: &str) -> Result<(), WriteError> {
        match self.state.store.books().into_iter().find(|known| known.id == book) {
            None => Err(WriteError::NoSuchBook),
            Some(known) if known.kept_by.as_deref() != Some(KEPT_BY) => Err(WriteError::NotYours),
            Some(_) => Ok(()),
        }
    }
}
