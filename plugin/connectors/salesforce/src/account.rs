use pbx_connector_kit::{
    Request,
    base_types::Message,
    context::Context,
    json::{Node, Wrong},
    text::message,
    types::{Failure, UserRef},
};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::account::{Account, Administrator, Guest},
    composite::{self, Part},
    exchange::{Answer, Exchange, MAX_ID, Refused},
    kinds, soql, task,
};

/// Editions that come with the API. Another one may have it as an addition, and then the connection works.
const EDITIONS: [&str; 4] = ["Enterprise Edition", "Performance Edition", "Unlimited Edition", "Developer Edition"];
/// Fields of a call's task that the connector cannot do without.
const NEEDED: [&str; 6] = ["Subject", "Description", "ActivityDate", "Status", "WhoId", "WhatId"];

impl Guest for Salesforce {
    fn verify(context: Context) -> Result<Account, Failure> {
        let mut exchange = Exchange::new(&context);
        let told = verify(&mut exchange);
        let account = exchange.settle(told)?;
        Ok(Account { usage: exchange.usage(), ..account })
    }
}

/// Two requests: who we are, which also shows that the API is there in our version; and what we may do, four questions in one.
fn verify(exchange: &mut Exchange<'_>) -> Result<Account, Refused> {
    let context = exchange.context;
    let (organisation, user) = identity(exchange)?;
    let queries = [
        "SELECT Id, Name, OrganizationType, IsSandbox FROM Organization LIMIT 1".to_owned(),
        "SELECT PermissionsModifyAllData, PermissionsManageUsers FROM UserPermissionAccess LIMIT 1".to_owned(),
        format!("SELECT Name FROM User WHERE Id = {}", soql::text(&user)),
    ];
    let mut parts: Vec<Part> = queries.iter().map(|query| Part::query(api::QUERY, query)).collect();
    parts.push(Part::get(format!("{}/Task/describe", api::OBJECTS)));
    let mut answers = composite::ask(exchange, &parts)?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Err(composite::unsupported("salesforce.no-result").into()));
    let (name, edition) = next()?.read(|answer| first(&answer, |row| Ok((text(row, "Name")?, text(row, "OrganizationType")?))))?;
    let (administrator, user_name, hidden) = (administrator(next())?, next(), next());
    let mut warnings: Vec<Message> = Vec::new();
    if !EDITIONS.contains(&edition.as_str()) {
        warnings.push(message("salesforce.edition-unknown", &[("edition", &edition)]));
    }
    if let Administrator::Unknown = administrator {
        warnings.push(message("salesforce.rights-unknown", &[]));
    }
    warnings.extend(hidden_fields(hidden)?);
    Ok(Account {
        organisation_name: if name.is_empty() { organisation.clone() } else { name },
        organisation,
        user_name: user_name.ok().and_then(|answer| answer.read(|answer| first(&answer, |row| text(row, "Name"))).ok()).unwrap_or_default(),
        user: Some(UserRef { connector: context.connector.clone(), id: user }),
        administrator,
        pages: None,
        warnings,
        usage: exchange.usage(),
        extras: Vec::new(),
    })
}

/// Organisation and user, from `"identity": "https://login.salesforce.com/id/00D.../005..."`.
fn identity(exchange: &mut Exchange<'_>) -> Result<(String, String), Refused> {
    let answer = match exchange.ask(&Request::get(api::ROOT.to_owned())) {
        // The version is a part of the path: an organisation that is too old or too new has nothing there.
        Err(refused) if matches!(refused.failure, Failure::Garbled(ref detail) if detail.status == Some(404)) => {
            let said = message("salesforce.version", &[("version", api::VERSION)]);
            return Err(Failure::Unsupported(pbx_connector_kit::failure::detail(said)).into());
        }
        told => told?,
    };
    Ok(answer.read(|answer| {
        let identity = answer.member("identity")?;
        let mut parts = identity.required_text()?.rsplit('/');
        let (user, organisation) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if kinds::is_user(user) && kinds::is_id(organisation) {
            Ok((organisation.to_owned(), user.to_owned()))
        } else {
            identity.wrong("address of a user")
        }
    })?)
}

/// Whoever sees all data and manages users is one.
fn administrator(told: Result<Answer, Refused>) -> Result<Administrator, Failure> {
    let rights = match told {
        Ok(answer) => answer.read(|answer| {
            first(&answer, |row| Ok(row.member("PermissionsModifyAllData")?.flag()? && row.member("PermissionsManageUsers")?.flag()?))
        }),
        // The object or one of its fields is not there.
        Err(refused) if refused.complaint("INVALID_TYPE").or(refused.complaint("INVALID_FIELD")).is_some() => {
            return Ok(Administrator::Unknown);
        }
        Err(refused) => Err(refused.failure),
    };
    Ok(if rights? { Administrator::Yes } else { Administrator::No })
}

/// What of a task the organisation hides from the connected user, told before the first call.
fn hidden_fields(described: Result<Answer, Refused>) -> Result<Vec<Message>, Failure> {
    let Ok(answer) = described else { return Ok(vec![message("salesforce.tasks-hidden", &[])]) };
    let there = answer.read(|answer| {
        let fields = answer.member("fields")?.required_list()?;
        let mut there = Vec::new();
        for field in &fields {
            if field.member("createable")?.flag()? {
                there.push(field.member("name")?.required_text()?.to_owned());
            }
        }
        Ok(there)
    })?;
    let missing = |wanted: &[&str]| {
        let missing: Vec<&str> = wanted.iter().copied().filter(|field| !there.iter().any(|name| name == field)).collect();
        missing.join(", ")
    };
    let mut warnings = Vec::new();
    for (id, fields) in
        [("salesforce.task-fields-hidden", missing(&NEEDED)), ("salesforce.call-fields-hidden", missing(&task::CALL_FIELDS))]
    {
        if !fields.is_empty() {
            warnings.push(message(id, &[("fields", &fields)]));
        }
    }
    Ok(warnings)
}

/// Reads the first row of a query that has one.
fn first<T>(answer: &Node<'_>, read: impl FnOnce(&Node<'_>) -> Result<T, Wrong>) -> Result<T, Wrong> {
    let records = answer.member("records")?;
    match records.required_list()?.first() {
        Some(row) => read(row),
        None => records.wrong("a row"),
    }
}

fn text(row: &Node<'_>, name: &str) -> Result<String, Wrong> {
    let member = row.member(name)?;
    Ok(member.text()?.unwrap_or_default().chars().take(MAX_ID).collect())
}
