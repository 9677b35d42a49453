//! Connects the account of a play as an administrator would: through the CRM's own pages.

use std::sync::Arc;

use crm_fake::Application;
use pbx_crm_host::account::approval::Who;
use pbx_crm_host::account::opening::Opening;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::Auth;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entered::{Entered, SecretTerms};
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, Row};
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::egress::{Key, Way, Wire};
use pbx_crm_host::event::Moment;
use pbx_crm_host::settings::Settings;

use super::PlayError;
use super::crm::Line;

/// Where the CRM sends the browser back to. Nobody listens there: the browser of a play tells where it was sent.
const CALLBACK: &str = "http://localhost:8080/callback";

/// A connected account.
pub struct Connected {
    /// The way to it.
    pub way: Way,
    /// Address for API requests.
    pub base: String,
    /// Address of pages, where it is another one.
    pub pages: Option<String>,
    /// Whose it is, as the connector told.
    pub organisation: String,
    /// The same for people.
    pub organisation_name: String,
    /// As whom the connector works.
    pub user: Option<UserRef>,
    /// As whom, for people; none: nobody had to sign in.
    pub signed_in: Option<String>,
}

/// Connects an account at the CRM on this line, which people reach at `address`. What opens it is kept in `store`.
///
/// # Errors
/// The CRM or the connector refused.
pub fn connect(
    connector: &Arc<PreparedConnector>,
    settings: &Settings,
    line: &Arc<Line>,
    address: &str,
    store: Arc<dyn CredentialStore>,
) -> Result<Connected, PlayError> {
    let crm = line.fake().name().to_owned();
    let failed = |why: String| PlayError::Connect { crm: crm.clone(), why };
    let description = connector.description();
    let wire: Arc<dyn Wire> = line.clone();
    // Fakes stand on this machine, and may be spoken to without TLS: the same mark that an administrator makes for a server of their own.
    let on_premises = OnPremises::default().with(address).map_err(|why| failed(why.to_string()))?;
    if matches!(description.auth, Auth::None) {
        return Ok(Connected {
            way: Way::new(description, settings, wire, on_premises, Key::None),
            base: connector.base(settings).unwrap_or_else(|| address.to_owned()),
            pages: None,
            organisation: "scenario".to_owned(),
            organisation_name: "Scenario".to_owned(),
            user: None,
            signed_in: None,
        });
    }
    let row = Row::connection(&description.id, &description.id);
    let credentials = Arc::new(Credentials::new(Arc::clone(&store), Arc::new(ByWire(Arc::clone(&wire)))));
    let parts = AccountParts {
        connector: Arc::clone(connector),
        account: description.id.clone(),
        settings: settings.clone(),
        language: "en".to_owned(),
        store: Arc::clone(&store),
        credentials: Arc::clone(&credentials),
        wire: Arc::clone(&wire),
        entropy: Arc::new(SystemEntropy),
        on_premises: vec![address.to_owned()],
    };
    let account = CrmAccount::new(parts).map_err(|why| failed(pbx_crm_host::messages::host_catalogue().render("en", &why)))?;
    let now = line.now();
    let (key, who, base) = match &description.auth {
        Auth::Secret(_) => {
            let fields = line.fake().secret().ok_or_else(|| failed("it has no secret to connect with".to_owned()))?;
            let fields = fields.into_iter().map(|(name, text)| (name, Secret::new(text))).collect();
            let opened = account.enter(fields, now).map_err(|trouble| failed(account.tell(&trouble, "en")))?;
            let declared = SecretTerms::declared(description).map_err(&failed)?;
            let terms = declared.ok_or_else(|| failed("it wants no secret".to_owned()))?;
            (Key::Entered(Entered::new(store, row, Arc::new(terms))), opened.who, connector.base(settings))
        }
        _ => {
            let who = sign_in(&account, line, address, now, &failed)?;
            let connection = credentials.connection(&row).map_err(|why| failed(why.to_string()))?;
            let terms = Arc::new(account.terms().clone());
            (Key::OAuth { credentials, row, terms }, who, connection.and_then(|connection| connection.grant.api))
        }
    };
    Ok(Connected {
        way: Way::new(description, settings, wire, on_premises, key).of_organisation(&who.organisation),
        base: base.unwrap_or_default(),
        signed_in: Some(format!("{} at {} ({})", who.user_name, who.organisation_name, who.organisation)),
        organisation: who.organisation,
        pages: who.pages,
        organisation_name: who.organisation_name,
        user: who.user.map(|id| UserRef { connector: description.id.clone(), id }),
    })
}

/// On the CRM's own pages.
fn sign_in(account: &CrmAccount, line: &Line, address: &str, now: Moment, failed: &impl Fn(String) -> PlayError) -> Result<Who, PlayError> {
    let application = line.fake().application(address);
    let Application { client_id, client_secret, login } = application.ok_or_else(|| failed("it has no app to connect with".to_owned()))?;
    let client = Client { id: client_id, secret: Some(Secret::new(client_secret)) };
    let opening = Opening { login, client, redirect_uri: CALLBACK.to_owned() };
    let url = account.begin(&opening, "", now).map_err(|trouble| failed(account.tell(&trouble, "en")))?;
    let callback = line.fake().person_approves(now, &url).map_err(|why| failed(why.to_string()))?;
    let query = callback.split_once('?').map_or("", |(_, query)| query);
    Ok(account.finish(query, "", now).map_err(|trouble| failed(account.tell(&trouble, "en")))?.who)
}
