//! Two CRMs at one PBX, asked in order. One is named for new records; entries go where their record was found; while one that comes first cannot be reached,
//! no other answers for it. With fakes, and with a real Odoo where one is installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

#[path = "two_accounts/office.rs"]
mod office;

use std::sync::{Arc, OnceLock};

use crm_fake::{CrmFake, Fault, FaultKind};
use odoo_server::{Instance, OdooCrm};
use office::{Account, Office, PEOPLE};
use pbx_crm::player::crm::built_in;

const MINUTE: u64 = 60_000;

fn fakes() -> [Account; 2] {
    [Account::new("salesforce", built_in("salesforce").unwrap()), Account::new("webhook", built_in("webhook").unwrap())]
}

fn odoo() -> Option<Box<dyn CrmFake>> {
    static ODOO: OnceLock<Option<Arc<Instance>>> = OnceLock::new();
    let instance = ODOO.get_or_init(|| Instance::start_or_skip("two accounts, of which one is at Odoo")).as_ref()?;
    Some(Box::new(OdooCrm::new(instance).unwrap()))
}

/// First and second account: the second is named for new records.
fn pairs() -> Vec<[Account; 2]> {
    let mut pairs = vec![fakes()];
    if let (Some(first), Some(second)) = (odoo(), odoo()) {
        pairs.push([Account::new("odoo", first), Account::new("webhook", built_in("webhook").unwrap())]);
        pairs.push([Account::new("salesforce", built_in("salesforce").unwrap()), Account::new("odoo", second)]);
    }
    pairs
}

#[test]
fn m_log_3_m_new_2_the_first_that_knows_the_caller_gets_the_entry_and_new_records_go_to_the_named_one() {
    for pair in pairs() {
        let mut office = Office::new(pair);
        office.call("maria", PEOPLE.in_first, 0);
        office.call("henry", PEOPLE.in_second, 10 * MINUTE);
        office.call("pat", PEOPLE.in_both, 20 * MINUTE);
        office.call("stranger", PEOPLE.in_none, 30 * MINUTE);
        office.run_until(60 * MINUTE);
        let [first, second] = [0, 1].map(|account| office.entries(account));
        assert_eq!(first, ["Maria Torres", "Pat Reed"], "entries in {}", office.names());
        assert_eq!(second, ["Henry Wood", "Automatic New Contact -+15550100163"], "entries in {}", office.names());
        assert_eq!(office.made(0), Vec::<String>::new(), "{}", office.names());
        assert_eq!(office.made(1), ["Automatic New Contact -+15550100163"], "{}", office.names());
        assert_eq!(office.pages_of(), [("maria", 0), ("henry", 1), ("pat", 0), ("stranger", 1)].map(|(call, at)| (call.to_owned(), at)));
        assert_eq!(office.unfinished(), 0);
    }
}

#[test]
fn m_log_5_m_new_7_while_the_first_cannot_be_reached_nobody_answers_for_it() {
    for pair in pairs() {
        let mut office = Office::new(pair);
        office.fault(0, Fault::always(FaultKind::Unreachable));
        office.call("henry", PEOPLE.in_second, 0);
        office.call("pat", PEOPLE.in_both, 10 * MINUTE);
        office.call("stranger", PEOPLE.in_none, 20 * MINUTE);
        office.run_until(60 * MINUTE);
        assert_eq!(office.asked(1, "find"), 0, "the second is not asked in the first one's place: {}", office.names());
        assert!(office.entries(1).is_empty() && office.made(1).is_empty() && office.pages_of().is_empty(), "{}", office.names());
        assert_eq!(office.unfinished(), 3, "each call waits to be matched");

        office.clear_faults(0);
        office.run_until(120 * MINUTE);
        assert_eq!(office.entries(0), ["Pat Reed"], "{}", office.names());
        let mut second = office.entries(1);
        second.sort();
        assert_eq!(second, ["Automatic New Contact -+15550100163", "Henry Wood"], "{}", office.names());
        assert_eq!(office.made(1), ["Automatic New Contact -+15550100163"], "{}", office.names());
        assert!(office.made(0).is_empty());
        assert_eq!(office.unfinished(), 0);
    }
}

#[test]
fn m_log_5_an_entry_waits_for_its_own_account_and_holds_up_no_other() {
    for pair in pairs() {
        let mut office = Office::new(pair);
        office.call("maria", PEOPLE.in_first, 0);
        office.call("henry", PEOPLE.in_second, 2 * MINUTE);
        // Everybody is known already when the second goes away.
        office.run_until(2 * MINUTE + 20_000);
        office.fault(1, Fault::always(FaultKind::Unreachable));
        office.run_until(40 * MINUTE);
        assert_eq!((office.entries(0), office.entries(1)), (vec!["Maria Torres".to_owned()], Vec::new()), "{}", office.names());
        office.call("maria again", PEOPLE.in_first, 41 * MINUTE);
        office.run_until(50 * MINUTE);
        assert_eq!(office.entries(0), ["Maria Torres", "Maria Torres"], "{}", office.names());
        assert_eq!(office.unfinished(), 1);
        office.clear_faults(1);
        office.run_until(120 * MINUTE);
        assert_eq!(office.entries(1), ["Henry Wood"], "{}", office.names());
        assert_eq!(office.unfinished(), 0);
    }
}

#[test]
fn m_off_1_an_account_that_is_switched_off_is_not_waited_for() {
    let mut office = Office::new(fakes());
    office.disable(1);
    office.call("henry", PEOPLE.in_second, 0);
    office.call("maria", PEOPLE.in_first, 10 * MINUTE);
    office.run_until(60 * MINUTE);
    assert_eq!((office.asked(0, "find"), office.asked(1, "find")), (2, 0));
    assert_eq!((office.entries(0), office.entries(1)), (vec!["Maria Torres".to_owned()], Vec::new()));
    assert!(office.made(0).is_empty() && office.made(1).is_empty(), "the account that is named for new records is switched off");
    assert_eq!(office.unfinished(), 0, "and nothing waits for it");
}
