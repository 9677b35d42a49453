use crate::bindings::base::types::Message;
use crate::messages::host_catalogue;
use crate::texts::Catalogue;

/// The words for all messages of a running host: its own, the plugin's and the connectors'.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    catalogues: Vec<Catalogue>,
}

impl Texts {
    pub(super) fn new(components: impl IntoIterator<Item = Catalogue>) -> Self {
        Self { catalogues: std::iter::once(host_catalogue()).chain(components).collect() }
    }

    /// The message in that language (BCP 47), in its main language, or in the component's first one. An id that nobody knows is
    /// shown as it is.
    #[must_use]
    pub fn render(&self, language: &str, message: &Message) -> String {
        let knowing = self.catalogues.iter().find(|catalogue| catalogue.knows(&message.id));
        knowing.or(self.catalogues.first()).map_or_else(|| message.id.clone(), |catalogue| catalogue.render(language, message))
    }
}
