//! What a connector declared about opening an account, as the host needs it. Filled from the contract's `oauth2-code`.

use super::problem::{Kind, Problem};
use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description};
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
    /// Whole bodies of a 403 that mean an expired token.
    pub expired_403: Vec<String>,
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
                .map(|login| LoginHost { host: (!login.host.is_empty()).then(|| login.host.clone()), suffixes: login.suffixes.clone() })
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
            refusals: RefusalTerms { final_401: auth.refusals.final_401.clone(), expired_403: auth.refusals.expired_403.clone() },
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
        let fits = self.login_hosts.iter().any(|login| match &login.host {
            Some(host) => HostRule::exactly(host).is_ok_and(|rule| rule.fits(&origin)),
            None if login.suffixes.is_empty() => origin.port() == target::HTTPS && origin.is_name(),
            None => login.suffixes.iter().any(|suffix| HostRule::below(suffix).is_ok_and(|rule| rule.fits(&origin))),
        });
        if fits { Ok(origin) } else { Err(refused("the connector declares no such login host")) }
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

fn suffixes(suffixes: &[String]) -> Result<(), String> {
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
    fn a_login_host_on_premises_is_taken_at_its_exact_port() {
        let marked = OnPremises::default().with("http://127.0.0.1:4711").unwrap();
        assert_eq!(salesforce_terms().login("http://127.0.0.1:4711", &marked).unwrap().address(), "http://127.0.0.1:4711");
        assert!(salesforce_terms().login("http://127.0.0.1:4712", &marked).is_err());
        assert!(salesforce_terms().login("http://127.0.0.2:4711", &marked).is_err());
    }
}
