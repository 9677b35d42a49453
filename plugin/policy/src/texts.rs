//! The catalogue: every text that people read, in each language, from the message files.

use crate::contract::pbx::base::types::Message;

/// Languages of the catalogue as BCP 47 names, the fall-back first.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

const ENGLISH: &str = include_str!("../messages/en.txt");
const CHINESE: &str = include_str!("../messages/zh-CN.txt");

/// A text for people: its id and the arguments that its pattern names.
pub fn message(id: &str, arguments: &[(&str, &str)]) -> Message {
    Message {
        id: id.to_owned(),
        arguments: arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        verbatim: None,
    }
}

/// (id, pattern) of all texts; English for a language that the catalogue lacks.
pub fn catalogue(language: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let file = if language.starts_with("zh") { CHINESE } else { ENGLISH };
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "))
}

/// A text without arguments, for places that take finished texts; "" if there is no such id.
pub fn word(language: &str, id: &str) -> &'static str {
    catalogue(language).find(|(one, _)| *one == id).map(|(_, pattern)| pattern).unwrap_or_default()
}
