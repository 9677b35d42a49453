//! `pbx-crm store`: the host's store as a whole. A host may run meanwhile.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pbx_crm_host::store::Order;
use pbx_crm_host::store::sqlite::Database;

use crate::account::asked;
use crate::account::place::Place;
use crate::account::words::Words;
use crate::queue::{QueueError, Shower, leave, not_opened};

/// Copy what a host keeps, or make it forget a number.
#[derive(Debug, Args)]
pub struct Store {
    /// What to do.
    #[command(subcommand)]
    what: What,
    /// Where the host keeps its state; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this user keep their state.
    #[arg(long, value_name = "DIR", global = true)]
    state_dir: Option<PathBuf>,
    /// Language of what is told.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"], global = true)]
    lang: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Copy the store into a file, while the host runs or not. An older copy there is replaced when the new one is whole. Stored credentials are
    /// in it, sealed; the key that opens them is not: keep credentials.key somewhere else.
    Backup {
        /// The copy. To put it back: stop the host, remove pbx-crm.db-wal and pbx-crm.db-shm, and put it in the place of pbx-crm.db. What waits in it
        /// may have been done since: the host looks for it in the CRM before it does it again.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Forget all that is kept of a telephone number: records that were remembered, entries of phonebooks, finished work, and work that waits,
    /// which is not done any more. What a CRM has is not touched.
    Erase {
        /// The number, best with + and its country's code; else it is read as the host reads the numbers of calls.
        #[arg(value_name = "NUMBER")]
        number: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

impl Store {
    /// Carries it out. False: the answer to a question was no, or nothing was erased yet.
    ///
    /// # Errors
    /// There is no store, or it cannot be copied or written.
    pub fn run(self, out: &mut dyn Write) -> Result<bool, QueueError> {
        let words = Words::new(&self.lang);
        let file = Place::of(self.state_dir)?.database();
        let failed = |why| QueueError::Said(not_opened(&why, &words));
        match self.what {
            What::Backup { file: to } => {
                let to_shown = to.display().to_string();
                if Database::belongs_to(&file, &to) {
                    return Err(QueueError::Said(words.say("store.copy-onto-itself", &[("file", &to_shown)])));
                }
                Database::beside(&file)
                    .map_err(failed)?
                    .backup(&to)
                    .map_err(|why| QueueError::Said(words.say("store.not-copied", &[("file", &to_shown), ("why", &why.to_string())])))?;
                writeln!(out, "{}", words.say("store.copied", &[("file", &to_shown)]))?;
                Ok(true)
            }
            What::Erase { number, yes } => {
                let look = Database::look(&file).map_err(failed)?;
                if !yes && asked::shown(&words.say("store.erase-ask", &[("number", &number)]), out)?.trim() != "yes" {
                    writeln!(out, "{}", words.say("queue.kept", &[]))?;
                    return Ok(false);
                }
                let shower = Shower::new(words, false);
                let results = leave(&file, &look, vec![Order::Erase { number }], &shower, out)?;
                let erased = results.iter().any(|result| result.starts_with("erased"));
                if !erased {
                    writeln!(out, "{}", shower.say("store.not-erased", &[]))?;
                }
                Ok(erased)
            }
        }
    }
}
