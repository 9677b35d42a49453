//! The promises of the org, by subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

mod administering;
mod faults;
mod people;
mod searching;
mod seeing;
mod undoing;
mod writing;

use serde_json::{Map, Value as Json, json};

use super::{Context, Org, SearchGroup, Term};
use crate::{error::ApiError, id::Id, value::Value};

const NOW: u64 = 1_795_000_000_000;

/// An org of one user, and that user's requests.
struct Office {
    org: Org,
    context: Context,
}

impl Office {
    fn new() -> Self {
        let org = Org::new(NOW);
        let context =
            Context { now_ms: NOW, user: org.administrator(), allow_save: false, include_record_details: false, auto_assign: true };
        Self { org, context }
    }

    fn create(&mut self, object: &str, fields: Json) -> Result<Id, ApiError> {
        self.org.create(&self.context, object, &map(fields))
    }

    fn made(&mut self, object: &str, fields: Json) -> Id {
        self.create(object, fields).unwrap()
    }

    fn update(&mut self, object: &str, id: Id, fields: Json) -> Result<(), ApiError> {
        self.org.update(&self.context, object, id, &map(fields))
    }

    fn get(&self, id: Id, field: &str) -> Value {
        self.org.row(id).unwrap().named(self.org.object_of(id).unwrap(), field).clone()
    }

    fn text(&self, id: Id, field: &str) -> String {
        self.get(id, field).as_text().unwrap_or_default().to_owned()
    }

    fn colleague(&mut self, name: &str) -> Id {
        self.org.put_user(NOW, "Carl", name, &format!("{}@fake.example", name.to_lowercase()), Some("Standard User"), None).unwrap()
    }

    fn refusal(&mut self, object: &str, fields: Json) -> (String, String) {
        let error = self.create(object, fields).unwrap_err();
        (error.code.to_owned(), error.message)
    }

    fn find(&self, now_ms: u64, group: SearchGroup, object: &str, text: &str) -> Vec<Id> {
        let object = self.org.object(object).unwrap();
        self.org.search(now_ms, object, group, &term(text)).into_iter().collect()
    }
}

/// A term as the SOSL parser gives it: every `*` and `?` is a wildcard.
fn term(text: &str) -> Term {
    let wildcards = text.chars().enumerate().filter(|(_, character)| matches!(character, '*' | '?')).map(|(at, _)| at).collect();
    Term { text: text.to_owned(), wildcards, phrase: false }
}

fn map(fields: Json) -> Map<String, Json> {
    match fields {
        Json::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

fn contact() -> Json {
    json!({"LastName": "Lee", "FirstName": "Ann", "Phone": "(415) 555-0123"})
}
