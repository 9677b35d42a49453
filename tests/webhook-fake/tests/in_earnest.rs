//! Servers in real time, late commits, recorded requests, knobs and users, over a real socket.

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
    time::{Duration, Instant},
};

use crm_fake::{ControlError, CrmFake, Fault, FaultKind, Outcome, RemoteCrm, SeedUser, Server, ServerOptions};
use http::Request;
use webhook_fake::WebhookFake;

const NOW: u64 = 1_767_578_400_000;

fn start(options: &ServerOptions) -> (Server, RemoteCrm) {
    let server = Server::start_with(Box::new(WebhookFake::new()), options).unwrap();
    let remote = RemoteCrm::connect(server.address()).unwrap();
    (server, remote)
}

fn real_time() -> ServerOptions {
    ServerOptions { real_time_from: Some(NOW), workers: 2, ..ServerOptions::default() }
}

fn raw(server: &Server, bytes: &str) -> String {
    let mut socket = TcpStream::connect(server.address().trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    let _closed_or_reset = socket.read_to_string(&mut answer);
    answer
}

fn creation() -> String {
    let record =
        r#"{"role": "person", "first_name": "Ann", "last_name": "Lee", "company": "", "name": "Ann Lee", "phones": [], "emails": []}"#;
    format!(r#"{{"key": "k-1", "record": {record}}}"#)
}

fn create() -> Request<Vec<u8>> {
    Request::post("/records").header("content-type", "application/json").body(creation().into()).unwrap()
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[test]
fn a_late_commit_is_done_at_its_moment_and_not_before() {
    let (_server, mut remote) = start(&ServerOptions::default());
    remote.inject(Fault::always(FaultKind::CommitAfterCut { ms: 7_000 }).times(1)).unwrap();
    let mut here = WebhookFake::new();
    here.inject(Fault::always(FaultKind::CommitAfterCut { ms: 7_000 }).times(1)).unwrap();
    for fake in [&mut remote as &mut dyn CrmFake, &mut here] {
        assert!(matches!(fake.answer(NOW, create()).outcome, Outcome::Cut));
        fake.advance(NOW + 6_999);
        assert!(fake.records().is_empty());
        fake.advance(NOW + 9_000);
        let records = fake.records();
        assert_eq!(records.len(), 1, "{:?}", fake.requests());
        // Done when it was due, not when somebody looked.
        assert_eq!(records[0].changed_at, NOW + 7_000);
    }
}

#[test]
fn in_real_time_a_late_commit_needs_nobody_to_ask() {
    let (server, mut remote) = start(&real_time());
    remote.inject(Fault::always(FaultKind::CommitAfterCut { ms: 300 }).times(1)).unwrap();
    let body = creation();
    let length = body.len();
    let request = format!("POST /records HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    assert_eq!(raw(&server, &request), "");
    assert!(remote.records().is_empty());
    let patience = Instant::now() + Duration::from_secs(10);
    while remote.records().is_empty() {
        assert!(Instant::now() < patience, "the late commit never came");
    }
    assert_eq!(remote.records().len(), 1);
}

#[test]
fn in_real_time_answers_take_their_time() {
    let (server, mut remote) = start(&real_time());
    remote.inject(Fault::always(FaultKind::Delay { ms: 200, to_ms: None }).times(1)).unwrap();
    let began = Instant::now();
    let answer = raw(&server, GET);
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("x-fake-after-ms"), "{answer}");
    assert!(began.elapsed() >= Duration::from_millis(200));
    // A player has its own clock, and is told: a minute of real time would be more than its patience.
    remote.inject(Fault::always(FaultKind::Delay { ms: 60_000, to_ms: None }).times(1)).unwrap();
    assert_eq!(remote.answer(NOW, Request::get("/").body(Vec::new()).unwrap()).after_ms, 60_000);
}

#[test]
fn one_slow_answer_holds_up_nobody_else() {
    let (server, mut remote) = start(&real_time());
    remote.inject(Fault::always(FaultKind::Delay { ms: 3_000, to_ms: None }).times(1)).unwrap();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| raw(&server, GET));
        let patience = Instant::now() + Duration::from_secs(10);
        while remote.requests().is_empty() {
            assert!(Instant::now() < patience, "the slow request never arrived");
        }
        assert!(raw(&server, GET).starts_with("HTTP/1.1 200"));
        assert!(!slow.is_finished(), "the later request was held up until the slow one had its answer");
        assert!(slow.join().unwrap().starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn a_slow_loris_sends_its_body_in_pieces() {
    let (server, mut remote) = start(&real_time());
    let whole = raw(&server, GET);
    let length = whole.split_once("\r\n\r\n").unwrap().1.len();
    let bytes = u32::try_from(length.div_ceil(5)).unwrap();
    remote.inject(Fault::always(FaultKind::SlowLoris { ms: 60, bytes }).times(1)).unwrap();

    let mut socket = TcpStream::connect(server.address().trim_start_matches("http://")).unwrap();
    let began = Instant::now();
    socket.write_all(GET.as_bytes()).unwrap();
    let mut first = [0; 15];
    socket.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert!(whole.as_bytes().ends_with(&rest[rest.len() - length..]));
}

#[test]
fn the_clock_runs_from_where_it_was_set() {
    let (server, remote) = start(&real_time());
    raw(&server, GET);
    std::thread::sleep(Duration::from_millis(60));
    raw(&server, GET);
    let at: Vec<u64> = remote.requests().iter().map(|request| request.at_ms).collect();
    assert!(at[0] >= NOW && at[1] >= at[0] + 60 && at[1] < NOW + 10_000, "{at:?}");
}

#[test]
fn requests_are_recorded_whole_but_without_their_secrets() {
    let (_server, mut remote) = start(&ServerOptions::default());
    let request = Request::post("/records?a=1&oauth_token=T0P")
        .header("authorization", "Bearer T0P")
        .header("cookie", "sid=T0P")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(b"grant_type=refresh_token&refresh_token=T0P&client_secret=T0P&code=T0P&scope=api".to_vec())
        .unwrap();
    let _refused = remote.answer(NOW, request);
    let recorded = remote.requests().remove(0);
    assert_eq!(recorded.path, "/records?a=1&oauth_token=(hidden)");
    let form = "grant_type=refresh_token&refresh_token=(hidden)&client_secret=(hidden)&code=(hidden)&scope=api";
    assert_eq!(recorded.body.as_deref(), Some(form));
    let headers = recorded.headers.clone().unwrap();
    let header = |name: &str| headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    assert_eq!((header("authorization"), header("cookie")), (Some("Bearer (hidden)"), Some("(hidden)")));
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(headers.iter().all(|(name, _)| !name.starts_with("x-fake-")));
    assert!(!serde_json::to_string(&recorded).unwrap().contains("T0P"));
}

#[test]
fn a_fake_without_knobs_and_users_says_so() {
    let (server, mut remote) = start(&ServerOptions::default());
    let refused = remote.knob(NOW, "page size", 3.into());
    assert!(matches!(refused, Err(ControlError::Unsupported(_))), "{refused:?}");
    let user = SeedUser { id: None, name: "Ann Lee".to_owned(), email: "ann@example.com".to_owned(), active: true };
    assert!(matches!(remote.seed_users(NOW, vec![user]), Err(ControlError::Unsupported(_))));
    assert!(raw(&server, "GET /_control/knobs/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").starts_with("HTTP/1.1 405"));
}

#[test]
fn the_clock_of_the_crm_can_be_wrong() {
    let mut fake = WebhookFake::new();
    fake.inject(Fault::always(FaultKind::ClockShift { ms: -3_600_000 })).unwrap();
    assert_eq!(fake.answer(NOW, create()).status(), Some(201));
    assert_eq!(fake.records()[0].changed_at, NOW - 3_600_000);
    assert_eq!(fake.requests()[0].at_ms, NOW);
}

#[test]
fn pipelined_chunked_and_head_requests_are_answered() {
    let (server, remote) = start(&ServerOptions::default());
    let body = creation();
    let chunked = format!(
        "POST /records HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = raw(&server, &format!("{chunked}HEAD / HTTP/1.1\r\nhost: x\r\n\r\n{GET}"));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 3, "{answer}");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(remote.records().len(), 1);
}

#[test]
fn a_client_that_waits_for_leave_gets_it() {
    let (server, _remote) = start(&ServerOptions::default());
    let mut socket = TcpStream::connect(server.address().trim_start_matches("http://")).unwrap();
    let body = creation();
    let head = format!(
        "POST /records HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut leave = [0; 25];
    socket.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
}
