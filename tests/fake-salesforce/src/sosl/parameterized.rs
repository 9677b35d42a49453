//! `parameterizedSearch`: a search asked by JSON instead of by a statement.
//!
//! No operators are promised there (REST API guide, Search with Parameters), so AND and OR are words like others, and nothing needs escapes.

use serde_json::{Map, Value as Json, json};

use crate::{
    error::ApiError,
    org::{Context, Org, Term},
    soql::{
        ast::{Name, Query, Selected},
        condition,
        grammar::{Nesting, Tokens, order_and_limits},
        refusal::{Parsed, Refusal},
        tokens::{Kind, cut},
    },
};

use super::{
    MOST_ROWS, answer,
    search::{Narrowing, Search},
    statement::{Statement, group, ids_of},
};

/// Rows of a search that names no limit.
const USUAL_ROWS: usize = 200;

/// Runs a parameterised search from the body of a POST (a GET is turned into the same JSON by the caller).
///
/// # Errors
/// As [`super::run`]; unknown keys and values of the wrong kind are `JSON_PARSER_ERROR`.
pub fn parameterized(org: &Org, context: &Context, version: &str, parameters: &Json) -> Result<Vec<Json>, ApiError> {
    let wishes = wishes(parameters)?;
    answer(org, context, version, &wishes.statement).map_err(|refusal| refusal.shown(""))
}

/// What goes into the answer's `metadata` where `"metadata":"LABELS"` was asked: the labels of the returned fields.
#[must_use]
pub fn metadata(org: &Org, parameters: &Json) -> Option<Json> {
    let wishes = wishes(parameters).ok().filter(|wishes| wishes.labels)?;
    let entities = wishes.statement.returning.iter().filter_map(|query| {
        let object = org.object(&query.from.text)?;
        let fields = query.select.iter().filter_map(|selected| match selected {
            Selected::Field(name, _) => object.field(&name.text).map(|(_, field)| json!({"name": field.name, "label": field.label})),
            _ => None,
        });
        Some(json!({"entityName": object.name, "fieldMetadata": fields.collect::<Vec<_>>()}))
    });
    Some(json!({"entityMetadata": entities.collect::<Vec<_>>()}))
}

struct Wishes {
    statement: Statement,
    labels: bool,
}

fn wishes(parameters: &Json) -> Result<Wishes, ApiError> {
    let body = parameters.as_object().ok_or_else(|| unreadable("The body must be an object"))?;
    known(body, &["q", "in", "fields", "sobjects", "overallLimit", "defaultLimit", "spellCorrection", "metadata"])?;
    let q = text(body, "q")?.unwrap_or_default();
    let search = words(q)?;
    let group = match text(body, "in")? {
        None => crate::org::SearchGroup::All,
        Some(name) => group(name).ok_or_else(|| unreadable(&format!("Unknown search group: {name}")))?,
    };
    if body.get("spellCorrection").is_some_and(|wish| !wish.is_boolean()) {
        return Err(unreadable("spellCorrection must be true or false"));
    }
    let labels = match text(body, "metadata")? {
        None => false,
        Some(wish) if wish.eq_ignore_ascii_case("LABELS") => true,
        Some(wish) => return Err(unreadable(&format!("Unknown metadata: {wish}"))),
    };
    let usual_fields = names(body, "fields")?;
    let usual_limit = number(body, "defaultLimit")?;
    let mut returning = Vec::new();
    if let Some(objects) = body.get("sobjects") {
        let objects =
            objects.as_array().filter(|objects| !objects.is_empty()).ok_or_else(|| unreadable("sobjects must be a list of objects"))?;
        for object in objects {
            let object = object.as_object().ok_or_else(|| unreadable("sobjects must be a list of objects"))?;
            returning.push(returned(object, &usual_fields, usual_limit)?);
        }
    } else if !usual_fields.is_empty() {
        return Err(unreadable("fields need sobjects"));
    }
    let limit = number(body, "overallLimit")?.unwrap_or(USUAL_ROWS);
    if limit > MOST_ROWS {
        return Err(ApiError::bad("NUMBER_OUTSIDE_VALID_RANGE", format!("overallLimit must not be more than {MOST_ROWS}")));
    }
    Ok(Wishes { statement: Statement { search, group, returning, limit: Some(limit) }, labels })
}

/// One entry of `sobjects`.
fn returned(object: &Map<String, Json>, usual_fields: &[String], usual_limit: Option<usize>) -> Result<Query, ApiError> {
    known(object, &["name", "fields", "limit", "where", "orderBy", "offset"])?;
    let name = text(object, "name")?.ok_or_else(|| unreadable("name is missing in sobjects"))?;
    let mut query = ids_of(Name { text: name.to_owned(), at: 0 });
    let own = names(object, "fields")?;
    let fields = if own.is_empty() { usual_fields } else { &own };
    if !fields.is_empty() {
        query.select = fields.iter().map(|field| Selected::Field(Name { text: field.clone(), at: 0 }, None)).collect();
    }
    if let Some(given) = text(object, "where")? {
        query.condition = Some(whole(given, |tokens| condition::condition(tokens, Nesting::SemiJoin))?);
    }
    if let Some(given) = text(object, "orderBy")? {
        let ordered = format!("ORDER BY {given}");
        query.order = whole(&ordered, |tokens| {
            let mut sorted = query.clone();
            order_and_limits(tokens, &mut sorted)?;
            if sorted.limit.is_some() || sorted.offset.is_some() {
                Err(Refusal::whole("MALFORMED_QUERY", "unexpected token: 'LIMIT'"))
            } else {
                Ok(sorted.order)
            }
        })?;
    }
    query.limit = number(object, "limit")?.or(usual_limit);
    query.offset = number(object, "offset")?.map(|offset| (offset, 0));
    Ok(query)
}

