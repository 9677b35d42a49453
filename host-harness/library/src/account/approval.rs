//! What an administrator approved: which requests the connector may make, and how it signs in. Kept sealed beside the connection.
//!
//! Approved is what the administrator was shown. A connector that declares more later, after an update, is not run until somebody has
//! looked at it again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bindings::connector::exports::pbx::crm::description::{self, Auth, Description, Oauth2Code, Placement};
use crate::credential::problem::{Kind, Problem};
use crate::credential::store::{CredentialStore, NotStored, Row};
use crate::event::Moment;

/// The form of the row. A later one is refused, not guessed at.
const FORM: u32 = 1;
/// Tries to store against others who store at the same time.
const STORE_TRIES: usize = 4;
/// Functions that change something in the CRM.
const WRITING: [&str; 3] = ["create", "write", "amend"];
/// Methods that change nothing, whatever the path.
const SAFE: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"];

/// What was approved, and for whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    form: u32,
    /// Requests that the connector may make.
    pub operations: Vec<Operation>,
    /// How it signs in, as [`sign_in_facts`] tell: texts that are compared.
    sign_in: BTreeSet<String>,
    /// Addresses marked as on premises.
    pub on_premises: Vec<String>,
    /// How the administrator signed in.
    #[serde(flatten)]
    pub by: SignedIn,
    /// Who was connected, as the connector told it.
    pub who: Who,
    /// When.
    pub since: Moment,
}

/// How an administrator signed in with a browser. All empty where a secret was entered instead.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Where.
    pub login: String,
    /// Consumer key of the app.
    pub client_id: String,
    /// The address of the callback.
    pub redirect_uri: String,
}

/// Who is connected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Who {
    /// The organisation for ever.
    pub organisation: String,
    /// For people.
    pub organisation_name: String,
    /// The user's id in the CRM, if it has users.
    pub user: Option<String>,
    /// For people; "" if there is none.
    pub user_name: String,
    /// Address of the pages of records, where the connector's patterns want one: checked, without a final "/".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
}

/// A permission to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Functions during which it may be used.
    pub during: Vec<String>,
    /// To which host.
    pub at: At,
    /// Such as "GET".
    pub methods: Vec<String>,
    /// Path patterns.
    pub paths: Vec<String>,
}

/// To which host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// This one.
    Host(String),
    /// The one in this setting.
    Setting(String),
    /// The one that the CRM names when it is signed in to.
    Account,
    /// None that this release knows.
    Unknown(String),
}

/// What a connector declares, as it is shown and compared.
#[must_use]
pub fn operations(description: &Description) -> Vec<Operation> {
    let at = |place: &description::Place| match place {
        description::Place::Fixed(host) => At::Host(host.clone()),
        description::Place::FromSetting(key) => At::Setting(key.clone()),
        description::Place::Pinned => At::Account,
        description::Place::Other(place) => At::Unknown(place.clone()),
    };
    let operation = |operation: &description::Operation| Operation {
        during: operation.during.clone(),
        at: at(&operation.at),
        methods: operation.methods.clone(),
        paths: operation.paths.clone(),
    };
    description.operations.iter().map(operation).collect()
}

/// Hosts at which an account's address may be, as ends of names such as ".my.crm.example".
#[must_use]
pub fn account_hosts(description: &Description) -> Vec<String> {
    let Auth::Oauth2Code(auth) = &description.auth else { return Vec::new() };
    auth.pins.iter().filter(|pin| pin.what == "api").flat_map(|pin| &pin.suffixes).map(|suffix| format!("*{suffix}")).collect()
}

impl Operation {
    /// Does a function use it that only reads, and could the same request write as well, as another function of the connector does?
    /// Then no guard can keep the reading function from writing: only the connector's word stands for it.
    #[must_use]
    pub fn is_not_confinable(&self, all: &[Operation]) -> bool {
        let reads = self.during.iter().any(|function| !WRITING.contains(&function.as_str()));
        let writes = |other: &Operation| other.during.iter().any(|function| WRITING.contains(&function.as_str()));
        let unsafe_too = |other: &Operation| {
            let same = |method: &String| !SAFE.contains(&method.as_str()) && self.methods.contains(method);
            other.methods.iter().any(same)
        };
        let met = |other: &Operation| other.paths.iter().any(|theirs| self.paths.iter().any(|ours| meet(ours, theirs)));
        reads && all.iter().any(|other| writes(other) && other.at == self.at && unsafe_too(other) && met(other))
    }
}

