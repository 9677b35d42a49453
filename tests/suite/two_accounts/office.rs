//! An office with two CRMs: one core in virtual time, and a line to each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crm_fake::{CrmFake, Fault, Phone, Role, SeedRecord, SeedUser};
use pbx_crm::guests;
use pbx_crm::player::account;
use pbx_crm::player::crm::Line;
use pbx_crm_host::binding::{Binding, Bindings};
use pbx_crm_host::bindings::base::types::Direction;
use pbx_crm_host::bindings::crm::connections::User;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::bindings::hooks::calls::Via;
use pbx_crm_host::component::{PreparedConnector, PreparedPlugin};
use pbx_crm_host::core::budget::BudgetSettings;
use pbx_crm_host::core::io::{HttpAnswer, Input, Output, Told};
use pbx_crm_host::core::{ConnectorParts, Core, CoreParts};
use pbx_crm_host::credential::store::MemoryStore as Credentials;
use pbx_crm_host::egress::Way;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::{CallEvent, Happening, Moment, Start};
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::pbx::{Pbx, StaticPbx};
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::memory::MemoryStore;
use pbx_crm_host::store::{Order, Ordered};

/// Noon on 2026-03-02.
const STARTS: Moment = 1_772_452_800_000;
const PATIENCE: Duration = Duration::from_secs(3600);
const MOST_STEPS: usize = 200_000;

/// Who calls.
pub struct People {
    pub in_first: &'static str,
    pub in_second: &'static str,
    pub in_both: &'static str,
    pub in_none: &'static str,
}

pub const PEOPLE: People = People { in_first: "+15550100142", in_second: "+15550100177", in_both: "+15550100155", in_none: "+15550100163" };

static ENGINE: LazyLock<SandboxEngine> = LazyLock::new(|| SandboxEngine::new().unwrap());
static CONNECTORS: LazyLock<BTreeMap<&str, Arc<PreparedConnector>>> = LazyLock::new(|| {
    let load = |id| (id, Arc::new(PreparedConnector::load(&ENGINE, &guests::connector(id).unwrap()).unwrap()));
    guests::CONNECTORS.into_iter().map(load).collect()
});

/// A CRM and the connector for it.
pub struct Account {
    connector: &'static str,
    fake: Box<dyn CrmFake>,
}

impl Account {
    pub fn new(connector: &'static str, fake: Box<dyn CrmFake>) -> Self {
        Self { connector, fake }
    }
}

struct Connected {
    id: &'static str,
    line: Arc<Line>,
    way: Way,
    address: String,
    seeded: BTreeSet<String>,
}

pub struct Office {
    core: Core,
    accounts: Vec<Connected>,
    next: BinaryHeap<Reverse<(Moment, u64)>>,
    planned: BTreeMap<u64, What>,
    order: u64,
    now: Moment,
    outputs: Vec<Output>,
}

enum What {
    Call(CallEvent),
    Http(u64, HttpAnswer),
}

impl Office {
    /// The second account is the one that creates.
    pub fn new(accounts: [Account; 2]) -> Self {
        let pbx = StaticPbx::new("US", "America/New_York").with_extension("1001", "Ann Field", None).with_facts(|facts| {
            facts.language = "en".to_owned();
        });
        let facts = pbx.facts();
        let plugin = PreparedPlugin::load(&ENGINE, &guests::policy(), &facts).unwrap();
        let mut settings = Settings::new(plugin.schema().to_vec());
        settings.set_json("create.mode", &"automatic".into()).unwrap();
        let (mut bindings, mut connected, mut parts) = (Bindings::default(), Vec::new(), Vec::new());
        for (index, account) in accounts.into_iter().enumerate() {
            let (one, its_parts, user) = connect(account, index);
            bindings.bind(Binding { user, extensions: vec!["1001".to_owned()], groups: Vec::new() }).unwrap();
            connected.push(one);
            parts.push(its_parts);
        }
        let core = Core::new(CoreParts {
            plugin: Arc::new(plugin),
            settings,
            connectors: parts,
            bindings,
            pbx: Box::new(pbx),
            numbers: DialPlan::new("US", ["1001".to_owned()]).unwrap(),
            store: Box::new(MemoryStore::default()),
            seed: 7,
            virtual_time: true,
        });
        Self {
            core: core.unwrap(),
            accounts: connected,
            next: BinaryHeap::new(),
            planned: BTreeMap::new(),
            order: 0,
            now: STARTS,
            outputs: Vec::new(),
        }
    }

    /// An answered call of half a minute that begins at this offset.
    pub fn call(&mut self, id: &str, from: &str, at: u64) {
        let phone = || "phone".to_owned();
        let happenings = [
            (0, Happening::Started(Start::new(Direction::Inbound, from, "+15550100100"))),
            (1_000, Happening::Ringing { leg: phone(), extension: "1001".to_owned(), via: Via::Direct }),
            (4_000, Happening::Answered { leg: phone(), extension: Some("1001".to_owned()) }),
            (34_000, Happening::Ended { outcome: None }),
        ];
        for (after, happening) in happenings {
            let at = STARTS + at + after;
            self.plan(at, What::Call(CallEvent::new(id, at, happening)));
        }
    }

    pub fn fault(&mut self, account: usize, fault: Fault) {
        self.accounts[account].line.fake().inject(fault).unwrap();
    }

    pub fn clear_faults(&mut self, account: usize) {
        self.accounts[account].line.fake().clear_faults();
    }

    /// An administrator switches an account off.
    pub fn disable(&mut self, account: usize) {
        let order = Order::Disable { connector: self.accounts[account].id.to_owned() };
        self.step(Input::Order(Ordered { id: 0, by: "a test".to_owned(), at: self.now, order }));
    }

