//! Somebody with a browser who gives an app access, in memory and over a real socket.

use crm_fake::{ControlError, CrmFake, Outcome, RemoteCrm, SeedUser, Server};
use fake_salesforce::{
    fake::FakeSalesforce,
    oauth::{TEST_CLIENT_ID, TEST_CLIENT_SECRET},
    person,
};
use http::{Request, Response};

use super::org::NOW;

const CALLBACK: &str = "http://127.0.0.1:9/callback";

fn authorise_url(address: &str) -> String {
    format!(
        "{address}/services/oauth2/authorize?response_type=code&client_id={TEST_CLIENT_ID}&state=s%26t\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&scope=api%20refresh_token"
    )
}

/// The administrator's username.
fn admin(fake: &FakeSalesforce) -> String {
    let row = fake.org.row(fake.org.administrator()).unwrap();
    row.named(fake.org.object("User").unwrap(), "Username").as_text().unwrap().to_owned()
}

fn go(fake: &mut FakeSalesforce, username: &str, allow: bool) -> Result<String, String> {
    let mut exchange = |request: Request<Vec<u8>>| -> Response<Vec<u8>> {
        match fake.answer(NOW, request).outcome {
            Outcome::Response(response) => response,
            other => panic!("{other:?}"),
        }
    };
    person::approve(&mut exchange, &authorise_url("https://login.salesforce.com"), username, "", allow)
}

#[test]
fn a_person_signs_in_and_allows() {
    let mut fake = FakeSalesforce::new(NOW);
    let admin = admin(&fake);
    let callback = go(&mut fake, &admin, true).unwrap();
    assert!(callback.starts_with(CALLBACK) && callback.contains("code=") && callback.contains("state=s%26t"), "{callback}");
}

#[test]
fn a_person_who_denies_comes_back_without_a_code() {
    let mut fake = FakeSalesforce::new(NOW);
    let admin = admin(&fake);
    let callback = go(&mut fake, &admin, false).unwrap();
    assert!(callback.contains("error=access_denied") && callback.contains("state=s%26t") && !callback.contains("code="), "{callback}");
}

#[test]
fn what_keeps_a_person_from_it_is_told() {
    let mut fake = FakeSalesforce::new(NOW);
    assert!(go(&mut fake, "nobody@example.com", true).unwrap_err().contains("nobody@example.com"));
    let admin = admin(&fake);
    fake.auth.app_mut(TEST_CLIENT_ID).unwrap().blocked = true;
    assert!(go(&mut fake, &admin, true).unwrap_err().contains("OAUTH_APP_BLOCKED"));
}

#[test]
fn a_fake_in_another_process_is_approved_in_the_same_way() {
    let server = Server::start(Box::new(FakeSalesforce::new(NOW)), 0).unwrap();
    let mut remote = RemoteCrm::connect(server.address()).unwrap();
    let app = remote.application(server.address()).unwrap();
    assert_eq!((app.client_id.as_str(), app.client_secret.as_str()), (TEST_CLIENT_ID, TEST_CLIENT_SECRET));
    assert_eq!(app.login, server.address());
    assert!(!format!("{app:?}").contains(TEST_CLIENT_SECRET));
    let callback = remote.person_approves(NOW, &authorise_url(server.address())).unwrap();
    assert!(callback.starts_with(CALLBACK) && callback.contains("code="), "{callback}");
    assert!(matches!(remote.person_approves(NOW, "/nowhere"), Err(ControlError::Invalid(_))));
    assert!(remote.settings(server.address()).is_empty());
    let ann = SeedUser { id: Some("ann".to_owned()), name: "Ann Field".to_owned(), email: String::new(), active: true };
    assert_eq!(remote.seed_users(NOW, vec![ann]).unwrap(), ["ann"]);
    let own = remote.own_id("ann");
    assert!(own.starts_with("005") && own.len() == 18 && remote.own_id("nobody") == "nobody", "{own}");
    assert!(remote.lost().is_none());
}
