//! A real Chromium for tests: it opens pages, fills in forms, clicks, tells what people see, and makes pictures of it.
//!
//! Spoken is the W3C's WebDriver protocol with ChromeDriver, over loopback. A page is waited for by asking it again until it is as it should be, at most
//! [`PATIENCE`].

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// No page is waited for longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window and a profile of its own. Dropping it closes it.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    /// What it goes on saying: it would end if nobody were there to hear it.
    _says: BufReader<ChildStdout>,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one; where Chromium or ChromeDriver is not installed, says so on standard error and gives none.
    ///
    /// # Errors
    /// It is installed and does not start.
    pub fn start_or_skip(what: &str) -> Result<Option<Self>, String> {
        let installed = |program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
        let chromium = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].into_iter().any(installed);
        if !chromium || !installed("chromedriver") {
            // Not by a macro, whose words the test runner would keep to itself.
            let _unread = writeln!(
                std::io::stderr(),
                "!!! SKIPPED, not tested in a real browser: {what}. Chromium or ChromeDriver is not installed (tests/odoo/install-browser.sh)."
            );
            return Ok(None);
        }
        Self::start().map(Some)
    }

    fn start() -> Result<Self, String> {
        let profile = tempfile::tempdir().map_err(|why| why.to_string())?;
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--allowed-ips=127.0.0.1"]).env("HOME", profile.path());
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = started.map_err(|why| format!("chromedriver does not start: {why}"))?;
        let mut says = driver.stdout.take().map(BufReader::new);
        let port = says.as_mut().and_then(port);
        let (port, says) = match (port, says) {
            (Some(port), Some(says)) => (port, says),
            _ => {
                end(&mut driver);
                return Err("chromedriver does not say where it listens".to_owned());
            }
        };
        let settings = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let agent: ureq::Agent = settings.into();
        let arguments = [
            "--headless=new",
            // The sandbox wants rights that a test's machine often lacks; pages here are our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1400,1000",
            "--lang=en-US",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments, "prefs": { "intl.accept_languages": "en-US" } },
        } } });
        let mut browser = Self { driver, _says: says, session: format!("http://127.0.0.1:{port}/session"), agent, _profile: profile };
        let made = browser.post("", &capabilities)?;
        let id = made.get("sessionId").and_then(Value::as_str).ok_or_else(|| format!("no session: {made}"))?;
        browser.session = format!("{}/{id}", browser.session);
        Ok(browser)
    }

    /// Opens an address.
    ///
    /// # Errors
    /// The browser says that it cannot.
    pub fn open(&self, address: &str) -> Result<(), String> {
        self.post("/url", &json!({ "url": address })).map(drop)
    }

    /// The address of the page that is shown.
    ///
    /// # Errors
    /// The browser does not tell.
    pub fn address(&self) -> Result<String, String> {
        let address = self.request(self.agent.get(format!("{}/url", self.session)).call())?;
        address.as_str().map(str::to_owned).ok_or_else(|| "the browser names no address".to_owned())
    }

    /// Types into the field that this CSS selector finds, as soon as people can.
    ///
    /// # Errors
    /// There is no such field, or nothing can be typed into it, within [`PATIENCE`].
    pub fn fill(&self, selector: &str, text: &str) -> Result<(), String> {
        self.with_element(selector, |element| {
            self.post(&format!("/element/{element}/clear"), &json!({}))?;
            self.post(&format!("/element/{element}/value"), &json!({ "text": text })).map(drop)
        })
    }

    /// Clicks what this CSS selector finds, as soon as people can.
    ///
    /// # Errors
    /// There is nothing, or it cannot be clicked, within [`PATIENCE`].
    pub fn click(&self, selector: &str) -> Result<(), String> {
        self.with_element(selector, |element| self.post(&format!("/element/{element}/click"), &json!({})).map(drop))
    }

    /// Gives what a script on the page returns.
    ///
    /// # Errors
    /// The script failed.
    pub fn run(&self, script: &str) -> Result<Value, String> {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What people read on the page.
    ///
    /// # Errors
    /// The page does not tell.
    pub fn text(&self) -> Result<String, String> {
        Ok(self.run("return document.body ? document.body.innerText : ''")?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until people can read on the page what is wanted; gives all that they can read.
    ///
    /// # Errors
    /// It did not come within [`PATIENCE`].
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let begun = Instant::now();
        loop {
            // While a page changes to another there is none for a moment.
            let text = self.text().unwrap_or_default();
            if wanted(&text) {
                return Ok(text);
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the page at {} does not show it, but:\n{text}", self.address().unwrap_or_default()));
            }
            std::thread::yield_now();
        }
    }

    /// Makes a picture of what is seen (PNG) and puts it into a file.
    ///
    /// # Errors
    /// No picture, or no file.
    pub fn picture(&self, file: &Path) -> Result<(), String> {
        let coded = self.request(self.agent.get(format!("{}/screenshot", self.session)).call())?;
        let bytes = STANDARD.decode(coded.as_str().unwrap_or_default()).map_err(|why| why.to_string())?;
        std::fs::write(file, bytes).map_err(|why| format!("{}: {why}", file.display()))
    }

    fn with_element(&self, selector: &str, act: impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let done = self.find(selector).and_then(|element| act(&element));
            match done {
                Err(why) if begun.elapsed() > PATIENCE => {
                    return Err(format!("`{selector}` at {}: {why}", self.address().unwrap_or_default()));
                }
                Err(_) => std::thread::yield_now(),
                Ok(()) => return Ok(()),
            }
        }
    }

    fn find(&self, selector: &str) -> Result<String, String> {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| format!("the browser names no element: {found}"))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.session)).header("content-type", "application/json");
        self.request(request.send(body.to_string()))
    }

    fn request(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
        let mut answer = answer.map_err(|why| format!("chromedriver: {why}"))?;
        let text = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string().map_err(|why| why.to_string())?;
        let mut json: Value = serde_json::from_str(&text).map_err(|why| format!("chromedriver says no JSON: {why}"))?;
        let value = json.get_mut("value").map(Value::take).unwrap_or_default();
        if answer.status().is_success() { Ok(value) } else { Err(value.get("message").and_then(Value::as_str).unwrap_or(&text).to_owned()) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _closed = self.agent.delete(&self.session).call();
        end(&mut self.driver);
    }
}

fn end(driver: &mut Child) {
    let _ended = driver.kill();
    let _code = driver.wait();
}

/// Of "ChromeDriver was started successfully on port 12345."
fn port(says: &mut BufReader<ChildStdout>) -> Option<u16> {
    let mut lines = says.lines().take(20).filter_map(Result::ok);
    lines.find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
}