    /// Lets all happen up to this offset.
    pub fn run_until(&mut self, offset: u64) {
        let until = STARTS + offset;
        for _ in 0..MOST_STEPS {
            let planned = self.next.peek().map(|Reverse((at, _))| *at);
            let Some(at) = [planned, self.core.next_wake()].into_iter().flatten().min().filter(|at| *at <= until) else {
                self.now = until;
                return;
            };
            self.now = at.max(self.now);
            let input = if planned == Some(at) {
                let Reverse((_, order)) = self.next.pop().unwrap();
                match self.planned.remove(&order).unwrap() {
                    What::Call(event) => Input::Call(event),
                    What::Http(exchange, answer) => Input::Http { exchange, answer },
                }
            } else {
                Input::Time
            };
            self.step(input);
        }
        panic!("it does not come to an end");
    }

    fn step(&mut self, input: Input) {
        for output in self.core.step(self.now, input) {
            if let Output::Http(request) = &output {
                let account = self.accounts.iter().find(|account| account.id == request.connector).unwrap();
                account.line.is_now(self.now);
                account.line.is_for(request.run, request.function);
                let answer = account.way.send(request, self.now, PATIENCE);
                let (at, exchange) = (account.line.now(), request.exchange);
                self.plan(at, What::Http(exchange, answer));
            }
            self.outputs.push(output);
        }
        self.core.sync().unwrap();
    }

    fn plan(&mut self, at: Moment, what: What) {
        self.order += 1;
        self.next.push(Reverse((at, self.order)));
        self.planned.insert(self.order, what);
    }

    /// For messages.
    pub fn names(&self) -> String {
        self.accounts.iter().map(|account| account.id).collect::<Vec<_>>().join(" before ")
    }

    /// Names of the records in whose histories calls stand, one for each call.
    pub fn entries(&self, account: usize) -> Vec<String> {
        let mut crm = self.accounts[account].line.fake();
        crm.advance(self.now);
        let records = crm.records();
        let name =
            |id: &str| records.iter().find(|record| record.id == id).map_or_else(|| format!("nobody ({id})"), |record| record.name.clone());
        crm.activities().iter().map(|activity| name(&activity.record)).collect()
    }

    /// Names of the records that the host made.
    pub fn made(&self, account: usize) -> Vec<String> {
        let account = &self.accounts[account];
        let mut crm = account.line.fake();
        crm.advance(self.now);
        crm.records().iter().filter(|record| !account.seeded.contains(&record.id)).map(|record| record.name.clone()).collect()
    }

    /// How often a function of a connector was called.
    pub fn asked(&self, account: usize, wanted: &str) -> usize {
        let id = self.accounts[account].id;
        let asked = |output: &&Output| matches!(output, Output::Told(Told::Asked { connector, function, .. }) if connector == id && *function == wanted);
        self.outputs.iter().filter(asked).count()
    }

    /// For which calls a page opened, and in which CRM it was.
    pub fn pages_of(&self) -> Vec<(String, usize)> {
        let opened = self.outputs.iter().filter_map(|output| match output {
            Output::OpenPage { call, link, .. } => Some((call.clone(), link)),
            _ => None,
        });
        let place = |link: &str| self.accounts.iter().position(|account| link.starts_with(&account.address)).unwrap();
        opened.map(|(call, link)| (call, place(link))).collect()
    }

    /// Work that waits or is dead.
    pub fn unfinished(&self) -> u64 {
        let counts = self.core.store().unwrap().counts();
        counts.pending + counts.leased + counts.dead
    }
}

fn connect(account: Account, index: usize) -> (Connected, ConnectorParts, User) {
    let connector = Arc::clone(&CONNECTORS[account.connector]);
    let mut fake = account.fake;
    let address = format!("http://crm-{index}.test");
    let mut settings = Settings::new(connector.schema().to_vec());
    for (key, value) in fake.settings(&address) {
        settings.set_json(&key, &value).unwrap();
    }
    let people = [[PEOPLE.in_first, PEOPLE.in_second][index], PEOPLE.in_both];
    let names = [["Maria Torres", "Henry Wood"][index], "Pat Reed"];
    let records = people.iter().zip(names).enumerate().map(|(number, (phone, name))| {
        let mut record = SeedRecord::new(Role::Person);
        record.id = Some(format!("p-{number}"));
        let (first, last) = name.split_once(' ').unwrap();
        (record.first_name, record.last_name) = (Some(first.to_owned()), Some(last.to_owned()));
        record.phones = vec![Phone { label: "mobile".to_owned(), number: (*phone).to_owned() }];
        record
    });
    let seeded = fake.seed(STARTS, records.collect()).unwrap();
    let ann = SeedUser { id: Some("ann".to_owned()), name: "Ann Field".to_owned(), email: String::new(), active: true };
    // A CRM without users of its own takes any name for one.
    let _names = fake.seed_users(STARTS, vec![ann]);
    let own = fake.own_id("ann");
    let line = Line::new(fake, STARTS);
    let opened = account::connect(&connector, &settings, &line, &address, Arc::new(Credentials::new())).unwrap();
    let parts = ConnectorParts {
        id: account.connector.to_owned(),
        connector,
        settings,
        base: opened.base,
        pages: opened.pages,
        organisation: opened.organisation,
        organisation_name: opened.organisation_name,
        user: opened.user,
        creates: index == 1,
        budget: BudgetSettings::default(),
    };
    let reference = UserRef { connector: account.connector.to_owned(), id: own };
    let user = User { reference, name: "Ann Field".to_owned(), email: String::new(), active: true, extras: Vec::new() };
    (Connected { id: account.connector, line, way: opened.way, address, seeded: seeded.into_iter().collect() }, parts, user)
}
