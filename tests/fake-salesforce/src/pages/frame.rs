//! What stands around every page: the org's name and the tabs.

use serde::Serialize;

use crate::{org::Org, schema::ObjectType, value::Value};

/// Objects that have a tab, in their order.
const TABS: [&str; 5] = ["Account", "Contact", "Lead", "Task", "User"];

/// Around the page.
#[derive(Serialize)]
pub struct Frame {
    organization: String,
    tabs: Vec<Tab>,
}

#[derive(Serialize)]
struct Tab {
    label: &'static str,
    href: String,
    current: bool,
}

impl Frame {
    /// Around a page of this object, or of none.
    pub fn new(org: &Org, current: Option<&ObjectType>) -> Self {
        let tab = |object: &ObjectType| Tab {
            label: object.label_plural,
            href: list_of(object),
            current: current.is_some_and(|current| current.name == object.name),
        };
        Self { organization: organization(org), tabs: TABS.iter().filter_map(|name| org.object(name)).map(tab).collect() }
    }
}

/// Has the object a tab?
pub fn has_tab(object: &ObjectType) -> bool {
    TABS.contains(&object.name)
}

/// The list of an object.
pub fn list_of(object: &ObjectType) -> String {
    format!("/lightning/o/{}/list", object.name)
}

/// The colour of an object: the name of a class in the style sheet.
pub fn tone(object: &ObjectType) -> &'static str {
    match object.name {
        "Account" => "tone-account",
        "Contact" => "tone-contact",
        "Lead" => "tone-lead",
        "Task" => "tone-task",
        "User" => "tone-user",
        _ => "tone-other",
    }
}

fn organization(org: &Org) -> String {
    let named = || {
        let (place, _) = org.object("Organization")?.field("Name")?;
        match org.row(org.organization())?.get(place) {
            Value::Text(name) => Some(name.to_string()),
            _ => None,
        }
    };
    named().unwrap_or_else(|| "Salesforce".to_owned())
}
