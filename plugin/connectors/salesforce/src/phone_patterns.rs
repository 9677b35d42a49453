//! Conditions for the database that find a number however it is typed.
//!
//! SOQL knows no digits, only texts: "(415) 555-0112" is equal to nothing but itself. So each digit is looked for in its order with anything
//! between two of them: `LIKE '%4%1%5%5%5%5%0%1%1%2%'`. That finds punctuation, country codes, prefixes, "(0)" and extensions of any
//! kind; what it finds too much the host drops, which compares numbers as numbers.

use pbx_connector_kit::base_types::Number;

use crate::soql;

/// Longest condition of one query, in characters; Salesforce promises 4,000.
const LONGEST: usize = 3_800;

/// Patterns for LIKE that find all spellings of all forms of a number.
pub fn patterns(number: &Number) -> Vec<String> {
    let digits = |form: &&String| form.len() > 1 && form.bytes().all(|sign| sign.is_ascii_digit());
    let forms: Vec<&str> = number.forms.iter().filter(digits).map(String::as_str).collect();
    // The form behind the country code; those that are shorter lack the area code as well.
    let international = number.e164.as_deref().map(|e164| e164.trim_start_matches('+'));
    let national = international.and_then(|whole| forms.get(1).copied().filter(|form| whole.ends_with(form)));
    let lacks_area = |form: &str| national.is_some_and(|national| form.len() < national.len() && national.ends_with(form));
    let (short, whole): (Vec<&str>, Vec<&str>) = forms.into_iter().partition(|form| lacks_area(form));
    let mut patterns: Vec<String> = Vec::new();
    for form in &whole {
        // What holds a shorter form is found by that form's pattern.
        let covered = whole.iter().any(|other| other != form && other.len() < form.len() && is_within(other, form));
        if !covered {
            patterns.push(format!("%{}%", spread(form)));
        }
    }
    for form in short {
        // A few digits anywhere are in many numbers: here they must be the whole of it, perhaps with an extension.
        let exact = spread(form);
        patterns.push(format!("{exact} %"));
        patterns.push(exact);
    }
    patterns.dedup();
    patterns
}

/// "415" as "4%1%5".
fn spread(form: &str) -> String {
    let digits: Vec<String> = form.chars().map(String::from).collect();
    digits.join("%")
}

/// Are the digits of one in the other, in their order?
fn is_within(one: &str, other: &str) -> bool {
    let mut rest = other.bytes();
    one.bytes().all(|wanted| rest.any(|found| found == wanted))
}

/// Conditions that any of the fields has any of the patterns, as few as their length allows.
pub fn conditions(fields: &[&str], patterns: &[String]) -> Vec<String> {
    const OR: &str = " OR ";
    let mut all: Vec<String> = Vec::new();
    for pattern in patterns {
        for field in fields {
            // Digits and wildcards alone: nothing in it has to be escaped, but the encoder is the one way in.
            let one = format!("{field} LIKE {}", soql::text(pattern));
            match all.last_mut().filter(|condition| condition.len() + OR.len() + one.len() <= LONGEST) {
                Some(condition) => {
                    condition.push_str(OR);
                    condition.push_str(&one);
                }
                None => all.push(one),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use pbx_connector_kit::base_types::NumberKind;

    use super::*;

    fn number(e164: Option<&str>, forms: &[&str]) -> Number {
        Number {
            raw: String::new(),
            kind: NumberKind::External,
            e164: e164.map(str::to_owned),
            country: None,
            forms: forms.iter().map(|form| (*form).to_owned()).collect(),
            local_only: e164.is_none(),
            extras: Vec::new(),
        }
    }

    #[test]
    fn one_pattern_covers_all_forms_that_hold_the_national_one() {
        let britain = number(Some("+442079460958"), &["442079460958", "2079460958", "02079460958", "4402079460958", "00442079460958"]);
        assert_eq!(patterns(&britain), ["%2%0%7%9%4%6%0%9%5%8%"]);
    }

    #[test]
    fn a_number_without_its_area_must_be_the_whole_of_what_is_stored() {
        let america = number(Some("+14155550112"), &["14155550112", "4155550112", "01114155550112", "5550112"]);
        assert_eq!(patterns(&america), ["%4%1%5%5%5%5%0%1%1%2%", "5%5%5%0%1%1%2 %", "5%5%5%0%1%1%2"]);
        // Here nothing longer is known.
        assert_eq!(patterns(&number(None, &["5503301"])), ["%5%5%0%3%3%0%1%"]);
        assert!(patterns(&number(None, &["", "+1", "x' OR 1"])).is_empty());
    }

    #[test]
    fn long_conditions_are_parted() {
        let patterns: Vec<String> = (0..40).map(|serial| format!("%{}%", spread(&format!("1415555{serial:04}")))).collect();
        let all = conditions(&["Phone", "MobilePhone", "AssistantPhone"], &patterns);
        assert!(all.len() == 2 && all.iter().all(|condition| condition.len() <= LONGEST));
        assert_eq!(all.iter().map(|condition| condition.matches(" LIKE ").count()).sum::<usize>(), 120);
        assert_eq!(conditions(&["Phone"], &["%1%".to_owned()]), ["Phone LIKE '%1%'"]);
    }
}
