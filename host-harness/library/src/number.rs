//! Telephone numbers: parsed once, here, with the PBX's country, extensions and emergency numbers.
//!
//! *Possible* (a length that the country has), not *valid*, is the test: fictional and freshly allotted numbers count.

use std::collections::BTreeSet;

use phonenumber::country;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};

use crate::bindings::base::types::{Number, NumberKind};
use crate::bindings::hooks::numbers::Sameness;

/// Fewest agreeing final digits that count as the same number, by default; the administrator may ask for more.
pub const LAST_DIGITS: u8 = 7;

/// Longest text that is looked at as a number, in bytes. The longest legal one (an E.164 number with an extension, spelled out) has 40.
const LONGEST: usize = 64;

/// Most spellings without area code that are asked for; each makes a look-up longer.
const LOCAL_FORMS: usize = 2;

/// How numbers are read on this PBX.
#[derive(Debug, Clone)]
pub struct DialPlan {
    country: Option<country::Id>,
    extensions: BTreeSet<String>,
    emergency: BTreeSet<String>,
    last_digits: u8,
}

/// A dial plan could not be made.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no country: give its ISO 3166-1 code of two capital letters, such as US or CN")]
pub struct UnknownCountry(pub String);

impl DialPlan {
    /// `country` as ISO 3166-1 alpha-2; `extensions` of this PBX.
    ///
    /// # Errors
    /// The country is unknown.
    pub fn new(country: &str, extensions: impl IntoIterator<Item = String>) -> Result<Self, UnknownCountry> {
        let id: country::Id = country.parse().map_err(|_| UnknownCountry(country.to_owned()))?;
        Ok(Self {
            country: Some(id),
            extensions: extensions.into_iter().collect(),
            emergency: emergency_numbers(country).iter().map(|number| (*number).to_owned()).collect(),
            last_digits: LAST_DIGITS,
        })
    }

    /// Emergency numbers beside those that the country's law names.
    #[must_use]
    pub fn with_emergency(mut self, numbers: impl IntoIterator<Item = String>) -> Self {
        self.emergency.extend(numbers);
        self
    }

    /// Fewest agreeing final digits that count as the same number, 7 to 14; others are brought into that range.
    #[must_use]
    pub fn with_last_digits(mut self, digits: u8) -> Self {
        self.last_digits = digits.clamp(LAST_DIGITS, 14);
        self
    }

    /// Reads what the network sent, what somebody typed or stored.
    #[must_use]
    pub fn parse(&self, raw: &str) -> Number {
        let kept = cut(raw, LONGEST);
        let mut number = Number {
            raw: cut(raw, crate::limits::TEXT_BYTES).to_owned(),
            kind: NumberKind::Impossible,
            e164: None,
            country: None,
            forms: Vec::new(),
            local_only: false,
            extras: Vec::new(),
        };
        let dialled = plain_digits(kept);
        if is_withheld(kept) {
            number.kind = NumberKind::Withheld;
        } else if self.extensions.contains(kept.trim()) {
            number.kind = NumberKind::Extension;
        } else if self.emergency.contains(&dialled) {
            number.kind = NumberKind::Emergency;
        } else if kept.contains(['*', '#']) {
            number.kind = NumberKind::Service;
        } else if raw.len() <= LONGEST && is_spelled_like_a_number(kept) {
            if let Some(parsed) = self.parse_external(kept) {
                number.kind = NumberKind::External;
                number.e164 = parsed.e164;
                number.country = parsed.country;
                number.forms = parsed.forms;
                number.local_only = parsed.local_only;
            } else if (1..=6).contains(&dialled.len()) && !kept.contains('+') {
                number.kind = NumberKind::Service;
            }
        }
        number
    }

