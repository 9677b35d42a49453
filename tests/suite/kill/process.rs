//! The real program, which is told of calls, answers, and is killed.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No end takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// `pbx-crm play --live -`.
pub struct Process {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    answers: Receiver<Value>,
}

/// What came.
pub enum Came {
    Answer(Value),
    /// Nothing until then.
    Nothing,
    /// The process has ended, and all that it said was read.
    Ended,
}

impl Process {
    pub fn start(folder: &Path, setup: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("host.log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
            .args(["play", "--live", "-", "--connector", "salesforce", "--setup"])
            .arg(setup)
            .arg("--state-dir")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().map(BufWriter::new);
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || {
            // The last line of a killed process may be torn: it says nothing.
            for line in output.split(b'\n').map_while(Result::ok) {
                let Ok(answer) = serde_json::from_slice(&line) else { return };
                if sender.send(answer).is_err() {
                    return;
                }
            }
        });
        Self { child, input, answers }
    }

    /// Tells of an event. A process that has died takes nothing: what was not answered is told again.
    pub fn tell(&mut self, event: &Value) {
        if let Some(input) = &mut self.input {
            let _died = writeln!(input, "{event}");
        }
    }

    pub fn flush(&mut self) {
        if let Some(input) = &mut self.input {
            let _died = input.flush();
        }
    }

    pub fn next_until(&mut self, until: Instant) -> Came {
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(answer) => Came::Answer(answer),
            Err(RecvTimeoutError::Timeout) => Came::Nothing,
            Err(RecvTimeoutError::Disconnected) => Came::Ended,
        }
    }

    /// SIGKILL. Gives what it had answered before.
    pub fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        // It cannot take what is still in the buffer, and nobody shall wait for that.
        drop(self.input.take().map(BufWriter::into_parts));
        self.answers.iter().collect()
    }

    /// SIGTERM, which shall end it in good order. Gives what it answered, and how it ended.
    pub fn terminate(mut self) -> (Vec<Value>, ExitStatus) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be told");
        self.end()
    }

    fn end(&mut self) -> (Vec<Value>, ExitStatus) {
        let until = Instant::now() + PATIENCE;
        let mut answers = Vec::new();
        loop {
            match self.next_until(until) {
                Came::Answer(answer) => answers.push(answer),
                Came::Ended => return (answers, self.child.wait().expect("it ends")),
                Came::Nothing => panic!("the host does not end"),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _code = self.child.wait();
    }
}
