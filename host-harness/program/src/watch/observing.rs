//! A running host with its log, its figures and who asks for them, all at once.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use pbx_crm_host::core::io::Told;
use pbx_crm_host::host::now;
use pbx_crm_host::logs::Logs;
use pbx_crm_host::metrics::{Metrics, Watched};
use pbx_crm_host::store::Store;
use pbx_crm_host::store::sqlite::Database;

use super::{Address, Watch};
use crate::logging::{self, Dropped, Level, Log, LogError};

/// How a host is observed.
#[derive(Debug, Clone, Args)]
pub struct ObservingOptions {
    /// What is logged on the standard error; else PBX_CRM_LOG, else info. Neither names nor telephone numbers are logged: at debug the last
    /// three digits.
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<Level>,
    /// Serve GET /health and GET /metrics there; only on a loopback address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub watch: Option<Address>,
}

/// It cannot be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObservingError {
    /// See there.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The address is taken.
    #[error("--watch cannot be served: {0}; choose another port")]
    Watch(#[source] io::Error),
}

/// Observes one host. To be dropped after it.
pub struct Observing {
    metrics: Metrics,
    logs: Logs,
    watch: Option<Watch>,
    _log: Log,
}

impl Observing {
    /// Begins, for a host with these accounts and its store in this file. Once in a process, before the host starts.
    ///
    /// # Errors
    /// The level or the address cannot be.
    pub fn begin(options: &ObservingOptions, accounts: impl IntoIterator<Item = String>, store: PathBuf) -> Result<Self, ObservingError> {
        let log = logging::begin(options.log)?;
        let (metrics, dropped) = (Metrics::new(accounts, now()), log.dropped());
        let serve = |address| Watch::start(address, metrics.clone(), move |metrics| refresh(metrics, &store, &dropped));
        let watch = options.watch.map(serve).transpose().map_err(ObservingError::Watch)?;
        Ok(Self { logs: Logs::new(log.redactor()), metrics, watch, _log: log })
    }

    /// The store that the host gets in place of this one.
    #[must_use]
    pub fn store(&self, store: Box<dyn Store>) -> Box<dyn Store> {
        Box::new(Watched::new(store, self.metrics.clone()))
    }

    /// What the host's observer does with all that it is told.
    pub fn observer(&self) -> impl Fn(&Told) + Send + use<> {
        let (metrics, logs) = (self.metrics.clone(), self.logs.clone());
        move |told| {
            metrics.told(told);
            logs.told(told);
        }
    }

    /// The port on which it is asked, if it is.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.watch.as_ref().map(Watch::port)
    }
}

/// The host itself counts every minute; who asks gets what is in the file now.
fn refresh(metrics: &Metrics, store: &Path, dropped: &Dropped) {
    metrics.log_lines_dropped(dropped.count());
    let counted = Database::look(store).map_err(|why| why.to_string()).and_then(|look| look.counts().map_err(|why| why.to_string()));
    metrics.counted(counted);
}
