//! The control side over a real socket, from another process's point of view.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crm_fake::{ControlError, CrmFake, Fault, FaultKind, Operation, Outcome, Phone, RemoteCrm, Role, SeedRecord, Server};
use http::Request;
use webhook_fake::WebhookFake;

const NOW: u64 = 1_767_578_400_000;

fn start() -> (Server, RemoteCrm) {
    let server = Server::start(Box::new(WebhookFake::new()), 0).unwrap();
    let remote = RemoteCrm::connect(server.address()).unwrap();
    (server, remote)
}

fn find() -> Request<Vec<u8>> {
    Request::get("/records?number=15550100199&limit=5").header("accept", "application/json").body(Vec::new()).unwrap()
}

/// Sends bytes and gives all that comes until the server closes.
fn raw(server: &Server, bytes: &str) -> String {
    let mut socket = TcpStream::connect(server.address().trim_start_matches("http://")).unwrap();
    socket.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    let _closed_or_reset = socket.read_to_string(&mut answer);
    answer
}

#[test]
fn a_remote_fake_is_a_fake() {
    let (server, mut remote) = start();
    assert_eq!(remote.name(), "webhook");
    let settings = remote.settings("http://host:1/a&b=c");
    assert_eq!(settings, [("address".to_owned(), serde_json::json!("http://host:1/a&b=c"))]);

    let phone = Phone { label: "mobile".to_owned(), number: "+1 555 010 0199".to_owned() };
    let seed = SeedRecord { id: Some("a-7".to_owned()), phones: vec![phone], ..SeedRecord::new(Role::Person) };
    assert_eq!(remote.seed(NOW, vec![seed.clone()]), Ok(vec!["a-7".to_owned()]));
    assert!(matches!(remote.seed(NOW, vec![seed]), Err(ControlError::Invalid(why)) if why.contains("taken")));
    assert_eq!(remote.records()[0].changed_at, NOW);

    remote.inject(Fault::always(FaultKind::Delay { ms: 4_000, to_ms: None })).unwrap();
    let answer = remote.answer(NOW + 5, find());
    assert_eq!((answer.after_ms, answer.status()), (4_000, Some(200)));
    remote.clear_faults();
    assert_eq!(remote.answer(NOW + 6, find()).after_ms, 0);
    let requests = remote.requests();
    assert_eq!((requests[0].at_ms, requests[0].operation), (NOW + 5, Operation::Find));
    assert_eq!(requests[0].path, "/records?number=15550100199&limit=5");
    assert!(remote.activities().is_empty());
    drop(server);
    assert!(matches!(remote.inject(Fault::always(FaultKind::Garbled)), Err(ControlError::Unreachable(_))));
}

#[test]
fn a_player_is_told_what_others_see_as_a_closed_socket() {
    let (server, mut remote) = start();
    remote.inject(Fault::always(FaultKind::CutAfterCommit).times(2)).unwrap();
    remote.inject(Fault::always(FaultKind::Unreachable).times(1)).unwrap();
    assert!(matches!(remote.answer(NOW, find()).outcome, Outcome::Cut));
    assert_eq!(raw(&server, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"), "");
    assert!(matches!(remote.answer(NOW, find()).outcome, Outcome::Refused));
    let answer = raw(&server, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-fake-after-ms: 0"), "{answer}");
}

#[test]
fn the_clock_is_the_tests() {
    let (server, remote) = start();
    let put = |body: &str| {
        let length = body.len();
        raw(&server, &format!("PUT /_control/clock HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"))
    };
    assert!(put(r#"{"now-ms": 1234}"#).starts_with("HTTP/1.1 204"));
    raw(&server, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_eq!(remote.requests()[0].at_ms, 1234);
    assert!(put(r#"{"now_ms": 5}"#).starts_with("HTTP/1.1 204"));
    assert!(put(r#"{"now": 5}"#).starts_with("HTTP/1.1 400"));
}

#[test]
fn the_control_side_refuses_what_it_does_not_know() {
    let (server, _) = start();
    let ask = |line: &str| raw(&server, &format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
    assert!(ask("GET /_control/secrets").starts_with("HTTP/1.1 404"));
    assert!(ask("DELETE /_control/records").starts_with("HTTP/1.1 405"));
    assert!(ask("GET /_control/records?all=1").starts_with("HTTP/1.1 400"));
    assert!(ask("GET /_control/settings?port=1").starts_with("HTTP/1.1 400"));
    let huge = "POST /_control/records HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4194305\r\n\r\n";
    let body = "[".repeat(4_194_305);
    assert!(raw(&server, &format!("{huge}{body}")).starts_with("HTTP/1.1 413"));
}

#[test]
fn a_stopped_server_frees_its_port() {
    let (server, _) = start();
    let port = server.address().rsplit(':').next().unwrap().parse().unwrap();
    let _open = TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}
