use pbx_connector_kit::{
    Client, Effect, Request, Response, context, failure,
    json::{self, Node, Wrong},
    status::{self, Refusal},
    text::message,
    types::{Detail, Failure},
};
use serde_json::Value;

/// Longest path with its query, in bytes: servers take 8 KiB for the whole request line.
pub const MAX_PATH: usize = 6_000;
/// Longest id, in bytes.
pub const MAX_ID: usize = 128;

/// A JSON answer whose status is one that the question allows.
pub struct Answer {
    /// 200 to 299, or one of those that were asked for.
    pub status: u16,
    json: Value,
    effect: Effect,
}

impl Answer {
    /// Reads the answer. What is wrong with it becomes a failure: `garbled` for a question that only read, `unclear` for one that may have
    /// changed something.
    ///
    /// # Errors
    /// As said, where `reader` says that it is wrong.
    pub fn read<'a, T>(&'a self, reader: impl FnOnce(Node<'a>) -> Result<T, Wrong>) -> Result<T, Failure> {
        reader(Node::root(&self.json)).map_err(|wrong| failure::wrong_answer(self.effect, self.status, &wrong))
    }
}

/// Asks the service one question. `also` are statuses outside 200 to 299 that are answers to it, too.
///
/// # Errors
/// The service could not be asked, refused, or did not answer with JSON.
pub fn ask(client: &mut Client<'_>, now: context::Moment, request: &Request, also: &[u16]) -> Result<Answer, Failure> {
    let response = client.send(request)?;
    if !also.contains(&response.status)
        && let Some(failure) = refusal(&response, request.effect, now)
    {
        return Err(failure);
    }
    let json = json::parse(&response.body).map_err(|wrong| failure::wrong_answer(request.effect, response.status, &wrong))?;
    Ok(Answer { status: response.status, json, effect: request.effect })
}

fn refusal(response: &Response, effect: Effect, now: context::Moment) -> Option<Failure> {
    let failure = status::failure(response, effect, now, &said(&response.body))?;
    Some(match failure {
        // Records are never asked for by path, so this is a wrong address and no record that is gone. Whatever waits shall wait on
        // until it is set right.
        Failure::Gone(detail) => Failure::Garbled(about_status("webhook.no-endpoint", response.status, detail)),
        Failure::Unsupported(detail) => Failure::Unsupported(about_status("webhook.not-offered", response.status, detail)),
        other => other,
    })
}

/// The same detail, with a message of this connector instead of the kit's.
pub fn about_status(id: &str, status: u16, detail: Detail) -> Detail {
    let mut said = message(id, &[("status", &status.to_string())]);
    said.verbatim = detail.said.verbatim;
    Detail { said, ..detail }
}

/// What the service says about a refusal: `{"error": "...", "code": "...", "fields": [...]}`. All of it may be missing or anything else.
fn said(body: &[u8]) -> Refusal {
    let Ok(json) = json::parse(body) else {
        return Refusal::default();
    };
    let root = Node::root(&json);
    let text = |name: &str| {
        let member = root.member(name).ok()?;
        member.text().ok().flatten().map(str::to_owned)
    };
    let fields = root.member("fields").and_then(|fields| fields.list()).unwrap_or_default();
    let fields = fields.iter().filter_map(|field| field.text().ok().flatten()).map(str::to_owned);
    Refusal { code: text("code"), words: text("error"), fields: fields.take(64).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Failure {
        let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
        refusal(&response, Effect::Writes, 0).unwrap()
    }

    #[test]
    fn quotes_the_service() {
        let Failure::Invalid(wrong) = refused(422, r#"{"error": "no such owner", "code": "owner", "fields": ["owner", 5]}"#) else {
            panic!("not invalid");
        };
        assert_eq!(wrong.fields, ["owner"]);
        assert_eq!(wrong.detail.code.as_deref(), Some("owner"));
        assert_eq!(wrong.detail.said.verbatim.as_deref(), Some("no such owner"));
        let Failure::Invalid(wrong) = refused(400, "<h1>Bad request</h1>") else { panic!("not invalid") };
        assert_eq!((wrong.detail.status, wrong.detail.said.verbatim), (Some(400), None));
    }

    #[test]
    fn a_wrong_address_loses_nothing() {
        assert!(matches!(refused(404, "[]"), Failure::Garbled(_)));
        assert!(matches!(refused(410, ""), Failure::Garbled(_)));
        assert!(matches!(refused(501, "{}"), Failure::Unsupported(_)));
    }
}
