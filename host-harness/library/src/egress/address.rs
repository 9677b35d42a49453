//! May a request go to this address? Decided on the address that a name resolved to, so that no name leads where none may go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::target::{OnPremises, Origin};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// Somewhere on the Internet.
    Public,
    /// This machine.
    Loopback,
    /// A network of the site (RFC 1918).
    Private,
    /// The same in IPv6 (`fc00::/7`).
    UniqueLocal,
    /// This cable (`169.254.0.0/16`, `fe80::/10`).
    LinkLocal,
    /// Where cloud machines read their own credentials.
    Metadata,
    /// "This network": `0.0.0.0/8`, `::`.
    Unspecified,
    /// Between a provider and its customers (`100.64.0.0/10`).
    Shared,
    /// Many machines at once.
    Multicast,
    /// For examples in books.
    Documentation,
    /// An IPv4 address in IPv6 clothes: mapped, compatible, 6to4, NAT64, Teredo, ISATAP. What is inside would be reached unjudged.
    Embedded,
    /// For measurements, for the future, for protocols.
    Reserved,
}

/// An address to which nothing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is no address for it ({kind:?})")]
pub struct AddressRefused {
    /// Which.
    pub address: IpAddr,
    /// Why.
    pub kind: AddressKind,
}

impl AddressKind {
    /// Could an administrator allow it by marking its host as on premises?
    #[must_use]
    pub fn may_be_on_premises(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::UniqueLocal)
    }
}

