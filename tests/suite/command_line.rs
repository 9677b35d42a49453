//! The program as people call it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pbx-crm")).args(arguments).output().expect("the program starts")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn demo_once_ends_with_0_and_tells_the_afternoon() {
    let output = program(&["demo", "--once"]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for part in ["POP for 1001 Ann Field", "Maria Torres", "JOURNAL", "NEW person", "requests to the CRM", "All came out as it must"] {
        assert!(text.contains(part), "no “{part}” in\n{text}");
    }
}

#[test]
fn demo_names_a_component_that_is_missing_cut_short_or_no_component() {
    let good_policy = include_bytes!(env!("PBX_CRM_POLICY")).as_slice();
    let good_connector = include_bytes!(env!("PBX_CRM_SALESFORCE")).as_slice();
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    for (name, policy, connector, blamed) in [
        ("no-policy", None, Some(good_connector.to_vec()), "policy.wasm"),
        ("no-connector", Some(good_policy.to_vec()), None, "salesforce.wasm"),
        ("cut-policy", Some(half(good_policy)), Some(good_connector.to_vec()), "policy.wasm"),
        ("cut-connector", Some(good_policy.to_vec()), Some(half(good_connector)), "salesforce.wasm"),
        ("text", Some(b"(component)".to_vec()), Some(good_connector.to_vec()), "policy.wasm"),
        ("empty", Some(Vec::new()), Some(good_connector.to_vec()), "policy.wasm"),
        ("core-module", Some(b"\0asm\x01\0\0\0".to_vec()), Some(good_connector.to_vec()), "policy.wasm"),
        ("swapped", Some(good_connector.to_vec()), Some(good_policy.to_vec()), "salesforce.wasm"),
    ] {
        let folder = folder(name);
        for (file, bytes) in [("policy.wasm", policy), ("salesforce.wasm", connector)] {
            let path = folder.join(file);
            let _ = std::fs::remove_file(&path);
            if let Some(bytes) = bytes {
                std::fs::write(path, bytes).expect("a file for the test");
            }
        }
        let output = program(&["demo", "--once", "--components", folder.to_str().expect("a plain path")]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(text.contains(blamed), "{name} does not name {blamed}: {text}");
        assert!(!text.contains("panicked"), "{name}: {text}");
    }
}

#[test]
fn demo_takes_components_from_a_folder() {
    let folder = folder("whole");
    std::fs::write(folder.join("policy.wasm"), include_bytes!(env!("PBX_CRM_POLICY"))).expect("a file");
    std::fs::write(folder.join("salesforce.wasm"), include_bytes!(env!("PBX_CRM_SALESFORCE"))).expect("a file");
    let output = program(&["demo", "--once", "--components", folder.to_str().expect("a plain path")]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_scenario_that_comes_out_otherwise_is_told_with_file_and_line() {
    let file = folder("wrong").join("wrong.toml");
    let text = "title = \"a pop that never comes\"\n[[extension]]\nid = \"1001\"\n[expect]\npops = [\n  { extension = \"1001\", record = \"nobody\" },\n]\n";
    std::fs::write(&file, text).expect("a file");
    let output = program(&["play", file.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("wrong.toml:6: this pop did not come"), "{}", said(&output));
}

#[test]
fn a_scenario_with_a_mistake_is_refused_with_file_and_line() {
    for (name, text, wanted) in [
        ("unknown-key.toml", "title = \"t\"\ncolour = \"red\"\n", "unknown-key.toml:2: unknown field `colour`"),
        ("setting.toml", "title = \"t\"\n[settings]\n\"pop.wen\" = []\n", "setting.toml:3: there is no setting `pop.wen`"),
        (
            "choice.toml",
            "title = \"t\"\n[settings]\n\"create.mode\" = \"perhaps\"\n",
            "choice.toml:3: setting `create.mode`: `perhaps` is none of",
        ),
        ("template.toml", "title = \"t\"\n[settings]\n\"journal.subject\" = \"{{.Nope}}\"\n", "template.toml:3: setting `journal.subject`"),
        ("country.toml", "title = \"t\"\n[pbx]\ncountry = \"Utopia\"\n", "country.toml:3: `Utopia` is no country"),
        ("broken.toml", "title = \n", "broken.toml:1:"),
    ] {
        let file = folder("mistakes").join(name);
        std::fs::write(&file, text).expect("a file");
        let output = program(&["play", file.to_str().expect("a plain path")]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        assert!(said(&output).contains(wanted), "{name}: {}", said(&output));
    }
    let output = program(&["play", "nowhere.toml"]);
    assert!(said(&output).contains("nowhere.toml: cannot read the scenario"), "{}", said(&output));
}

#[test]
fn the_same_seed_twice_gives_the_same_log_byte_for_byte() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/demo/an-afternoon.toml");
    let play = || program(&["play", "--json", file.to_str().expect("a plain path")]);
    let (one, other) = (play(), play());
    assert!(one.status.success(), "{}", said(&one));
    assert!(one.stdout.len() > 50_000, "the log has only {} bytes", one.stdout.len());
    assert!(one.stdout == other.stdout, "two plays of one seed differ");
}

/// A server that the test ends.
struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _code = self.0.wait();
    }
}

#[test]
fn fake_salesforce_prints_what_a_client_needs_and_answers() {
    use std::io::{BufRead, BufReader, Read, Write};
    let child = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
        .args(["fake-salesforce", "--port", "0", "--seed-org", "small"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut served = Served(child);
    let lines = BufReader::new(served.0.stdout.take().expect("its output")).lines();
    let variables: Vec<(String, String)> = lines
        .take(5)
        .map(|line| {
            let line = line.expect("a line");
            let (name, value) = line.split_once('=').expect("a shell variable");
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect();
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["SF_URL", "SF_CLIENT_ID", "SF_CLIENT_SECRET", "SF_ADMIN_USER", "SF_ACCESS_TOKEN"]);
    let token = &variables[4].1;
    assert!(token.starts_with("00D") && token.contains('!'), "{token}");
    let ask = |token: &str| {
        let mut socket = std::net::TcpStream::connect(variables[0].1.trim_start_matches("http://")).expect("it listens");
        let path = "/services/data/v66.0/query?q=SELECT+COUNT()+FROM+Contact";
        write!(socket, "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let answer = ask(token);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"totalSize\":500"), "{answer}");
    assert!(ask("00D000000000062!never.issued").contains("INVALID_SESSION_ID"));
}

#[test]
fn fake_salesforce_says_which_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let output = program(&["fake-salesforce", "--port", &port]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains(&format!("port {port} of 127.0.0.1 is taken")), "{}", said(&output));
}
