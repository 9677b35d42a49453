use pbx_connector_kit::catalogue;

use crate::{Webhook, bindings::exports::pbx::base::texts::Guest};

impl Guest for Webhook {
    fn languages() -> Vec<String> {
        catalogue::LANGUAGES.map(str::to_owned).to_vec()
    }

    fn catalogue(language: String) -> Vec<(String, String)> {
        let own = match language.as_str() {
            "zh-CN" => include_str!("../messages/zh-CN.txt"),
            _ => include_str!("../messages/en.txt"),
        };
        let mut all = catalogue::parse(own);
        all.extend(catalogue::common(&language));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_same_messages() {
        let all = |language: &str| <Webhook as Guest>::catalogue(language.to_owned());
        assert_eq!(catalogue::differences(&all("en"), &all("zh-CN")), Vec::<String>::new());
    }

    #[test]
    fn every_message_in_the_source_is_in_the_catalogue() {
        let sources = [
            include_str!("amending.rs"),
            include_str!("creation.rs"),
            include_str!("description.rs"),
            include_str!("exchange.rs"),
            include_str!("results.rs"),
            include_str!("settings_page.rs"),
        ];
        let known = <Webhook as Guest>::catalogue("en".to_owned());
        let used: Vec<&str> = sources
            .iter()
            .flat_map(|source| source.split('"'))
            .filter(|piece| piece.starts_with("webhook.") && !piece.contains(' '))
            .collect();
        for id in &used {
            assert!(known.iter().any(|(known, _)| known == id), "{id}");
        }
        for (id, _) in known.iter().filter(|(id, _)| id.starts_with("webhook.")) {
            assert!(used.contains(&id.as_str()), "{id} is in the catalogue for nothing");
        }
    }
}
