//! The way of an administrator's browser to the CRM and back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oauth2::RedirectUrl;

use super::answer::{Asker, authorise_url};
use super::connection::{Client, Connection, Grant};
use super::endpoint::TokenEndpoint;
use super::entropy::{self, Entropy};
use super::problem::{Kind, Problem};
use super::secret::Secret;
use super::store::Row;
use super::terms::{OAuthTerms, Pinned};
use super::verdict;
use crate::egress::target::{OnPremises, Origin};

/// How long a person may take to sign in, in milliseconds. Salesforce's code lives 15 minutes; ours is the shorter.
pub const OPEN_MS: u64 = 10 * 60 * 1000;
/// Authorisations open at the same time. One administrator needs one.
const MOST_OPEN: usize = 20;
/// Longest callback that is looked at, in bytes.
const MOST_QUERY: usize = 16 * 1024;

/// An account that is to be connected.
#[derive(Clone)]
pub struct Application {
    /// Which.
    pub row: Row,
    /// As its connector declared.
    pub terms: Arc<OAuthTerms>,
    /// The login host that the administrator chose.
    pub login: String,
    /// The app registered at the CRM.
    pub client: Client,
    /// The address of the callback, exactly as it stands in that app.
    pub redirect_uri: String,
    /// What the administrator marked for this connector.
    pub on_premises: OnPremises,
}

/// Authorisations under way. They do not outlive the process: a person begins again.
pub struct Authorisations {
    entropy: Arc<dyn Entropy>,
    open: Mutex<Vec<Open>>,
}

struct Open {
    state: Secret,
    verifier: Secret,
    /// Who began it; empty on a command line, where no browser session is.
    session: Secret,
    login: Origin,
    redirect: RedirectUrl,
    application: Application,
    until_ms: u64,
}

/// What a callback brought.
pub struct Finished {
    /// Which account.
    pub row: Row,
    /// To be checked by the connector's `verify` with this token, then [accepted](super::refresh::Credentials::accept).
    pub connection: Connection,
    /// The address of the callback, as it stands in the app.
    pub redirect_uri: String,
}

/// A callback as it arrived.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// Connector on whose path it arrived: each has its own, so that one provider cannot answer for another.
    pub connector: &'a str,
    /// What stands behind "?".
    pub query: &'a str,
    /// The session of the browser that brings it.
    pub session: &'a str,
}

impl Authorisations {
    /// None yet.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, open: Mutex::new(Vec::new()) }
    }

    /// Begins one, for this browser session. Gives the address to which the browser is to go.
    ///
    /// # Errors
    /// A setting is wrong, or too many are open.
    pub fn begin(&self, application: Application, session: &str, now_ms: u64) -> Result<String, Problem> {
        let terms = &application.terms;
        if application.client.id.trim().is_empty() || (application.client.secret.is_none() && !terms.public_client) {
            return Err(Problem::about(Kind::WrongClient, &terms.vendor));
        }
        let login = terms.login(&application.login, &application.on_premises)?;
        let redirect = redirect(terms, &application.redirect_uri)?;
        let state = Secret::new(entropy::token(&*self.entropy)?);
        let verifier = Secret::new(entropy::token(&*self.entropy)?);
        let url = authorise_url(terms, &application.client, &login, &redirect, &state, &verifier)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| now_ms < known.until_ms);
        if open.len() >= MOST_OPEN {
            return Err(Problem::about(Kind::TooManyOpen, &terms.vendor).with("most", &MOST_OPEN.to_string()));
        }
        let (session, until_ms) = (Secret::new(session), now_ms.saturating_add(OPEN_MS));
        open.push(Open { state, verifier, session, login, redirect, application, until_ms });
        Ok(url)
    }

    /// Ends one whose address nobody will go to.
    pub fn abandon(&self, url: &str) {
        let Ok(url) = url::Url::parse(url) else { return };
        let Some((_, state)) = url.query_pairs().find(|(name, _)| name == "state") else { return };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| !known.state.is(&state));
    }

    /// Finishes one: whatever comes of it, it is over then. Nothing is stored yet.
    ///
    /// # Errors
    /// The person or the CRM refused, or the callback is not to be believed.
    pub fn finish(
        &self,
        callback: Callback<'_>,
        now_ms: u64,
        endpoint: &dyn TokenEndpoint,
        time_left: Duration,
    ) -> Result<Finished, Problem> {
        let fields = Fields::read(callback.query)?;
        let Open { state: _, verifier, session: _, login, redirect, application, until_ms: _ } = self.take(&callback, &fields, now_ms)?;
        let terms = &*application.terms;
        fields.check_once(terms)?;
        if let Some(error) = fields.get("error") {
            return Err(verdict::of_callback_error(terms, error, fields.get("error_description").unwrap_or_default()));
        }
        if let Some(issuer) = fields.get("iss") {
            check_issuer(terms, issuer, &login, &application.on_premises)?;
        }
        let code = fields.get("code").filter(|code| !code.is_empty()).ok_or_else(|| senseless(terms, "code"))?;
        let (mut api, mut token_host) = (None, terms.tokens_of(&login, &application.on_premises)?);
        for pin in terms.pins.iter().filter(|pin| pin.from_callback) {
            let told = fields.get(&pin.name).ok_or_else(|| pin_missing(terms, &pin.name))?;
            let origin = terms.pinned(pin, told, &application.on_premises)?;
            match pin.what {
                Pinned::Api => api = Some(origin),
                Pinned::Token => token_host = origin,
            }
        }
        let asker = Asker {
            terms,
            on_premises: &application.on_premises,
            client: &application.client,
            login: &login,
            token_host: &token_host,
            endpoint,
            time_left,
        };
        // A code is good once: if the answer is lost, the person begins again.
        let answer = asker.code(Secret::new(code), verifier, redirect).map_err(super::answer::Failed::problem)?;
        let api = answer.api.or(api);
        if let (None, Some(pin)) = (&api, terms.pins.iter().find(|pin| pin.what == Pinned::Api)) {
            return Err(pin_missing(terms, &pin.name));
        }
        // Without one the access would last some hours, and nobody would know why it ended.
        if answer.refresh.is_none() && terms.refresh_token {
            return Err(Problem::about(Kind::NoRefreshToken, &terms.vendor));
        }
        let grant = Grant {
            authorisation: entropy::token(&*self.entropy)?,
            access: answer.access,
            refresh: answer.refresh,
            api: api.map(|origin| origin.address()),
            token_host: answer.token_host.unwrap_or(token_host).address(),
            scopes: answer.scopes.unwrap_or_else(|| terms.scopes.clone()),
            given_ms: now_ms,
        };
        let connection = Connection::new(application.client, login.address(), grant, answer.organisation);
        Ok(Finished { row: application.row, connection, redirect_uri: application.redirect_uri })
    }

    /// Takes the one that the callback belongs to.
    fn take(&self, callback: &Callback<'_>, fields: &Fields, now_ms: u64) -> Result<Open, Problem> {
        let unknown = || Problem::new(Kind::UnknownCallback);
        let [state] = fields.all("state").collect::<Vec<_>>()[..] else {
            return Err(unknown());
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| now_ms < known.until_ms);
        // All are compared, in the same time each: how far a guess was right is not to be measured.
        let mut found = None;
        for (index, known) in open.iter().enumerate() {
            let fits = known.state.is(state) & known.session.is(callback.session);
            if fits && known.application.row.connector == callback.connector {
                found = Some(index);
            }
        }
        found.map(|index| open.swap_remove(index)).ok_or_else(unknown)
    }
}

