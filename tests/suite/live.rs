//! `pbx-crm play --live -` as a PBX calls it: the built program, lines in, lines out, and a CRM on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]

#[path = "live/scene.rs"]
mod scene;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crm_fake::CrmFake;
use scene::{SETUP, Scene, end, event, start};
use serde_json::{Value, json};

#[test]
fn each_event_is_answered_once_and_the_call_goes_into_the_crm() {
    let scene = Scene::new("whole");
    let mut host = scene.start(&[]);
    for told in [start("17"), event("ring", "17"), event("answer", "17"), end("17")] {
        host.tell(&told);
        assert_eq!(host.line(), json!({ "id": told["id"], "taken": true }));
    }
    host.tell(&end("17"));
    assert_eq!(host.line(), json!({ "id": "17/end", "ignored": "told before" }));
    assert_eq!(scene.wait_for_entries(1), 1);
    assert_eq!(scene.control.activities()[0].record, "maria");
    assert_eq!(host.close(), (String::new(), Some(0)));
}

#[test]
fn a_bad_line_is_answered_with_the_reason_and_the_next_one_is_read() {
    let scene = Scene::new("wrong");
    let mut host = scene.start(&[]);
    for (line, wanted) in [
        ("hello".to_owned(), "not JSON"),
        (json!({ "id": 1, "what": "seed", "records": [] }).to_string(), "`seed` does not happen to a call"),
        (format!("{{\"id\":1,\"what\":\"{}\"}}", "x".repeat(70_000)), "more than 65536 bytes"),
        ("\u{feff}{}".to_owned(), "not JSON"),
        (json!({ "id": 1, "what": "end" }).to_string(), "missing field `call`"),
    ] {
        host.write(&format!("\n{line}\r\n"));
        let answer = host.line();
        assert!(answer["wrong"].as_str().is_some_and(|why| why.contains(wanted)), "{answer}");
    }
    host.tell(&event("ring", "never started"));
    let answer = host.line();
    assert!(answer["ignored"].as_str().is_some_and(|why| why.contains("no such call")), "{answer}");
    // The last line needs no end.
    host.write(&start("18").to_string());
    assert_eq!(host.close(), ("{\"id\":\"18/start\",\"taken\":true}\n".to_owned(), Some(0)));
}

#[test]
fn with_json_cards_and_pages_are_told_between_the_answers() {
    let scene = Scene::new("json");
    let mut host = scene.start(&["--json"]);
    host.tell(&start("19"));
    host.tell(&event("ring", "19"));
    host.tell(&event("answer", "19"));
    let page = loop {
        let line = host.line();
        if let Some(page) = line["told"].get("OpenPage") {
            break page.clone();
        }
    };
    assert_eq!(page["extension"], "1001");
    assert_eq!(page["link"], format!("{}/records/maria", scene.server.address()));
    host.tell(&end("19"));
    while host.answer()["id"] != "19/end" {}
    assert_eq!(host.close().1, Some(0));
}

#[cfg(unix)]
#[test]
fn f70_sigterm_under_load_answers_what_was_taken_and_ends_with_0() {
    let mut scene = Scene::new("sigterm");
    // What is under way then waits for an answer that does not come.
    scene.control.inject(crm_fake::Fault::always(crm_fake::FaultKind::Delay { ms: 60_000, to_ms: None })).unwrap();
    let mut host = scene.start(&[]);
    host.tell(&start("first"));
    host.tell(&event("ring", "first"));
    host.line();
    let mut input = host.child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // Until nobody reads any more.
        for call in 0..1_000_000 {
            if writeln!(input, "{}\n{}", start(&call.to_string()), end(&call.to_string())).is_err() {
                break;
            }
        }
    });
    for _ in 0..500 {
        host.line();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&host.child), rustix::process::Signal::TERM).unwrap();
    let told = Instant::now();
    let (rest, code) = host.end();
    assert!(told.elapsed() < Duration::from_secs(20), "it took {:?}", told.elapsed());
    assert_eq!(code, Some(0), "{}", host.errors());
    assert!(rest.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "a line is torn: {rest}");
    feeding.join().unwrap();
}

#[test]
fn m_log_5_a_call_that_was_taken_goes_into_the_crm_though_the_process_was_killed() {
    let mut scene = Scene::new("killed");
    scene.control.inject(crm_fake::Fault::always(crm_fake::FaultKind::Unreachable)).unwrap();
    let mut host = scene.start(&[]);
    for told in [start("20"), event("ring", "20"), event("answer", "20"), end("20")] {
        host.tell(&told);
        assert_eq!(host.line(), json!({ "id": told["id"], "taken": true }));
    }
    drop(host);
    assert_eq!(scene.control.activities().len(), 0);
    scene.control.clear_faults();
    let mut host = scene.start(&[]);
    // As a PBX that does not know what became of it.
    for told in [start("20"), event("ring", "20"), event("answer", "20"), end("20")] {
        let mut again = told;
        again["resync"] = json!(true);
        host.tell(&again);
        assert_eq!(host.line()["taken"], true);
    }
    let delivered = scene.wait_for_entries(1);
    drop(host.child.stdin.take());
    assert_eq!(host.end().1, Some(0));
    assert_eq!(delivered, 1, "{}", host.errors());
    assert_eq!(scene.control.activities().len(), 1, "told twice, journalled once");
}

