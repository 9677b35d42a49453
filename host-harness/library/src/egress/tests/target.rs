//! Promises about URLs: which pass, and which are refused and why.

use super::*;

fn approved() -> Vec<HostRule> {
    vec![
        HostRule::exactly("login.salesforce.com").unwrap(),
        HostRule::exactly("api.example:8443").unwrap(),
        HostRule::below("my.salesforce.com").unwrap(),
        HostRule::below(".zoho.example").unwrap(),
    ]
}

#[test]
fn approved_hosts_pass() {
    for (url, address) in [
        ("https://login.salesforce.com/services/oauth2/token", "https://login.salesforce.com"),
        ("https://LOGIN.Salesforce.COM/", "https://login.salesforce.com"),
        ("HTTPS://login.salesforce.com:443/x?y=z@w:1", "https://login.salesforce.com"),
        ("https://api.example:8443/v1", "https://api.example:8443"),
        ("https://my.salesforce.com", "https://my.salesforce.com"),
        ("https://example--uat.sandbox.my.salesforce.com/services/data", "https://example--uat.sandbox.my.salesforce.com"),
        ("https://www.zoho.example/", "https://www.zoho.example"),
        ("https://xn--bcher-kva.my.salesforce.com/", "https://xn--bcher-kva.my.salesforce.com"),
    ] {
        assert_eq!(check(url, &approved(), &OnPremises::default()).map(|origin| origin.address()), Ok(address.to_owned()), "{url}");
    }
}

#[test]
fn hosts_that_look_like_approved_ones_are_refused() {
    for url in [
        "https://login.salesforce.com.evil.test/",
        "https://evillogin.salesforce.com/",
        "https://evilmy.salesforce.com/",
        "https://my.salesforce.com.evil.test/",
        "https://my.salesforce.community/",
        "https://zoho.example/",
        "https://api.example/",
        "https://api.example:443/",
        "https://login.salesforce.com:8443/",
        "https://example.my.salesforce.com:8443/",
        "https://salesforce.com/",
    ] {
        assert!(matches!(check(url, &approved(), &OnPremises::default()), Err(TargetRefused::NotApproved(_))), "{url}");
    }
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    for (url, why) in [
        ("https://user@login.salesforce.com/", TargetRefused::UserInfo),
        ("https://user:password@login.salesforce.com/", TargetRefused::UserInfo),
        ("https://@login.salesforce.com/", TargetRefused::UserInfo),
        ("https://login.salesforce.com@evil.test/", TargetRefused::UserInfo),
        ("https://evil.test\\@login.salesforce.com/", TargetRefused::OddSigns),
        ("https://evil.test\\.login.salesforce.com/", TargetRefused::OddSigns),
        ("https:\\\\login.salesforce.com/", TargetRefused::OddSigns),
        ("https://login.salesforce.com#@evil.test/", TargetRefused::Fragment),
        ("https://login.salesforce.com/#part", TargetRefused::Fragment),
        ("https://login.salesforce.com./", TargetRefused::Host),
        ("https://login.salesforce.com../", TargetRefused::Host),
        ("https://.login.salesforce.com/", TargetRefused::Host),
        ("https://login..salesforce.com/", TargetRefused::Host),
        ("https://login.salesforce%2ecom/", TargetRefused::Host),
        ("https://login.salesforce.com%00.evil.test/", TargetRefused::Host),
        ("https://login.salesforce.com%2f.evil.test/", TargetRefused::Host),
        ("https://login.salesforce.com,evil.test/", TargetRefused::Host),
        ("https://*.salesforce.com/", TargetRefused::Host),
        ("https://login.salesforce.com /", TargetRefused::OddSigns),
        ("https://login.sales\tforce.com/", TargetRefused::OddSigns),
        ("https://login.salesforce.com/\r\nHost: evil.test", TargetRefused::OddSigns),
        (" https://login.salesforce.com/", TargetRefused::OddSigns),
        ("https://login.s\u{0430}lesforce.com/", TargetRefused::OddSigns),
        ("https://login.salesforce.com\u{3002}evil.test/", TargetRefused::OddSigns),
        ("https://login\u{00ad}.salesforce.com/", TargetRefused::OddSigns),
        ("https://\u{ff4c}ogin.salesforce.com/", TargetRefused::OddSigns),
        ("https://xn--/", TargetRefused::Host),
        ("https:///login.salesforce.com/", TargetRefused::Host),
        ("https:login.salesforce.com/", TargetRefused::Scheme),
        ("https:/login.salesforce.com/", TargetRefused::Scheme),
        ("//login.salesforce.com/", TargetRefused::Scheme),
        ("login.salesforce.com", TargetRefused::Scheme),
        ("ftp://login.salesforce.com/", TargetRefused::Scheme),
        ("file:///etc/passwd", TargetRefused::Scheme),
        ("javascript://login.salesforce.com/", TargetRefused::Scheme),
        ("wss://login.salesforce.com/", TargetRefused::Scheme),
        ("", TargetRefused::Scheme),
        ("https://", TargetRefused::Host),
        ("https://:443/", TargetRefused::Host),
        ("https://login.salesforce.com:/", TargetRefused::Port),
        ("https://login.salesforce.com:0/", TargetRefused::Port),
        ("https://login.salesforce.com:0443/", TargetRefused::Port),
        ("https://login.salesforce.com:+443/", TargetRefused::Port),
        ("https://login.salesforce.com:65536/", TargetRefused::Port),
        ("https://login.salesforce.com:443:443/", TargetRefused::Port),
        ("https://login.salesforce.com:443@evil.test/", TargetRefused::UserInfo),
    ] {
        assert_eq!(check(url, &approved(), &OnPremises::default()), Err(why), "{url}");
    }
    assert_eq!(parse(&format!("https://a.example/{}", "a".repeat(MOST_BYTES)), &OnPremises::default()), Err(TargetRefused::TooLong));
}

