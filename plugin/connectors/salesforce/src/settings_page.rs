use pbx_connector_kit::base_types::{Message, Setting};

use crate::{
    Salesforce,
    bindings::exports::pbx::base::settings_page::{Field, Guest, Problem},
};

/// There is nothing to set: login host and credential are the host's, and all else the organisation tells.
impl Guest for Salesforce {
    fn version() -> u32 {
        1
    }

    fn schema() -> Vec<Field> {
        Vec::new()
    }

    fn check(_settings: Vec<Setting>) -> Vec<Problem> {
        Vec::new()
    }

    fn upgrade(_from_version: u32, settings: Vec<Setting>) -> Result<Vec<Setting>, Message> {
        // There is only one version so far.
        Ok(settings)
    }
}
