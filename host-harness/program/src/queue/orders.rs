//! `queue replay`, `discard`, `enable`, `disable`: orders for the host that has the store; and `queue orders`, which lists them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use pbx_crm_host::account::trouble::plain;
use pbx_crm_host::host::now;
use pbx_crm_host::store::sqlite::{ListFilter, Look, State, order};
use pbx_crm_host::store::{Order, Ordered, WorkState};

use super::shown::Shower;
use super::{QueueError, not_opened};
use crate::account::asked;

/// How long a running host is given: it looks every second.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(100);
/// Most that is replayed at once.
const MOST: usize = 1_000;

pub(super) fn replay(file: &Path, look: &Look, items: &[u64], shower: &Shower, out: &mut dyn Write) -> Result<bool, QueueError> {
    let fit = fitting(look, items, |state| matches!(state, WorkState::Dead(_)), "queue.not-dead", shower, out)?;
    leave(file, look, fit.iter().map(|item| Order::Replay { item: *item }).collect(), shower, out)?;
    Ok(fit.len() == items.len())
}

pub(super) fn replay_dead(
    file: &Path,
    look: &Look,
    connector: Option<String>,
    shower: &Shower,
    out: &mut dyn Write,
) -> Result<bool, QueueError> {
    let filter = ListFilter { states: BTreeSet::from([State::Dead]), connector, ..ListFilter::default() };
    let dead: Vec<Order> = look.list(&filter, 0, MOST)?.iter().map(|item| Order::Replay { item: item.order }).collect();
    if dead.is_empty() {
        writeln!(out, "{}", shower.say("queue.empty", &[]))?;
    }
    leave(file, look, dead, shower, out)?;
    Ok(true)
}

pub(super) fn discard(
    file: &Path,
    look: &Look,
    items: &[u64],
    sure: bool,
    shower: &Shower,
    out: &mut dyn Write,
) -> Result<bool, QueueError> {
    let over = |state: &WorkState| !matches!(state, WorkState::Done(_) | WorkState::Discarded(_));
    let fit = fitting(look, items, over, "queue.is-over", shower, out)?;
    if !fit.is_empty() && !sure {
        let named = fit.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        if asked::shown(&shower.say("queue.discard-ask", &[("orders", &named)]), out)?.trim() != "yes" {
            writeln!(out, "{}", shower.say("queue.kept", &[]))?;
            return Ok(false);
        }
    }
    leave(file, look, fit.iter().map(|item| Order::Discard { item: *item }).collect(), shower, out)?;
    Ok(fit.len() == items.len())
}

pub(super) fn switch(
    file: &Path,
    look: &Look,
    connector: String,
    enabled: bool,
    shower: &Shower,
    out: &mut dyn Write,
) -> Result<bool, QueueError> {
    let order = if enabled { Order::Enable { connector } } else { Order::Disable { connector } };
    leave(file, look, vec![order], shower, out)?;
    Ok(true)
}

/// What was ordered: who did what to calls of others must be found later.
pub(super) fn list(look: &Look, limit: usize, shower: &Shower, out: &mut dyn Write) -> Result<bool, QueueError> {
    let (waiting, done) = (look.orders()?, look.orders_done(limit)?);
    if waiting.is_empty() && done.is_empty() {
        writeln!(out, "{}", shower.say("queue.no-orders", &[]))?;
    }
    let mut row = |ordered: &Ordered, result: &str| {
        let (id, time, who) = (ordered.id.to_string(), shower.time(ordered.at), shower.text(&ordered.by));
        let arguments = [("id", id.as_str()), ("time", &time), ("who", &who), ("order", &wish(&ordered.order, shower)), ("result", result)];
        writeln!(out, "{}", shower.say("queue.order", &arguments))
    };
    for ordered in &waiting {
        row(ordered, &shower.say("queue.order-waits", &[]))?;
    }
    for report in &done {
        row(&report.ordered, &format!("“{}”", shower.text(&report.result)))?;
    }
    Ok(true)
}

fn wish(order: &Order, shower: &Shower) -> String {
    let (id, what) = match order {
        Order::Replay { item } => ("replay", item.to_string()),
        Order::Discard { item } => ("discard", item.to_string()),
        Order::Enable { connector } => ("enable", connector.clone()),
        Order::Disable { connector } => ("disable", connector.clone()),
        Order::Reopen { connector } => ("reopen", connector.clone()),
        Order::Forget { connector } => ("forget", connector.clone()),
        // Of one that was carried out the number is not kept.
        Order::Erase { .. } => ("erase", String::new()),
    };
    shower.say(&format!("queue.order-{id}"), &[("what", &plain(&what))])
}

/// Those of the items that are in a state for it; why not is told of each other one.
fn fitting(
    look: &Look,
    items: &[u64],
    fits: impl Fn(&WorkState) -> bool,
    otherwise: &str,
    shower: &Shower,
    out: &mut dyn Write,
) -> Result<Vec<u64>, QueueError> {
    let mut fit = Vec::new();
    for order in items {
        let named = order.to_string();
        match look.work_at(*order)? {
            Some(item) if fits(&item.progress.state) => fit.push(*order),
            Some(item) => {
                let state = shower.state(&item.progress.state);
                writeln!(out, "{}", shower.say(otherwise, &[("order", &named), ("state", &state)]))?;
            }
            None => writeln!(out, "{}", shower.say("queue.unknown", &[("which", &named)]))?,
        }
    }
    Ok(fit)
}

/// Leaves orders, and tells what came of each as soon as a running host has carried it out. Gives what the host said of those that it has.
pub(crate) fn leave(file: &Path, look: &Look, orders: Vec<Order>, shower: &Shower, out: &mut dyn Write) -> Result<Vec<String>, QueueError> {
    let mut results = Vec::new();
    if orders.is_empty() {
        return Ok(results);
    }
    let (who, mut left) = (who(), BTreeSet::new());
    for wanted in &orders {
        left.insert(order(file, wanted, &who, now()).map_err(|why| QueueError::Said(not_opened(&why, &shower.words)))?);
    }
    let begin = Instant::now();
    loop {
        let waiting: BTreeSet<u64> = look.orders()?.into_iter().map(|ordered| ordered.id).collect();
        let done: Vec<u64> = left.iter().copied().filter(|id| !waiting.contains(id)).collect();
        if !done.is_empty() {
            for report in look.orders_done(MOST + 100)?.iter().rev().filter(|report| done.contains(&report.ordered.id)) {
                let result = shower.text(&report.result);
                results.push(report.result.clone());
                writeln!(out, "{}", shower.say("queue.carried-out", &[("id", &report.ordered.id.to_string()), ("result", &result)]))?;
            }
            left.retain(|id| waiting.contains(id));
        }
        if left.is_empty() {
            return Ok(results);
        }
        if begin.elapsed() >= PATIENCE {
            let count = left.len().to_string();
            writeln!(out, "{}", shower.say("queue.left", &[("count", &count)]))?;
            return Ok(results);
        }
        std::thread::sleep(LOOK);
    }
}

/// Who orders, as far as the system tells, for whoever reads later what was ordered: the user's name and number. Whoever may write the store could
/// claim to be anybody.
pub fn who() -> String {
    let name =
        ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let name = plain(&name.unwrap_or_default());
    #[cfg(unix)]
    let name = format!("{name} (uid {})", rustix::process::getuid().as_raw());
    name.trim().to_owned()
}
