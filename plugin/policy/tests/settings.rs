//! The page of settings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use pbx_crm_policy::contract::exports::pbx::base::settings_page::FieldType;
use pbx_crm_policy::contract::pbx::base::types::{Setting, SettingValue};
use pbx_crm_policy::settings_page::{check, schema, upgrade};
use pbx_crm_policy::testing::{InMemory, render};
use pbx_crm_policy::{MESSAGE_IDS, texts};

fn setting(key: &str, value: SettingValue) -> Setting {
    Setting { key: key.into(), value }
}

fn text(key: &str, value: &str) -> Setting {
    setting(key, SettingValue::Text(value.into()))
}

#[test]
fn m_log_1_the_defaults_are_the_documented_ones() {
    let default = |key: &str| schema().into_iter().find(|field| field.key == key).map(|field| field.default);
    let text = |text: &str| Some(SettingValue::Text(text.into()));
    let texts = |texts: &[&str]| Some(SettingValue::Texts(texts.iter().map(ToString::to_string).collect()));
    assert_eq!(default("pop.mode"), text("automatic"));
    assert_eq!(default("pop.when"), texts(&["ringing"]));
    assert_eq!(default("create.mode"), text("off"));
    assert_eq!(default("create.role"), text("person"));
    assert_eq!(default("create.directions"), texts(&["inbound", "outbound"]));
    assert_eq!(default("journal.enabled"), Some(SettingValue::Flag(true)));
    assert_eq!(default("journal.subject"), text("Extension Call"));
    assert_eq!(
        default("journal.description"),
        text("Call: {{.Time}} {{.Call_Log_Status}} from {{.Call_From}} to {{.Call_To}} {{.Talk_Duration}}")
    );
    assert_eq!(default("journal.answering-only"), Some(SettingValue::Flag(false)));
}

#[test]
fn the_schema_keeps_the_contracts_rules() {
    let schema = schema();
    for field in &schema {
        assert!(field.key.len() <= 64);
        assert!(field.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'-'));
        assert_eq!(schema.iter().filter(|other| other.key == field.key).count(), 1);
        assert!(MESSAGE_IDS.contains(&field.group.as_str()), "a heading for {}", field.group);
        let fits = match (&field.kind, &field.default) {
            (FieldType::Choice(choices), SettingValue::Text(value)) => choices.iter().any(|(one, _)| one == value),
            (FieldType::Choices(choices), SettingValue::Texts(values)) => {
                values.iter().all(|value| choices.iter().any(|(one, _)| one == value))
            }
            (FieldType::Flag, SettingValue::Flag(_)) => true,
            (FieldType::Line(most) | FieldType::Lines(most), SettingValue::Text(value)) => value.chars().count() <= *most as usize,
            _ => false,
        };
        assert!(fits, "{} has a default of its type", field.key);
        if let Some((key, _)) = &field.only_if {
            assert!(schema.iter().any(|other| other.key == *key));
        }
    }
}

#[test]
fn the_defaults_have_no_problems() {
    let defaults: Vec<Setting> = schema().into_iter().map(|field| Setting { key: field.key, value: field.default }).collect();
    assert!(check(&InMemory::new(), &defaults).is_empty());
    assert!(check(&InMemory::new(), &[]).is_empty());
}

#[test]
fn m_log_2_unknown_variable_is_refused_with_its_position() {
    let entered = [text("journal.subject", "通话 {{.Caller}}"), text("journal.description", "{{.Time}}\n  {{.call_from}} {{.Call_To")];
    let problems = check(&InMemory::new(), &entered);
    let told: Vec<_> = problems.iter().map(|p| (p.key.as_str(), p.line, p.column, p.message.id.as_str())).collect();
    assert_eq!(
        told,
        [
            ("journal.subject", 1, 4, "problem.unknown-variable"),
            ("journal.description", 2, 3, "problem.unknown-variable"),
            ("journal.description", 2, 18, "problem.unclosed"),
        ]
    );
    assert!(problems.iter().all(|problem| problem.prevents_saving));
    assert_eq!(render("en", &problems[0].message), "There is no variable “Caller”. Letter case counts.");
    assert_eq!(render("zh-CN", &problems[2].message), "“{{”在同一行内缺少“}}”。");
}

#[test]
fn settings_that_would_do_nothing_are_warned_of() {
    let mut host = InMemory::new();
    host.connections[0].kinds.retain(|kind| kind.kind != "lead");
    let entered = [
        setting("pop.when", SettingValue::Texts(vec![])),
        text("create.mode", "automatic"),
        text("create.role", "prospect"),
        setting("create.directions", SettingValue::Texts(vec![])),
    ];
    let problems = check(&host, &entered);
    let ids: Vec<_> = problems.iter().map(|problem| problem.message.id.as_str()).collect();
    assert_eq!(ids, ["problem.no-moment", "problem.role-not-made", "problem.no-direction"]);
    assert!(problems.iter().all(|problem| !problem.prevents_saving));
    host.connections.clear();
    assert_eq!(check(&host, &entered)[1].message.id, "problem.no-connection");
}

#[test]
fn version_1_is_carried_over_and_any_other_refused() {
    let entered = vec![text("journal.subject", "Call")];
    assert_eq!(upgrade(1, entered.clone()), Ok(entered.clone()));
    for version in [0, 2] {
        assert_eq!(upgrade(version, entered.clone()).unwrap_err().id, "settings.version-unknown");
    }
}

/// Names of the arguments in a pattern; none if its braces are broken.
fn arguments(pattern: &str) -> Option<Vec<String>> {
    let plain = pattern.replace("{{", "").replace("}}", "");
    let mut names = Vec::new();
    let mut rest = plain.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (name, behind) = rest[at..].strip_prefix('{')?.split_once('}')?;
        names.push(name.to_owned());
        rest = behind;
    }
    names.sort();
    names.dedup();
    Some(names)
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_arguments() {
    let english: Vec<_> = texts::catalogue("en").collect();
    let chinese: Vec<_> = texts::catalogue("zh-CN").collect();
    assert_eq!(english.iter().map(|(id, _)| *id).collect::<Vec<_>>(), MESSAGE_IDS);
    assert_eq!(chinese.iter().map(|(id, _)| *id).collect::<Vec<_>>(), MESSAGE_IDS);
    for ((id, english), (_, chinese)) in english.iter().zip(&chinese) {
        let names = arguments(english);
        assert!(names.is_some(), "{id}");
        assert_eq!(names, arguments(chinese), "{id}");
        assert!(!english.is_empty() && !chinese.is_empty() && id.is_ascii());
    }
    assert_eq!(MESSAGE_IDS.iter().collect::<std::collections::BTreeSet<_>>().len(), MESSAGE_IDS.len());
}
