//! Against servers on the loopback that misbehave in one way each.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::time::Instant;

use super::*;
use crate::core::io::HttpRequest;
use crate::egress::loopback::{PATIENCE, Server, egress, read_request, request, wait_for_the_end, way};

/// To the host of the request, as if it were marked as on premises.
fn send_within(request: &HttpRequest, time_left: Duration) -> HttpAnswer {
    let marked = target::origin_of(&request.url).map(|origin| origin.address()).ok();
    way(&marked.into_iter().collect::<Vec<_>>()).send(request, 0, time_left)
}

fn send(request: &HttpRequest) -> HttpAnswer {
    send_within(request, PATIENCE)
}

/// The failure; of an answer no more than its length, or a failing test would print megabytes.
fn failure_of(request: &HttpRequest) -> HttpFailure {
    send(request).map(|answer| answer.body().len()).unwrap_err()
}

#[test]
fn every_status_is_an_answer_and_the_request_arrives_as_it_was_made() {
    let server = Server::answering("HTTP/1.1 404 Not Found\r\nx-one: 1\r\ncontent-length: 4\r\n\r\nnone");
    let post = HttpRequest { method: "POST".to_owned(), body: Bytes::from_static(b"{}"), ..server.request() };
    let answer = send(&post).unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (404, b"none".as_slice()));
    assert_eq!(answer.headers()["x-one"], "1");
    let seen = server.seen().to_ascii_lowercase();
    assert!(seen.starts_with("post /path?q=1 http/1.1\r\n"), "{seen}");
    for part in [
        format!("host: 127.0.0.1:{}\r\n", server.port),
        "x-kind: contact\r\n".to_owned(),
        "content-length: 2\r\n".to_owned(),
        "\r\n\r\n{}".to_owned(),
    ] {
        assert!(seen.contains(&part), "no {part:?} in {seen}");
    }
}

#[test]
fn a_request_announces_a_body_only_where_it_belongs() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    for (method, announced) in [("GET", false), ("DELETE", false), ("POST", true), ("PATCH", true)] {
        // A connector's own word on the length does not count.
        let headers = vec![("Content-Length".to_owned(), "7".to_owned())];
        let answer = send(&HttpRequest { method: method.to_owned(), headers, ..server.request() }).unwrap();
        assert_eq!(answer.status().as_u16(), 204);
        let seen = server.seen().to_ascii_lowercase();
        assert_eq!(seen.contains("content-length: 0\r\n"), announced, "{seen}");
        assert_eq!(seen.contains("content-length"), announced, "{seen}");
    }
    let body = Bytes::from_static(b"{}");
    send(&HttpRequest { body, ..server.request() }).unwrap();
    assert!(server.seen().ends_with("\r\n\r\n{}"), "a search by GET with a body");
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let server =
        Server::answering(format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", elsewhere.port));
    assert_eq!(send(&server.request()).unwrap().status().as_u16(), 302);
    assert!(elsewhere.seen.try_recv().is_err());
}

#[test]
fn a_broken_connection_is_cut_since_the_crm_may_have_seen_the_request() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA\r\nfour",
        "nonsense\r\n\r\n",
    ] {
        assert_eq!(failure_of(&Server::answering(answer).request()), HttpFailure::Cut, "{answer:?}");
    }
    let not_gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope";
    assert_eq!(failure_of(&Server::answering(not_gzip).request()), HttpFailure::Cut);
}

#[test]
fn what_fails_before_anything_is_sent_says_so() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    assert_eq!(failure_of(&request(&format!("http://127.0.0.1:{port}/"))), HttpFailure::Refused);
    assert_eq!(failure_of(&request(&format!("https://127.0.0.1:{port}/"))), HttpFailure::Refused);

    let no_name = nothing_sent(ureq::Error::HostNotFound, |_| HttpFailure::NoSuchHost);
    assert_eq!(failure(no_name), HttpFailure::NoSuchHost);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(b"220 this is no secure server\r\n").unwrap();
        wait_for_the_end(&mut socket);
    });
    let secure = request(&format!("https://127.0.0.1:{port}/"));
    assert!(matches!(failure_of(&secure), HttpFailure::Tls(_)));
    plain.join().unwrap();

    assert_eq!(send_within(&secure, Duration::ZERO).unwrap_err(), HttpFailure::ConnectTimeout);
}

#[test]
fn an_impossible_request_is_denied() {
    for url in ["ftp://127.0.0.1/", "/path", "http://user:word@127.0.0.1/", "not an address", "file:///etc/hosts"] {
        assert!(matches!(send(&request(url)), Err(HttpFailure::Denied(_))), "{url}");
    }
    let good = request("http://127.0.0.1/");
    let with = |name: &str, value: String| HttpRequest { headers: vec![(name.to_owned(), value)], ..good.clone() };
    for bad in [with("a b", String::new()), with("a", "b\r\nc: d".to_owned()), with("a", "b".repeat(limits::HEADER_BYTES))] {
        assert!(matches!(send(&bad), Err(HttpFailure::Denied(_))), "{:?}", bad.headers[0].0);
    }
    assert!(matches!(send(&HttpRequest { method: "GET it".to_owned(), ..good }), Err(HttpFailure::Denied(_))));
}

#[test]
fn an_answer_may_be_as_long_as_the_limit_and_no_longer() {
    let answer = |body: usize, announced: bool| {
        let length = if announced { format!("content-length: {body}\r\n") } else { "connection: close\r\n".to_owned() };
        let mut bytes = format!("HTTP/1.1 200 OK\r\n{length}\r\n").into_bytes();
        bytes.resize(bytes.len() + body, b'x');
        Server::answering(bytes)
    };
    for announced in [true, false] {
        let longest = answer(limits::RESPONSE_BODY, announced);
        assert_eq!(send(&longest.request()).unwrap().body().len(), limits::RESPONSE_BODY);
        let longer = answer(limits::RESPONSE_BODY + 1, announced);
        assert_eq!(failure_of(&longer.request()), HttpFailure::TooLarge);
    }
    let endless_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(limits::HEADER_BYTES));
    assert_eq!(failure_of(&Server::answering(endless_head).request()), HttpFailure::TooLarge);
}

