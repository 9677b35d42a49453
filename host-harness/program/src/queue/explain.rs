//! `queue explain`: one piece of work whole.

use std::io::Write;

use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::bindings::crm::types::{About, Failure};
use pbx_crm_host::bindings::hooks::calls::{Call, Direction, Outcome};
use pbx_crm_host::store::sqlite::Look;
use pbx_crm_host::store::{AccountState, Order, Task, WorkItem, WorkState};

use super::QueueError;
use super::shown::{Shower, failure_of, record};

/// So many failures that do not pass by themselves bury work, in the host.
const STRIKES: u32 = 5;

pub(super) fn explain(look: &Look, which: &str, shower: &Shower, out: &mut dyn Write) -> Result<bool, QueueError> {
    let by_order = match which.parse() {
        Ok(order) => look.work_at(order)?,
        Err(_) => None,
    };
    let found = match by_order {
        None => look.work(which)?,
        found => found,
    };
    let Some(item) = found else {
        writeln!(out, "{}", shower.say("queue.unknown", &[("which", &plain(which))]))?;
        return Ok(false);
    };
    for line in about(&item, look, shower)? {
        writeln!(out, "{line}")?;
    }
    for line in next(&item, look, shower)? {
        writeln!(out, "→ {line}")?;
    }
    Ok(true)
}

fn about(item: &WorkItem, look: &Look, shower: &Shower) -> Result<Vec<String>, QueueError> {
    let say = |id: &str, arguments: &[(&str, &str)]| shower.say(&format!("explain.{id}"), arguments);
    let progress = &item.progress;
    let (order, state) = (item.order.to_string(), shower.state(&progress.state));
    let (since, age) = (shower.time(progress.since), shower.age(progress.since));
    let mut lines = vec![
        say(
            "title",
            &[("order", &order), ("kind", &shower.say(&format!("queue.kind-{}", item.task.kind().word()), &[])), ("state", &state)],
        ),
        say("since", &[("time", &since), ("age", &age)]),
        say("key", &[("key", &shower.key(&item.key))]),
        say("account", &[("account", &plain(&item.account.connector)), ("organisation", &plain(&item.account.organisation))]),
        say("for", &[("number", &shower.number(item))]),
        say("asked", &[("time", &shower.time(item.asked_at)), ("age", &shower.age(item.asked_at))]),
    ];
    if let Some(call) = &item.call {
        lines.push(match &item.ended {
            Some(ended) => call_line(&ended.call, shower),
            None => say("call", &[("call", &shower.text(call))]),
        });
    }
    lines.extend(what(item, look, shower)?);
    if let Some(first) = progress.first_tried {
        lines.push(say("first-tried", &[("time", &shower.time(first)), ("age", &shower.age(first))]));
    }
    if progress.tries > 0 {
        let (tries, strikes, most) = (progress.tries.to_string(), progress.strikes.to_string(), STRIKES.to_string());
        lines.push(say("tries", &[("tries", &tries), ("strikes", &strikes), ("most", &most)]));
    }
    if let Some(failure) = failure_of(item) {
        let reason = shower.reason(failure);
        lines.push(say("failure", &[("meaning", &shower.meaning(reason.kind)), ("text", &reason.text)]));
        if let Some(words) = &reason.words {
            lines.push(say("words", &[("words", words)]));
        }
        if reason.status.is_some() || reason.code.is_some() {
            let (status, code) = (reason.status.map(|status| status.to_string()).unwrap_or_default(), reason.code.unwrap_or_default());
            lines.push(say("status", &[("status", &status), ("code", &code)]));
        }
        if let Failure::Duplicate(elsewhere) | Failure::Moved(elsewhere) = failure {
            lines.push(say("elsewhere", &[("record", &record(&elsewhere.found))]));
        }
        if let Failure::Invalid(wrong) = failure
            && !wrong.fields.is_empty()
        {
            lines.push(say("fields", &[("fields", &plain(&wrong.fields.join(", ")))]));
        }
    }
    Ok(lines)
}

/// What is to be done, as far as it is still remembered.
fn what(item: &WorkItem, look: &Look, shower: &Shower) -> Result<Option<String>, QueueError> {
    let say = |id: &str, arguments: &[(&str, &str)]| shower.say(&format!("explain.{id}"), arguments);
    Ok(match &item.task {
        Task::Match(_) => None,
        Task::Create(draft) if draft.last_name.is_empty() => None,
        Task::Create(draft) => {
            let name = format!("{} {}", draft.first_name, draft.last_name);
            Some(say("create", &[("name", &shower.text(name.trim()))]))
        }
        Task::Journal { entry, .. } if entry.subject.is_empty() => None,
        Task::Journal { about, entry } => {
            let subject = shower.text(&entry.subject);
            Some(match about {
                About::Existing(found) => say("journal", &[("subject", &subject), ("record", &record(found))]),
                About::CreatedBy(key) => {
                    let order = look.work(key)?.map(|creation| creation.order.to_string()).unwrap_or_default();
                    say("journal-created", &[("subject", &subject), ("order", &order)])
                }
                About::Other(_) => say("journal", &[("subject", &subject), ("record", "?")]),
            })
        }
        Task::Amend { journal_key, .. } => {
            let order = look.work(journal_key)?.map(|journal| journal.order.to_string()).unwrap_or_default();
            Some(say("amend", &[("order", &order)]))
        }
    })
}

