//! The page of settings: what can be entered, what is wrong with it, and what older versions meant.

use crate::contract::exports::pbx::base::settings_page::{Field, FieldType, Problem};
use crate::contract::pbx::base::types::{Message, Setting, SettingValue};
use crate::contract::pbx::crm::types::Role;
use crate::message_ids as id;
use crate::settings::{DEFAULT_DESCRIPTION, DEFAULT_SUBJECT, keys, values};
use crate::template::{FaultKind, Template};
use crate::texts::message;
use crate::world::World;

/// Version of the settings' meaning.
pub const VERSION: u32 = 1;

/// Most characters of a subject.
const SUBJECT_CHARACTERS: u32 = 255;
/// Most characters of a description: a setting holds 4,096 bytes, and a character takes up to four.
const DESCRIPTION_CHARACTERS: u32 = 1000;

/// The fields, in the order of the page. The name of a group is the id of its heading in the catalogue.
pub fn schema() -> Vec<Field> {
    let automatic_pop = only_if(keys::POP_MODE, text(values::AUTOMATIC));
    let automatic_creation = only_if(keys::CREATE_MODE, text(values::AUTOMATIC));
    let journal = only_if(keys::JOURNAL_ENABLED, SettingValue::Flag(true));
    vec![
        Field {
            help: Some(message(id::POP_MODE_HELP, &[])),
            kind: FieldType::Choice(labelled(&[
                (values::AUTOMATIC, id::POP_MODE_AUTOMATIC),
                (values::MANUAL, id::POP_MODE_MANUAL),
                (values::OFF, id::POP_MODE_OFF),
            ])),
            ..field(id::GROUP_POP, keys::POP_MODE, id::POP_MODE, text(values::AUTOMATIC))
        },
        Field {
            help: Some(message(id::POP_WHEN_HELP, &[])),
            kind: FieldType::Choices(labelled(&[
                (values::RINGING, id::POP_WHEN_RINGING),
                (values::ANSWERED, id::POP_WHEN_ANSWERED),
                (values::ENDED, id::POP_WHEN_ENDED),
            ])),
            only_if: automatic_pop,
            ..field(id::GROUP_POP, keys::POP_WHEN, id::POP_WHEN, texts(&[values::RINGING]))
        },
        Field {
            help: Some(message(id::CREATE_MODE_HELP, &[])),
            kind: FieldType::Choice(labelled(&[(values::OFF, id::CREATE_MODE_OFF), (values::AUTOMATIC, id::CREATE_MODE_AUTOMATIC)])),
            ..field(id::GROUP_CREATE, keys::CREATE_MODE, id::CREATE_MODE, text(values::OFF))
        },
        Field {
            kind: FieldType::Choice(labelled(&[(values::PERSON, id::CREATE_ROLE_PERSON), (values::PROSPECT, id::CREATE_ROLE_PROSPECT)])),
            only_if: automatic_creation.clone(),
            ..field(id::GROUP_CREATE, keys::CREATE_ROLE, id::CREATE_ROLE, text(values::PERSON))
        },
        Field {
            kind: FieldType::Choices(labelled(&[
                (values::INBOUND, id::CREATE_DIRECTIONS_INBOUND),
                (values::OUTBOUND, id::CREATE_DIRECTIONS_OUTBOUND),
            ])),
            only_if: automatic_creation,
            ..field(id::GROUP_CREATE, keys::CREATE_DIRECTIONS, id::CREATE_DIRECTIONS, texts(&[values::INBOUND, values::OUTBOUND]))
        },
        Field {
            help: Some(message(id::JOURNAL_ENABLED_HELP, &[])),
            kind: FieldType::Flag,
            ..field(id::GROUP_JOURNAL, keys::JOURNAL_ENABLED, id::JOURNAL_ENABLED, SettingValue::Flag(true))
        },
        Field {
            help: Some(message(id::JOURNAL_VARIABLES_HELP, &[])),
            kind: FieldType::Line(SUBJECT_CHARACTERS),
            only_if: journal.clone(),
            ..field(id::GROUP_JOURNAL, keys::JOURNAL_SUBJECT, id::JOURNAL_SUBJECT, text(DEFAULT_SUBJECT))
        },
        Field {
            help: Some(message(id::JOURNAL_VARIABLES_HELP, &[])),
            kind: FieldType::Lines(DESCRIPTION_CHARACTERS),
            only_if: journal.clone(),
            ..field(id::GROUP_JOURNAL, keys::JOURNAL_DESCRIPTION, id::JOURNAL_DESCRIPTION, text(DEFAULT_DESCRIPTION))
        },
        Field {
            help: Some(message(id::JOURNAL_ANSWERING_ONLY_HELP, &[])),
            kind: FieldType::Flag,
            only_if: journal,
            ..field(id::GROUP_JOURNAL, keys::JOURNAL_ANSWERING_ONLY, id::JOURNAL_ANSWERING_ONLY, SettingValue::Flag(false))
        },
    ]
}

