//! The command line of `pbx-crm`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pbx_crm::account;
#[cfg(feature = "demo")]
use pbx_crm::demo;
use pbx_crm::doctor::Doctor;
use pbx_crm::guests::{self, Components};
use pbx_crm::player::crm::Crm;
use pbx_crm::player::{Stage, check};
use pbx_crm::queue::Queue;
use pbx_crm::store::Store;
use pbx_crm::watch::ObservingOptions;
use pbx_crm::{live, scenario, timeline};

/// Makes a PBX work with a CRM.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play an afternoon at a small office and show what pops, what is journalled and why.
    #[cfg(feature = "demo")]
    Demo {
        /// End after the play; the exit code is 0 only if all came out right.
        #[arg(long)]
        once: bool,
        /// Take policy.wasm and salesforce.wasm of this folder instead of those built in.
        #[arg(long, value_name = "DIR")]
        components: Option<PathBuf>,
    },
    /// Serve a Salesforce org in memory on 127.0.0.1, for trying Salesforce clients on. The first lines are shell variables with what a
    /// client needs.
    #[cfg(feature = "demo")]
    FakeSalesforce {
        /// Port; 0 is any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Fill the org with so many rows: "small" (750), "full" (75000: 50000 contacts, 20000 leads, 5000 accounts) or a number.
        #[arg(long, value_name = "SIZE", value_parser = rows)]
        seed_org: Option<usize>,
        /// Serve https with a certificate made at the start; SF_CA names the file of its authority.
        #[arg(long)]
        tls: bool,
    },
    #[command(flatten)]
    Account(account::arguments::Command),
    Queue(Queue),
    Store(Store),
    Doctor(Doctor),
    /// Play scenarios and compare what comes of them with what they expect; or, with --live, be the host of a PBX that tells of its calls on standard
    /// input.
    ///
    /// With --live, each line of standard input is an event of a call, a JSON object with the words of a scenario's events (what, call, extension, ...; see
    /// tests/scenarios/README.md), at most 64 KiB long. Beside them: "at", the moment in milliseconds since 1970 (else now), "resync": true for what is
    /// told again, and "id", a text or whole number that names the answer. Each event is answered by one line on standard output:
    /// {"id":1,"taken":true} when it is kept (nothing of it is lost any more, whatever dies), {"id":1,"ignored":"why"} if it cannot be true or was told before,
    /// {"id":1,"again":"why"} if it was not taken and is to be offered again, {"id":1,"wrong":"why"} if it is no event. Answers may come in another
    /// order than events. After 4096 events without an answer no more are read until answers are.
    ///
    /// After a restart, tell of all calls that have not ended and of all events that were not answered again, from each call's start on: nothing is lost and
    /// nothing done twice. The host ends when standard input does, or at SIGTERM, within 10 seconds; what is still to be done waits in the state directory.
    #[command(verbatim_doc_comment)]
    Play {
        /// Scenario files; the format is described in tests/scenarios/README.md.
        #[arg(required_unless_present = "live", conflicts_with = "live")]
        files: Vec<PathBuf>,
        /// Read events of calls instead; "-" is standard input.
        #[arg(long, value_name = "-", value_parser = ["-"], requires = "setup")]
        live: Option<String>,
        /// With --live: a scenario file without events, which tells of PBX, extensions, groups, users, bindings and settings. A user's id is the CRM's own.
        #[arg(long, value_name = "FILE", requires = "live")]
        setup: Option<PathBuf>,
        /// With --live: where accounts (see "connect") and waiting work are kept; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this
        /// user keep their state.
        #[arg(long, value_name = "DIR", requires = "live")]
        state_dir: Option<PathBuf>,
        /// Print every output of the core as one line of JSON, and the result of each scenario as another. With --live: also lines {"told": ...} of cards,
        /// pages and reasons; they are left out where nobody reads fast enough.
        #[arg(long)]
        json: bool,
        /// Print nothing but what is wrong.
        #[arg(long, conflicts_with = "json")]
        quiet: bool,
        /// Take this policy instead of the one built in.
        #[arg(long, value_name = "WASM")]
        policy: Option<PathBuf>,
        /// The connector: "webhook", "salesforce" or "odoo", which are built in, or the file of another one.
        #[arg(long, value_name = "ID|WASM", default_value = "webhook")]
        connector: PathBuf,
        /// Address of a CRM with the control interface of tests/crm-fake, for a connector that has no built-in one. With --live: address of the CRM, for a
        /// connector that takes it from a setting; it is marked as on premises, so that http may be spoken there.
        #[arg(long, value_name = "URL")]
        crm: Option<String>,
        /// With --live: a setting of the connector, such as its CRM's address. May be given several times.
        #[arg(long, value_name = "KEY=TEXT", requires = "live", value_parser = pbx_crm::account::arguments::pair)]
        setting: Vec<(String, String)>,
        /// With --live.
        #[command(flatten)]
        observing: ObservingOptions,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        #[cfg(feature = "demo")]
        Command::Demo { once, components } => demo(once, components.as_deref()),
        #[cfg(feature = "demo")]
        Command::FakeSalesforce { port, seed_org, tls } => fake_salesforce(port, seed_org, tls),
        Command::Account(command) => command.run(&mut std::io::stdout()).map_err(Into::into),
        Command::Queue(queue) => queue.run(&mut std::io::stdout()).map_err(Into::into),
        Command::Store(store) => store.run(&mut std::io::stdout()).map_err(Into::into),
        Command::Doctor(doctor) => doctor.run(&mut std::io::stdout()).map_err(Into::into),
        Command::Play { live: Some(_), setup, state_dir, json, policy, connector, crm, setting, observing, .. } => {
            let policy = policy.map_or_else(guests::policy, Into::into);
            let options = live::Options {
                setup: setup.unwrap_or_default(),
                state_dir,
                policy,
                connector,
                crm,
                connector_settings: setting,
                json,
                observing,
            };
            let (input, output) = (std::io::BufReader::new(std::io::stdin()), std::io::stdout());
            live::run(&options, input, output).map(|()| true).map_err(Into::into)
        }
        Command::Play { files, json, quiet, policy, connector, crm, .. } => {
            let mut components = Components::built();
            components.policy = policy.map_or(components.policy, Into::into);
            components.connector = connector.to_str().and_then(guests::connector).unwrap_or_else(|| connector.into());
            play(
                &files,
                components,
                crm.as_deref(),
                if json {
                    Show::Json
                } else if quiet {
                    Show::Nothing
                } else {
                    Show::Timeline
                },
            )
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("pbx-crm: {why}");
            ExitCode::from(2)
        }
    }
}

