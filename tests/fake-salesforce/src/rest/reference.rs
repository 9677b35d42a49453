//! `@{ref.field}`: what a subrequest takes from the answers before it.

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value as Json};

use crate::error::ApiError;

/// Answers of earlier subrequests by their names; none where there was no usable one.
pub type Answers = HashMap<String, Option<Json>>;

/// Most bytes that references may put into one subrequest. A reference is short and what it stands for is long, so that a request could
/// otherwise ask for more memory than there is.
const MOST_FILLED: usize = 16 * 1024 * 1024;

/// A body with its references filled in.
///
/// # Errors
/// 400 `PROCESSING_HALTED` for a reference that leads nowhere, 413 for references that stand for more than a request may hold.
pub fn fill(body: &Json, answers: &Answers) -> Result<Json, ApiError> {
    fill_within(body, answers, &mut 0)
}

fn fill_within(body: &Json, answers: &Answers, filled: &mut usize) -> Result<Json, ApiError> {
    Ok(match body {
        Json::String(text) => match lone(text) {
            // Alone in its string, a value keeps its kind.
            Some(reference) => {
                let value = find(reference, answers)?;
                spend(filled, value.as_str().map_or(0, str::len))?;
                value.clone()
            }
            None => Json::String(fill_text_within(text, answers, filled)?),
        },
        Json::Array(items) => items.iter().map(|item| fill_within(item, answers, filled)).collect::<Result<_, _>>()?,
        Json::Object(fields) => {
            let whole = fields.iter().map(|(name, value)| Ok((name.clone(), fill_within(value, answers, filled)?)));
            Json::Object(whole.collect::<Result<Map<_, _>, ApiError>>()?)
        }
        other => other.clone(),
    })
}

/// A text, such as an address, with its references filled in.
///
/// # Errors
/// As [`fill`].
pub fn fill_text(text: &str, answers: &Answers) -> Result<String, ApiError> {
    fill_text_within(text, answers, &mut 0)
}

fn fill_text_within(text: &str, answers: &Answers, filled: &mut usize) -> Result<String, ApiError> {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        // Where nothing closes, no reference follows either.
        let Some((reference, behind)) = after.split_once('}') else { break };
        whole.push_str(before);
        let value = match find(reference, answers)? {
            Json::String(value) => Cow::Borrowed(value.as_str()),
            value => Cow::Owned(value.to_string()),
        };
        spend(filled, value.len())?;
        whole.push_str(&value);
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

fn spend(filled: &mut usize, bytes: usize) -> Result<(), ApiError> {
    *filled = filled.saturating_add(bytes);
    if *filled <= MOST_FILLED {
        return Ok(());
    }
    Err(ApiError::new(413, "REQUEST_TOO_LARGE", "The references of this subrequest stand for more than a request may hold."))
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
    fn a_megabyte_of_references_that_do_not_close_is_read_in_one_go() {
        let text = "@{a".repeat(1_000_000);
        let began = std::time::Instant::now();
        assert_eq!(fill_text(&text, &answers()).unwrap(), text);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn references_cannot_ask_for_more_memory_than_there_is() {
        let long = Answers::from([("q".to_owned(), Some(json!({ "d": "x".repeat(32_000) })))]);
        let error = fill_text(&"@{q.d}".repeat(600), &long).unwrap_err();
        assert_eq!((error.status, error.code), (413, "REQUEST_TOO_LARGE"));
        let error = fill(&json!(vec!["@{q.d}"; 600]), &long).unwrap_err();
        assert_eq!((error.status, error.code), (413, "REQUEST_TOO_LARGE"));
        assert_eq!(fill(&json!(vec!["@{q.d}"; 400]), &long).unwrap().as_array().map(Vec::len), Some(400));
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["@", "@{", "a@{b", "{x}", "mail@example.com"] {
            assert_eq!(fill_text(text, &answers()).unwrap(), text);
        }
    }
}
