//! The key of what is sealed: 32 random bytes, from a file that nobody else may read, or from the environment.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::disk;
use super::entropy::Entropy;
use super::problem::{Kind, Problem};

/// Bytes of a nonce: so many that random ones never meet.
pub(crate) const NONCE: usize = 24;
const BYTES: usize = 32;
/// A key as text is far shorter.
const MOST_TEXT: u64 = 1024;

/// A key. Nothing shows it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; BYTES]);

impl Key {
    /// From a file with one line: 32 bytes as 64 hexadecimal digits or in base64.
    ///
    /// # Errors
    /// There is no such file, it belongs to somebody else, others may read it, or it holds no key.
    pub fn from_file(path: &Path) -> Result<Self, Problem> {
        let place = path.display().to_string();
        let failed = |why: &io::Error| match why.kind() {
            io::ErrorKind::NotFound => Problem::new(Kind::KeyMissing).with("place", &place),
            _ => Problem::new(Kind::FileFailed).with("file", &place).saying(&why.to_string()),
        };
        let file = File::open(path).map_err(|why| failed(&why))?;
        // Asked of the open file: the name could stand for another one by now.
        check_owner_and_mode(&file, &place)?;
        let mut text = Zeroizing::new(String::new());
        file.take(MOST_TEXT).read_to_string(&mut text).map_err(|why| match why.kind() {
            io::ErrorKind::InvalidData => Problem::new(Kind::KeyForm).with("place", &place),
            _ => failed(&why),
        })?;
        Self::from_text(&place, &text)
    }

    /// From a variable of the environment, in the same form.
    ///
    /// # Errors
    /// It is not set, or holds no key.
    pub fn from_environment(name: &str) -> Result<Self, Problem> {
        let text = std::env::var(name).map(Zeroizing::new).map_err(|_| Problem::new(Kind::KeyMissing).with("place", name))?;
        Self::from_text(name, &text)
    }

    fn from_text(place: &str, text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let bytes = if text.len() == 2 * BYTES { hexadecimal(text) } else { STANDARD.decode(text).ok() };
        let bytes = Zeroizing::new(bytes.unwrap_or_default());
        let key: [u8; BYTES] = bytes.as_slice().try_into().map_err(|_| Problem::new(Kind::KeyForm).with("place", place))?;
        Ok(Self(key))
    }

    /// A new one.
    ///
    /// # Errors
    /// There are no random bytes.
    pub fn made(entropy: &dyn Entropy) -> Result<Self, Problem> {
        let mut key = [0; BYTES];
        entropy.fill(&mut key)?;
        Ok(Self(key))
    }

    /// Writes it into a new file that only its owner may read. Never over another one: what was sealed with that would be lost.
    ///
    /// # Errors
    /// There is a file already, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Problem> {
        let place = path.display().to_string();
        let write = || {
            let mut file = disk::options().create_new(true).open(path)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()
        };
        write().map_err(|why: io::Error| match why.kind() {
            io::ErrorKind::AlreadyExists => Problem::new(Kind::KeyExists).with("place", &place),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::new(Kind::DiskFull).with("file", &place),
            _ => Problem::new(Kind::FileFailed).with("file", &place).saying(&why.to_string()),
        })
    }

    /// As it stands in a file.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(STANDARD.encode(self.0));
        text.push('\n');
        text
    }

    /// Tells one key from another without telling anything about it.
    pub(super) fn id(&self) -> String {
        let Ok(mut sign) = <Hmac<Sha256> as Mac>::new_from_slice(&self.0) else { return String::new() };
        sign.update(b"pbx-crm key id");
        sign.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn seal(&self, nonce: [u8; NONCE], content: &[u8], about: &[u8]) -> Option<Vec<u8>> {
        self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: content, aad: about }).ok()
    }

    pub(super) fn open(&self, nonce: [u8; NONCE], sealed: &[u8], about: &[u8]) -> Option<Vec<u8>> {
        self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: about }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = Zeroizing::new(digits?);
    digits.chunks_exact(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

#[cfg(unix)]
fn check_owner_and_mode(file: &File, place: &str) -> Result<(), Problem> {
    use std::os::unix::fs::MetadataExt;

    let about = file.metadata().map_err(|why| Problem::new(Kind::FileFailed).with("file", place).saying(&why.to_string()))?;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(Problem::new(Kind::KeyOwner).with("place", place));
    }
    match about.mode() & 0o7777 {
        0o600 | 0o400 => Ok(()),
        mode => Err(Problem::new(Kind::KeyMode).with("place", place).with("mode", &format!("{mode:04o}"))),
    }
}

