//! Opening an account: to the CRM's sign-in page and back, and what must hold before anything is kept.

use super::approval::{Approval, SignedIn, Who};
use super::trouble::{Cause, Trouble, host_message, plain};
use super::{CrmAccount, PATIENCE};
use crate::bindings::base::types::Message;
use crate::bindings::connector::exports::pbx::crm::account::{Account, Administrator};
use crate::connector::run::{Answer, Question, RunFailure};
use crate::core::page;
use crate::credential::authorisation::{Application, Callback, Finished};
use crate::credential::connection::{Client, Connection};
use crate::credential::problem::Kind;
use crate::credential::revoke::Revoked;
use crate::event::Moment;

/// What an administrator enters.
#[derive(Clone)]
pub struct Opening {
    /// Host at which they sign in: a name, or an address with its port where it is marked as on premises.
    pub login: String,
    /// The app that is registered at the CRM.
    pub client: Client,
    /// The address of the callback, exactly as it stands in that app.
    pub redirect_uri: String,
}

/// An account that is open now.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// Who is connected.
    pub who: Who,
    /// What will not work as it should, and what could not be tidied up.
    pub warnings: Vec<Message>,
}

impl CrmAccount {
    /// Begins, for this browser session. Gives the address of the CRM's sign-in page. It is asked first whether it knows the app at all:
    /// who has gone there with a wrong key would read the CRM's own error, and nobody here would ever learn of it.
    ///
    /// # Errors
    /// A setting is wrong, or the sign-in page refuses the app.
    pub fn begin(&self, opening: &Opening, session: &str, now: Moment) -> Result<String, Trouble> {
        if self.entered.is_some() {
            return Err(Cause::host("account.no-sign-in", &[("crm", self.vendor()), ("why", "secret")]).into());
        }
        let application = Application {
            row: self.connection_row.clone(),
            terms: self.terms.clone(),
            login: opening.login.clone(),
            client: opening.client.clone(),
            redirect_uri: opening.redirect_uri.clone(),
            on_premises: self.on_premises.clone(),
        };
        let url = self.authorisations.begin(application, session, now)?;
        // Nobody will come back to it: its place is free again.
        self.probe(&url).inspect_err(|_| self.authorisations.abandon(&url))?;
        Ok(url)
    }

    /// Finishes with what the browser brought back. Whatever comes of it, this authorisation is over. If the account is not kept, what was
    /// connected before is as it was, and access that the CRM gave is given back.
    ///
    /// # Errors
    /// The person or the CRM refused, the user is no administrator, it is another organisation than before, or it cannot be stored.
    pub fn finish(&self, query: &str, session: &str, now: Moment) -> Result<Opened, Trouble> {
        let callback = Callback { connector: &self.connection_row.connector, query, session };
        let Finished { connection, redirect_uri, .. } = self.authorisations.finish(callback, now, &self.endpoint, PATIENCE)?;
        self.take_in(connection.clone(), redirect_uri, now).map_err(|trouble| {
            let revoked = self.credentials.give_up(self.credential(), &connection, PATIENCE);
            Trouble { given_back: Some(revoked), ..trouble }
        })
    }

    /// Keeps the connection if all is as it must be.
    fn take_in(&self, mut connection: Connection, redirect_uri: String, now: Moment) -> Result<Opened, Trouble> {
        let Answer::Account(account) = self.ask_as(&connection, &Question::Verify, now)? else {
            return Err(RunFailure::Missing("account").into());
        };
        let mut warnings = self.must_administer(&account, "account.no-administrator")?;
        connection.belongs_to(self.vendor(), &account.organisation)?;
        if let Some(mut known) = self.credentials.connection(&self.connection_row)? {
            known.belongs_to(self.vendor(), &account.organisation)?;
        }
        let who = self.who(&account, &mut warnings);
        let by = SignedIn { login: connection.login.clone(), client_id: connection.client.id.clone(), redirect_uri };
        let approval = Approval::of(self.connector.description(), &self.marks, by, who.clone(), now);
        let before = self.approval_to_replace()?;
        approval.keep(&*self.store, &self.approval_row, self.vendor())?;
        let replaced = self.credentials.accept(self.credential(), connection.clone()).inspect_err(|_| self.restore(before.as_ref()))?;
        if let Some(old) = replaced.filter(|old| !same_tokens(old, &connection)) {
            let revoked = self.credentials.give_up(self.credential(), &old, PATIENCE);
            if let Revoked::NotConfirmed(_) = revoked {
                warnings.push(host_message("account.old-not-revoked", &[("crm", self.vendor())]));
            }
        }
        Ok(Opened { who, warnings })
    }

    /// The approval that a new one takes the place of. One that this release cannot read is worth nothing; one that just now could not be
    /// read may be a good one, and is not put at risk.
    pub(super) fn approval_to_replace(&self) -> Result<Option<Approval>, Trouble> {
        match Approval::load(&*self.store, &self.approval_row) {
            Err(problem) if problem.kind() == Kind::RowUnreadable => Ok(None),
            told => Ok(told?),
        }
    }

    /// Puts the approval back that went with the connection that stays.
    pub(super) fn restore(&self, before: Option<&Approval>) {
        let restored = match before {
            Some(before) => before.keep(&*self.store, &self.approval_row, self.vendor()),
            None => Approval::forget(&*self.store, &self.approval_row, self.vendor()),
        };
        if let Err(why) = restored {
            tracing::error!(%why, account = self.account, "the former approval cannot be put back: the account must be connected again");
        }
    }

    /// Who is connected. An address of pages that cannot be believed is left out, with a warning.
    pub(super) fn who(&self, account: &Account, warnings: &mut Vec<Message>) -> Who {
        let believed = account.pages.as_ref().map(|address| page::told(self.connector.description(), address, &self.on_premises));
        let pages = believed.transpose().unwrap_or_else(|why| {
            warnings.push(host_message("account.pages-refused", &[("crm", self.vendor()), ("why", &why.to_string())]));
            None
        });
        Who {
            organisation: plain(&account.organisation),
            organisation_name: plain(&account.organisation_name),
            user: account.user.as_ref().map(|user| plain(&user.id)),
            user_name: plain(&account.user_name),
            pages,
        }
    }

    /// The account's warnings, if its user may administer the CRM or need not. Else the message with this id.
    pub(super) fn must_administer(&self, account: &Account, otherwise: &str) -> Result<Vec<Message>, Trouble> {
        let mut warnings = account.warnings.clone();
        if self.connector.description().needs_administrator {
            let about = [("crm", self.vendor()), ("user", account.user_name.as_str())];
            match &account.administrator {
                Administrator::Yes => {}
                Administrator::No => return Err(Cause::host(otherwise, &about).into()),
                // A connector that knows the reason has told it.
                Administrator::Unknown | Administrator::Other(_) if !warnings.is_empty() => {}
                Administrator::Unknown | Administrator::Other(_) => warnings.push(host_message("account.rights-unknown", &about)),
            }
        }
        Ok(warnings)
    }
}

/// Some CRMs hand out the same refresh token again: giving the old one back would end the new connection.
fn same_tokens(old: &Connection, new: &Connection) -> bool {
    match (&old.grant.refresh, &new.grant.refresh) {
        (Some(old), Some(new)) => old.is(new.expose()),
        _ => old.grant.access.is(new.grant.access.expose()),
    }
}
