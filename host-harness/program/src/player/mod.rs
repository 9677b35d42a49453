//! Plays a scenario: the real core, the real components, a fake CRM, and a clock that jumps from event to event.

pub mod account;
pub(crate) mod cast;
pub mod check;
pub mod crm;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crm_fake::RecordedRequest;
use pbx_crm_host::binding::Bindings;
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::KindInfo;
use pbx_crm_host::bindings::crm::types::Role;
use pbx_crm_host::bindings::hooks::host::HostFacts;
use pbx_crm_host::component::{LoadError, PreparedConnector, PreparedPlugin};
use pbx_crm_host::core::io::{HttpAnswer, HttpFailure, Input, Output};
use pbx_crm_host::core::{ConnectorParts, Core, CoreError, CoreParts};
use pbx_crm_host::egress::Way;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::Moment;
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::memory::MemoryStore;
use pbx_crm_host::store::sqlite::{Database, SqliteStore};
use pbx_crm_host::store::{Order, Ordered, Store};
use pbx_crm_host::texts::Catalogue;

use self::crm::{Crm, Line};
use crate::guests::Components;
use crate::scenario::{Event, OrderWord, Scenario, ScenarioError};

/// Steps of one play. A scenario of a whole day has some ten thousand; more means that something feeds itself.
const MOST_STEPS: u64 = 5_000_000;

/// For what is measured with a real clock, where nothing takes time: it never runs out.
const TIME_LEFT: Duration = Duration::from_secs(3600);

/// A play that could not begin, or did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A component was refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The core could not be made.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The engine could not be made.
    #[error("the sandbox cannot start: {0}")]
    Engine(String),
    /// The CRM's control side refused.
    #[error("the CRM `{crm}` cannot be set up: {why}")]
    Crm {
        /// Its name.
        crm: String,
        /// What it said.
        why: String,
    },
    /// The account could not be connected.
    #[error("the account at `{crm}` cannot be connected: {why}")]
    Connect {
        /// The CRM.
        crm: String,
        /// Why not.
        why: String,
    },
    /// No fake speaks this connector's language.
    #[error("there is no built-in CRM for the connector `{0}`; start one of your own and name it with --crm http://127.0.0.1:PORT")]
    NoCrm(String),
    /// The store cannot be used.
    #[error("{0}")]
    Store(String),
    /// It went on for ever.
    #[error("the play did not come to an end after {MOST_STEPS} steps")]
    Endless,
}

/// What happened in a play.
#[derive(Debug)]
pub struct Play {
    /// Everything that the core put out, with its moment.
    pub outputs: Vec<(Moment, Output)>,
    /// As whom the account was connected on the CRM's own pages; none: nobody had to sign in.
    pub signed_in: Option<String>,
    /// Moment of the offset 0.
    pub starts: Moment,
    /// What the CRM got.
    pub requests: Vec<RecordedRequest>,
    /// How many of these a call of the connector needed beyond its first, by function.
    pub further: BTreeMap<&'static str, u32>,
    /// Records that stand in the CRM at the end.
    pub records: Vec<crm_fake::Record>,
    /// What the CRM's API calls them, in the same order.
    pub own_ids: Vec<String>,
    /// Ids of those that stood there at the beginning, or were put there by people.
    pub seeded: Vec<String>,
    /// Call histories at the end.
    pub activities: Vec<crm_fake::Activity>,
    /// Entries of the phonebooks that the plugin keeps.
    pub phonebook: Vec<pbx_crm_host::bindings::hooks::phonebook::Entry>,
    /// Work that waits at the end, and work that is dead.
    pub unfinished: (u32, u32),
    /// Page addresses of the records, by id.
    pub links: BTreeMap<String, String>,
    /// Texts of the components, for rendering.
    pub texts: Texts,
}

impl Play {
    /// The record that the CRM's API calls so.
    #[must_use]
    pub fn record(&self, own_id: &str) -> Option<&crm_fake::Record> {
        self.own_ids.iter().zip(&self.records).find(|(own, _)| *own == own_id).map(|(_, record)| record)
    }
}

/// The catalogues of everybody who speaks.
#[derive(Debug, Clone)]
pub struct Texts {
    plugin: Catalogue,
    connector: Catalogue,
    host: Catalogue,
}

