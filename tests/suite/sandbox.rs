//! Components that misbehave: each costs its own event and nothing else, and what may not be loaded is refused by name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may stop"
)]

use std::path::Path;

use pbx_crm::guests::Components;
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Play, Stage};
use pbx_crm::scenario;
use pbx_crm_host::component::{LoadError, PreparedConnector, PreparedPlugin, Source};
use pbx_crm_host::core::io::{Line, Output, Told};
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::pbx::{Pbx, StaticPbx};

const NAUGHTY_PLUGIN: &[u8] = include_bytes!(env!("PBX_CRM_TEST_NAUGHTY_PLUGIN"));
const NAUGHTY_CONNECTOR: &[u8] = include_bytes!(env!("PBX_CRM_TEST_NAUGHTY_CONNECTOR"));

const OFFICE: &str = r#"
title = "an office"
then-wait = "1s"
[[extension]]
id = "1001"
[[extension]]
id = "1002"
[[crm.user]]
id = "u"
name = "U"
[[binding]]
user = "u"
extensions = ["1001", "1002"]
"#;

/// A call that rings two phones, half a second apart.
fn call(id: &str, at: u64, from: &str) -> String {
    format!(
        r#"
[[event]]
what = "start"
at = "{at}s"
call = "{id}"
direction = "inbound"
from = "{from}"
to = "100"
[[event]]
what = "ring"
at = "{at}s500ms"
call = "{id}"
extension = "1001"
[[event]]
what = "ring"
at = "{at}s800ms"
call = "{id}"
extension = "1002"
[[event]]
what = "end"
at = "{}s"
call = "{id}"
"#,
        at + 20
    )
}

fn play(components: Components, text: &str) -> Play {
    let stage = Stage::new(components).expect("the components load");
    let file = Path::new("test.toml");
    let scenario = scenario::parse(file, text).expect("the scenario is right");
    let crm = Crm::in_process(stage.connector_id()).expect("a fake");
    stage.play(file, text, &scenario, crm).expect("the play ends")
}

fn naughty_plugin(behaviour: &str) -> Play {
    let components = Components { policy: Source::bytes("naughty.wasm", NAUGHTY_PLUGIN), ..Components::built() };
    play(components, &format!("{OFFICE}\n[settings]\nbehaviour = \"{behaviour}\"\n{}", call("c", 1, "+15550100142")))
}

fn failures(play: &Play) -> Vec<String> {
    play.outputs
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Told(Told::HookFailed { hook, why, .. }) => Some(format!("{hook}: {why}")),
            _ => None,
        })
        .collect()
}

fn rendered(play: &Play) -> String {
    play.outputs.iter().map(|(at, output)| format!("{at} {}\n", serde_json::to_string(output).expect("JSON"))).collect()
}

#[test]
fn a_hook_that_fails_half_way_leaves_nothing_behind() {
    for (behaviour, said) in [
        ("error", "the plugin answered"),
        ("panic", "trapped"),
        ("loop", "deadline"),
        ("recursion", "trapped"),
        ("memory", "more memory"),
        ("sleep", "trapped"),
    ] {
        let play = naughty_plugin(behaviour);
        let failed = failures(&play);
        assert_eq!(failed.len(), 2, "{behaviour}: one for each ring: {failed:?}");
        assert!(failed.iter().all(|failure| failure.starts_with("on-ring") && failure.contains(said)), "{behaviour}: {failed:?}");
        assert!(!failed.concat().contains("5550100"), "{behaviour}: a number reached the log: {failed:?}");
        // Neither card nor request nor note of the failed hook: the second ring still counts from nought.
        assert!(!play.outputs.iter().any(|(_, output)| matches!(output, Output::ShowCard { .. })), "{behaviour}: a card was shown");
        assert_eq!(play.requests.len(), 0, "{behaviour}: the CRM was asked");
        let counted: Vec<String> = play
            .outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Told(Told::Line { line: Line::Reason { decision, why }, .. }) if decision == "rings-before" => {
                    Some(play.texts.render("en", why))
                }
                _ => None,
            })
            .collect();
        assert_eq!(counted, ["0 rings were noted before", "0 rings were noted before"], "{behaviour}: reasons are kept, notes are not");
        // The other events of the call went through.
        let events = play.outputs.iter().filter(|(_, output)| matches!(output, Output::Told(Told::Event { .. }))).count();
        assert_eq!(events, 4, "{behaviour}");
    }
}

#[test]
fn the_same_plugin_behaving_leaves_all_of_it() {
    let play = naughty_plugin("none");
    assert_eq!(failures(&play), Vec::<String>::new());
    let cards = play.outputs.iter().filter(|(_, output)| matches!(output, Output::ShowCard { .. })).count();
    assert_eq!(cards, 2);
    assert_eq!(play.requests.len(), 1, "one look-up for the call");
    assert!(rendered(&play).contains("ring 2"), "the note of the first ring is read by the second");
}

#[test]
fn a_flood_of_log_lines_is_cut_and_counted() {
    let play = naughty_plugin("flood");
    let lines = play.outputs.iter().filter(|(_, output)| matches!(output, Output::Told(Told::Log { .. }))).count();
    assert!(lines <= 2 * (pbx_crm_host::limits::LOG_LINES + 1), "{lines}");
    assert!(rendered(&play).contains("further log lines were dropped"));
}

