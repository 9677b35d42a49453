//! The texts behind messages that lie in the store. No component is run for them: those of the connectors that the program carries are read
//! from their files, and a message of another connector is shown by its id and arguments.

use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::bindings::base::types::Message;
use pbx_crm_host::messages::host_catalogue;
use pbx_crm_host::texts::Catalogue;

use crate::account::words::read;

/// Files of a component in both languages.
const FILES: [(&str, &str); 3] = [
    (include_str!("../../../../plugin/connector-kit/messages/en.txt"), include_str!("../../../../plugin/connector-kit/messages/zh-CN.txt")),
    (
        include_str!("../../../../plugin/connectors/salesforce/messages/en.txt"),
        include_str!("../../../../plugin/connectors/salesforce/messages/zh-CN.txt"),
    ),
    (
        include_str!("../../../../plugin/connectors/webhook/messages/en.txt"),
        include_str!("../../../../plugin/connectors/webhook/messages/zh-CN.txt"),
    ),
];

/// All that can be rendered.
pub(crate) struct Texts {
    catalogues: Vec<Catalogue>,
}

impl Texts {
    pub(crate) fn new() -> Self {
        let of =
            |(en, zh): (&str, &str)| Catalogue::new(vec![("en".to_owned(), read(en)), ("zh-CN".to_owned(), read(zh))]).unwrap_or_default();
        Self { catalogues: std::iter::once(host_catalogue()).chain(FILES.map(of)).collect() }
    }

    /// The sentence, and the CRM's own words if there are any: those are not ours and must be marked wherever they are shown.
    pub(crate) fn say(&self, language: &str, message: &Message) -> (String, Option<String>) {
        let arguments = message.arguments.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        let own = Message { id: plain(&message.id), arguments, verbatim: None };
        let knowing = self.catalogues.iter().find(|catalogue| catalogue.knows(&own.id)).or(self.catalogues.first());
        let text = knowing.map_or_else(|| own.id.clone(), |catalogue| catalogue.render(language, &own));
        (text, message.verbatim.as_deref().map(plain).filter(|words| !words.is_empty()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use super::*;

    #[test]
    fn all_files_can_be_read_and_vendors_words_stay_apart() {
        for (en, zh) in FILES {
            Catalogue::new(vec![("en".to_owned(), read(en)), ("zh-CN".to_owned(), read(zh))]).unwrap();
        }
        let message = |id: &str| Message { id: id.to_owned(), arguments: vec![], verbatim: Some("No \u{202e}access".to_owned()) };
        let (text, words) = Texts::new().say("en", &message("salesforce.no-access"));
        assert!(text.starts_with("The connected Salesforce user may not do this.") && !text.contains("access\""), "{text}");
        assert!(words.unwrap().starts_with("No "));
        for id in ["kit.lost", "host.no-outcome", "webhook.kind.person"] {
            assert_ne!(Texts::new().say("zh-CN", &message(id)).0, id, "{id}");
        }
        assert_eq!(Texts::new().say("en", &message("other.unknown")).0, "other.unknown");
    }
}
