use super::{
    MAX_ANSWER, Request, Response,
    error_code::{Broken, broken},
};
use crate::{
    Effect,
    failure::{detail, lost, senseless},
    text::message,
    types::{Failure, WrongFields},
    url,
    wasi::{
        http::{
            outgoing_handler,
            types::{ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, OutgoingBody, OutgoingRequest, http_error_code},
        },
        io::streams::StreamError,
    },
};

/// Most bytes that `wasi:io` takes in one blocking write.
const PIECE: usize = 4096;
/// Bytes asked for in one read.
const READ: u64 = 64 * 1024;

/// Sends one request, waits, and reads the answer whole.
pub(super) fn send(base: &str, request: &Request) -> Result<Response, Broken> {
    let effect = request.effect;
    let outgoing = prepare(base, request)?;
    let body = outgoing.body().map_err(|()| not_sendable())?;
    // Handed over before the body is written: the host may take the body only while it sends.
    let answer = outgoing_handler::handle(outgoing, None).map_err(|code| broken(&code, effect))?;
    // A host that stops taking the body says why in the answer.
    let _taken = write(body, &request.body);
    let response = wait(&answer, effect)?;
    let status = response.status();
    let headers = response.headers().entries();
    let body = read(&response, effect)?;
    Ok(Response { status, headers, body })
}

fn prepare(base: &str, request: &Request) -> Result<OutgoingRequest, Broken> {
    let base =
        url::parts(base).ok_or_else(|| Broken { failure: Failure::Unreachable(detail(message("kit.base-address", &[]))), sent: false })?;
    let headers: Vec<(String, Vec<u8>)> = request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let headers = Fields::from_list(&headers).map_err(|_| not_sendable())?;
    let outgoing = OutgoingRequest::new(headers);
    let path = format!("{}{}", base.path, request.path);
    let taken = outgoing
        .set_method(&request.method)
        .and_then(|()| outgoing.set_scheme(Some(&base.scheme)))
        .and_then(|()| outgoing.set_authority(Some(base.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)));
    taken.map(|()| outgoing).map_err(|()| not_sendable())
}

fn not_sendable() -> Broken {
    let detail = detail(message("kit.not-sendable", &[]));
    Broken { failure: Failure::Invalid(WrongFields { fields: Vec::new(), detail }), sent: false }
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Option<()> {
    let stream = body.write().ok()?;
    for piece in bytes.chunks(PIECE) {
        stream.blocking_write_and_flush(piece).ok()?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).ok()
}

fn wait(answer: &FutureIncomingResponse, effect: Effect) -> Result<IncomingResponse, Broken> {
    let taken = || Broken { failure: lost(effect, detail(message("kit.lost", &[]))), sent: true };
    answer.subscribe().block();
    // Absent or taken cannot be after the wait; a host that says so has lost the answer.
    answer.get().and_then(Result::ok).ok_or_else(taken)?.map_err(|code| broken(&code, effect))
}

fn read(response: &IncomingResponse, effect: Effect) -> Result<Vec<u8>, Broken> {
    let cut = || Broken { failure: lost(effect, detail(message("kit.lost", &[]))), sent: true };
    let body = response.consume().map_err(|()| cut())?;
    let stream = body.stream().map_err(|()| cut())?;
    let mut whole = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(piece) if whole.len() + piece.len() > MAX_ANSWER => {
                let failure = senseless(effect, detail(message("kit.too-large", &[])));
                return Err(Broken { failure, sent: true });
            }
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(StreamError::Closed) => return Ok(whole),
            Err(StreamError::LastOperationFailed(why)) => {
                // The status had come already, so the request was sent, whatever the code says.
                return Err(match http_error_code(&why) {
                    Some(code @ ErrorCode::HttpResponseBodySize(_)) => broken(&code, effect),
                    _ => cut(),
                });
            }
        }
    }
}