impl Texts {
    /// Renders a message of the plugin, the connector or the host.
    #[must_use]
    pub fn render(&self, language: &str, message: &pbx_crm_host::bindings::base::types::Message) -> String {
        let all = [&self.plugin, &self.connector, &self.host];
        let catalogue = all.into_iter().find(|catalogue| catalogue.knows(&message.id)).unwrap_or(&self.plugin);
        catalogue.render(language, message)
    }
}

/// Components, compiled once for any number of plays.
pub struct Stage {
    engine: SandboxEngine,
    components: Components,
    connector: Arc<PreparedConnector>,
    /// By the PBX's facts, on which its settings may depend.
    plugins: Mutex<Vec<(HostFacts, Arc<PreparedPlugin>)>>,
}

impl Stage {
    /// Loads the connector; the plugin is loaded for each PBX, on whose facts its settings may depend.
    ///
    /// # Errors
    /// A component was refused.
    pub fn new(components: Components) -> Result<Self, PlayError> {
        let engine = SandboxEngine::new().map_err(|why| PlayError::Engine(format!("{why:#}")))?;
        let connector = Arc::new(PreparedConnector::load(&engine, &components.connector)?);
        let stage = Self { engine, components, connector, plugins: Mutex::default() };
        // Loaded here already, so that a broken plugin is told before anything is played.
        stage.plugin(&cast::pbx(&crate::scenario::parse(Path::new("default"), "title = \"\"")?).1)?;
        Ok(stage)
    }

    fn plugin(&self, facts: &HostFacts) -> Result<Arc<PreparedPlugin>, LoadError> {
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plugin)) = plugins.iter().find(|(known, _)| known == facts) {
            return Ok(Arc::clone(plugin));
        }
        let plugin = Arc::new(PreparedPlugin::load(&self.engine, &self.components.policy, facts)?);
        plugins.push((facts.clone(), Arc::clone(&plugin)));
        Ok(plugin)
    }

    /// The connector's id, which names the built-in fake.
    #[must_use]
    pub fn connector_id(&self) -> &str {
        &self.connector.description().id
    }

    /// Plays a scenario against a CRM.
    ///
    /// # Errors
    /// It could not begin, or did not come to an end.
    pub fn play(&self, file: &Path, text: &str, scenario: &Scenario, crm: Crm) -> Result<Play, PlayError> {
        Player::new(self, file, text, scenario, crm)?.run()
    }
}

/// What comes next: at a moment, in order of asking.
struct Next {
    at: Moment,
    order: u64,
    what: What,
}

enum What {
    Event(usize),
    Http(u64, HttpAnswer),
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Next {}
impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

struct Player<'a> {
    scenario: &'a Scenario,
    line: Arc<Line>,
    way: Option<Way>,
    signed_in: Option<String>,
    /// Requests that the CRM got before the play: those of connecting it.
    before: usize,
    /// Calls of the connector that have sent something.
    runs: BTreeSet<u64>,
    /// Requests of such a call beyond its first, by function.
    further: BTreeMap<&'static str, u32>,
    core: Core,
    /// For the core of the next process.
    parts: Parts,
    /// Where the store lies, if it is not in memory.
    database: Option<PathBuf>,
    calls: cast::Calls,
    next: BinaryHeap<Reverse<Next>>,
    order: u64,
    starts: Moment,
    until: Moment,
    seeded: Vec<String>,
    outputs: Vec<(Moment, Output)>,
    base: String,
    texts: Texts,
    pages: Vec<KindInfo>,
    pages_at: Option<String>,
    organisation: String,
}

fn open(path: &Path, now: Moment) -> Result<Box<dyn Store>, PlayError> {
    let opened = Database::open(path, now).map_err(|why| PlayError::Store(why.to_string()))?;
    let store = SqliteStore::new(Arc::new(opened.database)).map_err(|why| PlayError::Store(why.to_string()))?;
    Ok(Box::new(store))
}

/// What every process of a play begins with.
struct Parts {
    plugin: Arc<PreparedPlugin>,
    settings: Settings,
    connectors: Vec<ConnectorParts>,
    bindings: Bindings,
    numbers: DialPlan,
    /// Processes so far.
    begun: u64,
}

