//! A connector, checked and linked once, instantiated for every call of it.

use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::plugin::read_catalogue;
use super::{CONNECTOR_IMPORTS, CONTRACT, LoadError, Source, compile, wasi};
use crate::bindings::base::types::{Setting, SettingValue};
use crate::bindings::base_exports::settings_page::{Field, Problem};
use crate::bindings::base_exports::{settings_page, texts};
use crate::bindings::connector::exports::pbx::crm::description::{Auth, Description, KindInfo, Place};
use crate::bindings::connector::exports::pbx::crm::{
    account, allowance, amending, changes, creation, description, journal, lookup, search, users, visibility,
};
use crate::bindings::connector::pbx::crm::connector_log;
use crate::connector::http::HttpGate;
use crate::connector::{ConnectorData, new_instance};
use crate::core::page;
use crate::credential::entered::SecretTerms;
use crate::credential::problem::tricks;
use crate::credential::terms::OAuthTerms;
use crate::engine::SandboxEngine;
use crate::limits;
use crate::settings::Settings;
use crate::texts::Catalogue;

/// A connector ready to run. Share it: it is checked and compiled once.
pub struct PreparedConnector {
    name: String,
    engine: SandboxEngine,
    pre: InstancePre<ConnectorData>,
    /// Linked without fibers and without a network, for what needs neither.
    trial: InstancePre<ConnectorData>,
    exports: Exports,
    description: Description,
    schema: Vec<Field>,
    catalogue: Catalogue,
}

/// Which of the contract's interfaces the connector exports.
pub(crate) struct Exports {
    pub(crate) lookup: lookup::GuestIndices,
    pub(crate) creation: creation::GuestIndices,
    pub(crate) journal: journal::GuestIndices,
    pub(crate) account: account::GuestIndices,
    pub(crate) search: Option<search::GuestIndices>,
    pub(crate) amending: Option<amending::GuestIndices>,
    pub(crate) users: Option<users::GuestIndices>,
    pub(crate) allowance: Option<allowance::GuestIndices>,
    pub(crate) visibility: Option<visibility::GuestIndices>,
    pub(crate) changes: Option<changes::GuestIndices>,
}

