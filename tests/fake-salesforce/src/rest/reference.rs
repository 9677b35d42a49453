//! `@{ref.field}`: what a subrequest takes from the answers before it.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::error::ApiError;

/// Answers of earlier subrequests by their names; none where there was no usable one.
pub type Answers = HashMap<String, Option<Json>>;

/// A body with its references filled in.
///
/// # Errors
/// 400 `PROCESSING_HALTED` for a reference that leads nowhere.
pub fn fill(body: &Json, answers: &Answers) -> Result<Json, ApiError> {
    Ok(match body {
        Json::String(text) => match lone(text) {
            // Alone in its string, a value keeps its kind.
            Some(reference) => find(reference, answers)?.clone(),
            None => Json::String(fill_text(text, answers)?),
        },
        Json::Array(items) => items.iter().map(|item| fill(item, answers)).collect::<Result<_, _>>()?,
        Json::Object(fields) => {
            let filled = fields.iter().map(|(name, value)| Ok((name.clone(), fill(value, answers)?)));
            Json::Object(filled.collect::<Result<Map<_, _>, ApiError>>()?)
        }
        other => other.clone(),
    })
}

/// A text, such as an address, with its references filled in.
///
/// # Errors
/// As [`fill`].
pub fn fill_text(text: &str, answers: &Answers) -> Result<String, ApiError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        filled.push_str(before);
        let Some((reference, behind)) = after.split_once('}') else {
            filled.push_str("@{");
            rest = after;
            continue;
        };
        match find(reference, answers)? {
            Json::String(value) => filled.push_str(value),
            value => filled.push_str(&value.to_string()),
        }
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn lone(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("@{")?.strip_suffix('}')?;
    (!inner.contains('}')).then_some(inner)
}

/// Follows `name.records[0].Id`.
fn find<'a>(reference: &str, answers: &'a Answers) -> Result<&'a Json, ApiError> {
    let end = reference.find(['.', '[']).unwrap_or(reference.len());
    let (name, path) = reference.split_at_checked(end).unwrap_or((reference, ""));
    let lost = || ApiError::bad("PROCESSING_HALTED", format!("Invalid reference specified. No value for {reference} found in {name}"));
    let mut value = answers.get(name).and_then(Option::as_ref).ok_or_else(lost)?;
    for step in path.replace('[', ".[").split('.').filter(|step| !step.is_empty()) {
        let next = match step.strip_prefix('[').and_then(|index| index.strip_suffix(']')) {
            Some(index) => index.parse::<usize>().ok().and_then(|index| value.get(index)),
            None => value.get(step),
        };
        value = next.ok_or_else(lost)?;
    }
    match value {
        Json::Null | Json::Object(_) | Json::Array(_) => Err(lost()),
        found => Ok(found),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::{Answers, fill, fill_text};

    fn answers() -> Answers {
        let query = json!({ "totalSize": 1, "records": [{ "Id": "003A", "Age": 7, "Phone": null }] });
        Answers::from([("q".to_owned(), Some(query)), ("list".to_owned(), Some(json!([{ "id": "001B" }]))), ("bad".to_owned(), None)])
    }

    #[test]
    fn references_are_followed_through_lists_and_objects() {
        let body = json!({ "WhoId": "@{q.records[0].Id}", "n": ["@{q.totalSize}"], "t": "a@{list[0].id}b@{q.records[0].Age}" });
        assert_eq!(fill(&body, &answers()).unwrap(), json!({ "WhoId": "003A", "n": [1], "t": "a001Bb7" }));
        assert_eq!(fill_text("/x/@{list[0].id}/y", &answers()).unwrap(), "/x/001B/y");
    }

    #[test]
    fn a_reference_that_leads_nowhere_halts() {
        for text in ["@{bad.id}", "@{none.id}", "@{q.records[1].Id}", "@{q.records[0].Phone}", "@{q}", "@{}", "@{q.records[x].Id}"] {
            let error = fill_text(text, &answers()).unwrap_err();
            assert_eq!((error.status, error.code), (400, "PROCESSING_HALTED"), "{text}");
        }
        let told = fill_text("@{q.records[1].Id}", &answers()).unwrap_err().message;
        assert_eq!(told, "Invalid reference specified. No value for q.records[1].Id found in q");
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["@", "@{", "a@{b", "{x}", "mail@example.com"] {
            assert_eq!(fill_text(text, &answers()).unwrap(), text);
        }
    }
}
