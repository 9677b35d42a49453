//! Stable names: the same call, party and user give the same key for ever, whatever their opaque ids look like.

use crate::contract::pbx::crm::types::UserRef;
use sha2::{Digest, Sha256};

/// Work key of the record that is made for a party of a call.
pub fn creation(call: &str, party: &str) -> String {
    format!("c-{}", digest(&[call, party], 32))
}

/// Work key of the journal entry of one user about one party of a call.
pub fn journal(call: &str, party: &str, user: &UserRef) -> String {
    format!("j-{}", digest(&[call, party, &user.connector, &user.id], 32))
}

/// The first `length` hexadecimal digits (at most 64) of a digest over the parts. Each part goes in with its length, so
/// that ("ab", "c") and ("a", "bc") differ.
pub fn digest(parts: &[&str], length: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(length);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_log_5_keys_are_stable_short_and_of_the_allowed_characters() {
        let user = UserRef { connector: "crm".into(), id: "u/1 é".into() };
        let key = journal(&"call\u{1F4DE}".repeat(20), "party 1", &user);
        assert_eq!(key, journal(&"call\u{1F4DE}".repeat(20), "party 1", &user));
        assert_eq!(key.len(), 34);
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b)));
        assert_ne!(digest(&["ab", "c"], 32), digest(&["a", "bc"], 32));
    }
}
