//! The host's own messages, for people who read what it told.

use crate::texts::Catalogue;

const FILES: [(&str, &str); 2] = [("en", include_str!("../messages/en.txt")), ("zh-CN", include_str!("../messages/zh-CN.txt"))];

/// The texts behind the ids that begin with `host.`, `credential.` or `account.`, in English and simplified Chinese.
///
/// ```
/// use pbx_crm_host::bindings::base::types::Message;
///
/// let message = Message { id: "host.no-reply".to_owned(), arguments: vec![], verbatim: None };
/// let text = pbx_crm_host::messages::host_catalogue().render("en", &message);
/// assert_eq!(text, "No answer came in time. Please try again.");
/// ```
#[must_use]
pub fn host_catalogue() -> Catalogue {
    let languages = FILES.iter().map(|(language, file)| ((*language).to_owned(), read(file))).collect();
    // The files are part of this crate, and a test compares them: there is no other catalogue to fall back on.
    Catalogue::new(languages).unwrap_or_default()
}

/// Lines of `id = text`; `#` begins a comment.
fn read(file: &str) -> Vec<(String, String)> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    lines.map(|(id, text)| (id.to_owned(), text.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_id_that_the_source_names_has_a_text_in_each_language_and_none_is_left_over() {
        let mut named = BTreeSet::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
        assert!(named.contains("host.no-reply") && named.contains("credential.denied"), "found only {named:?}");
        for (language, file) in FILES {
            let texts = read(file);
            let known: BTreeSet<String> = texts.iter().map(|(id, _)| id.clone()).collect();
            assert_eq!(known.len(), texts.len(), "{language}: an id stands there twice");
            assert_eq!(known, named, "{language}");
        }
        assert!(Catalogue::new(FILES.iter().map(|(language, file)| ((*language).to_owned(), read(file))).collect()).is_ok());
    }

    /// String literals that are ids of the host, in all Rust files below the folder.
    fn collect(folder: &Path, named: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, named);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                for room in ["host", "credential", "account"] {
                    for rest in source.split(&format!("\"{room}.")).skip(1) {
                        let name = rest.split('"').next().unwrap_or_default();
                        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
                            named.insert(format!("{room}.{name}"));
                        }
                    }
                }
            }
        }
    }
}
