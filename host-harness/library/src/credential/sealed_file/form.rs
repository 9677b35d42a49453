//! The form of the file: JSON with sealed rows, and one seal over all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::credential::key::Key;
use crate::credential::problem::{Kind, Problem};
use crate::credential::store::Row;

/// The only form that there is.
pub(super) const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedRow {
    #[serde(flatten)]
    pub(super) row: Row,
    pub(super) version: u64,
    pub(super) nonce: String,
    pub(super) sealed: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) what: String,
    pub(super) format: u64,
    pub(super) key: String,
    pub(super) last_version: u64,
    pub(super) rows: Vec<SealedRow>,
    pub(super) nonce: String,
    pub(super) seal: String,
}

/// What was in the file, opened.
pub(in crate::credential) struct Contents {
    /// Grew with each change of the file.
    pub(in crate::credential) last_version: u64,
    /// All of them, as they were put.
    pub(in crate::credential) rows: Vec<(Row, Zeroizing<Vec<u8>>)>,
}

impl Contents {
    /// Checks the seal of the whole, and opens each row. `key` gives the key with that id.
    pub(super) fn read(bytes: &[u8], key: impl FnOnce(&str) -> Result<Key, Problem>) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
            key: String,
        }
        let damaged = || Problem::new(Kind::FileDamaged);
        let head: Head = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        if head.format != FORMAT {
            return Err(Problem::new(Kind::FileVersion).with("format", &head.format.to_string()));
        }
        let key = key(&head.key)?;
        let written: Written = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let about = about_file(written.last_version, &written.rows)?;
        unseal(&key, &written.nonce, &written.seal, &about).ok_or_else(damaged)?;
        let open = |sealed: SealedRow| {
            let about = about_row(&sealed.row, sealed.version)?;
            let content = unseal(&key, &sealed.nonce, &sealed.sealed, &about).ok_or_else(damaged)?;
            Ok((sealed.row, content))
        };
        let rows = written.rows.into_iter().map(open).collect::<Result<_, Problem>>()?;
        Ok(Self { last_version: written.last_version, rows })
    }
}

/// What is bound into a row's seal. JSON, so that no two rows can be spelt the same.
pub(super) fn about_row(row: &Row, version: u64) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&("row", FORMAT, row, version)).map_err(|_| Problem::new(Kind::FileDamaged))
}

/// What is bound into the file's seal.
pub(super) fn about_file(last_version: u64, rows: &[SealedRow]) -> Result<Vec<u8>, Problem> {
    let all = serde_json::to_vec(&("file", FORMAT, last_version, rows)).map_err(|_| Problem::new(Kind::FileDamaged))?;
    Ok(Sha256::digest(&all).to_vec())
}

fn unseal(key: &Key, nonce: &str, sealed: &str, about: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce = STANDARD.decode(nonce).ok()?.try_into().ok()?;
    key.open(nonce, &STANDARD.decode(sealed).ok()?, about).map(Zeroizing::new)
}
