//! What the host does, as lines of a log: call ids, kinds and ids of messages.
//!
//! At the levels `error` to `info` no line names a person or a telephone number. At `debug` numbers stand as their last three digits and a
//! keyed hash ([`Redactor`]), so that lines about one caller can be told from others and nobody can be called by them. What a CRM said in its
//! own words never stands there: it may quote records. `pbx-crm queue explain` shows it to an administrator.

mod redact;

pub use redact::Redactor;

use crate::bindings::base::types::Message;
use crate::core::Ignored;
use crate::core::io::{AskedResult, Line, LogLine, Told, Write};
use crate::event::{CallEvent, Happening};

/// Makes lines of what the host tells, by the crate `tracing`. For [`HostBuilder::observer`](crate::host::HostBuilder::observer).
#[derive(Debug, Clone)]
pub struct Logs {
    redactor: Redactor,
}

impl Logs {
    /// With the redactor that the log's writer uses too: then hashes are the same everywhere in the log.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor }
    }

    /// One line at most. Returns at once, if whoever takes the lines does.
    pub fn told(&self, told: &Told) {
        match told {
            Told::Event { call, event } => self.event(call, event),
            Told::Ignored { call, event, why: Ignored::Repeated } => tracing::debug!(call, event, "an event came again"),
            Told::Ignored { call, event, why } => tracing::info!(call, event, %why, "an event was not taken in"),
            Told::Line { call, hook, line } => explanation(call.as_deref(), hook, line),
            Told::HookFailed { call, hook, why } => {
                let why = self.redactor.text(&why.to_string());
                tracing::error!(call = id(call), hook, why, "a hook failed; nothing of it was kept");
            }
            Told::Asked { connector, function, about, result, requests, spent } => {
                let items = about.len();
                match result {
                    AskedResult::Answered(count) => tracing::info!(connector, function, items, count, requests, spent, "the CRM answered"),
                    AskedResult::Failed(why) => {
                        tracing::info!(connector, function, items, failure = said(why), requests, spent, "the CRM was asked in vain");
                    }
                }
                if tracing::enabled!(tracing::Level::DEBUG) {
                    let about: Vec<String> = about.iter().map(|about| self.redactor.key(about)).collect();
                    tracing::debug!(connector, function, about = about.join(", "), "the CRM was asked about these");
                }
            }
            Told::Denied { connector, why } => {
                tracing::warn!(connector, why = self.redactor.text(why), "a connector wanted to send what it had not declared");
            }
            Told::Waiting { key, call, task, why, again } => {
                tracing::info!(key = self.redactor.key(key), call = id(call), task, failure = said(why), again, "work waits");
            }
            Told::Dead { key, call, task, why } => {
                let key = self.redactor.key(key);
                tracing::warn!(key, call = id(call), task, failure = said(why), "work is over without success: see `pbx-crm queue`");
            }
            Told::AccountClosed { connector, why, until } => {
                tracing::warn!(connector, failure = said(why), until, "the account is not asked for a while");
            }
            Told::AccountOpen { connector } => tracing::info!(connector, "the account is asked again"),
            Told::FunctionCrashed { connector, function } => tracing::error!(
                connector,
                function,
                "the connector crashed at one call after another, so this is asked no more and its work waits: put a mended connector in place, restart \
                 the host, then `pbx-crm queue enable` the account"
            ),
            Told::Ordered { id, by, result } => {
                tracing::info!(order = id, by, result = self.redactor.text(result), "an administrator's order")
            }
            Told::Log { component, line } => self.component(component, line),
        }
    }

    fn event(&self, call: &str, event: &CallEvent) {
        let word = event.happening.word();
        match &event.happening {
            Happening::Started(start) if tracing::enabled!(tracing::Level::DEBUG) => {
                let (from, to) = (self.redactor.number(&start.from), self.redactor.number(&start.to));
                tracing::debug!(call, event = word, from, to, "the PBX tells");
            }
            _ => tracing::debug!(call, event = word, "the PBX tells"),
        }
    }

    /// A component's author may write names into a text: what is no warning is for debugging.
    fn component(&self, component: &str, line: &LogLine) {
        let fields: Vec<String> = line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (text, fields) = (self.redactor.text(&line.text), self.redactor.text(&fields.join(" ")));
        match line.level.as_str() {
            "error" => tracing::error!(component, text, fields, "a component says"),
            "warning" => tracing::warn!(component, text, fields, "a component says"),
            _ => tracing::debug!(component, text, fields, "a component says"),
        }
    }
}

fn explanation(call: Option<&str>, hook: &str, line: &Line) {
    let call = call.unwrap_or_default();
    match line {
        Line::Reason { decision, why } => tracing::debug!(call, hook, decision, reason = said(why), "the plugin explains"),
        Line::Write(write) => tracing::debug!(call, hook, wish = wish(write), "the plugin wishes"),
    }
}

/// The id alone: arguments may be names and numbers.
fn said(message: &Message) -> &str {
    &message.id
}

fn id(call: &Option<String>) -> &str {
    call.as_deref().unwrap_or_default()
}

fn wish(write: &Write) -> &'static str {
    match write {
        Write::ShowCard { .. } => "show-card",
        Write::RemoveCard { .. } => "remove-card",
        Write::OpenPage { .. } => "open-page",
        Write::Dial { .. } => "dial",
        Write::ReplyDone { .. } | Write::ReplyRefused { .. } | Write::ReplyRows { .. } => "reply",
        Write::PutEntry { .. } => "put-entry",
        Write::RemoveEntry { .. } => "remove-entry",
        Write::Match { .. } => "match",
        Write::Search { .. } => "search",
        Write::Create { .. } => "create",
        Write::Journal { .. } => "journal",
        Write::Amend { .. } => "amend",
        Write::Visibility { .. } => "visibility",
    }
}

#[cfg(test)]
mod tests;
