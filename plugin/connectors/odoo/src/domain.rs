//! Conditions of a search ("domains"): lists of JSON values in Polish notation, in which a text is a value and never syntax.

use pbx_connector_kit::base_types::Number;
use serde_json::{Value, json};

/// Fewer characters Odoo refuses to search numbers for, with an error.
const SHORTEST: usize = 3;
/// Fewer digits stand in the numbers of too many: the owner of such a number would be lost among them.
const SHORTEST_TAIL: usize = 6;

/// One condition.
pub fn leaf(field: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!([field, operator, value.into()])
}

/// Any of these conditions; none: no record.
pub fn any(leaves: Vec<Value>) -> Value {
    if leaves.is_empty() {
        return Value::Array(vec![leaf("id", "=", 0)]);
    }
    let operators = std::iter::repeat_n(Value::from("|"), leaves.len() - 1);
    Value::Array(operators.chain(leaves).collect())
}

/// All of these conditions.
pub fn all(leaves: Vec<Value>) -> Value {
    Value::Array(leaves)
}

/// Who has one of these numbers?
///
/// `phone_sanitized` is the number in international form, with an index, but empty where Odoo does not take the number for a valid one, and it
/// knows a national spelling only by the record's country or the company's. `phone_mobile_search` compares the digits as they were typed. Its `like`
/// with the end of a number finds every spelling, and more: the host compares again.
pub fn of_numbers(numbers: &[Number]) -> Value {
    let mut international: Vec<&str> = numbers.iter().filter_map(|number| number.e164.as_deref()).collect();
    let mut ends: Vec<(&str, &str)> = numbers.iter().filter_map(end).collect();
    international.sort_unstable();
    international.dedup();
    ends.sort_unstable();
    ends.dedup();
    let mut leaves = Vec::new();
    if !international.is_empty() {
        leaves.push(leaf("phone_sanitized", "in", international));
    }
    leaves.extend(ends.into_iter().map(|(operator, digits)| leaf("phone_mobile_search", operator, digits)));
    any(leaves)
}

/// Operator and value for the shortest form: all others end with it, or have it before an extension.
fn end(number: &Number) -> Option<(&'static str, &str)> {
    let forms = number.forms.iter().map(String::as_str);
    let shortest = forms.filter(|form| form.len() >= SHORTEST).min_by_key(|form| form.len())?;
    if shortest.len() < SHORTEST_TAIL { Some(("=", shortest)) } else { Some(("like", searchable(shortest)?)) }
}

/// Digits that may stand anywhere in a number: with two zeros in front, Odoo would compare beginnings instead.
fn searchable(digits: &str) -> Option<&str> {
    let digits = if digits.starts_with("00") { digits.trim_start_matches('0') } else { digits };
    Some(digits).filter(|digits| digits.len() >= SHORTEST)
}

/// Who has this text in one of these fields, or in the number?
pub fn of_text(text: &str, fields: &[&str]) -> Value {
    let mut leaves: Vec<Value> = fields.iter().map(|field| leaf(field, "ilike", literal(text))).collect();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = text.chars().all(|sign| sign.is_ascii_digit() || " +-./()".contains(sign));
    if let Some(digits) = searchable(&digits).filter(|_| is_number) {
        leaves.push(leaf("phone_mobile_search", "like", digits));
    }
    any(leaves)
}

/// For `ilike`, which takes these signs for any others.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use pbx_connector_kit::base_types::NumberKind;

    use super::*;

    fn number(e164: Option<&str>, forms: &[&str]) -> Number {
        Number {
            raw: forms[0].to_owned(),
            kind: NumberKind::External,
            e164: e164.map(str::to_owned),
            country: None,
            forms: forms.iter().map(|form| (*form).to_owned()).collect(),
            local_only: false,
            extras: Vec::new(),
        }
    }

    #[test]
    fn asks_for_all_numbers_at_once() {
        let numbers = [
            number(Some("+15550100142"), &["15550100142", "5550100142", "01115550100142", "0100142"]),
            number(None, &["5503301"]),
            number(Some("+442079460018"), &["442079460018", "02079460018"]),
            number(Some("+15550100142"), &["15550100142"]),
        ];
        assert_eq!(
            of_numbers(&numbers),
            json!([
                "|",
                "|",
                "|",
                "|",
                ["phone_sanitized", "in", ["+15550100142", "+442079460018"]],
                ["phone_mobile_search", "like", "0100142"],
                ["phone_mobile_search", "like", "02079460018"],
                ["phone_mobile_search", "like", "15550100142"],
                ["phone_mobile_search", "like", "5503301"]
            ])
        );
    }

    #[test]
    fn short_numbers_are_compared_whole() {
        assert_eq!(
            of_numbers(&[number(None, &["112"]), number(None, &["00112"]), number(None, &["001234567"])]),
            json!([
                "|",
                "|",
                ["phone_mobile_search", "=", "00112"],
                ["phone_mobile_search", "=", "112"],
                ["phone_mobile_search", "like", "1234567"]
            ])
        );
    }

    #[test]
    fn nothing_to_ask_for_finds_nobody() {
        assert_eq!(of_numbers(&[]), json!([["id", "=", 0]]));
        assert_eq!(of_numbers(&[number(None, &["00"])]), json!([["id", "=", 0]]));
    }

    #[test]
    fn a_text_is_a_value_whatever_stands_in_it() {
        let nasty = "%_\"\\'] | ";
        assert_eq!(of_text(nasty, &["name"]), json!([["name", "ilike", "\\%\\_\"\\\\'] | "]]));
        assert_eq!(
            of_text("(555) 010-01", &["name", "email"]),
            json!([
                "|",
                "|",
                ["name", "ilike", "(555) 010-01"],
                ["email", "ilike", "(555) 010-01"],
                ["phone_mobile_search", "like", "55501001"]
            ])
        );
        assert_eq!(of_text("Ward 7", &["name"]), json!([["name", "ilike", "Ward 7"]]));
    }
}
