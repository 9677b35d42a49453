use pbx_connector_kit::{context::Context, failure, types::Failure};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::{
        account::{Account, Administrator, Guest as _},
        users::{Guest as _, Page, User},
    },
};
use serde_json::json;

use crate::{
    office::{Office, PARTNER, kind},
    somebody_else,
    wire::What,
};

fn verify(office: &Office) -> (Account, usize) {
    let (account, requests) = office.counted(|account: &Account| &account.usage, || Odoo::verify(office.during("verify")));
    office.discreet(&account);
    (account, requests)
}

fn warnings(account: &Account) -> Vec<&str> {
    account.warnings.iter().map(|warning| warning.id.as_str()).collect()
}

#[test]
fn the_account_is_told_with_what_would_not_work() {
    let Some(office) = Office::open() else { return };
    let place = format!("{}/{}", office.database.instance().address().trim_start_matches("http://"), office.database.name());
    for (login, name, administrator, warned) in [
        ("integration", "Integration", false, &[][..]),
        ("admin", "Administrator", true, &[]),
        ("seller", "Sally Seller", false, &[]),
        ("reader", "Rita Reader", false, &["odoo.no-contacts", "odoo.no-leads"]),
    ] {
        office.sign_in(login);
        let (account, requests) = verify(&office);
        assert_eq!(requests, 6, "{login}");
        assert_eq!((account.user_name.as_str(), account.organisation_name.as_str()), (name, "My Company"));
        assert_eq!((account.user.as_ref(), account.organisation.as_str()), (Some(&office.user(login)), place.as_str()));
        assert_eq!(matches!(account.administrator, Administrator::Yes), administrator, "{login}");
        assert!(matches!(account.administrator, Administrator::Yes | Administrator::No) && account.pages.is_none());
        assert_eq!(warnings(&account), warned, "{login}");
    }
    office.choose("prospects", "none");
    let (account, requests) = verify(&office);
    assert_eq!((warnings(&account), requests), (vec!["odoo.no-contacts"], 5), "leads are nobody's business");
}

#[test]
fn without_the_app_crm_the_administrator_is_told_to_say_so() {
    let Some(office) = Office::open() else { return };
    office.mishap("crm.lead/has_access", What::Elsewhere("crm.lead", "crm.nowhere"));
    assert_eq!(warnings(&verify(&office).0), ["odoo.no-crm"]);
}

#[test]
fn keys_that_are_not_taken_need_a_person() {
    let Some(office) = Office::open() else { return };
    let expired = office.database.instance().key("expired").to_owned();
    for key in ["0123456789012345678901234567890123456789", "no-key-of-odoo", expired.as_str()] {
        office.set_key(key);
        let mut refused = office.refused(|| Odoo::verify(office.during("verify")));
        assert_eq!(kind(&refused), "AuthoriseAgain", "{key}");
        assert_eq!(failure::detail_of(&mut refused).said.id, "odoo.key");
    }
}

#[test]
fn a_database_that_is_not_there_or_not_named_is_told_as_that() {
    let Some(office) = Office::open() else { return };
    // So that there are two for certain.
    let second = Office::open().unwrap();
    let office = Office::at(std::sync::Arc::clone(&office.database));
    assert_ne!(second.database.name(), office.database.name());
    for name in ["nowhere", ""] {
        office.choose("database", name);
        let mut refused = office.refused(|| Odoo::verify(office.during("verify")));
        assert_eq!(kind(&refused), "Unreachable", "{name:?}");
        assert_eq!(failure::detail_of(&mut refused).said.id, "odoo.no-database", "{name:?}");
    }
}

