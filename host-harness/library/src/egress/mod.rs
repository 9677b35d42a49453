//! The only way from this process to a CRM: one place through which all bytes leave.
//!
//! A connector's request has passed the operations that the connector declared (the gate in front of its sandbox) before it gets here. What
//! follows, in this order, each step in a place of its own:
//!
//! 1. [`target`]: is the URL one that all programs read alike, with a scheme, host and port to which this account may speak?
//! 2. this module: is the request one that HTTP knows? Then the credential is added, last;
//! 3. [`names`]: the name is resolved once, and of its addresses only those are used that [`address`] lets pass;
//! 4. [`sockets`]: the exchange itself: no redirects, no proxies, no cookies, every time and size bounded.
//!
//! Whatever is behind a [`Wire`], sockets or a simulation, the first two steps are the same.

pub mod address;
#[cfg(test)]
#[path = "tests/loopback.rs"]
pub(crate) mod loopback;
pub(crate) mod mask;
pub mod names;
pub mod sockets;
pub mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Uri};

use crate::bindings::base::types::SettingValue;
use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description, Place};
use crate::core::io::{HttpAnswer, HttpFailure, HttpRequest};
use crate::credential::entered;
use crate::credential::problem::{Kind, Problem};
use crate::credential::refresh::{Account, Credentials, Granted};
use crate::credential::secret::Secret;
use crate::credential::store::Row;
use crate::credential::terms::OAuthTerms;
use crate::event::Moment;
use crate::limits;
use crate::settings::Settings;
use mask::Extent;
use target::{HostRule, OnPremises, Origin};

/// Stands where an account's address will be once it is connected. Nothing is sent there; `.invalid` never resolves (RFC 6761).
pub const NOT_CONNECTED: &str = "https://not-connected.invalid";

/// Carries a request that was checked, and brings the whole answer.
pub trait Wire: Send + Sync {
    /// Sends it as it is and waits for the whole answer, `time_left` at most; every status is an answer, no redirect is followed.
    ///
    /// # Errors
    /// There is no whole answer. The failure tells whether the CRM may have seen the request.
    fn carry(&self, request: Request<Bytes>, time_left: Duration) -> HttpAnswer;

    /// Breaks off what is under way and refuses what comes.
    fn shut_down(&self) {}
}

/// The way of one connector to its account.
pub struct Way {
    wire: Arc<dyn Wire>,
    /// Hosts that the connector declared by name, or an administrator entered.
    named: Vec<HostRule>,
    /// Ends of the hosts that an authorisation may tell.
    pinned: Vec<HostRule>,
    on_premises: OnPremises,
    key: Key,
    /// The organisation that it belongs to: the first that is seen, for ever. What waits for one is never sent to another.
    organisation: OnceLock<String>,
}

/// With what the account is opened.
pub enum Key {
    /// With nothing.
    None,
    /// With an access token, which the host gets and renews.
    OAuth {
        /// Of all accounts.
        credentials: Arc<Credentials>,
        /// Which of them.
        row: Row,
        /// As the connector declared.
        terms: Arc<OAuthTerms>,
    },
    /// With what an administrator entered.
    Entered(entered::Entered),
    /// Not at all, until an administrator has acted.
    Closed(Problem),
}

impl Way {
    /// For a connector that declares this, with these settings, over this wire, with the hosts that the administrator marked for it.
    #[must_use]
    pub fn new(description: &Description, settings: &Settings, wire: Arc<dyn Wire>, on_premises: OnPremises, key: Key) -> Self {
        let (named, pinned) = hosts(description, settings);
        Self { wire, named, pinned, on_premises, key, organisation: OnceLock::new() }
    }

    /// The same, for the organisation to which the account belonged when it was connected.
    #[must_use]
    pub fn of_organisation(self, organisation: &str) -> Self {
        if !organisation.is_empty() {
            // Known by nobody yet: the way has just been made.
            let _new = self.organisation.set(organisation.to_owned());
        }
        self
    }

    /// Sends a request that the connector's gate let out.
    ///
    /// # Errors
    /// See [`Wire::carry`]; or it was not let out, or there is no credential for it, or it is for another organisation than before.
    pub fn send(&self, request: &HttpRequest, now: Moment, time_left: Duration) -> HttpAnswer {
        if let Key::Closed(problem) = &self.key {
            return Err(credential(problem.clone()));
        }
        if let (Key::OAuth { credentials, row, terms }, true) = (&self.key, request.url.starts_with(NOT_CONNECTED)) {
            let account = Account { row, terms, on_premises: &self.on_premises };
            let granted = credentials.current(account).map_err(credential)?;
            // Connected since the host began.
            let api = granted.api().map(Origin::address).unwrap_or_default();
            return self.check_organisation(&granted).and(Err(HttpFailure::Moved(api)));
        }
        let origin = self.check(&request.url)?;
        let prepared = prepare(request)?;
        match &self.key {
            Key::Closed(problem) => Err(credential(problem.clone())),
            Key::None => self.wire.carry(prepared, time_left),
            Key::Entered(entered) => {
                let (request, secrets) = entered.place(prepared).map_err(credential)?;
                let answer = self.wire.carry(request, time_left)?;
                Ok(secrets.iter().fold(answer, |answer, secret| mask::mask(answer, secret, Extent::Whole)))
            }
            Key::OAuth { credentials, row, terms } => {
                let account = Account { row, terms, on_premises: &self.on_premises };
                // The second try has what the first and the refresh left.
                let until = Instant::now() + time_left;
                let left = || until.saturating_duration_since(Instant::now());
                let exchange = |granted: &Granted| self.exchange(&prepared, &origin, granted, left());
                credentials.send(account, now, time_left, exchange).map_err(credential)?
            }
        }
    }

