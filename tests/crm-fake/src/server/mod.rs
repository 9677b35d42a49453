//! A fake behind a loopback port.
//!
//! Everything but `/_control/` is the vendor's API, answered by [`CrmFake::answer`]. Three headers belong to the tests:
//!
//! * `x-fake-after-ms` in every answer: how long the CRM would have taken. The server itself never waits, unless it runs in real time
//!   ([`ServerOptions::real_time_from`]): then it waits for everybody but players, and tells the header to players alone.
//! * `x-fake-now-ms` in a request: sets the clock first. It marks the request of a player in another process (as [`RemoteCrm`] sends), who
//!   is told of a lost connection by status 204 with the header `x-fake-outcome: cut` or `refused`. All others see the
//!   socket close without an answer.
//!
//! * `x-fake-during: 7 find` in a player's request: it belongs to the connector's call 7, which is one of `find` ([`CrmFake::during`]).
//!
//! The control side speaks JSON:
//!
//! | request | answer |
//! |---|---|
//! | `GET /_control/name` | `{"name": "webhook"}` |
//! | `GET /_control/settings?address=http://...` | `[["address", "http://..."]]`; without `address`: this server's own |
//! | `GET /_control/clock` | `{"now-ms": 1767225600000}` |
//! | `PUT /_control/clock` with `{"now-ms": ...}` | 204. Until then it is 0 and the clock stands, unless the server runs in real time |
//! | `GET /_control/records` | list of [`Record`](crate::Record) |
//! | `POST /_control/records` with a list of [`SeedRecord`](crate::SeedRecord) | `{"ids": [...]}` |
//! | `GET /_control/activities` | list of [`Activity`](crate::Activity) |
//! | `GET /_control/requests` | list of [`RecordedRequest`](crate::RecordedRequest) |
//! | `POST /_control/faults` with a [`Fault`](crate::Fault) | 204 |
//! | `DELETE /_control/faults` | 204 |
//! | `POST /_control/users` with a list of [`SeedUser`](crate::SeedUser) | `{"ids": [...]}` |
//! | `GET /_control/application?address=http://...` | an [`Application`](crate::Application), or `null`; `address` as for `settings` |
//! | `GET /_control/secret` | `[["key", "..."]]`: what an administrator types in, or `null` |
//! | `GET /_control/ids?of=p-1` | `{"ids": ["..."]}`: the vendor's own id of what a test calls so |
//! | `POST /_control/approvals` with `{"authorise-url": "http://..."}` | `{"callback": "http://..."}`: a person signed in and allowed it |
//! | `POST /_control/knobs/{name}` with the knob's value | what the knob answers, `null` as a rule |
//!
//! Refusals are a [`ControlError`](crate::ControlError) as `{"kind": "invalid", "error": "..."}`: 400 for what makes no sense, 404 for
//! an unknown path, 405 for a wrong method, 413 for a body above the fake's limit, 501 for what this fake cannot do.
//!
//! [`CrmFake::answer`]: crate::CrmFake::answer
//! [`CrmFake::during`]: crate::CrmFake::during
//! [`RemoteCrm`]: crate::RemoteCrm

mod body;
mod clock;
mod connection;
pub(crate) mod control;
mod options;
mod state;
#[cfg(feature = "tls")]
mod tls;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{Semaphore, oneshot},
};

use crate::CrmFake;
use clock::Clock;
use connection::Service;
pub use options::ServerOptions;
use state::{Shared, State};
#[cfg(feature = "tls")]
pub use tls::Certificate;

/// Most connections at the same time; more wait in the listener's queue.
pub const MAX_CONNECTIONS: usize = 256;

/// How often a server in real time lets its fake do what its time has come for.
const TICK: Duration = Duration::from_millis(50);

/// Header of every answer: how long the CRM would have taken, in milliseconds.
pub const AFTER_MS: &str = "x-fake-after-ms";
/// Header of a player's request: sets the clock, in milliseconds since 1970.
pub const NOW_MS: &str = "x-fake-now-ms";
/// Header of a player's request: the connector's call that it belongs to, and the function, "7 find".
pub const DURING: &str = "x-fake-during";
/// Header of an answer to a player: "cut" or "refused".
pub const OUTCOME: &str = "x-fake-outcome";

/// Header that a server adds to each request on its way to the fake: "http" or "https", as the client speaks.
pub const SCHEME: &str = "x-fake-scheme";

/// A fake that listens on 127.0.0.1 in a thread of its own. Dropping it closes all connections and waits for the thread.
pub struct Server {
    address: String,
    state: Shared,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `port`; 0: on any free one. The clock stands.
    ///
    /// # Errors
    /// If the port is taken, or the system gives no socket or thread.
    pub fn start(fake: Box<dyn CrmFake>, port: u16) -> std::io::Result<Self> {
        Self::start_with(fake, &ServerOptions { port, ..ServerOptions::default() })
    }

    /// Listens as told.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(fake: Box<dyn CrmFake>, options: &ServerOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))?;
        listener.set_nonblocking(true)?;
        let service = Service::of(options);
        let address = format!("{}://{}", service.scheme(), listener.local_addr()?);
        let clock = options.real_time_from.map_or_else(Clock::standing, Clock::running);
        let state = State::shared(fake, address.clone(), clock);
        let runtime = runtime(options.workers)?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("crm-fake".to_owned()).spawn(move || {
            // Dropping the runtime at the end closes what is still open.
            if clock.runs() {
                runtime.spawn(tick(Arc::clone(&served)));
            }
            runtime.spawn(accept(listener, served, service));
            let _told_or_dropped = runtime.block_on(stopped);
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:4711`, without a final "/".
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sets the clock, in milliseconds since 1970.
    pub fn set_now(&self, now_ms: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clock.set(now_ms);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn runtime(workers: usize) -> std::io::Result<Runtime> {
    let mut builder = if workers > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if workers > 1 {
        builder.worker_threads(workers);
    }
    builder.enable_io().enable_time().build()
}

/// Late commits happen at their moment even if nobody asks.
async fn tick(state: Shared) {
    loop {
        tokio::time::sleep(TICK).await;
        state.lock().unwrap_or_else(PoisonError::into_inner).advance();
    }
}

async fn accept(listener: tokio::net::TcpListener, state: Shared, service: Service) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, _)) => {
                tokio::spawn(connection::serve(socket, Arc::clone(&state), service.clone(), place));
            }
            // Out of file handles as a rule: others will close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
