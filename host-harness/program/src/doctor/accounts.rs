//! Each account: is it connected, what was granted, what may its user do, what is left of its allowance.

use std::io;

use pbx_crm_host::account::checking::Checked;
use pbx_crm_host::account::status::Status;
use pbx_crm_host::account::trouble::Trouble;
use pbx_crm_host::bindings::base::types::Message;

use super::clock::{ALLOWED_MS, Heard};
use super::finding::{Findings, Grade};
use crate::account::{About, AccountError, Known, now};
use crate::guests;

/// Of the allowance so much may be used before somebody should look, in percent.
const USED: u64 = 80;

/// `named`: this one account was asked for; else all that the program has connectors for.
pub(super) fn check(about: &About, named: bool, offline: bool, findings: &mut Findings<'_>) -> io::Result<()> {
    if named {
        let known = one(about, offline, findings);
        return match known {
            Ok(told) => told.map(|_| ()),
            Err(why) => findings.tell(Grade::Broken, &why.to_string()),
        };
    }
    let mut connected = false;
    for connector in guests::CONNECTORS {
        let about = About { connector: connector.to_owned(), ..about.clone() };
        match account(&about) {
            Ok(Some((known, heard))) if known.account.status() != Status::NotConnected => {
                connected = true;
                tell(&known, &heard, offline, findings)?;
            }
            // A connector whose CRM is not signed in to has no account to look at.
            Ok(_) | Err(AccountError::Said(_)) => {}
            Err(why) => findings.tell(Grade::Broken, &why.to_string())?,
        }
    }
    if connected { Ok(()) } else { findings.find(Grade::Warning, "none-connected", &[]) }
}

fn one(about: &About, offline: bool, findings: &mut Findings<'_>) -> Result<io::Result<bool>, AccountError> {
    Ok(match account(about)? {
        Some((known, heard)) => tell(&known, &heard, offline, findings),
        None => findings.find(Grade::Broken, "not-connected", &[("crm", &about.connector)]).map(|()| false),
    })
}

fn account(about: &About) -> Result<Option<(Known, Heard)>, AccountError> {
    let heard = Heard::default();
    let known = about.known_over(|wire| heard.over(wire))?;
    Ok(known.ok().map(|known| (known, heard)))
}

fn tell(known: &Known, heard: &Heard, offline: bool, findings: &mut Findings<'_>) -> io::Result<bool> {
    let (crm, account, language) = (known.crm.as_str(), &known.account, known.words.language());
    let trouble = |why: &Trouble| format!("{crm}: {}", account.tell(why, language));
    match account.status() {
        Status::NotConnected => return findings.find(Grade::Broken, "not-connected", &[("crm", crm)]).map(|()| false),
        Status::WithProblem { trouble: why, .. } if offline => return findings.tell(Grade::Broken, &trouble(&why)).map(|()| false),
        Status::WithProblem { .. } | Status::Connected(_) => {}
    }
    match account.scopes_lacking() {
        Ok(lacking) if lacking.is_empty() => findings.find(Grade::Ok, "scopes", &[("crm", crm)])?,
        Ok(lacking) => findings.find(Grade::Warning, "scopes-lacking", &[("crm", crm), ("scopes", &lacking.join(", "))])?,
        Err(why) => findings.tell(Grade::Broken, &trouble(&why))?,
    }
    if offline {
        findings.find(Grade::Ok, "connected-offline", &[("crm", crm)])?;
        return Ok(true);
    }
    let checked = match account.check(now()) {
        Ok(checked) => checked,
        Err(why) => {
            clock(crm, heard, findings)?;
            return findings.tell(Grade::Broken, &trouble(&why)).map(|()| false);
        }
    };
    let who = &checked.who;
    findings.find(Grade::Ok, "connected", &[("crm", crm), ("organisation", &who.organisation_name), ("user", &who.user_name)])?;
    clock(crm, heard, findings)?;
    rights(known, &checked, findings)?;
    allowance(known, &checked, findings)?;
    Ok(true)
}

/// What the connector found that the connected user may not see or write.
fn rights(known: &Known, checked: &Checked, findings: &mut Findings<'_>) -> io::Result<()> {
    if checked.warnings.is_empty() {
        return findings.find(Grade::Ok, "rights", &[("crm", &known.crm)]);
    }
    for warning in &checked.warnings {
        let text = known.account.connectors_words(&Message { verbatim: None, ..warning.clone() }, known.words.language());
        findings.tell(Grade::Warning, &format!("{}: {text}", known.crm))?;
    }
    Ok(())
}

fn clock(crm: &str, heard: &Heard, findings: &mut Findings<'_>) -> io::Result<()> {
    let Some(ahead) = heard.ahead() else { return Ok(()) };
    let (minutes, by) = ((ahead.unsigned_abs() / 60_000).to_string(), ahead.unsigned_abs());
    let id = match (by > ALLOWED_MS, ahead > 0) {
        (false, _) => return findings.find(Grade::Ok, "clock", &[("crm", crm)]),
        (true, true) => "clock-ahead",
        (true, false) => "clock-behind",
    };
    findings.find(Grade::Broken, id, &[("crm", crm), ("minutes", &minutes)])
}

fn allowance(known: &Known, checked: &Checked, findings: &mut Findings<'_>) -> io::Result<()> {
    // What the check itself has told is the latest; not every CRM tells it with each answer.
    let usage = if checked.usage.left.is_some() { Some(checked.usage.clone()) } else { known.account.allowance(now()).ok() };
    let Some((left, allowed)) = usage.and_then(|usage| Some((usage.left?, usage.allowed?))) else { return Ok(()) };
    let used = allowed.saturating_sub(left).saturating_mul(100).checked_div(allowed).unwrap_or(100);
    let (grade, id) = if used >= USED { (Grade::Warning, "allowance-low") } else { (Grade::Ok, "allowance") };
    findings.find(grade, id, &[("crm", &known.crm), ("left", &left.to_string()), ("allowed", &allowed.to_string())])
}
