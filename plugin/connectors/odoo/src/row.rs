//! Fields of a row. Odoo says `false` where nothing is stored, whatever the field's type; a reference is `[id, label]`, a time is UTC.

use pbx_connector_kit::{
    json::{Node, Wrong},
    time::parse_rfc3339,
};
use serde_json::Value;

/// The member, or nothing where it is `false`.
fn stored<'a>(row: &Node<'a>, name: &str) -> Result<Option<Node<'a>>, Wrong> {
    let member = row.member(name)?;
    Ok(Some(member).filter(|member| !matches!(member.value(), None | Some(Value::Bool(false)))))
}

/// A text that is not blank.
pub fn text(row: &Node<'_>, name: &str) -> Result<Option<String>, Wrong> {
    let Some(member) = stored(row, name)? else { return Ok(None) };
    Ok(member.text()?.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
}

/// An id, as text.
pub fn id(row: &Node<'_>, name: &str) -> Result<String, Wrong> {
    let member = row.member(name)?;
    match member.number()? {
        Some(id) if id > 0 => Ok(id.to_string()),
        _ => member.wrong("id"),
    }
}

/// Id and label of the record that is referred to.
pub fn reference(row: &Node<'_>, name: &str) -> Result<Option<(String, String)>, Wrong> {
    let Some(member) = stored(row, name)? else { return Ok(None) };
    let parts = member.list()?;
    let [id, label] = parts.as_slice() else { return member.wrong("id and label") };
    match id.number()? {
        Some(id) if id > 0 => Ok(Some((id.to_string(), label.text()?.unwrap_or_default().to_owned()))),
        _ => id.wrong("id"),
    }
}

/// A time, in milliseconds since 1970.
pub fn moment(row: &Node<'_>, name: &str) -> Result<Option<u64>, Wrong> {
    let Some(member) = stored(row, name)? else { return Ok(None) };
    match parse_rfc3339(&format!("{}Z", member.required_text()?)) {
        Some(moment) => Ok(Some(moment)),
        None => member.wrong("date and time"),
    }
}

/// A switch.
pub fn flag(row: &Node<'_>, name: &str) -> Result<bool, Wrong> {
    row.member(name)?.flag()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn false_is_nothing_and_anything_else_must_fit() {
        let value = json!({"id": 7, "name": " Ann ", "phone": false, "user_id": [5, "Ann"], "parent_id": false, "write_date": "1970-01-01 00:00:01",
            "active": true, "odd": [1], "zero": 0, "late": "soon"});
        let row = Node::root(&value);
        assert_eq!(
            (text(&row, "name").unwrap().unwrap(), text(&row, "phone").unwrap(), text(&row, "nowhere").unwrap()),
            ("Ann".to_owned(), None, None)
        );
        assert_eq!((id(&row, "id").unwrap(), flag(&row, "active").unwrap()), ("7".to_owned(), true));
        assert_eq!((reference(&row, "user_id").unwrap().unwrap().0, reference(&row, "parent_id").unwrap()), ("5".to_owned(), None));
        assert_eq!((moment(&row, "write_date").unwrap(), moment(&row, "phone").unwrap()), (Some(1_000), None));
        assert!(id(&row, "zero").is_err() && id(&row, "name").is_err() && text(&row, "id").is_err());
        assert!(reference(&row, "odd").is_err() && reference(&row, "name").is_err() && moment(&row, "late").is_err());
    }
}