    /// Compares a number with a text as somebody stored it.
    #[must_use]
    pub fn same(&self, number: &Number, stored: &str) -> Sameness {
        if !matches!(number.kind, NumberKind::External) || stored.len() > LONGEST {
            return Sameness::No;
        }
        let stored = self.parse(without_extension(stored));
        if !matches!(stored.kind, NumberKind::External) {
            return Sameness::No;
        }
        match (&number.e164, &stored.e164) {
            (Some(one), Some(other)) if one == other => return Sameness::Exact,
            (Some(_), Some(_)) => return Sameness::No,
            _ => {}
        }
        // At least one of the two lacks its area code: what both have must agree to the last digit.
        let (one, other) = (national(number), national(&stored));
        let (longer, shorter) = if one.len() >= other.len() { (one, other) } else { (other, one) };
        let digits = u8::try_from(shorter.len()).unwrap_or(u8::MAX);
        if digits < self.last_digits || !longer.ends_with(shorter) {
            return Sameness::No;
        }
        if longer == shorter { Sameness::Exact } else { Sameness::Last(digits) }
    }

    fn parse_external(&self, text: &str) -> Option<External> {
        self.parse_spelled(text).or_else(|| {
            // "00" is the exit code of most of the world; people write it where another one is in force, too.
            let digits = plain_digits(text);
            let rest = digits.strip_prefix("00").filter(|rest| !rest.starts_with('0') && !text.contains('+'))?;
            self.parse_spelled(&format!("+{rest}"))
        })
    }

    fn parse_spelled(&self, text: &str) -> Option<External> {
        let text: String = text.chars().map(|character| ascii_digit(character).unwrap_or(character)).collect();
        let parsed = phonenumber::parse(self.country, &text).ok()?;
        let international = text.trim_start().starts_with('+') || !matches!(parsed.code().source(), country::Source::Default);
        let metadata = self.metadata_of(&parsed)?;
        let national = national_digits(&parsed);
        let length = u16::try_from(national.len()).ok()?;
        let code = parsed.code().value().to_string();
        if has_length(metadata, Descriptor::possible_length, length) {
            let e164 = format!("+{code}{national}");
            return Some(External {
                forms: self.forms(&code, &national, metadata),
                e164: Some(e164),
                country: Some(metadata.id().to_owned()).filter(|id| id.len() == 2),
                local_only: false,
            });
        }
        if !international && has_length(metadata, Descriptor::possible_local_length, length) && length >= u16::from(LAST_DIGITS) {
            return Some(External { e164: None, country: Some(metadata.id().to_owned()), forms: vec![national], local_only: true });
        }
        None
    }

    /// Of the countries that share a calling code: the PBX's own if it is one of them, else the one that the number fits, else the main one.
    fn metadata_of(&self, parsed: &phonenumber::PhoneNumber) -> Option<&'static Metadata> {
        let code = parsed.code().value();
        if let Some(found) = parsed.country().id().and_then(|id| DATABASE.by_id(id.as_ref())) {
            return Some(found);
        }
        let sharing = DATABASE.by_code(&code)?;
        let own = self.country.and_then(|id| sharing.iter().find(|one| one.id() == id.as_ref()).copied());
        own.or_else(|| sharing.iter().find(|one| one.is_main_country_for_code()).copied()).or_else(|| sharing.first().copied())
    }

    /// The spellings under which somebody may have stored the number, the most telling first.
    fn forms(&self, code: &str, national: &str, metadata: &Metadata) -> Vec<String> {
        let mut forms = vec![format!("{code}{national}"), national.to_owned()];
        if let Some(trunk) = metadata.national_prefix().filter(|prefix| prefix.chars().all(|c| c.is_ascii_digit())) {
            forms.push(format!("{trunk}{national}"));
        }
        let own = self.country.and_then(|id| DATABASE.by_id(id.as_ref()));
        if metadata.national_prefix() == Some("0") {
            // "+44 (0)20 ...": written by people who mean well.
            forms.push(format!("{code}0{national}"));
        }
        forms.push(format!("{}{code}{national}", own.map_or_else(|| "00".to_owned(), international_prefix)));
        forms.push(format!("00{code}{national}"));
        if own.is_some_and(|own| own.id() == metadata.id()) {
            forms.extend(local_forms(national, metadata));
        }
        let mut seen = BTreeSet::new();
        forms.retain(|form| seen.insert(form.clone()));
        forms
    }
}

