use pbx_connector_kit::{
    base_types::{Moment, Number, WorkKey},
    context::Context,
    failure::detail,
    text::message,
    types::{Draft, Elsewhere, Entity, Failure, Role, UserRef},
};
use serde_json::{Map, json};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::creation::{Guest, LookedUp, Made},
    domain, external_id,
    json2::Exchange,
    judgement,
    load::{self, Loaded, Objection},
    lookup::in_all_models,
    message::plain,
    model::{self, LEAD, USERS},
    record, row,
    settings_page::Prospects,
};

/// Most tries. Somebody else may make the same one at the same time, and what PostgreSQL then says in the language of its server cannot be told from other
/// refusals; after that the record is there.
const MOST_TRIES: usize = 3;
/// Most records with the number or name that are looked at; the newest.
const MOST_CANDIDATES: u32 = 50;

impl Guest for Odoo {
    fn create(context: Context, key: WorkKey, draft: Draft) -> Result<Made, Failure> {
        let mut exchange = Exchange::new(&context);
        let made = create(&mut exchange, &key, &draft);
        let (entity, was_there) = exchange.settle(made)?;
        Ok(Made { entity, was_there, usage: exchange.usage(), extras: Vec::new() })
    }

    fn find_created(context: Context, key: WorkKey, draft: Draft, _since: Moment) -> Result<LookedUp, Failure> {
        // The key is stored, so the time is not needed to know the record again.
        let mut exchange = Exchange::new(&context);
        let found = find_created(&mut exchange, &key, &draft);
        let entity = exchange.settle(found)?;
        Ok(LookedUp { entity, usage: exchange.usage(), extras: Vec::new() })
    }
}

