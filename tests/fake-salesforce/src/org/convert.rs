//! Lead conversion, as somebody in the office does it.

use super::{Org, put::Fields};
use crate::{id::Id, value::Value};

impl Org {
    /// Converts a lead into the given contact and account, or into new ones. Its activities go over to the contact; the lead stays and can be
    /// queried, but no longer written. Gives back account and contact.
    ///
    /// # Errors
    /// In words: no such lead, or it is converted already.
    pub fn convert_lead(&mut self, now_ms: u64, lead: Id, account: Option<Id>, contact: Option<Id>) -> Result<(Id, Id), String> {
        let kind = self.object("Lead").ok_or("there are no leads")?;
        let row =
            self.row(lead).filter(|row| lead.prefix() == "00Q" && !row.is_deleted).ok_or_else(|| format!("there is no lead {lead}"))?;
        if row.named(kind, "IsConverted") == &Value::Boolean(true) {
            return Err(format!("{lead} is converted already"));
        }
        let copied = |name: &str| row.named(kind, name).clone();
        let company: Fields<'_> = &[("Name", copied("Company")), ("Phone", copied("Phone")), ("Website", copied("Website"))];
        let names = ["LastName", "FirstName", "Salutation", "Phone", "MobilePhone", "Fax", "Email", "Title", "LeadSource", "Description"];
        let mut person: Vec<(&str, Value)> = names.iter().map(|name| (*name, copied(name))).collect();
        // A contact can belong to a user only, a lead to a queue too.
        let owner = copied("OwnerId");
        if owner.as_id().is_some_and(|owner| owner.prefix() == "005") {
            person.push(("OwnerId", owner));
        }
        let account = match account.or_else(|| contact.and_then(|contact| self.account_of(contact))) {
            Some(account) => account,
            None => self.put(now_ms, "Account", company, None, false)?,
        };
        person.push(("AccountId", Value::Reference(account)));
        let contact = match contact {
            Some(contact) => contact,
            None => self.put(now_ms, "Contact", &person, None, false)?,
        };
        let today = chrono::DateTime::from_timestamp_millis(super::milliseconds(now_ms)).unwrap_or_default().date_naive();
        self.amend(
            now_ms,
            lead,
            &[
                ("IsConverted", Value::Boolean(true)),
                ("Status", Value::text("Closed - Converted")),
                ("ConvertedDate", Value::Date(today)),
                ("ConvertedAccountId", Value::Reference(account)),
                ("ConvertedContactId", Value::Reference(contact)),
            ],
        )?;
        for task in self.tasks_with(lead) {
            self.amend(now_ms, task, &[("WhoId", Value::Reference(contact))])?;
        }
        Ok((account, contact))
    }

    fn account_of(&self, contact: Id) -> Option<Id> {
        self.row(contact)?.named(self.object("Contact")?, "AccountId").as_id()
    }

    /// Tasks whose `WhoId` is this row.
    pub(super) fn tasks_with(&self, who: Id) -> Vec<Id> {
        let tasks = self.object("Task").and_then(|task| self.lookup(task, task.field("WhoId")?.1, &Value::Reference(who)));
        tasks.unwrap_or_default()
    }
}