/// How neighbours write the number: without its area code, in the lengths that the country's fixed lines have there.
fn local_forms(national: &str, metadata: &Metadata) -> Vec<String> {
    let Some(fixed) = metadata.descriptors().fixed_line() else { return Vec::new() };
    if !fixed.possible_length().iter().any(|length| usize::from(*length) == national.len()) {
        return Vec::new();
    }
    let lengths = fixed.possible_local_length().iter().rev().map(|length| usize::from(*length));
    lengths
        .filter(|length| *length >= usize::from(LAST_DIGITS) && *length < national.len())
        .take(LOCAL_FORMS)
        .filter_map(|length| national.get(national.len() - length..).map(str::to_owned))
        .collect()
}

struct External {
    e164: Option<String>,
    country: Option<String>,
    forms: Vec<String>,
    local_only: bool,
}

/// Has any kind of number of the country that length? (The database's general description has none.)
fn has_length(metadata: &Metadata, lengths: impl Fn(&Descriptor) -> &[u16], length: u16) -> bool {
    let kinds = metadata.descriptors();
    [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ]
    .into_iter()
    .flatten()
    .any(|kind| lengths(kind).contains(&length))
}

/// What is dialled for an international call from a country, where it is one plain string of digits.
fn international_prefix(metadata: &Metadata) -> String {
    metadata
        .preferred_international_prefix()
        .map(str::to_owned)
        .or_else(|| metadata.international_prefix().map(|pattern| pattern.as_str().to_owned()))
        .filter(|prefix| !prefix.is_empty() && prefix.chars().all(|c| c.is_ascii_digit()))
        .unwrap_or_else(|| "00".to_owned())
}

fn national_digits(parsed: &phonenumber::PhoneNumber) -> String {
    let national = parsed.national();
    format!("{}{}", "0".repeat(usize::from(national.zeros())), national.value())
}

/// All digits without country and trunk prefixes: the second of the forms, or the only one of a number without area code.
fn national(number: &Number) -> &str {
    number.forms.get(1).or(number.forms.first()).map_or("", String::as_str)
}

/// Digits of any script as ASCII; separators dropped.
fn plain_digits(text: &str) -> String {
    text.chars().filter_map(ascii_digit).collect()
}

/// ASCII, full-width, Arabic-Indic and extended Arabic-Indic digits, which phones and spreadsheets of their users produce.
fn ascii_digit(character: char) -> Option<char> {
    let code = u32::from(character);
    let zero = match code {
        0x30..=0x39 => 0x30,
        0xFF10..=0xFF19 => 0xFF10,
        0x0660..=0x0669 => 0x0660,
        0x06F0..=0x06F9 => 0x06F0,
        _ => return None,
    };
    char::from_digit(code - zero, 10)
}

/// Digits, a plus, separators, and an extension behind "x" or "ext."; anything else is not a number that a telephone can have sent.
fn is_spelled_like_a_number(text: &str) -> bool {
    let body = without_extension(text);
    body.chars().any(|c| ascii_digit(c).is_some())
        && body
            .chars()
            .all(|c| ascii_digit(c).is_some() || matches!(c, '+' | '-' | '.' | '(' | ')' | '/' | ' ' | '\u{a0}' | '\u{2010}'..='\u{2015}'))
}

/// Cuts an extension ("x12", "ext. 12", ";ext=12") off a stored number.
fn without_extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    ["ext", "x", ";"].iter().filter_map(|mark| lower.find(mark)).min().and_then(|at| text.get(..at)).unwrap_or(text).trim_end()
}

/// Words that networks and PBXs put in place of a number that the caller hid.
fn is_withheld(text: &str) -> bool {
    let word = text.trim().to_ascii_lowercase();
    matches!(word.as_str(), "" | "anonymous" | "restricted" | "private" | "withheld" | "unavailable" | "unknown" | "asserted" | "<unknown>")
}

