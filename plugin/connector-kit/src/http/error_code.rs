use crate::{
    Effect,
    failure::{detail, lost, senseless},
    text::message,
    types::{Failure, WrongFields},
    wasi::http::types::ErrorCode,
};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Broken {
    /// In the contract's words.
    pub failure: Failure,
    /// True: the CRM may have got the request, and counted it.
    pub sent: bool,
}

/// What an error of `wasi:http` means.
pub(super) fn broken(code: &ErrorCode, effect: Effect) -> Broken {
    use ErrorCode as Code;
    let told = |id| detail(message(id, &[]));
    let before = |failure| Broken { failure, sent: false };
    let after = |failure| Broken { failure, sent: true };
    match code {
        Code::HttpRequestDenied => before(Failure::Forbidden(told("kit.denied"))),
        Code::DnsTimeout
        | Code::DnsError(_)
        | Code::DestinationNotFound
        | Code::DestinationUnavailable
        | Code::DestinationIpUnroutable
        // A name server that is out of order gives addresses that are for nobody.
        | Code::DestinationIpProhibited
        | Code::ConnectionRefused
        | Code::ConnectionTimeout
        | Code::ConnectionLimitReached
        | Code::TlsProtocolError
        | Code::TlsCertificateError
        | Code::TlsAlertReceived(_)
        | Code::ConfigurationError => before(Failure::Unreachable(told("kit.not-sent"))),
        Code::HttpRequestLengthRequired
        | Code::HttpRequestBodySize(_)
        | Code::HttpRequestMethodInvalid
        | Code::HttpRequestUriInvalid
        | Code::HttpRequestUriTooLong
        | Code::HttpRequestHeaderSectionSize(_)
        | Code::HttpRequestHeaderSize(_)
        | Code::HttpRequestTrailerSectionSize(_)
        | Code::HttpRequestTrailerSize(_) => before(Failure::Invalid(WrongFields { fields: Vec::new(), detail: told("kit.not-sendable") })),
        Code::HttpResponseBodySize(_) => after(senseless(effect, told("kit.too-large"))),
        // Whatever is left happens, or may happen, after the request has gone out.
        Code::ConnectionTerminated
        | Code::ConnectionReadTimeout
        | Code::ConnectionWriteTimeout
        | Code::HttpResponseIncomplete
        | Code::HttpResponseHeaderSectionSize(_)
        | Code::HttpResponseHeaderSize(_)
        | Code::HttpResponseTrailerSectionSize(_)
        | Code::HttpResponseTrailerSize(_)
        | Code::HttpResponseTransferCoding(_)
        | Code::HttpResponseContentCoding(_)
        | Code::HttpResponseTimeout
        | Code::HttpUpgradeFailed
        | Code::HttpProtocolError
        | Code::LoopDetected
        | Code::InternalError(_) => after(lost(effect, told("kit.lost"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_that_may_have_arrived_are_unclear() {
        let of = |code: ErrorCode, effect| broken(&code, effect);
        let refused = of(ErrorCode::ConnectionRefused, Effect::Writes);
        assert!(!refused.sent && matches!(refused.failure, Failure::Unreachable(_)));
        let cut = of(ErrorCode::ConnectionTerminated, Effect::Writes);
        assert!(cut.sent && matches!(cut.failure, Failure::Unclear(_)));
        assert!(matches!(of(ErrorCode::HttpResponseTimeout, Effect::Reads).failure, Failure::Unreachable(_)));
        assert!(matches!(of(ErrorCode::InternalError(None), Effect::Writes).failure, Failure::Unclear(_)));
        assert!(matches!(of(ErrorCode::HttpResponseBodySize(None), Effect::Reads).failure, Failure::Garbled(_)));
        assert!(matches!(of(ErrorCode::HttpResponseBodySize(None), Effect::Writes).failure, Failure::Unclear(_)));
        for effect in [Effect::Reads, Effect::Writes] {
            assert!(matches!(of(ErrorCode::HttpRequestDenied, effect).failure, Failure::Forbidden(_)));
            assert!(matches!(of(ErrorCode::HttpRequestUriTooLong, effect).failure, Failure::Invalid(_)));
        }
    }
}
