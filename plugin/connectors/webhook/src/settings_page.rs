use pbx_connector_kit::{
    base_types::{Message, Setting, SettingValue},
    text::message,
    url,
};

use crate::{
    Webhook,
    bindings::exports::pbx::base::settings_page::{Field, FieldType, Guest, Problem},
};

/// Key of the only setting: the service's base address.
pub const ADDRESS: &str = "address";

impl Guest for Webhook {
    fn version() -> u32 {
        1
    }

    fn schema() -> Vec<Field> {
        vec![Field {
            key: ADDRESS.to_owned(),
            label: message("webhook.address.label", &[]),
            help: Some(message("webhook.address.help", &[])),
            kind: FieldType::Address,
            default: SettingValue::Text(String::new()),
            only_if: None,
            needs: Vec::new(),
            group: "connection".to_owned(),
            extras: Vec::new(),
        }]
    }

    fn check(settings: Vec<Setting>) -> Vec<Problem> {
        let address = settings.iter().find_map(|setting| match &setting.value {
            SettingValue::Text(address) if setting.key == ADDRESS => Some(address.as_str()),
            _ => None,
        });
        let complaint = match address {
            None | Some("") => "webhook.address.missing",
            Some(address) if !url::is_base(address) => "webhook.address.not-usable",
            Some(_) => return Vec::new(),
        };
        vec![Problem {
            key: ADDRESS.to_owned(),
            line: 0,
            column: 0,
            prevents_saving: true,
            message: message(complaint, &[]),
            extras: Vec::new(),
        }]
    }

    fn upgrade(_from_version: u32, settings: Vec<Setting>) -> Result<Vec<Setting>, Message> {
        // There is only one version so far.
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_addresses() {
        let complaint = |address: &str| {
            let value = SettingValue::Text(address.to_owned());
            let problems = Webhook::check(vec![Setting { key: ADDRESS.to_owned(), value }]);
            problems.first().map(|problem| problem.message.id.clone())
        };
        assert_eq!(complaint("https://intranet.example/crm"), None);
        assert_eq!(complaint("").as_deref(), Some("webhook.address.missing"));
        for bad in ["intranet.example", "https://a@b", "https://a?b=c", "https://"] {
            assert_eq!(complaint(bad).as_deref(), Some("webhook.address.not-usable"), "{bad}");
        }
        assert_eq!(Webhook::check(Vec::new()).len(), 1);
    }
}
