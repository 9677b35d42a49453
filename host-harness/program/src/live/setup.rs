//! From a setup file and a state directory to a running host.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pbx_crm_host::bindings::connector::exports::pbx::crm::description::Place as Where;
use pbx_crm_host::component::{LoadError, PreparedConnector, PreparedPlugin, Source};
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::host::{ConnectorSetup, Host, HostBuilder, StartError, now};
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::sqlite::SqliteStore;

use super::LiveError;
use super::offered::EventReader;
use super::outgoing::Outgoing;
use super::screens::Screens;
use crate::account::place::Place;
use crate::guests;
use crate::player::{PlayError, cast};
use crate::scenario::{Scenario, wrong_at};
use crate::watch::{Observing, ObservingOptions};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// A scenario file without events: PBX, extensions, groups, users, bindings, settings.
    pub setup: PathBuf,
    /// Where accounts and waiting work are kept; none: where the environment says.
    pub state_dir: Option<PathBuf>,
    /// The CRM logic.
    pub policy: Source,
    /// A connector that the program carries, by its id, or the file of another.
    pub connector: PathBuf,
    /// The CRM's address, for a connector that takes it from a setting.
    pub crm: Option<String>,
    /// Settings of the connector, as they are typed.
    pub connector_settings: Vec<(String, String)>,
    /// Tell of cards, pages and reasons too.
    pub json: bool,
    /// Log, and pages for monitoring.
    pub observing: ObservingOptions,
}

/// The setup file.
struct File<'a> {
    path: &'a Path,
    text: String,
}

impl File<'_> {
    fn wrong(&self, span: Range<usize>, why: impl Into<String>) -> LiveError {
        wrong_at(self.path, &self.text, span, why).into()
    }

    /// A mistake at the first line that begins with this word, in brackets or without.
    fn wrong_word(&self, word: &str, why: &str) -> LiveError {
        let mut begins = 0;
        for line in self.text.split_inclusive('\n') {
            if line.trim_start_matches(['[', ' ']).starts_with(word) {
                break;
            }
            begins += line.len();
        }
        self.wrong(begins..begins, why)
    }
}

/// Starts the host.
///
/// # Errors
/// Anything that would make it fail later; mistakes in the setup with their lines.
pub(super) fn start(options: &Options, outgoing: &Arc<Outgoing>) -> Result<(Host, EventReader, Observing), LiveError> {
    let path = options.setup.as_path();
    let (setup, text) = Scenario::read(path)?;
    let file = File { path, text };
    has_no_story(&file, &setup)?;
    let place = Place::of(options.state_dir.clone()).map_err(LiveError::Place)?;
    let numbers = cast::numbers(&setup).map_err(|why| file.wrong(setup.pbx.country.span(), why))?;
    let screens = Screens(options.json.then(|| Arc::clone(outgoing)));
    let kept = place.of_host(now()).map_err(LiveError::Place)?;
    for notice in kept.notices {
        eprintln!("pbx-crm: {notice}");
    }
    let account = if setup.crm.connected { Some(connector(options)?.0) } else { None };
    let observing = Observing::begin(&options.observing, account, place.database())?;
    let store = observing.store(Box::new(SqliteStore::new(kept.database)?));
    let mut builder = Host::builder()
        .store(store)
        .plugin(options.policy.clone())
        .pbx(cast::pbx(&setup).0)
        .numbers(numbers.clone())
        .clients(screens.clone());
    let (observe, told) = (observing.observer(), options.json.then(|| screens.clone()));
    builder = builder.observer(move |what| {
        observe(what);
        if let Some(told) = &told {
            told.observe(what);
        }
    });
    if options.json {
        builder = builder.telephony(screens);
    }
    for (key, value) in &setup.settings {
        let json = serde_json::to_value(value.get_ref()).map_err(|why| file.wrong(value.span(), why.to_string()))?;
        builder = builder.setting(key.get_ref().as_str(), json);
    }
    if let Some(credentials) = kept.credentials {
        builder = builder.credentials(credentials);
    }
    if setup.crm.connected {
        builder = connected(options, &file, &setup, builder)?;
    }
    let host = builder.start().map_err(|why| told_with_its_line(options, &file, &setup, &place, why))?;
    Ok((host, EventReader::new(&setup, numbers), observing))
}

