//! Access tokens in use: given to who sends, and made anew when one is refused: once, for all who need it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Response;

use super::answer::{Asker, Failed, TokenAnswer};
use super::connection::{Connection, Grant};
use super::desk::{Desk, Seat, State, lock, wait};
use super::endpoint::TokenEndpoint;
use super::problem::{Kind, Problem, Remedy};
use super::revoke::{self, Revoked};
use super::secret::Secret;
use super::store::{CredentialStore, NotStored, Row, Stored};
use super::terms::{OAuthTerms, Pinned};
use super::verdict::{self, TokenVerdict};
use crate::egress::target::{OnPremises, Origin};

/// A token that was refused though it was new is not replaced again before this time, in milliseconds: the refusal has another reason, such
/// as an address restriction, and each try would cost a session.
const FRESH_REFUSED_MS: u64 = 15 * 60_000;
/// With less time left no refresh is begun.
const LEAST_FOR_A_REFRESH: Duration = Duration::from_secs(3);
/// Tries to store against others who store at the same time.
const STORE_TRIES: usize = 4;

/// An account whose credential is used.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// Which.
    pub row: &'a Row,
    /// As its connector declared.
    pub terms: &'a OAuthTerms,
    /// What the administrator marked for this connector.
    pub on_premises: &'a OnPremises,
}

impl Account<'_> {
    /// What a request needs with a connection that is not stored: who has just signed in is looked at before anything is kept.
    ///
    /// # Errors
    /// The address in it is none that the connector declares.
    pub fn unsaved(self, connection: &Connection) -> Result<Granted, Problem> {
        granted(self, 0, connection)
    }
}

/// What a request needs. Lives as long as the request.
pub struct Granted {
    version: u64,
    header: Secret,
    api: Option<Origin>,
    organisation: Option<String>,
    vendor: String,
}

impl Granted {
    /// Which state of the credential it is.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Value of the header `authorization`. Added last, after all checks, and to no log.
    #[must_use]
    pub fn header(&self) -> &Secret {
        &self.header
    }

    /// The organisation to which it belongs, if the CRM has told.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        self.organisation.as_deref()
    }

    /// The vendor's name for its product, for messages.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// The account's API, as the last token answer told it.
    #[must_use]
    pub fn api(&self) -> Option<&Origin> {
        self.api.as_ref()
    }
}

/// All credentials of a host. To be shared between threads.
pub struct Credentials {
    store: Arc<dyn CredentialStore>,
    endpoint: Arc<dyn TokenEndpoint>,
    desks: Mutex<HashMap<Row, Arc<Desk>>>,
}

impl Credentials {
    /// Over this store, asking through this endpoint.
    #[must_use]
    pub fn new(store: Arc<dyn CredentialStore>, endpoint: Arc<dyn TokenEndpoint>) -> Self {
        Self { store, endpoint, desks: Mutex::new(HashMap::new()) }
    }