fn model_of(exchange: &Exchange<'_>, draft: &Draft) -> Result<&'static str, Failure> {
    let model = model::to_create(&draft.role, draft.kind.as_deref(), &exchange.options);
    model.ok_or_else(|| Failure::Unsupported(detail(message("odoo.not-creatable", &[]))))
}

/// Columns and values of the new row.
fn row(model: &str, key: &str, draft: &Draft, owner: Option<&UserRef>, exchange: &Exchange<'_>) -> Vec<(&'static str, String)> {
    let name = name(draft);
    let mut columns = vec![("id", external_id::of(key)), ("name", name.clone()), ("phone", phone(draft))];
    let email = draft.emails.first().map(|email| plain(email)).unwrap_or_default();
    let company = plain(&draft.company);
    if model == LEAD {
        let sort = if exchange.options.prospects == Prospects::Opportunities { "opportunity" } else { "lead" };
        columns.extend([("type", sort.to_owned()), ("contact_name", name), ("partner_name", company), ("email_from", email)]);
    } else {
        columns.extend([("company_name", company), ("email", email)]);
    }
    columns.extend(owner.map(|owner| ("user_id/.id", owner.id.clone())));
    // An empty column would be stored as such over what a default gives.
    columns.retain(|(_, value)| !value.is_empty());
    columns
}

/// Odoo has one field for a person's name.
fn name(draft: &Draft) -> String {
    plain(&format!("{} {}", draft.first_name, draft.last_name)).trim().to_owned()
}

fn phone(draft: &Draft) -> String {
    plain(draft.number.e164.as_deref().unwrap_or(&draft.number.raw))
}

fn create(exchange: &mut Exchange<'_>, key: &str, draft: &Draft) -> Result<(Entity, bool), Failure> {
    let model = model_of(exchange, draft)?;
    let same = who_has_the_number(exchange, draft)?;
    // An earlier try with this key may have made one of them.
    if let Some(own) = find_by_key(exchange, key, model, &same)? {
        return Ok((own, true));
    }
    if let Some(somebody) = same.into_iter().next() {
        return Err(Failure::Duplicate(Elsewhere { found: somebody.reference, detail: detail(message("odoo.duplicate", &[])) }));
    }
    let owner = owner(exchange, draft)?;
    let (fields, values): (Vec<&str>, Vec<String>) = row(model, key, draft, owner.as_ref(), exchange).into_iter().unzip();
    // The owner talks to them already, and need not be told by mail.
    let mut defaults = Map::new();
    defaults.insert("mail_auto_subscribe_no_notify".to_owned(), true.into());
    let mut refused = Vec::new();
    for _ in 0..MOST_TRIES {
        match load::make(exchange, model, &fields, std::slice::from_ref(&values), defaults.clone())? {
            // Whether it was made now is not told: an earlier one may have got another number meanwhile.
            Loaded::All(ids) => {
                return Ok((entity(model, ids.into_iter().next().unwrap_or_default(), draft, owner, exchange.context), false));
            }
            Loaded::None(objections) if objections == refused && !objections.iter().any(Objection::is_conflict) => break,
            Loaded::None(objections) => refused = objections,
        }
    }
    Err(judgement::of_row(refused.first()))
}

/// The owner that the draft names, if that user is one of this account and works here still: Odoo would take one who was signed off.
fn owner(exchange: &mut Exchange<'_>, draft: &Draft) -> Result<Option<UserRef>, Failure> {
    let Some(id) = model::user(draft.owner.as_ref(), exchange.context) else { return Ok(None) };
    let conditions = vec![domain::leaf("id", "=", id), domain::leaf("active", "=", true), domain::leaf("share", "=", false)];
    let arguments = json!({ "domain": domain::all(conditions), "fields": ["id"] });
    let found = exchange.ask(USERS, "search_read", arguments)?.rows(|row| row::id(row, "id"))?;
    Ok(draft.owner.clone().filter(|_| !found.is_empty()))
}

/// Who has this very number, spelled in whatever way. Odoo has no rule against doubles, so that a colleague who typed the caller in since the host's
/// check would go unnoticed.
fn who_has_the_number(exchange: &mut Exchange<'_>, draft: &Draft) -> Result<Vec<Entity>, Failure> {
    let domain = domain::of_numbers(std::slice::from_ref(&draft.number));
    let (mut found, _) = in_all_models(exchange, |_| domain.clone(), "id desc", MOST_CANDIDATES)?;
    let whole = whole_forms(&draft.number);
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
    found.retain(|entity| !entity.retired && entity.phones.iter().any(|(_, number)| whole.contains(&digits(number))));
    Ok(found)
}

/// The forms that mean this number and no other. The last ones lack the area code: others have those digits in other places. The second is the national one.
fn whole_forms(number: &Number) -> Vec<String> {
    let shortest = if number.e164.is_some() { number.forms.get(1).map_or(0, String::len) } else { 0 };
    number.forms.iter().filter(|form| form.len() >= shortest).cloned().collect()
}

/// The record as it is now, without asking for it.
fn entity(model: &'static str, id: String, draft: &Draft, owner: Option<UserRef>, context: &Context) -> Entity {
    Entity {
        reference: record::reference(context, model, id),
        role: if model == LEAD { Role::Prospect } else { Role::Person },
        name: name(draft),
        first_name: None,
        last_name: None,
        company: Some(draft.company.clone()).filter(|company| !company.is_empty()),
        organisation: None,
        phones: vec![("business".to_owned(), phone(draft))],
        emails: draft.emails.iter().take(1).cloned().collect(),
        // A lead that is nobody's Odoo gives to the key's user, a contact to nobody.
        owner: owner.or_else(|| context.user.clone().filter(|_| model == LEAD)),
        changed_at: None,
        retired: false,
        extras: Vec::new(),
    }
}

/// External ids cannot be searched for by everybody, but told of records: so the records that it may be are asked for theirs.
fn find_created(exchange: &mut Exchange<'_>, key: &str, draft: &Draft) -> Result<Option<Entity>, Failure> {
    let model = model_of(exchange, draft)?;
    // An empty number would be that of all who have none.
    let candidates = [("phone", phone(draft)), ("name", name(draft))].into_iter().filter(|(_, value)| !value.is_empty());
    let candidates = candidates.map(|(field, value)| domain::leaf(field, "=", value)).collect();
    let arguments = json!({
        "domain": domain::any(candidates),
        "fields": record::fields(model),
        "order": "id desc",
        "limit": MOST_CANDIDATES,
    });
    let context = exchange.context;
    let found = exchange.ask(model, "search_read", arguments)?.rows(|row| record::entity(model, row, context))?;
    find_by_key(exchange, key, model, &found)
}

/// The one of these that was made with this key.
fn find_by_key(exchange: &mut Exchange<'_>, key: &str, model: &str, among: &[Entity]) -> Result<Option<Entity>, Failure> {
    let mut of_model = among.iter().filter(|entity| entity.reference.kind == model);
    let ids: Vec<u64> = of_model.clone().filter_map(|entity| model::id(&entity.reference.id)).collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let external = exchange.ask(model, "get_external_id", json!({ "ids": ids }))?;
    let id = external_id::who_has(&external.json, key);
    Ok(id.and_then(|id| of_model.find(|entity| entity.reference.id == id)).cloned())
}
