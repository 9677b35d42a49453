//! What a connector declared about opening an account, as the host needs it. Filled from the contract's `oauth2-code`.

use super::problem::{Kind, Problem};
use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description, Refusals, TokenMeaning};
use crate::egress::target::{self, HostRule, OnPremises, Origin};

/// OAuth 2.0 authorisation code, as one CRM wants it.
#[derive(Debug, Clone, Default)]
pub struct OAuthTerms {
    /// The vendor's name for its product, for messages.
    pub vendor: String,
    /// Hosts at which people sign in.
    pub login_hosts: Vec<LoginHost>,
    /// Path of the page on which they do.
    pub authorise_path: String,
    /// Where a code or refresh token becomes an access token.
    pub token_path: String,
    /// Where a token is taken back (RFC 7009), if the CRM has that.
    pub revoke_path: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Between them.
    pub scope_separator: String,
    /// Added to the authorisation request.
    pub authorise_parameters: Vec<(String, String)>,
    /// Added to token requests.
    pub token_parameters: Vec<(String, String)>,
    /// Client id and secret in the body, or else as Basic.
    pub client_in_body: bool,
    /// Is an app without a secret taken?
    pub public_client: bool,
    /// In front of the token in the header `authorization`.
    pub scheme: String,
    /// Where answers tell the account's addresses.
    pub pins: Vec<Pin>,
    /// Must an authorisation bring a refresh token?
    pub refresh_token: bool,
    /// Property that means an error though the status is 200.
    pub error_property: Option<String>,
    /// How token answers are signed, if they are.
    pub signature: Option<SignatureTerms>,
    /// Where a token answer names the organisation, if it does.
    pub organisation: Option<OrganisationTerms>,
    /// Refusals of API requests that do not mean what their status says.
    pub refusals: RefusalTerms,
}

/// Where people sign in.
#[derive(Debug, Clone)]
pub struct LoginHost {
    /// Host name; none: the administrator enters it.
    pub host: Option<String>,
    /// Where the administrator enters it: the host is one of these or below. Empty: any.
    pub suffixes: Vec<String>,
    /// Host name of the one that gives tokens to those who signed in here; none: this host itself.
    pub token_host: Option<String>,
}

impl LoginHost {
    fn takes(&self, origin: &Origin) -> bool {
        match &self.host {
            Some(host) => HostRule::exactly(host).is_ok_and(|rule| rule.fits(origin)),
            None if self.suffixes.is_empty() => origin.port() == target::HTTPS && origin.is_name(),
            None => self.suffixes.iter().any(|suffix| HostRule::below(suffix).is_ok_and(|rule| rule.fits(origin))),
        }
    }
}

/// An address that an answer tells.
#[derive(Debug, Clone)]
pub struct Pin {
    /// Property of the token answer, or parameter of the callback.
    pub name: String,
    /// Of the callback?
    pub from_callback: bool,
    /// What is there.
    pub what: Pinned,
    /// Only hosts equal to one of these or below it are taken.
    pub suffixes: Vec<String>,
}

/// What is at a pinned address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    /// The account's API.
    Api,
    /// The token endpoint.
    Token,
}

/// A signature over a token answer: base64 of HMAC-SHA256 with the client's secret.
#[derive(Debug, Clone)]
pub struct SignatureTerms {
    /// Property with the signature.
    pub property: String,
    /// Properties that are signed, in the order in which they are joined.
    pub signed: Vec<String>,
}

/// The organisation in a token answer.
#[derive(Debug, Clone)]
pub struct OrganisationTerms {
    /// The property.
    pub property: String,
    /// None: it is the organisation. Else the property is a URL, and this segment of its path is (0 is the first).
    pub path_segment: Option<usize>,
}

/// Refusals that look like others.
#[derive(Debug, Clone, Default)]
pub struct RefusalTerms {
    /// Texts in the body of a 401 that a new token would not change.
    pub final_401: Vec<String>,
    /// Answers to API requests that mean an expired token though they are no 401.
    pub expired: Vec<ExpiredAnswer>,
    /// Refusals of token requests in the vendor's own words; those with a description first.
    pub token_errors: Vec<TokenError>,
}

/// An answer to an API request that means an expired token.
#[derive(Debug, Clone)]
pub struct ExpiredAnswer {
    /// Its status.
    pub status: u16,
    /// What stands in it.
    pub body: String,
    /// Is that all that stands in it?
    pub whole: bool,
}

