use std::sync::Arc;

use odoo_server::Instance;
use pbx_connector_kit::{
    Response, failure,
    types::{Draft, Failure, Role},
    wasi::http::types::ErrorCode,
};
use pbx_odoo_connector::{
    Odoo,
    bindings::exports::pbx::crm::{
        amending::{Guest as _, Item as Change},
        creation::Guest as _,
        journal::{Guest as _, ItemOutcome},
        lookup::Guest as _,
        users::Guest as _,
    },
};

use crate::{
    journalling::{id, item, messages},
    office::{NOW, Office, PARTNER, about, american, kind},
    wire::What,
};

fn draft() -> Draft {
    Draft {
        role: Role::Person,
        kind: None,
        first_name: String::new(),
        last_name: "Torres".to_owned(),
        company: String::new(),
        number: american("5550100142"),
        emails: Vec::new(),
        owner: None,
        extras: Vec::new(),
    }
}

/// What each function makes of it: a question and a change of each sort.
fn all(office: &Office, record: u64) -> Vec<(&'static str, Failure)> {
    let call = item("c1", about(PARTNER, record));
    let change =
        pbx_connector_kit::types::Amendment { subject: Some("x".to_owned()), body: None, recording: None, user: None, extras: Vec::new() };
    let change = Change { key: "a".to_owned(), activity: about("mail.message", 1), change, extras: Vec::new() };
    vec![
        ("find", office.refused(|| Odoo::find(office.during("find"), vec![american("5550100142")], 50))),
        ("create", office.refused(|| Odoo::create(office.during("create"), "k".to_owned(), draft()))),
        ("find-created", office.refused(|| Odoo::find_created(office.during("find-created"), "k".to_owned(), draft(), NOW))),
        ("write", office.refused(|| Odoo::write(office.during("write"), vec![call.clone()]))),
        ("find-written", office.refused(|| Odoo::find_written(office.during("find-written"), vec![call.clone()], NOW))),
        ("amend", office.refused(|| Odoo::amend(office.during("amend"), vec![change.clone()]))),
        ("list-page", office.refused(|| Odoo::list_page(office.during("list-page"), None))),
    ]
}

fn page(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

#[test]
fn while_postgresql_is_away_nothing_is_gone_and_afterwards_all_goes_on() {
    let Some(instance) = Instance::start_or_skip("the Odoo connector while PostgreSQL is away") else { return };
    let office = Office::at(Arc::new(instance.database().unwrap()));
    let ann = office.person("Ann", "+15550100142");
    instance.crash_postgres().unwrap();
    for (function, failure) in all(&office, ann) {
        assert!(["Unreachable", "Unclear"].contains(&kind(&failure).as_str()), "{function}: {failure:?}");
    }
    instance.start_postgres().unwrap();
    let call = item("c1", about(PARTNER, ann));
    let mut refusals = Vec::new();
    let outcomes = loop {
        match Odoo::write(office.during("write"), vec![call.clone()]) {
            Ok(written) => break written.outcomes,
            Err(failure) => {
                office.discreet(&failure);
                assert!(["Unreachable", "Unclear"].contains(&kind(&failure).as_str()), "{failure:?}");
                refusals.push(failure);
                assert!(refusals.len() < 60, "{refusals:?}");
            }
        }
    };
    drop(id(&outcomes[0]));
    assert_eq!(messages(&office).len(), 1);
    assert_eq!(Odoo::find(office.during("find"), vec![american("5550100142")], 50).unwrap().entities.len(), 1);
}

#[test]
fn a_database_that_crashes_underway_leaves_no_call_twice() {
    let Some(instance) = Instance::start_or_skip("the Odoo connector while PostgreSQL crashes") else { return };
    let office = Office::at(Arc::new(instance.database().unwrap()));
    let ann = office.person("Ann", "");
    let calls: Vec<_> = (0..3).map(|serial| item(&format!("c{serial}"), about(PARTNER, ann))).collect();
    let (crash, back) = (Arc::clone(&instance), Arc::clone(&instance));
    office.mishap("mail.message/load", What::Before(Box::new(move || crash.crash_postgres().unwrap())));
    let failed = office.refused(|| Odoo::write(office.during("write"), calls.clone()));
    assert!(["Unreachable", "Unclear"].contains(&kind(&failed).as_str()), "{failed:?}");
    back.start_postgres().unwrap();
    let mut tries = 0;
    while let Err(failure) = Odoo::write(office.during("write"), calls.clone()) {
        tries += 1;
        assert!(tries < 60 && matches!(failure, Failure::Unreachable(_) | Failure::Unclear(_)), "{failure:?}");
    }
    assert_eq!(messages(&office).len(), 3);
}

#[test]
fn a_page_that_is_no_answer_of_odoo_never_means_that_a_record_is_gone() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let pages = [
        (page(404, "<!DOCTYPE html><html>Not Found</html>"), "Unreachable", "Unreachable"),
        (page(404, ""), "Unreachable", "Unreachable"),
        (page(410, "<html>Gone</html>"), "Unreachable", "Unreachable"),
        (page(403, "<html>Firewall</html>"), "Unreachable", "Unreachable"),
        (page(500, "<html>Internal Server Error</html>"), "Unreachable", "Unclear"),
        (page(500, "{\"name\": 1}"), "Unreachable", "Unclear"),
        (page(502, "<html>Bad gateway</html>"), "Unreachable", "Unclear"),
        (page(504, ""), "Unreachable", "Unclear"),
        (page(429, "slow down"), "Busy", "Busy"),
        (page(413, "<html>Too large</html>"), "Invalid", "Invalid"),
        (page(200, "<html>Sign in</html>"), "Garbled", "Unclear"),
        (page(200, ""), "Garbled", "Unclear"),
        (page(200, "null"), "Garbled", "Unclear"),
        (page(200, "{}"), "Garbled", "Unclear"),
        (page(200, "[1]"), "Garbled", "Unclear"),
        (page(200, "{\"ids\": [1, 2], \"messages\": []}"), "Garbled", "Unclear"),
        (page(302, ""), "Garbled", "Garbled"),
    ];
    for (answer, reading, writing) in pages {
        office.mishap("res.partner/search_read", What::Instead(Ok(answer.clone())));
        let failed = office.refused(|| Odoo::find(office.during("find"), vec![american("5550100142")], 50));
        assert_eq!(kind(&failed), reading, "{answer:?}");
        office.mishap("mail.message/load", What::Instead(Ok(answer.clone())));
        let failed = office.refused(|| Odoo::write(office.during("write"), vec![item("c1", about(PARTNER, ann))]));
        assert_eq!(kind(&failed), writing, "{answer:?}");
        office.mishap("res.partner/load", What::Instead(Ok(answer.clone())));
        let failed = office.refused(|| Odoo::create(office.during("create"), "k".to_owned(), draft()));
        assert_eq!(kind(&failed), writing, "{answer:?}");
    }
    assert!(messages(&office).is_empty());
}

