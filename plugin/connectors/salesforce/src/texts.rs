use pbx_connector_kit::catalogue;

use crate::{Salesforce, bindings::exports::pbx::base::texts::Guest};

impl Guest for Salesforce {
    fn languages() -> Vec<String> {
        catalogue::LANGUAGES.map(str::to_owned).to_vec()
    }

    fn catalogue(language: String) -> Vec<(String, String)> {
        let mut all = own(&language);
        all.extend(catalogue::common(&language));
        all
    }
}

fn own(language: &str) -> Vec<(String, String)> {
    catalogue::parse(match language {
        "zh-CN" => include_str!("../messages/zh-CN.txt"),
        _ => include_str!("../messages/en.txt"),
    })
}

/// A message without arguments as a text that stays in the CRM.
pub fn plain(language: &str, id: &str) -> String {
    own(language).into_iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, pattern)| pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_same_messages() {
        let all = |language: &str| <Salesforce as Guest>::catalogue(language.to_owned());
        assert_eq!(catalogue::differences(&all("en"), &all("zh-CN")), Vec::<String>::new());
    }

    #[test]
    fn every_message_in_the_source_is_in_the_catalogue() {
        let sources = [
            include_str!("account.rs"),
            include_str!("collection.rs"),
            include_str!("composite.rs"),
            include_str!("creation.rs"),
            include_str!("description.rs"),
            include_str!("journal.rs"),
            include_str!("judgement.rs"),
            include_str!("task.rs"),
        ];
        let known = <Salesforce as Guest>::catalogue("en".to_owned());
        let used: Vec<&str> = sources
            .iter()
            .flat_map(|source| source.split('"'))
            .filter(|piece| {
                piece.starts_with("salesforce.") && piece.bytes().all(|sign| sign.is_ascii_lowercase() || b".-".contains(&sign))
            })
            .collect();
        for id in &used {
            assert!(known.iter().any(|(known, _)| known == id), "{id}");
        }
        for (id, _) in known.iter().filter(|(id, _)| id.starts_with("salesforce.")) {
            assert!(used.contains(&id.as_str()), "{id} is in the catalogue for nothing");
        }
    }
}
