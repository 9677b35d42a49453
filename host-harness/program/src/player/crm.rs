//! The CRM in a play: a fake in this process, or one in another process that is reached over loopback.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use crm_fake::{CrmFake, Outcome, RemoteCrm};
use http::Request;
use pbx_crm_host::core::io::{HttpAnswer, HttpFailure};
use pbx_crm_host::credential::store::{CredentialStore, MemoryStore};
use pbx_crm_host::egress::Wire;
use pbx_crm_host::event::Moment;

use super::PlayError;

/// Address under which a fake in this process is known. Nothing listens there: `.test` never resolves (RFC 6761).
pub const IN_PROCESS: &str = "http://crm.test";

/// A CRM to play against.
pub struct Crm {
    /// The CRM.
    pub fake: Box<dyn CrmFake>,
    /// Its address: where requests go, and where people sign in.
    pub address: String,
    /// Where the credential of its account is kept.
    pub credentials: Arc<dyn CredentialStore>,
    /// The file of the host's store; none: in memory.
    pub database: Option<PathBuf>,
}

impl Crm {
    /// The built-in fake for a connector, in this process.
    ///
    /// # Errors
    /// There is none.
    pub fn in_process(connector: &str) -> Result<Self, PlayError> {
        Ok(Self::with(built_in(connector)?))
    }

    /// Any CRM that is played with in this process.
    #[must_use]
    pub fn with(fake: Box<dyn CrmFake>) -> Self {
        Self { fake, address: IN_PROCESS.to_owned(), credentials: Arc::new(MemoryStore::new()), database: None }
    }

    /// With the host's store in this file.
    #[must_use]
    pub fn with_database(mut self, file: impl Into<PathBuf>) -> Self {
        self.database = Some(file.into());
        self
    }

    /// A fake in another process, by the address of its control side.
    ///
    /// # Errors
    /// It does not answer.
    pub fn remote(address: &str) -> Result<Self, PlayError> {
        let fake = RemoteCrm::connect(address).map_err(|why| PlayError::Crm { crm: address.to_owned(), why: why.to_string() })?;
        Ok(Self { fake: Box::new(fake), address: address.to_owned(), credentials: Arc::new(MemoryStore::new()), database: None })
    }
}

/// The built-in fake for a connector.
///
/// # Errors
/// There is none.
pub fn built_in(connector: &str) -> Result<Box<dyn CrmFake>, PlayError> {
    match connector {
        #[cfg(feature = "demo")]
        "webhook" => Ok(Box::new(webhook_fake::WebhookFake::new())),
        #[cfg(feature = "demo")]
        // With the rule of administrators who want no number twice; without it nothing but luck keeps a colleague's record from being doubled.
        "salesforce" => Ok(Box::new(fake_salesforce::fake::FakeSalesforce::new(0).refusing_known_numbers())),
        other => Err(PlayError::NoCrm(other.to_owned())),
    }
}

/// The line to the CRM, on which time is virtual: what the CRM takes for its answers is added up, and nobody waits.
pub struct Line(Mutex<Call>);

struct Call {
    crm: Box<dyn CrmFake>,
    now: Moment,
}

impl Line {
    /// To this CRM, at this moment.
    #[must_use]
    pub fn new(crm: Box<dyn CrmFake>, now: Moment) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Call { crm, now })))
    }

    /// The CRM's other side: what people do there.
    pub fn fake(&self) -> Held<'_> {
        Held(self.lock())
    }

    /// It is this moment now.
    pub fn is_now(&self, now: Moment) {
        self.lock().now = now;
    }

    /// What is sent next is for this call of the connector, one of this function.
    pub fn is_for(&self, call: u64, function: &str) {
        self.lock().crm.during(call, function);
    }

    /// The moment after all that was carried since [`Line::is_now`].
    #[must_use]
    pub fn now(&self) -> Moment {
        self.lock().now
    }

    fn lock(&self) -> MutexGuard<'_, Call> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The CRM, held.
pub struct Held<'a>(MutexGuard<'a, Call>);

impl Deref for Held<'_> {
    type Target = dyn CrmFake;

    fn deref(&self) -> &Self::Target {
        self.0.crm.as_ref()
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.crm.as_mut()
    }
}

impl Wire for Line {
    /// `time_left` is of the real clock and means nothing here: connectors give up at their deadline in virtual time.
    fn carry(&self, request: Request<Bytes>, _time_left: Duration) -> HttpAnswer {
        let mut call = self.lock();
        let now = call.now;
        let answer = call.crm.answer(now, request.map(|body| body.to_vec()));
        call.now = now.saturating_add(answer.after_ms);
        match answer.outcome {
            Outcome::Response(response) if response.body().len() > pbx_crm_host::limits::RESPONSE_BODY => Err(HttpFailure::TooLarge),
            Outcome::Response(response) => Ok(response.map(Bytes::from)),
            Outcome::Cut => Err(HttpFailure::Cut),
            Outcome::Refused => Err(HttpFailure::Refused),
        }
    }
}
