//! A fake behind a loopback port.
//!
//! Everything but `/_control/` is the vendor's API, answered by [`CrmFake::answer`]. Two headers belong to the tests:
//!
//! * `x-fake-after-ms` in every answer: how long the CRM would have taken. The server itself never waits.
//! * `x-fake-now-ms` in a request: sets the clock first. It marks the request of a player in another process (as [`RemoteCrm`] sends), who
//!   is told of a lost connection by status 204 with the header `x-fake-outcome: cut` or `refused`. All others see the
//!   socket close without an answer.
//!
//! The control side speaks JSON:
//!
//! | request | answer |
//! |---|---|
//! | `GET /_control/name` | `{"name": "webhook"}` |
//! | `GET /_control/settings?address=http://...` | `[["address", "http://..."]]`; without `address`: this server's own |
//! | `GET /_control/clock` | `{"now-ms": 1767225600000}` |
//! | `PUT /_control/clock` with `{"now-ms": ...}` | 204. Until then it is 0 and the clock stands |
//! | `GET /_control/records` | list of [`Record`](crate::Record) |
//! | `POST /_control/records` with a list of [`SeedRecord`](crate::SeedRecord) | `{"ids": [...]}` |
//! | `GET /_control/activities` | list of [`Activity`](crate::Activity) |
//! | `GET /_control/requests` | list of [`RecordedRequest`](crate::RecordedRequest) |
//! | `POST /_control/faults` with a [`Fault`](crate::Fault) | 204 |
//! | `DELETE /_control/faults` | 204 |
//!
//! Refusals are a [`ControlError`](crate::ControlError) as `{"kind": "invalid", "error": "..."}`: 400 for what makes no sense, 404 for
//! an unknown path, 405 for a wrong method, 413 for a body above 4 MiB, 501 for what this fake cannot do.
//!
//! [`CrmFake::answer`]: crate::CrmFake::answer
//! [`RemoteCrm`]: crate::RemoteCrm

mod connection;
pub(crate) mod control;
mod state;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{Semaphore, oneshot};

use crate::CrmFake;
use state::{Shared, State};

/// Most connections at the same time; more wait in the listener's queue.
pub const MAX_CONNECTIONS: usize = 64;

/// Header of every answer: how long the CRM would have taken, in milliseconds.
pub const AFTER_MS: &str = "x-fake-after-ms";
/// Header of a player's request: sets the clock, in milliseconds since 1970.
pub const NOW_MS: &str = "x-fake-now-ms";
/// Header of an answer to a player: "cut" or "refused".
pub const OUTCOME: &str = "x-fake-outcome";

/// A fake that listens on 127.0.0.1 in a thread of its own. Dropping it closes all connections and waits for the thread.
pub struct Server {
    address: String,
    state: Shared,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `port`; 0: on any free one.
    ///
    /// # Errors
    /// If the port is taken, or the system gives no socket or thread.
    pub fn start(fake: Box<dyn CrmFake>, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let address = format!("http://{}", listener.local_addr()?);
        let state = State::shared(fake, address.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("crm-fake".to_owned()).spawn(move || {
            // Dropping the runtime at the end closes what is still open.
            runtime.spawn(accept(listener, served));
            let _told_or_dropped = runtime.block_on(stopped);
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:4711`, without a final "/".
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sets the clock, in milliseconds since 1970, for a process that serves people and lets real time pass.
    pub fn set_now(&self, now_ms: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now_ms = now_ms;
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

async fn accept(listener: tokio::net::TcpListener, state: Shared) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, _)) => {
                tokio::spawn(connection::serve(socket, Arc::clone(&state), place));
            }
            // Out of file handles as a rule: others will close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
