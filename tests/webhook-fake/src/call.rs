use chrono::{DateTime, SecondsFormat};
use crm_fake::{Activity, Direction};
use serde::{Deserialize, Serialize};

/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 255;
const OUTCOMES: [&str; 8] = ["answered", "missed", "voicemail", "no-answer", "busy", "failed", "forwarded", "lost"];

/// A call for the history, as the protocol has it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// The same key is the same call.
    pub key: String,
    /// In whose history.
    pub record: String,
    subject: String,
    body: String,
    direction: Direction,
    outcome: String,
    started_at: String,
    talked_ms: u64,
    from: String,
    to: String,
    number: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    recording: Option<String>,
}

/// A change of a call, as the protocol has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Of the change.
    pub key: String,
    /// Of the call.
    pub id: String,
    subject: Option<String>,
    body: Option<String>,
    recording: Option<String>,
    user: Option<String>,
}

/// A call in the history. Pages read its fields by name.
#[derive(Serialize)]
pub struct Stored {
    /// The service's id.
    pub id: String,
    #[serde(flatten)]
    call: New,
    #[serde(skip)]
    started_ms: u64,
}

impl New {
    /// As a call of the history.
    ///
    /// # Errors
    /// What is wrong with its content.
    pub fn store(self, id: String) -> Result<Stored, String> {
        too_long(&self.subject)?;
        if !OUTCOMES.contains(&self.outcome.as_str()) {
            return Err(format!("`outcome` cannot be `{}`", self.outcome));
        }
        let started_ms = DateTime::parse_from_rfc3339(&self.started_at)
            .ok()
            .and_then(|at| u64::try_from(at.timestamp_millis()).ok())
            .ok_or_else(|| format!("`started_at` is no time: `{}`", self.started_at))?;
        Ok(Stored { id, call: self, started_ms })
    }
}

impl Stored {
    /// The key that it was written with.
    pub fn key(&self) -> &str {
        &self.call.key
    }

    /// In whose history.
    pub fn record(&self) -> &str {
        &self.call.record
    }

    /// Changes what the change names.
    ///
    /// # Errors
    /// What is wrong with its content; then nothing was changed.
    pub fn amend(&mut self, change: Change) -> Result<(), String> {
        if let Some(subject) = change.subject {
            too_long(&subject)?;
            self.call.subject = subject;
        }
        if let Some(body) = change.body {
            self.call.body = body;
        }
        self.call.recording = change.recording.or(self.call.recording.take());
        self.call.user = change.user.or(self.call.user.take());
        Ok(())
    }

    /// For the control side.
    pub fn control(&self) -> Activity {
        let call = &self.call;
        Activity {
            id: self.id.clone(),
            record: call.record.clone(),
            user: call.user.clone(),
            subject: call.subject.clone(),
            body: call.body.clone(),
            direction: Some(call.direction),
            outcome: Some(call.outcome.clone()),
            started_at: Some(self.started_ms),
            talked_ms: Some(call.talked_ms),
            key: Some(call.key.clone()),
        }
    }
}

fn too_long(subject: &str) -> Result<(), String> {
    if subject.len() > MAX_SUBJECT { Err(format!("`subject` is longer than {MAX_SUBJECT} bytes")) } else { Ok(()) }
}

/// A moment in RFC 3339, in UTC; milliseconds if it is beyond all calendars.
pub fn shown(moment: u64) -> String {
    let at = i64::try_from(moment).ok().and_then(DateTime::from_timestamp_millis);
    at.map_or_else(|| moment.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}
