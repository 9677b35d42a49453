//! May a request go to this URL? Decided on its text, before any name is resolved.
//!
//! Programs disagree about odd URLs, and an attacker lives in the gap between the one that checks and the one that sends. So what any two
//! parsers could read differently is refused, not normalised.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use url::Url;

use super::address::{self, AddressKind};

/// The port of https.
pub const HTTPS: u16 = 443;
/// The port of http.
pub const HTTP: u16 = 80;

/// Servers refuse longer ones as a rule; Salesforce at 16,384 bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Scheme, host and port, in the one spelling that they have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a request may not go there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefused {
    /// Longer than any server takes.
    #[error("the address is too long")]
    TooLong,
    /// Letters outside ASCII, blanks, control characters, "\".
    #[error("the address has signs that programs read differently")]
    OddSigns,
    /// Neither https nor an http that is allowed.
    #[error("the address does not begin with https://")]
    Scheme,
    /// Http to a host that is not marked as on premises.
    #[error("{0} is not marked as on premises: without TLS nothing goes there")]
    NotSecure(String),
    /// "user@".
    #[error("the address has a user name")]
    UserInfo,
    /// Not a port.
    #[error("the address has no usable port")]
    Port,
    /// Not a host name, or one in an odd spelling.
    #[error("the address has no usable host name")]
    Host,
    /// A number instead of a name.
    #[error("{0} is a number, not a name, and not marked as on premises")]
    Number(String),
    /// A part behind "#".
    #[error("the address has a part behind \"#\"")]
    Fragment,
    /// Nobody approved it.
    #[error("{0} is not among the approved hosts")]
    NotApproved(String),
}

/// Hosts that were approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// This host at this port.
    Exactly {
        /// In lower case.
        host: String,
        /// 443 unless told.
        port: u16,
    },
    /// This host or any below it, at port 443. With a dot in front only those below it.
    Below(String),
}

/// Hosts with their ports that an administrator marked as on premises, for one connector. There http may be spoken and addresses of the
/// site may be used. Made when the host runs; no build has such a mark in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnPremises(Vec<Origin>);

impl OnPremises {
    /// One more. An address such as "http://10.1.2.3:8069"; without a port it is that of the scheme.
    ///
    /// # Errors
    /// It is no such address, or one that nobody may mark.
    pub fn with(mut self, address: &str) -> Result<Self, TargetRefused> {
        let origin = read(address)?;
        if !is_bare(address) {
            return Err(TargetRefused::Host);
        }
        let number = origin.number().map(address::kind);
        if number.is_some_and(|kind| kind != AddressKind::Public && !kind.may_be_on_premises()) {
            return Err(TargetRefused::Number(origin.host));
        }
        self.0.push(origin);
        Ok(self)
    }

    /// Is exactly this host and port marked? Where it was marked with https, http is not.
    #[must_use]
    pub fn marks(&self, origin: &Origin) -> bool {
        self.0.iter().any(|mark| mark.host == origin.host && mark.port == origin.port && (origin.secure || !mark.secure))
    }
}

impl HostRule {
    /// "login.example" or "api.example:8443".
    ///
    /// # Errors
    /// It is no host name.
    pub fn exactly(text: &str) -> Result<Self, TargetRefused> {
        let origin = read(&format!("https://{text}"))?;
        if text.contains(['/', '?']) || !origin.is_name() {
            return Err(TargetRefused::Host);
        }
        Ok(Self::Exactly { host: origin.host, port: origin.port })
    }

    /// The host and port of an address that an administrator entered, "https://crm.example:8443/path". Numbers and http need a mark too.
    ///
    /// # Errors
    /// It is no address.
    pub fn of_address(address: &str) -> Result<Self, TargetRefused> {
        let origin = read(address)?;
        Ok(Self::Exactly { host: origin.host, port: origin.port })
    }

    /// "api.example" or ".api.example".
    ///
    /// # Errors
    /// It is no name with at least two labels: a whole top-level domain is nobody's.
    pub fn below(text: &str) -> Result<Self, TargetRefused> {
        let name = text.strip_prefix('.').unwrap_or(text);
        match Self::exactly(name)? {
            Self::Exactly { host, port: HTTPS } if host.contains('.') && !name.contains(':') => {
                Ok(Self::Below(if text.starts_with('.') { format!(".{host}") } else { host }))
            }
            _ => Err(TargetRefused::Host),
        }
    }

    /// Is it this one? Names are compared at their dots.
    #[must_use]
    pub fn fits(&self, origin: &Origin) -> bool {
        match self {
            Self::Exactly { host, port } => origin.secure && *host == origin.host && *port == origin.port,
            Self::Below(suffix) => {
                let ends = |suffix: &str| origin.host.strip_suffix(suffix).is_some_and(|rest| !rest.is_empty());
                let below = if suffix.starts_with('.') { ends(suffix) } else { origin.host == *suffix || ends(&format!(".{suffix}")) };
                origin.secure && origin.port == HTTPS && below
            }
        }
    }
}

