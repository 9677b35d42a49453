//! A whole afternoon with the built connector: once as it is, once with sessions that expire in the middle, once with refresh tokens that
//! are used once each.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use crm_fake::CrmFake;
use pbx_crm::guests::{self, Components};
use pbx_crm::player::crm::{Crm, IN_PROCESS, Line};
use pbx_crm::player::{Play, Stage, check};
use pbx_crm::scenario::{self, Scenario};
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::core::io::Output;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::refresh::{Account, Credentials};
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::Row;
use pbx_crm_host::credential::terms::OAuthTerms;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;

use super::folder::Folder;
use super::search::Search;
use super::watched::{Notes, Watched};
use super::{nothing_put_out, traces};

const AFTERNOON: &str = include_str!("../../scenarios/demo/an-afternoon.toml");
const EXPIRED: &str = r#"
[[event]]
what = "knob"
name = "expire-access-tokens"
at = "7m"
[[event]]
what = "knob"
name = "expire-access-tokens"
at = "35m"
"#;
const ROTATING: &str = r#"
[[crm.knob]]
name = "rotate-refresh-tokens"
value = true
"#;

/// What a play left.
struct Run {
    folder: Folder,
    scenario: Scenario,
    play: Play,
    notes: Arc<Mutex<Notes>>,
    began: traces::Since,
}

fn run(more: &str) -> Run {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    let began = traces::listen();
    let text = AFTERNOON.replace("\n[expect]", &format!("{more}\n[expect]"));
    let file = Path::new("an-afternoon.toml");
    let scenario = scenario::parse(file, &text).expect("the scenario is right");
    let folder = Folder::new();
    let (watched, notes) = Watched::new();
    // The asked number's digits must stand in a connector's memory, and this text of the test itself in none.
    let [digits, own] = [["55501", "00142"].concat(), format!("text-of-the-test-{}", folder.path().display())];
    notes.lock().unwrap().controls = vec![(digits, 0), (own, 0)];
    let components = || Components::built_with("salesforce").expect("it is built in");
    let stage = STAGE.get_or_init(|| Stage::new(components()).expect("the components load"));
    let crm = Crm { fake: Box::new(watched), address: IN_PROCESS.to_owned(), credentials: folder.store(), database: None };
    let play = stage.play(file, &text, &scenario, crm).expect("the play ends");
    if more.is_empty() {
        let wrong: Vec<String> = check::check(&scenario, &text, &play).iter().map(|wrong| wrong.show(file)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    assert_eq!((play.activities.len(), play.unfinished), (12, (0, 0)), "the whole afternoon was journalled");
    Run { folder, scenario, play, notes, began }
}

fn nothing_of_a_secret_is_anywhere(run: &Run) {
    let notes = run.notes.lock().unwrap();
    let search = notes.search();
    // Component memory.
    let (looks, bytes) = notes.looks;
    assert!(looks >= 17 && bytes / looks > 64 << 10, "memory was looked at: {looks} times, {bytes} bytes");
    assert!(notes.controls[0].1 > 0, "the number that a connector asks for was not seen in its memory: the search is blind");
    assert_eq!(notes.controls[1].1, 0, "what was searched is not the components' memory alone");
    assert_eq!(notes.in_memory, Vec::<String>::new());
    // Host calls, logs, cards, explanations.
    nothing_put_out(&search, &run.scenario, &run.play, run.began);
    // Files.
    let key = run.folder.key();
    let with_key = Search::of([("the sealing key", key.as_str())]);
    let files = run.folder.files();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.iter().all(|name| ["credentials.key", "pbx-crm.db", "pbx-crm.db-shm", "pbx-crm.db-wal", "pbx-crm.db.lock"].contains(name)),
        "{names:?}"
    );
    for (name, content) in &files {
        search.nothing_in(name, content);
        assert_eq!(with_key.find(content).is_some(), name == "credentials.key", "{name}");
    }
    nothing_put_out(&with_key, &run.scenario, &run.play, run.began);
    // The control: the secrets are in the sealed file all the same, for who has the key.
    let (_, held) = opened(&run.folder, |_, _| ());
    assert!(search.find(held.as_bytes()).is_some());
}

/// As the connector declares them.
fn terms() -> OAuthTerms {
    static TERMS: OnceLock<OAuthTerms> = OnceLock::new();
    let declared = || {
        let engine = SandboxEngine::new().unwrap();
        let connector = PreparedConnector::load(&engine, &guests::connector("salesforce").unwrap()).unwrap();
        OAuthTerms::declared(connector.description()).unwrap().unwrap()
    };
    TERMS.get_or_init(declared).clone()
}

/// The stored connection, opened with the key; `look` sees the credentials. Gives the secrets that it holds, in the clear.
fn opened<T>(folder: &Folder, look: impl FnOnce(&Credentials, Account<'_>) -> T) -> (T, String) {
    let terms = terms();
    let line = Line::new(Box::new(Watched::new().0), 0);
    let credentials = Credentials::new(folder.store(), Arc::new(ByWire(line)));
    let row = Row::connection("salesforce", "salesforce");
    let on_premises = OnPremises::default().with(IN_PROCESS).unwrap();
    let seen = look(&credentials, Account { row: &row, terms: &terms, on_premises: &on_premises });
    let connection = credentials.connection(&row).unwrap().unwrap();
    let refresh = connection.grant.refresh.as_ref().unwrap();
    (seen, format!("{} {}", connection.grant.access.expose(), refresh.expose()))
}

#[test]
fn after_a_full_run_no_byte_of_a_secret_is_outside_the_sealed_store() {
    let run = run("");
    nothing_of_a_secret_is_anywhere(&run);
    let notes = run.notes.lock().unwrap();
    for name in
        ["an access token", "a refresh token", "an id token", "the client's secret", "an authorisation code", "a code verifier", "a state"]
    {
        assert_eq!(notes.has(name), 1, "{name}: the watcher knows what to look for");
    }
}

#[test]
fn after_sessions_that_expired_meanwhile_no_byte_of_a_secret_is_outside_either() {
    let run = run(EXPIRED);
    nothing_of_a_secret_is_anywhere(&run);
    let notes = run.notes.lock().unwrap();
    assert_eq!((notes.has("an access token"), notes.has("a refresh token")), (3, 1));
}

#[test]
fn after_refresh_tokens_that_are_used_once_each_no_byte_of_a_secret_is_outside_either() {
    let run = run(&format!("{ROTATING}{EXPIRED}"));
    nothing_of_a_secret_is_anywhere(&run);
    let notes = run.notes.lock().unwrap();
    assert_eq!((notes.has("an access token"), notes.has("a refresh token")), (3, 3));
}

#[test]
fn the_search_would_see_a_secret_in_every_place_that_it_looks_at() {
    let mut run = run("");
    let notes = run.notes.lock().unwrap();
    let search = notes.search();
    let secret = notes.granted[0].clone();
    let found = |run: &Run| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| nothing_put_out(&search, &run.scenario, &run.play, run.began))).is_err()
    };
    assert!(!found(&run));
    // Planted once, as the end of a header's value among all the outputs.
    let planted = run.play.outputs.iter_mut().find_map(|(_, output)| match output {
        Output::Http(request) => request.headers.first_mut().map(|(_, value)| value),
        _ => None,
    });
    planted.expect("a request with a header").push_str(&secret[secret.len() - 12..]);
    drop(notes);
    assert!(found(&run));
    // Said by tracing: seen. A text of its own, since other tests search the same traces.
    let began = traces::listen();
    tracing::trace!(said = "Qm4kTz81LxPw0RvB", "a control");
    assert!(Search::of([("a control", "Qm4kTz81LxPw0RvB")]).find(traces::since(began).as_bytes()).is_some());
    std::fs::create_dir(run.folder.path().join("deeper")).unwrap();
    std::fs::write(run.folder.path().join("deeper/note"), secret.as_bytes()).unwrap();
    assert!(run.folder.files().iter().any(|(name, content)| name == "deeper/note" && search.find(content).is_some()));
}

