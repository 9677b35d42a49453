use pbx_connector_kit::{
    context::Context,
    json::{Node, Wrong},
    types::{Draft, Entity, RecordRef, UserRef},
};
use serde_json::{Value, json};

use crate::{exchange::MAX_ID, kinds};

/// Most numbers taken of one record.
const MAX_PHONES: usize = 256;
/// Most e-mail addresses taken of one record.
const MAX_EMAILS: usize = 8;
/// What a number can be called; anything else is "other".
const LABELS: [&str; 5] = ["business", "mobile", "home", "fax", "other"];

/// A list of records and whether there are more: `{"records": [...], "more": false}`.
pub fn page(answer: &Node<'_>, context: &Context) -> Result<(Vec<Entity>, bool), Wrong> {
    let records = answer.member("records")?.required_list()?;
    let entities = records.iter().map(|record| entity(record, context)).collect::<Result<_, _>>()?;
    Ok((entities, answer.member("more")?.flag()?))
}

/// A record.
pub fn entity(record: &Node<'_>, context: &Context) -> Result<Entity, Wrong> {
    let role_word = record.member("role")?;
    let kind = role_word.required_text()?;
    let Some(role) = kinds::role(kind) else {
        return role_word.wrong("\"person\", \"prospect\" or \"organisation\"");
    };
    let id = record.member("id")?.required_id(MAX_ID)?;
    let reference = |kind: &str, id| RecordRef { connector: context.connector.clone(), kind: kind.to_owned(), id };
    let text = |name: &str| -> Result<Option<String>, Wrong> {
        let text = record.member(name)?.text()?.map(str::trim);
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    };
    let (first_name, last_name) = (text("first_name")?, text("last_name")?);
    let parts: Vec<&str> = [&first_name, &last_name].into_iter().flatten().map(String::as_str).collect();
    let name = match text("name")? {
        Some(name) => name,
        None if parts.is_empty() => format!("{kind} {id}"),
        None => parts.join(" "),
    };
    let owner = record.member("owner")?.id(MAX_ID)?;
    Ok(Entity {
        role,
        name,
        company: text("company")?,
        organisation: record.member("organisation_id")?.id(MAX_ID)?.map(|id| reference(kinds::ORGANISATION, id)),
        phones: phones(record)?,
        emails: emails(record)?,
        owner: owner.map(|id| UserRef { connector: context.connector.clone(), id }),
        changed_at: record.member("changed_at")?.moment()?,
        retired: record.member("retired")?.flag()?,
        reference: reference(kind, id),
        first_name,
        last_name,
        extras: Vec::new(),
    })
}

fn phones(record: &Node<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let phones = record.member("phones")?.list()?;
    let numbers = phones.iter().take(MAX_PHONES).map(|phone| {
        let label = phone.member("label")?.text()?.filter(|label| LABELS.contains(label));
        let label = label.unwrap_or("other");
        Ok((label.to_owned(), phone.member("number")?.required_text()?.to_owned()))
    });
    numbers.collect()
}

fn emails(record: &Node<'_>) -> Result<Vec<String>, Wrong> {
    let emails = record.member("emails")?.list()?;
    emails.iter().take(MAX_EMAILS).map(|email| email.required_text().map(str::to_owned)).collect()
}

/// A record to be made.
pub fn to_create(kind: &str, draft: &Draft) -> Value {
    let number = draft.number.e164.as_deref().unwrap_or(&draft.number.raw);
    let name = format!("{} {}", draft.first_name, draft.last_name);
    json!({
        "role": kind,
        "name": name.trim(),
        "first_name": draft.first_name,
        "last_name": draft.last_name,
        "company": draft.company,
        "phones": [{ "label": "business", "number": number }],
        "emails": draft.emails,
        "owner": draft.owner.as_ref().map(|owner| &owner.id),
    })
}

#[cfg(test)]
mod tests {
    use pbx_connector_kit::types::Role;

    use super::*;

    fn context() -> Context {
        Context {
            connector: "c1".to_owned(),
            base: "https://intranet.example".to_owned(),
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

    fn read(value: &Value) -> Result<Entity, Wrong> {
        entity(&Node::root(value), &context())
    }

    #[test]
    fn reads_a_full_record() {
        let entity = read(&json!({
            "id": 17, "role": "person", "first_name": "Ada", "last_name": "Sample", "company": "Sample Ltd", "organisation_id": "9",
            "phones": [{"label": "mobile", "number": "+1 555 010 0199"}, {"label": "car", "number": "x"}],
            "emails": ["ada@sample.example"], "owner": "u1", "changed_at": "1970-01-01T00:00:01Z", "retired": true, "favourite": "blue"
        }))
        .unwrap();
        assert_eq!((entity.reference.id.as_str(), entity.role, entity.name.as_str()), ("17", Role::Person, "Ada Sample"));
        assert_eq!(entity.organisation.unwrap().kind, "organisation");
        assert_eq!(entity.phones[0], ("mobile".to_owned(), "+1 555 010 0199".to_owned()));
        assert_eq!(entity.phones[1].0, "other");
        assert_eq!((entity.changed_at, entity.retired), (Some(1_000), true));
    }

    #[test]
    fn a_record_always_has_a_name() {
        let entity = read(&json!({"id": "7", "role": "prospect", "name": "  ", "phones": null})).unwrap();
        assert_eq!(entity.name, "prospect 7");
        assert_eq!((entity.phones.len(), entity.company, entity.changed_at), (0, None, None));
    }

    #[test]
    fn tells_what_is_wrong() {
        let place = |value: &Value| read(value).unwrap_err().place;
        assert_eq!(place(&json!([])), "the whole answer");
        assert_eq!(place(&json!({"role": "person"})), "id");
        assert_eq!(place(&json!({"id": "1", "role": "friend"})), "role");
        assert_eq!(place(&json!({"id": "1", "role": "person", "phones": "5550100199"})), "phones");
        assert_eq!(place(&json!({"id": "1", "role": "person", "phones": [{"number": 5}]})), "phones[0].number");
        assert_eq!(place(&json!({"id": "1", "role": "person", "changed_at": "yesterday"})), "changed_at");
    }

    #[test]
    fn a_page_must_have_its_list() {
        let context = context();
        for bad in [json!({}), json!(null), json!({"records": {}}), json!({"records": [null]}), json!({"records": [], "more": 1})] {
            assert!(page(&Node::root(&bad), &context).is_err(), "{bad}");
        }
        assert!(page(&Node::root(&json!({"records": []})), &context).is_ok_and(|(found, more)| found.is_empty() && !more));
    }
}