/// A refusal of a token request, in lower case.
#[derive(Debug, Clone)]
pub struct TokenError {
    /// The code, or its beginning.
    pub code: String,
    /// Is it but the beginning?
    pub begins: bool,
    /// The description; none: any.
    pub description: Option<String>,
    /// What it means.
    pub meaning: TokenMeaning,
}

impl TokenError {
    /// Is it this one? Both in lower case.
    pub(super) fn fits(&self, code: &str, description: &str) -> bool {
        let said = if self.begins { code.starts_with(&self.code) } else { code == self.code };
        said && self.description.as_ref().is_none_or(|known| known == description)
    }
}

impl RefusalTerms {
    fn declared(refusals: &Refusals) -> Result<Self, String> {
        let expired = refusals.expired.iter().map(|answer| {
            let wrong = |why: &str| Err(format!("it takes status {} with {:?} for an expired token: {why}", answer.status, answer.body));
            match answer.status {
                401 => wrong("401 means that anyway"),
                200..=599 if answer.body.trim().is_empty() => wrong("nothing stands in it"),
                200..=299 if !answer.whole => wrong("that may stand in any success"),
                200..=599 => Ok(ExpiredAnswer { status: answer.status, body: answer.body.trim().to_owned(), whole: answer.whole }),
                _ => wrong("there is no such status"),
            }
        });
        let mut token_errors = Vec::new();
        for error in &refusals.token_errors {
            let code = error.code.to_ascii_lowercase();
            let (code, begins) = code.strip_suffix('*').map_or((code.as_str(), false), |beginning| (beginning, true));
            if code.is_empty() || code.contains('*') {
                return Err(format!("it explains the refusal `{}`, which is no code", error.code));
            }
            let description = error.description.as_ref().map(|text| text.to_ascii_lowercase());
            token_errors.push(TokenError { code: code.to_owned(), begins, description, meaning: error.meaning.clone() });
        }
        // Stable: within both groups the connector's order stays.
        token_errors.sort_by_key(|error| error.description.is_none());
        Ok(Self { final_401: refusals.final_401.clone(), expired: expired.collect::<Result<_, String>>()?, token_errors })
    }
}

