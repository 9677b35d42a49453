//! What is known of an account without asking the CRM.

use super::CrmAccount;
use super::approval::{Approval, Who};
use super::trouble::Trouble;
use crate::event::Moment;

/// How it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// Nobody has connected it.
    NotConnected,
    /// It works as far as anybody knows.
    Connected(Box<Since>),
    /// It does not work, and this is why.
    WithProblem {
        /// What is known of the account; none: not even that can be read.
        account: Option<Box<Since>>,
        /// Why.
        trouble: Box<Trouble>,
        /// Since when, where that is known.
        since: Option<Moment>,
    },
}

/// An account, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Since {
    /// Who is connected.
    pub who: Who,
    /// Where the administrator signed in; "" where a secret was entered.
    pub login: String,
    /// The address of the callback, as it must stand in the app at the CRM; "" where a secret was entered.
    pub redirect_uri: String,
    /// When it was connected.
    pub since: Moment,
}

impl From<Approval> for Since {
    fn from(approval: Approval) -> Self {
        Self { who: approval.who, login: approval.by.login, redirect_uri: approval.by.redirect_uri, since: approval.since }
    }
}

impl CrmAccount {
    /// Scopes that the connector asks for and the CRM did not grant. Empty where a secret was entered, and where the CRM does not tell what it
    /// granted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn scopes_lacking(&self) -> Result<Vec<String>, Trouble> {
        if self.entered.is_some() {
            return Ok(Vec::new());
        }
        let granted = self.credentials.connection(&self.connection_row)?.map(|connection| connection.grant.scopes).unwrap_or_default();
        let lacking = self.terms.scopes.iter().filter(|scope| !granted.is_empty() && !granted.contains(scope));
        Ok(lacking.cloned().collect())
    }

    /// How it stands, by what is stored.
    #[must_use]
    pub fn status(&self) -> Status {
        // What stopped it, if it is connected.
        let stopped = match &self.entered {
            Some(entered) => entered.is_kept().map(|kept| kept.then_some(None)),
            None => {
                let connection = self.credentials.connection(&self.connection_row);
                connection.map(|connection| connection.map(|connection| connection.stopped(self.vendor())))
            }
        };
        let account = self.approval().ok().flatten().map(|approval| Box::new(Since::from(approval)));
        let problem = |trouble: Trouble, since| Status::WithProblem { account: account.clone(), trouble: Box::new(trouble), since };
        match stopped {
            Err(why) => problem(why.into(), None),
            Ok(None) => Status::NotConnected,
            Ok(Some(Some((why, since)))) => problem(why.into(), Some(since)),
            Ok(Some(None)) => match self.must_be_approved() {
                Ok(approval) => Status::Connected(Box::new(approval.into())),
                Err(trouble) => problem(trouble, None),
            },
        }
    }
}
