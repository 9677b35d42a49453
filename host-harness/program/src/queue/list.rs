//! `queue list`.

use std::io::Write;

use clap::Args;
use pbx_crm_host::store::sqlite::{ListFilter, Look, State};
use pbx_crm_host::store::{Kind, WorkItem, WorkState};
use serde_json::json;

use super::shown::{Shower, failure_of, record, state_word};
use super::{Listed, OfKind, QueueError};

/// Rows that are read at once.
const PAGE: usize = 500;

/// What is listed.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Work in this state. May be given several times. [default: waiting and dead]
    #[arg(long, value_name = "STATE")]
    state: Vec<Listed>,
    /// Work of this kind. May be given several times. [default: all]
    #[arg(long, value_name = "KIND")]
    kind: Vec<OfKind>,
    /// Work for this account, by its connector's id in the host.
    #[arg(long, value_name = "ID")]
    connector: Option<String>,
    /// Work behind this one in the list.
    #[arg(long, value_name = "ORDER", default_value_t = 0)]
    after: u64,
    /// At most so many rows.
    #[arg(long, value_name = "ROWS", default_value_t = 1000)]
    limit: usize,
    /// Print one JSON object for each piece of work, on a line of its own.
    #[arg(long)]
    json: bool,
}

impl Which {
    fn filter(&self) -> ListFilter {
        let listed = if self.state.is_empty() { &[Listed::Waiting, Listed::Dead][..] } else { &self.state };
        ListFilter {
            states: listed.iter().flat_map(|listed| listed.states().iter().copied()).collect::<std::collections::BTreeSet<State>>(),
            kinds: self.kind.iter().copied().map(Kind::from).collect(),
            connector: self.connector.clone(),
            lane: None,
        }
    }
}

pub(super) fn list(look: &Look, which: &Which, shower: &Shower, out: &mut dyn Write) -> Result<bool, QueueError> {
    let filter = which.filter();
    let (mut after, mut left, mut shown) = (which.after, which.limit, 0_usize);
    while left > 0 {
        let page = look.list(&filter, after, PAGE.min(left))?;
        let Some(last) = page.last() else { break };
        after = last.order;
        if shown == 0 && !which.json {
            let titles = ["order", "kind", "state", "since", "age", "account", "for", "reason"];
            let titles = titles.map(|title| shower.say(&format!("queue.head-{title}"), &[]));
            writeln!(out, "{}", row(&titles))?;
        }
        for item in &page {
            if which.json {
                writeln!(out, "{}", as_json(item, shower))?;
            } else {
                writeln!(out, "{}", row(&cells(item, look, shower)?))?;
            }
        }
        (shown, left) = (shown + page.len(), left.saturating_sub(page.len()));
    }
    if !which.json {
        if shown == 0 {
            writeln!(out, "{}", shower.say("queue.empty", &[]))?;
        } else if left == 0 && !look.list(&filter, after, 1)?.is_empty() {
            writeln!(out, "{}", shower.say("queue.more", &[("order", &after.to_string())]))?;
        }
        let counts = look.counts()?;
        let [waiting, leased, dead] = [counts.pending, counts.leased, counts.dead].map(|count| count.to_string());
        writeln!(out, "{}", shower.say("queue.summary", &[("waiting", &waiting), ("leased", &leased), ("dead", &dead)]))?;
    }
    Ok(true)
}

fn cells(item: &WorkItem, look: &Look, shower: &Shower) -> Result<[String; 8], QueueError> {
    let reason = match (&item.progress.state, failure_of(item)) {
        (WorkState::Done(made), _) => made.as_ref().map(record).unwrap_or_default(),
        (WorkState::Discarded(by), _) => shower.say("queue.discarded-by", &[("who", &shower.text(by))]),
        (_, Some(failure)) => {
            let reason = shower.reason(failure);
            reason.words.map_or_else(|| reason.text.clone(), |words| format!("{} “{words}”", reason.text))
        }
        (_, None) => super::explain::waited_for(item, look, shower)?.unwrap_or_default(),
    };
    Ok([
        item.order.to_string(),
        item.task.kind().word().to_owned(),
        shower.state(&item.progress.state),
        shower.time(item.progress.since),
        shower.age(item.asked_at),
        item.account.connector.clone(),
        shower.number(item),
        reason,
    ])
}

/// Columns of fixed width, so that rows can be written as they are read; what is longer moves the rest of its row.
fn row(cells: &[String; 8]) -> String {
    let mut row = String::new();
    for (cell, wanted) in cells.iter().zip([7, 8, 11, 21, 7, 13, 16, 0]) {
        row.push_str(cell);
        // Signs of Chinese are twice as wide.
        let width: usize =
            cell.chars().map(|sign| if ('\u{1100}'..'\u{ff60}').contains(&sign) && !"…“”".contains(sign) { 2 } else { 1 }).sum();
        row.push_str(&" ".repeat(wanted_gap(wanted, width)));
    }
    row.trim_end().to_owned()
}

fn wanted_gap(wanted: usize, width: usize) -> usize {
    wanted.saturating_sub(width).max(1)
}

fn as_json(item: &WorkItem, shower: &Shower) -> serde_json::Value {
    let progress = &item.progress;
    let due = match progress.state {
        WorkState::Pending(due) => Some(due),
        _ => None,
    };
    let reason = failure_of(item).map(|failure| {
        let reason = shower.reason(failure);
        json!({ "failure": reason.kind, "text": reason.text, "verbatim": reason.words, "status": reason.status, "code": reason.code })
    });
    let made = match &progress.state {
        WorkState::Done(Some(made)) => Some(json!({ "connector": made.connector, "kind": made.kind, "id": made.id })),
        _ => None,
    };
    json!({
        "order": item.order, "key": shower.key(&item.key), "kind": item.task.kind().word(), "state": state_word(&progress.state),
        "since": progress.since, "asked_at": item.asked_at, "due": due, "tries": progress.tries, "connector": item.account.connector,
        "organisation": item.account.organisation, "number": shower.number(item), "call": item.call, "reason": reason, "record": made,
    })
}