impl OAuthTerms {
    /// As the connector declares; none: it wants no OAuth.
    ///
    /// # Errors
    /// What it declares cannot be done, or could send a token anywhere.
    pub fn declared(description: &Description) -> Result<Option<Self>, String> {
        let Auth::Oauth2Code(auth) = &description.auth else { return Ok(None) };
        for path in [Some(&auth.authorise_path), Some(&auth.token_path), auth.revoke_path.as_ref()].into_iter().flatten() {
            if !path.starts_with('/') || path.starts_with("//") || path.contains(['?', '#', '\\']) {
                return Err(format!("`{path}` is no path on a login host"));
            }
        }
        if auth.login_hosts.is_empty() {
            return Err("it names no login host".to_owned());
        }
        for login in &auth.login_hosts {
            if !login.host.is_empty() && HostRule::exactly(&login.host).is_err() {
                return Err(format!("`{}` is no host name", login.host));
            }
            if let Some(host) = login.token_host.as_ref().filter(|host| HostRule::exactly(host).is_err()) {
                return Err(format!("`{host}` is no host name"));
            }
            suffixes(&login.suffixes)?;
        }
        let pins = auth.pins.iter().map(|pin| {
            let what = match pin.what.as_str() {
                "api" => Pinned::Api,
                "token" => Pinned::Token,
                other => return Err(format!("it takes the address of `{other}` from an answer, which this host does not know")),
            };
            if pin.suffixes.is_empty() {
                return Err(format!("its pin `{}` takes any address: a token could go anywhere", pin.name));
            }
            suffixes(&pin.suffixes)?;
            Ok(Pin { name: pin.name.clone(), from_callback: pin.from_callback, what, suffixes: pin.suffixes.clone() })
        });
        let pins = pins.collect::<Result<Vec<_>, String>>()?;
        if auth.scheme.is_empty() || !auth.scheme.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-') {
            return Err(format!("`{}` is no word in front of a token", auth.scheme));
        }
        Ok(Some(Self {
            vendor: description.name.clone(),
            login_hosts: auth
                .login_hosts
                .iter()
                .map(|login| LoginHost {
                    host: (!login.host.is_empty()).then(|| login.host.clone()),
                    suffixes: login.suffixes.clone(),
                    token_host: login.token_host.clone(),
                })
                .collect(),
            authorise_path: auth.authorise_path.clone(),
            token_path: auth.token_path.clone(),
            revoke_path: auth.revoke_path.clone(),
            scopes: auth.scopes.clone(),
            scope_separator: auth.scope_separator.clone(),
            authorise_parameters: auth.authorise_parameters.clone(),
            token_parameters: auth.token_parameters.clone(),
            client_in_body: auth.client_in_body,
            public_client: auth.public_client,
            scheme: auth.scheme.clone(),
            pins,
            refresh_token: auth.refresh_token,
            error_property: auth.error_property.clone(),
            signature: auth
                .signature
                .as_ref()
                .map(|signature| SignatureTerms { property: signature.property.clone(), signed: signature.signed.clone() }),
            organisation: auth.organisation.as_ref().map(|told| OrganisationTerms {
                property: told.property.clone(),
                path_segment: told.path_segment.and_then(|index| usize::try_from(index).ok()),
            }),
            refusals: RefusalTerms::declared(&auth.refusals)?,
        }))
    }

    /// The scopes as the CRM wants them joined; what the administrator adds to or takes from them is the caller's matter.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scopes.join(&self.scope_separator)
    }

    /// The login host that an administrator chose: a host name, or an address "https://host:port".
    ///
    /// # Errors
    /// The connector did not declare it, or it is no place to send a secret to.
    pub fn login(&self, chosen: &str, on_premises: &OnPremises) -> Result<Origin, Problem> {
        let refused = |words: &str| Problem::about(Kind::LoginHost, &self.vendor).with("host", chosen).saying(words);
        let address = if chosen.contains("://") { chosen.to_owned() } else { format!("https://{chosen}") };
        let origin = target::parse(&address, on_premises).map_err(|why| refused(&why.to_string()))?;
        if !target::is_bare(&address) {
            return Err(refused("a host name alone is expected, without a path"));
        }
        if on_premises.marks(&origin) {
            return Ok(origin);
        }
        let fits = self.login_hosts.iter().any(|login| login.takes(&origin));
        if fits { Ok(origin) } else { Err(refused("the connector declares no such login host")) }
    }

    /// Where those who signed in at this login host get their tokens, unless a pin tells otherwise. On premises all is at one host.
    ///
    /// # Errors
    /// What the connector declared is no place to send a secret to.
    pub(super) fn tokens_of(&self, login: &Origin, on_premises: &OnPremises) -> Result<Origin, Problem> {
        if on_premises.marks(login) {
            return Ok(login.clone());
        }
        match self.login_hosts.iter().find(|known| known.takes(login)).and_then(|known| known.token_host.as_ref()) {
            None => Ok(login.clone()),
            Some(host) => target::parse(&format!("https://{host}"), on_premises)
                .map_err(|why| Problem::about(Kind::LoginHost, &self.vendor).with("host", host).saying(&why.to_string())),
        }
    }

    /// The host of tokens that a connection names, if it is still one that is declared.
    ///
    /// # Errors
    /// It is none any more.
    pub(super) fn tokens_at(&self, login: &Origin, kept: &str, on_premises: &OnPremises) -> Result<Origin, Problem> {
        let own = self.tokens_of(login, on_premises)?;
        if kept == own.address() || kept == login.address() {
            return Ok(own);
        }
        let pin = self.pins.iter().find(|pin| pin.what == Pinned::Token);
        let pin = pin.ok_or_else(|| Problem::about(Kind::PinRefused, &self.vendor).with("property", "token"))?;
        self.pinned(pin, kept, on_premises)
    }

    /// An address that an answer told, if it may be believed.
    pub(super) fn pinned(&self, pin: &Pin, told: &str, on_premises: &OnPremises) -> Result<Origin, Problem> {
        let refused = |words: &str| Problem::about(Kind::PinRefused, &self.vendor).with("property", &pin.name).saying(words);
        let rules: Vec<HostRule> = pin.suffixes.iter().filter_map(|suffix| HostRule::below(suffix).ok()).collect();
        let origin = target::check(told, &rules, on_premises).map_err(|why| refused(&why.to_string()))?;
        // A path there would shift what the approved path patterns mean.
        if target::is_bare(told) { Ok(origin) } else { Err(refused("a host alone is expected, without a path")) }
    }
}

