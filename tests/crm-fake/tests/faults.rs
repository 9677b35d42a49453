//! Faults as tests write them, and what they do to a request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use crm_fake::{Answer, ControlError, Fault, FaultKind, Faults, Operation, Outcome, wire};

fn fault(json: &str) -> Result<Fault, serde_json::Error> {
    serde_json::from_str(json)
}

/// One request; gives the answer and whether the work was done.
fn play(faults: &mut Faults, operation: Operation) -> (Answer, bool) {
    let mut done = false;
    let answer = faults.plan(operation).run(|| {
        done = true;
        wire::json(201, &serde_json::json!({ "id": "1" }))
    });
    (answer, done)
}

fn body(answer: &Answer) -> &str {
    match &answer.outcome {
        Outcome::Response(response) => std::str::from_utf8(response.body()).unwrap(),
        lost => panic!("{lost:?}"),
    }
}

#[test]
fn reads_json_and_toml() {
    let read = fault(r#"{"what": "status", "status": 429, "retry-after": 30, "on": ["write"], "times": 2}"#).unwrap();
    let same: Fault = toml::from_str("what = 'status'\nstatus = 429\nretry-after = '30'\non = ['write']\ntimes = 2").unwrap();
    assert_eq!(read, same);
    assert_eq!(fault(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    assert_eq!(fault(r#"{"what": "garbled"}"#).unwrap(), Fault::always(FaultKind::Garbled));
    let empty = fault(r#"{"what": "garbled", "body": "", "on": ["write"]}"#).unwrap();
    assert_eq!(empty, Fault::always(FaultKind::GarbledTo { body: String::new() }).on(&[Operation::Write]));
    assert_eq!(fault(&serde_json::to_string(&empty).unwrap()).unwrap(), empty);
}

#[test]
fn refuses_what_it_does_not_know() {
    for bad in [
        r#"{"what": "delay"}"#,
        r#"{"what": "delay", "ms": -1}"#,
        r#"{"what": "garbled", "ms": 5}"#,
        r#"{"what": "status", "status": 500, "colour": "red"}"#,
        r#"{"what": "tired"}"#,
        r#"{"what": "garbled", "on": ["everything"]}"#,
    ] {
        assert!(fault(bad).is_err(), "{bad}");
    }
    let mut faults = Faults::default();
    for senseless in [
        r#"{"what": "garbled", "times": 0}"#,
        r#"{"what": "status", "status": 200}"#,
        r#"{"what": "status", "status": 429, "retry-after": "a\nb"}"#,
        r#"{"what": "search-lag", "ms": 5, "on": ["create"]}"#,
    ] {
        let refused = faults.inject(fault(senseless).unwrap());
        assert!(matches!(refused, Err(ControlError::Invalid(_))), "{senseless}");
    }
    assert!(faults.active().is_empty());
}

#[test]
fn does_the_work_or_not() {
    let table = [
        (r#"{"what": "unreachable"}"#, false, None),
        (r#"{"what": "cut-before-commit"}"#, false, None),
        (r#"{"what": "cut-after-commit"}"#, true, None),
        (r#"{"what": "status", "status": 503}"#, false, Some(503)),
        (r#"{"what": "garbled"}"#, true, Some(201)),
        (r#"{"what": "truncated"}"#, true, Some(201)),
        (r#"{"what": "delay", "ms": 7}"#, true, Some(201)),
    ];
    for (text, done, status) in table {
        let mut faults = Faults::default();
        faults.inject(fault(text).unwrap()).unwrap();
        let (answer, was_done) = play(&mut faults, Operation::Create);
        assert_eq!((was_done, answer.status()), (done, status), "{text}");
    }
}

#[test]
fn unreachable_is_not_cut() {
    let mut faults = Faults::default();
    faults.inject(Fault::always(FaultKind::Unreachable).times(1)).unwrap();
    faults.inject(Fault::always(FaultKind::CutBeforeCommit).times(1)).unwrap();
    assert!(matches!(play(&mut faults, Operation::Find).0.outcome, Outcome::Refused));
    assert!(matches!(play(&mut faults, Operation::Find).0.outcome, Outcome::Cut));
    assert!(matches!(play(&mut faults, Operation::Find).0.outcome, Outcome::Response(_)));
}

#[test]
fn breaks_bodies() {
    let mut faults = Faults::default();
    faults.inject(Fault::always(FaultKind::Garbled).times(1)).unwrap();
    faults.inject(Fault::always(FaultKind::Truncated).times(1)).unwrap();
    assert!(body(&play(&mut faults, Operation::Find).0).starts_with("<!doctype html>"));
    let (answer, _) = play(&mut faults, Operation::Find);
    assert!(serde_json::from_str::<serde_json::Value>(body(&answer)).is_err());
}

#[test]
fn f15_a_success_can_say_nothing_of_what_was_done() {
    for (text, content_type) in [("", "text/plain; charset=utf-8"), ("{}", "application/json"), ("nonsense", "text/plain; charset=utf-8")] {
        let mut faults = Faults::default();
        let garbled = serde_json::json!({ "what": "garbled", "body": text, "times": 1 });
        faults.inject(fault(&garbled.to_string()).unwrap()).unwrap();
        let (answer, done) = play(&mut faults, Operation::Write);
        assert_eq!((done, answer.status(), body(&answer)), (true, Some(201), text));
        let Outcome::Response(response) = answer.outcome else { panic!("no answer") };
        assert_eq!(response.headers()["content-type"], content_type, "{text}");
        assert_eq!(body(&play(&mut faults, Operation::Write).0), r#"{"id":"1"}"#);
    }
}

#[test]
fn is_spent_by_the_requests_that_it_concerns() {
    let mut faults = Faults::default();
    let busy = r#"{"what": "status", "status": 429, "retry-after": "soon", "body": "{\"slow\": true}", "on": ["write"], "times": 1}"#;
    faults.inject(fault(busy).unwrap()).unwrap();
    assert_eq!(play(&mut faults, Operation::Find).0.status(), Some(201));
    let (answer, _) = play(&mut faults, Operation::Write);
    assert_eq!(body(&answer), r#"{"slow": true}"#);
    let Outcome::Response(response) = answer.outcome else { panic!("no answer") };
    assert_eq!(response.headers()["retry-after"], "soon");
    assert_eq!(play(&mut faults, Operation::Write).0.status(), Some(201));
}

#[test]
fn delays_add_up_and_lag_hides_what_is_new() {
    let mut faults = Faults::default();
    faults.inject(Fault::always(FaultKind::Delay { ms: 5, to_ms: None })).unwrap();
    faults.inject(Fault::always(FaultKind::Delay { ms: 10, to_ms: None }).on(&[Operation::Find])).unwrap();
    faults.inject(Fault::always(FaultKind::SearchLag { ms: 100 }).times(1)).unwrap();
    assert_eq!(play(&mut faults, Operation::Create).0.after_ms, 5);
    let plan = faults.plan(Operation::Find);
    assert!(!plan.sees(Some(1_000), 1_099) && plan.sees(Some(1_000), 1_100) && plan.sees(None, 0));
    // The lag is spent now; the creation before did not use it up.
    assert!(faults.plan(Operation::Find).sees(Some(1_000), 1_000));
    assert_eq!(play(&mut faults, Operation::Find).0.after_ms, 15);
}

#[test]
fn a_delay_of_a_range_is_spread_over_it_and_the_same_in_each_run() {
    let drawn = || {
        let mut faults = Faults::default();
        faults.inject(fault(r#"{"what": "delay", "ms": 100, "to-ms": 199}"#).unwrap()).unwrap();
        (0..1_000).map(|_| play(&mut faults, Operation::Find).0.after_ms).collect::<Vec<_>>()
    };
    let delays = drawn();
    assert!(delays.iter().all(|ms| (100..=199).contains(ms)));
    let low = delays.iter().filter(|ms| **ms < 150).count();
    assert!((400..=600).contains(&low), "{low} of 1000 in the lower half");
    assert_eq!(drawn(), delays);
}

#[test]
fn a_late_commit_is_cut_now_and_told_when_it_is_due() {
    let mut faults = Faults::default();
    faults.inject(fault(r#"{"what": "commit-after-cut", "ms": 20000, "times": 1}"#).unwrap()).unwrap();
    let plan = faults.plan(Operation::Write);
    assert_eq!(plan.commits_at(5), Some(20_005));
    let answer = plan.run(|| unreachable!("the work is for later"));
    assert!(matches!(answer.outcome, Outcome::Cut));
    assert_eq!(faults.plan(Operation::Write).commits_at(5), None);

    let mut late = crm_fake::LateCommits::default();
    for (at, path) in [(30, "/b"), (20, "/a"), (30, "/c")] {
        late.keep(at, http::Request::get(path).body(Vec::new()).unwrap());
    }
    assert!(late.due(19).is_none());
    let due: Vec<_> = std::iter::from_fn(|| late.due(30)).map(|(at, request)| (at, request.uri().path().to_owned())).collect();
    assert_eq!(due, [(20, "/a".to_owned()), (30, "/b".to_owned()), (30, "/c".to_owned())]);
}

#[test]
fn a_dribbling_body_takes_until_its_last_byte() {
    let mut faults = Faults::default();
    faults.inject(fault(r#"{"what": "slow-loris", "ms": 10, "bytes": 4}"#).unwrap()).unwrap();
    faults.inject(fault(r#"{"what": "delay", "ms": 5}"#).unwrap()).unwrap();
    let (answer, done) = play(&mut faults, Operation::Find);
    // {"id":"1"} has ten bytes: three pieces.
    assert_eq!((answer.after_ms, answer.pace, done), (35, Some(crm_fake::Pace { ms: 10, bytes: 4 }), true));
}

#[test]
fn the_last_clock_shift_counts() {
    let mut faults = Faults::default();
    faults.inject(fault(r#"{"what": "clock-shift", "ms": 1000}"#).unwrap()).unwrap();
    faults.inject(fault(r#"{"what": "clock-shift", "ms": -250}"#).unwrap()).unwrap();
    assert_eq!((faults.clock(1_000), faults.clock(100)), (750, 0));
    assert_eq!(play(&mut faults, Operation::Find).0.status(), Some(201));
    faults.clear();
    assert_eq!(faults.clock(1_000), 1_000);
}

#[test]
fn newer_faults_refuse_what_makes_no_sense() {
    for bad in [
        r#"{"what": "garbled", "bytes": 3}"#,
        r#"{"what": "search-lag", "ms": 3, "to-ms": 9}"#,
        r#"{"what": "slow-loris", "ms": 3}"#,
        r#"{"what": "commit-after-cut", "ms": -3}"#,
        r#"{"what": "clock-shift"}"#,
    ] {
        assert!(fault(bad).is_err(), "{bad}");
    }
    let mut faults = Faults::default();
    for senseless in [
        r#"{"what": "delay", "ms": 9, "to-ms": 3}"#,
        r#"{"what": "commit-after-cut", "ms": 20001}"#,
        r#"{"what": "slow-loris", "ms": 3, "bytes": 0}"#,
        r#"{"what": "clock-shift", "ms": 3, "times": 2}"#,
        r#"{"what": "clock-shift", "ms": 3, "on": ["find"]}"#,
    ] {
        let read = fault(senseless).unwrap();
        assert_eq!(fault(&serde_json::to_string(&read).unwrap()).unwrap(), read, "{senseless}");
        assert!(matches!(faults.inject(read), Err(ControlError::Invalid(_))), "{senseless}");
    }
}
