//! One hook in a fresh instance with a store in memory, beside the same policy compiled natively: p50 and p99 of each and the
//! ratio of their p50, from one run. `cargo bench --bench hook`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a bench may stop")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use pbx_crm::guests::Components;
use pbx_crm::player::crm::{self, Line};
use pbx_crm_host::binding::{Binding, Bindings};
use pbx_crm_host::bindings::crm::connections::User;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::bindings::hooks::calls::{Direction, Via};
use pbx_crm_host::component::{PreparedConnector, PreparedPlugin};
use pbx_crm_host::core::io::{Input, Output};
use pbx_crm_host::core::{ConnectorParts, Core, CoreParts};
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::egress::{Key, Way};
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::{CallEvent, Happening, Start};
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::pbx::{Pbx, StaticPbx};
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::memory::MemoryStore;
use pbx_crm_policy::contract::exports::pbx::hooks::call_events::Started;
use pbx_crm_policy::testing::{InMemory, PlayedCall, number, person};

const RUNS: usize = 2_000;
const CALLER: &str = "+15550100142";
const DAY: u64 = 86_400_000;

fn main() {
    let mut office = Office::open();
    println!("{RUNS} calls, microseconds: p50 (p99). The core's step with its commit is included.");
    let [start, asks, pops] = office.measure();
    let (native_start, native_pops) = natively();
    row("on-start", &start, Some(&native_start));
    row("on-ring: match known, card and pop", &pops, Some(&native_pops));
    row("on-ring: asks; the connector, too, runs up to its request", &asks, None);
}

fn row(what: &str, sandboxed: &Times, native: Option<&Times>) {
    print!("{what:<58} fresh instance {:>7.1} ({:>7.1})", sandboxed.p50(), sandboxed.p99());
    match native {
        Some(native) => {
            println!("  native {:>5.2} ({:>5.2})  ratio {:.0}", native.p50(), native.p99(), sandboxed.p50() / native.p50().max(0.001))
        }
        None => println!(),
    }
}

/// What was measured, in microseconds.
struct Times(Vec<f64>);

