//! Connects the account of a play as an administrator would: through the CRM's own pages.

use std::sync::Arc;

use crm_fake::Application as App;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::credential::authorisation::{Application, Authorisations, Callback};
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::refresh::{Account, Credentials};
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, Row};
use pbx_crm_host::credential::terms::OAuthTerms;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::egress::{Key, Way, Wire};
use pbx_crm_host::settings::Settings;

use super::crm::Line;
use super::{PlayError, TIME_LEFT};

/// Where the CRM sends the browser back to.
const CALLBACK: &str = "http://localhost:8080/callback";

/// A connected account.
pub(super) struct Connected {
    pub(super) way: Way,
    pub(super) base: String,
    pub(super) organisation: String,
    pub(super) organisation_name: String,
    pub(super) user: Option<UserRef>,
}

pub(super) fn connect(
    connector: &Arc<PreparedConnector>,
    settings: &Settings,
    line: &Arc<Line>,
    address: &str,
    app: Option<App>,
    store: Arc<dyn CredentialStore>,
) -> Result<Connected, PlayError> {
    let crm = line.fake().name().to_owned();
    let failed = |why: String| PlayError::Connect { crm: crm.clone(), why };
    let description = connector.description();
    let wire: Arc<dyn Wire> = line.clone();
    // Fakes stand on this machine, and may be spoken to without TLS: the same mark that an administrator makes for a server of their own.
    let on_premises = OnPremises::default().with(address).map_err(|why| failed(why.to_string()))?;
    let Some(terms) = OAuthTerms::declared(description).map_err(failed)? else {
        return Ok(Connected {
            way: Way::new(description, settings, wire, on_premises, Key::None),
            base: connector.base(settings).unwrap_or_else(|| address.to_owned()),
            organisation: "scenario".to_owned(),
            organisation_name: "Scenario".to_owned(),
            user: None,
        });
    };
    let App { client_id, client_secret, login } = app.ok_or_else(|| failed("it has no app to connect with".to_owned()))?;
    let terms = Arc::new(terms);
    let row = Row::connection(&description.id, &description.id);
    let endpoint = Arc::new(ByWire(wire.clone()));
    let credentials = Arc::new(Credentials::new(store, endpoint.clone()));
    let authorisations = Authorisations::new(Arc::new(SystemEntropy));
    let application = Application {
        row: row.clone(),
        terms: terms.clone(),
        login,
        client: Client { id: client_id, secret: Some(Secret::new(client_secret)) },
        redirect_uri: CALLBACK.to_owned(),
        on_premises: on_premises.clone(),
    };
    let told = |problem: pbx_crm_host::credential::problem::Problem| failed(problem.to_string());
    let url = authorisations.begin(application, "", line.now()).map_err(told)?;
    let now = line.now();
    let callback = line.fake().person_approves(now, &url).map_err(|why| failed(why.to_string()))?;
    let query = callback.split_once('?').map_or("", |(_, query)| query);
    let callback = Callback { connector: &description.id, query, session: "" };
    let finished = authorisations.finish(callback, line.now(), &*endpoint, TIME_LEFT).map_err(told)?;
    let account = Account { row: &row, terms: &terms, on_premises: &on_premises };
    credentials.accept(account, finished.connection).map_err(told)?;
    let connection = credentials.connection(&row).map_err(told)?.ok_or_else(|| failed("nothing was stored".to_owned()))?;
    Ok(Connected {
        way: Way::new(description, settings, wire, on_premises, Key::OAuth { credentials, row, terms }),
        base: connection.grant.api.unwrap_or_default(),
        organisation: connection.organisation.unwrap_or_default(),
        organisation_name: "Scenario".to_owned(),
        user: None,
    })
}
