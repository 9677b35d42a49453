//! What may be asked, and what gets not one packet. On the loopback, through the exchange with login hosts.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};

mod guard;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::sockets::Sockets;
use super::target::OnPremises;
use crate::credential::endpoint::{ByWire, ExchangeFailed, TokenEndpoint};

const WAIT: Duration = Duration::from_secs(10);

fn post(url: &str) -> Request<Vec<u8>> {
    Request::post(url).body(b"grant_type=refresh_token".to_vec()).unwrap()
}

/// Answers one connection with these bytes, and closes.
fn serve(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        let mut read = Vec::new();
        let mut chunk = [0; 1024];
        while !read.ends_with(b"grant_type=refresh_token") {
            match socket.read(&mut chunk) {
                Ok(0) | Err(_) => break,
                Ok(count) => read.extend_from_slice(&chunk[..count]),
            }
        }
        let _ = socket.write_all(&answer);
        String::from_utf8(read).unwrap()
    });
    (address, thread)
}

fn asked(on_premises: OnPremises) -> ByWire {
    ByWire(Arc::new(Sockets::new(on_premises)))
}

fn marked(address: &str) -> ByWire {
    asked(OnPremises::default().with(address).unwrap())
}

fn whole(status: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_marked_host_on_this_machine_is_asked() {
    let (address, server) = serve(whole("400 Bad Request", "", b"{}"));
    let answer = marked(&address).exchange(post(&format!("{address}/services/oauth2/token")), WAIT).unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (400, b"{}".as_slice()));
    assert!(server.join().unwrap().starts_with("POST /services/oauth2/token HTTP/1.1\r\n"));
}

#[test]
fn an_unmarked_one_gets_not_one_packet() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let other_port = if port == 1 { 2 } else { port - 1 };
    for (sockets, url) in [
        (asked(OnPremises::default()), format!("http://127.0.0.1:{port}/")),
        (asked(OnPremises::default()), format!("https://127.0.0.1:{port}/")),
        // Names that resolve to this machine: refused on the address.
        (asked(OnPremises::default()), format!("https://localhost:{port}/")),
        (marked(&format!("http://127.0.0.1:{other_port}")), format!("http://127.0.0.1:{port}/")),
        (marked(&format!("http://127.0.0.1:{port}")), format!("http://localhost:{port}/")),
        (marked(&format!("http://127.0.0.1:{port}")), format!("http://127.0.0.2:{port}/")),
        (marked(&format!("http://127.0.0.1:{port}")), format!("http://2130706433:{port}/")),
    ] {
        let answer = sockets.exchange(post(&url), WAIT);
        assert!(matches!(answer, Err(ExchangeFailed::NotSent(_))), "{url}: {answer:?}");
    }
    assert_eq!(listener.accept().err().map(|why| why.kind()), Some(std::io::ErrorKind::WouldBlock));
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = elsewhere.local_addr().unwrap();
    let (address, server) = serve(whole("302 Found", &format!("location: http://{to}/\r\n"), b""));
    let both = OnPremises::default().with(&address).unwrap().with(&format!("http://{to}")).unwrap();
    let answer = asked(both).exchange(post(&format!("{address}/")), WAIT).unwrap();
    assert_eq!(answer.status().as_u16(), 302);
    server.join().unwrap();
    assert_eq!(elsewhere.accept().err().map(|why| why.kind()), Some(std::io::ErrorKind::WouldBlock));
}

#[test]
fn what_was_sent_and_not_answered_is_unclear_and_what_was_not_sent_is_not() {
    let (address, server) = serve(Vec::new());
    let answer = marked(&address).exchange(post(&format!("{address}/")), WAIT);
    assert!(matches!(answer, Err(ExchangeFailed::Unclear(_))), "{answer:?}");
    server.join().unwrap();
    let (address, server) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"acc".to_vec());
    let answer = marked(&address).exchange(post(&format!("{address}/")), WAIT);
    assert!(matches!(answer, Err(ExchangeFailed::Unclear(_))), "{answer:?}");
    server.join().unwrap();
    // Nobody listens there any more.
    let answer = marked(&address).exchange(post(&format!("{address}/")), WAIT);
    assert!(matches!(answer, Err(ExchangeFailed::NotSent(_))), "{answer:?}");
    let answer = marked(&address).exchange(post(&format!("{address}/")), Duration::ZERO);
    assert!(matches!(answer, Err(ExchangeFailed::NotSent(_))), "{answer:?}");
}
