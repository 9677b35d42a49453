//! What agents would see and what the host tells, as lines of JSON. Without `--json` nobody sees it.

use std::sync::Arc;

use pbx_crm_host::bindings::base::types::Number;
use pbx_crm_host::bindings::hooks::clients::{Card, Lifetime};
use pbx_crm_host::core::io::{Output, Reply, Told};
use pbx_crm_host::host::{Clients, Telephony, Texts};

use super::outgoing::Outgoing;

/// The screens of agents, their telephones, and the explanation of it all. None: nothing of it is written anywhere.
#[derive(Clone)]
pub(super) struct Screens(pub(super) Option<Arc<Outgoing>>);

impl Screens {
    /// Made only if somebody reads it.
    fn tell(&self, output: impl FnOnce() -> Output) {
        if let Some(outgoing) = &self.0 {
            // An output that is no JSON does not exist; should it, its name is worth more than nothing.
            outgoing.tell(|| serde_json::to_string(&output()).map_or_else(|why| told(&format!("\"{why}\"")), |json| told(&json)));
        }
    }

    pub(super) fn observe(&self, what: &Told) {
        self.tell(|| Output::Told(what.clone()));
    }
}

fn told(json: &str) -> String {
    format!("{{\"told\":{json}}}\n")
}

impl Clients for Screens {
    fn show_card(&mut self, extension: &str, call: &str, card: &Card, _texts: &Texts) {
        self.tell(|| Output::ShowCard { extension: extension.to_owned(), call: call.to_owned(), card: Box::new(card.clone()) });
    }

    fn remove_card(&mut self, extension: &str, call: &str) {
        self.tell(|| Output::RemoveCard { extension: extension.to_owned(), call: call.to_owned() });
    }

    fn open_page(&mut self, extension: &str, call: &str, link: &str, title: &str, lifetime: &Lifetime) {
        self.tell(|| Output::OpenPage {
            extension: extension.to_owned(),
            call: call.to_owned(),
            link: link.to_owned(),
            title: title.to_owned(),
            lifetime: lifetime.clone(),
        });
    }

    fn left_call(&mut self, extension: &str, call: &str) {
        self.tell(|| Output::LeftCall { extension: extension.to_owned(), call: call.to_owned() });
    }

    fn reply(&mut self, request: &str, reply: &Reply, _texts: &Texts) {
        self.tell(|| Output::Reply { request: request.to_owned(), reply: reply.clone() });
    }
}

impl Telephony for Screens {
    fn dial(&mut self, key: &str, extension: &str, number: &Number) {
        self.tell(|| Output::Dial { key: key.to_owned(), extension: extension.to_owned(), number: number.clone() });
    }
}