/// gzip of 64 KiB of zero bytes; members follow one another, so 65 of them unpack to more than the limit.
fn member() -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8, 0x0a];
    member.resize(87, 0);
    member.extend([0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0, 0, 1, 0]);
    member
}

const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";

#[test]
fn the_limit_counts_after_decompression() {
    let member = member();
    let answer = |members: usize| {
        let body = member.repeat(members);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
        Server::answering([head.as_bytes(), body.as_slice()].concat())
    };
    let whole = send(&answer(64).request()).unwrap();
    assert_eq!((whole.body().len(), whole.headers().contains_key("content-encoding")), (limits::RESPONSE_BODY, false));
    assert_eq!(failure_of(&answer(65).request()), HttpFailure::TooLarge);
}

#[test]
fn f18_an_answer_that_unpacks_without_end_is_left_at_the_limit() {
    const PIECE: usize = 64 << 10;
    const ALL: usize = 128 << 20;
    // Stored and not packed: packed ones would lie whole in the sockets' buffers before the client has read any of them.
    let mut stored = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    stored.write_all(&[0; PIECE]).unwrap();
    let stored = stored.finish().unwrap();
    let (tell, unpacked) = mpsc::channel();
    let server = Server::start(move |socket| {
        let _ = socket.write_all(ENDLESS);
        let mut sent = 0;
        // Ends with the client's connection.
        while sent < ALL && socket.write_all(&stored).is_ok() {
            sent += PIECE;
        }
        let _ = tell.send(sent);
    });
    assert_eq!(failure_of(&server.request()), HttpFailure::TooLarge);
    // The system's buffers take up to some 36 MiB more than the client reads.
    let sent = unpacked.recv_timeout(PATIENCE).unwrap();
    assert!((limits::RESPONSE_BODY..ALL / 2).contains(&sent), "{sent} bytes were sent");
}

#[test]
fn f18_what_is_too_large_is_known_before_the_answer_ends() {
    let members = member().repeat(limits::RESPONSE_BODY / (64 << 10) + 1);
    let server = Server::start(move |socket| {
        let _ = socket.write_all(ENDLESS);
        let _ = socket.write_all(&members);
        // Who unpacks the whole answer first waits here for its end.
        wait_for_the_end(socket);
    });
    assert_eq!(send_within(&server.request(), PATIENCE / 2).map(|answer| answer.body().len()).unwrap_err(), HttpFailure::TooLarge);
}

#[test]
fn the_deadline_holds_for_a_silent_and_for_a_dribbling_server() {
    let silent = Server::start(wait_for_the_end);
    let dribbling = Server::start(|socket| {
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        let begun = Instant::now();
        // Ends with the client's connection.
        while begun.elapsed() < PATIENCE && socket.write_all(b".").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    for server in [silent, dribbling] {
        let begun = Instant::now();
        let answer = send_within(&server.request(), Duration::from_millis(300));
        assert_eq!(answer.unwrap_err(), HttpFailure::Timeout);
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }
}

#[test]
fn connections_are_kept_for_one_connector_and_not_shared_with_another() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (tell, connections) = mpsc::channel();
    // Serves as many requests as come on a connection, which is why the next connection waits for the end of this one.
    let server = Server::start(move |socket| {
        tell.send(()).unwrap();
        let _ = socket.write_all(answer);
        while !read_request(socket).is_empty() {
            let _ = socket.write_all(answer);
        }
    });
    let egress = egress(&[server.address()]);
    for _ in 0..3 {
        egress.send(&server.request(), 0, PATIENCE).unwrap();
    }
    assert_eq!(connections.try_iter().count(), 1);
    let other = HttpRequest { connector: "other".to_owned(), ..server.request() };
    // The server is busy with the kept connection: a second one gets no answer from it, the same would.
    assert_eq!(egress.send(&other, 0, Duration::from_millis(300)).unwrap_err(), HttpFailure::Timeout);
}

#[test]
fn shutting_down_breaks_off_what_is_under_way_and_refuses_what_comes() {
    let server = Server::start(wait_for_the_end);
    let (egress, request) = (egress(&[server.address()]), server.request());
    std::thread::scope(|scope| {
        let under_way = scope.spawn(|| egress.send(&request, 0, PATIENCE));
        server.seen();
        let begun = Instant::now();
        egress.shut_down();
        assert_eq!(under_way.join().unwrap().unwrap_err(), HttpFailure::Cut);
        assert!(begun.elapsed() < PATIENCE / 2);
    });
    assert!(matches!(egress.send(&request, 0, PATIENCE), Err(HttpFailure::Denied(_))));
}

#[test]
fn two_hundred_requests_of_two_workers_use_at_most_two_connections() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, connections) = mpsc::channel();
    // Serves each connection on a thread of its own, for as many requests as come.
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            tell.send(()).unwrap();
            std::thread::spawn(move || {
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                while !read_request(&mut socket).is_empty() {
                    if socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
                        return;
                    }
                }
            });
        }
    });
    let (egress, request) = (egress(std::slice::from_ref(&address)), request(&format!("{address}/records")));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(egress.send(&request, 0, PATIENCE).unwrap().body().as_ref(), b"ok");
                }
            });
        }
    });
    let opened = connections.try_iter().count();
    assert!((1..=2).contains(&opened), "{opened} connections");
}
