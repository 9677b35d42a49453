//! One hook in a fresh instance with a store in memory, beside the same policy compiled natively: the p50 of each and their ratio,
//! from one run. `cargo bench --bench hook`.

use std::sync::Arc;
use std::time::Instant;

use pbx_crm::guests::Components;
use pbx_crm_host::binding::Bindings;
use pbx_crm_host::bindings::hooks::calls::Direction;
use pbx_crm_host::component::PreparedPlugin;
use pbx_crm_host::core::io::Input;
use pbx_crm_host::core::{Core, CoreParts};
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::{CallEvent, Happening, Start};
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::pbx::{Pbx, StaticPbx};
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::memory::MemoryStore;
use pbx_crm_policy::contract::exports::pbx::hooks::call_events::Started;
use pbx_crm_policy::testing::{InMemory, PlayedCall};

const RUNS: usize = 3_000;

fn main() {
    let sandboxed = in_the_sandbox();
    let native = natively();
    println!("on-start, {RUNS} runs, p50 (p99) in microseconds:");
    println!("  fresh instance, the core's step and commit included: {:.1} ({:.1})", sandboxed.0, sandboxed.1);
    println!("  the same policy compiled natively:                   {:.2} ({:.2})", native.0, native.1);
    println!("  ratio of the p50: {:.0}", sandboxed.0 / native.0.max(0.001));
}

fn in_the_sandbox() -> (f64, f64) {
    let engine = SandboxEngine::new().expect("an engine");
    let pbx = StaticPbx::new("US", "UTC").with_extension("1001", "Ann Field", None);
    let plugin = Arc::new(PreparedPlugin::load(&engine, &Components::built().policy, &pbx.facts()).expect("the policy loads"));
    let settings = Settings::new(plugin.schema().to_vec());
    let mut core = Core::new(CoreParts {
        plugin,
        settings,
        connectors: Vec::new(),
        bindings: Bindings::default(),
        pbx: Box::new(pbx),
        numbers: DialPlan::new("US", ["1001".to_owned()]).expect("a country"),
        store: Box::new(MemoryStore::default()),
        seed: 1,
        virtual_time: true,
    })
    .expect("a core");
    measure(|run| {
        // A day apart, so that the calls before are forgotten and the state stays small.
        let at = (run as u64 + 1) * 86_400_000;
        let ended = CallEvent::new(format!("call-{run}"), at + 1_000, Happening::Ended { outcome: None });
        let started = CallEvent::new(format!("call-{run}"), at, Happening::Started(Start::new(Direction::Inbound, "+15550100142", "100")));
        let began = Instant::now();
        let outputs = core.step(at, Input::Call(started));
        let took = began.elapsed();
        assert!(!outputs.is_empty());
        core.step(at + 1_000, Input::Call(ended));
        took
    })
}

fn natively() -> (f64, f64) {
    let mut world = InMemory::new();
    let call = PlayedCall::from_outside(&mut world, "call-1", pbx_crm_policy::testing::number("+1 555 010 0142"));
    let event = Started { at: 0, resync: false, call: call.call.clone(), extras: Vec::new() };
    let mut world = InMemory::new();
    measure(|_| {
        let began = Instant::now();
        let result = pbx_crm_policy::policy::on_start(&mut world, std::hint::black_box(&event));
        let took = began.elapsed();
        assert!(result.is_ok());
        took
    })
}

/// p50 and p99 in microseconds, after a tenth of the runs for warming up.
fn measure(mut once: impl FnMut(usize) -> std::time::Duration) -> (f64, f64) {
    let mut all: Vec<f64> = (0..RUNS + RUNS / 10).map(&mut once).map(|took| took.as_secs_f64() * 1e6).skip(RUNS / 10).collect();
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() * 99 / 100])
}
