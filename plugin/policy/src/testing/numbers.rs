//! Numbers and clocks, simple enough for tests: the host's own are better.

use crate::contract::pbx::base::types::{Number, NumberKind};
use crate::contract::pbx::hooks::host::WallClock;
use crate::contract::pbx::hooks::numbers::Sameness;

/// An outside number as received. Without a leading + it is a local one.
pub fn number(raw: &str) -> Number {
    let digits = digits(raw);
    let international = raw.starts_with('+');
    Number {
        raw: raw.to_owned(),
        kind: NumberKind::External,
        e164: international.then(|| format!("+{digits}")),
        country: international.then(|| "US".to_owned()),
        forms: vec![digits],
        local_only: !international,
        extras: vec![],
    }
}

/// A number of another kind.
pub fn of_kind(raw: &str, kind: NumberKind) -> Number {
    Number { raw: raw.to_owned(), kind, e164: None, country: None, forms: vec![], local_only: false, extras: vec![] }
}

/// Exact if all digits agree; else by the last seven or more.
pub fn sameness(number: &Number, stored: &str) -> Sameness {
    let stored = digits(stored);
    if stored.is_empty() || number.forms.is_empty() {
        return Sameness::No;
    }
    if number.forms.contains(&stored) {
        return Sameness::Exact;
    }
    let common = |form: &String| form.bytes().rev().zip(stored.bytes().rev()).take_while(|(a, b)| a == b).count();
    match number.forms.iter().map(common).max() {
        Some(digits @ 7..) => Sameness::Last(u8::try_from(digits.min(14)).unwrap_or(14)),
        _ => Sameness::No,
    }
}

/// A moment at a fixed distance from UTC.
pub fn wall_clock(at: u64, utc_offset_minutes: i16) -> WallClock {
    let seconds = i64::try_from(at / 1000).unwrap_or(i64::MAX / 2) + i64::from(utc_offset_minutes) * 60;
    let (mut days, in_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let leap = |year: u16| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let small = |value: i64| u8::try_from(value).unwrap_or_default();
    WallClock {
        year,
        month,
        day: small(days + 1),
        hour: small(in_day / 3600),
        minute: small(in_day / 60 % 60),
        second: small(in_day % 60),
        utc_offset_minutes,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
