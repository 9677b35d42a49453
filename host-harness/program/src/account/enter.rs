//! `connect` for a CRM that is opened with an entered secret: shows what is approved, asks for the fields, and connects.

use std::io::Write;
use std::path::PathBuf;

use pbx_crm_host::account::approval::sign_in_facts;
use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::bindings::base::types::{Message, SettingValue};
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::{self, SecretField};
use pbx_crm_host::credential::secret::Secret;

use super::approved::Shown;
use super::{About, AccountError, asked, connect, left, line, now};

/// Where the fields come from.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Files by the names of the fields that they hold.
    pub files: Vec<(String, PathBuf)>,
    /// Approved already: nobody is asked.
    pub yes: bool,
    /// Addresses marked as on premises.
    pub on_premises: Vec<String>,
}

/// Connects. True: the account is connected.
///
/// # Errors
/// It could not be tried.
pub fn run(
    about: &About,
    connector: pbx_crm_host::component::PreparedConnector,
    secret: &description::Secret,
    entry: &Entry,
    out: &mut dyn Write,
) -> Result<bool, AccountError> {
    let words = about.words();
    let known = |name: &str| secret.fields.iter().any(|field| field.name == name);
    if let Some((name, _)) = entry.files.iter().find(|(name, _)| !known(name)) {
        let names: Vec<&str> = secret.fields.iter().map(|field| field.name.as_str()).collect();
        return Err(AccountError::Said(words.say("enter.no-field", &[("field", name), ("fields", &names.join(", "))])));
    }
    let description = connector.description().clone();
    let crm = description.name.clone();
    line(out, &words.say("enter.approve", &[("connector", &description.id), ("version", &description.version), ("crm", &crm)]))?;
    for shown in Shown::all(&description, &words) {
        let mark = if shown.not_confinable { format!(" [{}]", words.say("page.not-confinable", &[])) } else { String::new() };
        tell(out, "  ", &format!("{}: {}{mark}", shown.at, shown.functions.join(", ")))?;
        for request in shown.requests {
            tell(out, "    ", &request)?;
        }
    }
    let settings = about.settings(&connector)?;
    for field in connector.schema() {
        if let Some(SettingValue::Text(address)) = settings.get(&field.key).filter(|_| addressed(&description, &field.key)) {
            tell(out, "  ", &format!("{} = {address}", field.key))?;
        }
    }
    line(out, &words.say("enter.facts", &[]))?;
    for fact in sign_in_facts(&description) {
        tell(out, "  ", &fact)?;
    }
    for mark in &entry.on_premises {
        tell(out, "  ", &format!("{}: {mark}", words.say("page.on-premises", &[])))?;
    }
    let opened = about.place()?.open_or_make(now()).map_err(|why| about.said(why))?;
    let account = about.account(connector, opened.store, entry.on_premises.clone())?;
    if let Some(file) = &opened.key_made {
        line(out, &words.say("connect.key-made", &[("file", &file.display().to_string())]))?;
    }
    let label = |message: &Message| account.connectors_words(message, &about.language);
    let fields: Result<Vec<(String, Secret)>, AccountError> = secret
        .fields
        .iter()
        .map(|field| {
            let given = entry.files.iter().find(|(name, _)| *name == field.name);
            let value = match given {
                Some((_, file)) => connect::secret_of_file(about, file, out)?,
                None => of_person(field, &label(&field.label), out)?,
            };
            Ok((field.name.clone(), value))
        })
        .collect();
    let fields = fields?;
    if !entry.yes {
        let answer = asked::shown(&words.say("enter.ask", &[("crm", &crm)]), out)
            .map_err(|why| AccountError::Io { what: "no answer".to_owned(), why })?;
        if answer.trim() != "yes" {
            line(out, &words.say("disconnect.kept", &[]))?;
            return Ok(false);
        }
    }
    match account.enter(fields, now()) {
        Ok(opened) => {
            left::connected(about, &account)?;
            connect::tell_done(&account, &opened, &words, out).map(|()| true)
        }
        Err(trouble) => {
            line(out, &format!("! {}", account.tell(&trouble, &about.language)))?;
            Ok(false)
        }
    }
}

/// Does this setting say where requests go?
fn addressed(description: &description::Description, key: &str) -> bool {
    description.operations.iter().any(|operation| matches!(&operation.at, description::Place::FromSetting(known) if known == key))
}

/// A connector's text, without what could trick a terminal.
fn tell(out: &mut dyn Write, indent: &str, text: &str) -> Result<(), AccountError> {
    line(out, &format!("{indent}{}", plain(text)))
}

fn of_person(field: &SecretField, label: &str, out: &mut dyn Write) -> Result<Secret, AccountError> {
    let question = format!("{label}:");
    let answer = if field.hidden { asked::hidden(&question) } else { asked::shown(&question, out) };
    let text = Secret::new(answer.map_err(|why| AccountError::Io { what: format!("no {}", field.name), why })?);
    Ok(Secret::new(text.expose().trim()))
}
