//! A host as a PBX has it: the built program, its folder, and a CRM on loopback.

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

pub const SETUP: &str = "title = \"An office\"\nextension = [{ id = \"1001\", name = \"Ann Field\" }]\ncrm.user = [{ id = \"ann\", name = \"Ann Field\" }]\n\
                     binding = [{ user = \"ann\", extensions = [\"1001\"] }]\n";

pub struct Scene {
    pub folder: PathBuf,
    pub server: Server,
    pub control: RemoteCrm,
}

impl Scene {
    pub fn new(name: &str) -> Self {
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

    pub fn setup(&self, text: &str) {
        std::fs::write(self.folder.join("setup.toml"), text).unwrap();
    }

    pub fn command(&self, more: &[&str]) -> Command {
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

    pub fn start(&self, more: &[&str]) -> Running {
        let mut child = self.command(&["--crm", self.server.address()]).args(more).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// Waits until so many calls stand in the histories.
    pub fn wait_for_entries(&self, count: usize) -> usize {
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

pub struct Running {
    pub child: Child,
    pub out: BufReader<ChildStdout>,
}

impl Running {
    pub fn write(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub fn tell(&mut self, event: &Value) {
        self.write(&format!("{event}\n"));
    }

    pub fn line(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.out.read_line(&mut line).unwrap() > 0, "the program has ended: {}", self.errors());
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
    }

    /// The next answer, whatever is told before it.
    pub fn answer(&mut self) -> Value {
        loop {
            let line = self.line();
            if line.get("told").is_none() {
                return line;
            }
        }
    }

    pub fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The end of the input; gives what was still said, and the exit code.
    pub fn close(mut self) -> (String, Option<i32>) {
        drop(self.child.stdin.take());
        self.end()
    }

    /// What it says on its way out, for one that does not start.
    pub fn close_whole(mut self) -> String {
        drop(self.child.stdin.take());
        let (out, code) = self.end();
        let errors = self.errors();
        assert_eq!(code, Some(2), "{out}{errors}");
        errors
    }

    pub fn end(&mut self) -> (String, Option<i32>) {
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

pub fn start(call: &str) -> Value {
    json!({ "id": format!("{call}/start"), "what": "start", "call": call, "direction": "inbound", "from": "+15550100142", "to": "+15550100100" })
}

pub fn event(what: &str, call: &str) -> Value {
    json!({ "id": format!("{call}/{what}"), "what": what, "call": call, "extension": "1001" })
}

pub fn end(call: &str) -> Value {
    json!({ "id": format!("{call}/end"), "what": "end", "call": call })
}
