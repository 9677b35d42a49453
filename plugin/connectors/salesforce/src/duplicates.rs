//! What a duplicate rule found.

use pbx_connector_kit::{context::Context, types::RecordRef};
use serde_json::Value;

use crate::{
    columns,
    complaint::Complaint,
    exchange::MAX_ID,
    kinds::{self, Kind},
    record,
};

/// What to do after a rule has refused.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// The record is there: take this one.
    Same(RecordRef),
    /// The rule found others that are alike in something else than the number, and would let it pass.
    OthersMayPass,
    /// The rule refuses and names no record that a telephone knows.
    Nobody,
}

/// Judges what a rule found, for a number with these forms.
pub fn judge(complaint: &Complaint, forms: &[String], context: &Context) -> Verdict {
    let Some(found) = &complaint.duplicates else { return Verdict::Nobody };
    let records = records(found);
    let known: Vec<(Kind, &str, &Value)> = records.into_iter().filter_map(|record| Some((kind(record)?, id(record)?, record))).collect();
    let same = known.iter().find(|(kind, _, record)| has_number(*kind, record, forms));
    let phones_told = known.iter().any(|(kind, _, record)| columns::phones(*kind).iter().any(|field| record.get(field).is_some()));
    let may_pass = found.get("allowSave").and_then(Value::as_bool).unwrap_or_default();
    match same.or(known.first()) {
        None => Verdict::Nobody,
        Some((kind, id, _)) if same.is_some() || !phones_told || !may_pass => Verdict::Same(record::reference(context, kind.name(), id)),
        Some(_) => Verdict::OthersMayPass,
    }
}

fn records(found: &Value) -> Vec<&Value> {
    list_of(found, "matchResults")
        .into_iter()
        .flat_map(|result| list_of(result, "matchRecords"))
        .filter_map(|matched| matched.get("record"))
        .collect()
}

fn list_of<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    value.get(name).and_then(Value::as_array).map(|list| list.iter().collect()).unwrap_or_default()
}

fn kind(record: &Value) -> Option<Kind> {
    Kind::named(record.get("attributes")?.get("type")?.as_str()?)
}

fn id(record: &Value) -> Option<&str> {
    record.get("Id")?.as_str().filter(|id| id.len() <= MAX_ID && kinds::is_id(id))
}

fn has_number(kind: Kind, record: &Value, forms: &[String]) -> bool {
    columns::phones(kind).iter().filter_map(|field| record.get(field).and_then(Value::as_str)).any(|number| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        forms.iter().any(|form| !form.is_empty() && digits.contains(form.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(allow_save: bool, records: &Value) -> Verdict {
        let matched: Vec<Value> = records.as_array().unwrap().iter().map(|record| json!({ "record": record })).collect();
        let duplicates = json!({ "allowSave": allow_save, "matchResults": [{ "matchRecords": matched }] });
        let complaint = Complaint { duplicates: Some(duplicates), ..Complaint::default() };
        let context = Context {
            connector: "c1".to_owned(),
            base: String::new(),
            settings: Vec::new(),
            now: 0,
            time_left: 0,
            requests_left: 0,
            language: String::new(),
            organisation: None,
            user: None,
            extras: Vec::new(),
        };
        judge(&complaint, &["4155550112".to_owned()], &context)
    }

    fn same(kind: &str, id: &str) -> Verdict {
        Verdict::Same(RecordRef { connector: "c1".to_owned(), kind: kind.to_owned(), id: id.to_owned() })
    }

    #[test]
    fn the_record_with_the_number_is_taken_first() {
        let ann = json!({"attributes": {"type": "Contact"}, "Id": "003dM00001wBXYDQA4", "Phone": "(415) 555-0199"});
        let bob = json!({"attributes": {"type": "Lead"}, "Id": "00QdM00001wBXYDQA4", "MobilePhone": "+1 (415) 555-0112"});
        assert_eq!(judged(true, &json!([ann, bob])), same("Lead", "00QdM00001wBXYDQA4"));
        assert_eq!(judged(true, &json!([ann])), Verdict::OthersMayPass);
        assert_eq!(judged(false, &json!([ann])), same("Contact", "003dM00001wBXYDQA4"));
    }

    #[test]
    fn without_details_the_first_record_is_taken() {
        let bare = json!({"attributes": {"type": "Contact"}, "Id": "003dM00001wBXYDQA4"});
        let case = json!({"attributes": {"type": "Case"}, "Id": "500dM00001wBXYDQA4"});
        assert_eq!(judged(true, &json!([case, bare])), same("Contact", "003dM00001wBXYDQA4"));
        assert_eq!(judged(true, &json!([case])), Verdict::Nobody);
        assert_eq!(judged(true, &json!([{"Id": "x"}])), Verdict::Nobody);
    }
}
