//! Accounts from the command line: `connect`, `status`, `users`, `disconnect`.
//!
//! `connect` serves a plain page on loopback ([`server`], [`flow`], [`page`]) and waits for the browser. All that matters happens in the
//! library's `account`; here is what is shown, in the reader's language ([`words`]), and where accounts are kept ([`place`]).

mod approved;
pub mod arguments;
pub(crate) mod asked;
pub mod commands;
pub mod connect;
pub mod enter;
pub mod flow;
pub mod key;
mod left;
pub mod page;
pub mod place;
pub mod server;
pub mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat};
use pbx_crm_host::account::approval::Approval;
use pbx_crm_host::account::trouble::problem_in;
use pbx_crm_host::account::{AccountParts, CrmAccount, terms_of};
use pbx_crm_host::bindings::base::types::Message;
use pbx_crm_host::component::{LoadError, PreparedConnector, Source};
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::problem::Problem;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::store::{CredentialStore, Row};
use pbx_crm_host::egress::Wire;
use pbx_crm_host::egress::sockets::Sockets;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::messages::host_catalogue;
use pbx_crm_host::settings::Settings;

use crate::guests;
use place::{NoPlace, Place};
use words::Words;

/// What all commands about accounts are told.
#[derive(Debug, Clone)]
pub struct About {
    /// A connector that the program carries, by its id, or the file of another.
    pub connector: String,
    /// Which of the connector's accounts; none: the one that bears the connector's id.
    pub account: Option<String>,
    /// The connector's settings, as they are entered.
    pub settings: Vec<(String, String)>,
    /// Where accounts are kept.
    pub state_dir: Option<PathBuf>,
    /// The reader's language.
    pub language: String,
}

/// A command could not be carried out. Not: it was refused by the CRM.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The program carries no such connector, and there is no such file.
    #[error("there is no connector `{0}`; there are {1}, and files that end in .wasm")]
    NoConnector(String, String),
    /// See there.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The machine cannot run components.
    #[error("no sandbox can be made: {0}")]
    Sandbox(String),
    /// See there.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// In the reader's language.
    #[error("{0}")]
    Said(String),
    /// The terminal or the port.
    #[error("{what}: {why}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        why: std::io::Error,
    },
}

/// An account in its place.
pub struct Known {
    /// It.
    pub account: Arc<CrmAccount>,
    /// What is said about it.
    pub words: Words,
    /// The vendor's name for its product.
    pub crm: String,
}

impl About {
    pub(crate) fn words(&self) -> Words {
        Words::new(&self.language)
    }

    pub(crate) fn place(&self) -> Result<Place, AccountError> {
        Ok(Place::of(self.state_dir.clone())?)
    }

    /// The connector, ready to run.
    fn load(&self) -> Result<PreparedConnector, AccountError> {
        let source = match guests::connector(&self.connector) {
            Some(source) => source,
            None if Path::new(&self.connector).extension().is_some_and(|ending| ending == "wasm") => {
                Source::from(Path::new(&self.connector))
            }
            None => return Err(AccountError::NoConnector(self.connector.clone(), guests::CONNECTORS.join(", "))),
        };
        let engine = SandboxEngine::new().map_err(|why| AccountError::Sandbox(format!("{why:#}")))?;
        Ok(PreparedConnector::load(&engine, &source)?)
    }

    /// The account, if anything is kept; with the marks that were approved for it.
    fn known(&self) -> Result<Result<Known, String>, AccountError> {
        self.known_over(|wire| wire)
    }

    /// The same, over a wire that somebody listens at.
    pub(crate) fn known_over(&self, over: impl FnOnce(Arc<dyn Wire>) -> Arc<dyn Wire>) -> Result<Result<Known, String>, AccountError> {
        let connector = self.load()?;
        let crm = connector.description().name.clone();
        let Some(opened) = self.place()?.open(now()).map_err(|why| self.said(why))? else { return Ok(Err(crm)) };
        let row = Row::approval(&connector.description().id, self.id(&connector));
        // An approval that cannot be read marks nothing; what is wrong with it is told by the account.
        let marks = Approval::load(&*opened.store, &row).ok().flatten().map(|approval| approval.on_premises);
        let account = self.account_over(connector, opened.store, marks.unwrap_or_default(), over)?;
        Ok(Ok(Known { account: Arc::new(account), words: self.words(), crm }))
    }

    fn id<'a>(&'a self, connector: &'a PreparedConnector) -> &'a str {
        self.account.as_deref().unwrap_or(&connector.description().id)
    }

    fn settings(&self, connector: &PreparedConnector) -> Result<Settings, AccountError> {
        let mut settings = Settings::new(connector.schema().to_vec());
        for (key, value) in &self.settings {
            settings.set_typed(key, value).map_err(|why| AccountError::Said(why.to_string()))?;
        }
        Ok(settings)
    }

    /// The account over real sockets.
    fn account(
        &self,
        connector: PreparedConnector,
        store: Arc<dyn CredentialStore>,
        marks: Vec<String>,
    ) -> Result<CrmAccount, AccountError> {
        self.account_over(connector, store, marks, |wire| wire)
    }

    fn account_over(
        &self,
        connector: PreparedConnector,
        store: Arc<dyn CredentialStore>,
        marks: Vec<String>,
        over: impl FnOnce(Arc<dyn Wire>) -> Arc<dyn Wire>,
    ) -> Result<CrmAccount, AccountError> {
        let (_, on_premises) = terms_of(connector.description(), &marks).map_err(|message| self.message(&message))?;
        let wire = over(Arc::new(Sockets::new(on_premises)));
        let settings = self.settings(&connector)?;
        let parts = AccountParts {
            account: self.id(&connector).to_owned(),
            connector: Arc::new(connector),
            settings,
            language: self.language.clone(),
            credentials: Arc::new(Credentials::new(Arc::clone(&store), Arc::new(ByWire(Arc::clone(&wire))))),
            store,
            wire,
            entropy: Arc::new(SystemEntropy),
            on_premises: marks,
        };
        CrmAccount::new(parts).map_err(|message| self.message(&message))
    }

    fn message(&self, message: &Message) -> AccountError {
        AccountError::Said(host_catalogue().render(&self.language, message))
    }

    /// What an administrator must act on is told in their language.
    pub(crate) fn said(&self, why: NoPlace) -> AccountError {
        match why {
            NoPlace::Sealed(problem) => self.problem(&problem),
            NoPlace::Unsafe { folder, mode: Some(mode) } => {
                AccountError::Said(self.words().say("place.folder-mode", &[("folder", &folder), ("mode", &mode)]))
            }
            NoPlace::Unsafe { folder, mode: None } => AccountError::Said(self.words().say("place.folder-owner", &[("folder", &folder)])),
            other => other.into(),
        }
    }

    fn problem(&self, problem: &Problem) -> AccountError {
        AccountError::Said(problem_in(problem, &self.language))
    }
}

/// A text of the host.
fn host_words(id: &str, arguments: &[(&str, &str)], language: &str) -> String {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    host_catalogue().render(language, &Message { id: id.to_owned(), arguments, verbatim: None })
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn line(out: &mut dyn Write, text: &str) -> Result<(), AccountError> {
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|why| AccountError::Io { what: "cannot write".to_owned(), why })
}

/// A moment in UTC: the same for everybody who reads it.
pub(crate) fn time(moment: u64) -> String {
    let time = i64::try_from(moment).ok().and_then(DateTime::from_timestamp_millis);
    time.map_or_else(String::new, |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
