//! Opening an account with a secret that an administrator enters, such as an API key.

use super::CrmAccount;
use super::approval::{Approval, SignedIn};
use super::opening::Opened;
use super::trouble::{Cause, Trouble};
use crate::connector::run::{Answer, Question, RunFailure};
use crate::credential::secret::Secret;
use crate::event::Moment;

impl CrmAccount {
    /// Opens it with the fields that the connector declared, after the administrator has seen and approved what it may do. The CRM is asked
    /// with them before anything is kept. If the account is not kept, what was connected before is as it was.
    ///
    /// # Errors
    /// A field is missing or does not open the CRM, the user is no administrator, it is another organisation than before, or it cannot be
    /// stored.
    pub fn enter(&self, fields: Vec<(String, Secret)>, now: Moment) -> Result<Opened, Trouble> {
        let Some(entered) = &self.entered else {
            return Err(Cause::host("account.no-secret", &[("crm", self.vendor())]).into());
        };
        entered.terms().check_entered(&fields)?;
        let Answer::Account(account) = self.ask_with(entered.terms(), &fields, &Question::Verify, now)? else {
            return Err(RunFailure::Missing("account").into());
        };
        let mut warnings = self.must_administer(&account, "account.entered-by-no-administrator")?;
        entered.belongs_to(&account.organisation)?;
        let who = self.who(&account, &mut warnings);
        let approval = Approval::of(self.connector.description(), &self.marks, SignedIn::default(), who.clone(), now);
        let before = self.approval_to_replace()?;
        approval.keep(&*self.store, &self.approval_row, self.vendor())?;
        entered.keep(fields, &account.organisation).inspect_err(|_| self.restore(before.as_ref()))?;
        Ok(Opened { who, warnings })
    }
}
