//! The real program, killed in the middle of its work, again and again: no call is lost, none is doubled, and each stands on the record of its
//! number. `tests/suite/kill/README.md` tells how to run the long form.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]

#[path = "kill/chance.rs"]
mod chance;
#[path = "kill/checker.rs"]
mod checker;
#[path = "kill/crm.rs"]
mod crm;
#[path = "kill/feeder.rs"]
mod feeder;
#[path = "kill/office.rs"]
mod office;
#[path = "kill/process.rs"]
mod process;
#[path = "kill/queue.rs"]
mod queue;
#[path = "kill/run.rs"]
mod run;

use std::path::{Path, PathBuf};
use std::time::Duration;

use run::{Size, run};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{name}-{}", std::process::id()));
    let _left_by_an_earlier_run = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A number from the environment.
fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no whole number")))
}

fn prove(name: &str, size: Size) {
    let folder = folder(name);
    let figures = run(&folder, size);
    println!("| <date> | <commit> {}", figures.row());
    assert!(figures.findings.is_clean(), "seed {}, what is left lies in {}: {figures:#?}", size.seed, folder.display());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn m_log_5_a_host_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let seed = told("PBX_CRM_SEED", 1);
    prove("short", Size { calls: 300, kills: 5, seed, between_faults: 100, life_ms: 4_000, draining: Duration::from_secs(240) });
}

#[test]
#[ignore = "takes long; see tests/suite/kill/README.md"]
fn m_log_5_two_hundred_kills_in_fifty_thousand_calls_lose_and_double_nothing() {
    let size = Size {
        calls: usize::try_from(told("PBX_CRM_CALLS", 50_000)).unwrap(),
        kills: usize::try_from(told("PBX_CRM_KILLS", 200)).unwrap(),
        seed: told("PBX_CRM_SEED", 1),
        between_faults: 200,
        life_ms: 12_000,
        draining: Duration::from_secs(1_800),
    };
    prove("long", size);
}