/// What this address is for.
#[must_use]
pub fn kind(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

/// May bytes for `origin` go to this address, to which its name resolved? Public ones may; the site's own only where the administrator
/// marked this host and port; all others never.
///
/// # Errors
/// They may not.
pub fn check(address: IpAddr, origin: &Origin, on_premises: &OnPremises) -> Result<(), AddressRefused> {
    match kind(address) {
        AddressKind::Public => Ok(()),
        kind if kind.may_be_on_premises() && on_premises.marks(origin) => Ok(()),
        kind => Err(AddressRefused { address, kind }),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    let [a, b, c, d] = address.octets();
    match (a, b, c, d) {
        // Alibaba, Azure and Oracle have theirs outside the link-local block.
        (169, 254, 169, 254) | (100, 100, 100, 200) | (168, 63, 129, 16) | (192, 0, 0, 192) => AddressKind::Metadata,
        (0, ..) => AddressKind::Unspecified,
        (127, ..) => AddressKind::Loopback,
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => AddressKind::Private,
        (169, 254, ..) => AddressKind::LinkLocal,
        (100, 64..=127, ..) => AddressKind::Shared,
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => AddressKind::Documentation,
        (192, 88, 99, _) => AddressKind::Embedded,
        (192, 0, 0, _) | (198, 18..=19, ..) | (240..=255, ..) => AddressKind::Reserved,
        (224..=239, ..) => AddressKind::Multicast,
        _ => AddressKind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    let [a, b, c, d, e, f, g, h] = address.segments();
    match (a, b, c, d, e, f, g, h) {
        (0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254) | (0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254) => AddressKind::Metadata,
        (0, 0, 0, 0, 0, 0, 0, 0) => AddressKind::Unspecified,
        (0, 0, 0, 0, 0, 0, 0, 1) => AddressKind::Loopback,
        // Compatible, mapped, translated.
        (0, 0, 0, 0, 0 | 0xffff, 0 | 0xffff, ..) => AddressKind::Embedded,
        (0x0064, 0xff9b, ..) | (0x2002, ..) | (0x2001, 0, ..) => AddressKind::Embedded,
        (0x2001, 0x0db8, ..) | (0x3fff, 0..=0x0fff, ..) => AddressKind::Documentation,
        (0x2001, 0..=0x01ff, ..) => AddressKind::Reserved,
        (0xfc00..=0xfdff, ..) => AddressKind::UniqueLocal,
        (0xfe80..=0xfebf, ..) => AddressKind::LinkLocal,
        (0xff00..=0xffff, ..) => AddressKind::Multicast,
        (0x2000..=0x3fff, _, _, _, 0 | 0x0200, 0x5efe, ..) => AddressKind::Embedded,
        (0x2000..=0x3fff, ..) => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::super::target;
    use super::*;

    const TABLE: &[(&str, AddressKind)] = &[
        ("8.8.8.8", AddressKind::Public),
        ("9.255.255.255", AddressKind::Public),
        ("11.0.0.0", AddressKind::Public),
        ("172.15.255.255", AddressKind::Public),
        ("172.32.0.0", AddressKind::Public),
        ("100.63.255.255", AddressKind::Public),
        ("100.128.0.0", AddressKind::Public),
        ("126.255.255.255", AddressKind::Public),
        ("128.0.0.0", AddressKind::Public),
        ("192.167.255.255", AddressKind::Public),
        ("192.169.0.0", AddressKind::Public),
        ("198.17.255.255", AddressKind::Public),
        ("198.20.0.0", AddressKind::Public),
        ("223.255.255.255", AddressKind::Public),
        ("127.0.0.1", AddressKind::Loopback),
        ("127.255.255.254", AddressKind::Loopback),
        ("10.0.0.1", AddressKind::Private),
        ("172.16.0.1", AddressKind::Private),
        ("172.31.255.255", AddressKind::Private),
        ("192.168.1.1", AddressKind::Private),
        ("169.254.0.1", AddressKind::LinkLocal),
        ("169.254.170.2", AddressKind::LinkLocal),
        ("169.254.169.254", AddressKind::Metadata),
        ("100.100.100.200", AddressKind::Metadata),
        ("168.63.129.16", AddressKind::Metadata),
        ("192.0.0.192", AddressKind::Metadata),
        ("0.0.0.0", AddressKind::Unspecified),
        ("0.1.2.3", AddressKind::Unspecified),
        ("100.64.0.1", AddressKind::Shared),
        ("100.127.255.255", AddressKind::Shared),
        ("224.0.0.1", AddressKind::Multicast),
        ("239.255.255.255", AddressKind::Multicast),
        ("240.0.0.1", AddressKind::Reserved),
        ("255.255.255.255", AddressKind::Reserved),
        ("192.0.0.8", AddressKind::Reserved),
        ("198.18.0.1", AddressKind::Reserved),
        ("198.19.255.255", AddressKind::Reserved),
        ("192.0.2.1", AddressKind::Documentation),
        ("198.51.100.7", AddressKind::Documentation),
        ("203.0.113.9", AddressKind::Documentation),
        ("192.88.99.1", AddressKind::Embedded),
        ("2606:4700::1111", AddressKind::Public),
        ("2a00:1450:4001::200e", AddressKind::Public),
        ("::", AddressKind::Unspecified),
        ("::1", AddressKind::Loopback),
        ("::ffff:127.0.0.1", AddressKind::Embedded),
        ("::ffff:8.8.8.8", AddressKind::Embedded),
        ("::ffff:0:10.0.0.1", AddressKind::Embedded),
        ("::127.0.0.1", AddressKind::Embedded),
        ("64:ff9b::7f00:1", AddressKind::Embedded),
        ("64:ff9b:1::a00:1", AddressKind::Embedded),
        ("2002:7f00:1::", AddressKind::Embedded),
        ("2001:0:4136:e378::1", AddressKind::Embedded),
        ("2606:4700::5efe:7f00:1", AddressKind::Embedded),
        ("2606:4700::200:5efe:a00:1", AddressKind::Embedded),
        ("2001:db8::1", AddressKind::Documentation),
        ("3fff:123::1", AddressKind::Documentation),
        ("2001:10::1", AddressKind::Reserved),
        ("fc00::1", AddressKind::UniqueLocal),
        ("fdff::1", AddressKind::UniqueLocal),
        ("fd00:ec2::254", AddressKind::Metadata),
        ("fd20:ce::254", AddressKind::Metadata),
        ("fe80::1", AddressKind::LinkLocal),
        ("febf::1", AddressKind::LinkLocal),
        ("fec0::1", AddressKind::Reserved),
        ("ff02::1", AddressKind::Multicast),
        ("100::1", AddressKind::Reserved),
        ("5f00::1", AddressKind::Reserved),
        ("4000::1", AddressKind::Reserved),
    ];

    #[test]
    fn every_address_is_what_it_is() {
        for (text, expected) in TABLE {
            assert_eq!(kind(text.parse().unwrap()), *expected, "{text}");
        }
    }

    #[test]
    fn only_public_addresses_pass_unmarked() {
        let origin = target::parse("https://crm.example", &OnPremises::default()).unwrap();
        for (text, expected) in TABLE {
            let passes = check(text.parse().unwrap(), &origin, &OnPremises::default()).is_ok();
            assert_eq!(passes, *expected == AddressKind::Public, "{text}");
        }
    }

    #[test]
    fn a_mark_opens_the_sites_own_addresses_for_that_host_and_port_and_nothing_else() {
        let marked = OnPremises::default().with("https://crm.example:8443").unwrap();
        let origin = target::parse("https://crm.example:8443", &marked).unwrap();
        for (text, expected) in TABLE {
            let opened = matches!(expected, AddressKind::Public | AddressKind::Loopback | AddressKind::Private | AddressKind::UniqueLocal);
            assert_eq!(check(text.parse().unwrap(), &origin, &marked).is_ok(), opened, "{text}");
        }
        for other in ["https://crm.example", "https://other.example:8443", "https://a.crm.example:8443"] {
            let origin = target::parse(other, &marked).unwrap();
            assert!(check("10.0.0.1".parse().unwrap(), &origin, &marked).is_err(), "{other}");
        }
    }
}
