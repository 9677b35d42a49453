use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};

use super::{AFTER_MS, DURING, NOW_MS, OUTCOME, SCHEME, ServerOptions, Shared, body::Outgoing, control};
use crate::{Answer, Outcome, wire};

/// How long a connection may be silent between two requests, or dribble its headers.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Told to hyper as the failure of a request, so that it closes the socket without an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the fake cuts this connection")
    }
}

impl std::error::Error for Cut {}

/// How connections are served.
#[derive(Clone, Default)]
pub(super) struct Service {
    #[cfg(feature = "tls")]
    acceptor: Option<tokio_rustls::TlsAcceptor>,
}

impl Service {
    #[cfg(feature = "tls")]
    pub fn of(options: &ServerOptions) -> Self {
        Self { acceptor: options.tls.as_ref().map(super::Certificate::acceptor) }
    }

    #[cfg(not(feature = "tls"))]
    pub fn of(_: &ServerOptions) -> Self {
        Self {}
    }

    #[cfg(feature = "tls")]
    pub fn scheme(&self) -> &'static str {
        if self.acceptor.is_some() { "https" } else { "http" }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "the same signature as with TLS")]
    pub fn scheme(&self) -> &'static str {
        "http"
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(socket: TcpStream, state: Shared, service: Service, _place: OwnedSemaphorePermit) {
    // Answers are written whole; waiting for more would only delay them.
    let _best_effort = socket.set_nodelay(true);
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &service.acceptor {
        if let Ok(Ok(socket)) = tokio::time::timeout(SILENCE, acceptor.accept(socket)).await {
            speak(socket, state, service.scheme()).await;
        }
        return;
    }
    speak(socket, state, service.scheme()).await;
}

async fn speak(socket: impl AsyncRead + AsyncWrite + Unpin, state: Shared, scheme: &'static str) {
    let service = service_fn(move |request| respond(request, Arc::clone(&state), scheme));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The only thing in an answer that would differ from one run to the next.
        .auto_date_header(false)
        .header_read_timeout(SILENCE)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(socket), service);
    // A broken or cut connection is nobody's concern but the client's.
    let _ended = connection.await;
}

async fn respond(request: Request<Incoming>, state: Shared, scheme: &'static str) -> Result<Response<Outgoing>, Cut> {
    let whole = |response: Response<Vec<u8>>| response.map(|body| Outgoing::new(body, None));
    let (mut parts, body) = request.into_parts();
    let now = parts.headers.remove(NOW_MS);
    let during = parts.headers.remove(DURING);
    let is_player = now.is_some();
    // Whoever speaks to us from outside cannot claim to speak TLS.
    parts.headers.insert(HeaderName::from_static(SCHEME), HeaderValue::from_static(scheme));
    let limit = state.lock().unwrap_or_else(PoisonError::into_inner).fake.body_limit();
    let body = match collect(body, limit, &state).await {
        Ok(body) => body,
        Err(refusal) => return Ok(whole(refusal)),
    };
    let (answer, in_earnest) = {
        // The lock is held for the work of one request, which never waits.
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = now {
            match now.to_str().ok().and_then(|text| text.parse().ok()) {
                Some(now) => state.clock.set(now),
                None => {
                    return Ok(whole(wire::error(400, &format!("{NOW_MS} must be whole milliseconds"))));
                }
            }
        }
        let during = during.as_ref().and_then(|header| header.to_str().ok()?.split_once(' '));
        if let Some((Ok(call), function)) = during.map(|(call, function)| (call.parse(), function)) {
            state.fake.during(call, function);
        }
        let now_ms = state.advance();
        let request = Request::from_parts(parts, body);
        if control::is_control(request.uri().path()) {
            return Ok(whole(control::respond(&mut state, &request)));
        }
        (state.fake.answer(now_ms, request), state.clock.runs() && !is_player)
    };
    if in_earnest { deliver_in_time(answer).await } else { deliver(answer, is_player) }
}

async fn collect(body: Incoming, limit: usize, state: &Shared) -> Result<Vec<u8>, Response<Vec<u8>>> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(state.lock().unwrap_or_else(PoisonError::into_inner).fake.oversized()),
        Ok(Err(why)) => Err(wire::error(400, &format!("the body cannot be read: {why}"))),
        Err(_) => Err(wire::error(408, "the body took too long")),
    }
}

/// At once, whatever it says of time.
fn deliver(answer: Answer, is_player: bool) -> Result<Response<Outgoing>, Cut> {
    let lost = |word: &'static str| {
        if !is_player {
            return Err(Cut);
        }
        let mut response = Response::new(Vec::new());
        *response.status_mut() = http::StatusCode::NO_CONTENT;
        response.headers_mut().insert(OUTCOME, HeaderValue::from_static(word));
        Ok(response)
    };
    let mut response = match answer.outcome {
        Outcome::Response(response) => response,
        Outcome::Cut => lost("cut")?,
        Outcome::Refused => lost("refused")?,
    };
    response.headers_mut().insert(AFTER_MS, answer.after_ms.into());
    Ok(response.map(|body| Outgoing::new(body, None)))
}

/// As slowly as the CRM would.
async fn deliver_in_time(Answer { after_ms, pace, outcome }: Answer) -> Result<Response<Outgoing>, Cut> {
    let dribbling_ms = match (&outcome, pace) {
        (Outcome::Response(response), Some(pace)) => pace.total_ms(response.body().len()),
        _ => 0,
    };
    let silent_ms = after_ms.saturating_sub(dribbling_ms);
    if silent_ms > 0 {
        tokio::time::sleep(Duration::from_millis(silent_ms)).await;
    }
    match outcome {
        Outcome::Response(response) => Ok(response.map(|body| Outgoing::new(body, pace))),
        Outcome::Cut | Outcome::Refused => Err(Cut),
    }
}