/// Emergency numbers: 112 by ETSI TS 122 101 on every mobile network, and the national ones of the countries where most of these PBXs stand.
fn emergency_numbers(country: &str) -> &'static [&'static str] {
    match country {
        "US" | "CA" | "MX" | "PH" => &["112", "911"],
        "GB" | "IE" | "HK" | "SG" | "MY" => &["112", "999"],
        "CN" => &["112", "110", "119", "120", "122"],
        "TW" => &["112", "110", "119"],
        "JP" => &["110", "118", "119"],
        "AU" => &["112", "000"],
        "NZ" => &["112", "111"],
        "DE" => &["112", "110"],
        "FR" => &["112", "15", "17", "18"],
        "AT" => &["112", "122", "133", "144"],
        "CH" => &["112", "117", "118", "144"],
        "IN" => &["112", "100", "101", "102"],
        "BR" => &["112", "190", "192", "193"],
        "ZA" => &["112", "10111", "10177"],
        _ => &["112", "911", "999"],
    }
}

/// At most `bytes` of a text, cut at a character boundary.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> DialPlan {
        DialPlan::new("US", ["1001".to_owned()]).unwrap()
    }

    #[test]
    fn kinds_of_numbers() {
        let plan = plan();
        for (raw, kind) in [
            ("+15550100199", "External"),
            ("+1 (555) 010-0199", "External"),
            ("+1 (555) 010-0199 ext. 12", "External"),
            ("0015550100199", "External"),
            ("00", "Service"),
            ("01115550100199", "External"),
            ("5503301", "External"),
            ("\u{ff15}\u{ff15}\u{ff15}0100199", "External"),
            ("+442079460018", "External"),
            ("1001", "Extension"),
            ("", "Withheld"),
            ("anonymous", "Withheld"),
            ("911", "Emergency"),
            ("*72900", "Service"),
            ("12345", "Service"),
            ("+", "Impossible"),
            ("+0", "Impossible"),
            ("1".repeat(32).as_str(), "Impossible"),
            ("1".repeat(10_000).as_str(), "Impossible"),
            ("sip:a@b", "Impossible"),
            ("100;rm -rf /", "Service"),
            ("5550100199' OR Name LIKE '%", "Impossible"),
            ("+1\u{200b}5550100199", "Impossible"),
        ] {
            let parsed = plan.parse(raw);
            let got = format!("{:?}", parsed.kind);
            assert!(got.contains(kind), "{raw:?} is {got}, not {kind}");
            assert_eq!(parsed.forms.is_empty(), kind != "External", "{raw:?} has forms {:?}", parsed.forms);
        }
    }

    #[test]
    fn a_number_has_the_forms_under_which_people_store_it() {
        let number = plan().parse("+1 555 010 0199");
        assert_eq!(number.e164.as_deref(), Some("+15550100199"));
        assert_eq!(number.forms, ["15550100199", "5550100199", "01115550100199", "0015550100199", "0100199"]);
        let local = plan().parse("550-3301");
        assert!(local.local_only && local.e164.is_none());
        assert_eq!(local.forms, ["5503301"]);
        let british = DialPlan::new("GB", []).unwrap().parse("020 7946 0018");
        assert_eq!(british.forms, ["442079460018", "2079460018", "02079460018", "4402079460018", "00442079460018", "79460018", "9460018"]);
        let abroad = DialPlan::new("DE", []).unwrap().parse("+442079460018");
        assert!(abroad.forms.iter().all(|form| form.len() >= 10), "nobody there leaves out a foreign area code: {:?}", abroad.forms);
    }

    #[test]
    fn m_new_8_the_same_number_in_other_spellings_is_the_same() {
        let plan = plan();
        let caller = plan.parse("+15550100199");
        for stored in ["5550100199", "(555) 010-0199", "1-555-010-0199", "555.010.0199 x12", "+1 555 010 0199", "011 1 555 010 0199"] {
            assert!(matches!(plan.same(&caller, stored), Sameness::Exact), "{stored}");
        }
        assert!(matches!(plan.same(&caller, "010-0199"), Sameness::Last(7)));
        for stored in ["+445550100199", "5550100198", "0199", "", "x", "12-0100199", "+15560100199"] {
            assert!(matches!(plan.same(&caller, stored), Sameness::No), "{stored}");
        }
    }
}
