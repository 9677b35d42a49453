//! Promises of the way to the CRM and back.

use serde_json::{Value, json};

use super::*;
use crate::credential::entropy::SystemEntropy;
use crate::credential::terms::Pin;
use crate::credential::tests::{ORGANISATION, Script, answered, client, salesforce_terms, sign, token_answer, told};

const SESSION: &str = "session-of-the-admin";
const NOW: u64 = 1_795_000_000_000;
const WAIT: Duration = Duration::from_secs(1);

fn application() -> Application {
    Application {
        row: Row::connection("salesforce", "main"),
        terms: Arc::new(salesforce_terms()),
        login: "login.salesforce.com".to_owned(),
        client: client(),
        redirect_uri: "https://pbx.example/crm/salesforce/callback".to_owned(),
        on_premises: OnPremises::default(),
    }
}

fn with_terms(change: impl FnOnce(&mut OAuthTerms)) -> Application {
    let mut terms = salesforce_terms();
    change(&mut terms);
    Application { terms: Arc::new(terms), ..application() }
}

struct Begun {
    authorisations: Authorisations,
    parameters: Vec<(String, String)>,
}

impl Begun {
    fn new(application: Application) -> Self {
        let authorisations = Authorisations::new(Arc::new(SystemEntropy));
        let url = authorisations.begin(application, SESSION, NOW).unwrap();
        let parameters = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        Self { authorisations, parameters }
    }

    fn parameter(&self, name: &str) -> &str {
        let mut all = self.parameters.iter().filter(|(known, _)| known == name);
        let found = &all.next().unwrap_or_else(|| panic!("no {name}")).1;
        assert!(all.next().is_none(), "{name} twice");
        found
    }

    fn finish(&self, query: &str, script: &Script) -> Result<Finished, Problem> {
        self.authorisations.finish(Callback { connector: "salesforce", query, session: SESSION }, NOW + 1, script, WAIT)
    }

    fn state(&self) -> &str {
        self.parameter("state")
    }
}

/// A whole authorisation that ends with this token answer.
fn with_answer(application: Application, status: u16, body: impl ToString) -> Result<Finished, Problem> {
    let begun = Begun::new(application);
    begun.finish(&format!("code=aPrx%3D%3D&state={}", begun.state()), &Script::default().then(answered(status, body)))
}

fn full_answer() -> Value {
    let mut answer = token_answer(1);
    answer["refresh_token"] = "refresh-1-canary".into();
    answer
}

fn refused(application: Application, body: impl ToString) -> Kind {
    told(&with_answer(application, 200, body).err().expect("refused"))
}

#[test]
fn the_browser_is_sent_with_pkce_state_and_what_was_declared() {
    let begun = Begun::new(application());
    assert_eq!(begun.parameter("response_type"), "code");
    assert_eq!(begun.parameter("client_id"), "client-id");
    assert_eq!(begun.parameter("redirect_uri"), "https://pbx.example/crm/salesforce/callback");
    assert_eq!(begun.parameter("scope"), "api refresh_token id");
    assert_eq!(begun.parameter("prompt"), "login consent");
    assert_eq!(begun.parameter("code_challenge_method"), "S256");
    assert_eq!(begun.parameter("code_challenge").len(), 43);
    assert!(begun.state().len() == 43 && begun.state() != "mine", "a connector cannot choose the state");
    assert!(!begun.parameters.iter().any(|(_, value)| value.contains("canary")));
    let other = Begun::new(with_terms(|terms| terms.scope_separator = ",".to_owned()));
    assert_eq!(other.parameter("scope"), "api,refresh_token,id");
    assert_ne!(other.state(), begun.state());
}

