//! Promises of tokens in use.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::credential::desk::FIRST_PAUSE_MS;
use crate::credential::endpoint::ExchangeFailed;
use crate::credential::store::MemoryStore;
use crate::credential::tests::{Script, answered, connection, salesforce_terms, sign, token_answer, told};

const NOW: u64 = 1_795_000_000_000;
const WAIT: Duration = Duration::from_secs(10);

/// A store that can be full, and that counts.
#[derive(Default)]
struct Shelf {
    inner: MemoryStore,
    full: AtomicBool,
    puts: AtomicUsize,
}

impl CredentialStore for Shelf {
    fn load(&self, row: &Row) -> Result<Option<Stored>, Problem> {
        self.inner.load(row)
    }
    fn put(&self, row: &Row, expected: Option<u64>, content: &[u8]) -> Result<u64, NotStored> {
        if self.full.load(Ordering::SeqCst) {
            return Err(NotStored::Failed(Problem::new(Kind::DiskFull).with("file", "credentials")));
        }
        self.puts.fetch_add(1, Ordering::SeqCst);
        self.inner.put(row, expected, content)
    }
    fn delete(&self, row: &Row, expected: u64) -> Result<(), NotStored> {
        self.inner.delete(row, expected)
    }
}

struct Bench {
    row: Row,
    terms: OAuthTerms,
    on_premises: OnPremises,
    store: Arc<Shelf>,
    script: Arc<Script>,
    credentials: Credentials,
}

impl Bench {
    /// A connected account whose login host answers so.
    fn new(script: Script) -> Self {
        Self::over(Arc::default(), script)
    }

    fn over(store: Arc<Shelf>, script: Script) -> Self {
        let (row, script) = (Row::connection("salesforce", "main"), Arc::new(script));
        let credentials = Credentials::new(store.clone(), script.clone());
        let bench = Self { row, terms: salesforce_terms(), on_premises: OnPremises::default(), store, script, credentials };
        if bench.stored().is_none() {
            bench.credentials.accept(bench.account(), connection()).unwrap();
        }
        bench
    }

    fn account(&self) -> Account<'_> {
        Account { row: &self.row, terms: &self.terms, on_premises: &self.on_premises }
    }

    fn stored(&self) -> Option<Connection> {
        self.credentials.connection(&self.row).unwrap()
    }

    fn current(&self) -> Granted {
        self.credentials.current(self.account()).unwrap()
    }

    fn refresh_at(&self, now: u64) -> Result<Granted, Problem> {
        let version = self.store.load(&self.row).unwrap().map_or(0, |stored| stored.version);
        self.credentials.refresh(self.account(), version, now, WAIT)
    }

    fn refresh(&self) -> Result<Granted, Problem> {
        self.refresh_at(NOW)
    }

    /// Sends a request that the CRM answers so, by the number of the try. Gives the last status and the tokens that were sent.
    fn send(&self, now: u64, answers: &[(u16, &str)]) -> (Result<StatusCode, Kind>, Vec<String>) {
        let mut sent = Vec::new();
        let answer = self.credentials.send(self.account(), now, WAIT, |granted| {
            let (status, body) = answers[sent.len()];
            sent.push(granted.header().expose().to_owned());
            answered(status, body)
        });
        (answer.map(|answer| answer.unwrap().status()).map_err(|problem| told(&problem)), sent)
    }
}

fn kind(result: Result<Granted, Problem>) -> Option<Kind> {
    result.err().map(|problem| told(&problem))
}

fn error(code: &str, description: &str) -> Result<Response<Vec<u8>>, ExchangeFailed> {
    answered(400, json!({ "error": code, "error_description": description }))
}

fn rotated(number: u32) -> Result<Response<Vec<u8>>, ExchangeFailed> {
    let mut answer = token_answer(number);
    answer["refresh_token"] = format!("refresh-{number}-canary").into();
    answered(200, answer)
}

