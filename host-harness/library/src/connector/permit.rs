//! What a connector may send: the operations that it declared and the administrator approved, nothing else.

use http::{Method, Uri};

use crate::bindings::connector::exports::pbx::crm::description::{Description, Place};

/// The operations of one connector at one account, ready to be compared with requests.
#[derive(Debug)]
pub(crate) struct Permits {
    operations: Vec<Permit>,
}

#[derive(Debug)]
struct Permit {
    during: Vec<String>,
    origin: Origin,
    methods: Vec<String>,
    paths: Vec<Vec<Segment>>,
}

/// Where requests go: scheme, host with port, and the path below which patterns begin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    authority: String,
    prefix: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    /// This text.
    Text(String),
    /// `*`: any one segment.
    Any,
    /// A final `**`: the rest, which may be empty.
    Rest,
}

impl Permits {
    /// `base` is the account's address; `setting` gives the connector's settings.
    pub(crate) fn new(description: &Description, base: &str, setting: impl Fn(&str) -> Option<String>) -> Self {
        let operations = description
            .operations
            .iter()
            .filter_map(|operation| {
                let address = match &operation.at {
                    Place::Fixed(host) => format!("https://{host}"),
                    Place::FromSetting(key) => setting(key)?,
                    Place::Pinned => base.to_owned(),
                    Place::Other(_) => return None,
                };
                Some(Permit {
                    during: operation.during.clone(),
                    origin: Origin::of(&address.parse().ok()?)?,
                    methods: operation.methods.clone(),
                    paths: operation.paths.iter().map(|path| pattern(path)).collect(),
                })
            })
            .collect();
        Self { operations }
    }

    /// Ok if one operation of the function fits; else the reason, without the query, which may hold a number.
    pub(crate) fn check(&self, function: &str, method: &Method, uri: &Uri) -> Result<(), String> {
        let denied = || format!("{method} {} is not declared for {function}", uri.path());
        let target = Origin::of(uri).ok_or_else(denied)?;
        // Dot segments are resolved by servers, not by us: nothing good needs them. An encoded slash or dot is no better.
        let lower = uri.path().to_ascii_lowercase();
        // Some servers cut a segment at ";" before they resolve it, some decode twice.
        let dots = |segment: &String| matches!(segment.split(';').next(), Some("." | ".."));
        if target.prefix.iter().any(dots) || ["%2f", "%2e", "%5c", "%25", "%3b", "\\"].iter().any(|sign| lower.contains(sign)) {
            return Err(format!("{method} {}: dots and slashes may not be hidden in a path", uri.path()));
        }
        // Some servers take the method from a parameter.
        let parameters = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let overrides = |name: &str| ["_method", "_httpmethod", "x-http-method", "x-http-method-override"].contains(&name);
        if parameters.map(|(name, _)| name.to_ascii_lowercase()).any(|name| overrides(&name)) {
            return Err(format!("{method} {}: no parameter may name another method", uri.path()));
        }
        let fits = self.operations.iter().any(|permit| {
            permit.during.iter().any(|name| name == function)
                && permit.methods.iter().any(|known| known == method.as_str())
                && permit.origin.scheme == target.scheme
                && permit.origin.authority == target.authority
                && target
                    .prefix
                    .strip_prefix(permit.origin.prefix.as_slice())
                    .is_some_and(|rest| permit.paths.iter().any(|path| path_fits(path, rest)))
        });
        if fits { Ok(()) } else { Err(denied()) }
    }
}

impl Origin {
    fn of(uri: &Uri) -> Option<Self> {
        let authority = uri.authority()?.as_str().to_ascii_lowercase();
        if authority.contains('@') {
            return None;
        }
        Some(Self {
            scheme: uri.scheme_str()?.to_owned(),
            authority,
            prefix: uri.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect(),
        })
    }
}

fn pattern(path: &str) -> Vec<Segment> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| match segment {
            "*" => Segment::Any,
            "**" => Segment::Rest,
            text => Segment::Text(text.to_owned()),
        })
        .collect()
}

fn path_fits(pattern: &[Segment], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((Segment::Rest, [])), _) => true,
        (Some((Segment::Any, more)), Some((_, rest))) => path_fits(more, rest),
        (Some((Segment::Text(text), more)), Some((segment, rest))) => text == segment && path_fits(more, rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, method: &str, function: &str) -> Result<(), String> {
        let address: Uri = "https://intranet.example:8443/crm/".parse().unwrap();
        let permits = Permits {
            operations: vec![Permit {
                during: vec!["find".into()],
                origin: Origin::of(&address).unwrap(),
                methods: vec!["GET".into()],
                paths: vec![pattern("/records"), pattern("/query/**"), pattern("/kind/*/card")],
            }],
        };
        permits.check(function, &method.parse().unwrap(), &url.parse().unwrap())
    }

    #[test]
    fn declared_requests_pass() {
        for path in ["/crm/records", "/crm/records?number=15550100199", "/crm/query", "/crm/query/a/b", "/crm/kind/x/card"] {
            check(&format!("https://intranet.example:8443{path}"), "GET", "find").unwrap();
        }
    }

    #[test]
    fn everything_else_is_denied() {
        for (url, method, function) in [
            ("https://intranet.example:8443/crm/records", "POST", "find"),
            ("https://intranet.example:8443/crm/records", "GET", "write"),
            ("https://intranet.example:8443/records", "GET", "find"),
            ("https://intranet.example:8443/crm/records/7", "GET", "find"),
            ("https://intranet.example:8443/crm/kind/a/b/card", "GET", "find"),
            ("https://intranet.example:8443/crm/query/../records2", "GET", "find"),
            ("https://intranet.example:8443/crm/query/%2e%2e/x", "GET", "find"),
            ("https://intranet.example:8443/crm/query/..;a=1/x", "GET", "find"),
            ("https://intranet.example:8443/crm/query/%252e%252e/x", "GET", "find"),
            ("https://intranet.example:8443/crm/query/..%3b/x", "GET", "find"),
            ("https://intranet.example:8443/crm/records?_HttpMethod=DELETE", "GET", "find"),
            ("https://intranet.example:8443/crm/records?a=1&X-HTTP-Method-Override=PATCH", "GET", "find"),
            ("https://intranet.example:8443/crm/records?%5fmethod=put", "GET", "find"),
            ("https://intranet.example/crm/records", "GET", "find"),
            ("http://intranet.example:8443/crm/records", "GET", "find"),
            ("https://intranet.example.evil.test:8443/crm/records", "GET", "find"),
            ("https://user@intranet.example:8443/crm/records", "GET", "find"),
        ] {
            assert!(check(url, method, function).is_err(), "{method} {url} during {function}");
        }
    }
}