#[test]
fn what_holds_secrets_shows_none_when_it_is_debugged_or_displayed() {
    let run = run("");
    let search = run.notes.lock().unwrap().search();
    let ((), _) = opened(&run.folder, |credentials, account| {
        let connection = credentials.connection(account.row).unwrap().unwrap();
        search.nothing_in("a connection", format!("{connection:?} {connection:#?}"));
        search.nothing_in("a grant", format!("{:?} {:#?}", connection.grant, connection.grant));
        search.nothing_in("a client", format!("{:?} {:#?}", connection.client, connection.client));
        let granted = credentials.current(account).unwrap();
        assert!(search.find(granted.header().expose().as_bytes()).is_some(), "the control");
        search.nothing_in("a header's secret", format!("{:?} {:#?}", granted.header(), granted.header()));
    });
    let app = Watched::new().0.application(IN_PROCESS).unwrap();
    assert!(search.find(app.client_secret.as_bytes()).is_some(), "the control");
    search.nothing_in("an app", format!("{app:?} {:?}", Secret::new(app.client_secret.clone())));
}

#[test]
fn the_program_prints_and_writes_nothing_of_a_secret() {
    // The fake's tokens follow from its seed: two runs have the same, and so has a run in another process.
    let [one, other] = [run(""), run("")];
    let [one, other] = [&one, &other].map(|run| run.notes.lock().unwrap().granted.clone());
    assert_eq!(one, other);
    let names = std::iter::repeat("an access token");
    let search = Search::of(names.zip(one.iter().map(String::as_str)));
    let folder = Folder::new();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios/demo/an-afternoon.toml");
    for more in [vec!["--json"], vec![]] {
        let output = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
            .args(["play", "--connector", "salesforce"])
            .args(more)
            .arg(&scenario)
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .output()
            .expect("it starts");
        assert!(output.status.success());
        search.nothing_in("what the program prints", &output.stdout);
        search.nothing_in("what the program complains of", &output.stderr);
    }
    for (name, content) in folder.files() {
        search.nothing_in(&name, content);
    }
}
