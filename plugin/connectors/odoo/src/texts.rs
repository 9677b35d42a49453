use pbx_connector_kit::catalogue;

use crate::{Odoo, bindings::exports::pbx::base::texts::Guest};

impl Guest for Odoo {
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

/// A message as a text that stays in Odoo.
pub fn that_stays(language: &str, id: &str, arguments: &[(&str, &str)]) -> String {
    let pattern = own(language).into_iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, pattern)| pattern);
    arguments.iter().fold(pattern, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_same_messages() {
        let all = |language: &str| <Odoo as Guest>::catalogue(language.to_owned());
        assert_eq!(catalogue::differences(&all("en"), &all("zh-CN")), Vec::<String>::new());
    }

    #[test]
    fn every_message_in_the_source_is_in_the_catalogue() {
        let sources = [
            include_str!("account.rs"),
            include_str!("amending.rs"),
            include_str!("creation.rs"),
            include_str!("description.rs"),
            include_str!("follow_up.rs"),
            include_str!("journal.rs"),
            include_str!("judgement.rs"),
            include_str!("message.rs"),
            include_str!("settings_page.rs"),
            include_str!("users.rs"),
        ];
        let known = <Odoo as Guest>::catalogue("en".to_owned());
        let is_id = |piece: &&str| {
            piece.starts_with("odoo.")
                && !piece.starts_with("odoo.exceptions.")
                && piece.bytes().all(|sign| sign.is_ascii_lowercase() || b".-".contains(&sign))
        };
        let used: Vec<&str> =
            sources.iter().flat_map(|source| source.split('"')).filter(is_id).filter(|id| *id != "odoo.example").collect();
        for id in &used {
            assert!(known.iter().any(|(known, _)| known == id), "{id}");
        }
        for (id, _) in known.iter().filter(|(id, _)| id.starts_with("odoo.")) {
            assert!(used.contains(&id.as_str()), "{id} is in the catalogue for nothing");
        }
    }

    #[test]
    fn a_text_that_stays_has_its_arguments() {
        assert_eq!(that_stays("en", "odoo.call-back.summary", &[("caller", "Maria {x}")]), "Call back Maria {x}");
    }
}
