//! What is kept of an account: the client, the grant, the organisation, and whether it works.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::problem::{Kind, Problem};
use super::secret::{Secret, in_sealed_row, maybe_in_sealed_row};

/// The form of a sealed row. A later one is refused, not guessed at.
const FORM: u32 = 1;

/// An app registered at the CRM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Client {
    /// Consumer key.
    pub id: String,
    /// Consumer secret, if the app has one.
    #[serde(with = "maybe_in_sealed_row")]
    pub secret: Option<Secret>,
}

/// What the CRM granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// Names the authorisation; all refreshed tokens of it bear the same.
    pub authorisation: String,
    /// Goes into requests.
    #[serde(with = "in_sealed_row")]
    pub access: Secret,
    /// Makes new ones.
    #[serde(with = "maybe_in_sealed_row")]
    pub refresh: Option<Secret>,
    /// Address of the account's API; none: the connector pins none.
    pub api: Option<String>,
    /// Address of the host with the token endpoint.
    pub token_host: String,
    /// What was granted, where the CRM tells.
    pub scopes: Vec<String>,
    /// When the access token was given.
    pub given_ms: u64,
}

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Connection {
    form: u32,
    /// As whom the host asks.
    pub client: Client,
    /// Address of the host where the administrator signed in.
    pub login: String,
    /// With what.
    pub grant: Grant,
    /// The organisation for ever; none: not known yet.
    pub organisation: Option<String>,
    /// The problem for which nothing is sent until somebody acts; none: it works.
    stopped: Option<Stop>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stop {
    id: String,
    arguments: Vec<(String, String)>,
    words: Option<String>,
    since_ms: u64,
}

impl Connection {
    pub(super) fn new(client: Client, login: String, grant: Grant, organisation: Option<String>) -> Self {
        Self { form: FORM, client, login, grant, organisation, stopped: None }
    }

    /// The organisation as the connector's `verify` tells it: learnt once, compared ever after.
    ///
    /// # Errors
    /// It is another one.
    pub fn belongs_to(&mut self, vendor: &str, organisation: &str) -> Result<(), Problem> {
        match &self.organisation {
            Some(known) if known != organisation => {
                Err(Problem::about(Kind::OtherOrganisation, vendor).with("known", known).with("now", organisation))
            }
            _ => {
                self.organisation = Some(organisation.to_owned());
                Ok(())
            }
        }
    }

    /// The problem for which nothing is sent, and since when.
    #[must_use]
    pub fn stopped(&self, vendor: &str) -> Option<(Problem, u64)> {
        let stop = self.stopped.as_ref()?;
        let kind = Kind::ALL.iter().find(|kind| kind.id() == stop.id).copied().unwrap_or(Kind::Refused);
        let arguments = stop.arguments.iter().filter(|(name, _)| name != "crm");
        let problem = arguments.fold(Problem::about(kind, vendor), |problem, (name, value)| problem.with(name, value));
        Some((problem.saying(stop.words.as_deref().unwrap_or_default()), stop.since_ms))
    }

    pub(super) fn stop(&mut self, problem: &Problem, now_ms: u64) {
        self.stopped = Some(Stop {
            id: problem.kind().id().to_owned(),
            arguments: problem.arguments().to_vec(),
            words: problem.words().map(str::to_owned),
            since_ms: now_ms,
        });
    }

    /// Was it stopped?
    pub(super) fn go_on(&mut self) -> bool {
        self.stopped.take().is_some()
    }

    /// For the store.
    pub(crate) fn to_row(&self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| Problem::new(Kind::RowUnreadable))
    }

    /// From the store.
    pub(super) fn from_row(content: &[u8]) -> Result<Self, Problem> {
        // What serde says of a wrong row could quote it.
        let read: Self = serde_json::from_slice(content).map_err(|_| Problem::new(Kind::RowUnreadable))?;
        if read.form == FORM { Ok(read) } else { Err(Problem::new(Kind::RowUnreadable).saying(&format!("form {}", read.form))) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::connection;
    use super::*;

    #[test]
    fn a_row_holds_all_of_a_connection_and_debugging_none_of_its_secrets() {
        let mut connection = connection();
        connection.stop(&Problem::about(Kind::AuthoriseAgain, "Example").saying("expired"), 7);
        let read = Connection::from_row(&connection.to_row().unwrap()).unwrap();
        assert!(read.grant.access.is(connection.grant.access.expose()));
        assert!(read.grant.refresh.as_ref().unwrap().is(connection.grant.refresh.as_ref().unwrap().expose()));
        assert!(read.client.secret.as_ref().unwrap().is(connection.client.secret.as_ref().unwrap().expose()));
        let (problem, since) = read.stopped("Example").unwrap();
        assert_eq!((problem.kind(), problem.words(), since), (Kind::AuthoriseAgain, Some("expired"), 7));
        let shown = format!("{read:?}");
        for secret in [&read.grant.access, read.grant.refresh.as_ref().unwrap(), read.client.secret.as_ref().unwrap()] {
            assert!(!shown.contains(secret.expose()), "{shown}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_connection_and_is_not_quoted() {
        for content in ["", "{}", "{\"form\":1,\"client\":\"canary\"}", "canary"] {
            let problem = Connection::from_row(content.as_bytes()).unwrap_err();
            assert!(problem.kind() == Kind::RowUnreadable && !problem.to_string().contains("canary"));
        }
        let later = String::from_utf8(connection().to_row().unwrap().to_vec()).unwrap().replace("\"form\":1", "\"form\":2");
        assert_eq!(Connection::from_row(later.as_bytes()).unwrap_err().kind(), Kind::RowUnreadable);
    }

    #[test]
    fn the_organisation_is_learnt_once() {
        let mut connection = connection();
        connection.organisation = None;
        connection.belongs_to("Example", "00D1").unwrap();
        connection.belongs_to("Example", "00D1").unwrap();
        assert_eq!(connection.belongs_to("Example", "00D2").unwrap_err().kind(), Kind::OtherOrganisation);
        assert_eq!(connection.organisation.as_deref(), Some("00D1"));
    }
}
