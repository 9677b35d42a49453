//! Phone numbers of ranges that are kept free for fiction (NANPA 555-01xx, Ofcom's, the Bundesnetzagentur's, ARCEP's and ACMA's lists for
//! drama), typed as people type.

use super::Dice;

/// Whose numbering plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Country {
    America,
    Britain,
    Germany,
    France,
    Australia,
}

/// A number in its parts, all of them digits.
struct Parts {
    country: &'static str,
    trunk: &'static str,
    /// The first is the area.
    groups: [String; 3],
}

/// Area, the group after it, digits of the last group that are fixed, and how many are free.
type Range = (&'static str, &'static str, &'static str, u32);

const BRITAIN: &[Range] = &[
    ("20", "7946", "0", 3),
    ("1632", "960", "", 3),
    ("113", "496", "0", 3),
    ("114", "496", "0", 3),
    ("115", "496", "0", 3),
    ("116", "496", "0", 3),
    ("117", "496", "0", 3),
    ("118", "496", "0", 3),
    ("121", "496", "0", 3),
    ("131", "496", "0", 3),
    ("141", "496", "0", 3),
    ("151", "496", "0", 3),
    ("161", "496", "0", 3),
    ("191", "498", "0", 3),
    ("28", "9649", "6", 3),
    ("29", "2018", "0", 3),
    ("7700", "900", "", 3),
];
const GERMANY: &[Range] =
    &[("30", "23125", "", 3), ("69", "90009", "", 3), ("40", "66969", "", 3), ("221", "4710", "", 3), ("89", "99998", "", 3)];
const FRANCE: &[Range] =
    &[("1", "9900", "", 4), ("2", "6191", "", 4), ("3", "5301", "", 4), ("4", "6571", "", 4), ("5", "3649", "", 4), ("6", "3998", "", 4)];
const AUSTRALIA: &[Range] = &[
    ("2", "5550", "", 4),
    ("3", "5550", "", 4),
    ("7", "5550", "", 4),
    ("8", "5550", "", 4),
    ("2", "7010", "", 4),
    ("3", "7010", "", 4),
    ("7", "7010", "", 4),
    ("8", "7010", "", 4),
];

impl Country {
    /// More than half of all are American, as most published examples are.
    pub fn any(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..60 => Self::America,
            60..72 => Self::Britain,
            72..76 => Self::Germany,
            76..88 => Self::France,
            _ => Self::Australia,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::America => "United States",
            Self::Britain => "United Kingdom",
            Self::Germany => "Germany",
            Self::France => "France",
            Self::Australia => "Australia",
        }
    }

    fn place(self) -> usize {
        match self {
            Self::America => 0,
            Self::Britain => 1,
            Self::Germany => 2,
            Self::France => 3,
            Self::Australia => 4,
        }
    }

    /// Country code, trunk prefix, ranges.
    fn plan(self) -> (&'static str, &'static str, &'static [Range]) {
        match self {
            Self::America => ("1", "", &[]),
            Self::Britain => ("44", "0", BRITAIN),
            Self::Germany => ("49", "0", GERMANY),
            Self::France => ("33", "0", FRANCE),
            Self::Australia => ("61", "0", AUSTRALIA),
        }
    }

    /// How many different numbers there are.
    fn count(self) -> u64 {
        match self {
            // Area codes 200 to 999 without those that end in 11.
            Self::America => 792 * 100,
            _ => self.plan().2.iter().map(|range| 10_u64.pow(range.3)).sum(),
        }
    }

    fn parts(self, mut at: u64) -> Parts {
        let (country, trunk, ranges) = self.plan();
        for (area, middle, start, free) in ranges {
            let size = 10_u64.pow(*free);
            if at < size {
                let width = usize::try_from(*free).unwrap_or_default();
                return Parts { country, trunk, groups: [(*area).to_owned(), (*middle).to_owned(), format!("{start}{at:0width$}")] };
            }
            at -= size;
        }
        let (hundred, rest) = (at / 100 / 99, at / 100 % 99);
        let area = 200 + hundred * 100 + rest + u64::from(rest >= 11);
        Parts { country: "1", trunk: "", groups: [area.to_string(), "555".to_owned(), format!("01{:02}", at % 100)] }
    }
}

/// Hands out numbers, each once until a country's are used up.
pub(super) struct Numbers {
    next: [u64; 5],
}

impl Numbers {
    pub fn new(start: u64) -> Self {
        Self { next: [start >> 16; 5] }
    }

    /// The country's next number, typed in some way.
    pub fn next(&mut self, country: Country, dice: &mut Dice) -> String {
        let Some(next) = self.next.get_mut(country.place()) else { return String::new() };
        *next = next.wrapping_add(1);
        // A stride without a divisor in common with any of the counts goes through all of them before it comes back.
        let at = (*next % country.count()).wrapping_mul(7_919) % country.count();
        typed(&country.parts(at), dice)
    }
}

fn typed(parts: &Parts, dice: &mut Dice) -> String {
    let Parts { country, trunk, groups: [area, middle, last] } = parts;
    let american = trunk.is_empty();
    let extension = 10 + dice.below(90);
    match dice.below(14) {
        0 | 1 => format!("+{country}{area}{middle}{last}"),
        2 => format!("+{country} {area} {middle} {last}"),
        3 | 4 if american => format!("({area}) {middle}-{last}"),
        3 | 4 => format!("({trunk}{area}) {middle} {last}"),
        5 => format!("{trunk}{area}.{middle}.{last}"),
        6 => format!("{trunk}{area}-{middle}-{last}"),
        7 => format!("{trunk}{area}{middle}{last}"),
        8 if american => format!("+{country} ({area}) {middle}-{last}"),
        8 => format!("+{country} ({trunk}){area} {middle} {last}"),
        9 => format!("00{country} {area} {middle}{last}"),
        10 if american => format!("({area}) {middle}-{last} x{extension}"),
        10 => format!("{trunk}{area} {middle} {last} x{extension}"),
        11 => format!("{country}{area}{middle}{last}"),
        12 => format!("+{country} {area} {middle} {last} ext. {extension}"),
        _ if american => format!("{country}-{area}-{middle}-{last}"),
        _ => format!("{trunk}{area}/{middle}-{last}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use std::collections::HashSet;

    use super::Country;

    #[test]
    fn each_country_has_as_many_different_numbers_as_it_counts() {
        for country in [Country::America, Country::Britain, Country::Germany, Country::France, Country::Australia] {
            let all: HashSet<String> = (0..country.count()).map(|at| country.parts(at).groups.concat()).collect();
            assert_eq!(all.len() as u64, country.count(), "{country:?}");
            assert!(!country.count().is_multiple_of(7_919), "{country:?}");
        }
    }

    #[test]
    fn american_areas_are_no_service_codes() {
        for at in (0..Country::America.count()).step_by(100) {
            let area = &Country::America.parts(at).groups[0];
            assert!(area.len() == 3 && area.as_str() >= "200" && !area.ends_with("11"), "{area}");
        }
    }
}