#[cfg(not(unix))]
fn check_owner_and_mode(_file: &File, _place: &str) -> Result<(), Problem> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::entropy::SystemEntropy;
    use crate::credential::tests::Folder;

    #[test]
    fn a_written_key_is_read_again_and_never_overwritten() {
        let folder = Folder::new();
        let path = folder.path().join("key");
        let key = Key::made(&SystemEntropy).unwrap();
        key.write(&path).unwrap();
        assert_eq!(Key::from_file(&path).unwrap().0, key.0);
        assert_eq!(Key::made(&SystemEntropy).unwrap().write(&path).unwrap_err().kind(), Kind::KeyExists);
        assert_eq!(Key::from_file(&path).unwrap().0, key.0);
    }

    #[test]
    fn both_spellings_of_a_key_are_read_and_nothing_else() {
        let (hex, base64) = ("0f".repeat(32), STANDARD.encode([0x0f; 32]));
        for text in [hex.clone(), hex.to_uppercase(), base64.clone(), format!("{base64}\n"), format!(" {hex}\r\n")] {
            assert_eq!(Key::from_text("x", &text).unwrap().0, [0x0f; 32], "{text}");
        }
        for text in ["", "password", &"0".repeat(63), &"g".repeat(64), &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            let problem = Key::from_text("x", text).err().unwrap();
            assert_eq!(problem.kind(), Kind::KeyForm);
            assert!(text.is_empty() || !problem.to_string().contains(text), "what may be nearly a key is not shown");
        }
    }

    #[test]
    fn the_environment_may_hold_the_key() {
        assert_eq!(Key::from_environment("PBX_CRM_NO_SUCH_VARIABLE").err().unwrap().kind(), Kind::KeyMissing);
        assert_eq!(Key::from_environment("PATH").err().unwrap().kind(), Kind::KeyForm);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = Folder::new();
        let path = folder.path().join("key");
        Key::made(&SystemEntropy).unwrap().write(&path).unwrap();
        for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o644, false), (0o604, false), (0o700, false), (0o660, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = Key::from_file(&path);
            assert_eq!(read.is_ok(), taken, "{mode:o}");
            if let Err(problem) = read {
                assert_eq!((problem.kind(), &problem.arguments()[1].1), (Kind::KeyMode, &format!("{mode:04o}")));
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_of_somebody_else_is_refused() {
        let folder = Folder::new();
        let path = folder.path().join("key");
        Key::made(&SystemEntropy).unwrap().write(&path).unwrap();
        // Only root can give a file away; everybody else finds one of root's.
        let foreign = match std::os::unix::fs::chown(&path, Some(65_534), None) {
            Ok(()) => path,
            Err(_) => "/etc/hostname".into(),
        };
        assert_eq!(Key::from_file(&foreign).err().unwrap().kind(), Kind::KeyOwner);
    }

    #[test]
    fn a_missing_key_is_told_with_its_place() {
        let problem = Key::from_file(Path::new("/nowhere/key")).err().unwrap();
        assert_eq!((problem.kind(), problem.arguments()), (Kind::KeyMissing, [("place".to_owned(), "/nowhere/key".to_owned())].as_slice()));
    }
}