#[test]
fn the_code_is_exchanged_with_the_verifier_of_this_browser() {
    use base64::Engine;
    use sha2::Digest;

    let begun = Begun::new(application());
    let script = Script::default().then(answered(200, full_answer()));
    let finished = begun.finish(&format!("code=aPrx%3D%3D&state={}", begun.state()), &script).unwrap();
    let field = |name: &str| script.field(0, name).unwrap();
    assert_eq!((field("grant_type"), field("code")), ("authorization_code".to_owned(), "aPrx==".to_owned()));
    assert_eq!((field("client_id"), field("client_secret")), ("client-id".to_owned(), "client-secret-canary".to_owned()));
    assert_eq!(field("redirect_uri"), "https://pbx.example/crm/salesforce/callback");
    assert_eq!(field("format"), "json");
    assert_eq!(script.form(0).iter().filter(|(name, _)| name == "grant_type").count(), 1, "a connector cannot choose the grant");
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(field("code_verifier")));
    assert_eq!(challenge, begun.parameter("code_challenge"));
    let connection = finished.connection;
    assert!(connection.grant.access.is("access-1-canary") && connection.grant.refresh.unwrap().is("refresh-1-canary"));
    assert_eq!(connection.grant.api.as_deref(), Some("https://example.my.salesforce.com"));
    assert_eq!(connection.organisation.as_deref(), Some(ORGANISATION));
    assert_eq!(connection.grant.scopes, ["api", "refresh_token", "id"]);
}

#[test]
fn the_client_may_have_to_say_who_it_is_by_basic() {
    let begun = Begun::new(with_terms(|terms| terms.client_in_body = false));
    let script = Script::default().then(answered(200, full_answer()));
    begun.finish(&format!("code=c&state={}", begun.state()), &script).unwrap();
    assert!(script.header(0, "authorization").unwrap().starts_with("Basic "));
    assert!(script.field(0, "client_secret").is_none());
}

#[test]
fn a_callback_that_belongs_to_nothing_under_way_reaches_nobody() {
    let script = Script::default();
    let begun = Begun::new(application());
    let state = begun.state().to_owned();
    let upper = state.to_uppercase();
    for query in [
        String::new(),
        "code=c".to_owned(),
        "code=c&state=".to_owned(),
        "code=c&state=guess".to_owned(),
        format!("code=c&state={}", if upper == state { state.to_lowercase() } else { upper }),
        format!("code=c&state={state}%00"),
        format!("code=c&state={state}%20"),
        format!("code=c&state={state}&state={state}"),
        format!("code=c#state={state}"),
        format!("code=c&State={state}"),
    ] {
        assert_eq!(told(&begun.finish(&query, &script).err().unwrap()), Kind::UnknownCallback, "{query}");
    }
    let query = format!("code=c&state={state}");
    let right = Callback { connector: "salesforce", query: &query, session: SESSION };
    for (callback, now) in [
        (Callback { session: "another", ..right }, NOW + 1),
        (Callback { session: "", ..right }, NOW + 1),
        (Callback { connector: "odoo", ..right }, NOW + 1),
        (right, NOW + OPEN_MS),
    ] {
        let why = begun.authorisations.finish(callback, now, &script, WAIT).err().unwrap();
        assert_eq!(told(&why), Kind::UnknownCallback);
    }
    assert_eq!(script.count(), 0);
}

#[test]
fn a_state_is_good_once_whatever_comes_of_it() {
    for (query, first) in [("code=c", None), ("error=access_denied", Some(Kind::Denied)), ("nothing=1", Some(Kind::SenselessCallback))] {
        let begun = Begun::new(application());
        let script = Script::default().then(answered(200, full_answer()));
        let query = format!("{query}&state={}", begun.state());
        assert_eq!(begun.finish(&query, &script).err().map(|why| told(&why)), first);
        let asked = script.count();
        assert_eq!(told(&begun.finish(&query, &script).err().unwrap()), Kind::UnknownCallback);
        assert_eq!(script.count(), asked, "nothing is sent the second time");
    }
}

#[test]
fn an_authorisation_under_way_survives_wrong_callbacks() {
    let begun = Begun::new(application());
    let script = Script::default().then(answered(200, full_answer()));
    let query = format!("code=c&state={}", begun.state());
    let other = Callback { connector: "salesforce", query: &query, session: "another" };
    assert!(begun.authorisations.finish(other, NOW + 1, &script, WAIT).is_err());
    assert!(begun.finish(&query, &script).is_ok());
}