impl Times {
    /// After a tenth of the runs for warming up.
    fn new(all: Vec<Duration>) -> Self {
        let mut times: Vec<f64> = all.into_iter().skip(RUNS / 10).map(|took| took.as_secs_f64() * 1e6).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    fn p50(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    fn p99(&self) -> f64 {
        self.0[self.0.len() * 99 / 100]
    }
}

/// Two agents, a CRM that knows the caller.
struct Office {
    core: Core,
    line: Arc<Line>,
    way: Way,
}

impl Office {
    fn open() -> Self {
        let components = Components::built();
        let engine = SandboxEngine::new().expect("an engine");
        let pbx = StaticPbx::new("US", "UTC").with_extension("1001", "Ann Field", None).with_extension("1002", "Bob Stone", None);
        let plugin = Arc::new(PreparedPlugin::load(&engine, &components.policy, &pbx.facts()).expect("the policy loads"));
        let connector = Arc::new(PreparedConnector::load(&engine, &components.connector).expect("the connector loads"));
        let id = connector.description().id.clone();
        let mut settings = Settings::new(plugin.schema().to_vec());
        settings.set_json("journal.enabled", &serde_json::Value::Bool(false)).expect("a setting of the policy");
        let mut crm = crm::built_in(&id).expect("a fake");
        let mut maria = crm_fake::SeedRecord::new(crm_fake::Role::Person);
        maria.name = Some("Maria Torres".to_owned());
        maria.phones = vec![crm_fake::Phone { label: "mobile".to_owned(), number: "(555) 010-0142".to_owned() }];
        crm.seed(0, vec![maria]).expect("a record");
        let mut connector_settings = Settings::new(connector.schema().to_vec());
        for (key, value) in crm.settings(crm::IN_PROCESS) {
            connector_settings.set_json(&key, &value).expect("a setting of the connector");
        }
        let mut bindings = Bindings::default();
        for (user, extension) in [("ann", "1001"), ("bob", "1002")] {
            let reference = UserRef { connector: id.clone(), id: user.to_owned() };
            let user = User { reference, name: user.to_owned(), email: String::new(), active: true, extras: Vec::new() };
            bindings.bind(Binding { user, extensions: vec![extension.to_owned()], groups: Vec::new() }).expect("no conflict");
        }
        let line = Line::new(crm, 0);
        let marked = OnPremises::default().with(crm::IN_PROCESS).expect("an address");
        let way = Way::new(connector.description(), &connector_settings, line.clone(), marked, Key::None);
        let core = Core::new(CoreParts {
            plugin,
            settings,
            connectors: vec![ConnectorParts {
                base: connector.base(&connector_settings).unwrap_or_else(|| crm::IN_PROCESS.to_owned()),
                id,
                connector,
                settings: connector_settings,
                pages: None,
                organisation: "office".to_owned(),
                organisation_name: "Office".to_owned(),
                user: None,
                creates: false,
                budget: Default::default(),
            }],
            bindings,
            pbx: Box::new(pbx),
            numbers: DialPlan::new("US", ["1001".to_owned(), "1002".to_owned()]).expect("a country"),
            store: Box::new(MemoryStore::default()),
            seed: 1,
            virtual_time: true,
        })
        .expect("a core");
        Self { core, line, way }
    }

    /// Start; the first phone's ring, which asks; the second one's, which pops.
    fn measure(&mut self) -> [Times; 3] {
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        for run in 0..RUNS + RUNS / 10 {
            // A day apart, so that the calls before are forgotten and the state stays small.
            let at = (run as u64 + 1) * DAY;
            self.core.step(at - 1, Input::Time);
            let call = format!("call-{run}");
            let event = |after, happening| Input::Call(CallEvent::new(call.clone(), at + after, happening));
            let ring =
                |extension: &str| Happening::Ringing { leg: extension.to_owned(), extension: extension.to_owned(), via: Via::Direct };
            let start = event(0, Happening::Started(Start::new(Direction::Inbound, CALLER, "+15550100100")));
            all[0].push(self.timed(at, start).0);
            let (took, outputs) = self.timed(at + 1_000, event(1_000, ring("1001")));
            all[1].push(took);
            for request in outputs.into_iter().filter_map(|output| if let Output::Http(request) = output { Some(request) } else { None }) {
                self.line.is_now(at + 1_000);
                let answer = self.way.send(&request, at + 1_000, Duration::from_secs(10));
                self.core.step(at + 1_500, Input::Http { exchange: request.exchange, answer });
            }
            let (took, outputs) = self.timed(at + 2_000, event(2_000, ring("1002")));
            assert!(outputs.iter().any(|output| matches!(output, Output::OpenPage { .. })), "the second phone's page opens");
            all[2].push(took);
            self.core.step(at + 60_000, event(60_000, Happening::Ended { outcome: None }));
        }
        all.map(Times::new)
    }

    fn timed(&mut self, at: u64, input: Input) -> (Duration, Vec<Output>) {
        let began = Instant::now();
        let outputs = self.core.step(at, input);
        (began.elapsed(), outputs)
    }
}

/// The same two hooks, compiled natively over a world in memory.
fn natively() -> (Times, Times) {
    let (mut starts, mut rings) = (Vec::new(), Vec::new());
    for run in 0..RUNS + RUNS / 10 {
        let mut world = InMemory::new();
        world.bind("1001", "ann");
        world.bind("1002", "bob");
        let call = PlayedCall::from_outside(&mut world, &format!("call-{run}"), number(CALLER));
        let event = Started { at: 0, resync: false, call: call.call.clone(), extras: Vec::new() };
        let began = Instant::now();
        let result = pbx_crm_policy::policy::on_start(&mut world, std::hint::black_box(&event));
        starts.push(began.elapsed());
        assert!(result.is_ok());

        let mut call = PlayedCall::from_outside(&mut world, &format!("call-{run}"), number(CALLER));
        call.ring("1001").matched(vec![person("5", "Maria Torres", CALLER)]);
        let began = Instant::now();
        call.ring("1002");
        rings.push(began.elapsed());
        assert_eq!(world.pages(), ["1001", "1002"]);
    }
    (Times::new(starts), Times::new(rings))
}