    /// The same with a token that is not stored yet: who has just signed in is looked at before anything is kept.
    ///
    /// # Errors
    /// See [`Way::send`].
    pub fn send_with(&self, request: &HttpRequest, granted: &Granted, time_left: Duration) -> HttpAnswer {
        let origin = self.check(&request.url)?;
        self.exchange(&prepare(request)?, &origin, granted, time_left)
    }

    fn check(&self, url: &str) -> Result<Origin, HttpFailure> {
        let approved = [self.named.as_slice(), self.pinned.as_slice()].concat();
        target::check(url, &approved, &self.on_premises).map_err(|why| denied(&why))
    }

    /// The first organisation that is seen stays the account's.
    fn check_organisation(&self, granted: &Granted) -> Result<(), HttpFailure> {
        let Some(now) = granted.organisation() else { return Ok(()) };
        let known = self.organisation.get_or_init(|| now.to_owned());
        if known == now {
            return Ok(());
        }
        Err(credential(Problem::about(Kind::OtherOrganisation, granted.vendor()).with("known", known).with("now", now)))
    }

    fn exchange(&self, prepared: &Request<Bytes>, origin: &Origin, granted: &Granted, time_left: Duration) -> HttpAnswer {
        self.check_organisation(granted)?;
        match granted.api() {
            // Every organisation has such a host: the token is for its own. The connector was told another address than the one that the last
            // token answer named: the organisation has moved.
            Some(api) if api != origin && !self.named.iter().any(|rule| rule.fits(origin)) => {
                return Err(HttpFailure::Moved(api.address()));
            }
            _ => {}
        }
        let mut request = prepared.clone();
        let mut value = HeaderValue::from_str(granted.header().expose()).map_err(|_| denied(&"the token fits into no header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        let answer = self.wire.carry(request, time_left)?;
        let token = granted.header().expose().rsplit(' ').next().unwrap_or_default();
        Ok(mask::mask(answer, &Secret::new(token), Extent::Piece))
    }

    /// The same with a secret that was just entered and is not kept yet.
    ///
    /// # Errors
    /// See [`Way::send`].
    pub fn send_entered(
        &self,
        request: &HttpRequest,
        terms: &entered::SecretTerms,
        fields: &[(String, Secret)],
        time_left: Duration,
    ) -> HttpAnswer {
        self.check(&request.url)?;
        let (request, secrets) = terms.place(fields, prepare(request)?).map_err(credential)?;
        let answer = self.wire.carry(request, time_left)?;
        Ok(secrets.iter().fold(answer, |answer, secret| mask::mask(answer, secret, Extent::Whole)))
    }
}

/// The ways of all connectors. To be shared between threads.
#[derive(Default)]
pub struct Egress {
    ways: BTreeMap<String, Way>,
}

impl Egress {
    /// The ways by the ids of the connectors.
    #[must_use]
    pub fn new(ways: BTreeMap<String, Way>) -> Self {
        Self { ways }
    }

    /// Sends a request on its connector's way.
    ///
    /// # Errors
    /// See [`Way::send`].
    pub fn send(&self, request: &HttpRequest, now: Moment, time_left: Duration) -> HttpAnswer {
        let way = self.ways.get(&request.connector).ok_or_else(|| denied(&"there is no such account"))?;
        way.send(request, now, time_left)
    }

    /// Breaks off what is under way and refuses what comes.
    pub fn shut_down(&self) {
        self.ways.values().for_each(|way| way.wire.shut_down());
    }
}

/// The hosts that a connector declared, for the account with these settings: by name, and as ends of names.
fn hosts(description: &Description, settings: &Settings) -> (Vec<HostRule>, Vec<HostRule>) {
    let (mut named, mut pinned) = (Vec::new(), Vec::new());
    for operation in &description.operations {
        match &operation.at {
            Place::Fixed(host) => named.extend(HostRule::exactly(host)),
            Place::FromSetting(key) => {
                if let Some(SettingValue::Text(address)) = settings.get(key) {
                    named.extend(HostRule::of_address(&address));
                }
            }
            Place::Pinned => {
                if let Auth::Oauth2Code(auth) = &description.auth {
                    let suffixes = auth.pins.iter().filter(|pin| pin.what == "api").flat_map(|pin| &pin.suffixes);
                    pinned.extend(suffixes.filter_map(|suffix| HostRule::below(suffix).ok()));
                }
            }
            Place::Other(_) => {}
        }
    }
    named.dedup();
    pinned.dedup();
    (named, pinned)
}

fn denied(why: &dyn Display) -> HttpFailure {
    HttpFailure::Denied(why.to_string())
}

fn credential(problem: Problem) -> HttpFailure {
    HttpFailure::Credential(Box::new(problem))
}

/// The request as it goes out, or why it does not.
fn prepare(request: &HttpRequest) -> Result<Request<Bytes>, HttpFailure> {
    let uri: Uri = request.url.parse().map_err(|why| denied(&why))?;
    let fields = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    if fields.sum::<usize>() + request.url.len() > limits::HEADER_BYTES {
        return Err(denied(&format_args!("the header section is longer than {} bytes", limits::HEADER_BYTES)));
    }
    let mut prepared = Request::builder().method(request.method.as_str()).uri(uri);
    for (name, value) in &request.headers {
        // How long the body is, is told by who sends it.
        if !name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()) && !name.eq_ignore_ascii_case(TRANSFER_ENCODING.as_str()) {
            prepared = prepared.header(name, value);
        }
    }
    prepared.body(request.body.clone()).map_err(|why| denied(&why))
}
