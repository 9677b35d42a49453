//! `pbx-crm connect`, `status`, `users` and `disconnect` as people call them: the built program, a scripted browser, and fake Salesforce, all
//! over loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use fake_salesforce::oauth::{PASSWORD, TEST_CLIENT_ID, TEST_CLIENT_SECRET};
use fake_salesforce::person;
use fake_salesforce::standalone::{self, Started};
use http::{Request, Response};
use ureq::Agent;

/// Salesforce on a port of its own, a folder for accounts, and a browser.
struct Scene {
    salesforce: Started,
    folder: PathBuf,
    agent: Agent,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("connect-{name}"));
        let _left_by_an_earlier_run = std::fs::remove_dir_all(&folder);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let options = standalone::Options { now_ms: u64::try_from(now).unwrap(), ..standalone::Options::default() };
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self { salesforce: standalone::start(&options).expect("a port"), folder, agent: Agent::new_with_config(config) }
    }

    fn variable(&self, name: &str) -> &str {
        &self.salesforce.variables.iter().find(|(known, _)| *known == name).expect(name).1
    }

    fn knob(&self, name: &str, value: serde_json::Value) {
        let url = format!("{}/_control/knobs/{name}", self.salesforce.address);
        let answer = self.browse(Request::post(url).body(serde_json::to_vec(&value).unwrap()).unwrap());
        assert_eq!(answer.status(), 200, "{}", body(&answer));
    }

    fn browse(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        let answer = if head.method == http::Method::GET {
            self.agent.run(Request::from_parts(head, ()))
        } else {
            self.agent.run(Request::from_parts(head, body))
        };
        let (head, mut body) = answer.expect("an answer").into_parts();
        Response::from_parts(head, body.read_to_vec().expect("a body"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pbx-crm"));
        command.args(arguments).arg("--state-dir").arg(&self.folder).env("PBX_CRM_CLIENT_SECRET", TEST_CLIENT_SECRET).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        told(&self.command(arguments).output().expect("the program starts"))
    }

    /// `connect` under way.
    fn connect(&self, more: &[&str]) -> Connecting<'_> {
        let address = self.salesforce.address.as_str();
        let mut arguments =
            vec!["connect", "--client-id", TEST_CLIENT_ID, "--login-host", address, "--on-premises", address, "--port", "0"];
        arguments.retain(|argument| !(more.contains(&"--client-id") && [TEST_CLIENT_ID, "--client-id"].contains(argument)));
        arguments.extend(more);
        Connecting::of(self, self.command(&arguments))
    }

    /// Everything that lies in the folder and no one but its owner may read.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let entry = entry.unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o7777, 0o600, "{:?}", entry.path());
            }
            files.push((entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()));
        }
        files.sort();
        files
    }
}

/// The program, waiting for its browser.
struct Connecting<'a> {
    scene: &'a Scene,
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    said: String,
    callback: String,
    page: String,
}

