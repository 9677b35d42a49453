//! What is promised of tokens in use, over this store.

use std::time::Duration;

use http::Response;
use serde_json::json;

use super::*;
use crate::credential::endpoint::ExchangeFailed;
use crate::credential::refresh::{Account, Credentials, Granted};
use crate::credential::terms::OAuthTerms;
use crate::credential::tests::{Script, answered, connection, salesforce_terms, token_answer};
use crate::egress::target::OnPremises;

const NOW: u64 = 1_795_000_000_000;
const WAIT: Duration = Duration::from_secs(10);

/// A host with one account; a second one over the same folder is the host after a restart, or another program.
struct Host {
    credentials: Credentials,
    script: Arc<Script>,
    row: Row,
    terms: OAuthTerms,
    on_premises: OnPremises,
}

impl Host {
    fn new(store: SealedRows, script: Script) -> Self {
        let script = Arc::new(script);
        let credentials = Credentials::new(Arc::new(store), script.clone());
        Self { credentials, script, row: main_row(), terms: salesforce_terms(), on_premises: OnPremises::default() }
    }

    fn account(&self) -> Account<'_> {
        Account { row: &self.row, terms: &self.terms, on_premises: &self.on_premises }
    }

    fn refresh(&self, now: u64) -> Result<Granted, Problem> {
        let version = self.credentials.current(self.account())?.version();
        self.credentials.refresh(self.account(), version, now, WAIT)
    }

    /// The header of the next request.
    fn header(&self) -> Result<String, Kind> {
        self.credentials.current(self.account()).map(|granted| granted.header().expose().to_owned()).map_err(|problem| problem.kind())
    }
}

fn rotated(number: u32) -> Result<Response<Vec<u8>>, ExchangeFailed> {
    let mut answer = token_answer(number);
    answer["refresh_token"] = format!("refresh-{number}-canary").into();
    answered(200, answer)
}

fn dead() -> Result<Response<Vec<u8>>, ExchangeFailed> {
    answered(400, json!({"error": "invalid_grant", "error_description": "expired access/refresh token"}))
}

/// A connected account.
fn connected(bench: &Bench, script: Script) -> Host {
    let host = Host::new(bench.store(), script);
    host.credentials.accept(host.account(), connection()).unwrap();
    host
}

#[test]
fn a_new_pair_is_on_the_disk_before_its_first_use() {
    let bench = Bench::new();
    let file = bench.file();
    let host = connected(&bench, Script::default().then(rotated(1)));
    // Another program holds the file while the login host answers: the new pair cannot be stored.
    bench.database.read(|connection| connection.busy_timeout(Duration::ZERO)).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(host.refresh(NOW).err().map(|problem| problem.kind()), Some(Kind::FileBusy));
    assert_eq!(host.header().as_deref(), Ok("Bearer access-0-canary"), "the new one is given to nobody");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(host.refresh(NOW).unwrap().header().expose(), "Bearer access-1-canary");
    assert_eq!(host.script.count(), 1, "the answer was not lost");
    // What is in the files at the moment of the first use is all that a power cut leaves.
    let after = Host::new(copied(&bench), Script::default());
    assert_eq!(after.header().as_deref(), Ok("Bearer access-1-canary"));
    let stored = after.credentials.connection(&main_row()).unwrap().unwrap();
    assert!(stored.grant.refresh.unwrap().is("refresh-1-canary"));
}

/// The store in a copy of the files as they are now, while the host runs.
fn copied(bench: &Bench) -> SealedRows {
    let copy = bench.folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for ending in ["", "-wal"] {
        let name = format!("pbx-crm.db{ending}");
        std::fs::copy(bench.folder.path().join(&name), copy.join(&name)).unwrap();
    }
    let database = Arc::new(Database::open(&copy.join("pbx-crm.db"), 0).unwrap().database);
    SealedRows::open(database, bench.key.clone(), None, Arc::new(SystemEntropy)).unwrap()
}

#[test]
fn f49_a_crash_between_answer_and_commit_ends_in_one_more_try_and_never_in_a_loop() {
    let bench = Bench::new();
    // The login host has rotated, the process died before it stored that: the next one finds the old token.
    drop(connected(&bench, Script::default()));
    let host = Host::new(bench.elsewhere(), Script::default().then(dead()));
    assert_eq!(host.refresh(NOW).err().map(|problem| problem.kind()), Some(Kind::AuthoriseAgain));
    for hour in 1..24 {
        assert_eq!(host.header(), Err(Kind::AuthoriseAgain));
        assert!(host.refresh(NOW + hour * 3_600_000).is_err());
    }
    assert_eq!(host.script.count(), 1);
    assert_eq!(Host::new(bench.store(), Script::default()).header(), Err(Kind::AuthoriseAgain), "nor after a restart");
}

#[test]
fn f50_a_revoked_token_stops_the_account_and_a_new_authorisation_lets_it_go_on() {
    let bench = Bench::new();
    let host = connected(&bench, Script::default().then(dead()));
    host.credentials.accept(Account { row: &second_row(), ..host.account() }, connection()).unwrap();
    let _ = host.refresh(NOW).err().unwrap();
    let restarted = Host::new(bench.elsewhere(), Script::default());
    assert_eq!(restarted.header(), Err(Kind::AuthoriseAgain));
    assert!(restarted.credentials.connection(&main_row()).unwrap().is_some(), "what is known of it is kept");
    assert!(restarted.credentials.current(Account { row: &second_row(), ..restarted.account() }).is_ok(), "others go on");
    restarted.credentials.accept(restarted.account(), connection()).unwrap();
    assert_eq!(host.header().as_deref(), Ok("Bearer access-0-canary"), "also in the host that was running");
}

#[test]
fn f51_an_account_whose_key_is_missing_needs_the_administrator_and_nobody_asks_the_crm() {
    let bench = Bench::new();
    drop(connected(&bench, Script::default()));
    let host = Host::new(bench.store_with(&key()), Script::default());
    let problem = host.refresh(NOW).err().unwrap();
    assert!(problem.kind() == Kind::KeyWrong && !problem.passes());
    assert_eq!(host.credentials.disconnect(host.account(), NOW, WAIT).err().map(|problem| problem.kind()), Some(Kind::KeyWrong));
    assert_eq!(host.script.count(), 0);
    assert_eq!(Host::new(bench.store(), Script::default()).header().as_deref(), Ok("Bearer access-0-canary"));
}

#[test]
fn a_rotation_of_the_key_while_the_login_host_answers_loses_no_token() {
    let bench = Bench::new();
    let new = key();
    let (other, becomes) = (bench.elsewhere(), new.clone());
    let script = Script::default().meanwhile(move || assert_eq!(other.rotate(&becomes), Ok(1)), rotated(1));
    let both = SealedRows::open(Arc::clone(&bench.database), bench.key.clone(), Some(new.clone()), Arc::new(SystemEntropy)).unwrap();
    drop(connected(&bench, Script::default()));
    let host = Host::new(both, script);
    assert_eq!(host.refresh(NOW).unwrap().header().expose(), "Bearer access-1-canary");
    assert_eq!(Host::new(bench.store_with(&new), Script::default()).header().as_deref(), Ok("Bearer access-1-canary"));
}
