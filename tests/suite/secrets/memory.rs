//! Reads what the components of this process have in memory, through the kernel: nothing is asked of the program that is under test.

use std::fs::File;
use std::os::unix::fs::FileExt;

use pbx_crm_host::limits;

/// From one linear memory of the pool to the next.
const SLOT: u64 = limits::MEMORY_RESERVATION + limits::MEMORY_GUARD;
/// All of them.
const POOL: u64 = SLOT * limits::INSTANCES as u64 * limits::MEMORIES as u64;

/// A part of the process's addresses.
struct Part {
    from: u64,
    to: u64,
    readable: bool,
}

/// The readable parts of all linear memories. A pool of them is one reservation of several gigabytes in which hardly anything can be read;
/// the process has nothing else of that kind. A memory's readable beginning and what is reserved behind it are whole slots together.
pub fn of_components() -> Vec<Vec<u8>> {
    let parts = parts();
    let memory = File::open("/proc/self/mem").expect("Linux");
    let mut read = Vec::new();
    let mut first = 0;
    while first < parts.len() {
        let mut last = first;
        while parts.get(last + 1).is_some_and(|next| next.from == parts[last].to) {
            last += 1;
        }
        let run = &parts[first..=last];
        if run[run.len() - 1].to - run[0].from >= POOL {
            read.extend(slots(run).into_iter().map(|(from, to)| bytes(&memory, from, to)));
        }
        first = last + 1;
    }
    read
}

/// The beginnings of slots in a run of parts without a gap.
fn slots(run: &[Part]) -> Vec<(u64, u64)> {
    let mut slots = Vec::new();
    let mut at = 0;
    while at < run.len() {
        if !run[at].readable {
            at += 1;
            continue;
        }
        // A memory's image and what it has grown by are parts of their own.
        let begin = at;
        while at < run.len() && run[at].readable {
            at += 1;
        }
        if let Some(reserved) = run.get(at)
            && (reserved.to - run[begin].from).is_multiple_of(SLOT)
        {
            slots.push((run[begin].from, run[at - 1].to));
        }
    }
    slots
}

fn parts() -> Vec<Part> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    maps.lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let (from, to) = words.next().and_then(|range| range.split_once('-')).expect("a range");
            let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
            Part { from: address(from), to: address(to), readable: words.next().expect("permissions").starts_with('r') }
        })
        .collect()
}

/// What can be read of it: another test may be giving memory back at this moment.
fn bytes(memory: &File, from: u64, to: u64) -> Vec<u8> {
    let mut all = Vec::new();
    let mut page = vec![0; 64 << 10];
    let mut at = from;
    while at < to {
        let wanted = usize::try_from(to - at).unwrap_or(usize::MAX).min(page.len());
        match memory.read_at(&mut page[..wanted], at) {
            Ok(0) | Err(_) => break,
            Ok(length) => {
                all.extend_from_slice(&page[..length]);
                at += length as u64;
            }
        }
    }
    all
}
