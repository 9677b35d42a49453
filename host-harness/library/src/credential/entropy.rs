//! Random bytes, so that a simulation can give its own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::{Kind, Problem};

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills all of it.
    ///
    /// # Errors
    /// The source gives none: nothing secret may be made then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Problem>;
}

/// The operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Problem> {
        getrandom::fill(bytes).map_err(|why| Problem::new(Kind::NoRandomness).saying(&why.to_string()))
    }
}

/// 256 random bits as text that needs no escaping anywhere.
pub(super) fn token(entropy: &dyn Entropy) -> Result<String, Problem> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    entropy.fill(bytes.as_mut_slice())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_the_same_and_each_has_256_bits() {
        let (one, other) = (token(&SystemEntropy).unwrap(), token(&SystemEntropy).unwrap());
        assert_ne!(one, other);
        assert_eq!(URL_SAFE_NO_PAD.decode(one).unwrap().len(), 32);
    }
}
