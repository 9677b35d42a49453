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

impl Components {
    /// Those that were built with the program.
    #[must_use]
    pub fn built() -> Self {
        Self {
            policy: Source::bytes("policy.wasm (built in)", include_bytes!(env!("PBX_CRM_POLICY")).as_slice()),
            connector: Source::bytes("webhook.wasm (built in)", include_bytes!(env!("PBX_CRM_WEBHOOK")).as_slice()),
        }
    }

    /// `policy.wasm` and `webhook.wasm` of a folder. Whether they are there shows when they are loaded.
    #[must_use]
    pub fn from_folder(folder: &Path) -> Self {
        Self { policy: folder.join("policy.wasm").into(), connector: folder.join("webhook.wasm").into() }
    }
}
