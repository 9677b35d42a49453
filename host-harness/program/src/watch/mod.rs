//! What monitoring asks of a running host: `GET /health` and `GET /metrics`, on a loopback address, and nothing else.
//!
//! `/health` answers 200 while the host does its work and 503 while it does not, both with the reasons as JSON
//! ([`pbx_crm_host::metrics::Health`]). Dead work, little room and an account that an administrator switched off are `degraded`, with 200:
//! somebody should look, and the host works. A store that cannot be written, an account that is not asked, work older than a quarter of an
//! hour and a hanging host are `failing`, with 503. A restart mends none of these but the last: this is for alarms, not for a supervisor that
//! kills what is not well. Nothing on the pages names a person, a number or a call.

mod observing;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use pbx_crm_host::host::now;
use pbx_crm_host::metrics::{self, Grade, Metrics};

use crate::account::server::{Handler, Port, Server};
pub use observing::{Observing, ObservingError, ObservingOptions};

/// A loopback address with a port, such as 127.0.0.1:9464 or [::1]:9464.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Self(address)),
            Ok(_) => Err("only an address of this machine's own loopback is served, such as 127.0.0.1:9464".to_owned()),
            Err(_) => Err("an address and a port are wanted, such as 127.0.0.1:9464".to_owned()),
        }
    }
}

/// Answers until it is dropped.
pub struct Watch {
    port: u16,
    _server: Server,
}

impl Watch {
    /// Serves these figures there. `refresh` is called before each answer, to bring in what the metrics cannot know by themselves, such as the
    /// counts of a store; it may take its time.
    ///
    /// # Errors
    /// The address is taken.
    pub fn start(address: Address, metrics: Metrics, refresh: impl Fn(&Metrics) + Send + Sync + 'static) -> io::Result<Self> {
        let port = Port::at(address.0)?;
        let number = port.number();
        let handler: Handler = Arc::new(move |request| answer(request, &metrics, &refresh));
        Ok(Self { port: number, _server: Server::start(port, handler)? })
    }

    /// The port on which it answers.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn answer(request: &Request<Vec<u8>>, metrics: &Metrics, refresh: &dyn Fn(&Metrics)) -> Response<Vec<u8>> {
    if !is_for_us(request) {
        return said(StatusCode::MISDIRECTED_REQUEST, "text/plain", "ask by the address of the loopback\n".to_owned());
    }
    let path = request.uri().path();
    if !["/health", "/metrics"].contains(&path) {
        return said(StatusCode::NOT_FOUND, "text/plain", "there are /health and /metrics\n".to_owned());
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut refused = said(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET and HEAD\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    refresh(metrics);
    if path == "/metrics" {
        return said(StatusCode::OK, metrics::CONTENT_TYPE, metrics.page(now()));
    }
    let health = metrics.health(now());
    let status = if health.status == Grade::Failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let page = serde_json::to_string(&health).unwrap_or_default() + "\n";
    said(status, "application/json", page)
}

/// A page of somebody else's, open in a browser on this machine, may have its name lead here; it cannot choose what the browser sends as host.
fn is_for_us(request: &Request<Vec<u8>>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.parse::<SocketAddr>() {
        Ok(address) => return hosts.next().is_none() && address.ip().is_loopback(),
        Err(_) => host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name),
    };
    let loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    hosts.next().is_none() && (loopback || name.eq_ignore_ascii_case("localhost") || name == "[::1]")
}

fn said(status: StatusCode, kind: &'static str, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use pbx_crm_host::store::Counts;

    use super::*;

    fn ask(port: u16, request: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _cut = socket.read_to_string(&mut answer);
        answer
    }

    fn get(port: u16, method: &str, path: &str) -> String {
        ask(port, &format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
    }

    fn watch(dead: u64, oldest: Option<u64>) -> Watch {
        let metrics = Metrics::new(["salesforce".to_owned()], now());
        Watch::start("127.0.0.1:0".parse().unwrap(), metrics, move |metrics| {
            metrics.counted(Ok(Counts { dead, oldest, ..Counts::default() }));
        })
        .unwrap()
    }

    #[test]
    fn health_and_metrics_are_served_and_nothing_else() {
        let watch = watch(0, None);
        let health = get(watch.port, "GET", "/health");
        assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("{\"status\":\"ok\",\"reasons\":[]}\n"), "{health}");
        let page = get(watch.port, "GET", "/metrics");
        assert!(
            page.contains("content-type: text/plain; version=0.0.4") && page.contains("\npbx_crm_work_items{state=\"dead\"} 0\n"),
            "{page}"
        );
        let head = get(watch.port, "HEAD", "/metrics");
        assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
        for path in ["/", "/metrics/", "/health/..", "/metricsx", "/queue", "//health"] {
            assert!(get(watch.port, "GET", path).starts_with("HTTP/1.1 404"), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = get(watch.port, method, "/health");
            assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD"), "{method}: {answer}");
        }
    }

    #[test]
    fn dead_work_is_told_with_200_and_work_that_waits_too_long_with_503() {
        let (degraded, failing) = (watch(3, Some(now())), watch(0, Some(now() - 16 * 60_000)));
        let told = get(degraded.port, "GET", "/health");
        assert!(told.starts_with("HTTP/1.1 200") && told.contains("\"degraded\"") && told.contains("dead work: 3"), "{told}");
        let told = get(failing.port, "GET", "/health");
        assert!(told.starts_with("HTTP/1.1 503") && told.contains("\"oldest-waiting\"") && told.contains("16 minutes"), "{told}");
    }

    #[test]
    fn only_who_asks_by_the_loopback_is_answered() {
        let watch = watch(0, None);
        for host in ["localhost", "LOCALHOST:9464", "127.0.0.1", "[::1]:9464", "[::1]"] {
            let answer = ask(watch.port, &format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
        }
        for hosts in [
            "Host: evil.example\r\n",
            "Host: 127.0.0.1.evil.example\r\n",
            "Host: 10.0.0.1\r\n",
            "",
            "Host: localhost\r\nHost: evil.example\r\n",
        ] {
            let answer = ask(watch.port, &format!("GET /health HTTP/1.1\r\n{hosts}\r\n"));
            assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("status"), "{hosts}: {answer}");
        }
    }

    #[test]
    fn only_loopback_addresses_are_taken() {
        for taken in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:9464"] {
            taken.parse::<Address>().unwrap();
        }
        for refused in ["0.0.0.0:9464", "[::]:9464", "192.168.1.2:9464", "localhost", "127.0.0.1", "9464", ""] {
            assert!(refused.parse::<Address>().is_err(), "{refused}");
        }
    }

    #[test]
    fn a_head_without_end_is_cut() {
        let watch = watch(0, None);
        let mut socket = TcpStream::connect(("127.0.0.1", watch.port)).unwrap();
        let endless = std::iter::repeat_n("X-Long: 0123456789012345678901234567890123456789\r\n", 4000).collect::<String>();
        // The server may hang up while this is sent.
        let _cut = socket.write_all(format!("GET /health HTTP/1.1\r\n{endless}").as_bytes());
        let mut answer = String::new();
        let _cut = socket.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}