impl Origin {
    /// In lower case; IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Always told.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Is it https?
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Is it a name, not a number?
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.number().is_none()
    }

    /// "https://host", with the port where it is not the usual one.
    #[must_use]
    pub fn address(&self) -> String {
        let (scheme, usual) = if self.secure { ("https", HTTPS) } else { ("http", HTTP) };
        if self.port == usual { format!("{scheme}://{}", self.host) } else { format!("{scheme}://{}:{}", self.host, self.port) }
    }

    /// A URL at this origin; the path begins with "/".
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.address(), path.trim_start_matches('/'))
    }

    fn number(&self) -> Option<IpAddr> {
        let bare = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        bare.unwrap_or(&self.host).parse().ok()
    }
}

/// The origin of a URL to which a request may go, if the host in it is approved by somebody else.
///
/// # Errors
/// Nothing may go there, whoever approved it.
pub fn parse(url: &str, on_premises: &OnPremises) -> Result<Origin, TargetRefused> {
    let origin = read(url)?;
    let marked = on_premises.marks(&origin);
    if !origin.secure && !marked {
        return Err(TargetRefused::NotSecure(origin.host));
    }
    if !origin.is_name() && !marked {
        return Err(TargetRefused::Number(origin.host));
    }
    Ok(origin)
}

/// The same, with the hosts that are approved. A mark is an approval too: it is made for one connector.
///
/// # Errors
/// A request may not go there.
pub fn check(url: &str, approved: &[HostRule], on_premises: &OnPremises) -> Result<Origin, TargetRefused> {
    let origin = parse(url, on_premises)?;
    if on_premises.marks(&origin) { Ok(origin) } else { check_approved(origin, approved) }
}

/// Is this host approved?
pub(super) fn check_approved(origin: Origin, approved: &[HostRule]) -> Result<Origin, TargetRefused> {
    if approved.iter().any(|rule| rule.fits(&origin)) { Ok(origin) } else { Err(TargetRefused::NotApproved(origin.host)) }
}

/// Is there nothing behind the host but perhaps one "/"?
pub(crate) fn is_bare(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| rest.find(['/', '?', '#']).is_none_or(|at| rest.get(at..) == Some("/")))
}

/// For tests: the origin, whether or not anything may go there.
#[cfg(test)]
pub(crate) fn origin_of(url: &str) -> Result<Origin, TargetRefused> {
    read(url)
}

fn read(url: &str) -> Result<Origin, TargetRefused> {
    if url.len() > MOST_BYTES {
        return Err(TargetRefused::TooLong);
    }
    if !url.bytes().all(|sign| sign.is_ascii_graphic() && sign != b'\\') {
        return Err(TargetRefused::OddSigns);
    }
    let (scheme, rest) = url.split_once("://").ok_or(TargetRefused::Scheme)?;
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return Err(TargetRefused::Scheme),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(TargetRefused::UserInfo);
    }
    if rest.contains('#') {
        return Err(TargetRefused::Fragment);
    }
    let (host, port) = split(authority)?;
    let host = host.to_ascii_lowercase();
    if !usable(&host) {
        return Err(TargetRefused::Host);
    }
    let port = match port {
        None => {
            if secure {
                HTTPS
            } else {
                HTTP
            }
        }
        Some(digits) => number(digits).ok_or(TargetRefused::Port)?,
    };
    let origin = Origin { secure, host, port };
    if agreed(url, &origin) { Ok(origin) } else { Err(TargetRefused::Host) }
}

/// Host and, if told, port.
fn split(authority: &str) -> Result<(&str, Option<&str>), TargetRefused> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(TargetRefused::Host)?;
        let (host, rest) = authority.split_at_checked(end + 1).ok_or(TargetRefused::Host)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(TargetRefused::Host),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn number(digits: &str) -> Option<u16> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|sign| sign.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// A name of letters, digits, "-" and "_", or a number in its one usual spelling.
fn usable(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or_default();
        return inner.parse::<Ipv6Addr>().is_ok_and(|address| address.to_string() == inner);
    }
    let labels: Vec<&str> = host.split('.').collect();
    let right = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-' || sign == b'_')
    };
    if host.len() > 253 || !labels.iter().all(right) {
        return false;
    }
    // 127.1, 0x7f000001, 017700000001: names by their letters, numbers to many a resolver.
    let last = labels.last().copied().unwrap_or_default();
    let numeric = last.bytes().all(|sign| sign.is_ascii_digit()) || last.starts_with("0x");
    !numeric || host.parse::<Ipv4Addr>().is_ok()
}

/// Do the parsers of browsers and of our own HTTP client read the same?
fn agreed(url: &str, origin: &Origin) -> bool {
    let as_browser = Url::parse(url).is_ok_and(|read| {
        read.host_str() == Some(&origin.host)
            && read.port_or_known_default() == Some(origin.port)
            && read.username().is_empty()
            && read.password().is_none()
    });
    let as_client = url.parse::<Uri>().is_ok_and(|read| {
        let usual = if origin.secure { HTTPS } else { HTTP };
        read.host().is_some_and(|host| host.eq_ignore_ascii_case(&origin.host)) && read.port_u16().unwrap_or(usual) == origin.port
    });
    as_browser && as_client
}

#[cfg(test)]
#[path = "tests/target.rs"]
mod tests;