#[test]
fn f69_a_second_host_on_the_same_state_is_refused_and_the_first_goes_on() {
    let scene = Scene::new("second");
    let mut first = scene.start(&[]);
    first.tell(&start("21"));
    first.line();
    let told = scene.start(&[]).close_whole();
    assert!(told.contains("pbx-crm.db is in use by another host"), "{told}");
    first.tell(&end("21"));
    assert_eq!(first.line()["taken"], true);
    assert_eq!(first.close().1, Some(0));
}

#[test]
fn a_mistake_in_the_setup_is_told_with_file_and_line_before_anything_is_read() {
    let scene = Scene::new("mistakes");
    for (more, wanted) in [
        ("[settings]\n\"pop.wen\" = []\n", "setup.toml:6: there is no setting `pop.wen`"),
        ("[[event]]\nat = \"0s\"\nwhat = \"clear-faults\"\n", "setup.toml:5: a setup has no events"),
        ("[expect]\npops = []\n", "setup.toml:5: a setup expects nothing"),
        ("[[crm.record]]\nrole = \"person\"\n", "setup.toml:5: a setup says nothing of what stands in the CRM"),
        ("[[binding]]\nuser = \"bob\"\nextensions = [\"1001\"]\n", "setup.toml:5: the CRM has no user `bob`"),
        ("colour = 1\n", "setup.toml:5: unknown field `colour`"),
    ] {
        // Lists within a line cannot go on below it.
        let blocks = "title = \"An office\"\n[[extension]]\nid = \"1001\"\n\n";
        scene.setup(&format!("{}{more}", if more.starts_with("[[") { blocks } else { SETUP }));
        let output = scene.start(&[]).close_whole();
        assert!(output.contains(wanted), "{wanted}: {output}");
    }
}

#[test]
fn a_connector_that_is_not_connected_is_told_with_the_command_that_connects_it() {
    let scene = Scene::new("unconnected");
    let output = scene.command(&["--connector", "salesforce"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("pbx-crm connect salesforce --state-dir"), "{text}");
    let output = scene.command(&["--connector", "salesforce", "--crm", "http://127.0.0.1:1"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("leave --crm out"), "{text}");
}

#[test]
fn f73_a_number_is_erased_while_the_host_runs_and_no_file_of_it_has_it_any_more() {
    let mut scene = Scene::new("erased");
    let mut host = scene.start(&[]);
    let call = |host: &mut scene::Running, call: &str| {
        for told in [start(call), event("ring", call), event("answer", call), end(call)] {
            host.tell(&told);
            assert_eq!(host.line()["taken"], true);
        }
    };
    call(&mut host, "30");
    assert_eq!(scene.wait_for_entries(1), 1);
    scene.control.inject(crm_fake::Fault::always(crm_fake::FaultKind::Unreachable)).unwrap();
    call(&mut host, "31");
    assert!(holds(&scene, "5550100142"), "the test would prove nothing");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pbx-crm"));
        let output = command.args(arguments).arg("--state-dir").arg(&scene.folder).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let (code, said) = run(&["store", "erase", "555"]);
    assert!(code == Some(1) && said.contains("Type yes to go on") && said.contains("Nothing was changed"), "{said}");
    let (code, said) = run(&["store", "erase", "--yes", "nobody"]);
    assert!(code == Some(1) && said.contains("that is no telephone number") && said.contains("Nothing was erased yet"), "{said}");
    // Her country, as the host knows it, is enough.
    let (code, said) = run(&["store", "erase", "--yes", "(555) 010-0142"]);
    assert!(code == Some(0) && said.contains("was carried out") && said.contains("1 of them were still to be done"), "{said}");
    assert!(!holds(&scene, "5550100142"), "it is still in a file of the host");
    scene.control.clear_faults();
    call(&mut host, "32");
    assert_eq!(scene.wait_for_entries(2), 2, "a later call is served as ever");
    assert_eq!(host.close().1, Some(0));
    assert_eq!(scene.control.activities().len(), 2, "what was erased is not sent");
}

/// Is this text in one of the host's files, the log of its database included?
fn holds(scene: &Scene, text: &str) -> bool {
    let mut files = std::fs::read_dir(&scene.folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.any(|file| std::fs::read(file).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes()))
}
