//! Catalogues: a component sends message ids, the host renders them in the reader's language.

use std::collections::BTreeMap;

use crate::bindings::base::types::Message;

/// The texts of one component in all its languages.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    fallback: String,
    languages: BTreeMap<String, BTreeMap<String, String>>,
}

impl Catalogue {
    /// `languages` in the component's order, the fall-back first.
    ///
    /// # Errors
    /// There is no language, or two of them differ in their ids or arguments: the text names the first difference.
    pub fn new(languages: Vec<(String, Vec<(String, String)>)>) -> Result<Self, String> {
        let Some((fallback, _)) = languages.first() else {
            return Err("it has no language".to_owned());
        };
        let fallback = fallback.clone();
        let languages: BTreeMap<String, BTreeMap<String, String>> =
            languages.into_iter().map(|(language, texts)| (language, texts.into_iter().collect())).collect();
        if let Some(first) = languages.get(&fallback) {
            for (language, texts) in &languages {
                for id in first.keys().chain(texts.keys()) {
                    match (first.get(id), texts.get(id)) {
                        (Some(one), Some(other)) if arguments(one) == arguments(other) => {}
                        (Some(_), Some(_)) => return Err(format!("message `{id}` has other arguments in {language} than in {fallback}")),
                        _ => return Err(format!("message `{id}` is not in both {fallback} and {language}")),
                    }
                }
            }
        }
        Ok(Self { fallback, languages })
    }

    /// Is there such a message?
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.languages.get(&self.fallback).is_some_and(|texts| texts.contains_key(id))
    }

    /// The message in that language, in its main language ("zh" for "zh-TW"), or in the fall-back. An unknown id is shown as it is:
    /// a reader can report it, and nothing is lost.
    #[must_use]
    pub fn render(&self, language: &str, message: &Message) -> String {
        let texts = self.texts(language);
        let mut text = match texts.and_then(|texts| texts.get(&message.id)) {
            Some(pattern) => fill(pattern, &message.arguments),
            None => {
                let arguments: Vec<String> = message.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} {}", message.id, arguments.join(" ")).trim_end().to_owned()
            }
        };
        if let Some(words) = &message.verbatim {
            text.push_str(&format!(" “{words}”"));
        }
        text
    }

    fn texts(&self, language: &str) -> Option<&BTreeMap<String, String>> {
        let main = language.split('-').next().unwrap_or(language);
        self.languages
            .get(language)
            .or_else(|| self.languages.iter().find(|(known, _)| known.split('-').next() == Some(main)).map(|(_, texts)| texts))
            .or_else(|| self.languages.get(&self.fallback))
    }
}

/// Puts arguments in place of `{name}`; `{{` and `}}` are braces; a value is never looked into again.
fn fill(pattern: &str, values: &[(String, String)]) -> String {
    let mut text = String::with_capacity(pattern.len());
    for part in parts(pattern) {
        match part {
            Part::Text(plain) => text.push_str(&plain),
            Part::Argument(name) => match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => text.push_str(value),
                None => text.push_str(&format!("{{{name}}}")),
            },
        }
    }
    text
}

fn arguments(pattern: &str) -> std::collections::BTreeSet<String> {
    parts(pattern).into_iter().filter_map(|part| if let Part::Argument(name) = part { Some(name) } else { None }).collect()
}

enum Part {
    Text(String),
    Argument(String),
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' if characters.peek() == Some(&character) => {
                characters.next();
                plain.push(character);
            }
            '{' => {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Argument(characters.by_ref().take_while(|c| *c != '}').collect()));
            }
            other => plain.push(other),
        }
    }
    parts.push(Part::Text(plain));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, arguments: &[(&str, &str)]) -> Message {
        Message { id: id.into(), arguments: arguments.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(), verbatim: None }
    }

    fn catalogue(en: &str, zh: &str) -> Result<Catalogue, String> {
        Catalogue::new(vec![("en".into(), vec![("hello".into(), en.into())]), ("zh-CN".into(), vec![("hello".into(), zh.into())])])
    }

    #[test]
    fn renders_in_the_readers_language_and_never_expands_a_value() {
        let texts = catalogue("{{x}} hello {name}", "{{x}} 你好 {name}").unwrap();
        assert_eq!(texts.render("en-GB", &message("hello", &[("name", "{name}")])), "{x} hello {name}");
        assert_eq!(texts.render("zh-TW", &message("hello", &[("name", "A")])), "{x} 你好 A");
        assert_eq!(texts.render("fr", &message("hello", &[("name", "A")])), "{x} hello A");
        assert_eq!(texts.render("en", &message("nope", &[("a", "b")])), "nope a=b");
    }

    #[test]
    fn languages_that_differ_in_arguments_are_refused() {
        assert!(catalogue("hello {name}", "你好").unwrap_err().contains("`hello`"));
    }
}
