//! Calls as they stand in the chatter of records. What Odoo has no field for stands in the body, as the connector's documents say.

use crm_fake::{Activity, Direction};
use serde_json::Value;

use crate::rows::moment;

/// What is asked of a message.
pub const FIELDS: [&str; 8] = ["id", "model", "res_id", "subject", "body", "date", "author_id", "message_id"];
/// Ends of the Message-Ids of calls.
pub const MARK: &str = "@pbx_crm>";

/// A call, with the ids that tests have for its record and its user.
pub fn activity(row: &Value, record: String, user: Option<String>) -> Activity {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let body = text("body");
    Activity {
        id: row.get("id").and_then(Value::as_u64).unwrap_or_default().to_string(),
        record,
        user,
        subject: text("subject").to_owned(),
        body: words(body),
        direction: match attribute(body, "data-direction").as_deref() {
            Some("inbound") => Some(Direction::Inbound),
            Some("outbound") => Some(Direction::Outbound),
            Some("internal") => Some(Direction::Internal),
            _ => None,
        },
        outcome: attribute(body, "data-outcome"),
        started_at: moment(text("date")),
        talked_ms: attribute(body, "data-talked-ms").and_then(|ms| ms.parse().ok()),
        key: text("message_id").strip_prefix('<').and_then(|id| id.strip_suffix(MARK)).map(str::to_owned),
    }
}

/// What people read of the first part of a body: the call.
fn words(body: &str) -> String {
    let inside = body.find('>').and_then(|start| body.get(start + 1..)).unwrap_or_default();
    let inside = inside.split("</div>").next().unwrap_or_default();
    html_escape::decode_html_entities(&inside.replace("<br>", "\n")).into_owned()
}

/// An attribute of the first tag.
fn attribute(body: &str, name: &str) -> Option<String> {
    let tag = body.split('>').next()?;
    let value = tag.split_once(&format!("{name}=\""))?.1;
    Some(html_escape::decode_html_entities(value.split('"').next()?).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_the_connector_writes() {
        let row = json!({"id": 7, "subject": "Extension Call", "date": "1970-01-01 00:00:01", "message_id": "<c1.journal.1001@pbx_crm>",
            "body": "<div class=\"pbx-call\" data-direction=\"inbound\" data-outcome=\"no-answer\" data-talked-ms=\"1500\">a &lt;b&gt;<br>two</div><div>x</div>"});
        let call = activity(&row, "p-1".to_owned(), None);
        assert_eq!((call.body.as_str(), call.outcome.as_deref(), call.talked_ms), ("a <b>\ntwo", Some("no-answer"), Some(1_500)));
        assert_eq!((call.direction, call.started_at, call.key.as_deref()), (Some(Direction::Inbound), Some(1_000), Some("c1.journal.1001")));
    }
}