impl Parts {
    fn core(&mut self, scenario: &Scenario, store: Box<dyn Store>) -> Result<Core, CoreError> {
        self.begun += 1;
        Core::new(CoreParts {
            plugin: Arc::clone(&self.plugin),
            settings: self.settings.clone(),
            connectors: self.connectors.clone(),
            bindings: self.bindings.clone(),
            pbx: Box::new(cast::pbx(scenario).0),
            numbers: self.numbers.clone(),
            store,
            seed: scenario.seed.wrapping_add(self.begun - 1),
            virtual_time: true,
        })
    }
}

impl<'a> Player<'a> {
    fn new(stage: &Stage, file: &Path, text: &str, scenario: &'a Scenario, crm: Crm) -> Result<Self, PlayError> {
        let Crm { fake, address, credentials, database } = crm;
        let wrong = |span: std::ops::Range<usize>, why: String| PlayError::Scenario(crate::scenario::wrong_at(file, text, span, why));
        let facts = cast::pbx(scenario).1;
        let starts = crate::scenario::time::local_moment(scenario.pbx.starts.get_ref(), scenario.pbx.time_zone.get_ref())
            .map_err(|why| wrong(scenario.pbx.starts.span(), why))?;
        let numbers = cast::numbers(scenario).map_err(|why| wrong(scenario.pbx.country.span(), why))?;
        let calls = cast::Calls::new(scenario, numbers.clone());
        let plugin = stage.plugin(&facts)?;
        let settings = cast::plugin_settings(&plugin, &facts, scenario, &wrong)?;
        let name = fake.name().to_owned();
        let mut connector_settings = pbx_crm_host::settings::Settings::new(stage.connector.schema().to_vec());
        for (key, value) in fake.settings(&address) {
            let failed = |why: pbx_crm_host::settings::SettingError| PlayError::Crm { crm: name.clone(), why: why.to_string() };
            connector_settings.set_json(&key, &value).map_err(failed)?;
        }
        let line = Line::new(fake, starts);
        let account = match scenario.crm.connected {
            true => Some(account::connect(&stage.connector, &connector_settings, &line, &address, credentials)?),
            false => None,
        };
        let mut crm = line.fake();
        for user in &scenario.crm.users {
            let form = user.get_ref();
            let seed =
                crm_fake::SeedUser { id: Some(form.id.clone()), name: form.name.clone(), email: form.email.clone(), active: form.active };
            match crm.seed_users(starts, vec![seed]) {
                // A CRM without users of its own takes any name for one.
                Ok(_) | Err(crm_fake::ControlError::Unsupported(_)) => {}
                Err(why) => return Err(wrong(user.span(), why.to_string())),
            }
        }
        let records = scenario.crm.records.iter().map(|record| record.get_ref().clone()).collect();
        let seeded = crm.seed(starts, records).map_err(|why| {
            let span = scenario.crm.records.first().map_or(0..0, toml::Spanned::span);
            wrong(span, why.to_string())
        })?;
        for fault in &scenario.crm.faults {
            crm.inject(fault.get_ref().clone()).map_err(|why| wrong(fault.span(), why.to_string()))?;
        }
        for knob in &scenario.crm.knobs {
            let form = knob.get_ref();
            form.json()
                .and_then(|value| crm.knob(starts, &form.name, value).map_err(|why| why.to_string()))
                .map_err(|why| wrong(knob.span(), why))?;
        }
        let bindings = cast::bindings(scenario, stage.connector_id(), &|name| crm.own_id(name), &wrong)?;
        let before = crm.requests().len();
        drop(crm);
        let base = account.as_ref().map_or_else(|| address.clone(), |account| account.base.clone());
        let signed_in = account.as_ref().and_then(|account| account.signed_in.clone());
        let organisation = account.as_ref().map(|account| account.organisation.clone()).unwrap_or_default();
        let pages_at = account.as_ref().and_then(|account| account.pages.clone());
        let (connectors, way) = match account {
            Some(account) => {
                let parts = ConnectorParts {
                    id: stage.connector.description().id.clone(),
                    connector: Arc::clone(&stage.connector),
                    settings: connector_settings,
                    base: account.base,
                    pages: account.pages.clone(),
                    organisation: account.organisation,
                    organisation_name: account.organisation_name,
                    user: account.user,
                    creates: scenario.crm.creates,
                    budget: scenario.crm.budget.clone(),
                };
                (vec![parts], Some(account.way))
            }
            None => (Vec::new(), None),
        };
        let texts = Texts {
            plugin: plugin.catalogue().clone(),
            connector: stage.connector.catalogue().clone(),
            host: pbx_crm_host::messages::host_catalogue(),
        };
        let pages = stage.connector.description().kinds.clone();
        let mut parts = Parts { plugin, settings, connectors, bindings, numbers, begun: 0 };
        let mut store: Box<dyn Store> = match &database {
            Some(path) => open(path, starts)?,
            None => Box::new(MemoryStore::default()),
        };
        cast::fill(store.as_mut(), scenario);
        let core = parts.core(scenario, store)?;
        let last = scenario.events.iter().map(|event| event.get_ref().at().ms).max().unwrap_or(0);
        let mut player = Self {
            scenario,
            line,
            way,
            signed_in,
            before,
            runs: BTreeSet::new(),
            further: BTreeMap::new(),
            core,
            parts,
            database,
            calls,
            next: BinaryHeap::new(),
            order: 0,
            starts,
            until: starts + last + scenario.then_wait.ms,
            seeded,
            outputs: Vec::new(),
            base,
            texts,
            pages,
            pages_at,
            organisation,
        };
        for index in 0..scenario.events.len() {
            let at = scenario.events.get(index).map_or(0, |event| event.get_ref().at().ms);
            player.plan(starts + at, What::Event(index));
        }
        Ok(player)
    }

