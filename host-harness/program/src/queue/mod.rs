//! `pbx-crm queue`: what waits to be written into CRMs, why, and what an administrator can do about it.
//!
//! All of it reads the store beside a host that may run, without its lock; what is to be changed is left there as an order, which a running
//! host carries out within a second and a host that starts carries out first.

mod explain;
mod list;
mod orders;
mod shown;
mod texts;

pub(crate) use orders::leave;
pub use orders::who;
pub(crate) use shown::Shower;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use pbx_crm_host::store::Kind;
use pbx_crm_host::store::sqlite::{Database, DatabaseError, Look, OpenError, State};

use crate::account::place::{NoPlace, Place};
use crate::account::words::Words;

/// Look at the work that waits to be done at CRMs, and decide about it.
#[derive(Debug, Args)]
pub struct Queue {
    /// What to do.
    #[command(subcommand)]
    what: What,
    /// Where the host keeps its state; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this user keep their state.
    #[arg(long, value_name = "DIR", global = true)]
    state_dir: Option<PathBuf>,
    /// Language of what is told.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"], global = true)]
    lang: String,
    /// Show telephone numbers whole. Else only their last three digits are shown.
    #[arg(long, global = true)]
    numbers: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List work: what waits and what is dead, unless told otherwise.
    List(list::Which),
    /// Show one piece of work whole: its call, its tries, what went wrong, what happens next and when.
    Explain {
        /// Its number in the list (order), or its key.
        #[arg(value_name = "ORDER|KEY")]
        which: String,
    },
    /// Try dead work again, with its key: what the CRM has after all is not made twice.
    Replay {
        /// Numbers in the list (orders).
        #[arg(value_name = "ORDER", required_unless_present = "all_dead", num_args = 1..)]
        orders: Vec<u64>,
        /// All dead work, at most 1,000 pieces at once.
        #[arg(long, conflicts_with = "orders")]
        all_dead: bool,
        /// With --all-dead: of this account alone.
        #[arg(long, value_name = "ID", requires = "all_dead")]
        connector: Option<String>,
    },
    /// Give up waiting or dead work for ever, and what waits for it.
    Discard {
        /// Numbers in the list (orders).
        #[arg(value_name = "ORDER", required = true, num_args = 1..)]
        orders: Vec<u64>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// List what administrators ordered, who and when, and what came of it: what waits for a host first, then the latest.
    Orders {
        /// At most so many of those that were carried out.
        #[arg(long, value_name = "ROWS", default_value_t = 100)]
        limit: usize,
    },
    /// Serve calls for an account again; what waits for it is delivered.
    Enable {
        /// The account, by its connector's id in the host.
        connector: String,
    },
    /// Do nothing for an account any more, until it is enabled; what waits is kept.
    Disable {
        /// The account, by its connector's id in the host.
        connector: String,
    },
}

/// States by which work is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Listed {
    /// To be done, or being done.
    Waiting,
    /// Over without success, until it is replayed.
    Dead,
    /// Done in the last 30 days.
    Done,
    /// Given up in the last 30 days.
    Discarded,
    /// All of these.
    All,
}

/// Kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OfKind {
    /// Finding out whose number it is.
    Match,
    /// Making a record.
    Create,
    /// Writing a call into a record's history.
    Journal,
    /// Changing what was written.
    Amend,
}

/// The command cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// See there.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// See there.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// In the reader's language.
    #[error("{0}")]
    Said(String),
    /// The terminal.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

impl Queue {
    /// Carries it out. False: there is no such work, or it is in no state for this.
    ///
    /// # Errors
    /// There is no store, or it cannot be read.
    pub fn run(self, out: &mut dyn Write) -> Result<bool, QueueError> {
        let words = Words::new(&self.lang);
        let file = Place::of(self.state_dir)?.database();
        let look = open(&file, &words)?;
        let shower = Shower::new(words, self.numbers);
        match self.what {
            What::List(which) => list::list(&look, &which, &shower, out),
            What::Explain { which } => explain::explain(&look, &which, &shower, out),
            What::Replay { orders, all_dead: false, .. } => orders::replay(&file, &look, &orders, &shower, out),
            What::Replay { connector, .. } => orders::replay_dead(&file, &look, connector, &shower, out),
            What::Discard { orders, yes } => orders::discard(&file, &look, &orders, yes, &shower, out),
            What::Orders { limit } => orders::list(&look, limit, &shower, out),
            What::Enable { connector } => orders::switch(&file, &look, connector, true, &shower, out),
            What::Disable { connector } => orders::switch(&file, &look, connector, false, &shower, out),
        }
    }
}

fn open(file: &Path, words: &Words) -> Result<Look, QueueError> {
    Database::look(file).map_err(|why| QueueError::Said(not_opened(&why, words)))
}

/// Why a store cannot be looked into, for a reader.
pub(crate) fn not_opened(why: &OpenError, words: &Words) -> String {
    match why {
        OpenError::Missing(file) => words.say("store.missing", &[("file", file)]),
        OpenError::Older(file) => words.say("store.older", &[("file", file)]),
        OpenError::Newer { path, .. } => words.say("store.newer", &[("file", path)]),
        OpenError::Failed { path, why } => words.say("store.failed", &[("file", path), ("why", why)]),
        other => other.to_string(),
    }
}

impl Listed {
    fn states(self) -> &'static [State] {
        match self {
            Self::Waiting => &[State::Pending, State::Leased],
            Self::Dead => &[State::Dead],
            Self::Done => &[State::Done],
            Self::Discarded => &[State::Discarded],
            Self::All => &[State::Pending, State::Leased, State::Dead, State::Done, State::Discarded],
        }
    }
}

impl From<OfKind> for Kind {
    fn from(kind: OfKind) -> Self {
        match kind {
            OfKind::Match => Self::Match,
            OfKind::Create => Self::Create,
            OfKind::Journal => Self::Journal,
            OfKind::Amend => Self::Amend,
        }
    }
}
