use pbx_connector_kit::wasi::http::outgoing_handler;
use pbx_connector_kit::wasi::http::types::{Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
use pbx_connector_kit::wasi::io::streams::StreamError;

/// A request without any of the kit's manners.
pub struct Ask<'a> {
    pub method: Method,
    pub scheme: Scheme,
    pub authority: &'a str,
    pub path: &'a str,
    pub headers: Fields,
    pub body: &'a [u8],
}

impl Ask<'_> {
    /// What came, head and body, or what was said instead.
    pub fn send(self) -> Result<String, String> {
        let body = self.body;
        let request = self.prepare()?;
        take(start(request, body)?)
    }

    pub fn prepare(self) -> Result<OutgoingRequest, String> {
        let request = OutgoingRequest::new(self.headers);
        request.set_method(&self.method).map_err(|()| "no such method")?;
        request.set_scheme(Some(&self.scheme)).map_err(|()| "no such scheme")?;
        request.set_authority(Some(self.authority)).map_err(|()| "no such authority")?;
        request.set_path_with_query(Some(self.path)).map_err(|()| "no such path")?;
        Ok(request)
    }
}

pub fn start(request: OutgoingRequest, body: &[u8]) -> Result<FutureIncomingResponse, String> {
    let outgoing = request.body().map_err(|()| "no body")?;
    let answer = outgoing_handler::handle(request, None).map_err(|code| format!("{code:?}"))?;
    if let Ok(stream) = outgoing.write() {
        // Whether it is taken shows in the answer.
        let _ = stream.blocking_write_and_flush(body);
    }
    let _ = OutgoingBody::finish(outgoing, None);
    Ok(answer)
}

pub fn take(answer: FutureIncomingResponse) -> Result<String, String> {
    answer.subscribe().block();
    let response = answer.get().and_then(Result::ok).ok_or("no answer")?.map_err(|code| format!("{code:?}"))?;
    let mut told = format!("{}", response.status());
    for (name, value) in response.headers().entries() {
        told.push_str(&format!(" {name}: {}", String::from_utf8_lossy(&value)));
    }
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut whole = Vec::new();
    loop {
        match stream.blocking_read(65_536) {
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(why)) => {
                told.push_str(&format!(" broken: {}", why.to_debug_string()));
                break;
            }
        }
    }
    Ok(format!("{told} body: {}", String::from_utf8_lossy(&whole)))
}
