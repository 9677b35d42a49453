use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};

use serde_json::Value;

use super::accounts;
use super::clock::Clock;
use super::core_thread::{CoreThread, Observer, Outlets};
use super::error::StartError;
use super::firmware::{Clients, Telephony};
use super::workers::Workers;
use super::{Host, INBOX, Texts};
use crate::binding::{Binding, Bindings};
use crate::bindings::base_exports::settings_page::Problem as SettingsProblem;
use crate::bindings::crm::types::UserRef;
use crate::bindings::hooks::host::HostFacts;
use crate::component::Source;
use crate::component::plugin::PreparedPlugin;
use crate::core::budget::BudgetSettings;
use crate::core::io::Told;
use crate::core::{Core, CoreParts};
use crate::credential::store::CredentialStore;
use crate::egress::Egress;
use crate::egress::target::OnPremises;
use crate::engine::SandboxEngine;
use crate::number::DialPlan;
use crate::pbx::Pbx;
use crate::settings::Settings;
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::texts::Catalogue;

/// A CRM account and the connector that speaks with it.
#[derive(Debug, Clone)]
pub struct ConnectorSetup {
    /// Its id in every record's reference, for ever: 1 to 64 bytes.
    pub id: String,
    /// The component.
    pub source: Source,
    /// The connector's own settings; what is left out has its default.
    pub settings: Vec<(String, Value)>,
    /// Address for API requests and pages. None: the one that the connector's settings or its description name.
    pub base: Option<String>,
    /// Address of the pages of records, where the connector's patterns want one (`{pages}`). None: what was learnt when the account was connected.
    pub pages: Option<String>,
    /// The CRM's id of the organisation, "" if it has none. Work that was begun for one organisation is never done at another. Where the
    /// account is opened with a credential, what was learnt when it was connected counts.
    pub organisation: String,
    /// For people.
    pub organisation_name: String,
    /// The connected user, if the CRM has users.
    pub user: Option<UserRef>,
    /// New records are made here. At most one account.
    pub creates: bool,
    /// How much of its allowance may be used for what.
    pub budget: BudgetSettings,
    /// Hosts of this account that stand on the site: only to them may http be spoken, and only they may have addresses of the site.
    pub on_premises: OnPremises,
}

impl ConnectorSetup {
    /// An account that is asked, without a name, default settings, creating nothing.
    #[must_use]
    pub fn new(id: impl Into<String>, source: impl Into<Source>) -> Self {
        Self {
            id: id.into(),
            source: source.into(),
            settings: Vec::new(),
            base: None,
            pages: None,
            organisation: String::new(),
            organisation_name: String::new(),
            user: None,
            creates: false,
            budget: BudgetSettings::default(),
            on_premises: OnPremises::default(),
        }
    }
}

/// Collects what a [`Host`] is made of. A plugin, a PBX and clients are wanted; all else has a default.
#[derive(Default)]
#[must_use]
pub struct HostBuilder {
    plugin: Option<Source>,
    settings: Vec<(String, Value)>,
    connectors: Vec<ConnectorSetup>,
    bindings: Vec<Binding>,
    pbx: Option<Box<dyn Pbx>>,
    numbers: Option<DialPlan>,
    store: Option<Box<dyn Store>>,
    clients: Option<Box<dyn Clients>>,
    telephony: Option<Box<dyn Telephony>>,
    observer: Option<Observer>,
    credentials: Option<Arc<dyn CredentialStore>>,
}

impl HostBuilder {
    /// The component that decides.
    pub fn plugin(mut self, source: impl Into<Source>) -> Self {
        self.plugin = Some(source.into());
        self
    }

    /// A setting of the plugin; what is not set has its default.
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    /// A CRM account. Accounts are asked in the order in which they are given.
    pub fn connector(mut self, setup: ConnectorSetup) -> Self {
        self.connectors.push(setup);
        self
    }

