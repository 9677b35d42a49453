use pbx_connector_kit::{
    Request,
    context::Context,
    json::{Node, Wrong},
    types::{Failure, UserRef},
    url::{self, Query},
};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::users::{Guest, Page, User},
    composite,
    exchange::{Exchange, MAX_ID, Refused},
    soql,
};

impl Guest for Salesforce {
    fn list_page(context: Context, mark: Option<String>) -> Result<Page, Failure> {
        let mut exchange = Exchange::new(&context);
        let page = list_page(&mut exchange, mark.as_deref());
        let (users, next) = exchange.settle(page)?;
        Ok(Page { users, next, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// The people: Salesforce's own robots and portal guests are users of other types.
fn query() -> String {
    format!(
        "SELECT Id, Name, Email, Phone, MobilePhone, Extension, IsActive FROM User WHERE IsActive = true AND UserType = {} AND ProfileId != null \
         ORDER BY Name, Id",
        soql::text("Standard")
    )
}

fn list_page(exchange: &mut Exchange<'_>, mark: Option<&str>) -> Result<(Vec<User>, Option<String>), Refused> {
    let path = match mark {
        None => Query::of(api::QUERY).with("q", &query()).into_text(),
        Some(mark) => format!("{}/{}", api::QUERY, url::segment(mark)),
    };
    let answer = exchange.ask(&Request::get(path))?;
    let context = exchange.context;
    Ok(answer.read(|answer| {
        let rows = answer.member("records")?.required_list()?;
        let users = rows.iter().map(|row| user(row, context)).collect::<Result<_, _>>()?;
        let next = answer.member("nextRecordsUrl")?;
        Ok((users, next.text()?.and_then(composite::mark).map(str::to_owned)))
    })?)
}

fn user(row: &Node<'_>, context: &Context) -> Result<User, Wrong> {
    let text = |name: &str| -> Result<Option<String>, Wrong> {
        let text = row.member(name)?.text()?.map(str::trim);
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    };
    let id = row.member("Id")?.required_id(MAX_ID)?;
    let mut phones = Vec::new();
    for field in ["Extension", "Phone", "MobilePhone"] {
        phones.extend(text(field)?);
    }
    Ok(User {
        name: text("Name")?.unwrap_or_else(|| id.clone()),
        email: text("Email")?.unwrap_or_default(),
        phones,
        active: row.member("IsActive")?.flag()?,
        reference: UserRef { connector: context.connector.clone(), id },
        extras: Vec::new(),
    })
}
