//! Times as people write them.

use chrono::{NaiveDateTime, TimeZone};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A length of time, written as "250ms", "8s", "2m", "1h30m" or "0s".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// Milliseconds.
    pub ms: u64,
}

impl Span {
    /// Reads the text.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of time; write it like \"250ms\", \"8s\", \"2m\" or \"1h30m\"");
        let mut ms = 0_u64;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
            let number: u64 = number.parse().map_err(|_| wrong())?;
            let (unit, length) = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
                .into_iter()
                .find(|(unit, _)| tail.starts_with(unit) && !(*unit == "m" && tail.starts_with("ms")))
                .ok_or_else(wrong)?;
            ms = number.checked_mul(length).and_then(|part| ms.checked_add(part)).ok_or_else(wrong)?;
            rest = tail.get(unit.len()..).unwrap_or("");
        }
        Ok(Self { ms })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hours, minutes, seconds, ms) = (self.ms / 3_600_000, self.ms / 60_000 % 60, self.ms / 1000 % 60, self.ms % 1000);
        let parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (ms, "ms")];
        let text: String = parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect();
        formatter.write_str(if text.is_empty() { "0s" } else { &text })
    }
}

/// "2026-03-02 14:00:00" on the wall clock of a time zone, as milliseconds since 1970.
///
/// # Errors
/// What would be right.
pub fn local_moment(text: &str, time_zone: &str) -> Result<u64, String> {
    let zone: chrono_tz::Tz =
        time_zone.parse().map_err(|_| format!("`{time_zone}` is no time zone; write its IANA name, such as America/New_York"))?;
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .map_err(|_| format!("`{text}` is no moment; write it like 2026-03-02 14:00:00"))?;
    let moment = zone
        .from_local_datetime(&local)
        .earliest()
        .ok_or_else(|| format!("{text} does not exist in {time_zone}: clocks were put forward"))?;
    u64::try_from(moment.timestamp_millis()).map_err(|_| format!("{text} is before 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_shown() {
        for (text, ms) in [("0s", 0), ("250ms", 250), ("8s", 8_000), ("1m30s", 90_000), ("1h", 3_600_000)] {
            let span = Span::parse(text).unwrap();
            assert_eq!(span.ms, ms);
            assert_eq!(span.to_string(), text);
        }
        for text in ["", "8", "s", "-1s", "1x", "1.5s", "99999999999999999999s"] {
            assert!(Span::parse(text).unwrap_err().contains("write it like"), "{text}");
        }
    }
}
