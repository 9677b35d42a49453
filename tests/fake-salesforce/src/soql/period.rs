//! Date literals: `TODAY`, `LAST_N_DAYS:2`, `THIS_QUARTER`. Weeks begin on Sunday and days in UTC, as for a user of locale en_US in GMT.

use chrono::{Datelike, Days, Months, NaiveDate};

/// Lengths that literals count in. The fiscal year is the calendar's, as in an org that did not change it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// A day.
    Day,
    /// From Sunday to Saturday.
    Week,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

/// Days from one to another, told relative to today.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    unit: Unit,
    /// First unit, counted from the current one.
    from: i32,
    /// First unit behind it.
    until: i32,
}

/// The biggest n that Salesforce need ever be asked for; keeps every day within the calendar.
const MOST: i32 = 10_000;

impl Period {
    /// Reads a literal's name and its number; None: there is no such literal.
    #[must_use]
    pub fn read(name: &str, number: Option<i32>) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let (unit, from, until) = match (name.as_str(), number) {
            ("YESTERDAY", None) => (Unit::Day, -1, 0),
            ("TODAY", None) => (Unit::Day, 0, 1),
            ("TOMORROW", None) => (Unit::Day, 1, 2),
            ("LAST_90_DAYS", None) => (Unit::Day, -90, 1),
            ("NEXT_90_DAYS", None) => (Unit::Day, 1, 91),
            (_, None) => {
                let (which, unit) = name.split_once('_')?;
                let from = match which {
                    "LAST" => -1,
                    "THIS" => 0,
                    "NEXT" => 1,
                    _ => return None,
                };
                (unit_of(unit).filter(|unit| *unit != Unit::Day)?, from, from + 1)
            }
            (_, Some(n)) if !(1..=MOST).contains(&n) => return None,
            (_, Some(n)) => {
                if let Some(unit) = name.strip_prefix("LAST_N_") {
                    let unit = unit_of(unit.strip_suffix('S')?)?;
                    // Days alone count the current one in.
                    (unit, -n, i32::from(unit == Unit::Day))
                } else if let Some(unit) = name.strip_prefix("NEXT_N_") {
                    (unit_of(unit.strip_suffix('S')?)?, 1, n + 1)
                } else {
                    let unit = name.strip_prefix("N_")?.strip_suffix("S_AGO")?;
                    (unit_of(unit)?, -n, -n + 1)
                }
            }
        };
        Some(Self { unit, from, until })
    }

    /// Is this name one that wants a number?
    #[must_use]
    pub fn wants_number(name: &str) -> bool {
        Self::read(name, Some(1)).is_some()
    }

    /// First day, and the first day behind it.
    #[must_use]
    pub fn days(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        (self.start(today, self.from), self.start(today, self.until))
    }

    fn start(&self, today: NaiveDate, count: i32) -> NaiveDate {
        let first = match self.unit {
            Unit::Day => Some(today),
            Unit::Week => today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_sunday()))),
            Unit::Month => today.with_day(1),
            Unit::Quarter => today.with_day(1).and_then(|day| day.with_month(today.month0() / 3 * 3 + 1)),
            Unit::Year => NaiveDate::from_ymd_opt(today.year(), 1, 1),
        };
        let steps = count.unsigned_abs();
        let moved = first.and_then(|first| match self.unit {
            Unit::Day | Unit::Week => {
                let days = Days::new(u64::from(steps) * if self.unit == Unit::Week { 7 } else { 1 });
                if count < 0 { first.checked_sub_days(days) } else { first.checked_add_days(days) }
            }
            Unit::Month | Unit::Quarter | Unit::Year => {
                let months = Months::new(
                    steps
                        * match self.unit {
                            Unit::Quarter => 3,
                            Unit::Year => 12,
                            _ => 1,
                        },
                );
                if count < 0 { first.checked_sub_months(months) } else { first.checked_add_months(months) }
            }
        });
        moved.unwrap_or(today)
    }
}

fn unit_of(name: &str) -> Option<Unit> {
    Some(match name {
        "DAY" => Unit::Day,
        "WEEK" => Unit::Week,
        "MONTH" => Unit::Month,
        "QUARTER" | "FISCAL_QUARTER" => Unit::Quarter,
        "YEAR" | "FISCAL_YEAR" => Unit::Year,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Period;

    #[test]
    fn literals_mean_the_days_that_the_reference_tells() {
        // 22 November 2026 is a Sunday.
        let today = "2026-11-22".parse().unwrap();
        for (name, number, first, behind) in [
            ("TODAY", None, "2026-11-22", "2026-11-23"),
            ("yesterday", None, "2026-11-21", "2026-11-22"),
            ("LAST_WEEK", None, "2026-11-15", "2026-11-22"),
            ("THIS_WEEK", None, "2026-11-22", "2026-11-29"),
            ("LAST_MONTH", None, "2026-10-01", "2026-11-01"),
            ("NEXT_MONTH", None, "2026-12-01", "2027-01-01"),
            ("THIS_QUARTER", None, "2026-10-01", "2027-01-01"),
            ("LAST_YEAR", None, "2025-01-01", "2026-01-01"),
            ("LAST_N_DAYS", Some(2), "2026-11-20", "2026-11-23"),
            ("NEXT_N_DAYS", Some(2), "2026-11-23", "2026-11-25"),
            ("N_DAYS_AGO", Some(3), "2026-11-19", "2026-11-20"),
            ("LAST_N_MONTHS", Some(2), "2026-09-01", "2026-11-01"),
            ("LAST_90_DAYS", None, "2026-08-24", "2026-11-23"),
        ] {
            let period = Period::read(name, number).unwrap();
            assert_eq!(period.days(today), (first.parse().unwrap(), behind.parse().unwrap()), "{name}");
        }
        for (name, number) in [("LAST_DAY", None), ("TODAY", Some(1)), ("LAST_N_DAYS", None), ("LAST_N_DAYS", Some(-1)), ("ONCE", None)] {
            assert!(Period::read(name, number).is_none(), "{name}");
        }
    }
}
