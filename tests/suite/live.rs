//! `pbx-crm play --live -` as a PBX calls it: the built program, lines in, lines out, and a CRM on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crm_fake::{CrmFake, Phone, RemoteCrm, Role, SeedRecord, Server, ServerOptions};
use pbx_crm_host::host::now;
use serde_json::{Value, json};
use webhook_fake::WebhookFake;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);

const SETUP: &str = "title = \"An office\"\nextension = [{ id = \"1001\", name = \"Ann Field\" }]\ncrm.user = [{ id = \"ann\", name = \"Ann Field\" }]\n\
                     binding = [{ user = \"ann\", extensions = [\"1001\"] }]\n";

struct Scene {
    folder: PathBuf,
    server: Server,
    control: RemoteCrm,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-{name}-{}", std::process::id()));
        let _left_by_an_earlier_run = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let options = ServerOptions { real_time_from: Some(now()), ..ServerOptions::default() };
        let server = Server::start_with(Box::new(WebhookFake::new()), &options).unwrap();
        let mut control = RemoteCrm::connect(server.address()).unwrap();
        let mut maria = SeedRecord::new(Role::Person);
        maria.id = Some("maria".to_owned());
        maria.name = Some("Maria Torres".to_owned());
        maria.phones = vec![Phone { label: "mobile".to_owned(), number: "+15550100142".to_owned() }];
        control.seed(now(), vec![maria]).unwrap();
        let scene = Self { folder, server, control };
        scene.setup(SETUP);
        scene
    }

    fn setup(&self, text: &str) {
        std::fs::write(self.folder.join("setup.toml"), text).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pbx-crm"));
        command
            .args(["play", "--live", "-", "--setup"])
            .arg(self.folder.join("setup.toml"))
            .arg("--state-dir")
            .arg(&self.folder)
            .args(more);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, more: &[&str]) -> Running {
        let mut child = self.command(&["--crm", self.server.address()]).args(more).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// Waits until so many calls stand in the histories.
    fn wait_for_entries(&self, count: usize) -> usize {
        let begun = Instant::now();
        loop {
            let found = self.control.activities().len();
            if found >= count || begun.elapsed() > PATIENCE {
                return found;
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _left_for_the_next_run = std::fs::remove_dir_all(&self.folder);
    }
}

struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn write(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn tell(&mut self, event: &Value) {
        self.write(&format!("{event}\n"));
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.out.read_line(&mut line).unwrap() > 0, "the program has ended: {}", self.errors());
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
    }

    /// The next answer, whatever is told before it.
    fn answer(&mut self) -> Value {
        loop {
            let line = self.line();
            if line.get("told").is_none() {
                return line;
            }
        }
    }

    fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The end of the input; gives what was still said, and the exit code.
    fn close(mut self) -> (String, Option<i32>) {
        drop(self.child.stdin.take());
        self.end()
    }

    /// What it says on its way out, for one that does not start.
    fn close_whole(mut self) -> String {
        drop(self.child.stdin.take());
        let (out, code) = self.end();
        let errors = self.errors();
        assert_eq!(code, Some(2), "{out}{errors}");
        errors
    }

    fn end(&mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _code = self.child.wait();
    }
}

fn start(call: &str) -> Value {
    json!({ "id": format!("{call}/start"), "what": "start", "call": call, "direction": "inbound", "from": "+15550100142", "to": "+15550100100" })
}

fn event(what: &str, call: &str) -> Value {
    json!({ "id": format!("{call}/{what}"), "what": what, "call": call, "extension": "1001" })
}

fn end(call: &str) -> Value {
    json!({ "id": format!("{call}/end"), "what": "end", "call": call })
}

#[test]
fn each_event_is_answered_once_and_the_call_goes_into_the_crm() {
    let scene = Scene::new("whole");
    let mut host = scene.start(&[]);
    for told in [start("17"), event("ring", "17"), event("answer", "17"), end("17")] {
        host.tell(&told);
        assert_eq!(host.line(), json!({ "id": told["id"], "taken": true }));
    }
    host.tell(&end("17"));
    assert_eq!(host.line(), json!({ "id": "17/end", "ignored": "told before" }));
    assert_eq!(scene.wait_for_entries(1), 1);
    assert_eq!(scene.control.activities()[0].record, "maria");
    assert_eq!(host.close(), (String::new(), Some(0)));
}

#[test]
fn a_bad_line_is_answered_with_the_reason_and_the_next_one_is_read() {
    let scene = Scene::new("wrong");
    let mut host = scene.start(&[]);
    for (line, wanted) in [
        ("hello".to_owned(), "not JSON"),
        (json!({ "id": 1, "what": "seed", "records": [] }).to_string(), "`seed` does not happen to a call"),
        (format!("{{\"id\":1,\"what\":\"{}\"}}", "x".repeat(70_000)), "more than 65536 bytes"),
        ("\u{feff}{}".to_owned(), "not JSON"),
        (json!({ "id": 1, "what": "end" }).to_string(), "missing field `call`"),
    ] {
        host.write(&format!("\n{line}\r\n"));
        let answer = host.line();
        assert!(answer["wrong"].as_str().is_some_and(|why| why.contains(wanted)), "{answer}");
    }
    host.tell(&event("ring", "never started"));
    let answer = host.line();
    assert!(answer["ignored"].as_str().is_some_and(|why| why.contains("no such call")), "{answer}");
    // The last line needs no end.
    host.write(&start("18").to_string());
    assert_eq!(host.close(), ("{\"id\":\"18/start\",\"taken\":true}\n".to_owned(), Some(0)));
}

#[test]
fn with_json_cards_and_pages_are_told_between_the_answers() {
    let scene = Scene::new("json");
    let mut host = scene.start(&["--json"]);
    host.tell(&start("19"));
    host.tell(&event("ring", "19"));
    host.tell(&event("answer", "19"));
    let page = loop {
        let line = host.line();
        if let Some(page) = line["told"].get("OpenPage") {
            break page.clone();
        }
    };
    assert_eq!(page["extension"], "1001");
    assert_eq!(page["link"], format!("{}/records/maria", scene.server.address()));
    host.tell(&end("19"));
    while host.answer()["id"] != "19/end" {}
    assert_eq!(host.close().1, Some(0));
}

#[cfg(unix)]
#[test]
fn f70_sigterm_under_load_answers_what_was_taken_and_ends_with_0() {
    let mut scene = Scene::new("sigterm");
    // What is under way then waits for an answer that does not come.
    scene.control.inject(crm_fake::Fault::always(crm_fake::FaultKind::Delay { ms: 60_000, to_ms: None })).unwrap();
    let mut host = scene.start(&[]);
    host.tell(&start("first"));
    host.tell(&event("ring", "first"));
    host.line();
    let mut input = host.child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // Until nobody reads any more.
        for call in 0..1_000_000 {
            if writeln!(input, "{}\n{}", start(&call.to_string()), end(&call.to_string())).is_err() {
                break;
            }
        }
    });
    for _ in 0..500 {
        host.line();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&host.child), rustix::process::Signal::TERM).unwrap();
    let told = Instant::now();
    let (rest, code) = host.end();
    assert!(told.elapsed() < Duration::from_secs(20), "it took {:?}", told.elapsed());
    assert_eq!(code, Some(0), "{}", host.errors());
    assert!(rest.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "a line is torn: {rest}");
    feeding.join().unwrap();
}

