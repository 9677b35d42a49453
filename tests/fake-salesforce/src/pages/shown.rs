//! Rows as the templates read them.

use chrono::DateTime;
use serde::Serialize;

use crate::{
    id::Id,
    org::{Org, Row},
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// One value of a row, ready to be shown.
#[derive(Serialize)]
pub struct Shown {
    /// Label of the field.
    pub label: String,
    /// API name of the field.
    pub field: &'static str,
    /// The text.
    pub text: String,
    /// Where it leads: `tel:`, `mailto:`, another record.
    pub href: Option<String>,
    /// How it looks: "phone", "long", "record", "plain".
    pub kind: &'static str,
}

/// A record's name with its page.
#[derive(Serialize)]
pub struct Link {
    /// The name.
    pub name: String,
    /// Its page.
    pub href: String,
}

/// The name of a row: its name field, or its id.
pub fn name_of(object: &ObjectType, row: &Row) -> String {
    let named = object.name_field().and_then(|(place, _)| row.get(place).as_text());
    named.map_or_else(|| row.id.to_string(), str::to_owned)
}

/// The page of a record.
pub fn page_of(object: &ObjectType, id: Id) -> String {
    format!("/lightning/r/{}/{id}/view", object.name)
}

/// Another row, by its id.
pub fn link(org: &Org, id: Id) -> Option<Link> {
    let (object, row) = (org.object_of(id)?, org.row(id)?);
    Some(Link { name: name_of(object, row), href: page_of(object, id) })
}

/// A text field of a row.
pub fn text<'a>(object: &ObjectType, row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(object.field(name)?.0).as_text()
}

/// Any field of a row.
pub fn value<'a>(object: &ObjectType, row: &'a Row, name: &str) -> &'a Value {
    object.field(name).map_or(&Value::Null, |(place, _)| row.get(place))
}

/// A field of a row; None: it is empty.
pub fn shown(org: &Org, field: &Field, value: &Value) -> Option<Shown> {
    let target = value.as_id().filter(|_| field.kind == FieldKind::Reference).and_then(|id| link(org, id));
    let text = match (&target, value) {
        (_, Value::Null) => return None,
        (Some(link), _) => link.name.clone(),
        (_, Value::Boolean(yes)) => if *yes { "Yes" } else { "No" }.to_owned(),
        (_, Value::Integer(number)) if field.name.ends_with("InSeconds") => duration(*number),
        (_, Value::Integer(number)) => number.to_string(),
        (_, Value::Double(number)) => number.to_string(),
        (_, Value::Text(text)) => text.to_string(),
        (_, Value::Date(day)) => day.format("%-d %b %Y").to_string(),
        (_, Value::DateTime(moment)) => moment_shown(*moment),
        (_, Value::Reference(id)) => id.to_string(),
    };
    let (kind, href) = match field.kind {
        FieldKind::Phone => ("phone", dialled(&text).map(|number| format!("tel:{number}"))),
        FieldKind::Email => ("plain", mail(&text)),
        FieldKind::TextArea => ("long", None),
        FieldKind::Reference => ("record", target.map(|link| link.href)),
        _ => ("plain", None),
    };
    // For people a reference is what it leads to: "Owner", not "Owner ID".
    let label = field.label.strip_suffix(" ID").filter(|_| kind == "record").unwrap_or(field.label);
    Some(Shown { label: label.to_owned(), field: field.name, text, href, kind })
}

/// A field of a row by its name.
pub fn shown_by_name(org: &Org, object: &ObjectType, row: &Row, name: &str) -> Option<Shown> {
    let (place, field) = object.field(name)?;
    shown(org, field, row.get(place))
}

/// What a telephone is to dial: digits and a leading "+". An extension and a "(0)" after the country code are left away.
pub fn dialled(number: &str) -> Option<String> {
    let number = number.trim();
    let international = number.starts_with('+') || number.starts_with("(+");
    let number = if international { number.replacen("(0)", "", 1) } else { number.to_owned() };
    let digits: String =
        number.chars().take_while(|sign| !sign.is_alphabetic() && !";,#".contains(*sign)).filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("{}{digits}", if international { "+" } else { "" }))
}

/// "45 s", "12 min 05 s", "1 h 02 min".
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// A moment for people, in UTC.
pub fn moment_shown(moment: i64) -> String {
    DateTime::from_timestamp_millis(moment).unwrap_or_default().format("%-d %b %Y, %H:%M UTC").to_string()
}

fn mail(text: &str) -> Option<String> {
    let plain = text.contains('@') && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"@.+-_'".contains(&sign));
    plain.then(|| format!("mailto:{text}"))
}

#[cfg(test)]
mod tests {
    use super::{dialled, duration};

    #[test]
    fn a_telephone_link_holds_digits_and_a_plus() {
        for (typed, number) in [
            ("+1 (415) 555-0132", "+14155550132"),
            ("(415) 555-0132 x12", "4155550132"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("(+44) 20 7946 0958", "+442079460958"),
            ("020 7946 0958;ext=5", "02079460958"),
            ("0061 491-570.156", "0061491570156"),
        ] {
            assert_eq!(dialled(typed).as_deref(), Some(number), "{typed}");
        }
        assert_eq!(dialled("call me"), None);
        assert_eq!(dialled("\"onclick=1"), None);
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!([0, 59, 65, 3720].map(duration), ["0 s", "59 s", "1 min 05 s", "1 h 02 min"]);
    }
}
