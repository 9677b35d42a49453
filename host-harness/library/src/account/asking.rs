//! One question to the connector, with the account's credential or with one that is not stored yet.

use std::sync::Arc;
use std::time::Duration;

use super::approval::Who;
use super::trouble::{Cause, Trouble};
use super::{CrmAccount, PATIENCE};
use crate::bindings::base::types::SettingValue;
use crate::bindings::connector::pbx::crm::context::Context;
use crate::bindings::crm::types::UserRef;
use crate::connector::alone;
use crate::connector::permit::Permits;
use crate::connector::run::{Answer, Question};
use crate::core::io::{HttpAnswer, HttpFailure, HttpRequest};
use crate::credential::connection::Connection;
use crate::credential::entered::SecretTerms;
use crate::credential::problem::Problem;
use crate::credential::secret::Secret;
use crate::event::Moment;
use crate::limits;

impl CrmAccount {
    /// Asks with the stored credential, which is renewed where that is needed.
    pub(super) fn ask(&self, question: &Question, now: Moment) -> Result<Answer, Trouble> {
        let first = self.ask_where_it_is(question, now);
        match first {
            // A new token told that the organisation lives elsewhere now: the question is asked there, once.
            (Err(_), base) if self.api().is_ok_and(|now| now != base) => self.ask_where_it_is(question, now).0,
            (told, _) => told,
        }
    }

    /// The answer, and the address at which it was asked for.
    fn ask_where_it_is(&self, question: &Question, now: Moment) -> (Result<Answer, Trouble>, String) {
        let known = self.api().and_then(|base| Ok((base, self.approval()?.map(|approval| approval.who))));
        match known {
            Ok((base, who)) => {
                let carry = |request: &HttpRequest, time_left| self.way.send(request, now, time_left);
                (self.ask_at(base.clone(), who, question, now, carry), base)
            }
            Err(trouble) => (Err(trouble), String::new()),
        }
    }

    /// The account's address, as the last token answer told it, or as the connector and the settings name it.
    fn api(&self) -> Result<String, Trouble> {
        if self.entered.is_some() {
            return Ok(self.base(None));
        }
        let granted = self.credentials.current(self.credential())?;
        Ok(self.base(granted.api().map(|origin| origin.address())))
    }

    /// Asks as who has just signed in. Nothing is stored.
    pub(super) fn ask_as(&self, connection: &Connection, question: &Question, now: Moment) -> Result<Answer, Trouble> {
        let granted = self.credential().unsaved(connection)?;
        let base = self.base(connection.grant.api.clone());
        self.ask_at(base, None, question, now, |request, time_left| self.way.send_with(request, &granted, time_left))
    }

    /// Asks with what was just entered. Nothing is stored.
    pub(super) fn ask_with(
        &self,
        terms: &SecretTerms,
        fields: &[(String, Secret)],
        question: &Question,
        now: Moment,
    ) -> Result<Answer, Trouble> {
        let carry = |request: &HttpRequest, time_left| self.way.send_entered(request, terms, fields, time_left);
        self.ask_at(self.base(None), None, question, now, carry)
    }

    fn ask_at(
        &self,
        base: String,
        who: Option<Who>,
        question: &Question,
        now: Moment,
        mut carry: impl FnMut(&HttpRequest, Duration) -> HttpAnswer,
    ) -> Result<Answer, Trouble> {
        let settings = |key: &str| match self.settings.get(key) {
            Some(SettingValue::Text(text)) => Some(text),
            _ => None,
        };
        let permits = Arc::new(Permits::new(self.connector.description(), &base, settings));
        // Who we are is what `verify` finds out.
        let who = who.filter(|_| *question != Question::Verify);
        let context = Context {
            connector: self.account.clone(),
            base,
            settings: self.settings.all(),
            now,
            time_left: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
            requests_left: limits::CONNECTOR_REQUESTS,
            language: self.language.clone(),
            organisation: who.as_ref().map(|who| who.organisation.clone()),
            user: who.and_then(|who| who.user).map(|id| UserRef { connector: self.account.clone(), id }),
            extras: Vec::new(),
        };
        // What the connector is told of a missing credential is little; the administrator is told all.
        let mut without: Option<Problem> = None;
        let outcome = alone::ask(&self.connector, &permits, context, question.clone(), |request, time_left| {
            let answer = carry(request, time_left);
            if let Err(HttpFailure::Credential(problem)) = &answer {
                without.get_or_insert_with(|| (**problem).clone());
            }
            answer
        });
        match (outcome, without) {
            (Ok(Ok(answer)), None) => Ok(answer),
            (_, Some(problem)) => Err(problem.into()),
            (Ok(Err(failure)), None) => Err(Cause::Connector(Box::new(failure)).into()),
            (Err(why), None) => Err(why.into()),
        }
    }

    /// Address for API requests, without a final "/".
    fn base(&self, pinned: Option<String>) -> String {
        pinned.or_else(|| self.connector.base(&self.settings)).unwrap_or_default()
    }
}
