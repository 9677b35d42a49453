//! The contract as a document (every item is explained, and no vendor is named), and as a promise (what is frozen stays).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

#[path = "contract/frozen.rs"]
mod frozen;
#[path = "contract/sources.rs"]
mod sources;
#[path = "contract/successor.rs"]
mod successor;

use std::path::{Path, PathBuf};

use sources::{Sources, wit, world};
use wit_parser::TypeDefKind;

#[test]
fn every_item_of_the_contract_is_documented() {
    let resolve = Sources::today().resolve();
    let mut bare = Vec::new();
    let mut items = 0;
    let mut look = |name: String, docs: &wit_parser::Docs| {
        items += 1;
        if docs.contents.as_ref().is_none_or(|text| text.trim().is_empty()) {
            bare.push(name);
        }
    };
    for (_, interface) in resolve.interfaces.iter() {
        let Some(package) = interface.package.and_then(|id| resolve.packages.get(id)) else { continue };
        if package.name.namespace != "pbx" {
            continue;
        }
        let place = format!("{}/{}", package.name.name, interface.name.as_deref().unwrap_or("?"));
        look(place.clone(), &interface.docs);
        for (name, function) in &interface.functions {
            look(format!("{place}.{name}"), &function.docs);
        }
        for (name, id) in &interface.types {
            let Some(definition) = resolve.types.get(*id) else { continue };
            let kind = &definition.kind;
            // A `use` of another interface's type is explained there.
            if matches!(kind, TypeDefKind::Type(wit_parser::Type::Id(_))) {
                continue;
            }
            look(format!("{place}.{name}"), &definition.docs);
            match kind {
                TypeDefKind::Record(record) => {
                    record.fields.iter().for_each(|field| look(format!("{place}.{name}.{}", field.name), &field.docs))
                }
                TypeDefKind::Variant(variant) => {
                    variant.cases.iter().for_each(|case| look(format!("{place}.{name}.{}", case.name), &case.docs))
                }
                TypeDefKind::Enum(cases) => cases.cases.iter().for_each(|case| look(format!("{place}.{name}.{}", case.name), &case.docs)),
                _ => {}
            }
        }
    }
    for (_, world) in resolve.worlds.iter() {
        let ours = world.package.and_then(|id| resolve.packages.get(id)).is_some_and(|package| package.name.namespace == "pbx");
        if ours {
            look(format!("world {}", world.name), &world.docs);
        }
    }
    assert!(items > 700, "only {items} items were looked at");
    assert!(bare.is_empty(), "without a word of explanation: {bare:?}");
}

#[test]
fn neither_the_contract_nor_the_policy_names_a_vendor() {
    // Names of vendors, products and protocols, and words that are theirs alone.
    let vendors = [
        "salesforce",
        "hubspot",
        "zoho",
        "odoo",
        "dynamics",
        "pipedrive",
        "radicale",
        "carddav",
        "yeastar",
        "asterisk",
        "sosl",
        "soql",
        "sobject",
        "whoid",
        "whatid",
        "callobject",
        "res.partner",
        "crm.lead",
        "mail.message",
        "chatter",
        "vcard",
        "vjournal",
    ];
    let root = wit().join("..");
    let mut files = Vec::new();
    for folder in ["wit/base", "wit/hooks", "wit/crm", "plugin/policy"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} files were looked at", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text").to_lowercase();
        for vendor in vendors {
            assert!(!text.contains(vendor), "{} says `{vendor}`", file.display());
        }
    }
}

#[test]
fn a_connector_knows_nothing_of_what_a_pbx_tells() {
    let resolve = Sources::today().resolve();
    for name in ["connector", "connector-all"] {
        let world = &resolve.worlds[world(&resolve, name)];
        let items: Vec<String> = world.imports.keys().chain(world.exports.keys()).map(|key| resolve.name_world_key(key)).collect();
        assert!(items.iter().any(|item| item.starts_with("pbx:base/types@")), "{items:?}");
        for item in items {
            let ours = item.starts_with("pbx:base/") || item.starts_with("pbx:crm/") || item.starts_with("wasi:");
            assert!(ours, "the world {name} depends on {item}");
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}