/// Is there a path that fits both patterns?
fn meet(one: &str, other: &str) -> bool {
    fn segments(path: &str) -> Vec<&str> {
        path.split('/').filter(|segment| !segment.is_empty()).collect()
    }
    fn go(one: &[&str], other: &[&str]) -> bool {
        match (one, other) {
            ([], []) | (["**"], _) | (_, ["**"]) => true,
            ([a, one @ ..], [b, other @ ..]) => (a == b || *a == "*" || *b == "*") && go(one, other),
            _ => false,
        }
    }
    go(&segments(one), &segments(other))
}

/// How a connector opens its account, one fact in each text, and where pages may be that open in agents' browsers. What is not among the approved
/// ones sends a secret where nobody approved it, or believes an answer that nobody vouches for. (What a login host's refusals mean is none of
/// them: it changes what an administrator is told, and nothing goes elsewhere for it.) A fact of which there is always one says so too where there is nothing: so it is noticed when
/// a check is dropped.
#[must_use]
pub fn sign_in_facts(description: &Description) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    match &description.auth {
        Auth::Oauth2Code(auth) => sign_in_by_browser(auth, &mut facts),
        Auth::Secret(secret) => sign_in_by_secret(secret, &mut facts),
        Auth::None | Auth::Other(_) => {}
    }
    if !facts.is_empty() {
        facts.insert(format!("administrators only: {}", yes(description.needs_administrator)));
    }
    facts.extend(description.page_hosts.iter().map(|suffix| format!("pages of records at *{suffix}")));
    facts
}

fn sign_in_by_browser(auth: &Oauth2Code, facts: &mut BTreeSet<String>) {
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    for login in &auth.login_hosts {
        match (login.host.as_str(), login.suffixes.as_slice()) {
            ("", []) => drop(facts.insert("login at any host".to_owned())),
            ("", suffixes) => facts.extend(suffixes.iter().map(|suffix| format!("login at *{suffix}"))),
            (host, _) => drop(facts.insert(format!("login at {host}"))),
        }
        if let Some(tokens) = &login.token_host {
            let login = if login.host.is_empty() { "the host that is entered" } else { &login.host };
            facts.insert(format!("tokens of {login} at {tokens}"));
        }
    }
    for pin in &auth.pins {
        let from = if pin.from_callback { "callback" } else { "token answer" };
        facts.extend(pin.suffixes.iter().map(|suffix| format!("pin {} at *{suffix}, from `{}` of the {from}", pin.what, pin.name)));
    }
    facts.extend(auth.scopes.iter().map(|scope| format!("scope {scope}")));
    facts.extend(auth.refusals.final_401.iter().map(|text| format!("401 stays with {text:?}")));
    facts.extend(auth.refusals.expired.iter().map(|answer| {
        let part = if answer.whole { "" } else { "a part like " };
        format!("{} is an expired token with {part}{:?}", answer.status, answer.body)
    }));
    let signed = auth.signature.as_ref().map(|signature| format!("`{}` over {}", signature.property, signature.signed.join(", ")));
    let organisation = auth.organisation.as_ref().map(|told| match told.path_segment {
        Some(segment) => format!("`{}`, segment {segment}", told.property),
        None => format!("`{}`", told.property),
    });
    facts.extend([
        format!("scopes joined by {:?}", auth.scope_separator),
        format!("authorise path {}", auth.authorise_path),
        format!("token path {}", auth.token_path),
        format!("revoke path {}", optional(&auth.revoke_path)),
        format!("added to the sign-in: {}", parameters(&auth.authorise_parameters)),
        format!("added to token requests: {}", parameters(&auth.token_parameters)),
        format!("client secret in the {}", if auth.client_in_body { "body" } else { "header" }),
        format!("apps without a secret: {}", yes(auth.public_client)),
        format!("token behind `{}`", auth.scheme),
        format!("error property {}", optional(&auth.error_property)),
        format!("refresh token demanded: {}", yes(auth.refresh_token)),
        format!("signature of token answers {}", optional(&signed)),
        format!("organisation in token answers {}", optional(&organisation)),
    ]);
}