#[test]
fn m_log_5_a_call_that_was_taken_goes_into_the_crm_though_the_process_was_killed() {
    let mut scene = Scene::new("killed");
    scene.control.inject(crm_fake::Fault::always(crm_fake::FaultKind::Unreachable)).unwrap();
    let mut host = scene.start(&[]);
    for told in [start("20"), event("ring", "20"), event("answer", "20"), end("20")] {
        host.tell(&told);
        assert_eq!(host.line(), json!({ "id": told["id"], "taken": true }));
    }
    drop(host);
    assert_eq!(scene.control.activities().len(), 0);
    scene.control.clear_faults();
    let mut host = scene.start(&[]);
    // As a PBX that does not know what became of it.
    for told in [start("20"), event("ring", "20"), event("answer", "20"), end("20")] {
        let mut again = told;
        again["resync"] = json!(true);
        host.tell(&again);
        assert_eq!(host.line()["taken"], true);
    }
    let delivered = scene.wait_for_entries(1);
    drop(host.child.stdin.take());
    assert_eq!(host.end().1, Some(0));
    assert_eq!(delivered, 1, "{}", host.errors());
    assert_eq!(scene.control.activities().len(), 1, "told twice, journalled once");
}

#[test]
fn f69_a_second_host_on_the_same_state_is_refused_and_the_first_goes_on() {
    let scene = Scene::new("second");
    let mut first = scene.start(&[]);
    first.tell(&start("21"));
    first.line();
    let told = scene.start(&[]).close_whole();
    assert!(told.contains("pbx-crm.db is in use by another host"), "{told}");
    first.tell(&end("21"));
    assert_eq!(first.line()["taken"], true);
    assert_eq!(first.close().1, Some(0));
}

#[test]
fn a_mistake_in_the_setup_is_told_with_file_and_line_before_anything_is_read() {
    let scene = Scene::new("mistakes");
    for (more, wanted) in [
        ("[settings]\n\"pop.wen\" = []\n", "setup.toml:6: there is no setting `pop.wen`"),
        ("[[event]]\nat = \"0s\"\nwhat = \"clear-faults\"\n", "setup.toml:5: a setup has no events"),
        ("[expect]\npops = []\n", "setup.toml:5: a setup expects nothing"),
        ("[[crm.record]]\nrole = \"person\"\n", "setup.toml:5: a setup says nothing of what stands in the CRM"),
        ("[[binding]]\nuser = \"bob\"\nextensions = [\"1001\"]\n", "setup.toml:5: the CRM has no user `bob`"),
        ("colour = 1\n", "setup.toml:5: unknown field `colour`"),
    ] {
        // Lists within a line cannot go on below it.
        let blocks = "title = \"An office\"\n[[extension]]\nid = \"1001\"\n\n";
        scene.setup(&format!("{}{more}", if more.starts_with("[[") { blocks } else { SETUP }));
        let output = scene.start(&[]).close_whole();
        assert!(output.contains(wanted), "{wanted}: {output}");
    }
}

#[test]
fn a_connector_that_is_not_connected_is_told_with_the_command_that_connects_it() {
    let scene = Scene::new("unconnected");
    let output = scene.command(&["--connector", "salesforce"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("pbx-crm connect salesforce --state-dir"), "{text}");
    let output = scene.command(&["--connector", "salesforce", "--crm", "http://127.0.0.1:1"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("leave --crm out"), "{text}");
}
