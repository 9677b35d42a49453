//! What was handed out: codes, approvals with their refresh tokens, access tokens, browsers that are signed in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    app::{App, RefreshPolicy},
    knobs::Knobs,
    mint::Mint,
};
use crate::id::Id;

/// Dead tokens and used codes are forgotten when there are more than this many of a kind.
const MANY: usize = 20_000;

/// A code that waits for its exchange, or was exchanged.
#[derive(Clone, Debug)]
pub struct Code {
    /// Whose app.
    pub client_id: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Who approved.
    pub user: Id,
    /// What was approved.
    pub scopes: Vec<String>,
    /// PKCE.
    pub challenge: Option<String>,
    /// For the id token.
    pub nonce: Option<String>,
    /// When it was made.
    pub made_ms: u64,
    /// The approval that it was exchanged for.
    pub used: Option<u64>,
}

/// One approval of an app by a user.
#[derive(Clone, Debug, Serialize)]
pub struct Approval {
    /// Its number.
    pub number: u64,
    /// Consumer key.
    pub client_id: String,
    /// Who approved (18 characters).
    #[serde(serialize_with = "as_text")]
    pub user: Id,
    /// What was approved.
    pub scopes: Vec<String>,
    /// When.
    pub made_ms: u64,
    /// When a refresh token of it was last used.
    pub used_ms: u64,
    /// How often a refresh token of it was used.
    pub refreshes: u64,
}

/// One access token.
#[derive(Clone, Debug, Serialize)]
pub struct Access {
    /// Consumer key; empty: the session of a browser.
    pub client_id: String,
    /// Whose session (18 characters).
    #[serde(serialize_with = "as_text")]
    pub user: Id,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Its approval, unless it was made without one.
    pub approval: Option<u64>,
    /// When it was made.
    pub made_ms: u64,
    /// When it was last used.
    pub used_ms: u64,
    /// A test ended it.
    pub expired: bool,
}

#[derive(Debug)]
struct Refresh {
    approval: u64,
    /// Was it replaced by rotation?
    replaced: bool,
}

/// All that was handed out.
#[derive(Debug)]
pub struct Ledger {
    pub mint: Mint,
    codes: BTreeMap<String, Code>,
    approvals: BTreeMap<u64, Approval>,
    refresh: BTreeMap<String, Refresh>,
    access: BTreeMap<String, Access>,
}

impl Ledger {
    pub fn new(seed: u64) -> Self {
        Self {
            mint: Mint::new(seed),
            codes: BTreeMap::new(),
            approvals: BTreeMap::new(),
            refresh: BTreeMap::new(),
            access: BTreeMap::new(),
        }
    }

    // Codes.

    pub fn add_code(&mut self, code: Code) -> String {
        if self.codes.len() > MANY {
            let oldest = code.made_ms.saturating_sub(24 * 60 * 60 * 1000);
            self.codes.retain(|_, known| known.made_ms > oldest);
        }
        let text = format!("aPrx{}==", self.mint.secret("code", 72));
        self.codes.insert(text.clone(), code);
        text
    }

    pub fn code(&self, text: &str) -> Option<&Code> {
        self.codes.get(text)
    }

    pub fn use_code(&mut self, text: &str, approval: u64) {
        if let Some(code) = self.codes.get_mut(text) {
            code.used = Some(approval);
        }
    }

    // Approvals.

    /// One more approval; the oldest of the same user and app go when there are too many.
    pub fn approve(&mut self, now_ms: u64, client_id: &str, user: Id, scopes: &[String], most: Option<usize>) -> u64 {
        let number = self.mint.serial();
        let approval = Approval {
            number,
            client_id: client_id.to_owned(),
            user,
            scopes: scopes.to_vec(),
            made_ms: now_ms,
            used_ms: now_ms,
            refreshes: 0,
        };
        self.approvals.insert(number, approval);
        let same = |known: &&Approval| known.client_id == client_id && known.user == user;
        let of_both: Vec<u64> = self.approvals.values().filter(same).map(|known| known.number).collect();
        for oldest in of_both.iter().take(of_both.len().saturating_sub(most.unwrap_or(usize::MAX).max(1))) {
            self.revoke_approval(*oldest);
        }
        number
    }

