//! A file system for tests, in memory: it counts what is written, becomes full, fails to sync, and loses power.
//!
//! Each file has two images: as written, and as the platter has it. A sync copies the sectors that were written since the last one. When the
//! power goes, any part of the unsynced sectors may have been written already, so a page of eight sectors may be torn. A sync that
//! fails does what Linux does: the sectors count as clean from then on, though they are not on the platter; only writing them again helps.
//!
//! `calls.rs` is the part that SQLite calls.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_int;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};

use rusqlite::ffi;

use crate::store::sqlite::place::Place;

const SECTOR: usize = 512;

/// A small generator: the same seed gives the same run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// What goes wrong next. The numbers count down with each write or sync; at zero it goes wrong.
#[derive(Default)]
pub(super) struct Faults {
    /// Writes until the disk is full, and stays so.
    pub(super) full_after: Option<u64>,
    /// Syncs until one fails, once.
    pub(super) sync_fails_after: Option<u64>,
    /// Writes and syncs until the power goes: nothing is done any more.
    pub(super) power_goes_after: Option<u64>,
}

#[derive(Default, Clone)]
struct Image {
    written: Vec<u8>,
    platter: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
}

#[derive(Default)]
pub(super) struct State {
    files: BTreeMap<String, Image>,
    pub(super) faults: Faults,
    /// Bytes written so far, all files.
    pub(super) bytes: u64,
    pub(super) syncs: u64,
    /// Files opened so far.
    pub(super) opened: u64,
    /// Writes and syncs so far.
    pub(super) steps: u64,
    random: u64,
}

/// A disk. SQLite keeps pointing to it, so it is never freed; a test's process ends soon.
pub(super) struct Disk {
    name: String,
    state: &'static Mutex<State>,
}

impl Disk {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-disk-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let state: &'static Mutex<State> = Box::leak(Box::default());
        calls::register(&name, state);
        Self { name, state }
    }

    /// The store's place on this disk.
    pub(super) fn place(&self) -> Place {
        Place { path: "/pbx-crm.db".into(), file_system: Some(self.name.clone()), synchronous: "FULL" }
    }

    pub(super) fn state(&self) -> MutexGuard<'static, State> {
        self.state.lock().unwrap()
    }

    /// The power is back. Of what was not synced, the seed chooses what has reached the platter.
    pub(super) fn power_returns(&self, seed: u64) {
        let mut random = Random(seed);
        let mut state = self.state();
        state.faults = Faults::default();
        for image in state.files.values_mut() {
            // All, none or some of it.
            let share = random.below(3);
            for sector in std::mem::take(&mut image.dirty) {
                if share == 0 || (share == 1 && random.below(2) == 0) {
                    copy(&image.written, &mut image.platter, sector);
                }
            }
            image.written = image.platter.clone();
        }
    }
}

fn copy(from: &[u8], to: &mut Vec<u8>, sector: usize) {
    let (begin, end) = (sector * SECTOR, (sector * SECTOR + SECTOR).min(from.len()));
    if begin >= end {
        return;
    }
    if to.len() < end {
        to.resize(end, 0);
    }
    to[begin..end].copy_from_slice(&from[begin..end]);
}

impl State {
    /// Counts a write or sync. False: there is no power.
    fn step(&mut self) -> bool {
        self.steps += 1;
        match &mut self.faults.power_goes_after {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        true
    }

    fn write(&mut self, name: &str, offset: usize, bytes: &[u8]) -> c_int {
        if !self.step() {
            return ffi::SQLITE_IOERR_WRITE;
        }
        match &mut self.faults.full_after {
            Some(0) => return ffi::SQLITE_FULL,
            Some(left) => *left -= 1,
            None => {}
        }
        self.bytes += bytes.len() as u64;
        let image = self.files.entry(name.to_owned()).or_default();
        if image.written.len() < offset + bytes.len() {
            image.written.resize(offset + bytes.len(), 0);
        }
        image.written[offset..offset + bytes.len()].copy_from_slice(bytes);
        image.dirty.extend(offset / SECTOR..=(offset + bytes.len() - 1) / SECTOR);
        ffi::SQLITE_OK
    }

    fn sync(&mut self, name: &str) -> c_int {
        if !self.step() {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        self.syncs += 1;
        let Some(image) = self.files.get_mut(name) else { return ffi::SQLITE_OK };
        let dirty = std::mem::take(&mut image.dirty);
        match &mut self.faults.sync_fails_after {
            Some(0) => {
                self.faults.sync_fails_after = None;
                return ffi::SQLITE_IOERR_FSYNC;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        for sector in dirty {
            copy(&image.written, &mut image.platter, sector);
        }
        image.platter.truncate(image.written.len());
        ffi::SQLITE_OK
    }

    fn truncate(&mut self, name: &str, length: usize) -> c_int {
        if !self.step() {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        if let Some(image) = self.files.get_mut(name) {
            image.written.resize(length, 0);
        }
        ffi::SQLITE_OK
    }
}
