//! Components as they were released run on today's host: each file below `tests/fixtures/guests-*` is loaded, which tries every interface that it
//! exports, and plays an office's day with today's counterpart. `tests/fixtures/README.md` says how the files were made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use odoo_server::{Instance, OdooCrm};
use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Stage, check};
use pbx_crm::{scenario, timeline};
use pbx_crm_host::component::Source;

/// One who is known and one who is not: a page, a record, two entries.
const DAY: &str = r#"
title = "A known caller's page opens, an unknown one becomes a record, and both calls are journalled"

extension = [{ id = "1001", name = "Ann Field" }]
crm.user = [{ id = "ann", name = "Ann Field" }]
binding = [{ user = "ann", extensions = ["1001"] }]
crm.record = [
  { id = "p-1", role = "person", first-name = "Maria", last-name = "Torres", phones = [{ label = "mobile", number = "+15550100142" }] },
]
settings."pop.when" = ["answered"]
settings."create.mode" = "automatic"

event = [
  { at = "0s", what = "start", call = "maria", direction = "inbound", from = "+15550100142", to = "+15550100100" },
  { at = "1s", what = "ring", call = "maria", extension = "1001" },
  { at = "6s", what = "answer", call = "maria", extension = "1001" },
  { at = "38s", what = "end", call = "maria" },
  { at = "100s", what = "start", call = "stranger", direction = "inbound", from = "+15550100163", to = "+15550100100" },
  { at = "101s", what = "ring", call = "stranger", extension = "1001" },
  { at = "104s", what = "answer", call = "stranger", extension = "1001" },
  { at = "140s", what = "end", call = "stranger" },
]

[expect]
pops = [
  { extension = "1001", record = "Maria Torres", call = "maria", at = "6s" },
  { extension = "1001", record = "Automatic New Contact -+15550100163", call = "stranger" },
]
created = [{ role = "person", first-name = "Automatic New Contact", last-name = "-+15550100163", number = "+15550100163" }]
journal = [
  { record = "Maria Torres", user = "ann", outcome = "answered", talked = "32s" },
  { record = "Automatic New Contact -+15550100163", user = "ann", outcome = "answered", talked = "36s" },
]
waiting = 0
dead = 0
"#;

/// Folder of a release, and the files in it.
fn released() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let folders = std::fs::read_dir(&fixtures).unwrap().flatten().map(|entry| entry.path());
    let folders = folders.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("guests-")));
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect();
    files.sort();
    files
}

/// The CRM that a connector speaks to. None: it is a real one, which is not installed here.
fn crm(connector: &str) -> Option<Crm> {
    static ODOO: OnceLock<Option<Arc<Instance>>> = OnceLock::new();
    if connector != "odoo" {
        return Some(Crm::in_process(connector).unwrap_or_else(|why| panic!("{connector}: {why}")));
    }
    let odoo = ODOO.get_or_init(|| Instance::start_or_skip("what the released connector for Odoo does; it is loaded only")).as_ref()?;
    Some(Crm::with(Box::new(OdooCrm::new(odoo).unwrap_or_else(|why| panic!("{why}")))))
}

fn plays(file: &Path, source: Source) {
    // A folder holds one plugin, under this name; all others are connectors.
    let components = if file.file_stem().is_some_and(|name| name == "policy") {
        Components { policy: source, ..Components::built() }
    } else {
        Components { connector: source, ..Components::built() }
    };
    let name = file.display();
    let stage = Stage::new(components).unwrap_or_else(|why| panic!("{name} is not taken: {why}"));
    let text = Path::new("a-day.toml");
    let parsed = scenario::parse(text, DAY).unwrap_or_else(|why| panic!("{why}"));
    let Some(crm) = crm(stage.connector_id()) else { return };
    let play = stage.play(text, DAY, &parsed, crm).unwrap_or_else(|why| panic!("{name} does not play: {why}"));
    let told: Vec<String> = check::check(&parsed, DAY, &play).iter().map(|difference| difference.show(text)).collect();
    assert!(told.is_empty(), "{name}:\n{}\n\n{}", told.join("\n"), timeline::render(&parsed, &play));
}

#[test]
fn every_component_of_every_release_plays_on_todays_host() {
    let files = released();
    for wanted in ["odoo.wasm", "policy.wasm", "salesforce.wasm", "webhook.wasm"] {
        let there = files.iter().any(|file| file.ends_with(format!("guests-0.1.0/{wanted}")));
        assert!(there, "guests-0.1.0/{wanted} is missing; tests/fixtures/README.md says how it is made");
    }
    files.iter().for_each(|file| plays(file, file.as_path().into()));
}

/// Within a series, names are matched whatever the third number of their version is: so neither host nor components need be built anew for a
/// release that only adds.
#[test]
fn a_component_of_another_release_of_the_series_is_taken() {
    for file in released() {
        let mut bytes = std::fs::read(&file).unwrap();
        let (from, to) = (b"@0.1.0", b"@0.1.7");
        let mut renamed = 0;
        for at in 0..bytes.len() - from.len() {
            // Of the draft, which goes on with "-draft", nothing is promised.
            if bytes[at..].starts_with(from) && bytes[at + from.len()] != b'-' {
                bytes[at..at + to.len()].copy_from_slice(to);
                renamed += 1;
            }
        }
        assert!(renamed > 5, "{} names {renamed} interfaces of the frozen packages", file.display());
        plays(&file, Source::bytes(format!("{} as 0.1.7", file.display()), bytes));
    }
}

#[test]
fn the_same_day_with_todays_components() {
    for connector in pbx_crm::guests::CONNECTORS {
        let stage = Stage::new(Components::built_with(connector).unwrap()).unwrap();
        let text = Path::new("a-day.toml");
        let parsed = scenario::parse(text, DAY).unwrap_or_else(|why| panic!("{why}"));
        let Some(crm) = crm(connector) else { continue };
        let play = stage.play(text, DAY, &parsed, crm).unwrap_or_else(|why| panic!("{connector}: {why}"));
        let told: Vec<String> = check::check(&parsed, DAY, &play).iter().map(|difference| difference.show(text)).collect();
        assert!(told.is_empty(), "{connector}:\n{}\n\n{}", told.join("\n"), timeline::render(&parsed, &play));
    }
}