#[test]
fn a_denial_is_told_with_the_crms_words_and_without_its_tricks() {
    let begun = Begun::new(application());
    let query = format!("error=access_denied&error_description=end-user+denied%1b%5b2J%0d%0a<b>x</b>&code=c&state={}", begun.state());
    let why = begun.finish(&query, &Script::default()).err().unwrap();
    assert_eq!((told(&why), why.words()), (Kind::Denied, Some("access_denied: end-user denied[2J<b>x</b>")));
}

#[test]
fn callbacks_that_could_be_read_in_two_ways_are_refused() {
    for more in ["code=a&code=b", "code=a&iss=x&iss=y", "error=a&error=b", "code=", "x=1"] {
        let begun = Begun::new(application());
        let query = format!("{more}&state={}", begun.state());
        assert_eq!(told(&begun.finish(&query, &Script::default()).err().unwrap()), Kind::SenselessCallback, "{more}");
    }
    let begun = Begun::new(application());
    let long = format!("state={}&code={}", begun.state(), "c".repeat(MOST_QUERY));
    assert_eq!(told(&begun.finish(&long, &Script::default()).err().unwrap()), Kind::SenselessCallback);
}

#[test]
fn who_answers_must_be_who_was_asked() {
    for (issuer, expected) in [
        ("https://login.salesforce.com", None),
        ("https://example.my.salesforce.com", None),
        ("https://evil.test", Some(Kind::ForeignIssuer)),
        ("https://login.salesforce.com.evil.test", Some(Kind::ForeignIssuer)),
        ("http://login.salesforce.com", Some(Kind::ForeignIssuer)),
        ("", Some(Kind::ForeignIssuer)),
    ] {
        let begun = Begun::new(application());
        let script = Script::default().then(answered(200, full_answer()));
        let query = format!("code=c&iss={issuer}&state={}", begun.state());
        assert_eq!(begun.finish(&query, &script).err().map(|why| told(&why)), expected, "{issuer}");
        assert_eq!(script.count(), usize::from(expected.is_none()));
    }
}

#[test]
fn an_answer_without_the_right_signature_is_not_believed() {
    let changes: [fn(&mut Value); 7] = [
        |answer| answer["signature"] = "".into(),
        |answer| answer["signature"] = "AAAA".into(),
        |answer| answer["signature"] = "???".into(),
        |answer| answer["issued_at"] = "1708058728443".into(),
        |answer| answer["issued_at"] = 1_708_058_728_442_u64.into(),
        |answer| answer["id"] = "https://login.salesforce.com/id/00D000000000002EAA/005000000000001AAA".into(),
        |answer| {
            answer.as_object_mut().unwrap().remove("signature");
        },
    ];
    for change in changes {
        let mut answer = full_answer();
        change(&mut answer);
        assert_eq!(refused(application(), answer), Kind::SignatureWrong);
    }
}

#[test]
fn an_address_outside_the_declared_ones_is_not_taken_over() {
    for told_address in [
        "https://evil.test",
        "https://my.salesforce.com.evil.test",
        "https://evilsalesforce.com",
        "https://example.my.salesforce.com.",
        "https://user@example.my.salesforce.com",
        "https://evil.test\\.my.salesforce.com",
        "https://example.my.salesforce.com:8443",
        "https://example.my.salesforce.com/path",
        "https://example.my.salesforce.com?x",
        "http://example.my.salesforce.com",
        "https://127.0.0.1",
        "http://127.0.0.1:4711",
        "https://169.254.169.254",
        "example.my.salesforce.com",
        "",
    ] {
        let mut answer = full_answer();
        answer["instance_url"] = told_address.into();
        assert_eq!(refused(application(), answer), Kind::PinRefused, "{told_address}");
    }
    let mut answer = full_answer();
    answer.as_object_mut().unwrap().remove("instance_url");
    assert_eq!(refused(application(), answer), Kind::PinMissing);
}

