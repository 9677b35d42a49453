use crate::{Answer, ControlError, Fault, FaultKind, Operation, Outcome, wire};

/// The faults of one fake. A fake keeps one of these, asks it for a [`Plan`] at each request, and does its work inside
/// [`Plan::run`].
#[derive(Clone, Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    /// Adds a fault; see [`CrmFake::inject`](crate::CrmFake::inject).
    ///
    /// # Errors
    /// [`ControlError::Invalid`] if it could never happen or could not be sent: `times` 0, a status outside 300 to 599, a `retry-after` that
    /// no header can hold, a search lag on something other than find and search.
    pub fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        let invalid = |why: &str| Err(ControlError::Invalid(why.to_owned()));
        if fault.times == Some(0) {
            return invalid("`times` must be at least 1");
        }
        if let FaultKind::SearchLag { .. } = fault.what
            && fault.on.iter().any(|operation| !fault.concerns(*operation))
        {
            return invalid("`search-lag` can only happen to find and search");
        }
        if let FaultKind::Status { status, retry_after, .. } = &fault.what {
            if !(300..=599).contains(status) {
                return invalid("`status` must be 300 to 599");
            }
            if retry_after.as_ref().is_some_and(|text| http::HeaderValue::from_str(text).is_err()) {
                return invalid("no header can hold this `retry-after`");
            }
        }
        self.active.push(fault);
        Ok(())
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// The faults that are not spent, in the order of injection.
    #[must_use]
    pub fn active(&self) -> &[Fault] {
        &self.active
    }

    /// What will happen to the request that has just come. Spends one of the `times` of each fault that takes part: all delays and lags,
    /// and of the others the one injected first.
    pub fn plan(&mut self, operation: Operation) -> Plan {
        let mut plan = Plan { after_ms: 0, lag_ms: 0, ending: None };
        for fault in self.active.iter_mut().filter(|fault| fault.concerns(operation)) {
            match &fault.what {
                FaultKind::Delay { ms } => plan.after_ms = plan.after_ms.saturating_add(*ms),
                FaultKind::SearchLag { ms } => plan.lag_ms = plan.lag_ms.max(*ms),
                ending if plan.ending.is_none() => plan.ending = Some(ending.clone()),
                _ => continue,
            }
            fault.times = fault.times.map(|left| left.saturating_sub(1));
        }
        self.active.retain(|fault| fault.times != Some(0));
        plan
    }
}

/// What will happen to one request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Plan {
    after_ms: u64,
    lag_ms: u64,
    ending: Option<FaultKind>,
}

impl Plan {
    /// Is a record made at `made_at_ms` in the index at `now_ms`? None: it has been there for ever. Ask for finds and searches alone.
    #[must_use]
    pub fn sees(&self, made_at_ms: Option<u64>, now_ms: u64) -> bool {
        made_at_ms.is_none_or(|made_at| now_ms.saturating_sub(made_at) >= self.lag_ms)
    }

    /// The answer. Calls `work`, which does what the request asks and gives the CRM's response, unless the fault prevents that.
    pub fn run(self, work: impl FnOnce() -> http::Response<Vec<u8>>) -> Answer {
        let after_ms = self.after_ms;
        let outcome = match self.ending {
            Some(FaultKind::Unreachable) => Outcome::Refused,
            Some(FaultKind::CutBeforeCommit) => Outcome::Cut,
            Some(FaultKind::Status { status, body, retry_after }) => Outcome::Response(injected(status, body, retry_after)),
            Some(FaultKind::CutAfterCommit) => {
                let _undelivered = work();
                Outcome::Cut
            }
            Some(FaultKind::Garbled) => Outcome::Response(garbled(&work())),
            Some(FaultKind::Truncated) => Outcome::Response(truncated(work())),
            Some(FaultKind::Delay { .. } | FaultKind::SearchLag { .. }) | None => Outcome::Response(work()),
        };
        Answer { after_ms, outcome }
    }
}

fn injected(status: u16, body: Option<String>, retry_after: Option<String>) -> http::Response<Vec<u8>> {
    let mut response = match body {
        Some(body) if serde_json::from_str::<serde_json::Value>(&body).is_ok() => {
            wire::response(status, "application/json", body.into_bytes())
        }
        Some(body) => wire::response(status, "text/plain; charset=utf-8", body.into_bytes()),
        None => wire::error(status, "injected by a test"),
    };
    // `Faults::inject` has let pass nothing that a header cannot hold.
    if let Some(value) = retry_after.and_then(|text| http::HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(http::header::RETRY_AFTER, value);
    }
    response
}

fn garbled(of: &http::Response<Vec<u8>>) -> http::Response<Vec<u8>> {
    let page = "<!doctype html><title>Sign in</title><h1>Your session has ended</h1><p>Please sign in to the portal.</p>";
    wire::response(of.status().as_u16(), "text/html; charset=utf-8", page.into())
}

fn truncated(mut of: http::Response<Vec<u8>>) -> http::Response<Vec<u8>> {
    let half = of.body().len() / 2;
    of.body_mut().truncate(half);
    of
}