#[test]
fn what_is_no_odoo_is_told_as_that_and_an_old_one_by_its_version() {
    let Some(office) = Office::open() else { return };
    let not_found = "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>File \"/srv/x\"</body></html>";
    let old = "{\"version\": \"18.0\", \"version_info\": [18, 0, 0, \"final\", 0, \"\"]}";
    let servers = [
        (somebody_else::answers("404 Not Found", "text/html", not_found), "Unreachable"),
        (somebody_else::answers("200 OK", "text/html", "<html>Welcome</html>"), "Garbled"),
        (somebody_else::answers("200 OK", "application/json", "{\"hello\": 1}"), "Garbled"),
        (somebody_else::answers("302 Found", "text/html", ""), "Garbled"),
        (somebody_else::answers("405 Method Not Allowed", "text/html", "no"), "Other"),
        (somebody_else::answers("503 Service Unavailable", "text/html", "no"), "Unreachable"),
        ("http://127.0.0.1:9".to_owned(), "Unreachable"),
    ];
    for (base, wanted) in servers {
        let failed = office.refused(|| Odoo::verify(Context { base: base.clone(), ..office.during("verify") }));
        assert_eq!(kind(&failed), wanted, "{base}: {failed:?}");
    }
    // An older Odoo has no such door, but tells its version.
    let page = pbx_connector_kit::Response { status: 404, headers: Vec::new(), body: not_found.as_bytes().to_vec() };
    let version = pbx_connector_kit::Response { status: 200, headers: Vec::new(), body: old.as_bytes().to_vec() };
    office.mishap("res.users/context_get", What::Instead(Ok(page.clone())));
    office.mishap("/web/version", What::Instead(Ok(version)));
    let mut failed = office.refused(|| Odoo::verify(office.during("verify")));
    assert_eq!(kind(&failed), "Unsupported");
    let said = &failure::detail_of(&mut failed).said;
    assert_eq!((said.id.as_str(), said.arguments[0].1.as_str()), ("odoo.too-old", "18.0"));
    office.mishap("res.users/context_get", What::Instead(Ok(page.clone())));
    office.mishap("/web/version", What::Instead(Ok(page)));
    let mut failed = office.refused(|| Odoo::verify(office.during("verify")));
    assert_eq!((kind(&failed).as_str(), failure::detail_of(&mut failed).said.id.as_str()), ("Unreachable", "odoo.no-odoo"));
}

fn page(office: &Office, mark: Option<String>) -> Page {
    let (page, requests) = office.counted(|page: &Page| &page.usage, || Odoo::list_page(office.during("list-page"), mark));
    assert_eq!(requests, 1);
    page
}

fn all(office: &Office) -> (Vec<User>, usize) {
    let (mut users, mut pages, mut mark) = (Vec::new(), 0, None);
    loop {
        let page = page(office, mark);
        users.extend(page.users);
        pages += 1;
        mark = page.next;
        if mark.is_none() {
            return (users, pages);
        }
    }
}

#[test]
fn users_are_the_people_who_work_here() {
    let Some(office) = Office::open() else { return };
    office.colleague("agent");
    let left = office.colleague("left");
    office.write("res.users", left.id.parse().unwrap(), &json!({ "active": false }));
    let portal = office.rows("res.groups", &json!([["full_name", "like", "Portal"]]), &["id"]);
    let guest = json!({ "name": "Guest", "login": "guest", "group_ids": [[6, 0, [portal[0]["id"]]]] });
    office.typed("res.users", &guest);
    let phone = office.rows("res.users", &json!([["login", "=", "seller"]]), &["partner_id"])[0]["partner_id"][0].as_u64().unwrap();
    office.write(PARTNER, phone, &json!({ "phone": "1001" }));
    for login in ["integration", "reader"] {
        office.sign_in(login);
        let (users, pages) = all(&office);
        let mut names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!((names, pages), (vec!["Administrator", "Integration", "Rita Reader", "Sally Seller", "agent"], 1));
        let sally = users.iter().find(|user| user.name == "Sally Seller").unwrap();
        assert_eq!((sally.email.as_str(), sally.phones.as_slice(), sally.active), ("seller@example.test", &["1001".to_owned()][..], true));
        assert_eq!(sally.reference, office.user("seller"));
    }
}

#[test]
fn pages_of_users_miss_none_though_others_come_and_go() {
    let Some(office) = Office::open() else { return };
    let statement = "insert into res_users (login, active, share, partner_id, company_id, notification_type) \
        select 'u' || n, true, false, (select partner_id from res_users where login = 'seller'), 1, 'email' from generate_series(1, 1100) n";
    office.database.sql(statement).unwrap();
    let (users, pages) = all(&office);
    assert_eq!((users.len(), pages), (1_104, 3));
    let first = page(&office, None);
    office.database.sql("update res_users set active = false where login like 'u1%'").unwrap();
    let second = page(&office, first.next);
    assert!(second.users.iter().all(|user| !first.users.iter().any(|known| known.reference == user.reference)));
    for odd in ["", "x", "-1", "9999999999999"] {
        let failed = office.refused(|| Odoo::list_page(office.during("list-page"), Some(odd.to_owned())));
        assert!(matches!(failed, Failure::Gone(_)), "{failed:?}");
    }
    assert!(page(&office, Some("2147483647".to_owned())).users.is_empty());
}
