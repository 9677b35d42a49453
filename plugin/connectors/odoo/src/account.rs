use pbx_connector_kit::{
    base_types::Message,
    context::Context,
    failure::detail,
    json::{Node, Wrong},
    text::{cut, message},
    types::{Detail, Failure},
};
use serde_json::{Value, json};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::account::{Account, Administrator, Guest},
    json2::Exchange,
    model::{self, LEAD, PARTNER, USERS},
    record, row,
    settings_page::Prospects,
};

/// The first version with the JSON-2 API.
const OLDEST: u64 = 19;
/// Longest name that is shown, in bytes.
const LONGEST_NAME: usize = 128;

impl Guest for Odoo {
    fn verify(context: Context) -> Result<Account, Failure> {
        let mut exchange = Exchange::new(&context);
        let told = verify(&mut exchange);
        let account = exchange.settle(told)?;
        Ok(Account { usage: exchange.usage(), ..account })
    }
}

fn verify(exchange: &mut Exchange<'_>) -> Result<Account, Failure> {
    let context = exchange.context;
    let user = match exchange.ask(USERS, "context_get", json!({})) {
        Err(Failure::Unreachable(refused)) if refused.status == Some(404) => return Err(no_door(exchange, refused)),
        told => told?.read(|answer| row::id(&answer, "uid"))?,
    };
    let id = model::id(&user);
    let database = database(exchange)?;
    let who = exchange.ask(USERS, "read", json!({ "ids": [id], "fields": ["name", "company_id"] }))?;
    let (name, company) = who.read(|answer| match answer.required_list()?.first() {
        Some(row) => Ok((row::text(row, "name")?, row::reference(row, "company_id")?)),
        None => answer.wrong("a row"),
    })?;
    let administrator = exchange.ask(USERS, "has_group", json!({ "ids": [id], "group_ext_id": "base.group_system" }))?;
    let organisation = organisation(&context.base, &database);
    Ok(Account {
        organisation_name: company.map(|(_, label)| label).filter(|label| !label.is_empty()).unwrap_or_else(|| organisation.clone()),
        organisation,
        user_name: cut(&name.unwrap_or_default(), LONGEST_NAME).to_owned(),
        user: Some(record::user(context, user)),
        administrator: if administrator.json == Value::Bool(true) { Administrator::Yes } else { Administrator::No },
        pages: None,
        warnings: warnings(exchange)?,
        usage: exchange.usage(),
        extras: Vec::new(),
    })
}

/// What is served here: an address may lead to several databases. Odoo's own id of a database is for administrators alone.
fn database(exchange: &mut Exchange<'_>) -> Result<String, Failure> {
    match exchange.ask("ir.http", "session_info", json!({})) {
        Ok(answer) => Ok(answer.read(|answer| row::text(&answer, "db"))?.unwrap_or_default()),
        // A module may close this method; then the administrator's word must do.
        Err(Failure::Forbidden(_) | Failure::Unsupported(_) | Failure::Other(_)) => Ok(exchange.options.database.clone()),
        Err(failure) => Err(failure),
    }
}

/// Address without its scheme, and database: the same organisation whether it is reached by http or https.
fn organisation(base: &str, database: &str) -> String {
    let place = base.split_once("://").map_or(base, |(_, place)| place).to_ascii_lowercase();
    if database.is_empty() { place } else { format!("{place}/{database}") }
}

/// The API has nothing at its address: which of the three reasons is it?
fn no_door(exchange: &mut Exchange<'_>, refused: Detail) -> Failure {
    let version = |answer: &Node<'_>| -> Result<(Option<String>, u64), Wrong> {
        let parts = answer.member("version_info")?.list()?;
        Ok((row::text(answer, "version")?, parts.first().map_or(Ok(None), Node::number)?.unwrap_or_default()))
    };
    let told = exchange.get("/web/version").and_then(|answer| answer.read(|answer| version(&answer)));
    match told {
        // Versions before 19 tell theirs elsewhere, so that an address without this page is an older Odoo, or none.
        Ok((name, major)) if major < OLDEST => {
            Failure::Unsupported(detail(message("odoo.too-old", &[("version", &name.unwrap_or_else(|| "?".to_owned()))])))
        }
        Ok(_) => Failure::Unreachable(refused),
        Err(_) => Failure::Unreachable(Detail { status: Some(404), ..detail(message("odoo.no-odoo", &[])) }),
    }
}

/// What would not work, before the first call fails.
fn warnings(exchange: &mut Exchange<'_>) -> Result<Vec<Message>, Failure> {
    let mut warnings = Vec::new();
    if !may_create(exchange, PARTNER)?.unwrap_or(false) {
        warnings.push(message("odoo.no-contacts", &[]));
    }
    if exchange.options.prospects != Prospects::None {
        match may_create(exchange, LEAD)? {
            None => warnings.push(message("odoo.no-crm", &[])),
            Some(false) => warnings.push(message("odoo.no-leads", &[])),
            Some(true) => {}
        }
    }
    Ok(warnings)
}

/// None: there is no such model.
fn may_create(exchange: &mut Exchange<'_>, model: &str) -> Result<Option<bool>, Failure> {
    match exchange.ask(model, "has_access", json!({ "ids": [], "operation": "create" })) {
        Ok(answer) => Ok(Some(answer.json == Value::Bool(true))),
        Err(Failure::Unsupported(_)) => Ok(None),
        Err(Failure::Forbidden(_)) => Ok(Some(false)),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::organisation;

    #[test]
    fn an_organisation_is_a_place_and_a_database() {
        assert_eq!(organisation("https://Odoo.Example:8443/erp", "crm"), "odoo.example:8443/erp/crm");
        assert_eq!(organisation("http://odoo.example", ""), "odoo.example");
    }
}
