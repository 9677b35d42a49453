//! Text on its way into a log: telephone numbers and secrets are taken out of it.
//!
//! Secrets never get as far as this by any known way: their type has no text. This is the net below.

use std::hash::{BuildHasher, Hasher};
use std::net::Ipv4Addr;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// So many digits, with what people write between them, are taken for a telephone number. Fewer name nobody outside one PBX, and are
/// mostly something else: a status, a port, a time.
const FEWEST_DIGITS: usize = 7;
/// A word of letters and digits from this length on is taken for a secret, if it has small and capital letters, or from twice that length if
/// it has not: tokens are longer, a CRM's ids shorter.
const SECRET_LENGTH: usize = 20;
/// In place of a secret.
const SECRET: &str = "[secret]";
/// What stands after one of these names and "=" or ":" is a secret; so is what stands after `Bearer` and `Basic`.
const SECRET_NAMES: [&str; 11] =
    ["token", "secret", "password", "passwd", "authorization", "verifier", "assertion", "cookie", "apikey", "api_key", "api-key"];
/// The same after "=" alone: with ":" they are words of sentences.
const SECRET_FIELDS: [&str; 4] = ["code", "state", "sid", "session"];

/// Takes numbers and secrets out of texts. Hashes are keyed: without the key, which lives as long as the process, nobody can find out a
/// number by trying all that there are.
#[derive(Debug, Clone)]
pub struct Redactor {
    key: Option<[u8; 16]>,
}

