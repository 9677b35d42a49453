//! A record that is to be made, in Salesforce's fields.

use pbx_connector_kit::{
    context::Context,
    types::{Draft, Entity, UserRef},
};
use serde_json::{Map, Value};

use crate::{
    kinds::{self, Kind},
    record,
};

/// Fields and the most characters that they take (recorded describes).
const LENGTHS: [(&str, usize); 5] = [("FirstName", 40), ("LastName", 80), ("Company", 255), ("Phone", 40), ("Email", 80)];

/// The number as a record gets it, and as it is looked for later.
pub fn number(draft: &Draft) -> &str {
    let number = draft.number.e164.as_deref().unwrap_or(&draft.number.raw);
    if number.is_empty() { draft.number.forms.first().map_or("", String::as_str) } else { number }
}

/// The fields of a new record. Texts are cut to what the fields take: a name that is too long shall not lose a caller.
pub fn fields(kind: Kind, draft: &Draft, context: &Context) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, text: &str| {
        let text = cut(name, text);
        if !text.is_empty() {
            fields.insert(name.to_owned(), text.into());
        }
    };
    put("FirstName", &draft.first_name);
    put("LastName", last_name(draft));
    put("Phone", number(draft));
    put("Email", draft.emails.first().map_or("", String::as_str));
    if kind == Kind::Lead {
        // A lead must have one.
        put("Company", if draft.company.trim().is_empty() { last_name(draft) } else { &draft.company });
    }
    if let Some(owner) = &draft.owner
        && owner.connector == context.connector
        && kinds::is_user(&owner.id)
    {
        fields.insert("OwnerId".to_owned(), owner.id.as_str().into());
    }
    fields
}

fn last_name(draft: &Draft) -> &str {
    if draft.last_name.trim().is_empty() { number(draft) } else { &draft.last_name }
}

/// A text as long as its field allows.
pub fn cut(field: &str, text: &str) -> String {
    let most = LENGTHS.iter().find(|(name, _)| *name == field).map_or(usize::MAX, |(_, most)| *most);
    let cut: String = text.trim().chars().take(most).collect();
    cut.trim_end().to_owned()
}

/// The record that these fields have made.
pub fn entity(kind: Kind, id: &str, fields: &Map<String, Value>, context: &Context) -> Entity {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let (first_name, last_name) = (text("FirstName"), text("LastName"));
    let parts: Vec<&str> = [&first_name, &last_name].into_iter().flatten().map(String::as_str).collect();
    Entity {
        reference: record::reference(context, kind.name(), id),
        role: kind.role(),
        name: if parts.is_empty() { format!("{} {id}", kind.name()) } else { parts.join(" ") },
        company: text("Company"),
        organisation: None,
        phones: text("Phone").into_iter().map(|number| ("business".to_owned(), number)).collect(),
        emails: text("Email").into_iter().collect(),
        owner: text("OwnerId").map(|id| UserRef { connector: context.connector.clone(), id }),
        // Salesforce does not tell it with its answer.
        changed_at: None,
        retired: false,
        first_name,
        last_name,
        extras: Vec::new(),
    }
}
