//! Promises of the file as a whole.

use std::io::Write;

use super::*;
use crate::credential::entropy::SystemEntropy;
use crate::credential::store::check_a_store;
use crate::credential::tests::Folder;

fn key() -> Key {
    Key::made(&SystemEntropy).unwrap()
}

fn open(path: &Path, key: &Key) -> Result<SealedFile, Problem> {
    SealedFile::open(path, key.clone(), Arc::new(SystemEntropy))
}

fn main_row() -> Row {
    Row::connection("salesforce", "main")
}

#[test]
fn it_is_a_store_and_keeps_what_it_was_given() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    check_a_store(&open(&path, &key).unwrap());
    let again = open(&path, &key).unwrap();
    assert_eq!(again.load(&main_row()).unwrap().unwrap().content.as_slice(), b"again");
}

#[test]
fn two_programs_see_each_others_changes_and_never_overwrite_them() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let (one, other) = (open(&path, &key).unwrap(), open(&path, &key).unwrap());
    let version = one.put(&main_row(), None, b"one").unwrap();
    assert_eq!(other.put(&main_row(), None, b"other"), Err(NotStored::Changed));
    let next = other.put(&main_row(), Some(version), b"other").unwrap();
    assert_eq!(one.put(&main_row(), Some(version), b"one again"), Err(NotStored::Changed));
    assert_eq!(one.load(&main_row()).unwrap().unwrap().version, next);
}

#[test]
fn many_threads_lose_no_change() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (path, key) = (&path, &key);
            scope.spawn(move || {
                let store = open(path, key).unwrap();
                for index in 0..10 {
                    store.put(&Row::connection("c", &format!("{thread}-{index}")), None, b"x").unwrap();
                }
            });
        }
    });
    let store = open(&path, &key).unwrap();
    for name in (0..4).flat_map(|thread| (0..10).map(move |index| format!("{thread}-{index}"))) {
        assert!(store.load(&Row::connection("c", &name)).unwrap().is_some(), "{name}");
    }
}

#[test]
fn no_file_holds_what_was_sealed() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let store = open(&path, &key).unwrap();
    let canary = b"00D5g00000canary!AQMAQ";
    let version = store.put(&main_row(), None, canary).unwrap();
    store.put(&main_row(), Some(version), canary).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(canary.len()).any(|part| part == canary));
        assert!(!bytes.windows(32).any(|part| Contents::read(part, &key).is_ok()));
        files += 1;
    }
    assert_eq!(files, 2, "the file and its lock, and nothing left over");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    open(&path, &key).unwrap().put(&main_row(), None, b"x").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_wrong_key_opens_nothing_and_changes_nothing() {
    let folder = Folder::new();
    let (path, right) = (folder.path().join("credentials"), key());
    let store = open(&path, &right).unwrap();
    store.put(&main_row(), None, b"x").unwrap();
    let before = std::fs::read(&path).unwrap();
    let problem = open(&path, &key()).err().unwrap();
    assert_eq!((problem.kind(), problem.arguments()), (Kind::KeyWrong, [("file".to_owned(), path.display().to_string())].as_slice()));
    let wrong = SealedFile { key: key(), ..open(&folder.path().join("none"), &right).unwrap() };
    let wrong = SealedFile { path: path.clone(), ..wrong };
    assert!(matches!(wrong.put(&main_row(), None, b"y"), Err(NotStored::Failed(problem)) if problem.kind() == Kind::KeyWrong));
    assert!(matches!(wrong.delete(&main_row(), 1), Err(NotStored::Failed(problem)) if problem.kind() == Kind::KeyWrong));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn any_damage_is_noticed_and_left_as_it_is() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let store = open(&path, &key).unwrap();
    store.put(&main_row(), None, b"one").unwrap();
    store.put(&Row::connection("salesforce", "second"), None, b"two").unwrap();
    let whole = std::fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..whole.len() - 2).step_by(37).map(|end| whole[..end].to_vec()).collect();
    // A flipped bit in every part that means something.
    for name in ["\"nonce\": \"", "\"sealed\": \"", "\"seal\": \"", "\"account\": \"", "\"last_version\": ", "\"version\": "] {
        let at = text.find(name).unwrap() + name.len();
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        damaged.push(flipped);
    }
    damaged.push(text.replace("main", "minor").into_bytes());
    damaged.push(b"not json at all".to_vec());
    for bytes in damaged {
        std::fs::write(&path, &bytes).unwrap();
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(open(&path, &key).err().map(|problem| problem.kind()), Some(Kind::FileDamaged), "{shown}");
        assert!(store.put(&main_row(), None, b"three").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is never overwritten");
    }
}

