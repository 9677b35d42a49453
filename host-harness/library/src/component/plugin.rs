//! The plugin, checked and linked once, instantiated for every hook.

use wasmtime::Engine;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::{CONTRACT, LoadError, PLUGIN_IMPORTS, Source, compile, wasi};
use crate::bindings::base::types::Setting;
use crate::bindings::base_exports::settings_page::Problem;
use crate::bindings::base_exports::{settings_page, texts};
use crate::bindings::crm_exports::{agent_questions, crm_answers, visibility_answers};
use crate::bindings::hooks::host::HostFacts;
use crate::bindings::hooks_exports::{call_events, hold_events, recording_events, transfer_events};
use crate::bindings::plugin::PluginAll;
use crate::core::state::State;
use crate::engine::SandboxEngine;
use crate::hook::{self, HookData, Run};
use crate::limits;
use crate::number::DialPlan;
use crate::pbx::StaticPbx;
use crate::settings::Settings;
use crate::store::memory::MemoryStore;
use crate::texts::Catalogue;

/// A plugin ready to run. Share it: it is checked and compiled once.
pub struct PreparedPlugin {
    name: String,
    engine: SandboxEngine,
    pre: InstancePre<HookData>,
    exports: Exports,
    schema: Vec<settings_page::Field>,
    catalogue: Catalogue,
}

/// Which of the contract's interfaces the plugin exports. Found by name at install; loaded one at a time in a hook, since
/// loading all of them costs each hook 15 microseconds.
pub(crate) struct Exports {
    pub(crate) call_events: Option<call_events::GuestIndices>,
    pub(crate) crm_answers: Option<crm_answers::GuestIndices>,
    pub(crate) agent_questions: Option<agent_questions::GuestIndices>,
    pub(crate) visibility_answers: Option<visibility_answers::GuestIndices>,
    pub(crate) transfer_events: Option<transfer_events::GuestIndices>,
    pub(crate) hold_events: Option<hold_events::GuestIndices>,
    pub(crate) recording_events: Option<recording_events::GuestIndices>,
    settings_page: settings_page::GuestIndices,
    texts: texts::GuestIndices,
}

impl PreparedPlugin {
    /// Compiles, checks the imports, links, and tries every exported interface in one trial instance: a wrong type in an export shows
    /// only there. `facts` are those of the PBX, on which the settings' schema may depend.
    ///
    /// # Errors
    /// Anything that would make the plugin fail later, with the component's name.
    pub fn load(engine: &SandboxEngine, source: &Source, facts: &HostFacts) -> Result<Self, LoadError> {
        let name = source.name();
        let component = compile(engine, source, "plugin", limits::PLUGIN_FILE, PLUGIN_IMPORTS)?;
        let talks_to_crm = component.component_type().imports(engine.engine()).any(|(import, _)| import.starts_with("pbx:crm/requests@"));
        let unlinkable = |why: wasmtime::Error| LoadError::Imports { component: name.clone(), contract: CONTRACT, why: format!("{why:#}") };
        let mut linker = Linker::<HookData>::new(engine.engine());
        wasi::add_to_linker(&mut linker, wasi::Waiting::Never).map_err(unlinkable)?;
        PluginAll::add_to_linker::<_, HasSelf<HookData>>(&mut linker, |data| data).map_err(unlinkable)?;
        let pre = linker.instantiate_pre(&component).map_err(unlinkable)?;

        let missing = |interface: &str| {
            let (component, interface) = (name.clone(), interface.to_owned());
            move |why: wasmtime::Error| LoadError::Exports { component, interface, contract: CONTRACT, why: format!("{why:#}") }
        };
        let exports = Exports {
            call_events: Some(call_events::GuestIndices::new(&pre).map_err(missing("pbx:hooks/call-events"))?),
            settings_page: settings_page::GuestIndices::new(&pre).map_err(missing("pbx:base/settings-page"))?,
            texts: texts::GuestIndices::new(&pre).map_err(missing("pbx:base/texts"))?,
            // A listener that asks nothing of a CRM gets no answers and no questions.
            crm_answers: optional(talks_to_crm, crm_answers::GuestIndices::new(&pre)).map_err(missing("pbx:crm/crm-answers"))?,
            agent_questions: optional(talks_to_crm, agent_questions::GuestIndices::new(&pre))
                .map_err(missing("pbx:crm/agent-questions"))?,
            visibility_answers: visibility_answers::GuestIndices::new(&pre).ok(),
            transfer_events: transfer_events::GuestIndices::new(&pre).ok(),
            hold_events: hold_events::GuestIndices::new(&pre).ok(),
            recording_events: recording_events::GuestIndices::new(&pre).ok(),
        };
        let mut plugin =
            Self { name: name.clone(), engine: engine.clone(), pre, exports, schema: Vec::new(), catalogue: Catalogue::default() };
        plugin.try_out(facts)?;
        Ok(plugin)
    }

