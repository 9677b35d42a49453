//! For tests: a server on the loopback, and requests to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;

use super::sockets::Sockets;
use super::target::OnPremises;
use super::{Egress, Key, Way};
use crate::core::io::HttpRequest;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Serves connections one after another, each with the same closure, until dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) seen: mpsc::Receiver<String>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` gets the socket after one request was read from it.
    pub(crate) fn start(answer: impl Fn(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, seen) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            for socket in listener.incoming() {
                if !matches!(stopped.try_recv(), Err(mpsc::TryRecvError::Empty)) {
                    return;
                }
                let mut socket = socket.unwrap();
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                socket.set_write_timeout(Some(PATIENCE)).unwrap();
                let _ = tell.send(read_request(&mut socket));
                answer(&mut socket);
            }
        });
        Self { port, seen, stop: Some(stop), thread: Some(thread) }
    }

    /// Answers each connection's request with these bytes and closes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |socket| {
            let _ = socket.write_all(&answer);
        })
    }

    pub(crate) fn request(&self) -> HttpRequest {
        request(&format!("http://127.0.0.1:{}/path?q=1", self.port))
    }

    /// As an administrator would enter it.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = self.thread.take().unwrap().join();
    }
}

/// Head and body of one request, as far as they come.
pub(crate) fn read_request(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let announced = head
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ").map(|length| length.parse().unwrap()));
            if body.len() >= announced.unwrap_or(0) {
                return text;
            }
        }
        match socket.read(&mut chunk) {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Waits until the client has closed its end.
pub(crate) fn wait_for_the_end(socket: &mut TcpStream) {
    let mut chunk = [0; 4096];
    while matches!(socket.read(&mut chunk), Ok(count) if count > 0) {}
}

pub(crate) fn request(url: &str) -> HttpRequest {
    HttpRequest {
        exchange: 1,
        run: 1,
        function: "find",
        connector: "crm".to_owned(),
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: vec![("x-kind".to_owned(), "contact".to_owned())],
        body: Bytes::new(),
        deadline: 0,
        writes: false,
    }
}

/// A way without credentials to hosts that are marked as on premises, and to none else.
pub(crate) fn way(marked: &[String]) -> Way {
    let on_premises = marked.iter().fold(OnPremises::default(), |marks, address| marks.with(address).unwrap());
    Way {
        wire: Arc::new(Sockets::new(on_premises.clone())),
        named: Vec::new(),
        pinned: Vec::new(),
        on_premises,
        key: Key::None,
        organisation: OnceLock::new(),
    }
}

/// The ways of the connectors "crm" and "other" to these hosts.
pub(crate) fn egress(marked: &[String]) -> Egress {
    Egress::new(["crm", "other"].into_iter().map(|connector| (connector.to_owned(), way(marked))).collect())
}
