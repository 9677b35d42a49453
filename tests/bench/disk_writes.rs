//! What a call costs the disk: the built program on a store of its own, told of calls over its pipe, with a CRM on loopback. Linux counts what a
//! process has written. `cargo bench --bench disk_writes`; the figures do not depend on the profile, so `--profile dev` does.
//!
//! Three of ten callers are nobody's: they are looked for, made, and journalled. The time until the last entry is in the CRM is included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a bench may stop")]

#[path = "../suite/live/scene.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod scene;

use std::time::{Duration, Instant};

use crm_fake::{CrmFake, Fault, FaultKind, Operation};
use scene::{Running, SETUP, Scene};
use serde_json::json;

fn main() {
    println!("| calls a second | calls | look-ups are answered | bytes a call |");
    println!("|---|---|---|---|");
    measure("fast", 1, 90, 0);
    // A look-up outlives its call, and its work must last.
    measure("slow", 1, 90, 4_000);
    measure("storm", 100, 3_000, 0);
}

/// Calls of two seconds; a look-up takes so many milliseconds.
fn measure(name: &str, a_second: u64, calls: u64, look_up: u64) {
    let mut scene = Scene::new(&format!("disk-{name}"));
    scene.setup(&format!("{SETUP}settings.\"create.mode\" = \"automatic\"\n"));
    if look_up > 0 {
        scene.control.inject(Fault::always(FaultKind::Delay { ms: look_up, to_ms: None }).on(&[Operation::Find])).unwrap();
    }
    let mut host = scene.start(&[]);
    // The first call is not counted: at it the program compiles what it runs.
    play(&mut host, 0, 1, 1);
    assert_eq!(scene.wait_for_entries(1), 1);
    let Some(before) = written(&host) else {
        println!("| {a_second} | {calls} | | this system does not count them |");
        return;
    };
    play(&mut host, 1, calls, a_second);
    let wanted = usize::try_from(calls).unwrap() + 1;
    assert_eq!(scene.wait_for_entries(wanted), wanted);
    // What became of the last ones is written within a second.
    std::thread::sleep(Duration::from_secs(2));
    let bytes = written(&host).unwrap() - before;
    let how = if look_up == 0 { "at once".to_owned() } else { format!("after {look_up} ms") };
    println!("| {a_second} | {calls} | {how} | {} |", bytes / calls);
    assert_eq!(host.close().1, Some(0));
}

/// Tells of calls that begin evenly spread, each two seconds long. All answers are read.
fn play(host: &mut Running, first: u64, calls: u64, a_second: u64) {
    let begun = Instant::now();
    let mut told = 0;
    let mut events: Vec<(u64, serde_json::Value)> = Vec::new();
    for index in first..first + calls {
        let at = (index - first) * 1_000 / a_second;
        let call = format!("d{index}");
        let from =
            if index % 10 < 3 { format!("+1{}5550{:03}", 201 + index / 100 % 700, 100 + index % 100) } else { "+15550100142".to_owned() };
        events.extend([
            (at, json!({ "what": "start", "call": call, "direction": "inbound", "from": from, "to": "+15550100100" })),
            (at, json!({ "what": "ring", "call": call, "extension": "1001" })),
            (at + 500, json!({ "what": "answer", "call": call, "extension": "1001" })),
            (at + 2_000, json!({ "what": "end", "call": call })),
        ]);
    }
    events.sort_by_key(|(at, _)| *at);
    for (at, event) in &events {
        std::thread::sleep(Duration::from_millis(*at).saturating_sub(begun.elapsed()));
        host.tell(event);
        told += 1;
        // Answers are read in between, so that neither side waits.
        if told % 64 == 0 {
            for _ in 0..64 {
                assert_eq!(host.answer()["taken"], true);
            }
        }
    }
    for _ in 0..told % 64 {
        assert_eq!(host.answer()["taken"], true);
    }
}

/// Bytes that the process has written to files so far.
fn written(host: &Running) -> Option<u64> {
    let told = std::fs::read_to_string(format!("/proc/{}/io", host.child.id())).ok()?;
    told.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.parse().ok()
}
