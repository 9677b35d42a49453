//! The components that the program carries.

use std::path::Path;

use pbx_crm_host::component::Source;

/// The policy and the connectors, from inside the program or from a folder.
#[derive(Debug, Clone)]
pub struct Components {
    /// The CRM logic.
    pub policy: Source,
    /// The connector.
    pub connector: Source,
}

/// The connectors that the program carries, by their ids.
pub const CONNECTORS: [&str; 3] = ["odoo", "salesforce", "webhook"];

impl Components {
    /// Those that were built with the program, with the connector for `webhook`.
    #[must_use]
    pub fn built() -> Self {
        Self { policy: policy(), connector: webhook() }
    }

    /// The same with this connector, one of [`CONNECTORS`]. None: the program carries no such connector.
    #[must_use]
    pub fn built_with(connector: &str) -> Option<Self> {
        Some(Self { policy: policy(), connector: self::connector(connector)? })
    }

    /// `policy.wasm` of a folder, and the connector's file there, named by its id. Whether they are there shows when they are loaded.
    #[must_use]
    pub fn from_folder(folder: &Path, connector: &str) -> Self {
        Self { policy: folder.join("policy.wasm").into(), connector: folder.join(format!("{connector}.wasm")).into() }
    }
}

/// A connector that the program carries.
#[must_use]
pub fn connector(id: &str) -> Option<Source> {
    match id {
        "odoo" => Some(Source::bytes("odoo.wasm (built in)", include_bytes!(env!("PBX_CRM_ODOO")).as_slice())),
        "salesforce" => Some(Source::bytes("salesforce.wasm (built in)", include_bytes!(env!("PBX_CRM_SALESFORCE")).as_slice())),
        "webhook" => Some(webhook()),
        _ => None,
    }
}

/// The policy that the program carries.
#[must_use]
pub fn policy() -> Source {
    Source::bytes("policy.wasm (built in)", include_bytes!(env!("PBX_CRM_POLICY")).as_slice())
}

fn webhook() -> Source {
    Source::bytes("webhook.wasm (built in)", include_bytes!(env!("PBX_CRM_WEBHOOK")).as_slice())
}