impl PreparedConnector {
    /// Compiles, checks the imports, links, and tries every exported interface in one trial instance.
    ///
    /// # Errors
    /// Anything that would make the connector fail later, with the component's name.
    pub fn load(engine: &SandboxEngine, source: &Source) -> Result<Self, LoadError> {
        let name = source.name();
        let component = compile(engine, source, "connector", limits::CONNECTOR_FILE, CONNECTOR_IMPORTS)?;
        let unlinkable = |why: wasmtime::Error| LoadError::Imports { component: name.clone(), contract: CONTRACT, why: format!("{why:#}") };
        let pre = link(engine, wasi::Waiting::Suspended).and_then(|linker| linker.instantiate_pre(&component)).map_err(unlinkable)?;
        let missing = |interface: &str| {
            let (component, interface) = (name.clone(), interface.to_owned());
            move |why: wasmtime::Error| LoadError::Exports { component, interface, contract: CONTRACT, why: format!("{why:#}") }
        };
        let exports = Exports {
            lookup: lookup::GuestIndices::new(&pre).map_err(missing("pbx:crm/lookup"))?,
            creation: creation::GuestIndices::new(&pre).map_err(missing("pbx:crm/creation"))?,
            journal: journal::GuestIndices::new(&pre).map_err(missing("pbx:crm/journal"))?,
            account: account::GuestIndices::new(&pre).map_err(missing("pbx:crm/account"))?,
            search: search::GuestIndices::new(&pre).ok(),
            amending: amending::GuestIndices::new(&pre).ok(),
            users: users::GuestIndices::new(&pre).ok(),
            allowance: allowance::GuestIndices::new(&pre).ok(),
            visibility: visibility::GuestIndices::new(&pre).ok(),
            changes: changes::GuestIndices::new(&pre).ok(),
        };

        // The trial runs without fibers, so that the plugin's bindings of the two interfaces that both worlds export serve here too.
        let trial = link(engine, wasi::Waiting::Never).and_then(|linker| linker.instantiate_pre(&component)).map_err(unlinkable)?;
        let mut instance = new_instance(engine.engine(), HttpGate::closed(), 0, 0, limits::SIMULATION_CPU);
        let unusable = |why: wasmtime::Error| LoadError::Description { component: name.clone(), why: format!("{why:#}") };
        let linked = trial.instantiate(&mut instance).map_err(unusable)?;
        macro_rules! load {
            ($($field:ident as $interface:literal),*) => {$(
                exports.$field.load(&mut instance, &linked).map_err(missing($interface))?;
            )*};
        }
        load!(lookup as "pbx:crm/lookup", creation as "pbx:crm/creation", journal as "pbx:crm/journal", account as "pbx:crm/account");
        macro_rules! load_optional {
            ($($field:ident as $interface:literal),*) => {$(
                if let Some(indices) = &exports.$field {
                    indices.load(&mut instance, &linked).map_err(missing($interface))?;
                }
            )*};
        }
        load_optional!(
            search as "pbx:crm/search",
            amending as "pbx:crm/amending",
            users as "pbx:crm/users",
            allowance as "pbx:crm/allowance",
            visibility as "pbx:crm/visibility",
            changes as "pbx:crm/changes"
        );
        let page = settings_page::GuestIndices::new(&trial)
            .and_then(|indices| indices.load(&mut instance, &linked))
            .map_err(missing("pbx:base/settings-page"))?;
        let texts =
            texts::GuestIndices::new(&trial).and_then(|indices| indices.load(&mut instance, &linked)).map_err(missing("pbx:base/texts"))?;
        let schema = page.call_schema(&mut instance).map_err(unusable)?;
        let catalogue = read_catalogue(&name, &mut instance, &texts)?;
        let describes = description::GuestIndices::new(&pre)
            .and_then(|indices| indices.load(&mut instance, &linked))
            .map_err(missing("pbx:crm/description"))?;
        let description = futures_now(describes.call_describe(&mut instance))
            .ok_or_else(|| LoadError::Description { component: name.clone(), why: "`describe` waits for something".to_owned() })?
            .map_err(unusable)?;
        check_description(&description).map_err(|why| LoadError::Description { component: name.clone(), why })?;
        Ok(Self { name, engine: engine.clone(), pre, trial, exports, description, schema, catalogue })
    }

    /// Path or name of the component.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it declares: kinds of record, hosts, operations, batch sizes, auth.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The fields of its settings page.
    #[must_use]
    pub fn schema(&self) -> &[Field] {
        &self.schema
    }

    /// Its texts.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the connector itself finds wrong with settings that fit the schema.
    ///
    /// # Errors
    /// The check itself failed.
    pub fn check(&self, settings: &[Setting]) -> Result<Vec<Problem>, LoadError> {
        let failed = |why: wasmtime::Error| LoadError::Description { component: self.name.clone(), why: format!("{why:#}") };
        let mut instance = new_instance(self.engine.engine(), HttpGate::closed(), 0, 0, limits::SIMULATION_CPU);
        let linked = self.trial.instantiate(&mut instance).map_err(failed)?;
        let page =
            settings_page::GuestIndices::new(&self.trial).and_then(|indices| indices.load(&mut instance, &linked)).map_err(failed)?;
        page.call_check(&mut instance, settings).map_err(failed)
    }

    /// Address for API requests and pages, without a final "/": of the first place that the connector declares and the settings name.
    /// None: it is told only by an authorisation, or the setting is empty.
    #[must_use]
    pub fn base(&self, settings: &Settings) -> Option<String> {
        self.description.operations.iter().find_map(|operation| match &operation.at {
            Place::Fixed(host) => Some(format!("https://{host}")),
            Place::FromSetting(key) => match settings.get(key) {
                Some(SettingValue::Text(address)) if !address.is_empty() => Some(address.trim_end_matches('/').to_owned()),
                _ => None,
            },
            Place::Pinned | Place::Other(_) => None,
        })
    }

