//! A name server that lies, and to which of its addresses a connection is tried.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use ureq::Agent;
use ureq::unversioned::transport::{ConnectionDetails, Connector, TcpConnector};

use super::*;

/// Gives the next of its answers each time that it is asked.
#[derive(Debug)]
struct Scripted(Mutex<Vec<Vec<&'static str>>>);

impl Resolver for Scripted {
    fn resolve(&self, uri: &Uri, _config: &Config, _timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        for address in self.0.lock().unwrap().remove(0) {
            let address: IpAddr = address.parse().unwrap();
            found.push(SocketAddr::new(address, uri.port_u16().unwrap_or(443)));
        }
        Ok(found)
    }
}

/// Notes where a connection would go, and makes none.
#[derive(Debug, Default, Clone)]
struct Noting(Arc<Mutex<Vec<String>>>);

impl Connector for Noting {
    type Out = <TcpConnector as Connector>::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.lock().unwrap().extend(details.addrs.iter().map(|socket| socket.ip().to_string()));
        Err(ureq::Error::ConnectionFailed)
    }
}

/// Sends one request for each answer of the name server; gives the addresses to which connections were tried.
fn tried(url: &str, answers: &[&[&'static str]], on_premises: OnPremises) -> Vec<String> {
    let noting = Noting::default();
    let names = Scripted(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect()));
    let agent = Agent::with_parts(Config::default(), noting.clone(), GuardedNames { names, on_premises });
    for _ in answers {
        assert!(agent.get(url).call().is_err());
    }
    noting.0.lock().unwrap().clone()
}

const NAME: &str = "https://example.my.salesforce.com/";

#[test]
fn f37_a_name_that_leads_inside_is_refused_by_its_addresses() {
    for inside in
        ["10.0.0.1", "127.0.0.1", "::1", "169.254.169.254", "192.168.1.1", "0.0.0.0", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "100.64.0.1"]
    {
        assert_eq!(tried(NAME, &[&[inside]], OnPremises::default()), Vec::<String>::new(), "{inside}");
        assert_eq!(tried(NAME, &[&[inside, "8.8.8.8"]], OnPremises::default()), ["8.8.8.8"], "{inside} beside a public one");
    }
    // Marked: the site's own, and still neither this cable's nor where machines keep their keys.
    let marked = || OnPremises::default().with("http://crm.site.example:8069").unwrap();
    let site = tried("http://crm.site.example:8069/", &[&["10.0.0.1", "169.254.169.254", "fe80::1"]], marked());
    assert_eq!(site, ["10.0.0.1"]);
}

#[test]
fn f38_a_second_look_at_the_name_gives_nobody_another_address() {
    // Rebinding: public when it is checked, inside when it is used. It is looked at once for each connection, and what was checked is used.
    assert_eq!(tried(NAME, &[&["8.8.8.8"]], OnPremises::default()), ["8.8.8.8"]);
    assert_eq!(tried(NAME, &[&["8.8.8.8"], &["127.0.0.1"]], OnPremises::default()), ["8.8.8.8"]);
}
