use crate::{Answer, ControlError, Fault, FaultKind, LATEST_COMMIT_MS, Operation, Outcome, Pace, wire};

/// The faults of one fake. A fake keeps one of these, asks it for a [`Plan`] at each request, and does its work inside
/// [`Plan::run`].
#[derive(Clone, Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
    /// How many delays were drawn from a range.
    drawn: u64,
}

impl Faults {
    /// Adds a fault; see [`CrmFake::inject`](crate::CrmFake::inject).
    ///
    /// # Errors
    /// [`ControlError::Invalid`] if it could never happen or could not be sent: `times` 0, a status outside 300 to 599, a `retry-after` that
    /// no header can hold, a search lag on something other than find and search, a range of delays that ends before it begins, a commit later
    /// than [`LATEST_COMMIT_MS`] after its cut, a body in pieces of nothing, a clock that is wrong for some requests only.
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
        match &fault.what {
            FaultKind::Status { status, .. } if !(300..=599).contains(status) => return invalid("`status` must be 300 to 599"),
            FaultKind::Status { retry_after: Some(text), .. } if http::HeaderValue::from_str(text).is_err() => {
                return invalid("no header can hold this `retry-after`");
            }
            FaultKind::Delay { ms, to_ms: Some(to_ms) } if to_ms < ms => return invalid("`to-ms` must not be below `ms`"),
            FaultKind::CommitAfterCut { ms } if *ms > LATEST_COMMIT_MS => return invalid("`ms` must be at most 20000"),
            FaultKind::SlowLoris { bytes: 0, .. } => return invalid("`bytes` must be at least 1"),
            FaultKind::ClockShift { .. } if !fault.on.is_empty() || fault.times.is_some() => {
                return invalid("`clock-shift` takes neither `on` nor `times`");
            }
            _ => {}
        }
        self.active.push(fault);
        Ok(())
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// What the CRM's own clock shows at `now_ms` of the tests' clock.
    #[must_use]
    pub fn clock(&self, now_ms: u64) -> u64 {
        let shift = self.active.iter().rev().find_map(|fault| match fault.what {
            FaultKind::ClockShift { ms } => Some(ms),
            _ => None,
        });
        now_ms.saturating_add_signed(shift.unwrap_or(0))
    }

    /// The faults that are not spent, in the order of injection.
    #[must_use]
    pub fn active(&self) -> &[Fault] {
        &self.active
    }

    /// What will happen to the request that has just come. Spends one of the `times` of each fault that takes part: all delays and lags,
    /// the first slow body, and of the others the one injected first.
    pub fn plan(&mut self, operation: Operation) -> Plan {
        let mut plan = Plan { after_ms: 0, lag_ms: 0, pace: None, ending: None };
        for fault in self.active.iter_mut().filter(|fault| fault.concerns(operation)) {
            match &fault.what {
                FaultKind::Delay { ms, to_ms } => {
                    let extra = to_ms.map_or(0, |to_ms| draw(&mut self.drawn, to_ms.saturating_sub(*ms)));
                    plan.after_ms = plan.after_ms.saturating_add(*ms).saturating_add(extra);
                }
                FaultKind::SlowLoris { ms, bytes } if plan.pace.is_none() => plan.pace = Some(Pace { ms: *ms, bytes: *bytes }),
                FaultKind::SlowLoris { .. } => continue,
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
    pace: Option<Pace>,
    ending: Option<FaultKind>,
}

impl Plan {
    /// Is a record made at `made_at_ms` in the index at `now_ms`? None: it has been there for ever. Ask for finds and searches alone.
    #[must_use]
    pub fn sees(&self, made_at_ms: Option<u64>, now_ms: u64) -> bool {
        made_at_ms.is_none_or(|made_at| now_ms.saturating_sub(made_at) >= self.lag_ms)
    }

    /// How old a record must be for the index to have it, in milliseconds.
    #[must_use]
    pub fn lag_ms(&self) -> u64 {
        self.lag_ms
    }

    /// When the fake must do the work although the connection is cut, by the tests' clock: it keeps the request
    /// ([`LateCommits`](crate::LateCommits)) and applies it in [`CrmFake::advance`](crate::CrmFake::advance).
    #[must_use]
    pub fn commits_at(&self, now_ms: u64) -> Option<u64> {
        match self.ending {
            Some(FaultKind::CommitAfterCut { ms }) => Some(now_ms.saturating_add(self.after_ms).saturating_add(ms)),
            _ => None,
        }
    }

    /// The answer. Calls `work`, which does what the request asks and gives the CRM's response, unless the fault prevents that.
    pub fn run(self, work: impl FnOnce() -> http::Response<Vec<u8>>) -> Answer {
        let after_ms = self.after_ms;
        let outcome = match self.ending {
            Some(FaultKind::Unreachable) => Outcome::Refused,
            Some(FaultKind::CutBeforeCommit | FaultKind::CommitAfterCut { .. }) => Outcome::Cut,
            Some(FaultKind::Status { status, body, retry_after }) => Outcome::Response(injected(status, body, retry_after)),
            Some(FaultKind::CutAfterCommit) => {
                let _undelivered = work();
                Outcome::Cut
            }
            Some(FaultKind::Garbled) => Outcome::Response(garbled(&work())),
            Some(FaultKind::GarbledTo { body }) => Outcome::Response(worded(work().status().as_u16(), body)),
            Some(FaultKind::Truncated) => Outcome::Response(truncated(work())),
            // The rest never is an ending.
            Some(_) | None => Outcome::Response(work()),
        };
        let Outcome::Response(response) = &outcome else {
            return Answer { after_ms, pace: None, outcome };
        };
        let dribbling = self.pace.map_or(0, |pace| pace.total_ms(response.body().len()));
        Answer { after_ms: after_ms.saturating_add(dribbling), pace: self.pace, outcome }
    }
}

/// 0 to `most`, evenly spread; the same row of numbers in each run (splitmix64).
fn draw(counter: &mut u64, most: u64) -> u64 {
    *counter = counter.wrapping_add(1);
    let mut mixed = counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    most.checked_add(1).map_or(mixed, |values| mixed % values)
}

fn injected(status: u16, body: Option<String>, retry_after: Option<String>) -> http::Response<Vec<u8>> {
    let mut response = match body {
        Some(body) => worded(status, body),
        None => wire::error(status, "injected by a test"),
    };
    // `Faults::inject` has let pass nothing that a header cannot hold.
    if let Some(value) = retry_after.and_then(|text| http::HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(http::header::RETRY_AFTER, value);
    }
    response
}

/// In a test's own words.
fn worded(status: u16, body: String) -> http::Response<Vec<u8>> {
    let is_json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
    let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    wire::response(status, content_type, body.into_bytes())
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
