//! Secrets that an administrator entered, such as an API key: kept sealed, and put into requests where the connector declared.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Uri};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::problem::{Kind, Problem};
use super::secret::{Secret, in_sealed_row};
use super::store::{CredentialStore, NotStored, Row};
use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description, Placement as Declared};

/// The form of a sealed row. A later one is refused, not guessed at.
const FORM: u32 = 1;
/// Headers that are not for a secret: they decide where a request goes, or how long it is.
const NOT_FOR_SECRETS: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// What a connector declared about the secret that it wants.
#[derive(Debug, Clone)]
pub struct SecretTerms {
    /// The vendor's name for its product, for messages.
    pub vendor: String,
    /// Names of the fields.
    pub fields: Vec<String>,
    /// All are done on every request.
    pub placements: Vec<Placement>,
}

/// Where a secret goes in a request. In patterns `{name}` stands for the field of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// Into this header, by this pattern.
    Header(HeaderName, String),
    /// User and password, by the names of their fields.
    Basic(String, String),
    /// As this parameter of the query, by this pattern.
    Query(String, String),
    /// The field of the first name stands where the body has the second text, in the body's own encoding.
    Body(String, String),
}

impl SecretTerms {
    /// As the connector declares; none: it wants no secret.
    ///
    /// # Errors
    /// What it declares cannot be done.
    pub fn declared(description: &Description) -> Result<Option<Self>, String> {
        let Auth::Secret(secret) = &description.auth else { return Ok(None) };
        let fields: Vec<String> = secret.fields.iter().map(|field| field.name.clone()).collect();
        // They are shown, typed, and stand in patterns between braces.
        let odd = |name: &&String| {
            let spelt = name.bytes().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-' || sign == b'_');
            name.is_empty() || name.len() > 64 || !spelt || fields.iter().filter(|other| other == name).count() > 1
        };
        if let Some(name) = fields.iter().find(odd) {
            return Err(format!(
                "the field `{}` of its secret is there twice, or not made of 1 to 64 lower-case letters, digits, `-` and `_`",
                name.escape_debug()
            ));
        }
        let known = |name: &String| {
            if fields.contains(name) {
                Ok(name.clone())
            } else {
                Err(format!("it places the field `{name}` of a secret, and has none of that name"))
            }
        };
        let placements = secret.placements.iter().map(|placement| match placement {
            Declared::Header((name, pattern)) => {
                let read: HeaderName = name.parse().map_err(|_| format!("`{name}` is no name of a header"))?;
                if NOT_FOR_SECRETS.contains(&read.as_str()) {
                    return Err(format!("no secret can be placed in the header `{name}`"));
                }
                Ok(Placement::Header(read, pattern.clone()))
            }
            Declared::Basic((user, password)) => Ok(Placement::Basic(known(user)?, known(password)?)),
            Declared::Query((name, pattern)) => Ok(Placement::Query(name.clone(), pattern.clone())),
            Declared::Body((field, placeholder)) if !placeholder.is_empty() => Ok(Placement::Body(known(field)?, placeholder.clone())),
            Declared::Body(_) => Err("a secret in a body needs a placeholder".to_owned()),
            Declared::Other(kind) => {
                Err(format!("it places a secret as `{kind}`, which this host does not know; it may need a newer host"))
            }
        });
        let placements = placements.collect::<Result<Vec<_>, String>>()?;
        if fields.is_empty() || placements.is_empty() {
            return Err("it wants a secret without fields, or puts it nowhere".to_owned());
        }
        Ok(Some(Self { vendor: description.name.clone(), fields, placements }))
    }

    /// Are these all of its fields, each with something in it?
    ///
    /// # Errors
    /// The problem names the first that is missing, empty or too much.
    pub fn check_entered(&self, fields: &[(String, Secret)]) -> Result<(), Problem> {
        let unusable = |name: &str| Problem::about(Kind::SecretUnusable, &self.vendor).with("field", name);
        let filled = |name: &&String| fields.iter().filter(|(known, secret)| known == *name && !secret.expose().is_empty()).count() == 1;
        if let Some(missing) = self.fields.iter().find(|name| !filled(name)) {
            return Err(unusable(missing));
        }
        match fields.iter().find(|(name, _)| !self.fields.contains(name)) {
            Some((name, _)) => Err(unusable(name)),
            None => Ok(()),
        }
    }