fn lost() -> Result<Response<Vec<u8>>, ExchangeFailed> {
    Err(ExchangeFailed::Unclear("cut".to_owned()))
}

#[test]
fn an_expired_token_is_replaced_once_and_the_request_repeated_once() {
    let bench = Bench::new(Script::default().then(answered(200, token_answer(1))));
    let (status, sent) = bench.send(NOW, &[(401, "expired"), (200, "")]);
    assert_eq!(status, Ok(StatusCode::OK));
    assert_eq!(sent, ["Bearer access-0-canary", "Bearer access-1-canary"]);
    assert_eq!(bench.script.field(0, "grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(bench.script.field(0, "refresh_token").as_deref(), Some("refresh-0-canary"));
    assert_eq!(bench.script.field(0, "client_secret").as_deref(), Some("client-secret-canary"), "some apps require it here too");
    assert!(bench.stored().unwrap().grant.refresh.unwrap().is("refresh-0-canary"), "none came: the old one stays");
}

#[test]
fn refusals_that_no_token_would_change_ask_for_none() {
    for (status, body) in [
        (401, "[{\"message\":\"This session is not valid for use with the REST API\",\"errorCode\":\"INVALID_SESSION_ID\"}]"),
        (401, "[{\"message\":\"Connected app is not attached to Agent\"}]"),
        (403, "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]"),
        (403, "{\"errorCode\":\"API_DISABLED_FOR_ORG\"}"),
        (500, "Bad_OAuth_Token"),
        (200, ""),
    ] {
        let bench = Bench::new(Script::default());
        let (answer, sent) = bench.send(NOW, &[(status, body)]);
        assert_eq!((answer.unwrap().as_u16(), sent.len(), bench.script.count()), (status, 1, 0), "{body}");
    }
    let bench = Bench::new(Script::default().then(answered(200, token_answer(1))));
    assert_eq!(bench.send(NOW, &[(403, "Bad_OAuth_Token"), (200, "")]).0, Ok(StatusCode::OK), "this 403 means an expired token");
}

#[test]
fn a_second_refusal_is_final_and_the_next_requests_ask_for_no_token() {
    let bench = Bench::new(Script::default().then(answered(200, token_answer(1))).then(answered(200, token_answer(2))));
    let (status, sent) = bench.send(NOW, &[(401, ""), (401, "")]);
    assert_eq!((status, sent.len()), (Ok(StatusCode::UNAUTHORIZED), 2));
    for minute in 0..15 {
        let (status, sent) = bench.send(NOW + minute * 60_000, &[(401, "")]);
        assert_eq!((status, sent.len()), (Err(Kind::FreshTokenRefused), 1));
    }
    assert_eq!(bench.script.count(), 1);
    assert_eq!(bench.send(NOW + FRESH_REFUSED_MS, &[(401, ""), (200, "")]).0, Ok(StatusCode::OK));
}

/// Answers when all who will ever wait have begun to.
struct Slow {
    arrived: Arc<AtomicUsize>,
    expected: usize,
    exchanges: AtomicUsize,
    answer: fn() -> Result<Response<Vec<u8>>, ExchangeFailed>,
}

impl TokenEndpoint for Slow {
    fn exchange(&self, _: http::Request<Vec<u8>>, _: Duration) -> Result<Response<Vec<u8>>, ExchangeFailed> {
        self.exchanges.fetch_add(1, Ordering::SeqCst);
        while self.arrived.load(Ordering::SeqCst) < self.expected {
            std::thread::yield_now();
        }
        (self.answer)()
    }
}

fn fifty(answer: fn() -> Result<Response<Vec<u8>>, ExchangeFailed>) -> (usize, Vec<Result<String, Kind>>) {
    let (row, terms, on_premises) = (Row::connection("salesforce", "main"), salesforce_terms(), OnPremises::default());
    let account = Account { row: &row, terms: &terms, on_premises: &on_premises };
    let arrived = Arc::new(AtomicUsize::new(0));
    let slow = Arc::new(Slow { arrived: arrived.clone(), expected: 50, exchanges: AtomicUsize::new(0), answer });
    let credentials = Credentials::new(Arc::new(MemoryStore::new()), slow.clone());
    credentials.accept(account, connection()).unwrap();
    let version = credentials.current(account).unwrap().version();
    let together = Barrier::new(50);
    let results = std::thread::scope(|scope| {
        let ask = || {
            together.wait();
            arrived.fetch_add(1, Ordering::SeqCst);
            let granted = credentials.refresh(account, version, NOW, WAIT);
            granted.map(|granted| granted.header().expose().to_owned()).map_err(|problem| told(&problem))
        };
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    (slow.exchanges.load(Ordering::SeqCst), results)
}

#[test]
fn fifty_who_meet_an_expired_token_make_one_refresh() {
    let (exchanges, results) = fifty(|| rotated(1));
    assert_eq!(exchanges, 1);
    assert!(results.iter().all(|result| result.as_deref() == Ok("Bearer access-1-canary")), "{results:?}");
}

#[test]
fn fifty_who_meet_a_dead_connection_ask_once() {
    let (exchanges, results) = fifty(|| error("invalid_grant", "expired access/refresh token"));
    assert_eq!(exchanges, 1);
    assert!(results.iter().all(|result| *result == Err(Kind::AuthoriseAgain)), "{results:?}");
}

#[test]
fn fifty_who_meet_an_outage_ask_once() {
    let (exchanges, results) = fifty(|| answered(503, ""));
    assert_eq!(exchanges, 1);
    assert!(results.iter().all(|result| *result == Err(Kind::Unavailable)), "{results:?}");
}

#[test]
fn who_comes_late_takes_what_others_fetched() {
    let bench = Bench::new(Script::default().then(rotated(1)));
    let old = bench.current().version();
    bench.refresh().unwrap();
    let granted = bench.credentials.refresh(bench.account(), old, NOW, WAIT).unwrap();
    assert!(granted.header().is("Bearer access-1-canary"));
    assert_eq!(bench.script.count(), 1);
}

#[test]
fn who_waits_too_long_is_told_so() {
    let bench = Bench::new(Script::default());
    let desk = bench.credentials.desk(&bench.row);
    lock(&desk.state).busy = true;
    let version = bench.current().version();
    assert_eq!(kind(bench.credentials.refresh(bench.account(), version, NOW, Duration::ZERO)), Some(Kind::StillRefreshing));
}

#[test]
fn nobody_waits_for_one_who_crashed() {
    let bench = Bench::new(Script::default());
    let crashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.refresh()));
    assert!(crashed.is_err(), "the script has no answer");
    assert_eq!(kind(bench.refresh()), Some(Kind::Unreachable), "and the next one is told to be patient");
}

#[test]
fn a_new_refresh_token_is_on_the_disk_before_anybody_uses_its_access_token() {
    let bench = Bench::new(Script::default().then(rotated(1)));
    bench.store.full.store(true, Ordering::SeqCst);
    assert_eq!(kind(bench.refresh()), Some(Kind::DiskFull));
    assert!(bench.current().header().is("Bearer access-0-canary"), "the new one is given to nobody");
    // Room again: the answer was not lost, and nobody asks for another one, which would kill it.
    bench.store.full.store(false, Ordering::SeqCst);
    assert!(bench.refresh().unwrap().header().is("Bearer access-1-canary"));
    assert!(bench.stored().unwrap().grant.refresh.unwrap().is("refresh-1-canary"));
    assert_eq!(bench.script.count(), 1);
}

#[test]
fn each_rotation_uses_the_token_of_the_one_before() {
    let bench = Bench::new(Script::default().then(rotated(1)).then(rotated(2)));
    bench.refresh().unwrap();
    bench.refresh().unwrap();
    assert_eq!(bench.script.field(1, "refresh_token").as_deref(), Some("refresh-1-canary"));
    assert!(bench.stored().unwrap().grant.refresh.unwrap().is("refresh-2-canary"));
}

#[test]
fn a_refusal_for_the_administrator_stops_all_requests_until_they_act() {
    let script = Script::default().then(error("invalid_grant", "inactive organization")).then(answered(200, token_answer(1)));
    let bench = Bench::new(script);
    assert_eq!(kind(bench.refresh()), Some(Kind::OrganisationInactive));
    for hour in 0..48 {
        assert_eq!(kind(bench.refresh_at(NOW + hour * 3_600_000)), Some(Kind::OrganisationInactive));
        assert_eq!(bench.send(NOW + hour * 3_600_000, &[]).0, Err(Kind::OrganisationInactive), "not even the request is sent");
    }
    let again = Bench::over(bench.store.clone(), Script::default());
    let problem = again.credentials.current(again.account()).err().unwrap();
    assert_eq!((told(&problem), problem.words()), (Kind::OrganisationInactive, Some("invalid_grant: inactive organization")));
    assert_eq!(bench.script.count(), 1);
    bench.credentials.try_again(bench.account()).unwrap();
    assert!(bench.refresh().unwrap().header().is("Bearer access-1-canary"));
}

#[test]
fn a_new_authorisation_ends_a_stop() {
    let bench = Bench::new(Script::default().then(error("invalid_grant", "expired access/refresh token")).then(rotated(2)));
    assert_eq!(kind(bench.refresh()), Some(Kind::AuthoriseAgain));
    let mut new = connection();
    new.grant.access = Secret::new("access-new-canary");
    let old = bench.credentials.accept(bench.account(), new).unwrap().unwrap();
    assert!(old.grant.access.is("access-0-canary"), "its tokens are to be given up");
    assert!(bench.current().header().is("Bearer access-new-canary"));
    assert!(bench.refresh().is_ok(), "and no pause of before holds");
}

#[test]
fn an_outage_keeps_the_connection_and_is_not_asked_again_at_once() {
    let script = Script::default().then(answered(503, "<html>")).then(answered(503, "")).then(answered(200, token_answer(1)));
    let bench = Bench::new(script);
    assert_eq!(kind(bench.refresh()), Some(Kind::Unavailable));
    assert_eq!(kind(bench.refresh_at(NOW + FIRST_PAUSE_MS - 1)), Some(Kind::Unavailable));
    assert_eq!(bench.script.count(), 1);
    let later = NOW + FIRST_PAUSE_MS;
    assert_eq!(kind(bench.refresh_at(later)), Some(Kind::Unavailable));
    assert_eq!(kind(bench.refresh_at(later + 2 * FIRST_PAUSE_MS - 1)), Some(Kind::Unavailable));
    assert_eq!(bench.script.count(), 2, "the pause doubles");
    assert!(bench.refresh_at(later + 2 * FIRST_PAUSE_MS).is_ok());
}

#[test]
fn a_day_of_outage_costs_few_requests() {
    let mut script = Script::default();
    for _ in 0..400 {
        script = script.then(Err(ExchangeFailed::NotSent("no route".to_owned())));
    }
    let bench = Bench::new(script);
    for step in 0..8_640 {
        assert_eq!(kind(bench.refresh_at(NOW + step * 10_000)), Some(Kind::Unreachable));
    }
    assert!(bench.script.count() <= 24 * 60 / 5 + 8, "{}", bench.script.count());
}

#[test]
fn a_lost_answer_is_asked_for_once_more() {
    let bench = Bench::new(Script::default().then(lost()).then(rotated(1)));
    assert!(bench.refresh().unwrap().header().is("Bearer access-1-canary"));
    assert_eq!(bench.script.field(1, "refresh_token").as_deref(), Some("refresh-0-canary"));
    let twice = Bench::new(Script::default().then(lost()).then(lost()));
    assert_eq!(kind(twice.refresh()), Some(Kind::AnswerLost));
    assert!(twice.stored().unwrap().stopped("").is_none(), "nobody has said that it is dead");
    let rotated_away = Bench::new(Script::default().then(lost()).then(error("invalid_grant", "expired access/refresh token")));
    assert_eq!(kind(rotated_away.refresh()), Some(Kind::AuthoriseAgain));
    assert_eq!(kind(rotated_away.refresh()), Some(Kind::AuthoriseAgain));
    assert_eq!(rotated_away.script.count(), 2);
}

#[test]
fn a_crash_between_answer_and_commit_ends_in_one_more_try_and_never_in_a_loop() {
    // The login host has rotated, the process died before it stored that: the next one finds the old token.
    let store = Arc::new(Shelf::default());
    drop(Bench::over(store.clone(), Script::default()));
    let bench = Bench::over(store, Script::default().then(error("invalid_grant", "expired access/refresh token")));
    for hour in 0..24 {
        let (status, sent) = bench.send(NOW + hour * 3_600_000, &[(401, ""), (401, "")]);
        assert_eq!((status, sent.len()), (Err(Kind::AuthoriseAgain), usize::from(hour == 0)));
    }
    assert_eq!(bench.script.count(), 1);
}

#[test]
fn the_api_address_is_taken_over_inside_the_declared_names_alone() {
    let moved = |address: &str| {
        let mut answer = token_answer(1);
        answer["instance_url"] = address.into();
        Bench::new(Script::default().then(answered(200, answer)))
    };
    let bench = moved("https://example--new.my.salesforce.com");
    assert_eq!(bench.refresh().unwrap().api().unwrap().address(), "https://example--new.my.salesforce.com");
    for address in ["https://evil.test", "http://example.my.salesforce.com", "https://10.0.0.1", "https://my.salesforce.com.evil.test"] {
        let bench = moved(address);
        assert_eq!(kind(bench.refresh()), Some(Kind::PinRefused), "{address}");
        assert_eq!(bench.send(NOW, &[]).0, Err(Kind::PinRefused), "and no token goes anywhere");
        assert_eq!(bench.stored().unwrap().grant.api.as_deref(), Some("https://example.my.salesforce.com"));
    }
}

#[test]
fn another_organisation_is_never_taken_for_the_old_one() {
    let mut answer = token_answer(1);
    answer["id"] = "https://login.salesforce.com/id/00D000000000002EAA/005000000000001AAA".into();
    sign(&mut answer);
    let bench = Bench::new(Script::default().then(answered(200, answer)));
    assert_eq!(kind(bench.refresh()), Some(Kind::OtherOrganisation));
    assert_eq!(kind(bench.refresh()), Some(Kind::OtherOrganisation));
    let mut second = connection();
    second.organisation = Some("00D000000000002EAA".to_owned());
    assert_eq!(bench.credentials.accept(bench.account(), second).err().map(|why| told(&why)), Some(Kind::OtherOrganisation));
    assert_eq!(bench.credentials.belongs_to(bench.account(), "00D000000000002EAA").map_err(|why| told(&why)), Err(Kind::OtherOrganisation));
    assert!(bench.credentials.belongs_to(bench.account(), crate::credential::tests::ORGANISATION).is_ok());
}

#[test]
fn an_unsigned_refresh_is_not_believed() {
    let mut answer = token_answer(1);
    answer["signature"] = "AAAA".into();
    let bench = Bench::new(Script::default().then(answered(200, answer)));
    assert_eq!(kind(bench.refresh()), Some(Kind::SignatureWrong));
    assert!(bench.stored().unwrap().grant.access.is("access-0-canary"));
}

#[test]
fn what_another_process_stored_meanwhile_counts() {
    // It refreshed: we are told that our token is dead, and use theirs.
    let store = Arc::new(Shelf::default());
    drop(Bench::over(store.clone(), Script::default()));
    let theirs = {
        let store = store.clone();
        move || {
            let row = Row::connection("salesforce", "main");
            let mut theirs = connection();
            theirs.grant.access = Secret::new("access-theirs-canary");
            let version = store.load(&row).unwrap().map(|stored| stored.version);
            store.put(&row, version, &theirs.to_row().unwrap()).unwrap();
        }
    };
    let bench = Bench::over(store, Script::default().meanwhile(theirs, error("invalid_grant", "expired access/refresh token")));
    assert!(bench.refresh().unwrap().header().is("Bearer access-theirs-canary"));
    assert!(bench.stored().unwrap().stopped("").is_none());
}

#[test]
fn a_new_authorisation_meanwhile_wins_over_a_refresh_of_the_old_one() {
    let store = Arc::new(Shelf::default());
    drop(Bench::over(store.clone(), Script::default()));
    let connected = {
        let store = store.clone();
        move || {
            let row = Row::connection("salesforce", "main");
            let mut new = connection();
            (new.grant.authorisation, new.grant.access) = ("second".to_owned(), Secret::new("access-new-canary"));
            let version = store.load(&row).unwrap().map(|stored| stored.version);
            store.put(&row, version, &new.to_row().unwrap()).unwrap();
        }
    };
    let bench = Bench::over(store, Script::default().meanwhile(connected, rotated(1)).then(answered(200, "")));
    assert!(bench.refresh().unwrap().header().is("Bearer access-new-canary"));
    assert_eq!(bench.script.field(1, "token").as_deref(), Some("refresh-1-canary"), "the token nobody knows of is given back");
}

#[test]
fn a_token_made_for_an_account_that_is_gone_is_given_back() {
    let store = Arc::new(Shelf::default());
    drop(Bench::over(store.clone(), Script::default()));
    let gone = {
        let store = store.clone();
        move || {
            let row = Row::connection("salesforce", "main");
            let version = store.load(&row).unwrap().unwrap().version;
            store.delete(&row, version).unwrap();
        }
    };
    let bench = Bench::over(store, Script::default().meanwhile(gone, rotated(1)).then(answered(200, "")));
    assert_eq!(kind(bench.refresh()), Some(Kind::NotConnected));
    assert_eq!(bench.script.paths(), ["/services/oauth2/token", "/services/oauth2/revoke"]);
    assert!(bench.stored().is_none());
}

#[test]
fn disconnecting_gives_the_refresh_token_back_and_forgets_all() {
    let bench = Bench::new(Script::default().then(answered(200, "")));
    assert_eq!(bench.credentials.disconnect(bench.account(), NOW, WAIT), Ok(Revoked::Done));
    assert_eq!(bench.script.paths(), ["/services/oauth2/revoke"]);
    assert_eq!(bench.script.form(0), [("token".to_owned(), "refresh-0-canary".to_owned())]);
    assert!(bench.stored().is_none());
    assert_eq!(bench.send(NOW, &[]).0, Err(Kind::NotConnected));
    assert_eq!(bench.credentials.disconnect(bench.account(), NOW, WAIT), Ok(Revoked::NothingToRevoke));
}

#[test]
fn an_account_is_forgotten_though_the_crm_cannot_be_asked() {
    for (answer, expected) in [
        (error("invalid_token", ""), Some(Revoked::WasDead)),
        (answered(400, "error=unsupported_token_type&error_description=this+token+type+is+not+supported"), Some(Revoked::WasDead)),
        (answered(503, "<html>"), None),
        (lost(), None),
        (Err(ExchangeFailed::NotSent("no route".to_owned())), None),
    ] {
        let bench = Bench::new(Script::default().then(answer));
        let revoked = bench.credentials.disconnect(bench.account(), NOW, WAIT).unwrap();
        match expected {
            Some(expected) => assert_eq!(revoked, expected),
            None => assert!(matches!(&revoked, Revoked::NotConfirmed(problem) if problem.passes()), "{revoked:?}"),
        }
        assert!(bench.stored().is_none());
    }
    let mut bench = Bench::new(Script::default());
    bench.terms.revoke_path = None;
    assert_eq!(bench.credentials.disconnect(bench.account(), NOW, WAIT), Ok(Revoked::NoWay));
}
