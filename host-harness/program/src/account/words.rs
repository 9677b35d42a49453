//! What the program itself says, in the reader's language: about accounts (`messages/en.txt`), and about work and a host's state
//! (`messages/queue-en.txt`).

use pbx_crm_host::bindings::base::types::Message;
use pbx_crm_host::texts::Catalogue;

const FILES: [(&str, [&str; 2]); 2] = [
    ("en", [include_str!("../../messages/en.txt"), include_str!("../../messages/queue-en.txt")]),
    ("zh-CN", [include_str!("../../messages/zh-CN.txt"), include_str!("../../messages/queue-zh-CN.txt")]),
];

/// Texts in one language.
pub struct Words {
    language: String,
    catalogue: Catalogue,
}

impl Words {
    /// In this language, or in English.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let languages = FILES.iter().map(|(language, files)| ((*language).to_owned(), all(files))).collect();
        // The files are part of this crate, and a test compares them.
        Self { language: language.to_owned(), catalogue: Catalogue::new(languages).unwrap_or_default() }
    }

    /// Whose texts these are.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// One text.
    #[must_use]
    pub fn say(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.catalogue.render(&self.language, &Message { id: id.to_owned(), arguments, verbatim: None })
    }

    /// What a function of a connector is for; one that is not known by its name.
    #[must_use]
    pub fn function(&self, name: &str) -> String {
        let id = format!("function.{name}");
        if self.catalogue.knows(&id) { self.say(&id, &[]) } else { name.to_owned() }
    }
}

fn all(files: &[&str]) -> Vec<(String, String)> {
    files.iter().flat_map(|file| read(file)).collect()
}

/// Lines of `id = text`; `#` begins a comment.
pub(crate) fn read(file: &str) -> Vec<(String, String)> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    lines.map(|(id, text)| (id.to_owned(), text.to_owned())).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        let languages = FILES.iter().map(|(language, files)| ((*language).to_owned(), all(files))).collect();
        Catalogue::new(languages).unwrap();
        for (_, files) in FILES {
            let texts = all(&files);
            let ids: std::collections::BTreeSet<&String> = texts.iter().map(|(id, _)| id).collect();
            assert_eq!(ids.len(), texts.len(), "an id stands there twice");
        }
    }

    #[test]
    fn functions_are_named_by_what_they_are_for() {
        assert_eq!(Words::new("en").function("find"), "look up who calls");
        assert_eq!(Words::new("zh-CN").function("find"), "查找来电者");
        assert_eq!(Words::new("en").function("newer"), "newer");
    }
}
