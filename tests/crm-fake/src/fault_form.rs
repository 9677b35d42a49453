use serde::{Deserialize, Serialize};

use crate::{Fault, FaultKind, Operation};

/// The fields of all kinds of fault side by side. Serde cannot refuse unknown fields of a tagged choice that sits next to common
/// fields, so [`Fault`] is read and written through this form and checked by hand.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct FaultForm {
    what: What,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<RetryAfter>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    on: Vec<Operation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Delay,
    SearchLag,
    Unreachable,
    Status,
    CutBeforeCommit,
    CutAfterCommit,
    CommitAfterCut,
    SlowLoris,
    ClockShift,
    Garbled,
    Truncated,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum RetryAfter {
    Seconds(i64),
    Text(String),
}

impl TryFrom<FaultForm> for Fault {
    type Error = String;

    fn try_from(form: FaultForm) -> Result<Self, String> {
        let FaultForm { what, mut ms, mut to_ms, mut bytes, mut status, mut body, mut retry_after, on, times } = form;
        let kind = match what {
            What::Delay => FaultKind::Delay { ms: some_time(&mut ms, "`delay` needs `ms`")?, to_ms: to_ms.take() },
            What::SearchLag => FaultKind::SearchLag { ms: some_time(&mut ms, "`search-lag` needs `ms`")? },
            What::Unreachable => FaultKind::Unreachable,
            What::Status => FaultKind::Status {
                status: status.take().ok_or("`status` needs `status`")?,
                body: body.take(),
                retry_after: retry_after.take().map(|given| match given {
                    RetryAfter::Seconds(seconds) => seconds.to_string(),
                    RetryAfter::Text(text) => text,
                }),
            },
            What::CutBeforeCommit => FaultKind::CutBeforeCommit,
            What::CutAfterCommit => FaultKind::CutAfterCommit,
            What::CommitAfterCut => FaultKind::CommitAfterCut { ms: some_time(&mut ms, "`commit-after-cut` needs `ms`")? },
            What::SlowLoris => FaultKind::SlowLoris {
                ms: some_time(&mut ms, "`slow-loris` needs `ms`")?,
                bytes: bytes.take().ok_or("`slow-loris` needs `bytes`")?,
            },
            What::ClockShift => FaultKind::ClockShift { ms: ms.take().ok_or("`clock-shift` needs `ms`")? },
            What::Garbled => body.take().map_or(FaultKind::Garbled, |body| FaultKind::GarbledTo { body }),
            What::Truncated => FaultKind::Truncated,
        };
        // Whatever was not taken does not belong to this kind.
        let stray = [
            ("ms", ms.is_some()),
            ("to-ms", to_ms.is_some()),
            ("bytes", bytes.is_some()),
            ("status", status.is_some()),
            ("body", body.is_some()),
            ("retry-after", retry_after.is_some()),
        ];
        match stray.iter().find(|(_, there)| *there) {
            Some((name, _)) => Err(format!("`{name}` does not belong to this kind of fault")),
            None => Ok(Self { what: kind, on, times }),
        }
    }
}

/// A time that cannot be negative.
fn some_time(given: &mut Option<i64>, missing: &str) -> Result<u64, String> {
    let ms = given.take().ok_or(missing)?;
    u64::try_from(ms).map_err(|_| "`ms` must not be negative".to_owned())
}

/// JSON and TOML have no numbers above this; nobody waits so long.
fn told(ms: u64) -> Option<i64> {
    Some(i64::try_from(ms).unwrap_or(i64::MAX))
}

impl From<Fault> for FaultForm {
    fn from(fault: Fault) -> Self {
        let Fault { what: kind, on, times } = fault;
        let bare = |what| Self { what, ms: None, to_ms: None, bytes: None, status: None, body: None, retry_after: None, on, times };
        match kind {
            FaultKind::Delay { ms, to_ms } => Self { ms: told(ms), to_ms, ..bare(What::Delay) },
            FaultKind::SearchLag { ms } => Self { ms: told(ms), ..bare(What::SearchLag) },
            FaultKind::CommitAfterCut { ms } => Self { ms: told(ms), ..bare(What::CommitAfterCut) },
            FaultKind::SlowLoris { ms, bytes } => Self { ms: told(ms), bytes: Some(bytes), ..bare(What::SlowLoris) },
            FaultKind::ClockShift { ms } => Self { ms: Some(ms), ..bare(What::ClockShift) },
            FaultKind::Unreachable => bare(What::Unreachable),
            FaultKind::Status { status, body, retry_after } => {
                Self { status: Some(status), body, retry_after: retry_after.map(RetryAfter::Text), ..bare(What::Status) }
            }
            FaultKind::CutBeforeCommit => bare(What::CutBeforeCommit),
            FaultKind::CutAfterCommit => bare(What::CutAfterCommit),
            FaultKind::Garbled => bare(What::Garbled),
            FaultKind::GarbledTo { body } => Self { body: Some(body), ..bare(What::Garbled) },
            FaultKind::Truncated => bare(What::Truncated),
        }
    }
}
