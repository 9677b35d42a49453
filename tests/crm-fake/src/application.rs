use std::fmt;

use serde::{Deserialize, Serialize};

/// What an administrator notes down in the CRM and types into the PBX, for a CRM that wants to be asked for access first.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Application {
    /// By which the CRM knows the app.
    pub client_id: String,
    /// What only the app and the CRM know.
    pub client_secret: String,
    /// Where people sign in: an address without a final "/".
    pub login: String,
}

impl fmt::Debug for Application {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Application").field("client_id", &self.client_id).field("login", &self.login).finish_non_exhaustive()
    }
}
