//! A small server behind a loopback port: for the pages of one sign-in, and for what monitoring asks.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};

/// Most connections at the same time: a browser opens six.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may be silent, or dribble its headers or its form.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest form that is read, in bytes.
const MOST_BODY: usize = 16 * 1024;
/// Longest header section. A callback is looked at up to this length too.
const MOST_HEAD: usize = 64 * 1024;
/// How long those who are just being answered have at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Answers one request. May take its time: it has a thread.
pub type Handler = Arc<dyn Fn(&Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync>;

/// A port of this machine that nobody else can reach.
pub struct Port {
    listeners: Vec<TcpListener>,
    number: u16,
}

impl Port {
    /// Takes it, on both loopback addresses where there are two: browsers take either for "localhost". 0: any free one.
    ///
    /// # Errors
    /// It is taken.
    pub fn take(number: u16) -> io::Result<Self> {
        let first = listen(IpAddr::V4(Ipv4Addr::LOCALHOST), number)?;
        let number = first.local_addr()?.port();
        let mut listeners = vec![first];
        match listen(IpAddr::V6(Ipv6Addr::LOCALHOST), number) {
            Ok(second) => listeners.push(second),
            // Somebody else there would get our callback.
            Err(why) if why.kind() == io::ErrorKind::AddrInUse => return Err(why),
            Err(_) => {}
        }
        Ok(Self { listeners, number })
    }

    /// Takes this address alone. Port 0: any free one.
    ///
    /// # Errors
    /// It is taken, or is none of this machine.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = listen(address.ip(), address.port())?;
        let number = listener.local_addr()?.port();
        Ok(Self { listeners: vec![listener], number })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

fn listen(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::new(address, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A server that runs until it is dropped.
pub struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers whoever calls at this port.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(port: Port, handler: Handler) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("pbx-crm-pages".to_owned()).spawn(move || {
            let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
            runtime.block_on(async {
                let mut accepting = Vec::new();
                for listener in port.listeners {
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        accepting.push(tokio::spawn(accept(listener, Arc::clone(&handler), Arc::clone(&places))));
                    }
                }
                let _told_or_dropped = stopped.await;
                accepting.iter().for_each(tokio::task::JoinHandle::abort);
                // All places free again: everybody has been answered.
                let all = u32::try_from(MOST_CONNECTIONS).unwrap_or(u32::MAX);
                let _all_or_late = tokio::time::timeout(FAREWELL, places.acquire_many(all)).await;
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
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

async fn accept(listener: tokio::net::TcpListener, handler: Handler, places: Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, _)) => {
                let handler = Arc::clone(&handler);
                tokio::spawn(async move {
                    let _place = place;
                    let service = service_fn(move |request| respond(request, Arc::clone(&handler)));
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(SILENCE)
                        .max_buf_size(MOST_HEAD)
                        // So a connection that is still open at the end is one that is being answered.
                        .keep_alive(false)
                        .serve_connection(TokioIo::new(socket), service);
                    // A broken connection is nobody's concern but the browser's.
                    let _ended = connection.await;
                });
            }
            // Out of file handles as a rule: others will close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn respond(request: Request<Incoming>, handler: Handler) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let bare = |status: StatusCode| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        Ok(response)
    };
    let body = match tokio::time::timeout(SILENCE, Limited::new(body, MOST_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(_)) => return bare(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return bare(StatusCode::REQUEST_TIMEOUT),
    };
    let request = Request::from_parts(head, body);
    // It may ask the CRM: others are answered meanwhile.
    match tokio::task::spawn_blocking(move || handler(&request)).await {
        Ok(response) => Ok(response.map(|body| Full::new(Bytes::from(body)))),
        Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
