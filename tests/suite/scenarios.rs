//! Plays every scenario below `tests/scenarios`, unchanged, with each connector that the program carries against that connector's fake CRM: one
//! test for each, named after the connector, the requirements that it proves, and its file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use pbx_crm::guests::{self, Components};
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Stage, check};
use pbx_crm::{scenario, timeline};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "there are scenarios below {}", root.display());
    let mut trials = Vec::new();
    let folder = tempfile::tempdir().expect("a folder for databases");
    for connector in guests::CONNECTORS {
        let components = Components::built_with(connector).expect("a built connector");
        let stage = Arc::new(Stage::new(components).expect("the built components load"));
        // A folder that bears a connector's id has what only that vendor can do.
        let of_another = |file: &&PathBuf| guests::CONNECTORS.iter().any(|other| *other != connector && file.starts_with(root.join(other)));
        let own = files.iter().filter(|file| !of_another(file));
        for file in own {
            trials.push(trial(&root, file, &stage, None));
            // What restarts and failures leave behind lies in a real file as well.
            if ["durable", "failures", "create"].iter().any(|folder| file.starts_with(root.join(folder))) {
                let database = folder.path().join(format!("{}.db", trials.len()));
                trials.push(trial(&root, file, &stage, Some(database)));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(folder);
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

fn trial(root: &Path, file: &Path, stage: &Arc<Stage>, database: Option<PathBuf>) -> Trial {
    let (file, stage) = (file.to_owned(), Arc::clone(stage));
    let short = file.strip_prefix(root).unwrap_or(&file).with_extension("").display().to_string();
    let proves = scenario::load(&file).map(|scenario| scenario.proves.join("_").to_lowercase().replace('-', "_")).unwrap_or_default();
    let name = if proves.is_empty() { short } else { format!("{proves}::{short}") };
    let name = format!("{}{}::{name}", stage.connector_id(), if database.is_some() { "::sqlite" } else { "" });
    Trial::test(name, move || {
        let text = std::fs::read_to_string(&file).map_err(|why| why.to_string())?;
        let parsed = scenario::parse(&file, &text).map_err(|why| why.to_string())?;
        let mut crm = Crm::in_process(stage.connector_id()).map_err(|why| why.to_string())?;
        crm.database.clone_from(&database);
        let play = stage.play(&file, &text, &parsed, crm).map_err(|why| why.to_string())?;
        let differences = check::check(&parsed, &text, &play);
        if differences.is_empty() {
            return Ok(());
        }
        let told: Vec<String> = differences.iter().map(|difference| difference.show(&file)).collect();
        Err(format!("{}\n\n{}", told.join("\n"), timeline::render(&parsed, &play)).into())
    })
}