    /// "journal", if its CRM has a call history; "search", "amend", "users", "visibility", "changes", "usage": the optional interfaces that it
    /// exports.
    #[must_use]
    pub fn abilities(&self) -> Vec<String> {
        let exports = &self.exports;
        let all = [
            ("journal", self.description.journals),
            ("search", exports.search.is_some()),
            ("amend", exports.amending.is_some()),
            ("users", exports.users.is_some()),
            ("visibility", exports.visibility.is_some()),
            ("changes", exports.changes.is_some()),
            ("usage", exports.allowance.is_some()),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        self.engine.engine()
    }

    pub(crate) fn pre(&self) -> &InstancePre<ConnectorData> {
        &self.pre
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.exports
    }
}

fn link(engine: &SandboxEngine, waiting: wasi::Waiting) -> wasmtime::Result<Linker<ConnectorData>> {
    let mut linker = Linker::<ConnectorData>::new(engine.engine());
    wasi::add_to_linker(&mut linker, waiting)?;
    match waiting {
        wasi::Waiting::Suspended => wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?,
        wasi::Waiting::Never => wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?,
    }
    connector_log::add_to_linker::<_, HasSelf<ConnectorData>>(&mut linker, |data| data)?;
    crate::bindings::base::types::add_to_linker::<_, HasSelf<ConnectorData>>(&mut linker, |data| data)?;
    crate::bindings::crm::types::add_to_linker::<_, HasSelf<ConnectorData>>(&mut linker, |data| data)?;
    crate::bindings::connector::pbx::crm::context::add_to_linker::<_, HasSelf<ConnectorData>>(&mut linker, |data| data)?;
    Ok(linker)
}

/// The value of a future that needs no waiting.
fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

fn check_description(description: &Description) -> Result<(), String> {
    let name_ok =
        !description.id.is_empty() && description.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !name_ok || description.id.len() > 64 {
        return Err(format!("its id `{}` is not made of 1 to 64 lower-case letters, digits and `-`", description.id));
    }
    // Both are printed to terminals, and stand in every message.
    for (what, text) in [("name", &description.name), ("version", &description.version)] {
        if text.trim().is_empty() || text.len() > limits::NAME_BYTES || text.chars().any(tricks) {
            return Err(format!("its {what} is empty, longer than {} bytes or has signs that cannot be shown", limits::NAME_BYTES));
        }
    }
    check_kinds(&description.kinds)?;
    page::check_hosts(description)?;
    for (what, size, most) in [
        ("find-batch", description.find_batch, 200),
        ("write-batch", description.write_batch, 200),
        ("amend-batch", description.amend_batch, 200),
        ("parallel", description.parallel, 16),
    ] {
        if !(1..=most).contains(&size) {
            return Err(format!("its {what} is {size}; 1 to {most} is possible"));
        }
    }
    match &description.auth {
        Auth::None => {}
        Auth::Oauth2Code(_) => drop(OAuthTerms::declared(description)?),
        Auth::Secret(_) => drop(SecretTerms::declared(description)?),
        Auth::Other(kind) => {
            return Err(format!("it wants to sign in by `{kind}`, which this host does not know; it may need a newer host"));
        }
    }
    let pins = matches!(&description.auth, Auth::Oauth2Code(auth) if auth.pins.iter().any(|pin| pin.what == "api"));
    if !pins && description.operations.iter().any(|operation| matches!(operation.at, Place::Pinned)) {
        return Err("one of its operations is at the address that the authorisation tells, and it declares no pin for that".to_owned());
    }
    for operation in &description.operations {
        if let Place::Other(place) = &operation.at {
            return Err(format!("it wants to reach `{place}`, which this host does not know; it may need a newer host"));
        }
        if operation.methods.is_empty() || operation.paths.is_empty() {
            return Err("one of its operations names no method or no path".to_owned());
        }
        if let Some(path) = operation.paths.iter().find(|path| !path.starts_with('/')) {
            return Err(format!("the path pattern `{path}` does not begin with a slash"));
        }
    }
    Ok(())
}

/// A kind may stand there several times, once for each role of its records.
fn check_kinds(kinds: &[KindInfo]) -> Result<(), String> {
    if kinds.is_empty() {
        return Err("it handles no kind of record".to_owned());
    }
    for (index, kind) in kinds.iter().enumerate() {
        if let Some(page) = &kind.page {
            page::check_pattern(page)?;
        }
        for other in kinds.iter().take(index).filter(|other| other.kind == kind.kind) {
            if other.role == kind.role {
                return Err(format!("its kind `{}` stands there twice for one role", kind.kind));
            }
            if other.page != kind.page {
                return Err(format!(
                    "its kind `{}` has two patterns of pages; a record keeps its page when it changes its role",
                    kind.kind
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bindings::crm::types::Role;

    /// Of a connector that declares nothing but a kind of record.
    pub(crate) fn description(name: &str, version: &str) -> Description {
        let kind = description::KindInfo {
            kind: "person".to_owned(),
            label: crate::bindings::base::types::Message { id: "person".to_owned(), arguments: Vec::new(), verbatim: None },
            role: Role::Person,
            can_create: false,
            page: None,
            extras: Vec::new(),
        };
        Description {
            id: "example".to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            kinds: vec![kind],
            operations: Vec::new(),
            auth: Auth::None,
            page_hosts: Vec::new(),
            journals: true,
            find_batch: 1,
            write_batch: 1,
            amend_batch: 1,
            writes_once: true,
            parallel: 1,
            needs_administrator: false,
            extras: Vec::new(),
        }
    }

    #[test]
    fn a_kind_stands_there_once_for_each_role_and_has_one_page() {
        let with = |kinds: &[(&str, Role, Option<&str>)]| {
            let mut described = description("Example", "1.0.0");
            let first = described.kinds.remove(0);
            let kind = |(kind, role, page): &(&str, Role, Option<&str>)| KindInfo {
                kind: (*kind).to_owned(),
                role: role.clone(),
                page: page.map(str::to_owned),
                ..first.clone()
            };
            described.kinds = kinds.iter().map(kind).collect();
            check_description(&described)
        };
        let page = Some("{base}/{id}");
        with(&[("partner", Role::Person, page), ("partner", Role::Organisation, page), ("lead", Role::Prospect, None)]).unwrap();
        with(&[("partner", Role::Other("a".to_owned()), page), ("partner", Role::Other("b".to_owned()), page)]).unwrap();
        let twice = with(&[("partner", Role::Person, page), ("lead", Role::Prospect, None), ("partner", Role::Person, page)]);
        assert!(twice.unwrap_err().contains("twice"));
        let pages = with(&[("partner", Role::Person, page), ("partner", Role::Organisation, None)]);
        assert!(pages.unwrap_err().contains("two patterns"));
        assert!(with(&[]).unwrap_err().contains("no kind"));
        assert!(with(&[("partner", Role::Person, Some("https://{organisation}.example/{id}"))]).unwrap_err().contains("no host name"));
        assert!(with(&[("partner", Role::Person, Some("{pages}/{id}"))]).unwrap_err().contains("no host for them"));
    }

    #[test]
    fn f44_a_name_or_version_that_could_trick_a_reader_is_refused() {
        check_description(&description("Example CRM 云", "1.0.0-beta.1")).unwrap();
        let long = "x".repeat(limits::NAME_BYTES + 1);
        for trick in ["", " ", "a\u{1b}[2J", "a\nb", "a\u{202e}b", "a\u{0}", "a\u{2028}b", &long] {
            assert!(check_description(&description(trick, "1.0.0")).unwrap_err().contains("name"), "{trick:?}");
            assert!(check_description(&description("Example", trick)).unwrap_err().contains("version"), "{trick:?}");
        }
    }
}
