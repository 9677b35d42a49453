//! Plays every scenario below `tests/scenarios`, unchanged, with each connector that the program carries against that connector's CRM: one test for each,
//! named after the connector, the requirements that it proves, and its file. The CRM of Odoo's connector is a real Odoo; where none is installed, its
//! plays are skipped, and shown as ignored.
//!
//! Where a vendor cannot do what a scenario wants, the file `differences.toml` says so with the reason. Such a play must fail: a difference that is none
//! any more fails the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use odoo_server::{Instance, OdooCrm};
use pbx_crm::guests::{self, Components};
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Stage, check};
use pbx_crm::{scenario, timeline};
use serde::Deserialize;

/// Scenarios that leave behind what is worth keeping in a real file as well.
const DURABLE: [&str; 3] = ["durable", "failures", "create"];

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "there are scenarios below {}", root.display());
    let differences = differences(&root);
    let mut trials = Vec::new();
    let folder = tempfile::tempdir().expect("a folder for databases");
    let wanted = |connector: &str| arguments.filter.as_deref().is_none_or(|filter| !filter.contains("::") || filter.contains(connector));
    let odoo = if wanted("odoo") { Instance::start_or_skip("all scenarios with the connector for Odoo") } else { None };
    for connector in guests::CONNECTORS {
        let components = Components::built_with(connector).expect("a built connector");
        let stage = Arc::new(Stage::new(components).expect("the built components load"));
        let odoo = odoo.clone().filter(|_| connector == "odoo");
        // A folder that bears a connector's id has what only that vendor can do.
        let of_another = |file: &&PathBuf| guests::CONNECTORS.iter().any(|other| *other != connector && file.starts_with(root.join(other)));
        for file in files.iter().filter(|file| !of_another(file)) {
            let short = short(&root, file);
            let play = Play {
                file: file.clone(),
                stage: Arc::clone(&stage),
                odoo: odoo.clone(),
                database: None,
                difference: differences.get(&(connector.to_owned(), short.clone())).cloned(),
            };
            let on_disk = DURABLE.iter().any(|folder| short.starts_with(&format!("{folder}/")));
            let database = folder.path().join(format!("{}.db", trials.len()));
            // With a fake both ways cost nothing; a real server is asked once.
            if !on_disk || connector != "odoo" {
                trials.push(play.clone().trial(&short));
            }
            if on_disk {
                trials.push(Play { database: Some(database), ..play }.trial(&short));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(folder);
    drop(odoo);
    conclusion.exit();
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
}

/// Such as "pop/switched-off-opens-nothing".
fn short(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).with_extension("").display().to_string()
}

/// A vendor's difference.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    connector: String,
    scenario: String,
    /// Parts of what a play says that comes out otherwise.
    shows: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    #[serde(default)]
    difference: Vec<Difference>,
}

/// By connector and scenario.
fn differences(root: &Path) -> BTreeMap<(String, String), Difference> {
    let text = include_str!("scenarios/differences.toml");
    let listed: Differences = toml::from_str(text).expect("a list of differences");
    for difference in &listed.difference {
        assert!(root.join(&difference.scenario).with_extension("toml").is_file(), "there is no scenario {}", difference.scenario);
        assert!(guests::CONNECTORS.contains(&difference.connector.as_str()), "there is no connector {}", difference.connector);
    }
    let key = |difference: &Difference| (difference.connector.clone(), difference.scenario.clone());
    listed.difference.into_iter().map(|difference| (key(&difference), difference)).collect()
}

/// One scenario with one connector.
#[derive(Clone)]
struct Play {
    file: PathBuf,
    stage: Arc<Stage>,
    odoo: Option<Arc<Instance>>,
    database: Option<PathBuf>,
    difference: Option<Difference>,
}

impl Play {
    fn trial(self, short: &str) -> Trial {
        let proves = scenario::load(&self.file).map(|scenario| scenario.proves.join("_").to_lowercase().replace('-', "_"));
        let name = match proves {
            Ok(proves) if !proves.is_empty() => format!("{proves}::{short}"),
            _ => short.to_owned(),
        };
        let connector = self.stage.connector_id();
        let skipped = connector == "odoo" && self.odoo.is_none();
        let different = if self.difference.is_some() { "::differs" } else { "" };
        let name = format!("{connector}{}{different}::{name}", if self.database.is_some() { "::sqlite" } else { "" });
        Trial::test(name, move || self.play()).with_ignored_flag(skipped)
    }

    fn crm(&self) -> Result<Crm, String> {
        let Some(odoo) = &self.odoo else { return Crm::in_process(self.stage.connector_id()).map_err(|why| why.to_string()) };
        let crm = OdooCrm::new(odoo).map_err(|why| why.to_string())?;
        Ok(Crm::with(Box::new(crm)))
    }

    fn play(&self) -> Result<(), Failed> {
        let text = std::fs::read_to_string(&self.file).map_err(|why| why.to_string())?;
        let parsed = scenario::parse(&self.file, &text).map_err(|why| why.to_string())?;
        let mut crm = self.crm()?;
        crm.database.clone_from(&self.database);
        let play = self.stage.play(&self.file, &text, &parsed, crm).map_err(|why| why.to_string())?;
        let found = check::check(&parsed, &text, &play);
        let shows = self.difference.as_ref().map(|difference| difference.shows.as_slice()).unwrap_or_default();
        let unexpected = found.iter().filter(|found| !shows.iter().any(|part| found.what.contains(part)));
        let told: Vec<String> = unexpected.map(|difference| difference.show(&self.file)).collect();
        if !told.is_empty() {
            return Err(format!("{}\n\n{}", told.join("\n"), timeline::render(&parsed, &play)).into());
        }
        match &self.difference {
            Some(difference) if found.is_empty() => {
                Err(format!("this is no difference any more; take it off the list: {}", difference.reason).into())
            }
            _ => Ok(()),
        }
    }
}
