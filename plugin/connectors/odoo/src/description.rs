use pbx_connector_kit::{text::message, types::Role};

use crate::{
    Odoo,
    bindings::exports::pbx::crm::description::{Auth, Description, Guest, KindInfo, Operation, Place, Placement, Secret, SecretField},
    model::{LEAD, PARTNER},
    settings_page,
};

/// Looking for callers.
const CALLERS: [&str; 2] = ["/json/2/res.partner/search_read", "/json/2/crm.lead/search_read"];
const MESSAGES: &str = "/json/2/mail.message/search_read";
const PEOPLE: &str = "/json/2/res.users/search_read";

impl Guest for Odoo {
    fn describe() -> Description {
        Description {
            id: "odoo".to_owned(),
            name: "Odoo".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kinds: vec![
                kind(PARTNER, "odoo.kind.contact", Role::Person, true),
                kind(PARTNER, "odoo.kind.company", Role::Organisation, false),
                kind(LEAD, "odoo.kind.lead", Role::Prospect, true),
            ],
            operations: operations(),
            auth: Auth::Secret(secret()),
            page_hosts: Vec::new(),
            journals: true,
            // Each number is a search of its own in the database.
            find_batch: 20,
            // Fifty entries take Odoo a quarter of a second.
            write_batch: 50,
            amend_batch: 50,
            writes_once: true,
            // Odoo has a handful of workers for all who use it.
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
        page: Some("{base}/odoo/{kind}/{id}".to_owned()),
        extras: Vec::new(),
    }
}

/// A key that a person makes in Odoo, under "My Profile, Account Security". It has that person's rights.
fn secret() -> Secret {
    Secret {
        fields: vec![SecretField { name: "key".to_owned(), label: message("odoo.key.label", &[]), hidden: true, extras: Vec::new() }],
        placements: vec![Placement::Header(("authorization".to_owned(), "Bearer {key}".to_owned()))],
        extras: Vec::new(),
    }
}

fn operations() -> Vec<Operation> {
    vec![
        reads(&["find", "exact-check", "search", "create", "find-created"], &CALLERS),
        reads(&["create", "find-created"], &["/json/2/res.partner/get_external_id", "/json/2/crm.lead/get_external_id"]),
        reads(&["create"], &[PEOPLE]),
        changes(&["create"], &["/json/2/res.partner/load", "/json/2/crm.lead/load"]),
        changes(&["write"], &["/json/2/mail.message/load", "/json/2/mail.activity/load"]),
        reads(&["write"], &[MESSAGES, PEOPLE]),
        reads(&["write"], &CALLERS),
        reads(&["find-written", "amend"], &[MESSAGES]),
        changes(&["amend"], &["/json/2/mail.message/load"]),
        reads(&["amend", "list-page"], &[PEOPLE]),
        reads(
            &["verify"],
            &[
                "/json/2/res.users/context_get",
                "/json/2/res.users/read",
                "/json/2/res.users/has_group",
                "/json/2/ir.http/session_info",
                "/json/2/res.partner/has_access",
                "/json/2/crm.lead/has_access",
            ],
        ),
        Operation { methods: vec!["GET".to_owned()], ..reads(&["verify"], &["/web/version"]) },
    ]
}

fn reads(during: &[&str], paths: &[&str]) -> Operation {
    Operation { reads_only: true, ..changes(during, paths) }
}

/// All methods are called by `POST`, those that read as well.
fn changes(during: &[&str], paths: &[&str]) -> Operation {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Operation {
        during: owned(during),
        at: Place::FromSetting(settings_page::ADDRESS.to_owned()),
        methods: vec!["POST".to_owned()],
        paths: owned(paths),
        reads_only: false,
        extras: Vec::new(),
    }
}
