//! What Salesforce says of a refusal.

use pbx_connector_kit::json;
use serde_json::Value;

/// Most fields that are passed on.
const MAX_FIELDS: usize = 64;

/// One error. A list of them is the answer as a rule; some resources answer with one bare object, the edge with a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Complaint {
    /// Such as `INVALID_FIELD`; "" if there is none.
    pub code: String,
    /// Its words.
    pub words: String,
    /// Fields that it names in its list of fields.
    pub fields: Vec<String>,
    /// What a duplicate rule found.
    pub duplicates: Option<Value>,
}

/// The complaints of a body; nothing if it is no JSON, or JSON of another kind.
pub fn read(body: &[u8]) -> Vec<Complaint> {
    if let Ok(json) = json::parse(body) {
        return all(&json);
    }
    // The sign-in side of Salesforce has one refusal that is plain text.
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let is_word = !text.is_empty() && text.len() <= 64 && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'_');
    if is_word { vec![Complaint { code: text.to_owned(), ..Complaint::default() }] } else { Vec::new() }
}

/// The complaints of a value: a list, or one bare object.
pub fn all(value: &Value) -> Vec<Complaint> {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_string) => vec![several(items)],
        Value::Array(items) => items.iter().filter_map(one).collect(),
        object => one(object).into_iter().collect(),
    }
}

/// Status 300 lists the paths of all records that fit where one was wanted: their objects and ids are its words.
fn several(paths: &[Value]) -> Complaint {
    let named = paths.iter().filter_map(Value::as_str).take(MAX_FIELDS).map(|path| {
        let mut parts = path.rsplit('/');
        let id = parts.next().unwrap_or_default();
        parts.next().map_or_else(|| id.to_owned(), |object| format!("{object} {id}"))
    });
    Complaint { words: named.collect::<Vec<_>>().join(", "), ..Complaint::default() }
}

fn one(value: &Value) -> Option<Complaint> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    // Rows of a collection say `statusCode`, sign-in says `error`.
    let code = text("errorCode").or_else(|| text("statusCode")).or_else(|| text("error"));
    let words = text("message").or_else(|| text("error_description"));
    if code.is_none() && words.is_none() {
        return None;
    }
    let fields = value.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let fields = fields.iter().filter_map(Value::as_str).take(MAX_FIELDS).map(str::to_owned);
    // Salesforce misspells the key in all recorded answers; one day it may not.
    let duplicates = value.get("duplicateResut").or_else(|| value.get("duplicateResult")).filter(|found| found.is_object());
    Some(Complaint {
        code: code.unwrap_or_default().to_owned(),
        words: words.unwrap_or_default().to_owned(),
        fields: fields.collect(),
        duplicates: duplicates.cloned(),
    })
}

impl Complaint {
    /// The fields that it complains of: those of its list, or those in its words ("No such column 'Fax' on entity 'Lead'", "Required fields are
    /// missing: [LastName]", "duplicate value found: Number__c duplicates value on record with id: 003...").
    pub fn named_fields(&self) -> Vec<&str> {
        if !self.fields.is_empty() {
            return self.fields.iter().map(String::as_str).collect();
        }
        if let Some(names) = self.between("Required fields are missing: [", ']') {
            return names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        }
        self.between("No such column '", '\'').or_else(|| self.between("duplicate value found: ", ' ')).into_iter().collect()
    }

    /// The object that it says is not there ("sObject type 'Lead' is not supported").
    pub fn named_object(&self) -> Option<&str> {
        self.between("sObject type '", '\'')
    }

    fn between(&self, before: &str, after: char) -> Option<&str> {
        let (_, rest) = self.words.split_once(before)?;
        rest.split_once(after).map(|(name, _)| name)
    }

    /// Does it say that fields do not exist, are hidden, or cannot be written?
    pub fn is_about_fields(&self) -> bool {
        matches!(self.code.as_str(), "INVALID_FIELD" | "INVALID_FIELD_FOR_INSERT_UPDATE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(body: &str) -> Vec<String> {
        read(body.as_bytes()).into_iter().map(|complaint| complaint.code).collect()
    }

    #[test]
    fn lists_bare_objects_pages_and_words_are_read() {
        assert_eq!(codes(r#"[{"message":"m","errorCode":"A"},{"errorCode":"B"},5]"#), ["A", "B"]);
        assert_eq!(codes(r#"{"message":"The REST API is not enabled","errorCode":"RESTAPINOTENABLED"}"#), ["RESTAPINOTENABLED"]);
        assert_eq!(codes(r#"[{"statusCode":"STRING_TOO_LONG","message":"m","fields":["LastName"]}]"#), ["STRING_TOO_LONG"]);
        assert_eq!(codes(r#"{"error":"invalid_grant","error_description":"expired"}"#), ["invalid_grant"]);
        assert_eq!(codes("Bad_OAuth_Token\n"), ["Bad_OAuth_Token"]);
        for nothing in ["", "<html>503</html>", "[]", "null", "5", r#"{"id":"x"}"#, "Service Unavailable: too busy"] {
            assert!(codes(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn both_spellings_of_duplicates_are_read() {
        for key in ["duplicateResut", "duplicateResult"] {
            let found = read(format!(r#"[{{"{key}":{{"matchResults":[]}},"errorCode":"DUPLICATES_DETECTED","message":"m"}}]"#).as_bytes());
            assert!(found[0].duplicates.is_some(), "{key}");
        }
    }

    #[test]
    fn fields_are_found_in_lists_and_in_words() {
        let listed = Complaint { fields: vec!["CallObject".to_owned()], ..Complaint::default() };
        assert_eq!(listed.named_fields(), ["CallObject"]);
        let words = "\nId,Fax\n ^\nERROR at Row:1:Column:4\nNo such column 'Fax' on entity 'Lead'. If you are ...".to_owned();
        assert_eq!(Complaint { words, ..Complaint::default() }.named_fields(), ["Fax"]);
        for (words, named) in [
            ("Required fields are missing: [LastName, Company]", vec!["LastName", "Company"]),
            ("duplicate value found: Number__c duplicates value on record with id: 003", vec!["Number__c"]),
        ] {
            assert_eq!(Complaint { words: words.to_owned(), ..Complaint::default() }.named_fields(), named);
        }
        let words = "sObject type 'Lead' is not supported. If you are".to_owned();
        assert_eq!(Complaint { words, ..Complaint::default() }.named_object(), Some("Lead"));
        assert!(Complaint { words: "No such column".to_owned(), ..Complaint::default() }.named_fields().is_empty());
    }
}