/// Parameters of a callback.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(query: &str) -> Result<Self, Problem> {
        if query.len() > MOST_QUERY {
            return Err(Problem::new(Kind::SenselessCallback).with("what", "length"));
        }
        Ok(Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Twice the same parameter: two programs could each see another one.
    fn check_once(&self, terms: &OAuthTerms) -> Result<(), Problem> {
        let pins = terms.pins.iter().filter(|pin| pin.from_callback).map(|pin| pin.name.as_str());
        match ["code", "error", "iss"].into_iter().chain(pins).find(|name| self.all(name).count() > 1) {
            Some(name) => Err(senseless(terms, name)),
            None => Ok(()),
        }
    }
}

/// RFC 9207: who answers, where the CRM says so, must be the one who was asked, its host of tokens, or the account's own host.
fn check_issuer(terms: &OAuthTerms, issuer: &str, login: &Origin, on_premises: &OnPremises) -> Result<(), Problem> {
    let declared = |origin: &Origin| *origin == *login || terms.tokens_of(login, on_premises).is_ok_and(|tokens| tokens == *origin);
    let ours = crate::egress::target::parse(issuer, on_premises).is_ok_and(|origin| declared(&origin))
        || terms.pins.iter().any(|pin| terms.pinned(pin, issuer, on_premises).is_ok());
    if ours { Ok(()) } else { Err(Problem::about(Kind::ForeignIssuer, &terms.vendor).with("issuer", issuer)) }
}

fn senseless(terms: &OAuthTerms, what: &str) -> Problem {
    Problem::about(Kind::SenselessCallback, &terms.vendor).with("what", what)
}

fn pin_missing(terms: &OAuthTerms, property: &str) -> Problem {
    Problem::about(Kind::PinMissing, &terms.vendor).with("property", property)
}

/// A callback that CRMs accept: https, or http on this machine.
fn redirect(terms: &OAuthTerms, uri: &str) -> Result<RedirectUrl, Problem> {
    let unusable = || Problem::about(Kind::RedirectSetting, &terms.vendor).with("address", uri);
    let read = url::Url::parse(uri).map_err(|_| unusable())?;
    let here = matches!(read.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let secure = read.scheme() == "https" || (read.scheme() == "http" && here);
    let bare = read.fragment().is_none() && read.query().is_none() && read.username().is_empty() && read.password().is_none();
    // CRMs compare it as text, so it must be sent as it was entered.
    if secure && bare && read.host_str().is_some() && uri.bytes().all(|sign| sign.is_ascii_graphic()) {
        RedirectUrl::new(uri.to_owned()).map_err(|_| unusable())
    } else {
        Err(unusable())
    }
}

#[cfg(test)]
#[path = "tests/authorisation.rs"]
mod tests;
