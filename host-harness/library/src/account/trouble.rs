//! Why something was not done with an account, in words for an administrator.

use super::CrmAccount;
use crate::bindings::base::types::Message;
use crate::bindings::crm::types::Failure;
use crate::connector::run::RunFailure;
use crate::core::failures::failure_detail;
use crate::credential::problem::{self, Problem};
use crate::credential::revoke::Revoked;
use crate::limits;
use crate::messages::host_catalogue;
use crate::number::cut;

/// Why.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// Something about the credential.
    Credential(Problem),
    /// The connector's words for what the CRM answered.
    Connector(Box<Failure>),
    /// The host's own.
    Host(Box<Message>),
}

/// Something was not done. What was there before is as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// Why.
    pub cause: Cause,
    /// What became of access that the CRM had given already; none: there was none.
    pub given_back: Option<Revoked>,
}

impl Cause {
    pub(super) fn host(id: &str, arguments: &[(&str, &str)]) -> Self {
        Self::Host(Box::new(host_message(id, arguments)))
    }
}

pub(super) fn host_message(id: &str, arguments: &[(&str, &str)]) -> Message {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), plain(value)));
    Message { id: id.to_owned(), arguments: arguments.collect(), verbatim: None }
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self { cause, given_back: None }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Cause::Credential(problem).into()
    }
}

impl From<RunFailure> for Trouble {
    fn from(why: RunFailure) -> Self {
        let id = match &why {
            RunFailure::Trapped(_) => "host.connector-trapped",
            RunFailure::Cpu => "host.connector-cpu",
            RunFailure::Memory => "host.connector-memory",
            RunFailure::Deadline => "host.connector-deadline",
            RunFailure::Stuck => "host.connector-stuck",
            RunFailure::Missing(_) => "host.connector-cannot",
        };
        tracing::warn!(%why, "a connector failed");
        Cause::host(id, &[]).into()
    }
}

impl Trouble {
    /// Its id, for programs: of the credential's problem, of the host's message, or of the connector's.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.cause {
            Cause::Credential(problem) => problem.kind().id(),
            Cause::Connector(failure) => &failure_detail(failure).said.id,
            Cause::Host(message) => &message.id,
        }
    }
}

impl std::fmt::Display for Trouble {
    /// For logs; people get [`CrmAccount::tell`].
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.cause {
            Cause::Credential(problem) => problem.fmt(formatter),
            Cause::Connector(_) | Cause::Host(_) => formatter.write_str(self.id()),
        }
    }
}

impl std::error::Error for Trouble {}

impl CrmAccount {
    /// The sentences for a reader of this language.
    #[must_use]
    pub fn tell(&self, trouble: &Trouble, language: &str) -> String {
        let mut text = match &trouble.cause {
            Cause::Credential(problem) => problem_in(problem, language),
            Cause::Connector(failure) => self.connectors_words(&failure_detail(failure).said, language),
            Cause::Host(message) => host_catalogue().render(language, message),
        };
        if let Some(said) = trouble.given_back.as_ref().and_then(|revoked| self.about_revoking(revoked)) {
            text.push(' ');
            text.push_str(&host_catalogue().render(language, &said));
        }
        text
    }

    /// What an administrator must know about tokens that were given back, if anything.
    #[must_use]
    pub fn about_revoking(&self, revoked: &Revoked) -> Option<Message> {
        match revoked {
            Revoked::NoWay if self.entered.is_some() => Some(host_message("account.secret-lives-on", &[("crm", self.vendor())])),
            Revoked::Done | Revoked::WasDead | Revoked::NothingToRevoke => None,
            Revoked::NoWay | Revoked::NotConfirmed(_) => Some(host_message("account.not-revoked", &[("crm", self.vendor())])),
        }
    }

    /// A message of the connector, or of the host where it is one.
    #[must_use]
    pub fn connectors_words(&self, message: &Message, language: &str) -> String {
        let host = host_catalogue();
        let message = Message {
            id: cut(&message.id, limits::TEXT_BYTES).to_owned(),
            arguments: message.arguments.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
            verbatim: message.verbatim.as_deref().map(plain),
        };
        if host.knows(&message.id) { host.render(language, &message) } else { self.connector.catalogue().render(language, &message) }
    }
}

/// A problem with a credential for a reader of this language.
#[must_use]
pub fn problem_in(problem: &Problem, language: &str) -> String {
    let (arguments, verbatim) = (problem.arguments().to_vec(), problem.words().map(str::to_owned));
    host_catalogue().render(language, &Message { id: problem.kind().id().to_owned(), arguments, verbatim })
}

/// Foreign text on its way to a reader.
#[must_use]
pub fn plain(text: &str) -> String {
    problem::plain(text, limits::TEXT_BYTES)
}