    /// The request with the secret in it, and what must not come back in its answer.
    ///
    /// # Errors
    /// A field is missing or fits into no header.
    pub fn place(&self, fields: &[(String, Secret)], request: Request<Bytes>) -> Result<(Request<Bytes>, Vec<Secret>), Problem> {
        let unusable = |name: &str| Problem::about(Kind::SecretUnusable, &self.vendor).with("field", name);
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, secret)| secret).ok_or_else(|| unusable(name));
        let filled = |pattern: &str| {
            let text = fields.iter().fold(Zeroizing::new(pattern.to_owned()), |text, (name, secret)| {
                Zeroizing::new(text.replace(&format!("{{{name}}}"), secret.expose()))
            });
            Secret::new(text.as_str())
        };
        let (mut head, mut body) = request.into_parts();
        let mut secrets: Vec<Secret> = fields.iter().map(|(_, secret)| secret.clone()).collect();
        for placement in &self.placements {
            match placement {
                Placement::Header(name, pattern) => {
                    let mut value = HeaderValue::from_str(filled(pattern).expose()).map_err(|_| unusable(name.as_str()))?;
                    value.set_sensitive(true);
                    head.headers.insert(name.clone(), value);
                }
                Placement::Basic(user, password) => {
                    let pair = Zeroizing::new(format!("{}:{}", field(user)?.expose(), field(password)?.expose()));
                    let pair = Secret::new(STANDARD.encode(pair.as_bytes()));
                    let text = Zeroizing::new(format!("Basic {}", pair.expose()));
                    let mut value = HeaderValue::from_str(&text).map_err(|_| unusable(user))?;
                    value.set_sensitive(true);
                    head.headers.insert(AUTHORIZATION, value);
                    secrets.push(pair);
                }
                Placement::Query(name, pattern) => {
                    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
                    pairs.append_pair(name, filled(pattern).expose());
                    let (path, joint) =
                        (head.uri.path_and_query().map_or("/", |both| both.as_str()), if head.uri.query().is_some() { "&" } else { "?" });
                    let whole = Zeroizing::new(format!("{path}{joint}{}", pairs.finish()));
                    let mut parts = head.uri.clone().into_parts();
                    parts.path_and_query = Some(whole.parse().map_err(|_| unusable(name))?);
                    head.uri = Uri::from_parts(parts).map_err(|_| unusable(name))?;
                }
                Placement::Body(name, placeholder) => {
                    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
                    let encoded = encoded(field(name)?, kind).ok_or_else(|| unusable(name))?;
                    body = replaced(&body, placeholder.as_bytes(), encoded.expose().as_bytes());
                }
            }
        }
        Ok((Request::from_parts(head, body), secrets))
    }
}

/// The text as it stands inside a text of the body.
fn encoded(secret: &Secret, content_type: &str) -> Option<Secret> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json") {
        let quoted = Zeroizing::new(serde_json::to_string(secret.expose()).ok()?);
        return quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(Secret::new);
    }
    let form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    form.then(|| Secret::new(url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect::<String>()))
}