pub(crate) fn suffixes(suffixes: &[String]) -> Result<(), String> {
    match suffixes.iter().find(|suffix| HostRule::below(suffix).is_err()) {
        Some(wrong) => Err(format!("`{wrong}` is no end of host names; it needs at least two labels, such as .api.example")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::salesforce_terms;
    use super::*;

    #[test]
    fn declared_login_hosts_and_own_domains_are_taken() {
        let none = OnPremises::default();
        for (chosen, address) in [
            ("login.salesforce.com", "https://login.salesforce.com"),
            ("https://test.salesforce.com", "https://test.salesforce.com"),
            ("https://Test.Salesforce.com/", "https://test.salesforce.com"),
            ("example.my.salesforce.com", "https://example.my.salesforce.com"),
            ("example--uat.sandbox.my.salesforce.com", "https://example--uat.sandbox.my.salesforce.com"),
        ] {
            assert_eq!(salesforce_terms().login(chosen, &none).unwrap().address(), address);
        }
    }

    #[test]
    fn other_login_hosts_are_refused() {
        let none = OnPremises::default();
        for chosen in [
            "login.salesforce.com.evil.test",
            "evilsalesforce.com",
            "evil.test",
            "http://login.salesforce.com",
            "login.salesforce.com:8443",
            "login.salesforce.com/../x",
            "admin@login.salesforce.com",
            "https://login.salesforce.com?x",
            "",
            "127.0.0.1",
            "http://127.0.0.1:4711",
            "login.salesforce.com.",
        ] {
            let why = salesforce_terms().login(chosen, &none).unwrap_err();
            assert_eq!(why.kind(), Kind::LoginHost, "{chosen}");
        }
    }

    #[test]
    fn tokens_come_from_the_host_that_is_declared_for_the_login_host() {
        let mut terms = salesforce_terms();
        terms.login_hosts[0].token_host = Some("api.salesforce.com".to_owned());
        let marked = OnPremises::default().with("http://127.0.0.1:4711").unwrap();
        for (chosen, tokens) in [
            ("login.salesforce.com", "https://api.salesforce.com"),
            ("test.salesforce.com", "https://test.salesforce.com"),
            ("example.my.salesforce.com", "https://example.my.salesforce.com"),
            ("http://127.0.0.1:4711", "http://127.0.0.1:4711"),
        ] {
            let login = terms.login(chosen, &marked).unwrap();
            assert_eq!(terms.tokens_of(&login, &marked).unwrap().address(), tokens);
            assert_eq!(terms.tokens_at(&login, tokens, &marked).unwrap().address(), tokens);
            // Connected before the host of tokens was declared.
            assert_eq!(terms.tokens_at(&login, &login.address(), &marked).unwrap().address(), tokens);
            let elsewhere = terms.tokens_at(&login, "https://tokens.evil.test", &marked).unwrap_err();
            assert_eq!(elsewhere.kind(), Kind::PinRefused);
        }
    }

    #[test]
    fn refusals_that_make_no_sense_are_not_declared() {
        use crate::bindings::connector::exports::pbx::crm::description as wit;
        let expired = |status, body: &str, whole| wit::ExpiredAnswer { status, body: body.to_owned(), whole, extras: Vec::new() };
        let error = |code: &str| wit::TokenError {
            code: code.to_owned(),
            description: None,
            meaning: TokenMeaning::Unavailable,
            extras: Vec::new(),
        };
        let none = || Refusals { final_401: Vec::new(), expired: Vec::new(), token_errors: Vec::new(), extras: Vec::new() };
        for (answer, fine) in [
            (expired(403, "Bad_OAuth_Token", true), true),
            (expired(400, "INVALID_TOKEN", false), true),
            (expired(200, "{\"error\":\"expired\"}", true), true),
            (expired(200, "expired", false), false),
            (expired(401, "expired", true), false),
            (expired(403, " ", true), false),
            (expired(100, "expired", true), false),
        ] {
            assert_eq!(RefusalTerms::declared(&Refusals { expired: vec![answer.clone()], ..none() }).is_ok(), fine, "{answer:?}");
        }
        for (code, fine) in [("invalid_code", true), ("app_*", true), ("*", false), ("", false), ("a*b", false), ("a**", false)] {
            assert_eq!(RefusalTerms::declared(&Refusals { token_errors: vec![error(code)], ..none() }).is_ok(), fine, "{code}");
        }
    }

    #[test]
    fn a_login_host_on_premises_is_taken_at_its_exact_port() {
        let marked = OnPremises::default().with("http://127.0.0.1:4711").unwrap();
        assert_eq!(salesforce_terms().login("http://127.0.0.1:4711", &marked).unwrap().address(), "http://127.0.0.1:4711");
        assert!(salesforce_terms().login("http://127.0.0.1:4712", &marked).is_err());
        assert!(salesforce_terms().login("http://127.0.0.2:4711", &marked).is_err());
    }
}
