//! Calls as they stand in the chatter of records. What Odoo has no field for stands in the body, as the connector's documents say.

use crm_fake::{Activity, Direction};
use serde_json::Value;

use crate::rows::moment;

/// What is asked of a message.
pub const FIELDS: [&str; 8] = ["id", "model", "res_id", "subject", "body", "date", "author_id", "message_id"];
/// Ends of the Message-Ids of calls.
pub const MARK: &str = "@pbx_crm>";

const CLASSES: [(&str, Direction); 3] =
    [("pbx-inbound", Direction::Inbound), ("pbx-outbound", Direction::Outbound), ("pbx-internal", Direction::Internal)];
const OUTCOMES: [&str; 8] = ["answered", "missed", "voicemail", "no-answer", "busy", "failed", "forwarded", "lost"];

/// A call, with the ids that tests have for its record and its user.
pub fn activity(row: &Value, record: String, user: Option<String>) -> Activity {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let body = text("body");
    let classes = classes(body);
    let has = |class: &str| classes.iter().any(|known| known == class);
    Activity {
        id: row.get("id").and_then(Value::as_u64).unwrap_or_default().to_string(),
        record,
        user,
        subject: text("subject").to_owned(),
        body: words(body),
        direction: CLASSES.iter().find(|(class, _)| has(class)).map(|(_, direction)| *direction),
        outcome: OUTCOMES.iter().find(|outcome| has(&format!("pbx-{outcome}"))).map(|outcome| (*outcome).to_owned()),
        started_at: moment(text("date")),
        talked_ms: classes.iter().find_map(|class| class.strip_prefix("pbx-talked-")?.strip_suffix("-ms")?.parse().ok()),
        key: text("message_id").strip_prefix('<').and_then(|id| id.strip_suffix(MARK)).map(str::to_owned),
    }
}

/// What people read of the first part of a body: the call.
fn words(body: &str) -> String {
    let inside = body.find('>').and_then(|start| body.get(start + 1..)).unwrap_or_default();
    let inside = inside.split("</div>").next().unwrap_or_default();
    html_escape::decode_html_entities(&inside.replace("<br>", "\n")).into_owned()
}

/// The classes of the first tag.
fn classes(body: &str) -> Vec<String> {
    let tag = body.split('>').next().unwrap_or_default();
    let value = tag.split_once("class=\"").map(|(_, rest)| rest.split('"').next().unwrap_or_default());
    value.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_the_connector_writes() {
        let row = json!({"id": 7, "subject": "Extension Call", "date": "1970-01-01 00:00:01", "message_id": "<c1.journal.1001@pbx_crm>",
            "body": "<div class=\"pbx-call pbx-inbound pbx-no-answer pbx-talked-1500-ms\">a &lt;b&gt;<br>two</div><div>x</div>"});
        let call = activity(&row, "p-1".to_owned(), None);
        assert_eq!((call.body.as_str(), call.outcome.as_deref(), call.talked_ms), ("a <b>\ntwo", Some("no-answer"), Some(1_500)));
        assert_eq!(
            (call.direction, call.started_at, call.key.as_deref()),
            (Some(Direction::Inbound), Some(1_000), Some("c1.journal.1001"))
        );
    }
}
