use pbx_connector_kit::{context::Context, types::Failure};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::search::{Guest, Page},
    domain,
    json2::Exchange,
    lookup::in_all_models,
    message::plain,
    model::LEAD,
};

impl Guest for Odoo {
    fn search(context: Context, text: String, limit: u32) -> Result<Page, Failure> {
        let mut exchange = Exchange::new(&context);
        let text = plain(&text);
        let text = text.trim();
        // Everything contains nothing: that is no search.
        let found = if text.is_empty() { Ok((Vec::new(), false)) } else { search(&mut exchange, text, limit) };
        let (entities, more) = exchange.settle(found)?;
        Ok(Page { entities, more, usage: exchange.usage(), extras: Vec::new() })
    }
}

fn search(exchange: &mut Exchange<'_>, text: &str, limit: u32) -> Result<(Vec<pbx_connector_kit::types::Entity>, bool), Failure> {
    let fields = |model: &str| match model {
        LEAD => ["name", "contact_name", "partner_name", "email_from"],
        // `complete_name` begins with the company that somebody belongs to.
        _ => ["name", "complete_name", "company_name", "email"],
    };
    in_all_models(exchange, |model| domain::of_text(text, &fields(model)), "name, id", limit)
}
