//! The program's commands with an account at a real Odoo, as an administrator types them.

use std::path::Path;
use std::process::Command;

use crm_fake::Server;
use odoo_server::{Database, Instance, OdooCrm};

struct Desk<'i> {
    folder: tempfile::TempDir,
    database: &'i Database,
}

impl Desk<'_> {
    fn run(&self, command: &str, more: &[&str]) -> (Option<i32>, String) {
        let address = format!("address={}", self.database.instance().address());
        let database = format!("database={}", self.database.name());
        let state = self.folder.path().join("state");
        let output = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
            .args([command, "odoo", "--setting", &address, "--setting", &database, "--state-dir", state.to_str().unwrap()])
            .args(more)
            .env_remove("PBX_CRM_STATE_DIR")
            .output()
            .unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), told)
    }

    fn connect(&self, key: &str) -> (Option<i32>, String) {
        let file = self.folder.path().join("key");
        std::fs::write(&file, key).unwrap();
        self.run("connect", &["--on-premises", self.database.instance().address(), "--field", &field(&file), "--yes"])
    }
}

fn field(file: &Path) -> String {
    format!("key={}", file.display())
}

#[test]
fn m_con_5_m_con_6_m_bind_1_an_account_at_odoo_is_connected_with_a_key_looked_at_and_disconnected() {
    let Some(instance) = Instance::start_or_skip("the program's commands with an account at Odoo") else { return };
    let database = instance.database().unwrap();
    let desk = Desk { folder: tempfile::tempdir().unwrap(), database: &database };

    let expired = instance.key("expired");
    let (code, told) = desk.connect(expired);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Odoo does not take the API key") && !told.contains(expired), "{told}");

    let key = instance.key("integration");
    let (code, told) = desk.connect(key);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Integration") && told.contains("My Company") && !told.contains(key), "{told}");
    // What is approved is shown: each request that the connector may make.
    assert!(told.contains("/json/2/mail.message/load") && told.contains("/json/2/res.partner/search_read"), "{told}");
    let (code, told) = desk.run("users", &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Integration - integration@example.test") && told.contains("Sally Seller - seller@example.test"), "{told}");
    let (code, told) = desk.run("status", &["--check", "--lang", "zh-CN"]);
    assert!(code == Some(0) && told.contains("已连接"), "{told}");

    // The key is taken back in Odoo: the state says what to do.
    database.sql("delete from res_users_apikeys").unwrap();
    let (code, told) = desk.run("status", &["--check"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Make a new one in Odoo"), "{told}");
    let (code, told) = desk.run("disconnect", &["--yes"]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn c_2_a_scenario_is_played_by_command_against_an_odoo_that_another_process_serves() {
    let Some(instance) = Instance::start_or_skip("the command `play` against an Odoo behind a port") else { return };
    let served = Server::start(Box::new(OdooCrm::new(&instance).unwrap()), 0).unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let file = scenarios.join("create/a-ring-group-of-five-makes-one-record.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
        .args(["play", "--connector", "odoo", "--crm", served.address(), file.to_str().unwrap()])
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("odoo create") && told.contains("Integration at My Company"), "{told}");
    assert!(!told.contains(instance.key("integration")), "{told}");
}
