use crate::Greeter;
use crate::contract::exports::pbx::base::settings_page::{Field, FieldType, Guest, Problem};
use crate::contract::pbx::base::types::{Message, Setting, SettingValue};
use crate::contract::pbx::hooks::settings;
use crate::texts::message;

const GREETING: &str = "greeting";

impl Guest for Greeter {
    fn version() -> u32 {
        1
    }

    fn schema() -> Vec<Field> {
        vec![Field {
            key: GREETING.to_owned(),
            label: message("settings.greeting", &[]),
            help: Some(message("settings.greeting.help", &[])),
            kind: FieldType::Line(80),
            default: SettingValue::Text("Good day".to_owned()),
            only_if: None,
            needs: Vec::new(),
            group: "card".to_owned(),
            extras: Vec::new(),
        }]
    }

    fn check(entered: Vec<Setting>) -> Vec<Problem> {
        let blank =
            |setting: &Setting| setting.key == GREETING && matches!(&setting.value, SettingValue::Text(text) if text.trim().is_empty());
        let problem = || Problem {
            key: GREETING.to_owned(),
            line: 0,
            column: 0,
            prevents_saving: true,
            message: message("settings.greeting.blank", &[]),
            extras: Vec::new(),
        };
        if entered.iter().any(blank) { vec![problem()] } else { Vec::new() }
    }

    fn upgrade(_: u32, entered: Vec<Setting>) -> Result<Vec<Setting>, Message> {
        Ok(entered)
    }
}

pub(crate) fn greeting() -> String {
    match settings::get(GREETING) {
        Some(SettingValue::Text(text)) => text,
        _ => String::new(),
    }
}