#[test]
fn a_row_taken_out_or_put_twice_is_noticed() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let store = open(&path, &key).unwrap();
    store.put(&main_row(), None, b"one").unwrap();
    store.put(&Row::connection("salesforce", "second"), None, b"two").unwrap();
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let changes: [fn(&mut Vec<serde_json::Value>); 3] =
        [|rows| rows.truncate(1), |rows| rows.swap(0, 1), |rows| rows.push(rows[0].clone())];
    for change in changes {
        let mut changed = read.clone();
        change(changed["rows"].as_array_mut().unwrap());
        std::fs::write(&path, changed.to_string()).unwrap();
        assert_eq!(open(&path, &key).err().unwrap().kind(), Kind::FileDamaged);
    }
}

#[test]
fn a_file_of_a_later_release_is_refused_by_its_number() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    open(&path, &key).unwrap().put(&main_row(), None, b"x").unwrap();
    let later = String::from_utf8(std::fs::read(&path).unwrap()).unwrap().replace("\"format\": 1", "\"format\": 2");
    std::fs::write(&path, &later).unwrap();
    let problem = open(&path, &key).err().unwrap();
    assert_eq!((problem.kind(), problem.arguments()[0].1.as_str()), (Kind::FileVersion, "2"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), later);
}

/// Fails at one step, as disks do.
struct Broken(&'static str);

impl Files for Broken {
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.0 {
            // The kernel's own error for a full disk.
            "full" => {
                Disk.write_new(path, &bytes[..bytes.len() / 2])?;
                std::fs::OpenOptions::new().write(true).open("/dev/full")?.write_all(bytes)
            }
            "write" => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Disk.write_new(path, bytes),
        }
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.0 == "rename" { Err(io::ErrorKind::PermissionDenied.into()) } else { Disk.rename(from, to) }
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.0 == "sync" { Err(io::Error::from_raw_os_error(5)) } else { Disk.sync_folder(folder) }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_leaves_the_old_file_and_says_so() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let mut store = open(&path, &key).unwrap();
    let version = store.put(&main_row(), None, b"old").unwrap();
    for (step, kind) in [("full", Kind::DiskFull), ("write", Kind::FileFailed), ("rename", Kind::FileFailed)] {
        store.files = Box::new(Broken(step));
        let Err(NotStored::Failed(problem)) = store.put(&main_row(), Some(version), b"new") else { panic!("{step}") };
        assert_eq!(problem.kind(), kind, "{step}");
        assert_eq!(open(&path, &key).unwrap().load(&main_row()).unwrap().unwrap().content.as_slice(), b"old", "{step}");
        assert!(!beside(&path, ".new").exists(), "{step}");
    }
    store.files = Box::new(Broken("sync"));
    assert!(store.put(&main_row(), Some(version), b"new").is_err(), "what may not last is not acknowledged");
}

#[test]
fn what_an_interrupted_change_left_is_in_nobodys_way() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let store = open(&path, &key).unwrap();
    let version = store.put(&main_row(), None, b"old").unwrap();
    std::fs::write(beside(&path, ".new"), b"half a fi").unwrap();
    assert_eq!(open(&path, &key).unwrap().load(&main_row()).unwrap().unwrap().content.as_slice(), b"old");
    store.put(&main_row(), Some(version), b"new").unwrap();
    assert_eq!(store.load(&main_row()).unwrap().unwrap().content.as_slice(), b"new");
}

#[test]
fn a_file_that_another_program_holds_is_told() {
    let folder = Folder::new();
    let (path, key) = (folder.path().join("credentials"), key());
    let mut store = open(&path, &key).unwrap();
    store.lock_patience = Duration::ZERO;
    let held = store.lock().unwrap();
    assert!(matches!(store.put(&main_row(), None, b"x"), Err(NotStored::Failed(problem)) if problem.kind() == Kind::FileBusy));
    drop(held);
    store.put(&main_row(), None, b"x").unwrap();
}