    /// The account as it is stored.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn connection(&self, row: &Row) -> Result<Option<Connection>, Problem> {
        self.store.load(row)?.map(|stored| Connection::from_row(&stored.content)).transpose()
    }

    /// Stores what an authorisation brought. Gives the connection that it replaces, whose tokens are to be [given up](Self::give_up).
    ///
    /// # Errors
    /// It is of another organisation than the one before (disconnect first: waiting work belongs to it), or the store cannot.
    pub fn accept(&self, account: Account<'_>, mut connection: Connection) -> Result<Option<Connection>, Problem> {
        for _ in 0..STORE_TRIES {
            let stored = self.store.load(account.row)?;
            let old = stored.as_ref().map(|stored| Connection::from_row(&stored.content)).transpose()?;
            if let Some(known) = old.as_ref().and_then(|old| old.organisation.clone()) {
                // None told: the connector's `verify` tells it later, and is compared then.
                match connection.organisation.clone() {
                    Some(now) if now != known => return Err(other_organisation(account.terms, &known, &now)),
                    _ => connection.organisation = Some(known),
                }
            }
            match self.store.put(account.row, stored.map(|stored| stored.version), &connection.to_row()?) {
                Ok(_) => {
                    let desk = self.desk(account.row);
                    let mut state = lock(&desk.state);
                    (state.unsaved, state.fresh_refused, state.not_before_ms, state.pause_ms) = (None, None, 0, 0);
                    return Ok(old);
                }
                Err(NotStored::Changed) => {}
                Err(NotStored::Failed(problem)) => return Err(problem),
            }
        }
        Err(Problem::about(Kind::ChangedMeanwhile, &account.terms.vendor))
    }

    /// What a request needs now.
    ///
    /// # Errors
    /// There is none, or the administrator must act.
    pub fn current(&self, account: Account<'_>) -> Result<Granted, Problem> {
        let stored = self.store.load(account.row)?.ok_or_else(|| not_connected(account.terms))?;
        let connection = Connection::from_row(&stored.content)?;
        granted(account, stored.version, &connection)
    }

    /// A new token in place of that of version `refused`. Many may ask at once: one talks to the login host, the others wait for what
    /// comes of it, `time_left` at most.
    ///
    /// # Errors
    /// There is none: the problem says whether it passes.
    pub fn refresh(&self, account: Account<'_>, refused: u64, now_ms: u64, time_left: Duration) -> Result<Granted, Problem> {
        let desk = self.desk(account.row);
        let until = Instant::now() + time_left;
        let mut state = lock(&desk.state);
        if state.busy {
            let round = state.rounds;
            state = wait(&desk, state, until, account.terms)?;
            if let (true, Some(problem)) = (state.rounds == round + 1, &state.last) {
                return Err(problem.clone());
            }
            // Somebody else may have begun the next round; who is late takes what is stored.
        }
        let stored = self.settle(account, &mut state, now_ms)?;
        let connection = Connection::from_row(&stored.content)?;
        if stored.version != refused {
            return granted(account, stored.version, &connection);
        }
        if let Some((problem, _)) = connection.stopped(&account.terms.vendor) {
            return Err(problem);
        }
        if state.fresh_refused.is_some_and(|(version, until_ms)| version == refused && now_ms < until_ms) {
            return Err(Problem::about(Kind::FreshTokenRefused, &account.terms.vendor));
        }
        if let (true, Some(problem)) = (now_ms < state.not_before_ms, &state.last) {
            return Err(problem.clone());
        }
        if state.busy {
            return Err(Problem::about(Kind::StillRefreshing, &account.terms.vendor));
        }
        if until.saturating_duration_since(Instant::now()) < LEAST_FOR_A_REFRESH {
            // An answer that is not waited for could hold the only token that still lives.
            return Err(Problem::about(Kind::StillRefreshing, &account.terms.vendor));
        }
        state.busy = true;
        drop(state);
        // Whatever happens inside, those who wait are told.
        let mut seat = Seat { desk: &desk, outcome: Some(Problem::about(Kind::Unreachable, &account.terms.vendor)), unsaved: None, now_ms };
        let outcome = self.renew(account, stored, connection, now_ms, until, &mut seat.unsaved);
        seat.outcome = outcome.as_ref().err().cloned();
        drop(seat);
        outcome
    }

    /// Sends a request with the credential, and once more with a new one where the first is refused as expired. `exchange` adds
    /// [`Granted::header`] last. A second refusal is the answer. A request that was answered with 401 was not carried out.
    ///
    /// # Errors
    /// There is no credential to send it with.
    pub fn send<B: AsRef<[u8]>, E>(
        &self,
        account: Account<'_>,
        now_ms: u64,
        time_left: Duration,
        mut exchange: impl FnMut(&Granted) -> Result<Response<B>, E>,
    ) -> Result<Result<Response<B>, E>, Problem> {
        let started = Instant::now();
        let first = self.current(account)?;
        let answer = exchange(&first);
        if !expired(account.terms, &answer) {
            return Ok(answer);
        }
        let fresh = self.refresh(account, first.version, now_ms, time_left.saturating_sub(started.elapsed()))?;
        let answer = exchange(&fresh);
        if expired(account.terms, &answer) {
            let desk = self.desk(account.row);
            lock(&desk.state).fresh_refused = Some((fresh.version, now_ms.saturating_add(FRESH_REFUSED_MS)));
        }
        Ok(answer)
    }

    /// Lets requests go again after the administrator has acted at the CRM, without a new authorisation.
    ///
    /// # Errors
    /// There is no account, or the store cannot.
    pub fn try_again(&self, account: Account<'_>) -> Result<(), Problem> {
        let desk = self.desk(account.row);
        {
            let mut state = lock(&desk.state);
            (state.fresh_refused, state.not_before_ms, state.pause_ms) = (None, 0, 0);
        }
        self.change(account, Connection::go_on)
    }

    /// Notes the organisation that the connector's `verify` told.
    ///
    /// # Errors
    /// It is another one than before, or the store cannot.
    pub fn belongs_to(&self, account: Account<'_>, organisation: &str) -> Result<(), Problem> {
        let mut outcome = Ok(());
        self.change(account, |connection| {
            let known = connection.organisation.is_some();
            outcome = connection.belongs_to(&account.terms.vendor, organisation);
            outcome.is_ok() && !known
        })?;
        outcome
    }

    /// Takes the tokens back at the CRM as far as it can be reached, then forgets the account.
    ///
    /// # Errors
    /// The store cannot forget it. It may be revoked all the same.
    pub fn disconnect(&self, account: Account<'_>, now_ms: u64, time_left: Duration) -> Result<Revoked, Problem> {
        let desk = self.desk(account.row);
        let until = Instant::now() + time_left;
        let mut state = lock(&desk.state);
        while state.busy {
            state = wait(&desk, state, until, account.terms)?;
        }
        // Nobody refreshes in this process from here on: a token made now would live on unknown.
        state.busy = true;
        let unsaved = state.unsaved.take();
        drop(state);
        let seat = Seat { desk: &desk, outcome: Some(not_connected(account.terms)), unsaved: None, now_ms };
        let mut revoked = Revoked::NothingToRevoke;
        if let Some((_, connection)) = &unsaved {
            revoked = self.give_up(account, connection, until.saturating_duration_since(Instant::now()));
        }
        for _ in 0..STORE_TRIES {
            let Some(stored) = self.store.load(account.row)? else {
                drop(seat);
                return Ok(revoked);
            };
            // A row that cannot be read is forgotten too; there is nothing in it that could be revoked.
            if let (Ok(connection), None) = (Connection::from_row(&stored.content), &unsaved) {
                revoked = self.give_up(account, &connection, until.saturating_duration_since(Instant::now()));
            }
            match self.store.delete(account.row, stored.version) {
                Ok(()) | Err(NotStored::Changed) => {}
                Err(NotStored::Failed(problem)) => return Err(problem),
            }
        }
        Err(Problem::about(Kind::ChangedMeanwhile, &account.terms.vendor))
    }

    /// Takes a connection's tokens back at the CRM, stored or not: of a refused authorisation, or one that was replaced.
    pub fn give_up(&self, account: Account<'_>, connection: &Connection, time_left: Duration) -> Revoked {
        revoke::revoke(account, connection, &*self.endpoint, time_left)
    }

    /// Changes the stored connection, against others who do the same.
    fn change(&self, account: Account<'_>, mut by: impl FnMut(&mut Connection) -> bool) -> Result<(), Problem> {
        for _ in 0..STORE_TRIES {
            let stored = self.store.load(account.row)?.ok_or_else(|| not_connected(account.terms))?;
            let mut connection = Connection::from_row(&stored.content)?;
            if !by(&mut connection) {
                return Ok(());
            }
            match self.store.put(account.row, Some(stored.version), &connection.to_row()?) {
                Ok(_) => return Ok(()),
                Err(NotStored::Changed) => {}
                Err(NotStored::Failed(problem)) => return Err(problem),
            }
        }
        Err(Problem::about(Kind::ChangedMeanwhile, &account.terms.vendor))
    }

    /// What is stored, after what was left to store.
    fn settle(&self, account: Account<'_>, state: &mut State, now_ms: u64) -> Result<Stored, Problem> {
        if let Some((expected, connection)) = state.unsaved.take()
            && let Err(problem) = self.keep(account, expected, &connection, now_ms)
        {
            if problem.kind() != Kind::NotConnected {
                state.unsaved = Some((expected, connection));
            }
            return Err(problem);
        }
        self.store.load(account.row)?.ok_or_else(|| not_connected(account.terms))
    }

    /// One conversation with the login host, and what comes of it into the store.
    fn renew(
        &self,
        account: Account<'_>,
        stored: Stored,
        connection: Connection,
        now_ms: u64,
        until: Instant,
        unsaved: &mut Option<(u64, Connection)>,
    ) -> Result<Granted, Problem> {
        let asked = self.ask(account, &connection, until).and_then(|answer| renewed(account.terms, &connection, answer, now_ms));
        match asked {
            Ok(new) => match self.keep(account, stored.version, &new, now_ms) {
                Ok(()) => self.current(account),
                Err(problem) => {
                    if problem.kind() != Kind::NotConnected {
                        *unsaved = Some((stored.version, new));
                    }
                    Err(problem)
                }
            },
            Err(problem) if problem.kind().remedy() == Remedy::Administrator => {
                let mut stopped = connection;
                stopped.stop(&problem, now_ms);
                match self.store.put(account.row, Some(stored.version), &stopped.to_row()?) {
                    // Another process has refreshed or connected meanwhile: what it stored counts, not what we were told.
                    Err(NotStored::Changed) => self.current(account),
                    Ok(_) => Err(problem),
                    // Not stored: the next one asks once more and is told the same. The pause keeps that rare.
                    Err(NotStored::Failed(_)) => Err(problem),
                }
            }
            Err(problem) => Err(problem),
        }
    }

    fn ask(&self, account: Account<'_>, connection: &Connection, until: Instant) -> Result<TokenAnswer, Problem> {
        let terms = account.terms;
        let token = connection.grant.refresh.as_ref().ok_or_else(|| Problem::about(Kind::NoRefreshToken, &terms.vendor))?;
        // Sealed, yet checked again: what is approved may have changed since.
        let login = terms.login(&connection.login, account.on_premises)?;
        let token_host = terms.tokens_at(&login, &connection.grant.token_host, account.on_premises)?;
        let ask = || {
            let asker = Asker {
                terms,
                on_premises: account.on_premises,
                client: &connection.client,
                login: &login,
                token_host: &token_host,
                endpoint: &*self.endpoint,
                time_left: until.saturating_duration_since(Instant::now()),
            };
            asker.refresh(token)
        };
        // Lost on the way: whether the token was replaced over there, only asking again can tell. Once.
        match ask() {
            Err(Failed::Unclear(_)) => ask().map_err(Failed::problem),
            told => told.map_err(Failed::problem),
        }
    }

    /// Stores a renewed connection before anybody uses it.
    fn keep(&self, account: Account<'_>, expected: u64, new: &Connection, now_ms: u64) -> Result<(), Problem> {
        let mut expected = expected;
        for _ in 0..STORE_TRIES {
            match self.store.put(account.row, Some(expected), &new.to_row()?) {
                Ok(_) => return Ok(()),
                Err(NotStored::Failed(problem)) => return Err(problem),
                Err(NotStored::Changed) => {}
            }
            let Some(stored) = self.store.load(account.row)? else {
                // Disconnected meanwhile: the new token must not live on unknown.
                self.give_up(account, new, Duration::from_secs(5));
                return Err(not_connected(account.terms));
            };
            let theirs = Connection::from_row(&stored.content)?;
            if theirs.grant.authorisation != new.grant.authorisation {
                self.give_up(account, new, Duration::from_secs(5));
                return Ok(());
            }
            // Another process refreshed the same grant. If tokens rotate, whoever got an answer last has the living one.
            let same = match (&theirs.grant.refresh, &new.grant.refresh) {
                (Some(theirs), Some(ours)) => theirs.is(ours.expose()),
                _ => true,
            };
            if same && theirs.stopped(&account.terms.vendor).is_none() && theirs.grant.given_ms >= now_ms {
                return Ok(());
            }
            expected = stored.version;
        }
        Err(Problem::about(Kind::ChangedMeanwhile, &account.terms.vendor))
    }

    fn desk(&self, row: &Row) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(desks.entry(row.clone()).or_default())
    }
}

