//! Over a real socket: what clients do to a server, and what the network does to them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crm_fake::{CrmFake, Fault, FaultKind, Operation, RemoteCrm};
use fake_salesforce::standalone::{Options, Started, start};
use serde_json::{Value as Json, json};

use super::org::NOW;

fn running(options: Options) -> (Started, RemoteCrm, String) {
    let started = start(&Options { now_ms: NOW, ..options }).unwrap();
    let remote = RemoteCrm::connect(&started.address).unwrap();
    let token = variable(&started, "SF_ACCESS_TOKEN");
    (started, remote, token)
}

fn variable(started: &Started, name: &str) -> String {
    started.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap()
}

fn connect(started: &Started) -> TcpStream {
    let socket = TcpStream::connect(started.address.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

fn all_of(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _closed_or_reset = socket.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn raw(started: &Started, bytes: &[u8]) -> String {
    let mut socket = connect(started);
    let _refused_midway = socket.write_all(bytes);
    all_of(socket)
}

fn head(token: &str, method: &str, path: &str, more: &str) -> String {
    format!("{method} /services/data/v66.0/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n{more}\r\n")
}

#[test]
fn chunked_and_pipelined_requests_are_answered_in_order() {
    let (started, _remote, token) = running(Options::default());
    let chunked = head(&token, "POST", "sobjects/Contact", "content-type: application/json\r\ntransfer-encoding: chunked\r\n")
        + "8\r\n{\"LastNa\r\n9\r\nme\":\"Lee\"\r\n1\r\n}\r\n0\r\n\r\n";
    let pipelined = head(&token, "GET", "query?q=SELECT+Name+FROM+Contact", "")
        + &head(&token, "GET", "nothing", "")
        + &head(&token, "HEAD", "limits", "")
        + &head(&token, "GET", "limits", "connection: close\r\n");
    let told = raw(&started, (chunked + &pipelined).as_bytes());
    let statuses: Vec<&str> = told.match_indices("HTTP/1.1 ").map(|(at, _)| &told[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["201", "200", "404", "200", "200"], "{told}");
    assert!(told.contains(r#""Name":"Lee""#));
    // Nobody but players is told how long an answer took.
    assert!(!told.contains("x-fake-"));
}

#[test]
fn ten_megabytes_are_refused_by_the_org_and_not_by_the_server() {
    let (started, _remote, token) = running(Options::default());
    let long = "x".repeat(10 * 1024 * 1024);
    let post = |path: &str, body: &str| {
        let more = format!("content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        raw(&started, (head(&token, "POST", path, &more) + body).as_bytes())
    };
    let told = post("sobjects/Contact", &json!({ "LastName": "Lee", "Description": long }).to_string());
    assert!(told.starts_with("HTTP/1.1 400") && told.contains("STRING_TOO_LONG"), "{}", &told[..told.len().min(900)]);
    assert!(post("sobjects/Contact", &long).contains("JSON_PARSER_ERROR"));
    assert!(post("composite", &long).contains("JSON_PARSER_ERROR"));
    let get = raw(&started, head(&token, "GET", "limits", "connection: close\r\n").as_bytes());
    assert!(get.starts_with("HTTP/1.1 200"), "{get}");
}

#[test]
fn nonsense_on_the_wire_harms_nobody() {
    let (started, _remote, token) = running(Options::default());
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde".to_vec(),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(200_000)).into_bytes(),
        b"BREW / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)).into_bytes(),
        b"POST /services/oauth2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\n\xff\xfe\xfd".to_vec(),
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ] {
        let told = raw(&started, &bytes);
        assert!(told.starts_with("HTTP/1.1 4"), "{:?}: {told}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
    }
    assert!(raw(&started, head(&token, "GET", "limits", "connection: close\r\n").as_bytes()).starts_with("HTTP/1.1 200"));
}

#[test]
fn an_answer_does_not_wait_for_the_end_of_the_next_request() {
    let (started, _remote, token) = running(Options::default());
    let mut socket = connect(&started);
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.write_all((head(&token, "GET", "limits", "") + "GET /services/da").as_bytes()).unwrap();
    let mut first = [0; 12];
    socket.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[test]
fn a_cut_before_or_after_the_commit_looks_the_same() {
    let (started, mut remote, token) = running(Options::default());
    let body = r#"{"Subject":"Call","CallObject":"k"}"#;
    let more = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let request = head(&token, "POST", "sobjects/Task", &more) + body;
    for (kind, done) in [(FaultKind::CutBeforeCommit, 0), (FaultKind::CutAfterCommit, 1)] {
        remote.inject(Fault::always(kind).on(&[Operation::Write]).times(1)).unwrap();
        assert_eq!(raw(&started, request.as_bytes()), "");
        assert_eq!(remote.activities().len(), done);
    }
    remote.inject(Fault::always(FaultKind::CommitAfterCut { ms: 400 }).times(1)).unwrap();
    assert_eq!(raw(&started, request.as_bytes()), "");
    assert_eq!(remote.activities().len(), 1);
    let patience = Instant::now() + Duration::from_secs(10);
    while remote.activities().len() < 2 {
        assert!(Instant::now() < patience, "the late commit never came");
    }
}

#[test]
fn a_slow_loris_takes_its_time_over_a_whole_answer() {
    let (started, mut remote, token) = running(Options::default());
    remote.inject(Fault::always(FaultKind::SlowLoris { ms: 20, bytes: 200 }).times(1)).unwrap();
    let began = Instant::now();
    let told = raw(&started, head(&token, "GET", "limits", "connection: close\r\n").as_bytes());
    let body = told.split_once("\r\n\r\n").unwrap().1;
    assert!(serde_json::from_str::<Json>(body).is_ok(), "{told}");
    assert!(began.elapsed() >= Duration::from_millis(20 * body.len() as u64 / 200), "{:?}", began.elapsed());
}

#[test]
fn knobs_turn_from_another_process() {
    let (started, mut remote, token) = running(Options::default());
    assert_eq!(remote.name(), "salesforce");
    assert_eq!(remote.knob(NOW, "quota", json!({ "left": 0 })).unwrap()["left"], 0);
    let told = raw(&started, head(&token, "GET", "limits", "connection: close\r\n").as_bytes());
    assert!(told.contains("REQUEST_LIMIT_EXCEEDED"), "{told}");
    assert!(remote.knob(NOW, "quota", json!({ "colour": 0 })).is_err());
    assert!(matches!(remote.knob(NOW, "no/such knob", Json::Null), Err(crm_fake::ControlError::Unsupported(_))));
    let user =
        crm_fake::SeedUser { id: Some("u-1".to_owned()), name: "Bea Baker".to_owned(), email: "b@example.com".to_owned(), active: true };
    assert_eq!(remote.seed_users(NOW, vec![user]).unwrap(), ["u-1"]);
}

#[test]
fn standing_alone_it_tells_a_client_all_that_it_needs() {
    let (started, _remote, token) = running(Options { rows: Some(300), ..Options::default() });
    let lines = started.shell_lines();
    let names: Vec<&str> = lines.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["SF_URL", "SF_CLIENT_ID", "SF_CLIENT_SECRET", "SF_ADMIN_USER", "SF_ACCESS_TOKEN"]);
    assert!(lines.contains("SF_ACCESS_TOKEN='00D") && token.contains('!'));
    let told = raw(&started, head(&token, "GET", "query?q=SELECT+COUNT()+FROM+Contact", "connection: close\r\n").as_bytes());
    assert!(told.contains(r#""totalSize":200"#), "{told}");
}

#[cfg(feature = "tls")]
#[test]
fn over_tls_its_own_authority_is_trusted_and_no_other() {
    let file = std::env::temp_dir().join(format!("fake-salesforce-test-{}.pem", std::process::id()));
    let started = start(&Options { tls: true, ca_file: Some(file.clone()), now_ms: NOW, ..Options::default() }).unwrap();
    assert_eq!(variable(&started, "SF_CA"), file.display().to_string());
    assert!(started.address.starts_with("https://127.0.0.1:"));
    let pem = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let trusted = ureq::tls::Certificate::from_pem(&pem).unwrap();
    let agent = |roots: ureq::tls::RootCerts| {
        let tls = ureq::tls::TlsConfig::builder().root_certs(roots).build();
        ureq::Agent::new_with_config(ureq::Agent::config_builder().proxy(None).tls_config(tls).build())
    };
    let get = |agent: &ureq::Agent, host: &str| {
        let address = started.address.replace("127.0.0.1", host);
        let request = agent.get(format!("{address}/services/data/v66.0"));
        request.header("authorization", format!("Bearer {}", variable(&started, "SF_ACCESS_TOKEN"))).call()
    };
    let trusting = agent(ureq::tls::RootCerts::new_with_certs(&[trusted]));
    for host in ["127.0.0.1", "localhost"] {
        let told: Json = serde_json::from_str(&get(&trusting, host).unwrap().body_mut().read_to_string().unwrap()).unwrap();
        assert!(told["identity"].as_str().unwrap().starts_with(&format!("https://{host}:")), "{told}");
    }
    assert!(get(&agent(ureq::tls::RootCerts::new_with_certs(&[])), "127.0.0.1").is_err());
}

#[test]
fn several_slashes_are_read_as_one() {
    let (started, _remote, token) = running(Options::default());
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
    for path in ["//services/data/v66.0/query?q=SELECT+Name+FROM+Organization", "/services//data/v66.0///sobjects"] {
        let told = raw(&started, ask(path).as_bytes());
        assert!(told.starts_with("HTTP/1.1 200 "), "{path}: {told}");
    }
    let told = raw(&started, ask("//services/data/v66.0/query?q=SELECT+Name+FROM+Contact+WHERE+Email='//'").as_bytes());
    assert!(told.starts_with("HTTP/1.1 200 ") && told.contains("\"totalSize\":0"), "{told}");
    assert!(raw(&started, ask("//services/nothing").as_bytes()).starts_with("HTTP/1.1 404 "));
}

#[test]
fn only_the_command_line_of_salesforce_is_approved_without_a_page() {
    let (started, _remote, _token) = running(Options::default());
    let ask = |client: &str, back: &str| {
        let path = format!("/services/oauth2/authorize?response_type=code&prompt=login&state=s&client_id={client}&redirect_uri={back}");
        raw(&started, format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").as_bytes())
    };
    let told = ask("PlatformCLI", "http://localhost:1717/OauthRedirect");
    assert!(told.starts_with("HTTP/1.1 302 "), "{told}");
    assert!(told.contains("location: http://localhost:1717/OauthRedirect?code=") && told.contains("&state=s\r\n"), "{told}");
    let told = ask(&variable(&started, "SF_CLIENT_ID"), "http://localhost:1717/OauthRedirect");
    assert!(told.starts_with("HTTP/1.1 200 ") && told.contains("action=\"/login\""), "{told}");
}
