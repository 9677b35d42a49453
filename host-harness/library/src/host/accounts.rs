//! The accounts that a host begins with: their connectors, their ways out, and what was learnt when they were connected.
//!
//! An account that cannot be used (not connected, not approved as its connector is now, its credential not legible) does not stop the host:
//! telephones ring, other CRMs are asked, and what is for this one waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builder::{ConnectorSetup, judge, take};
use super::error::StartError;
use crate::account::approval::{Approval, Who};
use crate::bindings::crm::types::UserRef;
use crate::component::LoadError;
use crate::component::connector::PreparedConnector;
use crate::core::{ConnectorParts, page};
use crate::credential::endpoint::ByWire;
use crate::credential::entered::{Entered, SecretTerms};
use crate::credential::problem::{Kind, Problem};
use crate::credential::refresh::Credentials;
use crate::credential::store::{CredentialStore, Row};
use crate::credential::terms::OAuthTerms;
use crate::egress::sockets::Sockets;
use crate::egress::target::OnPremises;
use crate::egress::{Key, NOT_CONNECTED, Way, Wire};
use crate::engine::SandboxEngine;
use crate::settings::Settings;

type Accounts = (Vec<ConnectorParts>, BTreeMap<String, Way>);

pub(super) fn all(
    engine: &SandboxEngine,
    setups: Vec<ConnectorSetup>,
    store: Option<&Arc<dyn CredentialStore>>,
) -> Result<Accounts, StartError> {
    let mut creating = setups.iter().filter(|setup| setup.creates);
    if let (Some(first), Some(second)) = (creating.next(), creating.next()) {
        return Err(StartError::TwoCreate { first: first.id.clone(), second: second.id.clone() });
    }
    let mut accounts = Accounts::default();
    for setup in setups {
        let id = setup.id.clone();
        let (parts, way) = one(engine, setup, store)?;
        accounts.0.push(parts);
        accounts.1.insert(id, way);
    }
    Ok(accounts)
}

fn one(
    engine: &SandboxEngine,
    setup: ConnectorSetup,
    store: Option<&Arc<dyn CredentialStore>>,
) -> Result<(ConnectorParts, Way), StartError> {
    if setup.id.is_empty() || setup.id.len() > 64 {
        return Err(StartError::ConnectorId(setup.id));
    }
    let connector = PreparedConnector::load(engine, &setup.source)?;
    let mut settings = Settings::new(connector.schema().to_vec());
    take(&mut settings, connector.name(), &setup.settings)?;
    judge(connector.name(), connector.catalogue(), &connector.check(&settings.all())?)?;
    let Opened { way, base, who, on_premises } = open(&connector, &settings, &setup, store)?;
    let given = base.or(setup.base).or_else(|| connector.base(&settings)).unwrap_or_default();
    let base = given.trim_end_matches('/').to_owned();
    if !is_address(&base) {
        return Err(StartError::Base { connector: setup.id, base: given });
    }
    // Sealed, yet checked again: what is declared may have changed since.
    let learnt = who.pages.as_ref().and_then(|address| page::told(connector.description(), address, &on_premises).ok());
    let parts = ConnectorParts {
        pages: setup.pages.map(|address| address.trim_end_matches('/').to_owned()).or(learnt),
        user: setup.user.or_else(|| who.user.map(|id| UserRef { connector: setup.id.clone(), id })),
        id: setup.id,
        connector: Arc::new(connector),
        settings,
        base,
        organisation: if who.organisation.is_empty() { setup.organisation } else { who.organisation },
        organisation_name: if setup.organisation_name.is_empty() { who.organisation_name } else { setup.organisation_name },
        creates: setup.creates,
        budget: setup.budget,
    };
    Ok((parts, way))
}

/// The way to an account, and what was learnt of it when it was connected.
struct Opened {
    way: Way,
    base: Option<String>,
    who: Who,
    on_premises: OnPremises,
}

fn open(
    connector: &PreparedConnector,
    settings: &Settings,
    setup: &ConnectorSetup,
    store: Option<&Arc<dyn CredentialStore>>,
) -> Result<Opened, StartError> {
    let description = connector.description();
    let unusable = |why| StartError::Component(LoadError::Description { component: connector.name().to_owned(), why });
    let oauth = OAuthTerms::declared(description).map_err(unusable)?;
    let secret = SecretTerms::declared(description).map_err(unusable)?;
    if oauth.is_none() && secret.is_none() {
        let wire: Arc<dyn Wire> = Arc::new(Sockets::new(setup.on_premises.clone()));
        let way = Way::new(description, settings, wire, setup.on_premises.clone(), Key::None);
        return Ok(Opened { way, base: None, who: Who::default(), on_premises: setup.on_premises.clone() });
    }
    let store = Arc::clone(store.ok_or_else(|| StartError::NoCredentials(setup.id.clone()))?);
    let row = Row::connection(&description.id, &setup.id);
    let approval = Approval::load(&*store, &Row::approval(&description.id, &setup.id)).unwrap_or_default();
    let marks = approval.as_ref().map(|approval| approval.on_premises.clone()).unwrap_or_default();
    let on_premises = marked(setup, &marks)?;
    let wire: Arc<dyn Wire> = Arc::new(Sockets::new(on_premises.clone()));
    let (key, base, connected) = match (oauth, secret) {
        (Some(terms), _) => {
            // A refresh under way when the host stops is not cut: its answer could hold the only token that still lives.
            let tokens = Arc::new(ByWire(Arc::new(Sockets::new(on_premises.clone()))));
            let credentials = Arc::new(Credentials::new(store, tokens));
            let connection = credentials.connection(&row);
            let base = connection.as_ref().ok().and_then(|connection| connection.as_ref()?.grant.api.clone());
            let connected = connection.map(|connection| connection.is_some());
            (Key::OAuth { credentials, row, terms: Arc::new(terms) }, base.or_else(|| Some(NOT_CONNECTED.to_owned())), connected)
        }
        (None, Some(terms)) => {
            let entered = Entered::new(store, row, Arc::new(terms));
            let connected = entered.organisation().map(|organisation| organisation.is_some());
            (Key::Entered(entered), None, connected)
        }
        (None, None) => (Key::None, None, Ok(true)),
    };
    let approved = approval.as_ref().is_some_and(|approval| approval.lacks(description).is_empty());
    let closed = match connected {
        Err(problem) => Some(problem),
        Ok(true) if !approved => Some(Problem::about(Kind::NotApproved, &description.name)),
        Ok(false) => {
            tracing::warn!(connector = setup.id, "the account is not connected: what is for it waits");
            None
        }
        Ok(true) => None,
    };
    if let Some(problem) = &closed {
        tracing::warn!(connector = setup.id, %problem, "the account cannot be used: what is for it waits");
    }
    let who = approval.map(|approval| approval.who).unwrap_or_default();
    let key = closed.map_or(key, Key::Closed);
    let way = Way::new(description, settings, wire, on_premises.clone(), key).of_organisation(&who.organisation);
    Ok(Opened { way, base, who, on_premises })
}

/// What was marked in the setup, and what was marked when the account was connected.
fn marked(setup: &ConnectorSetup, marks: &[String]) -> Result<OnPremises, StartError> {
    let unusable = |address: &String| StartError::Mark { connector: setup.id.clone(), address: address.clone() };
    marks.iter().try_fold(setup.on_premises.clone(), |all, address| all.with(address).map_err(|_| unusable(address)))
}

fn is_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    named && matches!(uri.scheme_str(), Some("https" | "http")) && uri.query().is_none()
}
