//! What people see of calls in Odoo, in a real browser.

use std::path::PathBuf;

use browser::Browser;
use crm_fake::Activity;
use odoo_server::{Database, Instance};

/// Signs in, opens the page of a record, and looks for each of these calls: it must be readable there, once. Leaves a picture of the page behind.
pub fn see(instance: &Instance, database: &Database, page: &str, calls: &[Activity]) {
    let shows = |told: Result<String, String>, browser: &Browser| {
        told.unwrap_or_else(|why| {
            let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("not-as-expected.png");
            let _taken = browser.picture(&picture);
            panic!("{why}\nwhat people see: {}", picture.display())
        })
    };
    let Some(browser) = Browser::start_or_skip("calls on the page of a contact in Odoo").unwrap() else { return };
    browser.open(&format!("{}/web/login?db={}", instance.address(), database.name())).unwrap();
    browser.fill("input[name=login]", "admin").unwrap();
    browser.fill("input[name=password]", instance.password("admin")).unwrap();
    browser.click("form.oe_login_form button[type=submit]").unwrap();
    shows(browser.wait_for(|text| text.contains("Discuss")), &browser);
    browser.open(page).unwrap();
    let shown = shows(browser.wait_for(|text| calls.iter().all(|call| text.contains(&call.body))), &browser);
    let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("calls-in-odoo.png");
    browser.picture(&picture).unwrap();
    eprintln!("what people see: {}", picture.display());
    assert!(shown.contains("Maria Torres"), "it is the page of the contact: {shown}");
    for call in calls {
        assert_eq!(shown.matches(&call.body).count(), 1, "{} stands there once:\n{shown}", call.body);
        assert!(shown.contains(&call.subject) && shown.contains("Ann Field"), "with its subject, and as Ann's:\n{shown}");
    }
    assert!(std::fs::metadata(&picture).unwrap().len() > 20_000, "the picture shows something");
}