/// All that is wrong with what was entered, in the order of the page.
pub fn check(world: &impl World, entered: &[Setting]) -> Vec<Problem> {
    let schema = schema();
    let value = |key: &str| {
        let entered = entered.iter().find(|setting| setting.key == key).map(|setting| &setting.value);
        entered.or_else(|| schema.iter().find(|field| field.key == key).map(|field| &field.default))
    };
    let is = |key: &str, wanted: &str| matches!(value(key), Some(SettingValue::Text(text)) if text == wanted);
    let none_of = |key: &str| matches!(value(key), Some(SettingValue::Texts(chosen)) if chosen.is_empty());

    let mut problems = Vec::new();
    if is(keys::POP_MODE, values::AUTOMATIC) && none_of(keys::POP_WHEN) {
        problems.push(warning(keys::POP_WHEN, id::PROBLEM_NO_MOMENT));
    }
    if is(keys::CREATE_MODE, values::AUTOMATIC) {
        let wanted = if is(keys::CREATE_ROLE, values::PROSPECT) { Role::Prospect } else { Role::Person };
        match world.connections().iter().find(|connection| connection.creates) {
            None => problems.push(warning(keys::CREATE_MODE, id::PROBLEM_NO_CONNECTION)),
            Some(at) if !at.kinds.iter().any(|kind| kind.can_create && kind.role == wanted) => {
                problems.push(warning(keys::CREATE_ROLE, id::PROBLEM_ROLE_NOT_MADE));
            }
            Some(_) => {}
        }
        if none_of(keys::CREATE_DIRECTIONS) {
            problems.push(warning(keys::CREATE_DIRECTIONS, id::PROBLEM_NO_DIRECTION));
        }
    }
    for key in [keys::JOURNAL_SUBJECT, keys::JOURNAL_DESCRIPTION] {
        if let Some(SettingValue::Text(template)) = value(key) {
            problems.extend(faults(key, template));
        }
    }
    problems
}

/// Settings of version 1 mean the same today; there is no other version yet.
pub fn upgrade(from_version: u32, entered: Vec<Setting>) -> Result<Vec<Setting>, Message> {
    match from_version {
        VERSION => Ok(entered),
        other => Err(message(id::VERSION_UNKNOWN, &[("version", &other.to_string())])),
    }
}

fn faults(key: &str, template: &str) -> Vec<Problem> {
    let faults = Template::parse(template).err().unwrap_or_default();
    let problem = |(line, column, message)| Problem { key: key.to_owned(), line, column, prevents_saving: true, message, extras: vec![] };
    faults
        .into_iter()
        .map(|fault| {
            let why = match &fault.kind {
                FaultKind::UnknownVariable(name) => message(id::PROBLEM_UNKNOWN_VARIABLE, &[("name", name)]),
                FaultKind::Unclosed => message(id::PROBLEM_UNCLOSED, &[]),
                FaultKind::NotAVariable(text) => message(id::PROBLEM_NOT_A_VARIABLE, &[("text", text)]),
                FaultKind::Unopened => message(id::PROBLEM_UNOPENED, &[]),
            };
            problem((fault.line, fault.column, why))
        })
        .collect()
}

fn warning(key: &str, why: &str) -> Problem {
    Problem { key: key.to_owned(), line: 0, column: 0, prevents_saving: false, message: message(why, &[]), extras: vec![] }
}

fn field(group: &str, key: &str, label: &str, default: SettingValue) -> Field {
    Field {
        key: key.to_owned(),
        label: message(label, &[]),
        help: None,
        kind: FieldType::Flag,
        default,
        only_if: None,
        needs: vec![],
        group: group.to_owned(),
        extras: vec![],
    }
}

fn only_if(key: &str, value: SettingValue) -> Option<(String, Vec<SettingValue>)> {
    Some((key.to_owned(), vec![value]))
}

fn labelled(choices: &[(&str, &str)]) -> Vec<(String, Message)> {
    choices.iter().map(|(value, label)| ((*value).to_owned(), message(label, &[]))).collect()
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn texts(values: &[&str]) -> SettingValue {
    SettingValue::Texts(values.iter().map(ToString::to_string).collect())
}
