use std::collections::BTreeMap;

use pbx_connector_kit::{
    failure::detail,
    json::{Node, Wrong},
    text::{message, quoting},
    types::{Detail, Failure, Pause, WrongFields},
};

/// What a service says of each item of a batch: `{"results": [{"key": "...", "status": "...", ...}]}`, in whatever order.
pub struct Results<'a> {
    by_key: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Results<'a> {
    /// Reads the list; its items are looked at when they are asked for, so that one that makes no sense spoils no other.
    pub fn of(answer: &Node<'a>) -> Result<Self, Wrong> {
        let items = answer.member("results")?.required_list()?;
        let keyed = items.into_iter().filter_map(|item| Some((item.member("key").ok()?.text().ok()??, item)));
        Ok(Self { by_key: keyed.collect() })
    }

    /// What became of one item. `success` reads the statuses that mean success; none: it is not one of them.
    pub fn outcome<T>(&self, key: &str, success: impl FnOnce(&str, &Node<'a>) -> Result<Option<T>, Wrong>) -> Result<T, Failure> {
        let unsaid = || Failure::Unclear(detail(message("webhook.no-result", &[])));
        let item = self.by_key.get(key).ok_or_else(unsaid)?;
        let read = || {
            let word = item.member("status")?;
            let status = word.required_text()?;
            if let Some(done) = success(status, item)? {
                return Ok(Ok(done));
            }
            if status == "failed" { refusal(item).map(Err) } else { word.wrong("status of the protocol") }
        };
        read().unwrap_or_else(|wrong: Wrong| {
            let said = message("kit.wrong-answer", &[("where", &wrong.place), ("expected", wrong.expected)]);
            Err(Failure::Unclear(detail(said)))
        })
    }
}

/// An item that failed: `"reason"` says the kind, `"error"` is for people.
fn refusal(item: &Node<'_>) -> Result<Failure, Wrong> {
    let plain = message("webhook.item-refused", &[]);
    let said = match item.member("error")?.text()? {
        Some(words) => quoting(plain, words),
        None => plain,
    };
    let reason = item.member("reason")?.text()?;
    let detail = Detail { code: reason.map(str::to_owned), ..detail(said) };
    Ok(match reason {
        None | Some("invalid") => Failure::Invalid(WrongFields { fields: Vec::new(), detail }),
        Some("gone") => Failure::Gone(detail),
        Some("forbidden") => Failure::Forbidden(detail),
        Some("conflict") => Failure::Conflict(detail),
        Some("busy") => Failure::Busy(Pause { wait: None, detail }),
        Some(_) => Failure::Other(detail),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn outcome(answer: &Value, key: &str) -> Result<String, Failure> {
        let results = Results::of(&Node::root(answer)).unwrap();
        results.outcome(key, |status, item| match status {
            "written" => item.member("id")?.required_id(128).map(Some),
            _ => Ok(None),
        })
    }

    #[test]
    fn finds_results_by_key() {
        let answer = json!({"results": [
            5,
            {"key": "b", "status": "failed", "reason": "gone", "error": "no record 9"},
            {"key": "a", "status": "written", "id": 1},
            {"key": "c", "status": "written"},
            {"key": "d", "status": "perhaps"},
            {"key": "e", "status": "failed"},
            {"key": "f", "status": "failed", "reason": "tired"},
        ]});
        assert_eq!(outcome(&answer, "a").unwrap(), "1");
        let Err(Failure::Gone(gone)) = outcome(&answer, "b") else { panic!("not gone") };
        assert_eq!(gone.said.verbatim.as_deref(), Some("no record 9"));
        for unclear in ["c", "d", "nowhere"] {
            assert!(matches!(outcome(&answer, unclear), Err(Failure::Unclear(_))), "{unclear}");
        }
        assert!(matches!(outcome(&answer, "e"), Err(Failure::Invalid(_))));
        assert!(matches!(outcome(&answer, "f"), Err(Failure::Other(_))));
    }
}
