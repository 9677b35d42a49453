use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};

use super::{AFTER_MS, NOW_MS, OUTCOME, Shared, control};
use crate::{Answer, MAX_BODY, Outcome, wire};

/// How long a connection may be silent between two requests, or dribble its headers.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Told to hyper as the failure of a request, so that it closes the socket without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the fake cuts this connection")
    }
}

impl std::error::Error for Cut {}

/// Serves one connection to its end.
pub(super) async fn serve(socket: TcpStream, state: Shared, _place: OwnedSemaphorePermit) {
    let service = service_fn(move |request| respond(request, Arc::clone(&state)));
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

async fn respond(request: Request<Incoming>, state: Shared) -> Result<Response<Full<Bytes>>, Cut> {
    let (mut parts, body) = request.into_parts();
    let now = parts.headers.remove(NOW_MS);
    let is_player = now.is_some();
    let body = match collect(body).await {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.map(Into::into)),
    };
    // The lock is held for the work of one request, which never waits.
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(now) = now {
        match now.to_str().ok().and_then(|text| text.parse().ok()) {
            Some(now) => state.now_ms = now,
            None => {
                return Ok(wire::error(400, &format!("{NOW_MS} must be whole milliseconds")).map(Into::into));
            }
        }
    }
    let request = Request::from_parts(parts, body);
    if control::is_control(request.uri().path()) {
        return Ok(control::respond(&mut state, &request).map(Into::into));
    }
    let now_ms = state.now_ms;
    deliver(state.fake.answer(now_ms, request), is_player)
}

async fn collect(body: Incoming) -> Result<Vec<u8>, Response<Vec<u8>>> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(wire::error(413, "the body is larger than 4 MiB")),
        Ok(Err(why)) => Err(wire::error(400, &format!("the body cannot be read: {why}"))),
        Err(_) => Err(wire::error(408, "the body took too long")),
    }
}

fn deliver(answer: Answer, is_player: bool) -> Result<Response<Full<Bytes>>, Cut> {
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
    Ok(response.map(Into::into))
}
