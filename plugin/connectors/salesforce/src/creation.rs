use pbx_connector_kit::{
    Request,
    base_types::{Moment, WorkKey},
    context::Context,
    failure::detail,
    text::{message, quoting},
    time::rfc3339,
    types::{Detail, Draft, Elsewhere, Entity, Failure, RecordRef, WrongFields},
    url::Query,
};
use serde_json::{Map, Value};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::creation::{Guest, LookedUp, Made},
    columns::Columns,
    complaint::Complaint,
    composite, draft_json,
    duplicates::{self, Verdict},
    exchange::{Exchange, MAX_ID, Refused},
    kinds::Kind,
    lookup::without_hidden,
    record, soql,
};

/// Salesforce's clock and the PBX's may differ so much, in milliseconds. Number and name are compared too, so a long time is safe.
const CLOCKS_APART_MS: Moment = 3_600_000;
/// Most tries: without the owner, without an address, past a rule that only warns.
const MOST_TRIES: usize = 4;
/// Fields that a record can do without.
const OPTIONAL: [&str; 3] = ["OwnerId", "Email", "FirstName"];

impl Guest for Salesforce {
    fn create(context: Context, _key: WorkKey, draft: Draft) -> Result<Made, Failure> {
        let mut exchange = Exchange::new(&context);
        let made = create(&mut exchange, &draft);
        let entity = exchange.settle(made)?;
        Ok(Made { entity, was_there: false, usage: exchange.usage(), extras: Vec::new() })
    }

    fn find_created(context: Context, _key: WorkKey, draft: Draft, since: Moment) -> Result<LookedUp, Failure> {
        // A contact has no room for a key that every organisation has, so it is known again by number, name and time.
        let mut exchange = Exchange::new(&context);
        let found = find_created(&mut exchange, &draft, since);
        let entity = exchange.settle(found)?;
        Ok(LookedUp { entity, usage: exchange.usage(), extras: Vec::new() })
    }
}

fn kind_of(draft: &Draft) -> Result<Kind, Failure> {
    Kind::to_create(&draft.role, draft.kind.as_deref()).ok_or_else(|| composite::unsupported("salesforce.not-creatable"))
}

fn create(exchange: &mut Exchange<'_>, draft: &Draft) -> Result<Entity, Failure> {
    let kind = kind_of(draft)?;
    let context = exchange.context;
    let mut fields = draft_json::fields(kind, draft, context);
    let mut past_warnings = false;
    let mut tries = 0;
    loop {
        tries += 1;
        let refused = match exchange.ask(&request(kind, &fields, past_warnings)) {
            Ok(answer) => {
                let id = answer.read(|answer| answer.member("id")?.required_id(MAX_ID))?;
                return Ok(draft_json::entity(kind, &id, &fields, context));
            }
            Err(refused) => refused,
        };
        if let Some(complaint) = refused.complaint("DUPLICATES_DETECTED") {
            match duplicates::judge(complaint, &draft.number.forms, context) {
                Verdict::OthersMayPass if !past_warnings && tries < MOST_TRIES => past_warnings = true,
                Verdict::Same(found) => return Err(duplicate(found, complaint)),
                Verdict::OthersMayPass | Verdict::Nobody => return Err(refused.failure),
            }
            continue;
        }
        // An object that the user may not see is one that there is not.
        if refused.complaint("NOT_FOUND").is_some() {
            let hidden = Detail { status: Some(404), ..detail(message("salesforce.object-hidden", &[("object", kind.name())])) };
            return Err(Failure::Forbidden(hidden));
        }
        let mended = refused.complaints.iter().any(|complaint| leave_out(&mut fields, complaint));
        if !mended || tries >= MOST_TRIES {
            return Err(refused.failure);
        }
    }
}

fn request(kind: Kind, fields: &Map<String, Value>, past_warnings: bool) -> Request {
    let path = format!("{}/{}", api::OBJECTS, kind.name());
    // With details, so that the record with the same number can be told from one with a similar name.
    let duplicates = format!("allowSave={past_warnings}; includeRecordDetails=true; runAsCurrentUser=true");
    Request::post(&path, &Value::Object(fields.clone()))
        .with_header("sforce-duplicate-rule-header", &duplicates)
        // The PBX has chosen the owner; a rule for web forms shall not choose another.
        .with_header("sforce-auto-assign", "FALSE")
        .with_header("sforce-mru", "updateMru=false")
}

/// Takes out what the record can do without, if the complaint is about that.
fn leave_out(fields: &mut Map<String, Value>, complaint: &Complaint) -> bool {
    let named = complaint.named_fields();
    let owner_alone = named.is_empty() && fields.contains_key("OwnerId");
    let unwanted: Vec<&str> = match complaint.code.as_str() {
        "INACTIVE_OWNER_OR_USER" | "TRANSFER_REQUIRES_READ" => vec!["OwnerId"],
        // The owner is the only other record that is named here.
        "INVALID_CROSS_REFERENCE_KEY" | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" | "ENTITY_IS_DELETED" | "MALFORMED_ID"
            if owner_alone || named.contains(&"OwnerId") =>
        {
            vec!["OwnerId"]
        }
        "INVALID_EMAIL_ADDRESS" => vec!["Email"],
        "INVALID_FIELD" | "INVALID_FIELD_FOR_INSERT_UPDATE" => named,
        _ => return false,
    };
    let unwanted: Vec<&str> = OPTIONAL.into_iter().filter(|field| unwanted.contains(field) && fields.contains_key(*field)).collect();
    for field in &unwanted {
        fields.remove(*field);
    }
    !unwanted.is_empty()
}

fn duplicate(found: RecordRef, complaint: &Complaint) -> Failure {
    let said = quoting(message("salesforce.duplicate", &[]), &complaint.words);
    let detail = Detail { status: Some(400), code: Some(complaint.code.clone()), ..detail(said) };
    Failure::Duplicate(Elsewhere { found, detail })
}

fn find_created(exchange: &mut Exchange<'_>, draft: &Draft, since: Moment) -> Result<Option<Entity>, Refused> {
    let kind = kind_of(draft)?;
    let context = exchange.context;
    let written = draft_json::fields(kind, draft, context);
    let equal = |name: &str| {
        let value = written.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{name} = {}", soql::text(value))
    };
    if !written.contains_key("Phone") {
        let said = message("salesforce.required", &[("fields", "Phone")]);
        return Err(Failure::Invalid(WrongFields { fields: vec!["Phone".to_owned()], detail: detail(said) }).into());
    }
    let since = rfc3339(since.saturating_sub(CLOCKS_APART_MS), 0);
    without_hidden(|columns: &Columns| {
        let query = format!(
            "SELECT {} FROM {} WHERE {} AND {} AND CreatedDate >= {since} ORDER BY CreatedDate LIMIT 1",
            columns.of(kind).join(", "),
            kind.name(),
            equal("Phone"),
            equal("LastName"),
        );
        let answer = exchange.ask(&Request::get(Query::of(api::QUERY).with("q", &query).into_text()))?;
        Ok(answer.read(|answer| record::queried(&answer, context))?.into_iter().next())
    })
}