#[test]
fn broken_connections_are_unclear_only_where_something_may_stand() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    for (code, writing) in [
        (ErrorCode::ConnectionRefused, "Unreachable"),
        (ErrorCode::DestinationNotFound, "Unreachable"),
        (ErrorCode::ConnectionTerminated, "Unclear"),
        (ErrorCode::HttpResponseTimeout, "Unclear"),
    ] {
        office.mishap("mail.message/load", What::Instead(Err(code.clone())));
        let failed = office.refused(|| Odoo::write(office.during("write"), vec![item("c1", about(PARTNER, ann))]));
        assert_eq!(kind(&failed), writing, "{code:?}");
        office.mishap("crm.lead/search_read", What::Instead(Err(code.clone())));
        let failed = office.refused(|| Odoo::find(office.during("find"), vec![american("5550100142")], 50));
        assert_eq!(kind(&failed), "Unreachable", "half an answer is none");
    }
    assert!(messages(&office).is_empty());
}

#[test]
fn an_answer_that_is_cut_short_is_no_answer() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "+15550100142");
    fn half(mut answer: Response) -> Result<Response, ErrorCode> {
        answer.body.truncate(answer.body.len() / 2);
        Ok(answer)
    }
    office.mishap("res.partner/search_read", What::After(half));
    let failed = office.refused(|| Odoo::find(office.during("find"), vec![american("5550100142")], 50));
    assert_eq!(kind(&failed), "Garbled");
    office.mishap("mail.message/load", What::After(half));
    let call = item("c1", about(PARTNER, ann));
    let failed = office.refused(|| Odoo::write(office.during("write"), vec![call.clone()]));
    assert_eq!((kind(&failed).as_str(), messages(&office).len()), ("Unclear", 1));
    let found = Odoo::find_written(office.during("find-written"), vec![call], NOW).unwrap().activities;
    assert_eq!(found[0].as_ref().unwrap().id, messages(&office)[0]["id"].to_string());
}

#[test]
fn what_was_written_before_a_failure_is_told() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let calls: Vec<_> =
        (0..10).map(|serial| item(&format!("c{serial}"), about(PARTNER, if serial == 3 { 999_999 } else { ann }))).collect();
    // The first is refused because of one that is gone; then it breaks.
    office.mishap("mail.message/load", What::After(Ok));
    office.mishap("mail.message/load", What::Instead(Err(ErrorCode::ConnectionTerminated)));
    let written = Odoo::write(office.during("write"), calls).unwrap();
    for (index, outcome) in written.outcomes.iter().enumerate() {
        let ItemOutcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!(kind(failure), if index == 3 { "Gone" } else { "Unclear" });
    }
}

#[test]
fn no_words_of_a_server_show_what_is_nobodys_business() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    // A mistake in a request, as a module might provoke it: Odoo answers with all that it knows.
    office.database.sql("alter table mail_message rename column subject to subject_of_old").unwrap();
    let change = pbx_connector_kit::types::Amendment { subject: None, body: None, recording: None, user: None, extras: Vec::new() };
    let change = Change { key: "a".to_owned(), activity: about("mail.message", 1), change, extras: Vec::new() };
    let mut failed = office.refused(|| Odoo::amend(office.during("amend"), vec![change]));
    let verbatim = failure::detail_of(&mut failed).said.verbatim.clone().unwrap_or_default();
    assert!(verbatim.len() <= 500 && !verbatim.contains("site-packages"), "{verbatim}");
    let _written =
        Odoo::write(office.during("write"), vec![item("c1", about(PARTNER, ann))]).map(|written| office.discreet(&written.outcomes));
}

#[test]
fn what_is_too_large_for_a_proxy_goes_in_parts() {
    let Some(office) = Office::open() else { return };
    let ann = office.person("Ann", "");
    let calls: Vec<_> = (0..50).map(|serial| item(&format!("c{serial}"), about(PARTNER, ann))).collect();
    for _ in 0..2 {
        office.mishap("mail.message/load", What::Instead(Ok(page(413, "<html>413 Request Entity Too Large</html>"))));
    }
    let (outcomes, requests) = crate::journalling::write(&office, calls);
    outcomes.iter().for_each(|outcome| drop(id(outcome)));
    assert_eq!((messages(&office).len(), requests), (50, 5), "50, 25, 12, 13, 25");
}
