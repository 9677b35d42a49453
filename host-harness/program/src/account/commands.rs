//! `status`, `users`, `disconnect`.

use std::io::Write;

use pbx_crm_host::account::CrmAccount;
use pbx_crm_host::account::status::{Since, Status};
use pbx_crm_host::account::trouble::problem_in;
use pbx_crm_host::credential::revoke::Revoked;
use pbx_crm_host::messages::host_catalogue;
use pbx_crm_host::store::AccountState;

use super::words::Words;
use super::{About, AccountError, Known, asked, left, line, now, time};

/// Tells how the account stands; with `check` the CRM is asked. True: it is connected and works as far as is known.
///
/// # Errors
/// It cannot be told.
pub fn status(about: &About, check: bool, out: &mut dyn Write) -> Result<bool, AccountError> {
    let Known { account, words, crm } = match about.known()? {
        Ok(known) => known,
        Err(crm) => return not_connected(&about.words(), &crm, out),
    };
    let say = |id: &str| words.say(id, &[("crm", &crm)]);
    let status = account.status();
    match &status {
        Status::NotConnected => not_connected(&words, &crm, out),
        // What stopped it may be over: that is what the check is for.
        Status::Connected(known) | Status::WithProblem { account: Some(known), .. } if check => match account.check(now()) {
            Ok(checked) => {
                let serves = tell_state(about, &account, "status.checked", (&words, &crm), out)?;
                tell_account(&Since { who: checked.who, ..(**known).clone() }, &words, out)?;
                if let (Some(left), Some(allowed)) = (checked.usage.left, checked.usage.allowed) {
                    line(out, &words.say("status.left", &[("left", &left.to_string()), ("allowed", &allowed.to_string())]))?;
                }
                for warning in &checked.warnings {
                    line(out, &format!("! {}", account.connectors_words(warning, words.language())))?;
                }
                Ok(serves)
            }
            Err(trouble) => {
                line(out, &say("status.problem"))?;
                line(out, &format!("! {}", account.tell(&trouble, words.language())))?;
                tell_account(known, &words, out)?;
                Ok(false)
            }
        },
        Status::Connected(known) => {
            let serves = tell_state(about, &account, "status.connected", (&words, &crm), out)?;
            tell_account(known, &words, out)?;
            Ok(serves)
        }
        Status::WithProblem { account: known, trouble, since } => {
            line(out, &say("status.problem"))?;
            if let Some(since) = since {
                line(out, &words.say("status.problem-since", &[("time", &time(*since))]))?;
            }
            line(out, &format!("! {}", account.tell(trouble, words.language())))?;
            if let Some(known) = known {
                tell_account(known, &words, out)?;
            }
            Ok(false)
        }
    }
}

/// Lists the active users of the CRM, each as "name - e-mail".
///
/// # Errors
/// It cannot be tried.
pub fn users(about: &About, out: &mut dyn Write) -> Result<bool, AccountError> {
    let Known { account, words, crm } = match about.known()? {
        Ok(known) => known,
        Err(crm) => return not_connected(&about.words(), &crm, out),
    };
    let users = match account.users(now()) {
        Ok(users) => users,
        Err(trouble) => return refused(&account.tell(&trouble, words.language()), out),
    };
    for user in &users {
        line(out, &user.to_string())?;
    }
    line(out, &words.say("users.count", &[("count", &users.len().to_string()), ("crm", &crm)]))?;
    Ok(true)
}

/// Disconnects, after a question unless `sure`. True: nothing is connected any more.
///
/// # Errors
/// It cannot be tried.
pub fn disconnect(about: &About, sure: bool, out: &mut dyn Write) -> Result<bool, AccountError> {
    let nothing = |crm: &str, out: &mut dyn Write| {
        line(out, &about.words().say("disconnect.nothing", &[("crm", crm)]))?;
        Ok(true)
    };
    let Known { account, words, crm } = match about.known()? {
        Ok(known) => known,
        Err(crm) => return nothing(&crm, out),
    };
    let say = |id: &str| words.say(id, &[("crm", &crm)]);
    if account.status() == Status::NotConnected {
        return nothing(&crm, out);
    }
    let count = left::waiting(about, &account)?;
    if count > 0 {
        line(out, &words.say("disconnect.waiting", &[("crm", &crm), ("count", &count.to_string())]))?;
    }
    if !sure {
        let answer = asked::shown(&say("disconnect.ask"), out).map_err(|why| AccountError::Io { what: "no answer".to_owned(), why })?;
        if answer.trim() != "yes" {
            line(out, &say("disconnect.kept"))?;
            return Ok(false);
        }
    }
    let revoked = match account.disconnect(now()) {
        Ok(revoked) => revoked,
        Err(trouble) => return refused(&account.tell(&trouble, words.language()), out),
    };
    left::disconnected(about, &account)?;
    match account.about_revoking(&revoked) {
        None => line(out, &say("disconnect.done"))?,
        Some(message) => {
            line(out, &say("disconnect.done-unrevoked"))?;
            line(out, &format!("! {}", host_catalogue().render(words.language(), &message)))?;
            if let Revoked::NotConfirmed(problem) = &revoked {
                line(out, &format!("! {}", problem_in(problem, words.language())))?;
            }
        }
    }
    Ok(true)
}

/// Tells that a connected account is disabled, or of little use since its connector crashes; else what `well` says. True: neither.
fn tell_state(
    about: &About,
    account: &CrmAccount,
    well: &str,
    (words, crm): (&Words, &str),
    out: &mut dyn Write,
) -> Result<bool, AccountError> {
    let state = left::state(about, account)?;
    let (how, what) = match &state {
        Some(AccountState { enabled: false, .. }) => ("status.disabled", Some("status.enable")),
        Some(AccountState { crashed, .. }) if !crashed.is_empty() => ("status.problem", Some("status.crashed")),
        _ => (well, None),
    };
    line(out, &words.say(how, &[("crm", crm)]))?;
    if let (Some(what), Some(state)) = (what, &state) {
        line(out, &format!("! {}", words.say(what, &[("account", &state.account.connector)])))?;
    }
    Ok(what.is_none())
}

fn refused(told: &str, out: &mut dyn Write) -> Result<bool, AccountError> {
    line(out, &format!("! {told}"))?;
    Ok(false)
}

fn not_connected(words: &Words, crm: &str, out: &mut dyn Write) -> Result<bool, AccountError> {
    line(out, &words.say("status.not-connected", &[("crm", crm)]))?;
    Ok(false)
}

fn tell_account(account: &Since, words: &Words, out: &mut dyn Write) -> Result<(), AccountError> {
    let who = &account.who;
    line(out, &words.say("status.organisation", &[("name", &who.organisation_name), ("id", &who.organisation)]))?;
    if !who.user_name.is_empty() {
        line(out, &words.say("status.user", &[("name", &who.user_name)]))?;
    }
    // Neither is known of an account whose secret was entered.
    if !account.login.is_empty() {
        line(out, &words.say("status.login", &[("login", &account.login)]))?;
        line(out, &words.say("status.callback", &[("address", &account.redirect_uri)]))?;
    }
    line(out, &words.say("status.since", &[("time", &time(account.since))]))
}