    fn plan(&mut self, at: Moment, what: What) {
        self.order += 1;
        self.next.push(Reverse(Next { at, order: self.order, what }));
    }

    fn run(mut self) -> Result<Play, PlayError> {
        for _ in 0..MOST_STEPS {
            let wake = self.core.next_wake();
            let planned = self.next.peek().map(|Reverse(next)| next.at);
            let Some(at) = [wake, planned].into_iter().flatten().min().filter(|at| *at <= self.until) else {
                return self.finish();
            };
            let input = if planned == Some(at) {
                match self.next.pop() {
                    Some(Reverse(Next { what: What::Http(exchange, answer), .. })) => Some(Input::Http { exchange, answer }),
                    Some(Reverse(Next { what: What::Event(index), .. })) => self.happen(at, index)?,
                    None => None,
                }
            } else {
                Some(Input::Time)
            };
            if let Some(input) = input {
                self.step(at, input);
            }
            self.believe()?;
        }
        Err(PlayError::Endless)
    }

    /// An event of the scenario: for the core, or for the CRM.
    fn happen(&mut self, at: Moment, index: usize) -> Result<Option<Input>, PlayError> {
        let Some(event) = self.scenario.events.get(index) else { return Ok(None) };
        let mut crm = self.line.fake();
        let name = crm.name().to_owned();
        let failed = |why: String| PlayError::Crm { crm: name.clone(), why };
        match event.get_ref() {
            Event::Fault { fault, .. } => crm.inject(fault.clone()).map_err(|why| failed(why.to_string()))?,
            Event::ClearFaults { .. } => crm.clear_faults(),
            Event::Restart { .. } => {
                drop(crm);
                self.restart(at)?;
                return Ok(Some(Input::Time));
            }
            Event::Order { order, number, .. } => {
                drop(crm);
                self.order(at, *order, number.as_deref());
            }
            Event::Knob { name, value, .. } => {
                let value = crate::scenario::KnobForm { name: name.clone(), value: value.clone() }.json();
                let turned = value.and_then(|value| crm.knob(at, name, value).map_err(|why| why.to_string()));
                turned.map_err(failed)?;
            }
            Event::Seed { records, .. } => {
                let ids = crm.seed(at, records.clone()).map_err(|why| failed(why.to_string()))?;
                self.seeded.extend(ids);
            }
            call => {
                drop(crm);
                return Ok(self.calls.call_event(call, at).map(Input::Call));
            }
        }
        Ok(None)
    }

    /// The answers to what the old process had asked come for nobody.
    fn restart(&mut self, at: Moment) -> Result<(), PlayError> {
        self.next.retain(|Reverse(next)| !matches!(next.what, What::Http(..)));
        if let Some(mut store) = self.core.take_store() {
            match &self.database {
                Some(path) => {
                    // The file is let go of before it is opened anew.
                    drop(store);
                    store = open(path, at)?;
                }
                None => store.forget_what_lives(),
            }
            self.core = self.parts.core(self.scenario, store)?;
        }
        Ok(())
    }

