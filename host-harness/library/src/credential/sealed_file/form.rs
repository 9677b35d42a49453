//! The file's form: JSON with sealed rows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{Key, NONCE};
use crate::credential::entropy::Entropy;
use crate::credential::problem::{Kind, Problem};
use crate::credential::store::Row;

/// The form that this release writes.
const FORMAT: u64 = 1;
/// First property of the file, for people who look into it.
const WHAT: &str = "pbx-crm credentials, sealed";

/// What is in the file, the rows still sealed.
#[derive(Default)]
pub(super) struct Contents {
    last_version: u64,
    rows: Vec<SealedRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedRow {
    #[serde(flatten)]
    row: Row,
    version: u64,
    nonce: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    what: String,
    format: u64,
    key: String,
    last_version: u64,
    rows: Vec<SealedRow>,
    nonce: String,
    seal: String,
}

impl Contents {
    /// Reads the whole file and checks its seal.
    pub(super) fn read(bytes: &[u8], key: &Key) -> Result<Self, Problem> {
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
        if head.key != key.id() {
            return Err(Problem::new(Kind::KeyWrong));
        }
        let written: Written = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let about = about_file(written.last_version, &written.rows)?;
        unseal(key, &written.nonce, &written.seal, &about).ok_or_else(damaged)?;
        Ok(Self { last_version: written.last_version, rows: written.rows })
    }

    /// The bytes of the file.
    pub(super) fn write(self, key: &Key, entropy: &dyn Entropy) -> Result<Vec<u8>, Problem> {
        let about = about_file(self.last_version, &self.rows)?;
        let (nonce, seal) = seal(key, entropy, &[], &about)?;
        let written =
            Written { what: WHAT.to_owned(), format: FORMAT, key: key.id(), last_version: self.last_version, rows: self.rows, nonce, seal };
        let mut bytes = serde_json::to_vec_pretty(&written).map_err(|_| Problem::new(Kind::FileDamaged))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    pub(super) fn version(&self, row: &Row) -> Option<u64> {
        self.find(row).map(|found| found.version)
    }

    pub(super) fn open(&self, row: &Row, key: &Key) -> Result<Vec<u8>, Problem> {
        let damaged = || Problem::new(Kind::FileDamaged);
        let found = self.find(row).ok_or_else(damaged)?;
        unseal(key, &found.nonce, &found.sealed, &about_row(row, found.version)?).ok_or_else(damaged)
    }

    pub(super) fn put(&mut self, row: &Row, content: &[u8], key: &Key, entropy: &dyn Entropy) -> Result<u64, Problem> {
        let version = self.last_version + 1;
        let (nonce, sealed) = seal(key, entropy, content, &about_row(row, version)?)?;
        self.remove(row);
        self.rows.push(SealedRow { row: row.clone(), version, nonce, sealed });
        self.last_version = version;
        Ok(version)
    }

    pub(super) fn remove(&mut self, row: &Row) {
        self.rows.retain(|known| known.row != *row);
    }

    fn find(&self, row: &Row) -> Option<&SealedRow> {
        self.rows.iter().find(|known| known.row == *row)
    }
}

/// What is bound into a row's seal. JSON, so that no two rows can be spelt the same.
fn about_row(row: &Row, version: u64) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&("row", FORMAT, row, version)).map_err(|_| Problem::new(Kind::FileDamaged))
}

/// What is bound into the file's seal.
fn about_file(last_version: u64, rows: &[SealedRow]) -> Result<Vec<u8>, Problem> {
    let all = serde_json::to_vec(&("file", FORMAT, last_version, rows)).map_err(|_| Problem::new(Kind::FileDamaged))?;
    Ok(Sha256::digest(&all).to_vec())
}

fn seal(key: &Key, entropy: &dyn Entropy, content: &[u8], about: &[u8]) -> Result<(String, String), Problem> {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce)?;
    let sealed = key.seal(nonce, content, about).ok_or_else(|| Problem::new(Kind::FileDamaged))?;
    Ok((STANDARD.encode(nonce), STANDARD.encode(sealed)))
}

fn unseal(key: &Key, nonce: &str, sealed: &str, about: &[u8]) -> Option<Vec<u8>> {
    let nonce = STANDARD.decode(nonce).ok()?.try_into().ok()?;
    key.open(nonce, &STANDARD.decode(sealed).ok()?, about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::entropy::SystemEntropy;

    #[test]
    fn a_row_in_another_ones_place_does_not_open() {
        let key = Key::made(&SystemEntropy).unwrap();
        let rows = [
            Row::connection("salesforce", "main"),
            Row::connection("salesforce", "second"),
            Row::connection("odoo", "main"),
            Row::approval("salesforce", "main"),
        ];
        // Each the first of its own file, so that nothing but their names tells them apart.
        let sealed: Vec<SealedRow> = rows
            .iter()
            .map(|row| {
                let mut contents = Contents::default();
                contents.put(row, row.account.as_bytes(), &key, &SystemEntropy).unwrap();
                contents.rows.remove(0)
            })
            .collect();
        for (place, row) in rows.iter().enumerate() {
            for (from, other) in sealed.iter().enumerate() {
                for version in [1, 2] {
                    let moved = SealedRow { row: row.clone(), version, nonce: other.nonce.clone(), sealed: other.sealed.clone() };
                    let opened = Contents { last_version: 2, rows: vec![moved] }.open(row, &key);
                    assert_eq!(opened.is_ok(), from == place && version == 1, "{from} in place of {place} as version {version}");
                }
            }
        }
    }

    #[test]
    fn no_two_seals_have_the_same_nonce() {
        let key = Key::made(&SystemEntropy).unwrap();
        let mut contents = Contents::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            contents.put(&Row::connection("a", "b"), b"same", &key, &SystemEntropy).unwrap();
            assert!(seen.insert(contents.rows[0].nonce.clone()) && seen.insert(contents.rows[0].sealed.clone()));
        }
    }
}
