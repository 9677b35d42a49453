//! Disconnecting.

use super::approval::Approval;
use super::trouble::Trouble;
use super::{CrmAccount, PATIENCE};
use crate::credential::revoke::Revoked;
use crate::event::Moment;

impl CrmAccount {
    /// Gives the access back as far as the CRM can be reached, and forgets the account and all that was approved for it, so that another one
    /// can be connected.
    ///
    /// # Errors
    /// The store cannot forget it. Repeat it then.
    pub fn disconnect(&self, now: Moment) -> Result<Revoked, Trouble> {
        let revoked = match &self.entered {
            None => self.credentials.disconnect(self.credential(), now, PATIENCE)?,
            Some(entered) if entered.forget()? => Revoked::NoWay,
            Some(_) => Revoked::NothingToRevoke,
        };
        Approval::forget(&*self.store, &self.approval_row, self.vendor())?;
        Ok(revoked)
    }
}
