//! Texts that nothing shows.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A token, a key, a password. It has no `Display` and no `Serialize`, its `Debug` shows nothing, and its memory is wiped in the end.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends or seals it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Is it the same text? Takes as long for a near miss as for a far one.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// For `#[serde(with)]` of what is sealed right after: the only way in which a secret becomes bytes.
pub(super) mod in_sealed_row {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Secret;

    pub(in crate::credential) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub(in crate::credential) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret)
    }
}

/// The same for a secret that may be absent.
pub(super) mod maybe_in_sealed_row {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Secret;

    pub(in crate::credential) fn serialize<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::credential) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        Option::<String>::deserialize(deserializer).map(|text| text.map(Secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debugging_shows_nothing_of_a_secret() {
        #[derive(Debug)]
        struct Holder {
            #[expect(dead_code, reason = "read by `Debug`")]
            token: Option<Secret>,
        }
        let shown = format!("{:?} {:#?}", Secret::new("canary-4711"), Holder { token: Some(Secret::new("canary-4711")) });
        assert!(!shown.contains("canary") && !shown.contains("11"), "{shown}");
    }

    #[test]
    fn comparing_tells_the_same_from_the_different() {
        let secret = Secret::new("abc");
        assert!(secret.is("abc"));
        assert!(!secret.is("abd") && !secret.is("ab") && !secret.is("") && !secret.is("ABC"));
    }
}
