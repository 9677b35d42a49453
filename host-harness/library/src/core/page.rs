//! Addresses of records' pages: made by the host alone, from the pattern that the connector declares and addresses that were approved.

use crate::bindings::connector::exports::pbx::crm::description::Description;
use crate::bindings::crm::types::RecordRef;
use crate::credential::terms::suffixes;
use crate::egress::target::{self, HostRule, OnPremises, TargetRefused};

/// Stands at the beginning of a pattern for the address of the API.
const BASE: &str = "{base}";
/// Stands at the beginning of a pattern for the address of the pages.
const PAGES: &str = "{pages}";

/// Where an account's pages are.
pub(crate) struct PageAt<'a> {
    /// Address for API requests, without a final "/".
    pub(crate) base: &'a str,
    /// Address of pages, without a final "/", if the CRM has told one that may be believed.
    pub(crate) pages: Option<&'a str>,
    /// The organisation for ever.
    pub(crate) organisation: &'a str,
}

impl PageAt<'_> {
    /// The page of a record by a pattern that was [checked](check_pattern). None: it is not known where.
    pub(crate) fn address(&self, pattern: &str, reference: &RecordRef) -> Option<String> {
        let (start, rest) = if let Some(rest) = pattern.strip_prefix(PAGES) {
            (self.pages?, rest)
        } else if let Some(rest) = pattern.strip_prefix(BASE) {
            (self.base, rest)
        } else {
            ("", pattern)
        };
        let rest = rest
            .replace("{organisation}", &escape(self.organisation))
            .replace("{kind}", &escape(&reference.kind))
            .replace("{id}", &escape(&reference.id));
        Some(format!("{start}{rest}"))
    }
}

/// Percent-encodes all but RFC 3986 unreserved characters, so that an id stays one path segment. `{` and `}` are encoded too, so
/// a value is never taken for a placeholder.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Can nothing that is filled in change the host of such a page?
///
/// # Errors
/// It can, or the pattern is no address.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("the pattern `{pattern}` of a page {why}"));
    let rest = match pattern.strip_prefix(BASE).or_else(|| pattern.strip_prefix(PAGES)) {
        Some(rest) => rest,
        None => {
            let Some(after) = pattern.strip_prefix("https://") else {
                return wrong("begins neither with {base} nor with {pages} nor with https://");
            };
            let (host, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
            if HostRule::exactly(host).is_err() {
                return wrong("has no host name");
            }
            rest
        }
    };
    if !rest.is_empty() && !rest.starts_with(['/', '?', '#']) {
        return wrong("goes on where a host name ends");
    }
    if rest.contains(BASE) || rest.contains(PAGES) {
        return wrong("has {base} or {pages} elsewhere than at its beginning");
    }
    Ok(())
}

/// Are these ends of host names?
///
/// # Errors
/// One is not.
pub(crate) fn check_hosts(description: &Description) -> Result<(), String> {
    suffixes(&description.page_hosts)?;
    let wants = |page: &Option<String>| page.as_ref().is_some_and(|page| page.starts_with(PAGES));
    if description.page_hosts.is_empty() && description.kinds.iter().any(|kind| wants(&kind.page)) {
        return Err("one of its pages is at {pages}, and it declares no host for them".to_owned());
    }
    Ok(())
}

/// The address of pages that a connector tells of an account, if it may be believed: at a host that was declared, https unless it is on premises,
/// read by all programs alike. Without a final "/".
///
/// # Errors
/// It may not.
pub(crate) fn told(description: &Description, address: &str, on_premises: &OnPremises) -> Result<String, TargetRefused> {
    let rules: Vec<HostRule> = description.page_hosts.iter().filter_map(|suffix| HostRule::below(suffix).ok()).collect();
    let origin = target::check(address, &rules, on_premises)?;
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path).trim_end_matches('/');
    let plain = |segment: &str| {
        let signs = segment.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'.' | b'_' | b'~'));
        signs && !segment.is_empty() && segment != "." && segment != ".."
    };
    if address.contains('?') || !(path.is_empty() || path.split('/').all(plain)) {
        return Err(TargetRefused::OddSigns);
    }
    Ok(if path.is_empty() { origin.address() } else { origin.join(path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::connector::tests::description;

    fn reference(id: &str) -> RecordRef {
        RecordRef { connector: "crm".to_owned(), kind: "res partner".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn a_page_is_made_of_the_pattern_and_what_is_filled_in_stays_one_segment() {
        let at = PageAt { base: "https://api.example/v1", pages: Some("https://app-eu1.example/crm"), organisation: "a/b" };
        for (pattern, page) in [
            ("{base}/{id}", "https://api.example/v1/..%2F%3Fx%23%7Bbase%7D"),
            ("{pages}/c/{organisation}/{kind}/{id}", "https://app-eu1.example/crm/c/a%2Fb/res%20partner/..%2F%3Fx%23%7Bbase%7D"),
            ("https://app.example/{id}", "https://app.example/..%2F%3Fx%23%7Bbase%7D"),
        ] {
            assert_eq!(at.address(pattern, &reference("../?x#{base}")).as_deref(), Some(page));
        }
        let unknown = PageAt { pages: None, ..at };
        assert_eq!(unknown.address("{pages}/{id}", &reference("1")), None);
        assert_eq!(unknown.address("{base}/{id}", &reference("1")).as_deref(), Some("https://api.example/v1/1"));
    }

    #[test]
    fn nothing_that_is_filled_in_can_change_the_host() {
        for pattern in ["{base}", "{base}/{id}", "{pages}?r={id}", "{base}#{kind}/{id}", "https://app.example/{organisation}/{id}"] {
            check_pattern(pattern).unwrap();
        }
        for pattern in [
            "",
            "/{id}",
            "http://app.example/{id}",
            "javascript:alert({id})",
            "https://{organisation}.example/{id}",
            "https://app.example{id}",
            "https:///{id}",
            "https://user@app.example/{id}",
            "{base}.evil.test/{id}",
            "{pages}{id}",
            "{base}/{base}",
            "https://app.example/{pages}",
            "{id}",
        ] {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn an_address_of_pages_is_believed_at_declared_hosts_and_on_premises_alone() {
        let mut declared = description("Example", "1.0.0");
        declared.page_hosts = vec![".example.com".to_owned()];
        let marked = OnPremises::default().with("http://10.1.2.3:8069").unwrap();
        for (address, taken) in [
            ("https://app-eu1.example.com", "https://app-eu1.example.com"),
            ("https://App.Example.com/", "https://app.example.com"),
            ("https://app.example.com/crm/v2/", "https://app.example.com/crm/v2"),
            ("http://10.1.2.3:8069", "http://10.1.2.3:8069"),
            ("http://10.1.2.3:8069/web", "http://10.1.2.3:8069/web"),
        ] {
            assert_eq!(told(&declared, address, &marked).as_deref(), Ok(taken));
        }
        for address in [
            "",
            "app.example.com",
            "http://app.example.com",
            "https://example.com",
            "https://evil.test",
            "https://app.example.com.evil.test",
            "https://evil.test/.example.com",
            "https://a@app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com/?next=https://evil.test",
            "https://app.example.com/#x",
            "https://app.example.com/a/../b",
            "https://app.example.com//evil.test",
            "https://app.example.com/{id}",
            "https://app.example.com/%2e%2e",
            "http://10.1.2.4:8069",
            "javascript:alert(1)",
        ] {
            assert!(told(&declared, address, &marked).is_err(), "{address}");
        }
    }
}
