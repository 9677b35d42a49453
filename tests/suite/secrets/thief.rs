//! A connector that wants the credential of its account, and the ways in which it tries.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use pbx_crm::guests::Components;
use pbx_crm::player::crm::{Crm, IN_PROCESS};
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario::{self, Scenario};
use pbx_crm_host::component::Source;
use pbx_crm_host::core::io::{Output, Told};
use serde_json::json;

use super::folder::Folder;
use super::watched::{ECHO, Notes, Watched};
use super::{nothing_put_out, traces};

const THIEF: &[u8] = include_bytes!(env!("PBX_CRM_TEST_THIEF"));

const CALL: &str = r#"
title = "one call, one look-up"
then-wait = "1s"
extension = [{ id = "1001" }]
crm.user = [{ id = "u", name = "U" }]
binding = [{ user = "u", extensions = ["1001"] }]
event = [
  { at = "1s", what = "start", call = "c", direction = "inbound", from = "+15550100142", to = "100" },
  { at = "2s", what = "ring", call = "c", extension = "1001" },
  { at = "30s", what = "end", call = "c" },
]
"#;

/// One try.
struct Robbery {
    scenario: Scenario,
    play: Play,
    notes: Arc<Mutex<Notes>>,
    /// What the thief says it found.
    told: String,
    began: traces::Since,
}

/// The thief tries this way, in an account that is connected like any other.
fn rob(way: &str, elsewhere: &str) -> Robbery {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    let began = traces::listen();
    let stage = STAGE.get_or_init(|| {
        let components = Components { connector: Source::bytes("thief.wasm", THIEF), ..Components::built() };
        Stage::new(components).expect("the components load")
    });
    let file = Path::new("robbery.toml");
    let scenario = scenario::parse(file, CALL).expect("the scenario is right");
    let folder = Folder::new();
    let (mut watched, notes) = Watched::new();
    watched.settings = vec![("way".to_owned(), json!(way)), ("elsewhere".to_owned(), json!(elsewhere))];
    let crm = Crm { fake: Box::new(watched), address: IN_PROCESS.to_owned(), credentials: folder.store(), database: None };
    let play = stage.play(file, CALL, &scenario, crm).expect("the play ends");
    let told = told(&play);
    Robbery { scenario, play, notes, told, began }
}

/// The thief's log, from the letters in which it repeats it.
fn told(play: &Play) -> String {
    let lines = play.outputs.iter().filter_map(|(_, output)| match output {
        Output::Told(Told::Log { line, .. }) => line.text.strip_prefix("letters:"),
        _ => None,
    });
    let letters: Vec<u8> = lines.flat_map(str::bytes).map(|letter| letter - b'a').collect();
    String::from_utf8_lossy(&letters.chunks(2).map(|halves| halves[0] << 4 | halves[1]).collect::<Vec<_>>()).into_owned()
}

impl Robbery {
    /// Nothing was got, nothing was sent that is not declared, and nothing with another credential than the host's. Gives how many requests of
    /// the connector arrived.
    #[track_caller]
    fn failed(&self, way: &str) -> usize {
        let notes = self.notes.lock().unwrap();
        let search = notes.search();
        assert!(!self.told.is_empty(), "{way}: the thief tells what it did");
        search.nothing_in(way, &self.told);
        assert_eq!(notes.in_memory, Vec::<String>::new(), "{way}: in the thief's memory");
        nothing_put_out(&search, &self.scenario, &self.play, self.began);
        let mut arrived = 0;
        for request in &notes.requests {
            let (method, uri) = (request.method().as_str(), request.uri());
            assert_eq!((uri.scheme_str(), uri.authority().map(|host| host.as_str())), (Some("http"), Some("crm.test")), "{way}: {uri}");
            let headers = request.headers();
            for name in ["cookie", "host", "connection", "transfer-encoding", "proxy-authorization", "proxy-connection", "content-length"] {
                assert!(!headers.contains_key(name), "{way}: {name}");
            }
            let credentials: Vec<&str> = headers.get_all("authorization").iter().map(|value| value.to_str().unwrap()).collect();
            match (method, uri.path()) {
                // The host's own: it looks whether the sign-in page knows the app, and gets the tokens.
                ("GET", "/services/oauth2/authorize") | ("POST", "/services/oauth2/token") => {
                    assert!(credentials.is_empty(), "{way}: the host's own request");
                }
                ("GET", ECHO) => {
                    arrived += 1;
                    assert_eq!(credentials.len(), 1, "{way}: one credential");
                    let granted = notes.granted.iter().any(|token| credentials[0] == format!("Bearer {token}"));
                    assert!(granted, "{way}: the host's own credential");
                }
                _ => panic!("{way}: {method} {uri} was not declared"),
            }
        }
        arrived
    }

