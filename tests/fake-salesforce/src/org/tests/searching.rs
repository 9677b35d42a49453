//! The search index: words, numbers, wildcards, lag.

use serde_json::json;

use super::{NOW, Office, contact};
use crate::org::{PhoneSearch, SearchGroup};

#[test]
fn a_number_is_found_by_all_its_digits_or_one_of_its_parts() {
    let mut office = Office::new();
    let id = office.made("Contact", contact());
    let found = |text: &str| office.find(NOW, SearchGroup::Phone, "Contact", text) == [id];
    assert!(found("4155550123") && found("0123") && found("415") && found("(415) 555-0123"));
    assert!(!found("5550123") && !found("14155550123") && !found("415555") && !found("0123 555"));
}

#[test]
fn the_lenient_profile_finds_ends_of_seven_digits() {
    let mut office = Office::new();
    office.org.knobs.phone_search = PhoneSearch::Lenient;
    let id = office.made("Contact", json!({"LastName": "Lee", "Phone": "+44 20 7946 0958"}));
    for (text, there) in
        [("79460958", true), ("2079460958", true), ("442079460958", true), ("9460958", true), ("460958", false), ("02079460958", false)]
    {
        assert_eq!(office.find(NOW, SearchGroup::Phone, "Contact", text) == [id], there, "{text}");
    }
    assert!(office.find(NOW, SearchGroup::Name, "Contact", "79460958").is_empty());
}

#[test]
fn groups_look_in_their_fields_only() {
    let mut office = Office::new();
    let id =
        office.made("Contact", json!({"LastName": "Lee", "Email": "ann@fake.example", "MailingCity": "Springfield", "Phone": "555-0123"}));
    let all = [SearchGroup::All, SearchGroup::Name, SearchGroup::Phone, SearchGroup::Email, SearchGroup::Sidebar];
    for (text, groups) in [
        ("lee", [true, true, false, false, true]),
        ("ann@fake.example", [true, false, false, true, true]),
        ("SPRINGFIELD", [true, false, false, false, false]),
        ("5550123", [true, false, true, false, true]),
    ] {
        let found = all.map(|group| office.find(NOW, group, "Contact", text) == [id]);
        assert_eq!(found, groups, "{text}");
    }
}

#[test]
fn wildcards_stand_in_the_middle_or_at_the_end() {
    let mut office = Office::new();
    let id = office.made("Contact", json!({"LastName": "Johnson", "Phone": "(415) 555-0123"}));
    for (text, there) in [
        ("john*", true),
        ("jo?nson", true),
        ("j*son", true),
        ("j*sen", false),
        ("jo?son", false),
        ("*son", false),
        ("41555501*", true),
        ("415555?123", true),
    ] {
        assert_eq!(office.find(NOW, SearchGroup::All, "Contact", text) == [id], there, "{text}");
    }
}

#[test]
fn chinese_names_are_found_by_their_parts() {
    let mut office = Office::new();
    let id = office.made("Contact", json!({"LastName": "王小明"}));
    assert_eq!(office.find(NOW, SearchGroup::Name, "Contact", "小明"), [id]);
    assert!(office.find(NOW, SearchGroup::Name, "Contact", "明小").is_empty());
}

#[test]
fn a_change_is_found_when_the_lag_is_over_and_the_old_state_until_then() {
    let mut office = Office::new();
    office.org.knobs.index_lag_ms = 60_000;
    let id = office.made("Contact", contact());
    let find = |office: &Office, after: u64, text: &str| !office.find(NOW + after, SearchGroup::Phone, "Contact", text).is_empty();
    assert!(!find(&office, 59_999, "4155550123"));
    assert!(find(&office, 60_000, "4155550123"));
    office.context.now_ms = NOW + 100_000;
    office.update("Contact", id, json!({"Phone": "4155550199"})).unwrap();
    assert!(find(&office, 159_999, "4155550123") && !find(&office, 159_999, "4155550199"));
    assert!(!find(&office, 160_000, "4155550123") && find(&office, 160_000, "4155550199"));
}

#[test]
fn a_change_of_other_fields_does_not_hide_a_row() {
    let mut office = Office::new();
    office.org.knobs.index_lag_ms = 60_000;
    let id = office.made("Contact", contact());
    office.context.now_ms = NOW + 60_000;
    office.update("Contact", id, json!({"DoNotCall": true})).unwrap();
    assert_eq!(office.find(NOW + 60_000, SearchGroup::Phone, "Contact", "4155550123"), [id]);
}

#[test]
fn deleted_rows_linger_only_where_that_is_switched_on() {
    for linger in [false, true] {
        let mut office = Office::new();
        office.org.knobs.index_lag_ms = 60_000;
        office.org.knobs.deleted_rows_linger = linger;
        let id = office.made("Contact", contact());
        office.context.now_ms = NOW + 100_000;
        let context = office.context.clone();
        office.org.delete(&context, "Contact", id).unwrap();
        assert_eq!(!office.find(NOW + 100_001, SearchGroup::Phone, "Contact", "4155550123").is_empty(), linger);
        assert!(office.find(NOW + 160_000, SearchGroup::Phone, "Contact", "4155550123").is_empty());
    }
}
