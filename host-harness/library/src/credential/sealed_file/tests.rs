//! Promises of reading what older releases wrote.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::form::{FORMAT, SealedRow, Written, about_file, about_row};
use super::*;
use crate::credential::disk::Disk;
use crate::credential::entropy::{Entropy, SystemEntropy};
use crate::credential::key::NONCE;
use crate::credential::store::Row;
use crate::credential::tests::Folder;

/// A file that release 0.1 wrote, and its key.
const FIXTURE: &[u8] = include_bytes!("fixture.json");
const FIXTURE_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000007";

/// The key of the fixture.
fn fixture_key(folder: &Folder) -> Key {
    let path = folder.path().join("fixture.key");
    std::fs::write(&path, FIXTURE_KEY).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    Key::from_file(&path).unwrap()
}

/// Writes a file as the older release did; the rows get the versions 1, 2, ...
pub(in crate::credential) fn write_as_before(path: &Path, key: &Key, rows: &[(Row, &[u8])]) {
    let seal = |content: &[u8], about: &[u8]| {
        let mut nonce = [0; NONCE];
        SystemEntropy.fill(&mut nonce).unwrap();
        (STANDARD.encode(nonce), STANDARD.encode(key.seal(nonce, content, about).unwrap()))
    };
    let sealed: Vec<SealedRow> = (1..)
        .zip(rows)
        .map(|(version, (row, content))| {
            let (nonce, sealed) = seal(content, &about_row(row, version).unwrap());
            SealedRow { row: row.clone(), version, nonce, sealed }
        })
        .collect();
    let last_version = u64::try_from(rows.len()).unwrap();
    let (nonce, seal) = seal(&[], &about_file(last_version, &sealed).unwrap());
    let what = "pbx-crm credentials, sealed".to_owned();
    let written = Written { what, format: FORMAT, key: key.id(), last_version, rows: sealed, nonce, seal };
    std::fs::write(path, serde_json::to_vec_pretty(&written).unwrap()).unwrap();
}

fn read(bytes: &[u8], key: &Key) -> Result<Contents, Kind> {
    Contents::read(bytes, |id| if id == key.id() { Ok(key.clone()) } else { Err(Problem::new(Kind::KeyWrong)) })
        .map_err(|problem| problem.kind())
}

#[test]
fn a_file_of_the_release_before_is_read() {
    let folder = Folder::new();
    let contents = read(FIXTURE, &fixture_key(&folder)).unwrap();
    let rows: Vec<(Row, &[u8])> = contents.rows.iter().map(|(row, content)| (row.clone(), content.as_slice())).collect();
    let expected: [(Row, &[u8]); 2] =
        [(Row::connection("salesforce", "main"), b"access-canary"), (Row::approval("salesforce", "main"), b"approved-canary")];
    assert_eq!((contents.last_version, rows.as_slice()), (4, expected.as_slice()));
}

#[test]
fn f51_a_wrong_key_reads_nothing() {
    assert_eq!(read(FIXTURE, &Key::made(&SystemEntropy).unwrap()).err(), Some(Kind::KeyWrong));
}

#[test]
fn a_file_of_a_later_release_is_refused_by_its_number() {
    let folder = Folder::new();
    let later = String::from_utf8(FIXTURE.to_vec()).unwrap().replace("\"format\": 1", "\"format\": 2");
    assert_eq!(read(later.as_bytes(), &fixture_key(&folder)).err(), Some(Kind::FileVersion));
}

#[test]
fn any_damage_is_noticed() {
    let folder = Folder::new();
    let key = fixture_key(&folder);
    let text = String::from_utf8(FIXTURE.to_vec()).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..FIXTURE.len() - 2).step_by(37).map(|end| FIXTURE[..end].to_vec()).collect();
    // A flipped bit in every part that means something.
    for name in ["\"nonce\": \"", "\"sealed\": \"", "\"seal\": \"", "\"account\": \"", "\"last_version\": ", "\"version\": "] {
        let mut flipped = FIXTURE.to_vec();
        flipped[text.find(name).unwrap() + name.len()] ^= 1;
        damaged.push(flipped);
    }
    damaged.push(text.replace("main", "minor").into_bytes());
    damaged.push(b"not json at all".to_vec());
    for bytes in damaged {
        assert_eq!(read(&bytes, &key).err(), Some(Kind::FileDamaged), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_row_taken_out_put_twice_or_exchanged_is_noticed() {
    let folder = Folder::new();
    let key = fixture_key(&folder);
    let written: serde_json::Value = serde_json::from_slice(FIXTURE).unwrap();
    let changes: [fn(&mut Vec<serde_json::Value>); 3] =
        [|rows| rows.truncate(1), |rows| rows.swap(0, 1), |rows| rows.push(rows[0].clone())];
    for change in changes {
        let mut changed = written.clone();
        change(changed["rows"].as_array_mut().unwrap());
        assert_eq!(read(changed.to_string().as_bytes(), &key).err(), Some(Kind::FileDamaged));
    }
}

#[test]
fn a_file_that_an_older_release_holds_is_told() {
    let folder = Folder::new();
    let path = folder.path().join("credentials.sealed");
    std::fs::write(&path, FIXTURE).unwrap();
    let held = lock(&path, Duration::ZERO).unwrap();
    assert_eq!(SealedFile::find_within(&path, Duration::ZERO).err().map(|problem| problem.kind()), Some(Kind::FileBusy));
    drop(held);
    assert!(SealedFile::find(&path).unwrap().is_some());
}

#[test]
fn erasing_leaves_nothing_of_the_file_and_what_lay_beside_it() {
    let folder = Folder::new();
    let path = folder.path().join("credentials.sealed");
    std::fs::write(&path, FIXTURE).unwrap();
    std::fs::write(beside(&path, ".new"), b"half a fi").unwrap();
    // Another name for the same bytes shows what erasing leaves of them.
    let other_name = folder.path().join("other");
    std::fs::hard_link(&path, &other_name).unwrap();
    SealedFile::find(&path).unwrap().unwrap().erase(&Disk).unwrap();
    assert_eq!(std::fs::read(&other_name).unwrap(), vec![0; FIXTURE.len()]);
    std::fs::remove_file(other_name).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(SealedFile::find(&path).unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "looking for it leaves nothing either");
}
