//! The method `load`, which makes or updates many rows: all of them, or none. It refuses with status 200.

use pbx_connector_kit::json::{Node, Wrong};
use serde_json::{Map, Value, json};

use crate::json2::Exchange;
use pbx_connector_kit::types::Failure;

/// The status of a body that is too large: nginx refuses more than a megabyte if nobody tells it otherwise.
const TOO_LARGE: u16 = 413;

/// What became of the rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Loaded {
    /// All stand: their ids, in order.
    All(Vec<String>),
    /// None does; without an objection where they were too many.
    None(Vec<Objection>),
}

/// Why not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Objection {
    /// Which row it is about, from 0. Not reliable: a record that is gone is held against every row, and some errors against the first.
    pub row: Option<usize>,
    /// The field that it is about, in Odoo's word.
    pub field: Option<String>,
    /// In Odoo's words, and in the language of the key's user.
    pub words: String,
}

impl Objection {
    /// Somebody else was at the same row at the same time. These are PostgreSQL's words; nothing else tells it apart.
    pub fn is_conflict(&self) -> bool {
        ["could not serialize access", "deadlock detected", "could not obtain lock", "concurrent update"]
            .iter()
            .any(|words| self.words.contains(words))
    }
}

/// Makes rows with external ids of ours, which stand in the column "id". Rows that there are already stay as they are, and their ids are given: whatever
/// people made of them meanwhile is theirs. `context` holds defaults for columns that cannot be loaded.
///
/// # Errors
/// Odoo did not carry it out, or its answer cannot be read.
pub fn make(
    exchange: &mut Exchange<'_>,
    model: &str,
    fields: &[&str],
    rows: &[Vec<String>],
    mut context: Map<String, Value>,
) -> Result<Loaded, Failure> {
    // So Odoo keeps apart, in an update of a module, what users may have changed.
    context.insert("mode".to_owned(), "update".into());
    context.insert("noupdate".to_owned(), true.into());
    load(exchange, model, fields, rows, &context)
}

/// Changes rows, whose ids stand in the column ".id".
///
/// # Errors
/// As [`make`].
pub fn change(exchange: &mut Exchange<'_>, model: &str, fields: &[&str], rows: &[Vec<String>]) -> Result<Loaded, Failure> {
    load(exchange, model, fields, rows, &Map::new())
}

fn load(
    exchange: &mut Exchange<'_>,
    model: &str,
    fields: &[&str],
    rows: &[Vec<String>],
    context: &Map<String, Value>,
) -> Result<Loaded, Failure> {
    let answer = match exchange.change(model, "load", json!({ "fields": fields, "data": rows, "context": context })) {
        // Something before Odoo finds it too large, as it would not fewer rows.
        Err(Failure::Invalid(wrong)) if wrong.detail.status == Some(TOO_LARGE) && rows.len() > 1 => return Ok(Loaded::None(Vec::new())),
        told => told?,
    };
    answer.read(|answer| read(&answer, rows.len()))
}

fn read(answer: &Node<'_>, rows: usize) -> Result<Loaded, Wrong> {
    let ids = answer.member("ids")?;
    if ids.value() == Some(&Value::Bool(false)) {
        let messages = answer.member("messages")?.list()?;
        return Ok(Loaded::None(messages.iter().map(objection).collect::<Result<_, _>>()?));
    }
    let listed = ids.required_list()?;
    if listed.len() != rows {
        return ids.wrong("one id for each row");
    }
    let id = |node: &Node<'_>| match node.number()? {
        Some(id) if id > 0 => Ok(id.to_string()),
        _ => node.wrong("id"),
    };
    Ok(Loaded::All(listed.iter().map(id).collect::<Result<_, _>>()?))
}

fn objection(message: &Node<'_>) -> Result<Objection, Wrong> {
    let field = message.member("field")?;
    let field = match field.value() {
        Some(Value::Bool(false)) => None,
        _ => field.text()?.map(str::to_owned),
    };
    // Odoo's words are a text, but a module may put what it likes there.
    let words = message.member("message")?;
    let words = words.text().ok().flatten().unwrap_or_default().to_owned();
    let row = message.member("record")?;
    let row = row.number().ok().flatten().and_then(|row| usize::try_from(row).ok());
    Ok(Objection { row, field, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: &Value, rows: usize) -> Result<Loaded, Wrong> {
        read(&Node::root(value), rows)
    }

    #[test]
    fn a_success_that_stores_nothing_is_none() {
        assert_eq!(
            answer(&json!({"ids": [18, 19], "messages": [], "nextrow": 0}), 2).unwrap(),
            Loaded::All(vec!["18".to_owned(), "19".to_owned()])
        );
        let refused = json!({"ids": false, "messages": [{"rows": {"from": 1, "to": 1}, "record": 1, "type": "error", "field": "user_id", "message": "No matching record"}]});
        let Loaded::None(why) = answer(&refused, 2).unwrap() else { panic!("stored") };
        assert_eq!(why, [Objection { row: Some(1), field: Some("user_id".to_owned()), words: "No matching record".to_owned() }]);
        assert!(!why[0].is_conflict());
        let race = Objection { row: None, field: None, words: "could not serialize access due to concurrent update\n".to_owned() };
        assert!(race.is_conflict());
    }

    #[test]
    fn what_is_neither_is_wrong() {
        for bad in
            [json!({}), json!({"ids": []}), json!({"ids": [1]}), json!({"ids": [1, false]}), json!({"ids": true}), json!([]), json!(null)]
        {
            assert!(answer(&bad, 2).is_err(), "{bad}");
        }
    }
}
