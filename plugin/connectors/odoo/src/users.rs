use pbx_connector_kit::{
    context::Context,
    failure::detail,
    json::{Node, Wrong},
    text::message,
    types::Failure,
};
use serde_json::json;

use crate::{
    Odoo,
    bindings::exports::pbx::crm::users::{Guest, Page, User},
    domain,
    json2::Exchange,
    model::USERS,
    record, row,
};

/// Users on a page.
const PAGE: usize = 500;

impl Guest for Odoo {
    fn list_page(context: Context, mark: Option<String>) -> Result<Page, Failure> {
        let mut exchange = Exchange::new(&context);
        let page = list_page(&mut exchange, mark.as_deref());
        let (users, next) = exchange.settle(page)?;
        Ok(Page { users, next, usage: exchange.usage(), extras: Vec::new() })
    }
}

/// The mark is the id of the last user of the page before: whoever comes or goes meanwhile moves no page.
fn list_page(exchange: &mut Exchange<'_>, mark: Option<&str>) -> Result<(Vec<User>, Option<String>), Failure> {
    let after = match mark {
        None => 0,
        Some(mark) => crate::model::id(mark).ok_or_else(|| Failure::Gone(detail(message("odoo.mark", &[]))))?,
    };
    // Guests of the portal are users too, and marked as such.
    let conditions = vec![domain::leaf("share", "=", false), domain::leaf("active", "=", true), domain::leaf("id", ">", after)];
    let arguments = json!({
        "domain": domain::all(conditions),
        "fields": ["id", "name", "login", "email", "phone", "active"],
        "order": "id",
        "limit": PAGE,
    });
    let context = exchange.context;
    let users = exchange.ask(USERS, "search_read", arguments)?.rows(|row| user(row, context))?;
    let next = if users.len() < PAGE { None } else { users.last().map(|user| user.reference.id.clone()) };
    Ok((users, next))
}

fn user(record: &Node<'_>, context: &Context) -> Result<User, Wrong> {
    let id = row::id(record, "id")?;
    let login = row::text(record, "login")?;
    // A login is an address as a rule, and then it is the one that people know.
    let email = row::text(record, "email")?.or_else(|| login.clone().filter(|login| login.contains('@')));
    Ok(User {
        name: row::text(record, "name")?.or(login).unwrap_or_else(|| id.clone()),
        email: email.unwrap_or_default(),
        phones: row::text(record, "phone")?.into_iter().collect(),
        active: row::flag(record, "active")?,
        reference: record::user(context, id),
        extras: Vec::new(),
    })
}
