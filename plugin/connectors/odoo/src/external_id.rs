use serde_json::Value;

/// In front of all external ids of ours. No module of Odoo has this name, so no update of one sweeps them away.
const MODULE: &str = "pbx_crm";

/// The external id of what was made with this key. Odoo keeps each only once, whoever asks: that is what makes at most one record per key.
pub fn of(key: &str) -> String {
    format!("{MODULE}.{key}")
}

/// The Message-Id of a call's entry: by this one it is found again, since external ids can be asked for by administrators alone.
pub fn message_id(key: &str) -> String {
    format!("<{key}@{MODULE}>")
}

/// Our key in a Message-Id.
pub fn key(message_id: &str) -> Option<&str> {
    message_id.strip_prefix('<')?.strip_suffix('>')?.strip_suffix(MODULE)?.strip_suffix('@')
}

/// Of an answer `{"9": "pbx_crm.key"}`: the id of the record that has this key.
pub fn who_has(answer: &Value, key: &str) -> Option<String> {
    let wanted = of(key);
    let all = answer.as_object()?;
    all.iter().find(|(_, external)| external.as_str() == Some(wanted.as_str())).map(|(id, _)| id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_come_back_from_where_they_are_kept() {
        let longest = "call-4711.create:A_".repeat(6);
        assert_eq!(key(&message_id(&longest)), Some(longest.as_str()));
        assert_eq!((key("<a@elsewhere>"), key("a@pbx_crm"), key("")), (None, None, None));
        let answer = json!({"8": "", "9": "pbx_crm.k.1", "10": "other.k.1"});
        assert_eq!((who_has(&answer, "k.1").as_deref(), who_has(&answer, "k.2"), who_has(&json!([]), "k.1")), (Some("9"), None, None));
    }
}
