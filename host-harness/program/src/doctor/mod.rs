//! `pbx-crm doctor`: looks for what is missing before the first call fails, and says what to do about it.
//!
//! Nothing is changed, neither here nor in a CRM. Each finding is one line: ok, warning or broken, what was found, and what to do.

mod accounts;
mod clock;
mod finding;
mod machine;
mod store;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::account::{About, AccountError};
use finding::{Findings, Grade};

/// Check what the host needs: store, disk, key, clock, and each account's connection and rights. Ends with 0 if nothing is broken, else with 1.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Look at the account of this connector alone: one that is built in, or the file of another one [default: all built-in ones that are
    /// connected].
    connector: Option<String>,
    /// Which account, where there are several at the CRM [default: the connector's id].
    #[arg(long, value_name = "ID", requires = "connector")]
    account: Option<String>,
    /// A setting of the connector, such as its CRM's address. May be given several times.
    #[arg(long, value_name = "KEY=TEXT", value_parser = crate::account::arguments::pair, requires = "connector")]
    setting: Vec<(String, String)>,
    /// Where the host keeps its state; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this user keep their state.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Do not ask any CRM.
    #[arg(long)]
    offline: bool,
    /// Language of what is told.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
}

/// The command cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// See there.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The terminal.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

impl Doctor {
    /// Looks at everything. False: something is broken.
    ///
    /// # Errors
    /// It is not known where to look, or nothing can be told.
    pub fn run(self, out: &mut dyn Write) -> Result<bool, DoctorError> {
        let named = self.connector.is_some();
        let about = About {
            connector: self.connector.unwrap_or_default(),
            account: self.account,
            settings: self.setting,
            state_dir: self.state_dir,
            language: self.lang,
        };
        let mut findings = Findings::new(about.words(), out);
        let place = about.place()?;
        if machine::check(&about, &place, &mut findings)?
            && store::check(&place.database(), &mut findings)?
            && machine::key(&about, &place, &mut findings)?
        {
            accounts::check(&about, named, self.offline, &mut findings)?;
        }
        let worst = findings.worst();
        findings.end()?;
        Ok(worst != Grade::Broken)
    }
}