/// What belongs to a story and not to a setup is refused, not passed over: whoever wrote it meant something by it.
fn has_no_story(file: &File<'_>, setup: &Scenario) -> Result<(), LiveError> {
    if let Some(event) = setup.events.first() {
        return Err(file.wrong(event.span(), "a setup has no events: they come on standard input"));
    }
    let crm = &setup.crm;
    let in_the_crm = [
        crm.records.first().map(toml::Spanned::span),
        crm.faults.first().map(toml::Spanned::span),
        crm.knobs.first().map(toml::Spanned::span),
    ];
    if let Some(span) = in_the_crm.into_iter().flatten().next() {
        return Err(file.wrong(span, "a setup says nothing of what stands in the CRM: a real one is asked"));
    }
    if let Some(book) = setup.phonebooks.first() {
        return Err(file.wrong(book.span(), "a setup has no phonebooks: the integration keeps its own in the state directory"));
    }
    let whole: toml::Table = toml::from_str(&file.text).map_err(|why| file.wrong(0..0, why.to_string()))?;
    if whole.contains_key("expect") {
        return Err(file.wrong_word("expect", "a setup expects nothing: leave this out"));
    }
    Ok(())
}

fn connected(options: &Options, file: &File<'_>, setup: &Scenario, mut builder: HostBuilder) -> Result<HostBuilder, LiveError> {
    let (id, source) = connector(options)?;
    let mut account =
        ConnectorSetup { creates: setup.crm.creates, budget: setup.crm.budget.clone(), ..ConnectorSetup::new(&id, source.clone()) };
    if let Some(address) = &options.crm {
        let key = setting_with_the_address(&source)?.ok_or_else(|| LiveError::NoAddressWanted(id.clone()))?;
        let marked = OnPremises::default().with(address).map_err(|why| LiveError::Address(address.clone(), why.to_string()))?;
        account.settings.push((key, address.as_str().into()));
        account.on_premises = marked;
    }
    if !options.connector_settings.is_empty() {
        let mut typed = Settings::new(load(&source)?.schema().to_vec());
        for (key, text) in &options.connector_settings {
            typed.set_typed(key, text).map_err(LiveError::Setting)?;
            account.settings.extend(typed.json(key).map(|value| (key.clone(), value)));
        }
    }
    let wrong = |span: Range<usize>, why: String| PlayError::Scenario(wrong_at(file.path, &file.text, span, why));
    // A setup names users by the CRM's own ids.
    cast::bindings(setup, &id, &str::to_owned, &wrong)?;
    for (_, binding) in cast::each_binding(setup, &id, &str::to_owned) {
        builder = builder.bind(binding);
    }
    Ok(builder.connector(account))
}

/// The id by which the account is known, and the component.
fn connector(options: &Options) -> Result<(String, Source), LiveError> {
    if let Some(id) = options.connector.to_str()
        && let Some(source) = guests::connector(id)
    {
        return Ok((id.to_owned(), source));
    }
    let source = Source::from(options.connector.as_path());
    Ok((load(&source)?.description().id.clone(), source))
}

/// The setting from which the connector takes its CRM's address.
fn setting_with_the_address(source: &Source) -> Result<Option<String>, LiveError> {
    let loaded = load(source)?;
    let mut places = loaded.description().operations.iter().map(|operation| &operation.at);
    Ok(places.find_map(|place| if let Where::FromSetting(key) = place { Some(key.clone()) } else { None }))
}

fn load(source: &Source) -> Result<PreparedConnector, LiveError> {
    Ok(PreparedConnector::load(&engine()?, source)?)
}

fn engine() -> Result<SandboxEngine, LiveError> {
    SandboxEngine::new().map_err(|why| LiveError::Start(StartError::Sandbox(format!("{why:#}"))))
}

/// The host knows nothing of lines: a setting that it refuses is looked for in the file. That takes the plugin once more, which is slow, and
/// happens only to who has made a mistake.
fn told_with_its_line(options: &Options, file: &File<'_>, setup: &Scenario, place: &Place, why: StartError) -> LiveError {
    match why {
        StartError::NoCredentials(connector) => LiveError::NotConnected { connector, folder: place.folder().to_owned() },
        StartError::Setting { .. } | StartError::Settings { .. } => {
            let looked_for = || -> Result<(), LiveError> {
                let facts = cast::pbx(setup).1;
                let plugin: Result<PreparedPlugin, LoadError> = PreparedPlugin::load(&engine()?, &options.policy, &facts);
                let wrong = |span: Range<usize>, why: String| PlayError::Scenario(wrong_at(file.path, &file.text, span, why));
                cast::plugin_settings(&plugin?, &facts, setup, &wrong)?;
                Ok(())
            };
            looked_for().err().unwrap_or(LiveError::Start(why))
        }
        other => other.into(),
    }
}