impl<'a> Connecting<'a> {
    fn of(scene: &'a Scene, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut said, mut addresses) = (String::new(), Vec::new());
        // The two addresses stand on lines of their own; one more line follows, so that the page is served by then or soon.
        while addresses.len() < 2 {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "{said} {}", rest(child.stderr.as_mut().unwrap()));
            if let Some(address) = line.strip_prefix("  ") {
                addresses.push(address.trim().to_owned());
            }
            said.push_str(&line);
        }
        let page = addresses.pop().unwrap();
        Self { scene, child, out, said, callback: addresses.pop().unwrap(), page }
    }

    /// The page of the printed address, and the browser's cookie.
    fn first_page(&self) -> (String, String) {
        let elsewhere = self.scene.browse(Request::get(&self.page).body(Vec::new()).unwrap());
        // The key is out of the address before anything is shown.
        assert!(elsewhere.status() == 303 && elsewhere.headers()["location"] == "/oauth/salesforce", "{elsewhere:?}");
        let cookie = elsewhere.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = self.look(&cookie);
        assert_eq!(page.status(), 200);
        is_guarded(&page);
        (body(&page), cookie)
    }

    /// What stands at the bare address for the browser with this cookie.
    fn look(&self, cookie: &str) -> Response<Vec<u8>> {
        self.scene.browse(Request::get(&self.callback).header("cookie", cookie).body(Vec::new()).unwrap())
    }

    /// Presses the button.
    fn press(&self, page: &str, cookie: &str) -> Response<Vec<u8>> {
        let form = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the form's secret");
        let request = Request::post(&self.callback).header("cookie", cookie).header("content-type", "application/x-www-form-urlencoded");
        self.scene.browse(request.body(format!("form={form}").into_bytes()).unwrap())
    }

    /// Comes back with this query; gives the page that the browser shows in the end.
    fn come_back(&self, query: &str, cookie: &str) -> Response<Vec<u8>> {
        let url = format!("{}?{query}", self.callback);
        let answer = self.scene.browse(Request::get(url).header("cookie", cookie).body(Vec::new()).unwrap());
        is_guarded(&answer);
        if answer.status() != 303 {
            return answer;
        }
        // The code is out of the address before anything is shown.
        assert_eq!(answer.headers()["location"], "/oauth/salesforce/result");
        let page = Request::get(format!("{}/result", self.callback)).header("cookie", cookie).body(Vec::new()).unwrap();
        let page = self.scene.browse(page);
        is_guarded(&page);
        page
    }

    /// All the way through; gives the last page.
    fn go(&self, username: &str, allow: bool) -> String {
        let (page, cookie) = self.first_page();
        let answer = self.press(&page, &cookie);
        assert_eq!(answer.status(), 303, "{}", body(&answer));
        let url = answer.headers()["location"].to_str().unwrap().to_owned();
        let mut exchange = |request| self.scene.browse(request);
        let back = person::approve(&mut exchange, &url, username, PASSWORD, allow).expect("the CRM's pages lead back");
        let query = back.strip_prefix(&self.callback).and_then(|rest| rest.strip_prefix('?')).expect("back to the callback");
        let last = body(&self.come_back(query, &cookie));
        let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap_or("no code");
        assert!(!last.contains(code) && !page.contains(TEST_CLIENT_SECRET), "neither code nor secret stands on a page");
        last
    }

    /// Waits for its end; gives exit code and all that it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut text = std::mem::take(&mut self.said);
        self.out.read_to_string(&mut text).unwrap();
        text.push_str(&rest(self.child.stderr.as_mut().unwrap()));
        let status = self.child.wait().unwrap();
        (status.code(), text)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _code = self.child.wait();
    }
}

fn rest(from: &mut impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}

fn body(answer: &Response<Vec<u8>>) -> String {
    // The one sign that templates escape and addresses are full of.
    String::from_utf8_lossy(answer.body()).replace("&#x2f;", "/")
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains(TEST_CLIENT_SECRET) && !text.contains("panicked"), "{text}");
    (output.status.code(), text)
}

#[track_caller]
fn is_guarded(page: &Response<Vec<u8>>) {
    let headers = page.headers();
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(headers[name], value);
    }
}

/// The id of the organisation in a line such as "Organisation: Name (00D...)".
fn organisation(text: &str) -> &str {
    let at = text.find("00D").expect("an organisation");
    &text[at..at + 18]
}

#[test]
fn an_account_is_connected_looked_at_and_disconnected() {
    let scene = Scene::new("whole");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    assert_eq!(scene.run(&["status"]), (Some(1), "Salesforce: not connected.\n".to_owned()));
    assert!(!scene.folder.exists(), "to look makes nothing");
    assert_eq!(scene.run(&["disconnect"]).0, Some(0));

    // M-CON-2: the callback address is printed, and shown ready to copy, before anything else is asked.
    let connecting = scene.connect(&[]);
    assert!(connecting.callback.starts_with("http://localhost:") && connecting.callback.ends_with("/oauth/salesforce"));
    assert!(connecting.said.contains("credentials.key"), "a new key is told: {}", connecting.said);
    let (page, _) = connecting.first_page();
    for part in [
        connecting.callback.as_str(),
        "GET /services/data/v66.0/search",
        "look up who calls",
        "not confinable by path",
        "api refresh_token openid",
        // All that is stored as approved is shown.
        "*.salesforce.com",
        "token path /services/oauth2/token",
        "revoke path /services/oauth2/revoke",
        "signature of token answers",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let last = connecting.go(&admin, true);
    assert!(last.contains("Salesforce is connected") && last.contains("Ada Admin"), "{last}");
    let (code, text) = connecting.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Salesforce is connected:") && text.contains("as Ada Admin"), "{text}");

    let names: Vec<String> = scene.files().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"credentials.key".to_owned()) && names.contains(&"pbx-crm.db".to_owned()), "{names:?}");
    let access = scene.variable("SF_CLIENT_SECRET");
    assert!(scene.files().iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains(access)));

    for arguments in [vec!["status"], vec!["status", "salesforce", "--check"]] {
        let (code, text) = scene.run(&arguments);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("connected") && organisation(&text).starts_with("00D") && text.contains("/oauth/salesforce"), "{text}");
    }
    let (code, text) = scene.run(&["users"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.lines().any(|line| line.starts_with("Ada Admin - ") && line.contains('@')), "{text}");

    // Sealed with a key that is gone: told, and nothing is overwritten.
    let (key, away) = (scene.folder.join("credentials.key"), scene.folder.join("away"));
    std::fs::rename(&key, &away).unwrap();
    for arguments in [vec!["status"], vec!["connect", "--client-id", "x", "--port", "0"]] {
        let (code, text) = scene.run(&arguments);
        assert!(code.is_some_and(|code| code > 0) && text.contains("credentials.key"), "{arguments:?}: {code:?} {text}");
    }
    std::fs::rename(&away, &key).unwrap();
    assert_eq!(scene.run(&["status", "--check"]).0, Some(0));

    // A question that nobody answers changes nothing.
    let (code, text) = scene.run(&["disconnect"]);
    assert!(code == Some(1) && text.contains("Nothing was changed."), "{code:?} {text}");
    assert_eq!(scene.run(&["status", "--check"]).0, Some(0));
    let (code, text) = scene.run(&["disconnect", "--yes"]);
    assert!(code == Some(0) && text.contains("The access was given back and everything stored for the account was erased."), "{text}");
    assert_eq!(scene.run(&["status"]).0, Some(1));
}

