//! Writing queries. Nothing from outside comes into one but through [`text`].

/// A text in quotes. Backslashes, quotes and control characters are escaped (SOQL and SOSL Reference, Quoted String Escape Sequences).
pub fn text(given: &str) -> String {
    let mut quoted = String::with_capacity(given.len() + 2);
    quoted.push('\'');
    for sign in given.chars() {
        match sign {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            sign if sign.is_control() => {}
            sign => quoted.push(sign),
        }
    }
    quoted.push('\'');
    quoted
}

/// `('a','b')`
pub fn list<'a>(given: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = given.into_iter().map(text).collect();
    format!("({})", quoted.join(","))
}

/// Queries of the same shape, as few as possible: `start`, the values as a list, `end`. No list is longer than `most` characters, unless
/// a single value is.
pub fn in_lists(start: &str, values: &[&str], end: &str, most: usize) -> Vec<String> {
    let mut lists: Vec<Vec<&str>> = Vec::new();
    let mut length = 0;
    for value in values {
        let longer = length + text(value).len() + 1;
        match lists.last_mut().filter(|_| longer <= most) {
            Some(list) => {
                list.push(value);
                length = longer;
            }
            None => {
                lists.push(vec![value]);
                length = text(value).len() + 1;
            }
        }
    }
    lists.into_iter().map(|values| format!("{start}{}{end}", list(values))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        assert_eq!(text("O'Brien"), r"'O\'Brien'");
        assert_eq!(text(r"\' OR Name != '"), r"'\\\' OR Name != \''");
        assert_eq!(text("a\r\nb\u{0}c\u{1b}"), r"'a\r\nbc'");
        assert_eq!(list(["a", "b'"]), r"('a','b\'')");
    }

    #[test]
    fn long_lists_are_parted() {
        assert_eq!(in_lists("x IN ", &["11", "22", "33"], " LIMIT 1", 10), ["x IN ('11','22') LIMIT 1", "x IN ('33') LIMIT 1"]);
        assert_eq!(in_lists("", &["1234567890"], "", 3), ["('1234567890')"]);
        assert!(in_lists("", &[], "", 3).is_empty());
    }
}
