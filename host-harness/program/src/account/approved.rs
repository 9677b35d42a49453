//! What an administrator approves, in words: the same on the page and on a terminal.

use pbx_crm_host::account::approval::{At, Operation, account_hosts, operations};
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::Description;
use serde::Serialize;

use super::words::Words;

/// Requests that a connector may make.
#[derive(Serialize)]
pub struct Shown {
    /// What for.
    pub functions: Vec<String>,
    /// Such as "GET /people".
    pub requests: Vec<String>,
    /// At which host.
    pub at: String,
    /// Could the same request write though it is to read?
    pub not_confinable: bool,
}

impl Shown {
    /// All that a connector declares.
    #[must_use]
    pub fn all(description: &Description, words: &Words) -> Vec<Self> {
        let declared = operations(description);
        declared.iter().map(|operation| Self::of(operation, &declared, description, words)).collect()
    }

    fn of(operation: &Operation, all: &[Operation], description: &Description, words: &Words) -> Self {
        let requests = operation.methods.iter().flat_map(|method| operation.paths.iter().map(move |path| format!("{method} {path}")));
        Self {
            functions: operation.during.iter().map(|function| words.function(function)).collect(),
            requests: requests.collect(),
            at: match &operation.at {
                At::Host(host) | At::Unknown(host) => host.clone(),
                At::Setting(key) => words.say("page.at-setting", &[("key", key)]),
                At::Account => {
                    let hosts = account_hosts(description).join(", ");
                    words.say("page.at-account", &[("crm", &description.name), ("hosts", &hosts)])
                }
            },
            not_confinable: operation.is_not_confinable(all),
        }
    }
}