    /// Extensions and groups that belong to a CRM user.
    pub fn bind(mut self, binding: Binding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Facts and directory. Read on the core's thread, within hooks: answer from memory.
    pub fn pbx(mut self, pbx: impl Pbx + 'static) -> Self {
        self.pbx = Some(Box::new(pbx));
        self
    }

    /// How numbers are read. Default: by the PBX's country, with the extensions that it has at the start.
    pub fn numbers(mut self, numbers: DialPlan) -> Self {
        self.numbers = Some(numbers);
        self
    }

    /// What must outlive a restart. Default: a [`MemoryStore`], which does not.
    pub fn store(mut self, store: Box<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// What the accounts were connected with, for connectors that want a credential.
    pub fn credentials(mut self, store: Arc<dyn CredentialStore>) -> Self {
        self.credentials = Some(store);
        self
    }

    /// The screens of agents.
    pub fn clients(mut self, clients: impl Clients + 'static) -> Self {
        self.clients = Some(Box::new(clients));
        self
    }

    /// The way to make calls, for a PBX with the ability "dial".
    pub fn telephony(mut self, telephony: impl Telephony + 'static) -> Self {
        self.telephony = Some(Box::new(telephony));
        self
    }

    /// Is told all that the host does and why, for timelines, explanations and logs. Called on the core's thread: return at once.
    pub fn observer(mut self, observer: impl FnMut(&Told) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Loads and checks everything, then starts the host's thread. Takes seconds where components are still to be compiled.
    ///
    /// # Errors
    /// Anything that would make the host fail later; nothing is left running then.
    pub fn start(self) -> Result<Host, StartError> {
        let missing = |part, method| StartError::Missing { part, method };
        let source = self.plugin.ok_or(missing("plugin", "plugin"))?;
        let pbx = self.pbx.ok_or(missing("PBX", "pbx"))?;
        let clients = self.clients.ok_or(missing("clients to show anything on", "clients"))?;
        let facts = HostFacts { host_version: env!("CARGO_PKG_VERSION").to_owned(), ..pbx.facts() };
        if self.telephony.is_none() && facts.abilities.iter().any(|ability| ability == "dial") {
            return Err(StartError::NoTelephony);
        }
        let numbers = match self.numbers {
            Some(numbers) => numbers,
            None => DialPlan::new(&facts.country, extensions(pbx.as_ref()))?,
        };
        let bindings = bindings(self.bindings, &self.connectors)?;

        let engine = SandboxEngine::new().map_err(|why| StartError::Sandbox(format!("{why:#}")))?;
        let plugin = PreparedPlugin::load(&engine, &source, &facts)?;
        let settings = plugin_settings(&plugin, &facts, &self.settings)?;
        let (connectors, ways) = accounts::all(&engine, self.connectors, self.credentials.as_ref())?;
        let catalogues = std::iter::once(plugin.catalogue()).chain(connectors.iter().map(|parts| parts.connector.catalogue()));
        let texts = Arc::new(Texts::new(catalogues.cloned()));
        let core = Core::new(CoreParts {
            plugin: Arc::new(plugin),
            settings,
            connectors,
            bindings,
            pbx,
            numbers,
            store: self.store.unwrap_or_else(|| Box::new(MemoryStore::default())),
            seed: random_seed(),
            virtual_time: false,
        })?;

        let (sender, inbox) = mpsc::sync_channel(INBOX);
        let clock = Arc::new(Clock::new());
        let workers = Workers::new(Egress::new(ways), Arc::clone(&clock), sender.clone());
        let outlets = Outlets { clients, telephony: self.telephony, observer: self.observer, texts: Arc::clone(&texts) };
        let stopping = Arc::new(AtomicBool::new(false));
        let shell = CoreThread { inbox, workers, outlets, clock, stopping: Arc::clone(&stopping), core };
        let thread = std::thread::Builder::new().name("pbx-crm-core".to_owned()).spawn(move || shell.run())?;
        Ok(Host { inbox: sender, stopping, thread: Some(thread), texts })
    }
}

/// All extensions of the PBX, page by page.
fn extensions(pbx: &dyn Pbx) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().cloned().unwrap_or_default();
        let page = pbx.extensions_after(&after, 500);
        // A PBX that does not come forward would be asked for ever.
        if page.last().is_none_or(|last| all.contains(&last.id)) {
            return all;
        }
        all.extend(page.into_iter().map(|extension| extension.id));
    }
}

fn bindings(given: Vec<Binding>, connectors: &[ConnectorSetup]) -> Result<Bindings, StartError> {
    let mut bindings = Bindings::default();
    for binding in given {
        let connector = &binding.user.reference.connector;
        if !connectors.iter().any(|setup| setup.id == *connector) {
            return Err(StartError::UnboundConnector { user: binding.user.name.clone(), connector: connector.clone() });
        }
        bindings.bind(binding)?;
    }
    Ok(bindings)
}

pub(super) fn take(settings: &mut Settings, component: &str, given: &[(String, Value)]) -> Result<(), StartError> {
    given
        .iter()
        .try_for_each(|(key, value)| settings.set_json(key, value))
        .map_err(|why| StartError::Setting { component: component.to_owned(), why })
}

fn plugin_settings(plugin: &PreparedPlugin, facts: &HostFacts, given: &[(String, Value)]) -> Result<Settings, StartError> {
    let mut settings = Settings::new(plugin.schema().to_vec());
    take(&mut settings, plugin.name(), given)?;
    judge(plugin.name(), plugin.catalogue(), &plugin.check(facts, &settings.all())?)?;
    Ok(settings)
}

/// Settings that a component would not let anybody save are not started with.
pub(super) fn judge(component: &str, catalogue: &Catalogue, problems: &[SettingsProblem]) -> Result<(), StartError> {
    let grave = problems.iter().filter(|problem| problem.prevents_saving);
    let told: Vec<String> = grave.map(|problem| format!("`{}`: {}", problem.key, catalogue.render("en", &problem.message))).collect();
    if told.is_empty() { Ok(()) } else { Err(StartError::Settings { component: component.to_owned(), problems: told.join(" ") }) }
}

/// The standard library seeds its hash maps from the operating system's randomness; this borrows one of those seeds.
fn random_seed() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
