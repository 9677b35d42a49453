//! Refresh tokens: rotation, policies, approvals.

use super::*;

#[test]
fn a_refresh_gives_a_new_session_and_no_refresh_token() {
    let mut bench = Bench::auto();
    let (access, refresh) = bench.connect();
    bench.now += 10;
    bench.auth.knobs_mut().instance_url = Some("https://moved.my.salesforce.com".to_owned());
    let (status, body) = bench.refresh(&refresh);
    assert_eq!(status, 200);
    assert!(body.get("refresh_token").is_none());
    assert_ne!(string(&body, "access_token"), access);
    assert_eq!(body["instance_url"], "https://moved.my.salesforce.com");
    assert_eq!(body["issued_at"], (NOW + 10).to_string().as_str());
    assert_eq!(bench.refresh(&refresh).0, 200, "it is good again and again");
}

#[test]
fn a_rotated_refresh_token_that_comes_back_ends_all_its_kin() {
    let mut bench = Bench::auto();
    bench.auth.app_mut(TEST_CLIENT_ID).unwrap().rotate_refresh_tokens = true;
    let (_, first) = bench.connect();
    let (_, others) = bench.connect();
    let (_, body) = bench.refresh(&first);
    let (second, access) = (string(&body, "refresh_token"), string(&body, "access_token"));
    assert_ne!(first, second);
    assert_eq!(bench.refresh(&first), error("invalid_grant", "expired access/refresh token"));
    assert_eq!(bench.refresh(&second), error("invalid_grant", "expired access/refresh token"));
    assert!(!bench.alive(&access));
    assert_eq!(bench.refresh(&others).0, 200, "another approval lives on");
}

#[test]
fn refresh_tokens_end_by_the_apps_policy() {
    let mut bench = Bench::auto();
    let set = |bench: &mut Bench, policy| bench.auth.app_mut(TEST_CLIENT_ID).unwrap().refresh_policy = policy;
    set(&mut bench, RefreshPolicy::ExpireAtOnce);
    let (access, refresh) = bench.connect();
    assert_eq!(bench.refresh(&refresh), error("invalid_grant", "expired access/refresh token"));
    assert!(bench.alive(&access));
    set(&mut bench, RefreshPolicy::AfterMs(1000));
    bench.now += 999;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 1;
    assert_eq!(bench.refresh(&refresh).0, 400);
    set(&mut bench, RefreshPolicy::AfterUnusedMs(1000));
    bench.now += 998;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 999;
    assert_eq!(bench.refresh(&refresh).0, 200);
    bench.now += 1000;
    assert_eq!(bench.refresh(&refresh).0, 400);
}

#[test]
fn the_sixth_approval_revokes_the_oldest() {
    let mut bench = Bench::auto();
    let tokens: Vec<(String, String)> = (0..5).map(|_| bench.connect()).collect();
    assert_eq!(bench.refresh(&tokens[0].1).0, 200);
    bench.connect();
    assert_eq!(bench.refresh(&tokens[0].1), error("invalid_grant", "expired access/refresh token"));
    assert!(!bench.alive(&tokens[0].0));
    assert_eq!(bench.refresh(&tokens[1].1).0, 200);
    assert_eq!(bench.auth.approvals().len(), 5);
    bench.auth.knobs_mut().approvals = None;
    bench.connect();
    assert_eq!(bench.auth.approvals().len(), 6);
}