fn expired<B: AsRef<[u8]>, E>(terms: &OAuthTerms, answer: &Result<Response<B>, E>) -> bool {
    answer
        .as_ref()
        .is_ok_and(|answer| verdict::of_api_answer(&terms.refusals, answer.status(), answer.body().as_ref()) == TokenVerdict::Expired)
}

fn granted(account: Account<'_>, version: u64, connection: &Connection) -> Result<Granted, Problem> {
    let terms = account.terms;
    if let Some((problem, _)) = connection.stopped(&terms.vendor) {
        return Err(problem);
    }
    let api = match &connection.grant.api {
        None => None,
        Some(address) => {
            let pin = terms.pins.iter().filter(|pin| pin.what == Pinned::Api);
            let believed = pin.filter_map(|pin| terms.pinned(pin, address, account.on_premises).ok()).next();
            Some(believed.ok_or_else(|| Problem::about(Kind::PinRefused, &terms.vendor).with("property", "api").saying(address))?)
        }
    };
    let header = format!("{} {}", terms.scheme, connection.grant.access.expose());
    let (organisation, vendor) = (connection.organisation.clone(), terms.vendor.clone());
    Ok(Granted { version, header: Secret::new(header), api, organisation, vendor })
}

/// The connection with what a token answer brought.
fn renewed(terms: &OAuthTerms, old: &Connection, answer: TokenAnswer, now_ms: u64) -> Result<Connection, Problem> {
    if let (Some(known), Some(now)) = (&old.organisation, &answer.organisation)
        && known != now
    {
        return Err(other_organisation(terms, known, now));
    }
    let grant = Grant {
        authorisation: old.grant.authorisation.clone(),
        access: answer.access,
        refresh: answer.refresh.or_else(|| old.grant.refresh.clone()),
        api: answer.api.map(|origin| origin.address()).or_else(|| old.grant.api.clone()),
        token_host: answer.token_host.map_or_else(|| old.grant.token_host.clone(), |origin| origin.address()),
        scopes: answer.scopes.unwrap_or_else(|| old.grant.scopes.clone()),
        given_ms: now_ms,
    };
    Ok(Connection::new(old.client.clone(), old.login.clone(), grant, answer.organisation.or_else(|| old.organisation.clone())))
}

fn other_organisation(terms: &OAuthTerms, known: &str, now: &str) -> Problem {
    Problem::about(Kind::OtherOrganisation, &terms.vendor).with("known", known).with("now", now)
}

fn not_connected(terms: &OAuthTerms) -> Problem {
    Problem::about(Kind::NotConnected, &terms.vendor)
}

#[cfg(test)]
#[path = "tests/refresh.rs"]
mod tests;
