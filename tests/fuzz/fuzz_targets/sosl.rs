//! Any text as a SOSL search: rows, or an error with status 400.
#![no_main]

use std::sync::LazyLock;

use fake_salesforce::{
    org::{Context, Org},
    sosl,
};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const NOW: u64 = 1_795_334_400_000;

static OFFICE: LazyLock<(Org, Context)> = LazyLock::new(|| {
    let mut org = Org::new(NOW);
    let context = Context { now_ms: NOW, user: org.administrator(), allow_save: false, include_record_details: false, auto_assign: true };
    let contact = json!({"FirstName": "Ann", "LastName": "Lee", "Phone": "(415) 555-0123"});
    if let Some(contact) = contact.as_object() {
        org.create(&context, "Contact", contact).expect("a contact with a last name can be created");
    }
    (org, context)
});

fuzz_target!(|text: &str| {
    let (org, context) = &*OFFICE;
    match sosl::run(org, context, "66.0", text) {
        Ok(found) => assert!(found.len() <= sosl::MOST_ROWS),
        Err(error) => assert_eq!(error.status, 400),
    }
    // The same text as a search without operators.
    if let Err(error) = sosl::parameterized(org, context, "66.0", &json!({"q": text})) {
        assert_eq!(error.status, 400);
    }
});