impl Redactor {
    /// With this key.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        Self { key: Some(key) }
    }

    /// Without hashes: for a terminal, where nothing is to be found again.
    #[must_use]
    pub fn bare() -> Self {
        Self { key: None }
    }

    /// With a key that nobody knows.
    #[must_use]
    pub fn random() -> Self {
        let mut key = [0; 16];
        if getrandom::fill(&mut key).is_err() {
            // The standard library has a source of its own; a log is no reason to stop.
            let draw = || std::collections::hash_map::RandomState::new().build_hasher().finish();
            key = (u128::from(draw()) << 64 | u128::from(draw())).to_be_bytes();
        }
        Self::new(key)
    }

    /// A telephone number: its last three digits and a hash, which is the same for every spelling with the same digits. What has fewer than
    /// seven digits, such as an extension, stays.
    #[must_use]
    pub fn number(&self, number: &str) -> String {
        let digits: String = number.chars().filter_map(digit).collect();
        if digits.len() < FEWEST_DIGITS || is_masked(number) { number.to_owned() } else { self.masked(&digits) }
    }

    /// A work item's key: the host's own keys for look-ups end in the number.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        match key.rsplit_once(' ') {
            Some((before, number)) => format!("{before} {}", self.number(number)),
            None if key.chars().all(|sign| digit(sign).is_some() || "+-() ".contains(sign)) => self.number(key),
            None => key.to_owned(),
        }
    }

    /// Any text: all numbers in it, and what looks like a secret.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.without_numbers(&without_secrets(text))
    }

    fn masked(&self, digits: &str) -> String {
        let last: String = digits.chars().skip(digits.chars().count().saturating_sub(3)).collect();
        let hash = self.key.and_then(|key| <Hmac<Sha256> as Mac>::new_from_slice(&key).ok()).map(|mut hash| {
            hash.update(digits.as_bytes());
            hash.finalize().into_bytes().iter().take(3).map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        hash.map_or_else(|| format!("…{last}"), |hash| format!("…{last}~{hash}"))
    }

    fn without_numbers(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find(|sign: char| sign == '+' || digit(sign).is_some()) {
            let (before, from) = rest.split_at(begin);
            out.push_str(before);
            let (number, after) = from.split_at(number_length(from));
            let digits: String = number.chars().filter_map(digit).collect();
            if digits.len() < FEWEST_DIGITS || number.parse::<Ipv4Addr>().is_ok() {
                out.push_str(number);
            } else {
                out.push_str(&self.masked(&digits));
            }
            rest = after;
        }
        out + rest
    }
}

/// Is it what [`Redactor::number`] makes? Its hash may have digits too.
fn is_masked(text: &str) -> bool {
    let parts = text.strip_prefix('…').and_then(|rest| rest.split_once('~'));
    parts.is_some_and(|(last, hash)| last.len() == 3 && hash.len() == 6 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// How many bytes at the beginning are one number: digits, with up to two signs between them that people put there.
fn number_length(text: &str) -> usize {
    let (mut length, mut between) = (0, 0);
    for (at, sign) in text.char_indices() {
        if digit(sign).is_some() || at == 0 {
            (length, between) = (at + sign.len_utf8(), 0);
        } else if between < 3 && (sign.is_whitespace() || "-.()/_\u{2010}\u{2011}\u{2013}".contains(sign)) {
            between += 1;
        } else {
            break;
        }
    }
    length
}

/// Of any script: a fullwidth number is one too.
fn digit(sign: char) -> Option<char> {
    match sign {
        '0'..='9' => Some(sign),
        // Blocks of ten that begin with their zero.
        '\u{0660}'..='\u{0669}' => char::from_digit(u32::from(sign) - 0x0660, 10),
        '\u{06F0}'..='\u{06F9}' => char::from_digit(u32::from(sign) - 0x06F0, 10),
        '\u{0966}'..='\u{096F}' => char::from_digit(u32::from(sign) - 0x0966, 10),
        '\u{FF10}'..='\u{FF19}' => char::from_digit(u32::from(sign) - 0xFF10, 10),
        _ => None,
    }
}

fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // What the word before says of the next one.
    let mut named = false;
    let mut rest = text;
    while !rest.is_empty() {
        let word_length = rest.find(|sign| !of_a_word(sign)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_length);
        if !word.is_empty() {
            out.push_str(if (named && !is_scheme(word)) || looks_secret(word) { SECRET } else { word });
        }
        let gap_length = after.find(of_a_word).unwrap_or(after.len());
        let (gap, next) = after.split_at(gap_length);
        out.push_str(gap);
        named = announces(word, gap) || (named && is_scheme(word)) || (word.is_empty() && named);
        rest = next;
    }
    out
}

/// Signs that tokens are made of. No full stop and no slash: host names and paths stay readable, and parts of a token are long enough.
fn of_a_word(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "-_!~+%".contains(sign)
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "digest"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// `client_secret=`, `"access_token": "`, `Bearer `.
fn announces(word: &str, gap: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let sign = gap.trim_start_matches(['"', '\'']).trim_start();
    let ends_in = |names: &[&str]| names.iter().any(|name| lower.ends_with(name));
    is_scheme(word) || (sign.starts_with(['=', ':']) && ends_in(&SECRET_NAMES)) || (sign.starts_with('=') && ends_in(&SECRET_FIELDS))
}

fn looks_secret(word: &str) -> bool {
    let has = |test: fn(&char) -> bool| word.chars().any(|sign| test(&sign));
    let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    let length = if mixed { SECRET_LENGTH } else { 2 * SECRET_LENGTH };
    word.len() >= length && has(char::is_ascii_digit) && (mixed || has(char::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new([7; 16])
    }

    #[test]
    fn i7_a_number_in_any_spelling_becomes_its_last_three_digits_and_one_hash() {
        let wanted = redactor().number("15550100199");
        assert!(wanted.starts_with("…199~") && wanted.len() == "…199~".len() + 6, "{wanted}");
        for spelling in [
            "+15550100199",
            "1 555 010 0199",
            "+1 (555) 010-0199",
            "1.555.010.0199",
            "1/555/0100199",
            "1-5-5-5-0-1-0-0-1-9-9",
            "１５５５０１００１９９",
            "+1\u{a0}555\u{2011}0100199",
        ] {
            let text = redactor().text(&format!("caller <{spelling}>, again"));
            assert_eq!(text, format!("caller <{wanted}>, again"), "{spelling}");
        }
        for glued in ["tel:+15550100199", "x15550100199y", "%2B15550100199", "sip:15550100199@pbx.example"] {
            assert!(!redactor().text(glued).contains("0100"), "{glued}");
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        for plain in
            ["status 503", "127.0.0.1:8750", "192.168.100.200", "extension 1001", "took 60000 ms", "22:53:56", "+", "", "a + b", "5 of 9"]
        {
            assert_eq!(redactor().text(plain), plain);
        }
        assert_eq!(redactor().number("1001"), "1001");
    }

    #[test]
    fn hashes_differ_by_number_and_by_key() {
        let (one, other) = (redactor().number("+15550100199"), redactor().number("+15550101199"));
        assert_ne!(one, other);
        assert_ne!(one, Redactor::new([8; 16]).number("+15550100199"));
        assert_eq!(Redactor::bare().text("from +15550100199"), "from …199");
        assert_ne!(Redactor::random().number("+15550100199"), Redactor::random().number("+15550100199"));
    }

    #[test]
    fn a_key_keeps_its_call_and_loses_its_number() {
        let key = redactor().key("match 1795388000.17 15550100199");
        assert!(key.starts_with("match 1795388000.17 …199~"), "{key}");
        for key in [key.as_str(), "match call-1 …199~123456"] {
            assert_eq!(redactor().key(key), key, "twice is once");
        }
        assert!(!redactor().key("match call-1 …15550100199").contains("0100"));
        assert!(redactor().key("15550100199").starts_with("…199~"));
        let journal = "j-0123456789abcdef0123456789abcdef";
        assert_eq!(redactor().key(journal), journal);
    }

    #[test]
    fn i7_secrets_are_masked_by_their_names_and_by_their_looks() {
        for text in [
            "Authorization: Bearer canary",
            "authorization: Basic canary",
            "access_token=canary&next=1",
            r#"{"refresh_token": "canary"}"#,
            r#"{"client_secret":"canary","a":1}"#,
            "password = canary",
            "code=canary",
            "X-Api-Key: canary",
        ] {
            let masked = redactor().text(text);
            assert!(!masked.contains("canary") && masked.contains(SECRET), "{masked}");
        }
        for token in
            ["00D5g000004XyzAbC!AQEAQcanary0123456789abcdefghij", "eyJhbGciOiJSUzI1NiJ9eyJzdWIi", "5Aep861canaryTSESvWeug_xvFHRBTTbf"]
        {
            assert_eq!(redactor().text(&format!("said {token}.")), format!("said {SECRET}."));
        }
        for plain in [
            "the token was renewed",
            "code",
            "salesforce.field-hidden",
            "003Dn00000ABCDEFGH",
            "https://company.my.salesforce.com/services",
            "error code: none",
        ] {
            assert_eq!(redactor().text(plain), plain);
        }
    }
}
