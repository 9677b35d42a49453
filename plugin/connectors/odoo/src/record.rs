use std::collections::BTreeSet;

use pbx_connector_kit::{
    context::Context,
    json::{Node, Wrong},
    types::{Entity, Failure, RecordRef, Role, UserRef},
};
use serde_json::json;

use crate::{
    domain,
    json2::Exchange,
    model::{self, LEAD, PARTNER},
    row,
};

/// What is asked of a row of this model.
pub fn fields(model: &str) -> &'static [&'static str] {
    if model == LEAD {
        &["id", "name", "contact_name", "partner_name", "partner_id", "phone", "email_from", "user_id", "write_date", "active"]
    } else {
        &["id", "name", "is_company", "parent_id", "company_name", "phone", "email", "user_id", "write_date", "active"]
    }
}

/// A row of this model as the contract has it.
///
/// # Errors
/// Where the row is not as Odoo's fields are.
pub fn entity(model: &'static str, record: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    if model == LEAD { lead(record, context) } else { partner(record, context) }
}

/// A record of ours.
pub fn reference(context: &Context, model: &str, id: String) -> RecordRef {
    RecordRef { connector: context.connector.clone(), kind: model.to_owned(), id }
}

/// A user of ours.
pub fn user(context: &Context, id: String) -> UserRef {
    UserRef { connector: context.connector.clone(), id }
}

/// Which of these records the key's user cannot see, or are not there.
///
/// # Errors
/// Odoo could not be asked.
pub fn gone(exchange: &mut Exchange<'_>, which: &BTreeSet<(&'static str, u64)>) -> Result<BTreeSet<(&'static str, u64)>, Failure> {
    let mut gone = which.clone();
    for model in [PARTNER, LEAD] {
        let ids: Vec<u64> = which.iter().filter(|(of, _)| *of == model).map(|(_, id)| *id).collect();
        if ids.is_empty() {
            continue;
        }
        let arguments = json!({ "domain": domain::all(vec![domain::leaf("id", "in", ids)]), "fields": ["id"] });
        let found = match exchange.ask(model, "search_read", arguments) {
            Ok(answer) => answer.rows(|record| row::id(record, "id"))?,
            // The app is no longer installed, or not for this user.
            Err(Failure::Unsupported(_) | Failure::Forbidden(_)) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        for id in found.iter().filter_map(|id| model::id(id)) {
            gone.remove(&(model, id));
        }
    }
    Ok(gone)
}

fn partner(record: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    let is_company = row::flag(record, "is_company")?;
    let parent = row::reference(record, "parent_id")?.filter(|_| !is_company);
    let company = match &parent {
        Some((_, label)) if !label.is_empty() => Some(label.clone()),
        _ if is_company => None,
        _ => row::text(record, "company_name")?,
    };
    let id = row::id(record, "id")?;
    Ok(Entity {
        role: if is_company { Role::Organisation } else { Role::Person },
        name: row::text(record, "name")?.unwrap_or_else(|| format!("{PARTNER} {id}")),
        company,
        organisation: parent.map(|(id, _)| reference(context, PARTNER, id)),
        emails: row::text(record, "email")?.into_iter().collect(),
        ..common(PARTNER, id, record, context)?
    })
}

fn lead(record: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    let id = row::id(record, "id")?;
    let (contact, company) = (row::text(record, "contact_name")?, row::text(record, "partner_name")?);
    let customer = row::reference(record, "partner_id")?;
    // What a lead is called is a subject, such as "20 chairs"; who calls is the contact.
    let customer = customer.map(|(_, label)| label).filter(|label| !label.is_empty());
    let name = contact.or(customer).or_else(|| company.clone()).or(row::text(record, "name")?);
    Ok(Entity {
        role: Role::Prospect,
        name: name.unwrap_or_else(|| format!("{LEAD} {id}")),
        company,
        emails: row::text(record, "email_from")?.into_iter().collect(),
        ..common(LEAD, id, record, context)?
    })
}

fn common(model: &str, id: String, record: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    let owner = row::reference(record, "user_id")?;
    Ok(Entity {
        reference: reference(context, model, id),
        role: Role::Person,
        name: String::new(),
        first_name: None,
        last_name: None,
        company: None,
        organisation: None,
        // Odoo 19 has one field for a number, and does not say whose it is.
        phones: row::text(record, "phone")?.map(|number| ("business".to_owned(), number)).into_iter().collect(),
        emails: Vec::new(),
        owner: owner.map(|(id, _)| user(context, id)),
        changed_at: row::moment(record, "write_date")?,
        // Archived; of a lead that is: lost.
        retired: !row::flag(record, "active")?,
        extras: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            connector: "o1".to_owned(),
            base: "https://odoo.example".to_owned(),
            settings: Vec::new(),
            now: 0,
            time_left: 15_000,
            requests_left: 8,
            language: "en".to_owned(),
            organisation: None,
            user: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn persons_companies_and_leads_are_told_apart() {
        let person = json!({"id": 9, "name": "Maria Torres", "is_company": false, "parent_id": [14, "Torres Bakery"], "company_name": false,
            "phone": "(555) 010-0142", "email": "maria@torres.example", "user_id": [6, "Agent One"], "write_date": "2026-11-22 09:16:56", "active": true});
        let person = entity(PARTNER, &Node::root(&person), &context()).unwrap();
        assert_eq!((person.role, person.name.as_str(), person.company.as_deref()), (Role::Person, "Maria Torres", Some("Torres Bakery")));
        assert_eq!((person.organisation.unwrap().id, person.owner.unwrap().id, person.retired), ("14".to_owned(), "6".to_owned(), false));
        assert_eq!(person.phones, [("business".to_owned(), "(555) 010-0142".to_owned())]);
        assert_eq!(person.changed_at, Some(1_795_339_016_000));

        let company = json!({"id": 14, "name": "Torres Bakery", "is_company": true, "parent_id": [20, "Holding"], "company_name": false, "phone": false,
            "email": false, "user_id": false, "write_date": false, "active": false});
        let company = entity(PARTNER, &Node::root(&company), &context()).unwrap();
        assert_eq!((company.role, company.company, company.organisation, company.retired), (Role::Organisation, None, None, true));

        let lead = json!({"id": 3, "name": "20 chairs", "contact_name": false, "partner_name": "Wood & Sons", "partner_id": false, "phone": "1",
            "email_from": "h@wood.example", "user_id": false, "write_date": false, "active": true});
        let lead = entity(LEAD, &Node::root(&lead), &context()).unwrap();
        assert_eq!((lead.role, lead.name.as_str(), lead.reference.kind.as_str()), (Role::Prospect, "Wood & Sons", LEAD));
        assert_eq!(lead.emails, ["h@wood.example"]);

        let bare = json!({"id": 4, "name": false, "contact_name": false, "partner_name": false, "partner_id": false, "phone": false, "email_from": false,
            "user_id": false, "write_date": false, "active": true});
        assert_eq!(entity(LEAD, &Node::root(&bare), &context()).unwrap().name, "crm.lead 4");
    }

    #[test]
    fn a_row_that_is_none_is_wrong() {
        for bad in [json!({}), json!([]), json!({"id": 0}), json!({"id": 1, "name": 5}), json!({"id": 1, "name": "x", "parent_id": 7})] {
            assert!(entity(PARTNER, &Node::root(&bad), &context()).is_err(), "{bad}");
        }
    }
}
