//! The C functions that SQLite calls of a [`super::Disk`].
//!
//! Hence `unsafe`: a test's file system is one of the places where the project allows it.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Mutex, MutexGuard};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use super::{Random, SECTOR, State};

/// Makes a disk known to SQLite under this name.
pub(super) fn register(name: &str, state: &'static Mutex<State>) {
    let vfs = Box::leak(Box::new(sqlite3_vfs {
        iVersion: 1,
        szOsFile: size_of::<Handle>() as c_int,
        mxPathname: 512,
        pNext: std::ptr::null_mut(),
        zName: CString::new(name).unwrap().into_raw(),
        pAppData: std::ptr::from_ref(state).cast_mut().cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: None,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }));
    // SAFETY: the table and all that it points to live as long as the process.
    let registered = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
    assert_eq!(registered, ffi::SQLITE_OK);
}

/// What SQLite allocates for an open file.
#[repr(C)]
struct Handle {
    base: sqlite3_file,
    state: &'static Mutex<State>,
    name: *const String,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// SQLite gives the table that `Disk::new` has registered.
unsafe fn state_of(vfs: *mut sqlite3_vfs) -> &'static Mutex<State> {
    // SAFETY: `pAppData` points to a leaked state.
    unsafe { &*(*vfs).pAppData.cast() }
}

/// # Safety
/// SQLite gives a file that `open` has filled in and `close` has not seen.
unsafe fn opened<'a>(file: *mut sqlite3_file) -> (MutexGuard<'static, State>, &'a str) {
    // SAFETY: as promised by the caller, this is a whole `Handle` with a live name.
    let handle = unsafe { &*file.cast::<Handle>() };
    // SAFETY: the same.
    let name = unsafe { &*handle.name };
    (handle.state.lock().unwrap(), name)
}

/// # Safety
/// SQLite gives names that end with a zero.
unsafe fn text(name: *const c_char) -> String {
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite keeps the promises of these functions, and gives room for a `Handle`, as `szOsFile` asks.
    unsafe {
        let state = state_of(vfs);
        let name = if name.is_null() { "temporary".to_owned() } else { text(name) };
        {
            let mut state = state.lock().unwrap();
            state.opened += 1;
            state.files.entry(name.clone()).or_default();
        }
        file.cast::<Handle>().write(Handle {
            base: sqlite3_file { pMethods: &raw const METHODS },
            state,
            name: Box::into_raw(Box::new(name)),
        });
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the name came from a box, and the file is closed once.
    unsafe { drop(Box::from_raw((*file.cast::<Handle>()).name.cast_mut())) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, offset: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file, and room for so many bytes.
    let ((state, name), into) = unsafe { (opened(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), amount as usize)) };
    let written = state.files.get(name).map_or(&[][..], |image| &image.written);
    let from = written.get(offset as usize..).unwrap_or(&[]);
    let there = from.len().min(into.len());
    into[..there].copy_from_slice(&from[..there]);
    into[there..].fill(0);
    if there == into.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, amount: c_int, offset: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file, and so many bytes.
    let ((mut state, name), from) = unsafe { (opened(file), std::slice::from_raw_parts(from.cast::<u8>(), amount as usize)) };
    state.write(name, offset as usize, from)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let (mut state, name) = unsafe { opened(file) };
    state.truncate(name, length as usize)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let (mut state, name) = unsafe { opened(file) };
    state.sync(name)
}

unsafe extern "C" fn size(file: *mut sqlite3_file, into: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file and a place for the answer.
    unsafe {
        let (state, name) = opened(file);
        *into = state.files.get(name).map_or(0, |image| image.written.len()) as sqlite3_int64;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(_file: *mut sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn reserved(_file: *mut sqlite3_file, into: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *into = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_file: *mut sqlite3_file, _what: c_int, _argument: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut sqlite3_file) -> c_int {
    SECTOR as c_int
}

/// As SQLite takes real disks by default: writing a sector does not harm its neighbours.
unsafe extern "C" fn characteristics(_file: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, _sync: c_int) -> c_int {
    // SAFETY: SQLite gives our table and a name.
    let (mut state, name) = unsafe { (state_of(vfs).lock().unwrap(), text(name)) };
    if !state.step() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    state.files.remove(&name);
    ffi::SQLITE_OK
}

unsafe extern "C" fn access(vfs: *mut sqlite3_vfs, name: *const c_char, _flags: c_int, into: *mut c_int) -> c_int {
    // SAFETY: SQLite gives our table, a name and a place for the answer.
    unsafe { *into = c_int::from(state_of(vfs).lock().unwrap().files.contains_key(&text(name))) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(_vfs: *mut sqlite3_vfs, name: *const c_char, length: c_int, into: *mut c_char) -> c_int {
    // SAFETY: SQLite gives a name and room for so many bytes.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes_with_nul();
        if name.len() > length as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        std::ptr::copy_nonoverlapping(name.as_ptr().cast(), into, name.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, length: c_int, into: *mut c_char) -> c_int {
    // SAFETY: SQLite gives our table and room for so many bytes.
    let (mut state, into) = unsafe { (state_of(vfs).lock().unwrap(), std::slice::from_raw_parts_mut(into.cast::<u8>(), length as usize)) };
    let mut random = Random(state.random);
    into.fill_with(|| random.next() as u8);
    state.random = random.0;
    length
}

unsafe extern "C" fn sleep(_vfs: *mut sqlite3_vfs, _microseconds: c_int) -> c_int {
    0
}

unsafe extern "C" fn current_time(_vfs: *mut sqlite3_vfs, into: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *into = 2_461_000.5 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_vfs: *mut sqlite3_vfs, _length: c_int, _into: *mut c_char) -> c_int {
    0
}
