//! Record ids: 15 characters that tell upper from lower case, or 18 with a checksum that makes case not matter.

use std::fmt;

/// A record id. Compared by its 15 characters; shown with all 18.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Id([u8; 15]);

/// Digits of a key: base 62 in ASCII order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of the checksum.
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
/// What stands between prefix and key: the instance.
const POD: &[u8; 3] = b"dM0";

impl Id {
    /// The `serial`-th id of the objects whose ids begin with `prefix` (three characters, such as "003").
    #[must_use]
    pub fn new(prefix: &str, serial: u64) -> Self {
        let mut characters = *b"000000000000000";
        for (place, character) in characters.iter_mut().zip(prefix.bytes().chain(POD.iter().copied())) {
            *place = character;
        }
        let mut left = serial;
        for place in characters.iter_mut().skip(6).rev() {
            *place = digit(left % 62);
            left /= 62;
        }
        Self(characters)
    }

    /// Reads 15 characters, or 18 whose checksum is right. Case matters in the first 15.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|character| character.is_ascii_alphanumeric()) {
            return None;
        }
        let id = Self(text.as_bytes().get(..15)?.try_into().ok()?);
        match text.len() {
            15 => Some(id),
            18 => (text.as_bytes().get(15..)?.eq_ignore_ascii_case(&id.checksum())).then_some(id),
            _ => None,
        }
    }

    /// The three characters that tell the object.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.short().get(..3).unwrap_or_default()
    }

    /// The 15 characters.
    #[must_use]
    pub fn short(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// One character for each five: which of them are upper case.
    fn checksum(&self) -> [u8; 3] {
        let mut check = [0; 3];
        for (place, five) in check.iter_mut().zip(self.0.chunks(5)) {
            let bits = five.iter().rev().fold(0_usize, |bits, character| bits << 1 | usize::from(character.is_ascii_uppercase()));
            *place = CHECK.get(bits).copied().unwrap_or(b'A');
        }
        check
    }
}

fn digit(of: u64) -> u8 {
    usize::try_from(of).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or(b'0')
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.short(), std::str::from_utf8(&self.checksum()).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Id({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use super::Id;

    #[test]
    fn the_checksum_is_that_of_real_ids() {
        // Ids of Salesforce's own documents and of recorded answers.
        for id in ["003dM00001wBXYDQA4", "003xx000004TxyYAAS", "0038M0000016Wv8QAE", "0015c00002Lz9mUAAR"] {
            assert_eq!(Id::parse(&id[..15]).map(|id| id.to_string()).as_deref(), Some(id));
            assert!(Id::parse(id).is_some());
        }
        assert!(Id::parse("003dM00001wBXYDQA5").is_none());
    }

    #[test]
    fn ids_count_up_in_base_62() {
        assert_eq!(Id::new("003", 0).short(), "003dM0000000000");
        assert_eq!(Id::new("003", 61).short(), "003dM000000000z");
        assert_eq!(Id::new("00Q", 62).short(), "00QdM0000000010");
        assert!(Id::new("003", 61) < Id::new("003", 62));
    }
}