#[test]
fn a_fake_on_this_machine_is_taken_where_it_was_marked_when_running() {
    let mut answer = full_answer();
    answer["instance_url"] = "http://127.0.0.1:4711".into();
    let marked = OnPremises::default().with("http://127.0.0.1:4711").unwrap();
    let here = Application { login: "http://127.0.0.1:4711".to_owned(), on_premises: marked, ..application() };
    let finished = with_answer(here.clone(), 200, &answer).unwrap();
    assert_eq!(finished.connection.grant.api.as_deref(), Some("http://127.0.0.1:4711"));
    answer["instance_url"] = "http://127.0.0.1:4712".into();
    assert_eq!(refused(here, answer), Kind::PinRefused, "another port is another host");
}

#[test]
fn answers_that_are_no_token_answers_are_refused() {
    let with = |name: &str, value: Value| {
        let mut answer = full_answer();
        answer[name] = value;
        answer.to_string()
    };
    for body in [
        String::new(),
        "<html>Sign in</html>".to_owned(),
        "[]".to_owned(),
        "\"token\"".to_owned(),
        with("access_token", "".into()),
        with("access_token", Value::Null),
        with("access_token", "a\r\nx: y".into()),
        with("access_token", "a b".into()),
        with("access_token", "é".into()),
        with("access_token", "a".repeat(9_000).into()),
        with("refresh_token", "a\nb".into()),
        with("token_type", "mac".into()),
        with("token_type", 7.into()),
        format!("{{\"x\":\"{}\"}}", "x".repeat(300_000)),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        assert_eq!(refused(application(), &body), Kind::SenselessAnswer, "{}", body.chars().take(200).collect::<String>());
    }
}

#[test]
fn what_is_only_odd_does_not_stop_an_authorisation() {
    for (name, value) in [
        ("expires_in", json!(-1)),
        ("expires_in", json!("3600")),
        ("expires_in", json!(1_000_000_000_000_u64)),
        ("token_type", json!("BEARER")),
        ("scope", json!(["api"])),
        ("scope", Value::Null),
        ("id_token", json!("eyJ.canary.x")),
        ("sfdc_site_id", Value::Null),
    ] {
        let mut answer = full_answer();
        answer[name] = value.clone();
        assert!(with_answer(application(), 200, answer).is_ok(), "{name}: {value}");
    }
    let mut answer = full_answer();
    answer.as_object_mut().unwrap().remove("token_type");
    assert!(with_answer(application(), 200, answer).is_ok());
}

#[test]
fn access_that_would_end_soon_is_told_at_once() {
    assert_eq!(refused(application(), token_answer(1)), Kind::NoRefreshToken);
    let short = with_terms(|terms| terms.refresh_token = false);
    assert!(with_answer(short, 200, token_answer(1)).is_ok(), "some CRMs have no refresh tokens");
}

#[test]
fn refusals_of_a_code_say_what_to_do() {
    for (status, error, description, expected) in [
        (400, "invalid_grant", "expired authorization code", Kind::CodeDead),
        (400, "invalid_grant", "ip restricted", Kind::AddressRestricted),
        (400, "invalid_client_id", "client identifier invalid", Kind::WrongClient),
        (400, "invalid_client", "invalid client credentials", Kind::WrongClient),
        (400, "redirect_uri_mismatch", "redirect_uri must match configuration", Kind::RedirectMismatch),
        (400, "inactive_org", "", Kind::OrganisationInactive),
        (200, "invalid_code", "", Kind::CodeDead),
        (500, "x", "", Kind::Unavailable),
    ] {
        let body = json!({ "error": error, "error_description": description });
        assert_eq!(told(&with_answer(application(), status, body).err().unwrap()), expected, "{error}");
    }
    assert_eq!(told(&with_answer(application(), 403, "<html>").err().unwrap()), Kind::SenselessAnswer);
    assert_eq!(told(&with_answer(application(), 302, "").err().unwrap()), Kind::Redirected);
}

