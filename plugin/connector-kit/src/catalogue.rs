//! Catalogues of messages, written as text files.
//!
//! A file has one message a line, `id = pattern`; empty lines and lines that begin with `#` are for people. In patterns `{name}` stands for an
//! argument, `{{` and `}}` for braces.

/// Messages that this library's failures use, in these languages; English first.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// This library's own messages; English for a language that it does not have.
#[must_use]
pub fn common(language: &str) -> Vec<(String, String)> {
    parse(match language {
        "zh-CN" => include_str!("../messages/zh-CN.txt"),
        _ => include_str!("../messages/en.txt"),
    })
}

/// The messages of a file. Lines without "=" are left out.
#[must_use]
pub fn parse(file: &str) -> Vec<(String, String)> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(id, pattern)| (id.trim().to_owned(), pattern.trim().to_owned()))
        .collect()
}

/// Names of the arguments in a pattern, sorted, each once.
#[must_use]
pub fn arguments(pattern: &str) -> Vec<String> {
    let plain = pattern.replace("{{", "").replace("}}", "");
    let mut names: Vec<String> =
        plain.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

/// What is wrong between the same catalogue in two languages: ids that one of them lacks or has twice, and different arguments. For tests; the host
/// refuses such a component.
#[must_use]
pub fn differences(one: &[(String, String)], other: &[(String, String)]) -> Vec<String> {
    let shape = |catalogue: &[(String, String)]| {
        let mut shape: Vec<String> = catalogue.iter().map(|(id, pattern)| format!("{id}({})", arguments(pattern).join(", "))).collect();
        shape.sort();
        shape
    };
    let (one, other) = (shape(one), shape(other));
    let lacking = one.iter().filter(|item| !other.contains(item)).chain(other.iter().filter(|item| !one.contains(item)));
    let twice = one.iter().zip(one.iter().skip(1)).chain(other.iter().zip(other.iter().skip(1)));
    lacking.chain(twice.filter(|(first, second)| first == second).map(|(first, _)| first)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_same_messages() {
        let english = common("en");
        assert!(english.iter().all(|(id, pattern)| id.starts_with("kit.") && !pattern.is_empty()));
        assert_eq!(differences(&english, &common("zh-CN")), Vec::<String>::new());
    }

    #[test]
    fn finds_arguments_and_differences() {
        assert_eq!(arguments("{{no}} {b} and {a} and {b}"), ["a", "b"]);
        let of = |file| parse(file);
        assert_eq!(differences(&of("a = x {n}\n# b = y"), &of("a = x {m}")), ["a(n)", "a(m)"]);
        assert_eq!(differences(&of("a = x\na = y"), &of("a = x")), ["a()"]);
    }
}