#[test]
fn numbers_are_no_hosts_in_any_spelling() {
    for url in ["https://127.0.0.1/", "https://8.8.8.8/", "https://169.254.169.254/latest", "https://[::1]/", "https://[2606:4700::1111]/"]
    {
        assert!(matches!(parse(url, &OnPremises::default()), Err(TargetRefused::Number(_))), "{url}");
    }
    for url in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0X7F000001/",
        "https://017700000001/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://1.2.3.4.5/",
        "https://a.0x7f/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::1%25lo]/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[]/",
        "https://[v1.x]/",
        "https://\u{2460}27.0.0.1/",
    ] {
        assert!(parse(url, &OnPremises::default()).is_err(), "{url}");
    }
    let marked = OnPremises::default().with("http://127.0.0.1:4711").unwrap();
    for url in ["http://2130706433:4711/", "http://0x7f000001:4711/", "http://127.1:4711/", "http://[::ffff:127.0.0.1]:4711/"] {
        assert!(parse(url, &marked).is_err(), "a mark holds for its own spelling alone: {url}");
    }
}

#[test]
fn http_goes_to_marked_hosts_at_their_port_alone() {
    let marked = OnPremises::default().with("http://odoo.example:8069").unwrap().with("http://[fd12::5]").unwrap();
    for url in ["http://odoo.example:8069/json", "https://odoo.example:8069/json", "http://ODOO.example:8069", "http://[fd12::5]/"] {
        assert!(check(url, &[], &marked).is_ok(), "{url}");
    }
    for url in ["http://odoo.example/", "http://odoo.example:8070/", "http://a.odoo.example:8069/", "http://login.salesforce.com/"] {
        assert!(matches!(check(url, &approved(), &marked), Err(TargetRefused::NotSecure(_))), "{url}");
    }
}

#[test]
fn some_addresses_cannot_be_marked() {
    for address in ["http://169.254.169.254", "http://[fe80::1]", "http://0.0.0.0:80", "http://[fd00:ec2::254]", "http://[::ffff:10.0.0.1]"]
    {
        assert!(OnPremises::default().with(address).is_err(), "{address}");
    }
    assert!(OnPremises::default().with("http://10.0.0.1/path").is_err());
    assert!(OnPremises::default().with("*").is_err());
}

#[test]
fn rules_that_would_open_too_much_are_refused() {
    for text in ["com", ".", "", "*", "*.example.com", ".com", "example.com.", "example.com/x", "example.com:8443", "10.0.0.1"] {
        assert!(HostRule::below(text).is_err(), "{text}");
    }
    for text in ["", "*", "a b", "user@host.example", "10.0.0.1", "https://x.example", "x.example/"] {
        assert!(HostRule::exactly(text).is_err(), "{text}");
    }
}