#[test]
fn a_page_that_the_host_did_not_make_never_opens() {
    let play = naughty_plugin("foreign-link");
    assert!(!rendered(&play).contains("OpenPage"));
    assert!(rendered(&play).contains("refused"));
}

#[test]
fn a_connector_that_misbehaves_costs_its_own_look_up() {
    for (digits, said) in [
        ("0101", "the connector trapped"),
        ("0102", "CPU time"),
        ("0103", "more memory"),
        ("0104", "is not declared for find"),
        ("0105", "is not declared for find"),
        ("0106", "webhook"),
        ("0107", "CPU time"),
        ("0108", "Failed"),
        ("0110", "cannot sleep"),
    ] {
        let components = Components { connector: Source::bytes("naughty.wasm", NAUGHTY_CONNECTOR), ..Components::built() };
        let text = format!("{OFFICE}{}{}", call("bad", 1, &format!("+1555010{digits}")), call("good", 5, "+15550100142"));
        let played = play(components, &text);
        let log = rendered(&played);
        assert!(log.contains(said), "{digits}: no “{said}” in {log}");
        assert!(!log.contains("stolen"), "{digits}: a forged credential went out");
        assert!(!log.contains("evil.example/records"), "{digits}: a foreign host was asked");
        assert_eq!(failures(&played), Vec::<String>::new(), "{digits}: no hook suffers");
        let good = log.lines().any(|line| line.contains("\"Asked\"") && line.contains("+15550100142") && line.contains("Answered"));
        assert!(good, "{digits}: the other call's look-up is answered");
        let events = played.outputs.iter().filter(|(_, output)| matches!(output, Output::Told(Told::Event { .. }))).count();
        assert_eq!(events, 8, "{digits}: all events of both calls went through");
    }
}

#[test]
fn a_record_of_another_connector_or_with_a_hostile_id_cannot_pop_elsewhere() {
    let components = Components { connector: Source::bytes("naughty.wasm", NAUGHTY_CONNECTOR), ..Components::built() };
    let played = play(components, &format!("{OFFICE}{}", call("c", 1, "+15550100109")));
    let links: Vec<&String> = played
        .outputs
        .iter()
        .filter_map(|(_, output)| if let Output::OpenPage { link, .. } = output { Some(link) } else { None })
        .collect();
    assert!(!links.is_empty());
    for link in links {
        assert_eq!(link, "http://crm.test/records/..%2F..%2Fevil%3Fx%23y");
    }
    assert!(!rendered(&played).contains(&"A".repeat(300)), "the name is cut");
}

/// A component in the text form, turned into bytes by the same parser that wasmtime's own tests use.
fn component(text: &str) -> Source {
    Source::bytes("test.wasm", wat::parse_str(text).expect("a component"))
}

#[test]
fn an_import_outside_the_list_is_refused_by_its_name() {
    let engine = SandboxEngine::new().expect("an engine");
    let facts = StaticPbx::new("US", "UTC").facts();
    for import in [
        "wasi:filesystem/types@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "wasi:http/outgoing-handler@0.2.12",
        "pbx:crm/context@0.1.0",
        "evil:thing/x@1.0.0",
    ] {
        let source = component(&format!("(component (import \"{import}\" (instance)))"));
        let refused = PreparedPlugin::load(&engine, &source, &facts).err().expect("refused");
        assert!(matches!(refused, LoadError::ForbiddenImport { .. }), "{refused}");
        assert!(refused.to_string().contains(import) && refused.to_string().contains("test.wasm"), "{refused}");
    }
    for import in [
        "wasi:filesystem/types@0.2.6",
        "wasi:sockets/udp@0.2.6",
        "pbx:hooks/phonebook@0.1.0-draft",
        "pbx:hooks/telephony@0.1.0-draft",
        "pbx:crm/requests@0.1.0",
    ] {
        let source = component(&format!("(component (import \"{import}\" (instance)))"));
        let refused = PreparedConnector::load(&engine, &source).err().expect("refused");
        assert!(refused.to_string().contains(import), "{refused}");
    }
    // A function or a type at the top is an import too.
    let source = component("(component (import \"secret\" (func)))");
    let refused = PreparedPlugin::load(&engine, &source, &facts).err().expect("refused");
    assert!(refused.to_string().contains("`secret`"), "{refused}");
}

#[test]
fn a_component_that_lacks_an_interface_or_has_another_version_is_refused_with_its_name() {
    let engine = SandboxEngine::new().expect("an engine");
    let facts = StaticPbx::new("US", "UTC").facts();
    let empty = component("(component)");
    let refused = PreparedPlugin::load(&engine, &empty, &facts).err().expect("refused").to_string();
    assert!(refused.contains("pbx:hooks/call-events") && refused.contains("test.wasm"), "{refused}");
    let newer = component("(component (import \"pbx:hooks/numbers@0.2.0\" (instance (export \"parse\" (func)))))");
    let refused = PreparedPlugin::load(&engine, &newer, &facts).err().expect("refused").to_string();
    assert!(refused.contains("pbx:hooks/numbers@0.2.0"), "{refused}");
    let connector = PreparedConnector::load(&engine, &empty).err().expect("refused").to_string();
    assert!(connector.contains("pbx:crm/"), "{connector}");
}