#[test]
fn m_con_5_the_page_and_the_command_tell_why_it_was_refused() {
    let scene = Scene::new("refused");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let denied = scene.connect(&[]);
    assert!(denied.go(&admin, false).contains("Nothing was changed"));
    let (code, text) = denied.end();
    assert!(code == Some(1) && text.contains("refused by the person who signed in"), "{code:?} {text}");

    // A wrong key or callback address would strand the browser at the CRM: it is told before.
    let wrong = scene.connect(&["--client-id", "nobody", "--lang", "zh-CN"]);
    let (page, cookie) = wrong.first_page();
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("回调地址"));
    let answer = wrong.press(&page, &cookie);
    assert!(answer.status() == 200 && body(&answer).contains("客户端 ID"), "{}", body(&answer));
    let (code, text) = wrong.end();
    assert!(code == Some(1) && text.contains("客户端 ID"), "{text}");
    assert_eq!(scene.run(&["status"]).0, Some(1));
}

#[test]
fn m_req_5_who_is_no_administrator_is_told_on_the_page() {
    let scene = Scene::new("agent");
    scene.knob("user", serde_json::json!({ "user": "admin", "admin": false }));
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&[]);
    let last = connecting.go(&admin, true);
    assert!(last.contains("is no administrator of Salesforce"), "{last}");
    let (code, text) = connecting.end();
    assert!(code == Some(1) && text.contains("is no administrator of Salesforce"), "{text}");
}

#[test]
fn f43_a_foreign_callback_or_form_is_400_and_the_sign_in_goes_on() {
    let scene = Scene::new("foreign");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&[]);
    let (page, cookie) = connecting.first_page();
    let (_, other) = connecting.first_page();
    assert_ne!(cookie, other);
    for (query, cookie) in
        [("code=x", cookie.as_str()), ("code=x&state=y", &cookie), ("error=access_denied&state=y", &other), ("code=x&state=y", "")]
    {
        let answer = connecting.come_back(query, cookie);
        assert_eq!(answer.status(), 400, "{query}");
    }
    let press = |cookie: &str, site: &str, form: &str| {
        let request = Request::post(&connecting.callback).header("cookie", cookie).header("sec-fetch-site", site);
        scene.browse(request.body(format!("form={form}").into_bytes()).unwrap()).status().as_u16()
    };
    let form = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(
        (press(&other, "same-origin", form), press(&cookie, "cross-site", form), press(&cookie, "same-origin", "")),
        (400, 400, 400)
    );
    // A name that somebody gave this machine is none of ours.
    let rebound = Request::get(&connecting.callback).header("host", "evil.test").header("cookie", &cookie).body(Vec::new()).unwrap();
    assert_eq!(scene.browse(rebound).status(), 404);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
}

