//! Person accounts: an account row that is a person, and a contact row that the org keeps beside it.

use super::{Org, Row, store::Indexed};
use crate::{
    id::Id,
    schema::{ObjectType, person_account_fields},
    value::Value,
};

/// Fields of the account and those of its contact that hold the same.
const SHARED: &[(&str, &str)] = &[
    ("LastName", "LastName"),
    ("FirstName", "FirstName"),
    ("Salutation", "Salutation"),
    ("Name", "Name"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("PersonMobilePhone", "MobilePhone"),
    ("PersonHomePhone", "HomePhone"),
    ("PersonOtherPhone", "OtherPhone"),
    ("PersonAssistantPhone", "AssistantPhone"),
    ("PersonEmail", "Email"),
    ("PersonTitle", "Title"),
    ("PersonBirthdate", "Birthdate"),
    ("Description", "Description"),
    ("OwnerId", "OwnerId"),
];

impl Org {
    /// Switches the feature on; it cannot be switched off again, as in Salesforce.
    pub fn enable_person_accounts(&mut self) {
        if self.person_accounts {
            return;
        }
        self.person_accounts = true;
        for (name, fields) in person_account_fields() {
            if let Some(table) = self.table_of(name).and_then(|at| self.tables.get_mut(at)) {
                table.add_fields(fields);
            }
        }
    }

    /// Has this org person accounts?
    #[must_use]
    pub fn person_accounts(&self) -> bool {
        self.person_accounts
    }

    /// Stores a row, and with an account that is a person its contact. `user`: who makes the contact.
    pub(super) fn store_person(&mut self, table: usize, mut row: Row, now_ms: u64, user: Id, indexed: Indexed) {
        let account = self.object_at(table).filter(|object| self.person_accounts && object.name == "Account");
        let Some(account) = account else { return self.store(table, row, indexed) };
        let named_as_person = !row.named(&account, "LastName").is_null();
        let Some(contacts) = self.table_of("Contact").filter(|_| named_as_person) else { return self.store(table, row, indexed) };
        let Some(there) = self.tables.get_mut(contacts) else { return };
        let known = row.named(&account, "PersonContactId").as_id();
        let id = known.unwrap_or_else(|| there.next_id());
        let mut contact = there.rows.get(&id).cloned().unwrap_or_else(|| there.blank(id));
        let kind = std::sync::Arc::clone(&there.object);
        row.set(&account, "IsPersonAccount", Value::Boolean(true));
        row.set(&account, "PersonContactId", Value::Reference(id));
        self.derive(&account, &mut row, now_ms);
        share(&account, &row, &kind, &mut contact);
        contact.set(&kind, "AccountId", Value::Reference(row.id));
        contact.set(&kind, "IsPersonAccount", Value::Boolean(true));
        contact.is_deleted = row.is_deleted;
        contact.set(&kind, "IsDeleted", Value::Boolean(row.is_deleted));
        self.fill_defaults(contacts, &mut contact, user, now_ms);
        self.stamp(contacts, &mut contact, Some(user), now_ms);
        self.store(table, row, indexed);
        self.store(contacts, contact, indexed);
    }
}

fn share(account: &ObjectType, from: &Row, contact: &ObjectType, to: &mut Row) {
    for (source, target) in SHARED {
        to.set(contact, target, from.named(account, source).clone());
    }
}
