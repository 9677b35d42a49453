//! An account at a CRM: opened by an administrator, looked at, closed.
//!
//! This is what stands between a page or a command line and the credentials. Whoever shows something to administrators asks here:
//!
//! * [`opening`]: the way of the administrator's browser, and what must hold before an account is kept;
//! * [`entering`]: the same with a secret that the administrator enters;
//! * [`checking`]: does it still work, who are its users, what is left of its allowance;
//! * [`closing`]: it is disconnected, and what is known of it forgotten;
//! * [`status`]: what is known without asking the CRM;
//! * [`approval`]: what the administrator approved, and whether the connector still keeps to it;
//! * [`trouble`]: why something was not done, in words for an administrator.
//!
//! The connector runs here as in a call: in a sandbox, and nothing leaves but what it declared for the function being run.

pub mod approval;
mod asking;
pub mod checking;
pub mod closing;
pub mod entering;
pub mod opening;
mod probe;
pub mod status;
pub mod trouble;

use std::sync::Arc;
use std::time::Duration;

use crate::bindings::base::types::Message;
use crate::bindings::connector::exports::pbx::crm::description::Description;
use crate::component::PreparedConnector;
use crate::credential::authorisation::Authorisations;
use crate::credential::endpoint::ByWire;
use crate::credential::entered::{Entered, SecretTerms};
use crate::credential::entropy::Entropy;
use crate::credential::problem::Problem;
use crate::credential::refresh::{Account, Credentials};
use crate::credential::store::{CredentialStore, Row};
use crate::credential::terms::OAuthTerms;
use crate::egress::target::OnPremises;
use crate::egress::{Key, Way, Wire};
use crate::limits;
use crate::settings::Settings;
use approval::Approval;
use trouble::{Trouble, host_message};

/// Most time for one conversation with a sign-in service or one function of a connector: an administrator looks at a page meanwhile.
const PATIENCE: Duration = Duration::from_millis(limits::CONNECTOR_TIME_MS);

/// What an account is made of.
pub struct AccountParts {
    /// Speaks to the CRM.
    pub connector: Arc<PreparedConnector>,
    /// Which of the connector's accounts, in the host's words; at most 64 bytes.
    pub account: String,
    /// The connector's own settings.
    pub settings: Settings,
    /// Language for texts that stay in the CRM, BCP 47.
    pub language: String,
    /// Where connection and approval lie.
    pub store: Arc<dyn CredentialStore>,
    /// Over the same store.
    pub credentials: Arc<Credentials>,
    /// Where all requests leave: the connector's, and those for tokens.
    pub wire: Arc<dyn Wire>,
    /// For states and verifiers.
    pub entropy: Arc<dyn Entropy>,
    /// Addresses that the administrator marks as on premises for this connector, such as "http://10.1.2.3:8069".
    pub on_premises: Vec<String>,
}

/// One account. To be shared between threads.
pub struct CrmAccount {
    connector: Arc<PreparedConnector>,
    account: String,
    connection_row: Row,
    approval_row: Row,
    settings: Settings,
    language: String,
    terms: Arc<OAuthTerms>,
    /// What is entered; none: the account is opened by signing in.
    entered: Option<Entered>,
    store: Arc<dyn CredentialStore>,
    credentials: Arc<Credentials>,
    wire: Arc<dyn Wire>,
    way: Way,
    endpoint: ByWire,
    authorisations: Authorisations,
    marks: Vec<String>,
    on_premises: OnPremises,
}

impl CrmAccount {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// The connector's CRM is opened by nothing, or an address cannot be marked.
    pub fn new(parts: AccountParts) -> Result<Self, Message> {
        let description = parts.connector.description();
        let (terms, on_premises) = terms_of(description, &parts.on_premises)?;
        let id = &description.id;
        let (connection_row, approval_row) = (Row::connection(id, &parts.account), Row::approval(id, &parts.account));
        let (terms, entered) = match terms {
            Terms::SignIn(terms) => (Arc::from(terms), None),
            Terms::Secret(terms) => {
                let nothing_to_sign_in_to = OAuthTerms { vendor: terms.vendor.clone(), ..OAuthTerms::default() };
                let entered = Entered::new(Arc::clone(&parts.store), connection_row.clone(), Arc::new(terms));
                (Arc::new(nothing_to_sign_in_to), Some(entered))
            }
        };
        let key = match &entered {
            Some(entered) => Key::Entered(entered.clone()),
            None => Key::OAuth { credentials: Arc::clone(&parts.credentials), row: connection_row.clone(), terms: Arc::clone(&terms) },
        };
        Ok(Self {
            way: Way::new(description, &parts.settings, Arc::clone(&parts.wire), on_premises.clone(), key),
            connection_row,
            approval_row,
            connector: parts.connector,
            account: parts.account,
            settings: parts.settings,
            language: parts.language,
            terms,
            entered,
            store: parts.store,
            credentials: parts.credentials,
            endpoint: ByWire(Arc::clone(&parts.wire)),
            wire: parts.wire,
            authorisations: Authorisations::new(parts.entropy),
            marks: parts.on_premises,
            on_premises,
        })
    }

    /// Its connector.
    #[must_use]
    pub fn connector(&self) -> &PreparedConnector {
        &self.connector
    }

    /// How the account is signed in to; without any login host where a secret is entered instead.
    #[must_use]
    pub fn terms(&self) -> &OAuthTerms {
        &self.terms
    }

    /// What the administrator approved, if there was one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn approval(&self) -> Result<Option<Approval>, Trouble> {
        Ok(Approval::load(&*self.store, &self.approval_row)?)
    }

    /// Is anything kept with which it can be opened?
    fn is_connected(&self) -> Result<bool, Problem> {
        match &self.entered {
            Some(entered) => entered.is_kept(),
            None => Ok(self.credentials.connection(&self.connection_row)?.is_some()),
        }
    }

    fn credential(&self) -> Account<'_> {
        Account { row: &self.connection_row, terms: &self.terms, on_premises: &self.on_premises }
    }

    fn vendor(&self) -> &str {
        &self.terms.vendor
    }
}

/// How a connector's account is opened.
#[derive(Debug, Clone)]
pub enum Terms {
    /// By an administrator who signs in with a browser.
    SignIn(Box<OAuthTerms>),
    /// With a secret that an administrator enters.
    Secret(SecretTerms),
}

/// How a connector's account is opened, and with which addresses marked as on premises.
///
/// # Errors
/// It is opened by nothing, or an address cannot be marked.
pub fn terms_of(description: &Description, marks: &[String]) -> Result<(Terms, OnPremises), Message> {
    let refused = |id: &str, why: &str| host_message(id, &[("crm", &description.name), ("why", why)]);
    let on_premises = marks.iter().try_fold(OnPremises::default(), |known, address| {
        known.with(address).map_err(|why| refused("account.mark", &format!("{address}: {why}")))
    })?;
    let unusable = |why: String| refused("account.no-sign-in", &why);
    let sign_in = OAuthTerms::declared(description).map_err(unusable)?.map(|terms| Terms::SignIn(Box::new(terms)));
    let terms = match sign_in {
        None => SecretTerms::declared(description).map_err(unusable)?.map(Terms::Secret),
        some => some,
    };
    Ok((terms.ok_or_else(|| refused("account.no-sign-in", "auth"))?, on_premises))
}