fn sign_in_by_secret(secret: &description::Secret, facts: &mut BTreeSet<String>) {
    facts.extend(secret.fields.iter().map(|field| format!("secret `{}`, hidden: {}", field.name, yes(field.hidden))));
    facts.extend(secret.placements.iter().map(|placement| match placement {
        Placement::Header((name, pattern)) => format!("secret in the header {name}: {pattern}"),
        Placement::Basic((user, password)) => format!("secret in the header authorization: Basic {{{user}}}:{{{password}}}"),
        Placement::Query((name, pattern)) => format!("secret in the query: {name}={pattern}"),
        Placement::Body((field, placeholder)) => format!("secret in the body: {{{field}}} for {placeholder:?}"),
        Placement::Other(place) => format!("secret in {place}"),
    }));
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn parameters(all: &[(String, String)]) -> String {
    if all.is_empty() {
        return "none".to_owned();
    }
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

impl Approval {
    /// What an administrator has approved who opened an account with this connector.
    pub(super) fn of(description: &Description, marks: &[String], by: SignedIn, who: Who, since: Moment) -> Self {
        Self {
            form: FORM,
            operations: operations(description),
            sign_in: sign_in_facts(description),
            on_premises: marks.to_vec(),
            by,
            who,
            since,
        }
    }

    /// What the connector declares beyond what was approved; empty if nothing.
    #[must_use]
    pub fn lacks(&self, description: &Description) -> Vec<String> {
        let approved: BTreeSet<String> = self.operations.iter().flat_map(single).collect();
        let declared = operations(description);
        let mut lacking: Vec<String> = declared.iter().flat_map(single).filter(|permission| !approved.contains(permission)).collect();
        lacking.extend(sign_in_facts(description).difference(&self.sign_in).cloned());
        lacking
    }

    /// From the store.
    ///
    /// # Errors
    /// The store cannot be read, or the row is of another release.
    pub fn load(store: &dyn CredentialStore, row: &Row) -> Result<Option<Self>, Problem> {
        store.load(row)?.map(|stored| Self::read(&stored.content)).transpose()
    }

    fn read(content: &[u8]) -> Result<Self, Problem> {
        let unreadable = || Problem::new(Kind::RowUnreadable);
        let read: Self = serde_json::from_slice(content).map_err(|_| unreadable())?;
        if read.form == FORM { Ok(read) } else { Err(unreadable().saying(&format!("form {}", read.form))) }
    }

    pub(super) fn keep(&self, store: &dyn CredentialStore, row: &Row, vendor: &str) -> Result<(), Problem> {
        let content = serde_json::to_vec(self).map_err(|_| Problem::new(Kind::RowUnreadable))?;
        against_others(vendor, || {
            let version = store.load(row)?.map(|stored| stored.version);
            store.put(row, version, &content).map(drop)
        })
    }

    pub(super) fn forget(store: &dyn CredentialStore, row: &Row, vendor: &str) -> Result<(), Problem> {
        against_others(vendor, || match store.load(row)? {
            Some(stored) => store.delete(row, stored.version),
            None => Ok(()),
        })
    }
}

fn against_others(vendor: &str, mut change: impl FnMut() -> Result<(), NotStored>) -> Result<(), Problem> {
    for _ in 0..STORE_TRIES {
        match change() {
            Ok(()) => return Ok(()),
            Err(NotStored::Changed) => {}
            Err(NotStored::Failed(problem)) => return Err(problem),
        }
    }
    Err(Problem::about(Kind::ChangedMeanwhile, vendor))
}

/// Every single permission of an operation: so a new function, method or path is noticed whatever it is declared together with.
fn single(operation: &Operation) -> Vec<String> {
    let at = match &operation.at {
        At::Host(host) => format!("host {host}"),
        At::Setting(key) => format!("setting {key}"),
        At::Account => "account".to_owned(),
        At::Unknown(place) => format!("unknown {place}"),
    };
    let mut all = Vec::new();
    for function in &operation.during {
        for method in &operation.methods {
            all.extend(operation.paths.iter().map(|path| format!("{function}: {method} {path} at {at}")));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(during: &[&str], methods: &[&str], paths: &[&str]) -> Operation {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Operation { during: texts(during), at: At::Account, methods: texts(methods), paths: texts(paths) }
    }

    #[test]
    fn a_request_that_could_write_as_well_is_not_confinable() {
        let reads = operation(&["find"], &["POST"], &["/query"]);
        for (other, expected) in [
            (operation(&["write"], &["POST"], &["/query"]), true),
            (operation(&["create"], &["PUT", "POST"], &["/*"]), true),
            (operation(&["amend"], &["POST"], &["/**"]), true),
            (operation(&["write"], &["POST"], &["/rows"]), false),
            (operation(&["write"], &["POST"], &["/query/*"]), false),
            (operation(&["write"], &["PATCH"], &["/query"]), false),
            (operation(&["search"], &["POST"], &["/query"]), false),
            (Operation { at: At::Host("other.example".to_owned()), ..operation(&["write"], &["POST"], &["/query"]) }, false),
        ] {
            assert_eq!(reads.is_not_confinable(&[reads.clone(), other.clone()]), expected, "{other:?}");
        }
        let gets = operation(&["find", "write"], &["GET"], &["/query"]);
        assert!(!gets.is_not_confinable(std::slice::from_ref(&gets)), "to get changes nothing");
        let both = operation(&["find", "write"], &["POST"], &["/json"]);
        assert!(both.is_not_confinable(std::slice::from_ref(&both)));
        let writes = operation(&["write"], &["POST"], &["/json"]);
        assert!(!writes.is_not_confinable(&[both, writes.clone()]), "it may write anyway");
    }
}
