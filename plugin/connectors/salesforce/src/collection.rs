//! Many rows in one request, and what became of each.

use pbx_connector_kit::{
    Effect,
    failure::detail,
    json::{Node, Wrong},
    text::message,
    types::Failure,
};
use serde_json::Value;

use crate::{
    api,
    complaint::{self, Complaint},
    exchange::MAX_ID,
    judgement::{self, Came},
};

/// What became of a row: its id, or the first complaint. A complaint without a code: Salesforce did not say what became of it.
pub type Done = Result<String, Complaint>;

/// What became of the rows, in their order; a row that the answer does not tell of has an empty complaint.
///
/// # Errors
/// The answer is no list.
pub fn results(answer: &Node<'_>, rows: usize) -> Result<Vec<Done>, Wrong> {
    let mut results: Vec<Done> = answer.required_list()?.iter().take(rows).map(result).collect();
    results.resize(rows, Err(Complaint::default()));
    Ok(results)
}

fn result(row: &Node<'_>) -> Done {
    let success = row.member("success").and_then(|success| success.flag());
    if success == Ok(true) {
        let id = row.member("id").and_then(|id| id.required_id(MAX_ID));
        return id.map_err(|_| Complaint::default());
    }
    let errors = row.member("errors").ok().and_then(|errors| errors.value().cloned()).unwrap_or_default();
    Err(complaint::all(&errors).into_iter().next().unwrap_or_default())
}

/// The failure of a row.
pub fn failure(complaint: &Complaint) -> Failure {
    if complaint == &Complaint::default() {
        return Failure::Unclear(detail(message("salesforce.no-result", &[])));
    }
    judgement::of_complaint(&Came { status: None, wait: None, effect: Effect::Writes }, complaint)
}

/// Parts rows into requests that are neither too long nor too many, in their order: how many go into each.
pub fn parcels<'a>(rows: impl Iterator<Item = &'a Value>) -> Vec<usize> {
    let mut parcels: Vec<usize> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let length = row.to_string().len() + 1;
        match parcels.last_mut().filter(|count| **count < api::MAX_ROWS && bytes + length <= api::MAX_BODY) {
            Some(count) => {
                *count += 1;
                bytes += length;
            }
            None => {
                parcels.push(1);
                bytes = length;
            }
        }
    }
    parcels
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_row_gets_an_outcome() {
        let answer = json!([
            {"id": "00TdM00001wBXYDQA4", "success": true, "errors": []},
            {"success": false, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "m", "fields": ["Subject"]}]},
            {"success": true},
        ]);
        let results = results(&Node::root(&answer), 4).unwrap();
        assert_eq!(results[0], Ok("00TdM00001wBXYDQA4".to_owned()));
        assert_eq!(results[1].as_ref().unwrap_err().code, "STRING_TOO_LONG");
        for unclear in &results[2..] {
            assert!(matches!(failure(unclear.as_ref().unwrap_err()), Failure::Unclear(_)));
        }
        assert!(super::results(&Node::root(&json!({})), 1).is_err());
    }

    #[test]
    fn parcels_are_full_and_not_too_large() {
        let small = vec![json!({"a": 1}); 450];
        assert_eq!(parcels(small.iter()), [200, 200, 50]);
        let large = vec![json!("x".repeat(400_000)); 5];
        assert_eq!(parcels(large.iter()), [2, 2, 1]);
        assert!(parcels([].iter()).is_empty());
    }
}