#[cfg(feature = "demo")]
fn demo(once: bool, components: Option<&Path>) -> Result<bool, Box<dyn std::error::Error>> {
    let components = components.map_or_else(demo::components, |folder| Components::from_folder(folder, demo::CONNECTOR));
    let (server, right) = demo::run(components, &mut std::io::stdout())?;
    if once {
        return Ok(right);
    }
    println!("Look at the CRM's side: {}/   (Ctrl-C ends)", server.address());
    std::io::stdout().flush()?;
    // Ended from outside: the default action of an interrupt ends the process.
    loop {
        std::thread::park();
    }
}

/// A size of an org in words or rows.
#[cfg(feature = "demo")]
fn rows(text: &str) -> Result<usize, String> {
    match text {
        "small" => Ok(750),
        "full" => Ok(75_000),
        number => match number.parse() {
            Ok(rows) if rows <= MOST_ROWS => Ok(rows),
            _ => Err(format!("write small, full, or a number of rows up to {MOST_ROWS}")),
        },
    }
}

/// A million rows take three gigabytes.
#[cfg(feature = "demo")]
const MOST_ROWS: usize = 1_000_000;

#[cfg(feature = "demo")]
fn fake_salesforce(port: u16, rows: Option<usize>, tls: bool) -> Result<bool, Box<dyn std::error::Error>> {
    let now_ms = u64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?;
    let options = fake_salesforce::standalone::Options { port, tls, ca_file: None, rows, now_ms };
    let started = fake_salesforce::standalone::start(&options).map_err(|why| match why.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} of 127.0.0.1 is taken; choose another one, or 0 for any free one"),
        _ => format!("fake Salesforce cannot start: {why}"),
    })?;
    // Whoever reads the variables may close the pipe behind them; the server stays.
    let mut out = std::io::stdout().lock();
    let told = writeln!(out, "{}# Open {}/ in a browser to look at the records. Ctrl-C ends.", started.shell_lines(), started.address);
    let _closed = told.and_then(|()| out.flush());
    drop(out);
    // Ended from outside: the default action of an interrupt ends the process.
    loop {
        std::thread::park();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Show {
    Timeline,
    Json,
    Nothing,
}

fn play(files: &[PathBuf], components: Components, remote: Option<&str>, show: Show) -> Result<bool, Box<dyn std::error::Error>> {
    let stage = Stage::new(components)?;
    let mut all_right = true;
    for file in files {
        let (parsed, text) = scenario::Scenario::read(file)?;
        let crm = match remote {
            Some(address) => Crm::remote(address)?,
            None => Crm::in_process(stage.connector_id())?,
        };
        let played = stage.play(file, &text, &parsed, crm)?;
        let differences = check::check(&parsed, &text, &played);
        all_right &= differences.is_empty();
        let mut out = std::io::stdout().lock();
        match show {
            Show::Json => {
                for (at, output) in &played.outputs {
                    writeln!(out, "{}", serde_json::json!({ "at": at, "output": output }))?;
                }
                let told: Vec<String> = differences.iter().map(|difference| difference.show(file)).collect();
                writeln!(out, "{}", serde_json::json!({ "scenario": file, "right": told.is_empty(), "differences": told }))?;
            }
            Show::Timeline => writeln!(out, "{}", timeline::render(&parsed, &played))?,
            Show::Nothing => {}
        }
        if show != Show::Json {
            for difference in &differences {
                writeln!(out, "WRONG  {}", difference.show(file))?;
            }
            if differences.is_empty() && show == Show::Timeline {
                writeln!(out, "All came out as it must.\n")?;
            }
        }
    }
    Ok(all_right)
}
