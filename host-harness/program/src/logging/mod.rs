//! The program's log: lines on the standard error, without telephone numbers and secrets, that nobody ever waits for.

mod layer;
mod sink;

use std::io;

use clap::ValueEnum;
use pbx_crm_host::logs::Redactor;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use layer::Layer;
pub use sink::{Dropped, Sink};

/// The level, where no argument names it.
const VARIABLE: &str = "PBX_CRM_LOG";

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Nothing.
    Off,
    /// What must be mended.
    Error,
    /// What somebody should look at too.
    Warn,
    /// What is done at CRMs too: kinds and ids, neither names nor telephone numbers.
    Info,
    /// Calls and decisions too; telephone numbers as their last three digits and a hash.
    Debug,
    /// Everything.
    Trace,
}

/// The log cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The variable holds something else.
    #[error("{VARIABLE} is `{0}`; it must be off, error, warn, info, debug or trace")]
    Level(String),
    /// The system gives no thread.
    #[error("no thread for the log: {0}")]
    Thread(#[from] io::Error),
    /// Somebody takes the lines already.
    #[error("the log was begun twice")]
    Twice,
}

/// A log that has begun. Dropped, it waits a second at most for lines that are not out yet.
#[derive(Debug)]
pub struct Log {
    sink: Sink,
    redactor: Redactor,
}

impl Log {
    /// For [`pbx_crm_host::logs::Logs`]: then hashes are the same in the whole log.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    /// Counts lines that were dropped, for [`pbx_crm_host::metrics::Metrics::log_lines_dropped`].
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.sink.dropped()
    }
}

/// Begins the log of this process on the standard error. None: the level that PBX_CRM_LOG names, else `info`. To be called once, by `main`.
///
/// # Errors
/// The variable is no level, or the log has begun already.
pub fn begin(level: Option<Level>) -> Result<Log, LogError> {
    let level = match (level, std::env::var(VARIABLE)) {
        (Some(level), _) => level,
        (None, Ok(text)) if !text.is_empty() => Level::from_str(&text, true).map_err(|_| LogError::Level(text))?,
        (None, _) => Level::Info,
    };
    let (sink, redactor) = (Sink::start(io::stderr())?, Redactor::random());
    let subscriber = subscriber(level, &sink, redactor.clone());
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
    Ok(Log { sink, redactor })
}

fn subscriber(level: Level, sink: &Sink, redactor: Redactor) -> impl tracing::Subscriber + Send + Sync {
    Registry::default().with(Layer::new(level.filter(), sink.lines(), redactor))
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]
mod tests;