    #[track_caller]
    fn says(&self, way: &str, evidence: &str) {
        assert!(self.told.contains(evidence), "{way}: no {evidence:?} in {}", self.told);
    }

    /// Requests that the gate before the sandbox held back, as the host tells it.
    fn denied(&self) -> usize {
        self.play.outputs.iter().filter(|(_, output)| matches!(output, Output::Told(Told::Denied { .. }))).count()
    }
}

#[test]
fn way_1_what_lies_around_a_component_is_empty() {
    let robbery = rob("surroundings", "");
    assert_eq!(robbery.failed("surroundings"), 0);
    robbery.says("surroundings", "environment [] arguments [] input Ok(0) \"\"");
}

#[test]
fn way_2_what_the_host_hands_over_holds_no_credential() {
    let robbery = rob("context", "");
    assert_eq!(robbery.failed("context"), 0);
    robbery.says("context", "base: \"http://crm.test\"");
    robbery.says("context", "\"way\"");
}

#[test]
fn way_3_f42_headers_that_are_the_hosts_cannot_be_set() {
    let robbery = rob("headers", "");
    assert_eq!(robbery.failed("headers"), 1, "the request itself goes out, with the host's credential");
    for name in [
        "authorization",
        "Authorization",
        "AUTHORIZATION",
        "cookie",
        "host",
        "connection",
        "transfer-encoding",
        "proxy-authorization",
        "Proxy-Connection",
        "accept-encoding",
        "Range",
        "te",
        "upgrade",
    ] {
        let refused = "Err(HeaderError::Forbidden)";
        robbery
            .says("headers", &format!("\n{name} {refused} {refused} {refused}").replacen('\n', "", usize::from(name == "authorization")));
    }
    robbery.says("headers", "two-lines Err(HeaderError::InvalidSyntax)");
    robbery.says("headers", "two-names Err(HeaderError::InvalidSyntax)");
    robbery.says("headers", "made Err(HeaderError::Forbidden)");
    robbery.says("headers", "echo Ok(\"200");
    assert!(!robbery.told.contains("Bearer stolen"), "{}", robbery.told);
}

#[test]
fn way_4_the_credential_is_added_to_a_copy_that_no_component_sees() {
    let robbery = rob("read-back", "");
    assert!(robbery.failed("read-back") >= 1);
    robbery.says("read-back", "body: nothing\") copy [(\"x-mine\", [49])] []");
}

#[test]
fn way_5_one_request_cannot_be_hidden_in_another() {
    let robbery = rob("smuggle", "");
    assert_eq!(robbery.failed("smuggle"), 0);
    robbery.says("smuggle", "transfer-encoding Err(HeaderError::Forbidden)");
    // A body that is longer than what was told of it is sent by nobody.
    robbery.says("smuggle", "echo Err(\"ErrorCode::HttpRequestBodySize");
}

#[test]
fn way_6_a_page_that_repeats_the_credential_tells_nothing_in_any_writing() {
    for writing in [
        "plain",
        "json",
        "json-ascii",
        "html",
        "percent",
        "percent-small",
        "percent-all",
        "base64",
        "base64-of-all",
        "base64-for-addresses",
        "hex",
        "hex-capitals",
        "reversed",
        "beginning",
        "end",
        "halves",
        "header",
        "forbidden",
    ] {
        let way = format!("echo:{writing}");
        let robbery = rob(&way, "");
        assert_eq!(robbery.failed(&way), 1, "{way}");
        robbery.says(&way, "************");
    }
}