/// Reads a whole text with a part of SOQL's grammar.
fn whole<T>(text: &str, read: impl FnOnce(&mut Tokens<'_, '_>) -> Parsed<T>) -> Result<T, ApiError> {
    let inner = || {
        let tokens = cut(text, 0)?;
        let mut tokens = Tokens::new(&tokens).ok_or_else(|| Refusal::malformed(0, "unexpected token: '<EOF>'"))?;
        let value = read(&mut tokens)?;
        if tokens.peek().kind == Kind::End { Ok(value) } else { Err(tokens.unexpected()) }
    };
    inner().map_err(|refusal| refusal.shown(text))
}

/// `q`: words that must all be there; in quotes, in their order; a wildcard may stand behind a letter.
fn words(q: &str) -> Result<Search, ApiError> {
    let mut terms = Vec::new();
    for (place, part) in q.split('"').enumerate() {
        let phrase = place % 2 == 1;
        let pieces: Vec<&str> = if phrase { vec![part.trim()] } else { part.split_whitespace().collect() };
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            let wildcards: Vec<usize> =
                piece.chars().enumerate().filter(|(_, character)| matches!(character, '*' | '?')).map(|(place, _)| place).collect();
            if wildcards.first() == Some(&0) {
                return Err(ApiError::bad("INVALID_SEARCH", format!("search term must not begin with a wildcard: {piece}")));
            }
            terms.push(Term { text: piece.to_owned(), wildcards, phrase });
        }
    }
    if terms.iter().all(|term| term.text.chars().count() - term.wildcards.len() < 2) {
        return Err(ApiError::bad("INVALID_SEARCH", format!("search term must be longer than one character: {}", q.trim())));
    }
    let mut searches = terms.into_iter().map(Search::Term);
    let first = searches.next().unwrap_or(Search::Nothing);
    Ok(Search::Narrowed(Box::new(first), searches.map(|search| (Narrowing::And, search)).collect()))
}

fn unreadable(message: &str) -> ApiError {
    ApiError::bad("JSON_PARSER_ERROR", message)
}

fn known(object: &Map<String, Json>, keys: &[&str]) -> Result<(), ApiError> {
    match object.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(unreadable(&format!("Unrecognized field \"{key}\""))),
        None => Ok(()),
    }
}

fn text<'j>(object: &'j Map<String, Json>, key: &str) -> Result<Option<&'j str>, ApiError> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(unreadable(&format!("{key} must be a text"))),
    }
}

fn number(object: &Map<String, Json>, key: &str) -> Result<Option<usize>, ApiError> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(given) => {
            let read = given.as_u64().and_then(|number| usize::try_from(number).ok());
            read.map(Some).ok_or_else(|| unreadable(&format!("{key} must be a whole number")))
        }
    }
}

fn names(object: &Map<String, Json>, key: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || unreadable(&format!("{key} must be a list of names"));
    match object.get(key) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(listed)) => listed.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::wishes;

    #[test]
    fn the_guides_sample_is_read() {
        let body = json!({"q": "4155550123", "in": "PHONE", "fields": ["id", "name"], "overallLimit": 100, "defaultLimit": 10, "spellCorrection": false,
            "sobjects": [{"name": "Contact", "fields": ["id", "phone"], "limit": 5, "where": "Name LIKE 'A%'", "orderBy": "Name DESC"}, {"name": "Lead"}]});
        let statement = wishes(&body).map(|wishes| wishes.statement).unwrap();
        assert_eq!(statement.limit, Some(100));
        let limits: Vec<_> = statement.returning.iter().map(|query| (query.select.len(), query.limit)).collect();
        assert_eq!(limits, [(2, Some(5)), (2, Some(10))]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (body, code) in [
            (json!({"q": "abc", "snippet": 1}), "JSON_PARSER_ERROR"),
            (json!({"q": "abc", "sobjects": [{"name": "Lead", "filter": ""}]}), "JSON_PARSER_ERROR"),
            (json!({"q": "abc", "sobjects": "Lead"}), "JSON_PARSER_ERROR"),
            (json!({"q": "abc", "in": "FAX"}), "JSON_PARSER_ERROR"),
            (json!({"q": 5}), "JSON_PARSER_ERROR"),
            (json!([]), "JSON_PARSER_ERROR"),
            (json!({"q": "a"}), "INVALID_SEARCH"),
            (json!({}), "INVALID_SEARCH"),
            (json!({"q": "abc", "sobjects": [{"name": "Lead", "where": "Id = null) OR (Id = null"}]}), "MALFORMED_QUERY"),
            (json!({"q": "abc", "sobjects": [{"name": "Lead", "orderBy": "Name LIMIT 5"}]}), "MALFORMED_QUERY"),
        ] {
            assert_eq!(wishes(&body).err().map(|error| error.code), Some(code), "{body}");
        }
    }
}
