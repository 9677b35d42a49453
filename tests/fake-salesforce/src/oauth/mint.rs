//! Secrets that follow from a seed: unguessable for a client, the same in every run.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Signs of Salesforce's tokens.
const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// Makes tokens.
#[derive(Debug)]
pub struct Mint {
    seed: u64,
    made: u64,
}

impl Mint {
    /// The same seed gives the same tokens in the same order.
    pub fn new(seed: u64) -> Self {
        Self { seed, made: 0 }
    }

    /// The next number of an approval.
    pub fn serial(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// A new secret of so many signs.
    pub fn secret(&mut self, kind: &str, length: usize) -> String {
        let serial = self.serial();
        let block = |at: usize| hmac(&self.seed.to_be_bytes(), format!("{kind}/{serial}/{at}").as_bytes());
        (0..length.div_ceil(32)).flat_map(block).take(length).map(sign).collect()
    }

    /// Ties a form to the browser that it was shown to.
    pub fn form_token(&self, browser: &str, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac(&self.seed.to_be_bytes(), format!("form/{purpose}/{browser}").as_bytes()))
    }
}

fn sign(byte: u8) -> char {
    char::from(SIGNS.get(usize::from(byte & 63)).copied().unwrap_or(b'A'))
}

/// HMAC-SHA256.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length is taken, so the error cannot happen; without it the signature is of nobody.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(message);
        mac.finalize().into_bytes().into()
    })
}

/// `base64url(SHA-256(verifier))`: the challenge of PKCE.
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Mint, challenge_of};

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn secrets_differ_from_each_other_and_not_from_run_to_run() {
        let made = |seed| {
            let mut mint = Mint::new(seed);
            [mint.secret("a", 80), mint.secret("a", 80)]
        };
        assert_ne!(made(1)[0], made(1)[1]);
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert_eq!(made(1)[0].len(), 80);
    }
}