#[test]
fn way_7_a_refused_credential_is_not_told_and_neither_is_the_new_one() {
    let robbery = rob("echo:refused", "");
    assert_eq!(robbery.failed("refused"), 2, "once more with a new one");
    robbery.says("refused", "401");
    robbery.says("refused", "************");
    assert_eq!(robbery.notes.lock().unwrap().granted.len(), 2);
}

#[test]
fn way_8_f39_redirects_are_answers_and_not_followed() {
    for way in ["echo:redirect", "echo:redirect-to-token"] {
        let robbery = rob(way, "");
        assert_eq!(robbery.failed(way), 1, "{way}");
        robbery.says(way, "location: ");
        robbery.says(way, "************");
    }
}

#[test]
fn way_9_f41_the_accounts_host_gives_nothing_but_what_is_declared() {
    let robbery = rob("undeclared", "");
    assert_eq!(robbery.failed("undeclared"), 0);
    let lines: Vec<&str> = robbery.told.lines().collect();
    assert_eq!(lines.len(), 19);
    for line in lines {
        assert!(line.ends_with("Err(\"ErrorCode::HttpRequestDenied\")") || line.ends_with("Err(\"no such method\")"), "{line}");
    }
    assert!(robbery.denied() >= 18, "{} were told", robbery.denied());
}

#[test]
fn way_10_f36_f40_no_other_host_is_asked_however_it_is_written() {
    let robbery = rob("elsewhere", "");
    assert_eq!(robbery.failed("elsewhere"), 0);
    let lines: Vec<&str> = robbery.told.lines().collect();
    assert_eq!(lines.len(), 25);
    for line in lines {
        let refused = ["ErrorCode::HttpRequestDenied", "ErrorCode::HttpProtocolError", "no such authority"];
        assert!(refused.iter().any(|refused| line.ends_with(&format!("Err(\"{refused}\")"))), "{line}");
    }
}

#[test]
fn way_11_f36_an_address_that_the_connector_declared_itself_is_not_asked_either() {
    for address in [
        "http://127.0.0.1:8080",
        "https://127.0.0.1",
        "https://[::1]",
        "https://169.254.169.254",
        "http://evil.example",
        "https://2130706433",
    ] {
        let robbery = rob("declared-elsewhere", address);
        assert_eq!(robbery.failed(address), 0);
        robbery.says(address, "Err(\"ErrorCode::HttpRequestDenied\")");
    }
}

#[test]
fn way_12_a_declared_path_leads_to_no_other() {
    let robbery = rob("paths", "");
    assert_eq!(robbery.failed("paths"), 0);
    for line in robbery.told.lines().filter(|line| !line.starts_with("authorization: x")) {
        let refused = ["ErrorCode::HttpRequestDenied", "no such path"];
        assert!(refused.iter().any(|refused| line.ends_with(&format!("Err(\"{refused}\")"))) || line.ends_with("HTTP/1.1"), "{line}");
    }
}

#[test]
fn way_13_of_an_answer_that_is_too_long_or_cut_nothing_arrives() {
    for (way, said) in [("echo:too-big", "HttpResponseBodySize"), ("echo:cut", "ConnectionTerminated")] {
        let robbery = rob(way, "");
        assert_eq!(robbery.failed(way), 1, "{way}");
        robbery.says(way, &format!("echo Err(\"ErrorCode::{said}"));
    }
}

#[test]
fn way_14_an_exchange_leaves_no_session_in_the_components_own_memory() {
    let robbery = rob("memory", "");
    assert_eq!(robbery.failed("memory"), 2);
    robbery.says("memory", "asked plain Ok(true)\nasked header Ok(true)");
    robbery.says("memory", "searched true found 0 mine true");
    let notes = robbery.notes.lock().unwrap();
    assert!(notes.looks.0 >= 2 && notes.looks.1 > 128 << 10, "looked at from outside too: {:?}", notes.looks);
}