    fn order(&mut self, at: Moment, order: OrderWord, number: Option<&str>) {
        let connector = self.parts.connectors.first().map(|parts| parts.id.clone()).unwrap_or_default();
        let store = self.core.store();
        let dead = store.map(|store| store.dead(0, usize::MAX)).unwrap_or_default();
        let unfinished = store.map(|store| store.unfinished(0, usize::MAX)).unwrap_or_default();
        let orders = match order {
            OrderWord::Disable => vec![Order::Disable { connector }],
            OrderWord::Enable => vec![Order::Enable { connector }],
            OrderWord::Forget => vec![Order::Forget { connector }],
            OrderWord::Replay => dead.iter().map(|item| Order::Replay { item: item.order }).collect(),
            OrderWord::Discard => dead.iter().chain(&unfinished).map(|item| Order::Discard { item: item.order }).collect(),
            OrderWord::Erase => vec![Order::Erase { number: number.unwrap_or_default().to_owned() }],
        };
        for order in orders {
            self.step(at, Input::Order(Ordered { id: 0, by: "the scenario".to_owned(), at, order }));
        }
    }

    fn step(&mut self, at: Moment, input: Input) {
        for output in self.core.step(at, input) {
            if let (Output::Http(request), Some(way)) = (&output, &self.way) {
                self.line.is_now(at);
                // Each process counts its calls from 1.
                let call = (self.parts.begun << 32) + request.run;
                self.line.is_for(call, request.function);
                if !self.runs.insert(call) {
                    *self.further.entry(request.function).or_default() += 1;
                }
                let answer = way.send(request, at, TIME_LEFT);
                if let Err(HttpFailure::Moved(base)) = &answer {
                    self.base.clone_from(base);
                }
                // A connector gives up at its deadline; what comes later comes for nobody.
                self.plan(self.line.now(), What::Http(request.exchange, answer));
            }
            self.outputs.push((at, output));
        }
        // What was sent above has been answered at a later moment: before that, its reason lasts.
        let _ = self.core.sync();
    }

    /// A CRM in another process that cannot be reached is told as that, and not as a CRM without records.
    fn believe(&self) -> Result<(), PlayError> {
        let crm = self.line.fake();
        crm.lost().map_or(Ok(()), |why| Err(PlayError::Crm { crm: crm.name().to_owned(), why: why.to_string() }))
    }

    fn finish(self) -> Result<Play, PlayError> {
        let (records, own_ids, requests, activities) = {
            let mut crm = self.line.fake();
            crm.advance(self.until);
            let records = crm.records();
            let own_ids: Vec<String> = records.iter().map(|record| crm.own_id(&record.id)).collect();
            (records, own_ids, crm.requests().split_off(self.before), crm.activities())
        };
        self.believe()?;
        let role = |role: crm_fake::Role| match role {
            crm_fake::Role::Person => Role::Person,
            crm_fake::Role::Prospect => Role::Prospect,
            crm_fake::Role::Organisation => Role::Organisation,
        };
        let links = records
            .iter()
            .zip(&own_ids)
            .filter_map(|(record, id)| {
                let kind = self.pages.iter().find(|kind| kind.role == role(record.role))?;
                let page = kind.page.as_ref()?;
                let page = match page.strip_prefix("{pages}") {
                    Some(rest) => format!("{}{rest}", self.pages_at.as_ref()?),
                    None => page.replace("{base}", &self.base),
                };
                let page = page.replace("{organisation}", &self.organisation).replace("{kind}", &kind.kind);
                Some((record.id.clone(), page.replace("{id}", id)))
            })
            .collect();
        let store = self.core.store();
        let phonebook = store
            .map(|store| store.books().into_iter().filter(|book| book.kept_by.is_some()).flat_map(|book| store.entries(&book.id)).collect())
            .unwrap_or_default();
        let counts = store.map(|store| store.counts()).unwrap_or_default();
        Ok(Play {
            outputs: self.outputs,
            signed_in: self.signed_in,
            starts: self.starts,
            requests,
            further: self.further,
            records,
            own_ids,
            seeded: self.seeded,
            activities,
            phonebook,
            unfinished: ((counts.pending + counts.leased) as u32, counts.dead as u32),
            links,
            texts: self.texts,
        })
    }
}
