//! Is all well? For monitoring: a restart mends none of the reasons, so this is no probe by which a supervisor should kill the host.

use serde::Serialize;

use super::Inner;
use crate::event::Moment;
use crate::store::Room;

/// Work that waits longer than this alarms, in milliseconds: a quarter of an hour.
const OLDEST_MS: Moment = 900_000;
/// The core's thread looks for orders every second; silent for so long, in milliseconds, it hangs.
const SILENT_MS: Moment = 30_000;

/// How well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Nothing is to be done.
    Ok,
    /// It works; somebody should look.
    Degraded,
    /// Calls are not written into a CRM as they should be, or could be lost.
    Failing,
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable id, for programs.
    pub id: &'static str,
    /// How grave it is.
    pub grade: Grade,
    /// What is wrong and what to do, in English.
    pub what: String,
}

/// How the host is, with reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The gravest of the reasons.
    pub status: Grade,
    /// Empty if all is well.
    pub reasons: Vec<Reason>,
}

pub(super) fn judge(inner: &Inner, now: Moment) -> Health {
    let mut reasons = Vec::new();
    let mut tell = |id, grade, what: String| reasons.push(Reason { id, grade, what });
    if inner.seen.is_some_and(|seen| now > seen + SILENT_MS) {
        tell("core-silent", Grade::Failing, "the host's own thread hangs: restart the host, and report it".to_owned());
    }
    if let Some(why) = &inner.unwritten {
        tell("store-unwritten", Grade::Failing, format!("{why}; nothing is acknowledged or sent until it can be written"));
    }
    if let Some(why) = &inner.unread {
        tell("store-unread", Grade::Failing, why.clone());
    }
    match inner.room {
        Room::Enough => {}
        Room::Scarce => {
            tell("room-scarce", Grade::Degraded, "the store is four fifths full: see why work waits, with `pbx-crm queue list`".to_owned())
        }
        Room::NoCreations => {
            tell("room-no-creations", Grade::Degraded, "the store is full: no records are made until work has gone out".to_owned())
        }
        Room::None => tell("room-none", Grade::Failing, "the store is full: events of calls are refused".to_owned()),
    }
    for connector in inner.closed.keys().filter(|connector| !inner.disabled.contains(*connector)) {
        let what = format!("the account {connector} is not asked for a while: `pbx-crm status` and `pbx-crm queue list` say why");
        tell("account-closed", Grade::Failing, what);
    }
    for connector in inner.crashed.difference(&inner.disabled) {
        let what = format!(
            "the connector of the account {connector} crashes, so its work waits: put a mended one in place, restart the host, then `pbx-crm queue enable {connector}`"
        );
        tell("account-crashed", Grade::Failing, what);
    }
    for connector in &inner.disabled {
        tell("account-disabled", Grade::Degraded, format!("the account {connector} is switched off: `pbx-crm queue enable {connector}`"));
    }
    if let Some(counts) = inner.counts {
        let minutes = counts.oldest.map_or(0, |oldest| now.saturating_sub(oldest)) / 60_000;
        // What waits for an account that is switched off waits on purpose.
        if counts.oldest.is_some_and(|oldest| now.saturating_sub(oldest) > OLDEST_MS) {
            let grade = if inner.disabled.is_empty() { Grade::Failing } else { Grade::Degraded };
            tell("oldest-waiting", grade, format!("work has been waiting for {minutes} minutes: see `pbx-crm queue list`"));
        }
        if counts.dead > 0 {
            tell("dead", Grade::Degraded, format!("dead work: {}; see `pbx-crm queue list --state dead`", counts.dead));
        }
    }
    Health { status: reasons.iter().map(|reason| reason.grade).max().unwrap_or(Grade::Ok), reasons }
}
