//! Writing searches. Nothing from outside comes into one but digits, and words through [`words`].

use crate::{
    columns::Columns,
    kinds::{ALL, Kind},
};

/// Longest statement, in characters: beyond it Salesforce drops the operators, and far beyond all rows (SOQL and SOSL Reference, Syntax).
/// Whether it counts the whole statement or the search alone is not said, so the whole stays below.
pub const LONGEST: usize = 4_000;
/// Most rows of one object: a statement gives at most 2,000 in all.
pub const MOST_ROWS: u32 = 600;
/// Characters with a meaning, to be escaped even in quotes (SOQL and SOSL Reference, FIND).
const RESERVED: &str = "?&|!{}[]()^~*:\\\"'+-";

/// `FIND {...} IN ... FIELDS RETURNING ...` for a search that is escaped already.
fn statement(search: &str, group: &str, columns: &Columns, rows: u32) -> String {
    let rows = rows.clamp(1, MOST_ROWS);
    let returning: Vec<String> = ALL
        .into_iter()
        .map(|kind| {
            // A converted lead is a contact now, and the contact is found by itself.
            let only = if kind == Kind::Lead { " WHERE IsConverted = false" } else { "" };
            format!("{}({}{only} LIMIT {rows})", kind.name(), columns.of(kind).join(", "))
        })
        .collect();
    format!("FIND {{{search}}} IN {group} FIELDS RETURNING {}", returning.join(", "))
}

/// Statements that find any of these digits in phone fields, as few as their length allows. At most `rows` rows of each object.
pub fn by_phone(forms: &[&str], columns: &Columns, rows: u32) -> Vec<String> {
    const OR: &str = " OR ";
    let room = LONGEST.saturating_sub(statement("", "PHONE", columns, rows).len());
    let mut searches: Vec<String> = Vec::new();
    // A search needs two characters, and a telephone number has more.
    for form in forms.iter().filter(|form| form.len() > 1 && form.bytes().all(|sign| sign.is_ascii_digit())) {
        match searches.last_mut().filter(|search| search.len() + OR.len() + form.len() <= room) {
            Some(search) => {
                search.push_str(OR);
                search.push_str(form);
            }
            None => searches.push((*form).to_owned()),
        }
    }
    searches.iter().map(|search| statement(search, "PHONE", columns, rows)).collect()
}

/// A statement that finds all words of a text anywhere, also where they are the beginning of a word; none if there is nothing to look for.
pub fn by_text(text: &str, columns: &Columns, rows: u32) -> Option<String> {
    let words = words(text);
    if words.iter().all(|word| word.chars().filter(|sign| sign.is_alphanumeric()).count() < 2) {
        return None;
    }
    let mut search = words.join(" AND ");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    // A number is looked for as it was typed, and as one.
    if words.len() > 1 && digits.len() > 2 && !text.chars().any(char::is_alphabetic) {
        search = format!("{digits}* OR ({search})");
    }
    Some(statement(&search, "ALL", columns, rows))
}

/// The words of a text, escaped. Words that Salesforce takes for operators stand in quotes.
fn words(text: &str) -> Vec<String> {
    let splits = |sign: char| sign.is_whitespace() || sign.is_control();
    text.split(splits)
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| {
            let mut escaped = String::with_capacity(word.len() + 1);
            for sign in word.chars() {
                if RESERVED.contains(sign) {
                    escaped.push('\\');
                }
                escaped.push(sign);
            }
            if ["AND", "OR", "NOT"].iter().any(|operator| word.eq_ignore_ascii_case(operator)) {
                format!("\"{escaped}\"")
            } else {
                // A wildcard must follow a letter or digit to take its kind.
                let tail = if word.chars().next_back().is_some_and(char::is_alphanumeric) { "*" } else { "" };
                format!("{escaped}{tail}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search_of(statement: &str) -> &str {
        statement.strip_prefix("FIND {").unwrap().split_once("} IN ").unwrap().0
    }

    #[test]
    fn all_numbers_stand_in_one_statement() {
        let all = by_phone(&["4155550112", "14155550112", "0"], &Columns::default(), 50);
        assert_eq!(all.len(), 1);
        assert!(all[0].starts_with("FIND {4155550112 OR 14155550112} IN PHONE FIELDS RETURNING Contact(Id, Name, "), "{}", all[0]);
        assert!(all[0].contains(" WHERE IsConverted = false LIMIT 50), Account("), "{}", all[0]);
        assert!(by_phone(&[], &Columns::default(), 50).is_empty());
        assert!(by_phone(&["+1", "12) OR (34", ""], &Columns::default(), 50).is_empty(), "digits alone come in");
    }

    #[test]
    fn statements_are_parted_only_where_their_length_demands_it() {
        let forms: Vec<String> = (0..320).map(|serial| format!("1415555{serial:04}")).collect();
        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
        let all = by_phone(&forms, &Columns::default(), 50);
        assert!(all.len() > 1 && all.iter().all(|statement| statement.len() <= LONGEST));
        let asked: usize = all.iter().map(|statement| search_of(statement).split(" OR ").count()).sum();
        assert_eq!(asked, 320);
        assert!(all[..all.len() - 1].iter().all(|statement| statement.len() > LONGEST - 16), "each is full");
    }

    #[test]
    fn words_cannot_leave_their_place() {
        let find = |text: &str| by_text(text, &Columns::default(), 5).map(|statement| search_of(&statement).to_owned());
        assert_eq!(find("ann  lee").as_deref(), Some("ann* AND lee*"));
        assert_eq!(find("O'Brien & Co").as_deref(), Some(r"O\'Brien* AND Co*"));
        assert_eq!(find("x} IN").as_deref(), Some(r"x\} AND IN*"));
        assert_eq!(find("Smith or not").as_deref(), Some(r#"Smith* AND "or" AND "not""#));
        assert_eq!(find("415 555").as_deref(), Some("415555* OR (415* AND 555*)"));
        assert_eq!(find("吴芳").as_deref(), Some("吴芳*"));
        for nothing in ["", " ", "a", "& *", "a b"] {
            assert_eq!(find(nothing), None, "{nothing}");
        }
    }
}