fn replaced(body: &[u8], placeholder: &[u8], by: &[u8]) -> Bytes {
    let mut whole = Vec::with_capacity(body.len() + by.len());
    let mut rest = body;
    while let Some((first, more)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(placeholder) {
            whole.extend_from_slice(by);
            rest = behind;
        } else {
            whole.push(*first);
            rest = more;
        }
    }
    Bytes::from(whole)
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    form: u32,
    fields: Vec<KeptField>,
    organisation: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptField {
    name: String,
    #[serde(with = "in_sealed_row")]
    secret: Secret,
}

/// An account that is opened with an entered secret.
#[derive(Clone)]
pub struct Entered {
    store: Arc<dyn CredentialStore>,
    row: Row,
    terms: Arc<SecretTerms>,
}

impl Entered {
    /// In this store, in this row.
    #[must_use]
    pub fn new(store: Arc<dyn CredentialStore>, row: Row, terms: Arc<SecretTerms>) -> Self {
        Self { store, row, terms }
    }

    /// A request with the stored secret in it, and what must not come back in its answer.
    ///
    /// # Errors
    /// There is no secret, or it fits nowhere.
    pub fn place(&self, request: Request<Bytes>) -> Result<(Request<Bytes>, Vec<Secret>), Problem> {
        let kept = self.kept()?.ok_or_else(|| Problem::about(Kind::NotConnected, &self.terms.vendor))?;
        let fields: Vec<(String, Secret)> = kept.fields.into_iter().map(|field| (field.name, field.secret)).collect();
        self.terms.place(&fields, request)
    }

    /// The organisation that the account belonged to when it was connected; none: there is no account, or it was not told.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn organisation(&self) -> Result<Option<String>, Problem> {
        Ok(self.kept()?.and_then(|kept| kept.organisation))
    }

    /// As the connector declared.
    #[must_use]
    pub fn terms(&self) -> &SecretTerms {
        &self.terms
    }

    /// Is there an account?
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn is_kept(&self) -> Result<bool, Problem> {
        Ok(self.kept()?.is_some())
    }

    /// Is the account, if there is one, of this organisation?
    ///
    /// # Errors
    /// It is of another one, or the store cannot be read.
    pub fn belongs_to(&self, organisation: &str) -> Result<(), Problem> {
        match self.organisation()? {
            Some(known) if known != organisation => {
                Err(Problem::about(Kind::OtherOrganisation, &self.terms.vendor).with("known", &known).with("now", organisation))
            }
            _ => Ok(()),
        }
    }

    /// Keeps what was entered, after the connector's `verify` has told the organisation with it.
    ///
    /// # Errors
    /// A field is missing, it is another organisation than before (disconnect first: waiting work belongs to it), or the store cannot.
    pub fn keep(&self, fields: Vec<(String, Secret)>, organisation: &str) -> Result<(), Problem> {
        self.terms.check_entered(&fields)?;
        let stored = self.store.load(&self.row)?;
        self.belongs_to(organisation)?;
        let fields = fields.into_iter().map(|(name, secret)| KeptField { name, secret }).collect();
        let kept = Kept { form: FORM, fields, organisation: Some(organisation.to_owned()) };
        let content = serde_json::to_vec(&kept).map(Zeroizing::new).map_err(|_| Problem::new(Kind::RowUnreadable))?;
        self.store.put(&self.row, stored.map(|stored| stored.version), &content).map(|_| ()).map_err(|why| self.changed(why))
    }

    /// Forgets the account; false: there was none. There is nobody to give a secret back to: it is ended at the CRM.
    ///
    /// # Errors
    /// The store cannot.
    pub fn forget(&self) -> Result<bool, Problem> {
        let Some(stored) = self.store.load(&self.row)? else { return Ok(false) };
        self.store.delete(&self.row, stored.version).map(|()| true).map_err(|why| self.changed(why))
    }

    fn changed(&self, why: NotStored) -> Problem {
        match why {
            NotStored::Changed => Problem::about(Kind::ChangedMeanwhile, &self.terms.vendor),
            NotStored::Failed(problem) => problem,
        }
    }

    fn kept(&self) -> Result<Option<Kept>, Problem> {
        let Some(stored) = self.store.load(&self.row)? else { return Ok(None) };
        // What serde says of a wrong row could quote it.
        let kept: Kept = serde_json::from_slice(&stored.content).map_err(|_| Problem::new(Kind::RowUnreadable))?;
        if kept.form == FORM { Ok(Some(kept)) } else { Err(Problem::new(Kind::RowUnreadable).saying(&format!("form {}", kept.form))) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::MemoryStore;
    use super::*;

    fn terms(placements: Vec<Placement>) -> SecretTerms {
        SecretTerms { vendor: "Example".to_owned(), fields: vec!["user".to_owned(), "key".to_owned()], placements }
    }

    fn fields() -> Vec<(String, Secret)> {
        vec![("user".to_owned(), Secret::new("ann")), ("key".to_owned(), Secret::new("k\"y & c%"))]
    }

    fn request(kind: &str, body: &'static str) -> Request<Bytes> {
        let builder = Request::post("https://crm.example/api?a=1").header("content-type", kind).header("x-key", "from the connector");
        builder.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn placed(placement: Placement, kind: &str, body: &'static str) -> Request<Bytes> {
        terms(vec![placement]).place(&fields(), request(kind, body)).unwrap().0
    }

    #[test]
    fn a_secret_goes_where_the_connector_declared_in_that_places_encoding() {
        let header = placed(Placement::Header("x-key".parse().unwrap(), "Key {key}".to_owned()), "text/plain", "");
        assert_eq!(header.headers().get_all("x-key").iter().collect::<Vec<_>>(), ["Key k\"y & c%"]);
        assert!(header.headers()["x-key"].is_sensitive());
        let basic = placed(Placement::Basic("user".to_owned(), "key".to_owned()), "text/plain", "");
        assert_eq!(basic.headers()["authorization"], format!("Basic {}", STANDARD.encode("ann:k\"y & c%")).as_str());
        assert!(basic.headers()["authorization"].is_sensitive());
        let query = placed(Placement::Query("key".to_owned(), "{key}".to_owned()), "text/plain", "");
        assert_eq!(query.uri().to_string(), "https://crm.example/api?a=1&key=k%22y+%26+c%25");
        let body = |kind, text| placed(Placement::Body("key".to_owned(), "<KEY>".to_owned()), kind, text);
        let json = body("application/json; charset=utf-8", r#"{"params":["<KEY>","<KEY"]}"#);
        assert_eq!(json.body().as_ref(), br#"{"params":["k\"y & c%","<KEY"]}"#);
        let form = body("application/x-www-form-urlencoded", "a=1&key=<KEY>&b=2");
        assert_eq!(form.body().as_ref(), b"a=1&key=k%22y+%26+c%25&b=2");
    }

    #[test]
    fn a_secret_that_fits_nowhere_is_told_by_its_field() {
        let body = terms(vec![Placement::Body("key".to_owned(), "<KEY>".to_owned())]);
        // In a text of an unknown kind nobody knows how to write it.
        assert_eq!(body.place(&fields(), request("text/plain", "<KEY>")).unwrap_err().kind(), Kind::SecretUnusable);
        let header = terms(vec![Placement::Header("x-key".parse().unwrap(), "{key}".to_owned())]);
        let broken = [("key".to_owned(), Secret::new("a\r\nhost: evil.test"))];
        assert_eq!(header.place(&broken, request("text/plain", "")).unwrap_err().kind(), Kind::SecretUnusable);
    }

    #[test]
    fn what_was_entered_is_kept_for_one_organisation_and_forgotten_whole() {
        let store = Arc::new(MemoryStore::new());
        let terms = terms(vec![Placement::Header("x-key".parse().unwrap(), "{key}".to_owned())]);
        let entered = Entered::new(store.clone(), Row::connection("example", "main"), Arc::new(terms));
        let post = || request("text/plain", "");
        assert_eq!(entered.place(post()).unwrap_err().kind(), Kind::NotConnected);
        let halves = vec![("key".to_owned(), Secret::new("k"))];
        assert_eq!(entered.keep(halves, "org-1").unwrap_err().kind(), Kind::SecretUnusable);
        entered.keep(fields(), "org-1").unwrap();
        assert_eq!(entered.organisation().unwrap().as_deref(), Some("org-1"));
        let (request, secrets) = entered.place(post()).unwrap();
        assert_eq!((request.headers()["x-key"].to_str().unwrap(), secrets.len()), ("k\"y & c%", 2));
        assert_eq!(entered.keep(fields(), "org-2").unwrap_err().kind(), Kind::OtherOrganisation);
        entered.forget().unwrap();
        assert_eq!(entered.place(post()).unwrap_err().kind(), Kind::NotConnected);
        entered.keep(fields(), "org-2").unwrap();
    }
}
