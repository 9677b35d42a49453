//! Does the account still work, who are its users, what is left of its allowance.

use std::collections::BTreeSet;
use std::fmt;

use super::CrmAccount;
use super::approval::{Approval, Who};
use super::trouble::{Cause, Trouble, plain};
use crate::bindings::base::types::Message;
use crate::bindings::connector::exports::pbx::crm::users::Page;
use crate::bindings::crm::types::{Failure, Usage, UserRef};
use crate::connector::run::{Answer, Question, RunFailure};
use crate::credential::problem::{Kind, Problem};
use crate::event::Moment;

/// Most users of a list: more have no telephone at one PBX.
const MOST_USERS: usize = 20_000;
/// Most pages of it.
const MOST_PAGES: usize = 500;
/// Of permissions that were not approved, so many are named.
const SHOWN: usize = 3;
/// How often a list that the CRM has forgotten half-way is begun anew.
const ANEW: usize = 2;

/// An account that works.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Who is connected.
    pub who: Who,
    /// What will not work as it should.
    pub warnings: Vec<Message>,
    /// What the check cost, and what is left.
    pub usage: Usage,
}

/// A user of the CRM. Shown as "name - e-mail".
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Which.
    pub reference: UserRef,
    /// For people.
    pub name: String,
    /// "" if the CRM does not tell.
    pub email: String,
}

impl fmt::Display for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if self.email.is_empty() { Ok(()) } else { write!(formatter, " - {}", self.email) }
    }
}

impl CrmAccount {
    /// Asks the CRM who we are. A connection that was stopped for a problem is tried once more: whoever asks may have removed its cause.
    ///
    /// # Errors
    /// It does not work, or the connector was not approved as it is now. Nothing is changed but that a token may have been renewed.
    pub fn check(&self, now: Moment) -> Result<Checked, Trouble> {
        self.must_be_approved()?;
        if self.entered.is_none() {
            self.credentials.try_again(self.credential())?;
        }
        let Answer::Account(account) = self.ask(&Question::Verify, now)? else {
            return Err(RunFailure::Missing("account").into());
        };
        match &self.entered {
            Some(entered) => entered.belongs_to(&account.organisation)?,
            None => self.credentials.belongs_to(self.credential(), &account.organisation)?,
        }
        let mut warnings = self.must_administer(&account, "account.no-longer-administrator")?;
        let who = self.who(&account, &mut warnings);
        Ok(Checked { who, warnings, usage: account.usage })
    }

    /// All active users of the CRM, page by page.
    ///
    /// # Errors
    /// One of the pages could not be had: half a list is none.
    pub fn users(&self, now: Moment) -> Result<Vec<User>, Trouble> {
        self.must_be_approved()?;
        for _ in 0..ANEW {
            if let Some(users) = self.list(now)? {
                return Ok(users);
            }
        }
        Err(Cause::host("account.list-changes", &[("crm", self.vendor())]).into())
    }

    /// What is left of the CRM's allowance.
    ///
    /// # Errors
    /// The CRM could not be asked, or the connector cannot tell.
    pub fn allowance(&self, now: Moment) -> Result<Usage, Trouble> {
        self.must_be_approved()?;
        match self.ask(&Question::ReadUsage, now)? {
            Answer::Usage(usage) => Ok(usage),
            _ => Err(RunFailure::Missing("allowance").into()),
        }
    }

    /// None: the CRM no longer knew where the list was left.
    fn list(&self, now: Moment) -> Result<Option<Vec<User>>, Trouble> {
        let (mut users, mut known, mut marks) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let mut mark: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = match self.ask(&Question::ListPage { mark: mark.clone() }, now) {
                Ok(Answer::Users(page)) => page,
                Ok(_) => return Err(RunFailure::Missing("users").into()),
                Err(Trouble { cause: Cause::Connector(failure), .. }) if matches!(*failure, Failure::Gone(_)) && mark.is_some() => {
                    return Ok(None);
                }
                Err(trouble) => return Err(trouble),
            };
            let Page { users: some, next, .. } = page;
            for user in some.into_iter().filter(|user| user.active) {
                if known.insert(user.reference.id.clone()) {
                    // A connector speaks for its own account alone.
                    let reference = UserRef { connector: self.account.clone(), id: user.reference.id };
                    users.push(User { reference, name: plain(&user.name), email: plain(&user.email) });
                }
            }
            if users.len() > MOST_USERS {
                break;
            }
            match next {
                None => return Ok(Some(users)),
                // The same page again would never end.
                Some(next) if !marks.insert(next.clone()) => break,
                Some(next) => mark = Some(next),
            }
        }
        Err(Cause::host("account.list-endless", &[("crm", self.vendor()), ("most", &MOST_USERS.to_string())]).into())
    }

    /// The approval of the connection, if the connector still keeps to it. Nothing is asked for.
    ///
    /// # Errors
    /// Nobody has connected the account, or the connector declares more now than was approved then.
    pub fn must_be_approved(&self) -> Result<Approval, Trouble> {
        if !self.is_connected()? {
            return Err(Problem::about(Kind::NotConnected, self.vendor()).into());
        }
        let approval = self.approval()?.ok_or_else(|| Cause::host("account.not-approved", &[("crm", self.vendor())]))?;
        let lacking = approval.lacks(self.connector.description());
        if lacking.is_empty() {
            return Ok(approval);
        }
        let more = if lacking.len() > SHOWN { ", ..." } else { "" };
        let what = format!("{}{more}", lacking.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
        Err(Cause::host("account.declares-more", &[("crm", self.vendor()), ("what", &what)]).into())
    }
}