#[test]
fn f43_who_has_not_the_printed_address_gets_no_session_and_takes_nobody_elses() {
    let scene = Scene::new("key");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&[]);
    let (callback, key) = connecting.page.split_once("?key=").unwrap();
    assert!(callback == connecting.callback && key.len() == 64, "{}", connecting.page);
    let (_, cookie) = connecting.first_page();
    let near = format!("{}{}", &key[..63], if key.ends_with('0') { '1' } else { '0' });
    // More often than there is room for browsers: the administrator's stays.
    for _ in 0..10 {
        for query in ["", "?key=", "?key=0", &format!("?key={near}"), "?key", "?form=x"] {
            let answer = scene.browse(Request::get(format!("{callback}{query}")).body(Vec::new()).unwrap());
            assert!(answer.status() == 400 && !answer.headers().contains_key("set-cookie"), "{query}: {answer:?}");
            assert!(body(&answer).contains("not asked for by you") && !body(&answer).contains("name=\"form\""), "{query}");
        }
    }
    assert_eq!(connecting.look(&cookie).status(), 200);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
}

#[test]
fn f43_after_one_tab_has_ended_it_no_other_tab_connects_anything() {
    let scene = Scene::new("tabs");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&[]);
    let (page, cookie) = connecting.first_page();
    let mut exchange = |request| scene.browse(request);
    let [refused, allowed] = [false, true].map(|allow| {
        let answer = connecting.press(&page, &cookie);
        let url = answer.headers()["location"].to_str().unwrap().to_owned();
        let back = person::approve(&mut exchange, &url, &admin, PASSWORD, allow).expect("the CRM's pages lead back");
        Request::get(back).header("cookie", &cookie).body(Vec::new()).unwrap()
    });
    for request in [refused, allowed] {
        let answer = scene.browse(request);
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/oauth/salesforce/result"));
    }
    let answer = connecting.press(&page, &cookie);
    assert!(answer.status() == 200 && body(&answer).contains("refused by the person"), "{}", body(&answer));
    assert_eq!(connecting.end().0, Some(1));
    assert_eq!(scene.run(&["status"]).0, Some(1));
}

#[test]
fn f44_what_the_crm_says_is_shown_as_text() {
    let scene = Scene::new("markup");
    let connecting = scene.connect(&[]);
    let (page, cookie) = connecting.first_page();
    let answer = connecting.press(&page, &cookie);
    let url = answer.headers()["location"].to_str().unwrap();
    let state = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap();
    let query = format!("error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state={state}");
    let last = body(&connecting.come_back(&query, &cookie));
    assert!(last.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !last.contains("<script"), "{last}");
    assert_eq!(connecting.end().0, Some(1));
}