#[test]
fn tokens_may_come_from_a_host_beside_the_login_host() {
    let elsewhere = |terms: &mut OAuthTerms| terms.login_hosts[0].token_host = Some("api.salesforce.com".to_owned());
    let begun = Begun::new(with_terms(elsewhere));
    let script = Script::default().then(answered(200, full_answer()));
    let finished = begun.finish(&format!("code=c&state={}", begun.state()), &script).unwrap();
    assert_eq!(finished.connection.login, "https://login.salesforce.com");
    assert_eq!(finished.connection.grant.token_host, "https://api.salesforce.com");
    assert_eq!(script.hosts(), ["api.salesforce.com"]);
}

#[test]
fn an_address_may_come_with_the_callback() {
    let pins = |terms: &mut OAuthTerms| {
        let pin =
            |name: &str, what| Pin { name: name.to_owned(), from_callback: true, what, suffixes: vec!["accounts.example".to_owned()] };
        terms.pins = vec![pin("accounts-server", Pinned::Token), pin("api", Pinned::Api)];
    };
    let begun = Begun::new(with_terms(pins));
    let script = Script::default().then(answered(200, full_answer()));
    let query = format!("code=c&accounts-server=https%3A%2F%2Feu.accounts.example&api=https://accounts.example&state={}", begun.state());
    let finished = begun.finish(&query, &script).unwrap();
    assert_eq!(finished.connection.grant.token_host, "https://eu.accounts.example");
    assert_eq!(finished.connection.grant.api.as_deref(), Some("https://accounts.example"));
    for (more, expected) in [
        ("accounts-server=https://evil.test&api=https://accounts.example", Kind::PinRefused),
        ("api=https://accounts.example", Kind::PinMissing),
        (
            "accounts-server=https://accounts.example&accounts-server=https://evil.test&api=https://accounts.example",
            Kind::SenselessCallback,
        ),
    ] {
        let begun = Begun::new(with_terms(pins));
        let script = Script::default();
        let query = format!("code=c&{more}&state={}", begun.state());
        assert_eq!(told(&begun.finish(&query, &script).err().unwrap()), expected, "{more}");
        assert_eq!(script.count(), 0);
    }
}

#[test]
fn only_so_many_sign_ins_are_open_and_old_ones_make_room() {
    let authorisations = Authorisations::new(Arc::new(SystemEntropy));
    for _ in 0..MOST_OPEN {
        authorisations.begin(application(), SESSION, NOW).unwrap();
    }
    assert_eq!(told(&authorisations.begin(application(), SESSION, NOW + OPEN_MS - 1).unwrap_err()), Kind::TooManyOpen);
    assert!(authorisations.begin(application(), SESSION, NOW + OPEN_MS).is_ok());
}

#[test]
fn a_redirect_uri_that_no_crm_takes_is_refused_before_the_browser_leaves() {
    let begin = |uri: &str| {
        Authorisations::new(Arc::new(SystemEntropy)).begin(Application { redirect_uri: uri.to_owned(), ..application() }, SESSION, NOW)
    };
    for uri in ["https://pbx.example/callback", "https://10.0.0.5:8088/callback", "http://localhost:8080/callback", "http://127.0.0.1/cb"] {
        assert!(begin(uri).unwrap().contains(&url::form_urlencoded::byte_serialize(uri.as_bytes()).collect::<String>()), "{uri}");
    }
    for uri in [
        "",
        "pbx.example/callback",
        "http://pbx.example/cb",
        "https://u@pbx.example/",
        "https://pbx.example/#x",
        "https://pbx.example/?x",
        "javascript:alert(1)",
    ] {
        assert_eq!(told(&begin(uri).unwrap_err()), Kind::RedirectSetting, "{uri}");
    }
}

#[test]
fn another_organisations_answer_needs_its_own_signature() {
    // Signed again after the change: this is what a second organisation answers.
    let mut answer = full_answer();
    answer["id"] = "https://login.salesforce.com/id/00D000000000002EAA/005000000000001AAA".into();
    sign(&mut answer);
    assert_eq!(with_answer(application(), 200, answer).unwrap().connection.organisation.as_deref(), Some("00D000000000002EAA"));
    let mut answer = full_answer();
    answer["id"] = "https://login.salesforce.com/id".into();
    sign(&mut answer);
    assert_eq!(refused(application(), answer), Kind::SenselessAnswer);
}
