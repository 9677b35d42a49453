//! A row of Salesforce as an entity.

use pbx_connector_kit::{
    base_types::Moment,
    context::Context,
    json::{Node, Wrong},
    time::parse_rfc3339,
    types::{Entity, RecordRef, UserRef},
};

use crate::{
    columns::PHONES,
    exchange::MAX_ID,
    kinds::{self, Kind},
};

/// A reference to a record of this account.
pub fn reference(context: &Context, kind: &str, id: &str) -> RecordRef {
    RecordRef { connector: context.connector.clone(), kind: kind.to_owned(), id: id.to_owned() }
}

/// The rows of a search; of objects that a telephone does not know none.
pub fn found(answer: &Node<'_>, context: &Context) -> Result<Vec<Entity>, Wrong> {
    rows(&answer.member("searchRecords")?.required_list()?, context)
}

/// The rows of a query.
pub fn queried(answer: &Node<'_>, context: &Context) -> Result<Vec<Entity>, Wrong> {
    rows(&answer.member("records")?.required_list()?, context)
}

fn rows(rows: &[Node<'_>], context: &Context) -> Result<Vec<Entity>, Wrong> {
    let mut entities = Vec::with_capacity(rows.len());
    for row in rows {
        let name = row.member("attributes")?.member("type")?.required_text()?;
        if let Some(kind) = Kind::named(name) {
            entities.push(entity(kind, row, context)?);
        }
    }
    Ok(entities)
}

fn entity(kind: Kind, row: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    let id = row.member("Id")?.required_id(MAX_ID)?;
    let text = |name: &str| -> Result<Option<String>, Wrong> {
        let text = row.member(name)?.text()?.map(str::trim);
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    };
    let mut phones = Vec::new();
    for (field, label) in PHONES {
        if let Some(number) = row.member(field)?.text()?.filter(|number| !number.trim().is_empty()) {
            phones.push((label.to_owned(), number.to_owned()));
        }
    }
    let organisation = match kind {
        Kind::Contact => text("AccountId")?.map(|account| reference(context, Kind::Account.name(), &account)),
        Kind::Lead | Kind::Account => None,
    };
    let company = match kind {
        Kind::Contact => row.member("Account")?.member("Name")?.text()?.map(str::to_owned),
        Kind::Lead => text("Company")?,
        Kind::Account => None,
    };
    Ok(Entity {
        role: kind.role(),
        name: text("Name")?.unwrap_or_else(|| format!("{} {id}", kind.name())),
        first_name: text("FirstName")?,
        last_name: text("LastName")?,
        company,
        organisation,
        phones,
        emails: text("Email")?.into_iter().collect(),
        // Queues own leads, too, and nobody is behind a queue.
        owner: text("OwnerId")?.filter(|owner| kinds::is_user(owner)).map(|id| UserRef { connector: context.connector.clone(), id }),
        changed_at: moment(&row.member("LastModifiedDate")?)?,
        retired: row.member("IsConverted")?.flag()?,
        reference: reference(context, kind.name(), &id),
        extras: Vec::new(),
    })
}

/// A time as Salesforce writes it: `2026-05-06T11:29:25.000+0000`, without the colon of RFC 3339.
fn moment(node: &Node<'_>) -> Result<Option<Moment>, Wrong> {
    let Some(text) = node.text()? else { return Ok(None) };
    let moment = parse_rfc3339(text).or_else(|| {
        let (start, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
        parse_rfc3339(&format!("{start}:{minutes}"))
    });
    if moment.is_some() { Ok(moment) } else { node.wrong("time") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn context() -> Context {
        Context {
            connector: "c1".to_owned(),
            base: "https://acme.my.salesforce.com".to_owned(),
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

    fn read(row: Value) -> Result<Vec<Entity>, Wrong> {
        found(&Node::root(&json!({ "searchRecords": [row] })), &context())
    }

    #[test]
    fn a_contact_has_its_account_numbers_and_owner() {
        let row = json!({
            "attributes": {"type": "Contact", "url": "/x"}, "Id": "003dM00001wBXYDQA4", "Name": "Ann Lee", "FirstName": "Ann",
            "LastName": "Lee", "Phone": "(415) 555-0112", "MobilePhone": "+1 415 555 0113", "Fax": null, "Email": "ann@lee.example",
            "AccountId": "001dM00001wBXYDQA4", "Account": {"attributes": {}, "Name": "Lee Ltd"}, "OwnerId": "005dM00001wBXYDQA4",
            "LastModifiedDate": "2026-05-06T11:29:25.000+0000"
        });
        let entity = read(row).unwrap().remove(0);
        assert_eq!(
            (entity.role, entity.name.as_str(), entity.company.as_deref()),
            (pbx_connector_kit::types::Role::Person, "Ann Lee", Some("Lee Ltd"))
        );
        assert_eq!(entity.organisation.unwrap().id, "001dM00001wBXYDQA4");
        assert_eq!(
            entity.phones,
            [("business".to_owned(), "(415) 555-0112".to_owned()), ("mobile".to_owned(), "+1 415 555 0113".to_owned())]
        );
        assert_eq!(entity.owner.unwrap().id, "005dM00001wBXYDQA4");
        assert_eq!(entity.changed_at, Some(1_778_066_965_000));
    }

    #[test]
    fn a_lead_of_a_queue_has_no_owner_and_a_converted_one_is_retired() {
        let row = json!({"attributes": {"type": "Lead"}, "Id": "00QdM00001wBXYDQA4", "Company": "Lee Ltd", "OwnerId": "00GdM00001wBXYDQA4", "IsConverted": true});
        let entity = read(row).unwrap().remove(0);
        assert!(entity.owner.is_none() && entity.retired && entity.changed_at.is_none() && entity.phones.is_empty());
        assert_eq!((entity.name.as_str(), entity.company.as_deref()), ("Lead 00QdM00001wBXYDQA4", Some("Lee Ltd")));
    }

    #[test]
    fn other_objects_are_passed_over_and_odd_rows_are_told() {
        assert!(read(json!({"attributes": {"type": "Case"}, "Id": "500dM00001wBXYDQA4"})).unwrap().is_empty());
        assert_eq!(read(json!({"attributes": {"type": "Lead"}})).unwrap_err().place, "searchRecords[0].Id");
        assert_eq!(read(json!({"Id": "x"})).unwrap_err().place, "searchRecords[0].attributes.type");
        let row = json!({"attributes": {"type": "Lead"}, "Id": "x", "LastModifiedDate": "yesterday"});
        assert_eq!(read(row).unwrap_err().expected, "time");
        assert!(found(&Node::root(&json!([])), &context()).is_err());
    }
}