#[test]
fn the_secret_comes_from_a_file_or_the_standard_input_and_never_from_an_argument() {
    let scene = Scene::new("secret");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    std::fs::create_dir_all(&scene.folder).unwrap();
    let file = scene.folder.with_extension("secret");
    std::fs::write(&file, format!("{TEST_CLIENT_SECRET}\n")).unwrap();
    let connecting = scene.connect(&["--client-secret-file", file.to_str().unwrap()]);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
    std::fs::remove_file(file).unwrap();

    let address = scene.salesforce.address.as_str();
    let mut command =
        scene.command(&["connect", "--client-id", TEST_CLIENT_ID, "--login-host", address, "--on-premises", address, "--port", "0"]);
    let given = scene.folder.with_extension("stdin");
    std::fs::write(&given, format!("{TEST_CLIENT_SECRET}\n")).unwrap();
    command.env_remove("PBX_CRM_CLIENT_SECRET").stdin(std::fs::File::open(&given).unwrap());
    let connecting = Connecting::of(&scene, command);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
    std::fs::remove_file(given).unwrap();
    let (code, text) = scene.run(&["connect", "--client-id", "x", "--client-secret", "y"]);
    assert!(code == Some(2) && text.contains("unexpected argument"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_may_change_is_refused_and_a_secret_that_others_may_read_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let scene = Scene::new("modes");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    std::fs::create_dir_all(&scene.folder).unwrap();
    let mode = |path: &Path, mode: u32| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for open in [0o770, 0o707, 0o777, 0o720] {
        mode(&scene.folder, open);
        let (code, text) = scene.run(&["connect", "--client-id", "x", "--port", "0"]);
        assert!(code == Some(2) && text.contains(&format!("mode {open:04o}")) && text.contains("chmod go-w"), "{code:?} {text}");
        assert!(scene.files().is_empty(), "nothing was put there");
    }
    mode(&scene.folder, 0o755);
    let file = scene.folder.with_extension("open-secret");
    std::fs::write(&file, TEST_CLIENT_SECRET).unwrap();
    mode(&file, 0o644);
    let connecting = scene.connect(&["--client-secret-file", file.to_str().unwrap()]);
    assert!(connecting.said.contains("! Others than its owner may read"), "{}", connecting.said);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
    mode(&scene.folder, 0o770);
    let (code, text) = scene.run(&["status"]);
    assert!(code == Some(2) && text.contains("mode 0770"), "{code:?} {text}");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn an_account_with_a_name_of_its_own_is_another_one() {
    let scene = Scene::new("named");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&["--account", "sales"]);
    connecting.go(&admin, true);
    assert_eq!(connecting.end().0, Some(0));
    assert_eq!(scene.run(&["status"]).0, Some(1));
    assert_eq!(scene.run(&["status", "--check", "--account", "sales"]).0, Some(0));
    assert_eq!(scene.run(&["users", "--account", "sales"]).0, Some(0));
    assert_eq!(scene.run(&["disconnect", "--yes", "--account", "sales"]).0, Some(0));
    assert_eq!(scene.run(&["status", "--account", "sales"]).0, Some(1));
    for wrong in ["", &"x".repeat(65), "a\u{1b}[2J"] {
        assert_eq!(scene.run(&["status", "--account", wrong]).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn what_cannot_be_tried_is_told_and_ends_with_2() {
    let scene = Scene::new("impossible");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, expected) in [
        (vec!["connect", "--client-id", "x", "--port", &port], "cannot be had"),
        (vec!["connect", "webhook", "--client-id", "x", "--port", "0"], "not opened by signing in"),
        (vec!["connect", "nothing", "--client-id", "x"], "there is no connector `nothing`"),
        (vec!["connect", "--client-id", "x", "--port", "0", "--on-premises", "10.1.2.3"], "on premises"),
    ] {
        let (code, text) = scene.run(&arguments);
        assert!(code == Some(2) && text.contains(expected), "{arguments:?}: {code:?} {text}");
    }
    // Not what an app without a secret is: an unset variable of a script.
    let mut command = scene.command(&["connect", "--client-id", "x", "--port", "0"]);
    let (code, text) = told(&command.env("PBX_CRM_CLIENT_SECRET", "").output().unwrap());
    assert!(code == Some(2) && text.contains("nothing in PBX_CRM_CLIENT_SECRET"), "{code:?} {text}");
    let (code, text) = scene.run(&["connect", "--port", "0"]);
    assert!(code == Some(2) && text.contains("--client-id"), "{code:?} {text}");
}

#[test]
fn doctor_names_scopes_rights_and_allowance_before_a_call_fails() {
    let scene = Scene::new("doctor");
    let admin = scene.variable("SF_ADMIN_USER").to_owned();
    let connecting = scene.connect(&[]);
    assert!(connecting.go(&admin, true).contains("is connected"));
    assert_eq!(connecting.end().0, Some(0));

    let (code, text) = scene.run(&["doctor"]);
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "ok       The credentials can be opened",
        "ok       Salesforce has granted all that was asked for.",
        "ok       Salesforce is connected and answers",
        "ok       The clock of this machine agrees",
        "ok       The connected user may see and write all",
        "0 broken, 0 warnings.",
    ] {
        assert!(text.contains(part), "no “{part}” in\n{text}");
    }

    scene.knob("hidden-field", serde_json::json!({ "object": "Task", "field": "CallObject" }));
    scene.knob("quota", serde_json::json!({ "max": 15_000, "left": 1_000 }));
    let (code, text) = scene.run(&["doctor"]);
    assert_eq!(code, Some(0), "{text}");
    for part in ["warning  Salesforce: The connected Salesforce user cannot write these fields of tasks: CallObject", "warning  Only"] {
        assert!(text.contains(part), "no “{part}” in\n{text}");
    }

    scene.knob("user", serde_json::json!({ "user": "admin", "admin": false, "manage-users": false }));
    let (code, text) = scene.run(&["doctor"]);
    assert!(code == Some(1) && text.contains("broken   Salesforce: ") && text.contains("is no administrator"), "{text}");

    // The key was lost.
    std::fs::remove_file(scene.folder.join("credentials.key")).unwrap();
    let (code, text) = scene.run(&["doctor"]);
    assert!(code == Some(1) && text.contains("There is no key for the stored credentials"), "{text}");
}
