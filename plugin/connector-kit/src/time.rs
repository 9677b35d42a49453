//! Times as text. The only calendar is the Gregorian one, in UTC and without leap seconds, as in the contract.

use crate::base_types::Moment;

const DAY: i64 = 86_400_000;

/// A time of RFC 3339, such as "2026-01-05T10:00:00.250+08:00". None: it is none, or before 1970. Digits below a millisecond are dropped.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Moment> {
    let (date, time) = text.split_at_checked(10)?;
    let mut date = date.split('-');
    let days = days(number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?)?;
    if date.next().is_some() {
        return None;
    }
    let time = time.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = time.split_at_checked(8)?;
    let of_day = of_day(clock)?;
    let (thousandths, zone) = fraction(rest)?;
    let millis = days.checked_mul(DAY)?.checked_add(of_day)?.checked_add(thousandths)?.checked_sub(offset(zone)?)?;
    Moment::try_from(millis).ok()
}

/// A date as HTTP headers have it, such as "Mon, 05 Jan 2026 10:00:00 GMT". None: it is none, or before 1970.
#[must_use]
pub fn parse_http_date(text: &str) -> Option<Moment> {
    let mut words = text.split(", ").nth(1)?.split(' ');
    let day = number(words.next()?, 2)?;
    let month = words.next()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = (1..).zip(months).find(|(_, name)| *name == month)?.0;
    let days = days(number(words.next()?, 4)?, month, day)?;
    let of_day = of_day(words.next()?)?;
    let in_gmt = words.next() == Some("GMT") && words.next().is_none();
    if !in_gmt {
        return None;
    }
    Moment::try_from(days.checked_mul(DAY)?.checked_add(of_day)?).ok()
}

/// The moment in RFC 3339 with milliseconds, as a wall clock so many minutes ahead of UTC shows it. What the format cannot hold is bent: a time
/// after the year 9999 is its last moment, and with an offset of a day or more the time is shown in UTC.
#[must_use]
pub fn rfc3339(moment: Moment, offset_minutes: i16) -> String {
    const LAST: i64 = 253_402_300_799_999;
    let offset = if offset_minutes.unsigned_abs() < 24 * 60 { i64::from(offset_minutes) } else { 0 };
    let utc = i64::try_from(moment).unwrap_or(LAST).min(LAST);
    let shown = utc.saturating_add(offset * 60_000);
    // Near both ends of the range the offset would leave it.
    let (shown, offset) = if (0..=LAST).contains(&shown) { (shown, offset) } else { (utc, 0) };
    let (year, month, day) = date(shown.div_euclid(DAY));
    let of_day = shown.rem_euclid(DAY);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, thousandth) = (of_day / 1_000 % 60, of_day % 1_000);
    let zone = if offset == 0 {
        "Z".to_owned()
    } else {
        let sign = if offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandth:03}{zone}")
}

/// Exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let sound = text.len() == digits && text.bytes().all(|sign| sign.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}

/// "10:20:30" in milliseconds; a leap second is the one before it.
fn of_day(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = number(parts.next()?, 2)?;
    let sound = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    sound.then(|| (hour * 3_600 + minute * 60 + second.min(59)) * 1_000)
}

/// ".25Z" as 250 and "Z".
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = digits.find(|sign: char| !sign.is_ascii_digit())?;
    let (digits, zone) = digits.split_at_checked(end)?;
    if digits.is_empty() {
        return None;
    }
    let three: String = digits.chars().chain("00".chars()).take(3).collect();
    Some((number(&three, 3)?, zone))
}

/// "Z" or "+08:00" in milliseconds.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then(|| sign * (hours * 60 + minutes) * 60_000)
}

/// Days since 1970-01-01 of a date that exists. Years are counted from March, so that the leap day is the last of its year; 400 of them
/// have 146,097 days, and 1970-01-01 is day 719,468 from 0000-03-01.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day counted from 1970-01-01; the reverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rfc3339() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_rfc3339("2026-01-05T10:00:00.250+08:00"), Some(1_767_578_400_250));
        assert_eq!(parse_rfc3339("2026-01-05T10:00:00.2509999-00:30"), Some(1_767_609_000_250));
        assert_eq!(parse_rfc3339("2024-02-29t23:59:60z"), Some(1_709_251_199_000));
        for bad in [
            "",
            "2026-01-05",
            "2026-01-05T10:00:00",
            "2026-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T10:00:00.Z",
            "2026-01-05T10:00:00+8:00",
            "1969-12-31T23:59:59Z",
            "２０２６-01-05T10:00:00Z",
            "+026-01-05T10:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_http_dates() {
        assert_eq!(parse_http_date("Thu, 01 Jan 1970 00:00:10 GMT"), Some(10_000));
        assert_eq!(parse_http_date("Mon, 05 Jan 2026 02:00:00 GMT"), Some(1_767_578_400_000));
        for bad in ["", "soon", "Mon, 05 Jan 2026 02:00:00 CET", "Mon, 5 Jan 2026 02:00:00 GMT", "05 Jan 2026 02:00:00 GMT"] {
            assert_eq!(parse_http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        assert_eq!(rfc3339(1_767_578_400_250, 480), "2026-01-05T10:00:00.250+08:00");
        assert_eq!(rfc3339(1_709_251_199_000, -210), "2024-02-29T20:29:59.000-03:30");
        assert_eq!(rfc3339(0, -60), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(u64::MAX, 840), "9999-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(0, i16::MIN), "1970-01-01T00:00:00.000Z");
        for moment in (0..4_000_000_000_000).step_by(97_777_777_777) {
            assert_eq!(parse_rfc3339(&rfc3339(moment, 330)), Some(moment));
        }
    }
}
