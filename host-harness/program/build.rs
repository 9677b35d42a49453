//! Builds the components that the program carries (the policy and the connectors) for `wasm32-wasip2`.
//!
//! It is the only build script that builds guests: who embeds the library brings components of their own. The guests get a
//! target directory of their own below `OUT_DIR` (the outer cargo holds the lock of the usual one) and a cleaned environment, so that flags
//! meant for the program do not reach them.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
/// Package, file, and the variable under which the program finds the path.
const GUESTS: &[(&str, &str, &str)] = &[
    ("pbx-crm-policy", "pbx_crm_policy.wasm", "PBX_CRM_POLICY"),
    ("pbx-webhook-connector", "pbx_webhook_connector.wasm", "PBX_CRM_WEBHOOK"),
    ("pbx-odoo-connector", "pbx_odoo_connector.wasm", "PBX_CRM_ODOO"),
    ("pbx-salesforce-connector", "pbx_salesforce_connector.wasm", "PBX_CRM_SALESFORCE"),
    ("pbx-greeter", "pbx_greeter.wasm", "PBX_CRM_TEST_GREETER"),
    ("pbx-keyholder", "pbx_keyholder.wasm", "PBX_CRM_TEST_KEYHOLDER"),
    ("pbx-naughty-plugin", "pbx_naughty_plugin.wasm", "PBX_CRM_TEST_NAUGHTY_PLUGIN"),
    ("pbx-naughty-connector", "pbx_naughty_connector.wasm", "PBX_CRM_TEST_NAUGHTY_CONNECTOR"),
    ("pbx-thief", "pbx_thief.wasm", "PBX_CRM_TEST_THIEF"),
];

fn main() {
    if let Err(why) = build() {
        // Cargo shows this text to whoever builds: it says what to do.
        eprintln!("\nThe components could not be built: {why}\n");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..");
    let root = root.canonicalize().map_err(|why| format!("{}: {why}", root.display()))?;
    for watched in ["plugin", "wit", "tests/guests", "Cargo.lock", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    provide_target()?;

    let guests = PathBuf::from(variable("OUT_DIR")?).join("guests");
    let mut cargo = cleaned(&variable("CARGO")?);
    cargo.current_dir(&root).args(["build", "--locked", "--profile", "guest", "--target", TARGET, "--target-dir"]).arg(&guests);
    for (package, ..) in GUESTS {
        cargo.args(["--package", package]);
    }
    let output = cargo.output().map_err(|why| format!("cargo does not start: {why}"))?;
    if !output.status.success() {
        return Err(format!("cargo says:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    for (_, file, variable) in GUESTS {
        let path = guests.join(TARGET).join("guest").join(file);
        if !path.is_file() {
            return Err(format!("{} was not made", path.display()));
        }
        println!("cargo::rustc-env={variable}={}", path.display());
    }
    Ok(())
}

/// Adds the target's standard library where it is missing.
fn provide_target() -> Result<(), String> {
    let rustc = variable("RUSTC")?;
    if has_target(&rustc) {
        return Ok(());
    }
    let missing = format!("the standard library for {TARGET} is missing");
    let rustup = Command::new("rustup").args(["target", "add", TARGET]).output();
    match rustup {
        Ok(output) if output.status.success() && has_target(&rustc) => Ok(()),
        Ok(output) if output.status.success() => Err(format!(
            "{missing}. rustup has added it to its own toolchain, but the build uses another one ({rustc}). Use the Rust that rustup installs, or add the \
             target to yours."
        )),
        Ok(output) => Err(format!(
            "{missing}, and `rustup target add {TARGET}` failed:\n{}\nRun that command where there is a network, then build again.",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(_) => Err(format!(
            "{missing}, and there is no rustup that could add it. Install Rust from https://rustup.rs and run `rustup target add {TARGET}`, or \
             install the package of your system that brings the target {TARGET}."
        )),
    }
}

fn has_target(rustc: &str) -> bool {
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let Ok(output) = output else { return false };
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    std::fs::read_dir(Path::new(&folder))
        .is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))))
}

/// The command without what the outer cargo set for this build alone.
fn cleaned(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let of_this_build =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_FEATURE_", "CARGO_CFG_", "CARGO_BIN_", "CARGO_PROFILE_", "CARGO_BUILD_", "DEP_"];
        let single = [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_MAKEFLAGS",
            "MAKEFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_PRIMARY_PACKAGE",
            "CARGO_CRATE_NAME",
            "RUSTC",
            "RUSTDOC",
            "RUSTC_LINKER",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CLIPPY_ARGS",
            "TARGET",
            "HOST",
            "PROFILE",
            "OPT_LEVEL",
            "DEBUG",
            "NUM_JOBS",
            "OUT_DIR",
            "CARGO_INCREMENTAL",
        ];
        if of_this_build.iter().any(|prefix| name.starts_with(prefix)) || single.contains(&name.as_ref()) {
            command.env_remove(name.as_ref());
        }
    }
    // Set and empty: stronger than flags from a configuration file.
    command.env("RUSTFLAGS", "");
    command
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set; build with cargo"))
}