fn call_line(call: &Call, shower: &Shower) -> String {
    let direction = match call.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    };
    let outcome = match &call.outcome {
        Some(Outcome::Answered) => "answered",
        Some(Outcome::Missed) => "missed",
        Some(Outcome::Voicemail) => "voicemail",
        Some(Outcome::NoAnswer) => "no-answer",
        Some(Outcome::Busy) => "busy",
        Some(Outcome::Forwarded) => "forwarded",
        Some(Outcome::Lost) => "lost",
        Some(Outcome::Failed | Outcome::Other(_)) => "failed",
        None => "open",
    };
    let mut extensions: Vec<&str> = call.legs.iter().map(|leg| leg.extension.as_str()).collect();
    extensions.dedup();
    let word = |id: &str| shower.say(&format!("explain.call-{id}"), &[]);
    shower.say(
        "explain.call-ended",
        &[
            ("call", &shower.text(&call.id)),
            ("direction", &word(direction)),
            ("outcome", &word(outcome)),
            ("start", &shower.time(call.started_at)),
            ("extensions", &plain(&extensions.join(", "))),
        ],
    )
}

/// What happens next, when, and what an administrator can do.
fn next(item: &WorkItem, look: &Look, shower: &Shower) -> Result<Vec<String>, QueueError> {
    let say = |id: &str, arguments: &[(&str, &str)]| shower.say(&format!("next.{id}"), arguments);
    let (order, account) = (item.order.to_string(), plain(&item.account.connector));
    let mut lines = Vec::new();
    for waiting in look.orders()? {
        let asked = match waiting.order {
            Order::Replay { item: wanted } if wanted == item.order => "replay",
            Order::Discard { item: wanted } if wanted == item.order => "discard",
            _ => continue,
        };
        lines.push(say(&format!("ordered-{asked}"), &[("who", &shower.text(&waiting.by))]));
    }
    match &item.progress.state {
        WorkState::Pending(due) => {
            let state = look.accounts()?.into_iter().find(|state| state.account.connector == item.account.connector);
            let crashed = |state: &AccountState| {
                item.task
                    .kind()
                    .functions(item.progress.unclear)
                    .iter()
                    .any(|function| state.crashed.iter().any(|crashed| crashed == function))
            };
            let closed = state.and_then(|state| if state.enabled { crashed(&state).then_some("crashed") } else { Some("disabled") });
            if let Some(id) = closed {
                lines.push(say(id, &[("account", &account)]));
            } else if let Some(Failure::AuthoriseAgain(_)) = item.progress.last.as_deref() {
                lines.push(say("authorise", &[("account", &account)]));
            } else if let Some(other) = waited_for(item, look, shower)? {
                lines.push(other);
            } else if *due > shower.now {
                lines.push(say("pending-at", &[("time", &shower.time(*due)), ("wait", &shower.until(*due))]));
            } else {
                lines.push(say("pending-now", &[("account", &account)]));
            }
            if item.progress.unclear {
                lines.push(say("unclear", &[]));
            }
        }
        WorkState::Leased(at) => lines.push(say("leased", &[("time", &shower.time(*at))])),
        WorkState::Dead(_) => lines.push(say("dead", &[("order", &order)])),
        WorkState::Done(Some(made)) => lines.push(say("done-record", &[("record", &record(made))])),
        WorkState::Done(None) => lines.push(say("done", &[])),
        WorkState::Discarded(by) => lines.push(say("discarded", &[("who", &shower.text(by))])),
    }
    Ok(lines)
}

/// Another piece of work that must be done first, if it is not.
pub(super) fn waited_for(item: &WorkItem, look: &Look, shower: &Shower) -> Result<Option<String>, QueueError> {
    let key = match &item.task {
        Task::Journal { about: About::CreatedBy(key), .. } => key,
        Task::Amend { journal_key, .. } if !journal_key.is_empty() => journal_key,
        _ => return Ok(None),
    };
    let Some(other) = look.work(key)? else { return Ok(None) };
    let order = other.order.to_string();
    Ok(match other.progress.state {
        WorkState::Done(_) | WorkState::Discarded(_) => None,
        WorkState::Dead(_) => Some(shower.say("next.waits-for-dead", &[("order", &order)])),
        WorkState::Pending(_) | WorkState::Leased(_) => Some(shower.say("next.waits-for", &[("order", &order)])),
    })
}
