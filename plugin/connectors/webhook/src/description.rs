use pbx_connector_kit::{text::message, types::Role};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::description::{Auth, Description, Guest, KindInfo, Operation, Place},
    kinds, settings_page,
};

impl Guest for Webhook {
    fn describe() -> Description {
        Description {
            id: "webhook".to_owned(),
            name: "Webhook".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kinds: vec![
                kind(kinds::PERSON, "webhook.kind.person", Role::Person, true),
                kind(kinds::PROSPECT, "webhook.kind.prospect", Role::Prospect, true),
                kind(kinds::ORGANISATION, "webhook.kind.organisation", Role::Organisation, false),
            ],
            operations: vec![
                operation(&["find", "exact-check", "search", "find-created"], "GET", "/records"),
                operation(&["create"], "POST", "/records"),
                operation(&["write"], "POST", "/calls"),
                operation(&["find-written"], "GET", "/calls"),
                operation(&["amend"], "POST", "/calls/amend"),
                operation(&["verify"], "GET", "/"),
            ],
            auth: Auth::None,
            page_hosts: Vec::new(),
            journals: true,
            find_batch: 50,
            write_batch: 200,
            amend_batch: 200,
            writes_once: true,
            parallel: 4,
            needs_administrator: false,
            extras: Vec::new(),
        }
    }
}

fn kind(kind: &str, label: &str, role: Role, can_create: bool) -> KindInfo {
    KindInfo {
        kind: kind.to_owned(),
        label: message(label, &[]),
        role,
        can_create,
        page: Some("{base}/records/{id}".to_owned()),
        extras: Vec::new(),
    }
}

fn operation(during: &[&str], method: &str, path: &str) -> Operation {
    Operation {
        during: during.iter().map(|name| (*name).to_owned()).collect(),
        at: Place::FromSetting(settings_page::ADDRESS.to_owned()),
        methods: vec![method.to_owned()],
        paths: vec![path.to_owned()],
        reads_only: method == "GET",
        extras: Vec::new(),
    }
}