    /// Has the user approved all this already?
    pub fn approved(&self, client_id: &str, user: Id, scopes: &[String]) -> bool {
        self.approvals
            .values()
            .any(|known| known.client_id == client_id && known.user == user && scopes.iter().all(|scope| known.scopes.contains(scope)))
    }

    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values()
    }

    /// Ends an approval with all its tokens.
    pub fn revoke_approval(&mut self, number: u64) {
        self.approvals.remove(&number);
        self.refresh.retain(|_, known| known.approval != number);
        self.access.retain(|_, known| known.approval != Some(number));
    }

    // Refresh tokens.

    pub fn add_refresh(&mut self, approval: u64) -> String {
        for known in self.refresh.values_mut().filter(|known| known.approval == approval) {
            known.replaced = true;
        }
        let text = format!("5Aep861{}", self.mint.secret("refresh", 80));
        self.refresh.insert(text.clone(), Refresh { approval, replaced: false });
        text
    }

    /// The approval of a refresh token that is still good. A rotated one that comes back ends all its kin.
    pub fn use_refresh(&mut self, now_ms: u64, text: &str, app: &App) -> Option<&Approval> {
        let known = self.refresh.get(text)?;
        let number = known.approval;
        if self.approvals.get(&number)?.client_id != app.client_id {
            return None;
        }
        if known.replaced {
            self.revoke_approval(number);
            return None;
        }
        let approval = self.approvals.get_mut(&number)?;
        let dead = match app.refresh_policy {
            RefreshPolicy::UntilRevoked => false,
            RefreshPolicy::ExpireAtOnce => true,
            RefreshPolicy::AfterMs(life) => now_ms >= approval.made_ms.saturating_add(life),
            RefreshPolicy::AfterUnusedMs(idle) => now_ms >= approval.used_ms.saturating_add(idle),
        };
        if dead {
            return None;
        }
        approval.used_ms = now_ms;
        approval.refreshes += 1;
        Some(approval)
    }

    /// The approval of a refresh token, without using it.
    pub fn refresh_owner(&self, text: &str) -> Option<&Approval> {
        let known = self.refresh.get(text).filter(|known| !known.replaced)?;
        self.approvals.get(&known.approval)
    }

    /// Ends refresh tokens, as an administrator does; their access tokens live on. Tells how many.
    pub fn kill_refresh(&mut self, user: Option<Id>) -> usize {
        let approvals = &self.approvals;
        let before = self.refresh.len();
        self.refresh.retain(|_, known| {
            let owner = approvals.get(&known.approval).map(|approval| approval.user);
            user.is_some() && owner != user
        });
        before - self.refresh.len()
    }

    // Access tokens.

    pub fn add_access(&mut self, now_ms: u64, organization: Id, access: Access, life_ms: u64) -> String {
        if self.access.len() > MANY {
            self.access.retain(|_, known| !known.expired && now_ms < known.used_ms.saturating_add(life_ms));
        }
        let text = format!("{}!AQ{}", organization.short(), self.mint.secret("access", 94));
        self.access.insert(text.clone(), access);
        text
    }

    /// A token that is alive. `note_use`: it was used now.
    pub fn access(&mut self, now_ms: u64, text: &str, knobs: &Knobs, note_use: bool) -> Option<&Access> {
        let known = self.access.get_mut(text)?;
        if known.expired || now_ms >= alive_until(known, knobs) {
            return None;
        }
        if note_use {
            known.used_ms = known.used_ms.max(now_ms);
        }
        Some(known)
    }

    pub fn accesses(&self) -> impl Iterator<Item = (&String, &Access)> {
        self.access.iter()
    }

    /// Ends access tokens at once; their refresh tokens live on. Tells how many.
    pub fn expire(&mut self, which: impl Fn(&str, &Access) -> bool) -> usize {
        let mut ended = 0;
        for (text, known) in &mut self.access {
            if !known.expired && which(text, known) {
                known.expired = true;
                ended += 1;
            }
        }
        ended
    }

    /// Forgets an access token; false: there was none.
    pub fn remove_access(&mut self, text: &str) -> bool {
        self.access.remove(text).is_some()
    }
}

/// The first millisecond at which a token is dead.
pub fn alive_until(access: &Access, knobs: &Knobs) -> u64 {
    let from = if knobs.use_prolongs { access.used_ms } else { access.made_ms };
    from.saturating_add(knobs.access_token_ms)
}

fn as_text<S: serde::Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}
