use pbx_connector_kit::{
    base_types::{Moment, WorkKey},
    context::Context,
    failure::detail,
    text::message,
    types::{Draft, Elsewhere, Entity, Failure, RecordRef, Role},
};
use serde_json::{Map, json};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::creation::{Guest, LookedUp, Made},
    domain, external_id,
    json2::Exchange,
    judgement,
    load::{self, Loaded},
    lookup::in_all_models,
    model::{self, LEAD},
    record,
    settings_page::Prospects,
};

/// Most tries: without the owner, and again after a race.
const MOST_TRIES: usize = 3;
/// Most records with the number or name that are looked at; the newest.
const MOST_CANDIDATES: u32 = 50;

impl Guest for Odoo {
    fn create(context: Context, key: WorkKey, draft: Draft) -> Result<Made, Failure> {
        let mut exchange = Exchange::new(&context);
        let made = create(&mut exchange, &key, &draft);
        let entity = exchange.settle(made)?;
        // Whether a row was made or found is not told.
        Ok(Made { entity, was_there: false, usage: exchange.usage(), extras: Vec::new() })
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

/// Columns and values of the new row; `owner` only where it is one of this account.
struct Row {
    columns: Vec<(&'static str, String)>,
}

impl Row {
    fn of(model: &str, key: &str, draft: &Draft, exchange: &Exchange<'_>) -> Self {
        let name = name(draft);
        let mut columns = vec![("id", external_id::of(key)), ("name", name.clone()), ("phone", phone(draft).to_owned())];
        let email = draft.emails.first().cloned().unwrap_or_default();
        if model == LEAD {
            let sort = if exchange.options.prospects == Prospects::Opportunities { "opportunity" } else { "lead" };
            columns.extend([
                ("type", sort.to_owned()),
                ("contact_name", name),
                ("partner_name", draft.company.clone()),
                ("email_from", email),
            ]);
        } else {
            columns.extend([("company_name", draft.company.clone()), ("email", email)]);
        }
        let owner = draft.owner.as_ref().filter(|owner| owner.connector == exchange.context.connector && model::id(&owner.id).is_some());
        if let Some(owner) = owner {
            columns.push((OWNER, owner.id.clone()));
        }
        // An empty column would be stored as such over what a default gives.
        columns.retain(|(_, value)| !value.is_empty());
        Self { columns }
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| *name == column)
    }
}

const OWNER: &str = "user_id/.id";

/// Odoo has one field for a person's name.
fn name(draft: &Draft) -> String {
    format!("{} {}", draft.first_name, draft.last_name).trim().to_owned()
}

fn phone(draft: &Draft) -> &str {
    draft.number.e164.as_deref().unwrap_or(&draft.number.raw)
}

fn create(exchange: &mut Exchange<'_>, key: &str, draft: &Draft) -> Result<Entity, Failure> {
    let model = model_of(exchange, draft)?;
    if let Some(found) = somebody_else(exchange, key, draft)? {
        return Err(Failure::Duplicate(Elsewhere { found, detail: detail(message("odoo.duplicate", &[])) }));
    }
    let mut row = Row::of(model, key, draft, exchange);
    let mut last = None;
    for _ in 0..MOST_TRIES {
        let fields: Vec<&str> = row.columns.iter().map(|(name, _)| *name).collect();
        let values = row.columns.iter().map(|(_, value)| value.clone()).collect();
        let objections = match load::load(exchange, model, &fields, &[values], Map::new())? {
            Loaded::All(ids) => {
                return Ok(entity(model, ids.into_iter().next().unwrap_or_default(), draft, row.has(OWNER), exchange.context));
            }
            Loaded::None(objections) => objections,
        };
        let about_owner = objections.iter().any(|objection| objection.field.as_deref() == Some("user_id"));
        if about_owner && row.has(OWNER) {
            // Gone, or no longer active.
            row.columns.retain(|(name, _)| *name != OWNER);
        } else if !objections.first().is_some_and(load::Objection::is_conflict) {
            return Err(judgement::of_row(objections.first()));
        }
        last = objections.into_iter().next();
    }
    Err(judgement::of_row(last.as_ref()))
}

/// Who has this very number, spelled in whatever way. Odoo has no rule against doubles, so that a colleague who typed the caller in since the host's
/// check would go unnoticed.
fn somebody_else(exchange: &mut Exchange<'_>, key: &str, draft: &Draft) -> Result<Option<RecordRef>, Failure> {
    let domain = domain::of_numbers(std::slice::from_ref(&draft.number));
    let (found, _) = in_all_models(exchange, |_| domain.clone(), "id desc", MOST_CANDIDATES)?;
    let same = |entity: &Entity| {
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
        !entity.retired && entity.phones.iter().any(|(_, number)| draft.number.forms.contains(&digits(number)))
    };
    let same: Vec<Entity> = found.into_iter().filter(same).collect();
    // An earlier try with this key may have made one of them: `load` finds it again.
    let own = find_by_key(exchange, key, model_of(exchange, draft)?, &same)?;
    Ok(if own.is_some() { None } else { same.into_iter().next().map(|entity| entity.reference) })
}

/// The record as it is now, without asking for it.
fn entity(model: &'static str, id: String, draft: &Draft, owned: bool, context: &Context) -> Entity {
    Entity {
        reference: record::reference(context, model, id),
        role: if model == LEAD { Role::Prospect } else { Role::Person },
        name: name(draft),
        first_name: None,
        last_name: None,
        company: Some(draft.company.clone()).filter(|company| !company.is_empty()),
        organisation: None,
        phones: vec![("business".to_owned(), phone(draft).to_owned())],
        emails: draft.emails.iter().take(1).cloned().collect(),
        owner: draft.owner.clone().filter(|_| owned),
        changed_at: None,
        retired: false,
        extras: Vec::new(),
    }
}

/// External ids cannot be searched for by everybody, but told of records: so the records that it may be are asked for theirs.
fn find_created(exchange: &mut Exchange<'_>, key: &str, draft: &Draft) -> Result<Option<Entity>, Failure> {
    let model = model_of(exchange, draft)?;
    let candidates = vec![domain::leaf("phone", "=", phone(draft)), domain::leaf("name", "=", name(draft))];
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