    /// Path or name of the component.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields of its settings page.
    #[must_use]
    pub fn schema(&self) -> &[settings_page::Field] {
        &self.schema
    }

    /// Its texts.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the plugin itself finds wrong with settings that fit the schema.
    ///
    /// # Errors
    /// The check itself failed.
    pub fn check(&self, facts: &HostFacts, settings: &[Setting]) -> Result<Vec<Problem>, LoadError> {
        let mut instance = self.trial_instance(facts)?;
        let description = |why: wasmtime::Error| LoadError::Description { component: self.name.clone(), why: format!("{why:#}") };
        let linked = self.pre.instantiate(&mut instance).map_err(description)?;
        let page = self.exports.settings_page.load(&mut instance, &linked).map_err(description)?;
        page.call_check(&mut instance, settings).map_err(description)
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.engine()
    }

    pub(crate) fn pre(&self) -> &InstancePre<HookData> {
        &self.pre
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.exports
    }

    fn trial_instance(&self, facts: &HostFacts) -> Result<wasmtime::Store<HookData>, LoadError> {
        let numbers = DialPlan::new(&facts.country, [])
            .map_err(|why| LoadError::Description { component: self.name.clone(), why: why.to_string() })?;
        let pbx = StaticPbx::new(&facts.country, &facts.time_zone).with_facts(|known| *known = facts.clone());
        let state = State {
            calls: Default::default(),
            notes: Default::default(),
            store: Box::new(MemoryStore::default()),
            agenda: Default::default(),
            pbx: Box::new(pbx),
            numbers,
            settings: Settings::new(self.schema.clone()),
            accounts: Vec::new(),
            bindings: Default::default(),
            links: Default::default(),
        };
        // Far from any telephone: the schema of a large plugin may take its time on a busy machine.
        let run = Run { now: 0, seed: 0, deadline: limits::SIMULATION_CPU };
        Ok(hook::new_instance(self, Box::new(state), run))
    }

    fn try_out(&mut self, facts: &HostFacts) -> Result<(), LoadError> {
        let name = self.name.clone();
        let mut instance = self.trial_instance(facts)?;
        let description = |why: wasmtime::Error| LoadError::Description { component: name.clone(), why: format!("{why:#}") };
        let linked = self.pre.instantiate(&mut instance).map_err(description)?;
        macro_rules! load {
            ($($field:ident as $interface:literal),*) => {$(
                if let Some(indices) = &self.exports.$field {
                    indices.load(&mut instance, &linked).map_err(|why| LoadError::Exports {
                        component: name.clone(), interface: $interface.to_owned(), contract: CONTRACT, why: format!("{why:#}"),
                    })?;
                }
            )*};
        }
        load!(
            call_events as "pbx:hooks/call-events",
            crm_answers as "pbx:crm/crm-answers",
            agent_questions as "pbx:crm/agent-questions",
            visibility_answers as "pbx:crm/visibility-answers",
            transfer_events as "pbx:hooks/transfer-events",
            hold_events as "pbx:hooks/hold-events",
            recording_events as "pbx:hooks/recording-events"
        );
        let wrong = |interface: &'static str| {
            let component = name.clone();
            move |why: wasmtime::Error| LoadError::Exports {
                component,
                interface: interface.to_owned(),
                contract: CONTRACT,
                why: format!("{why:#}"),
            }
        };
        let page = self.exports.settings_page.load(&mut instance, &linked).map_err(wrong("pbx:base/settings-page"))?;
        let texts = self.exports.texts.load(&mut instance, &linked).map_err(wrong("pbx:base/texts"))?;
        self.schema = page.call_schema(&mut instance).map_err(description)?;
        self.catalogue = read_catalogue(&name, &mut instance, &texts)?;
        Ok(())
    }
}

/// A mandatory interface if the condition holds, else an optional one.
fn optional<T>(mandatory: bool, found: wasmtime::Result<T>) -> wasmtime::Result<Option<T>> {
    match found {
        Ok(indices) => Ok(Some(indices)),
        Err(why) if mandatory => Err(why),
        Err(_) => Ok(None),
    }
}

/// All texts of a component, of either kind.
pub(super) fn read_catalogue<T: Send>(name: &str, instance: &mut wasmtime::Store<T>, texts: &texts::Guest) -> Result<Catalogue, LoadError> {
    let description = |why: String| LoadError::Description { component: name.to_owned(), why };
    let languages = texts.call_languages(&mut *instance).map_err(|why| description(format!("{why:#}")))?;
    let mut all = Vec::new();
    for language in languages.into_iter().take(64) {
        let catalogue = texts.call_catalogue(&mut *instance, &language).map_err(|why| description(format!("{why:#}")))?;
        all.push((language, catalogue));
    }
    Catalogue::new(all).map_err(description)
}
