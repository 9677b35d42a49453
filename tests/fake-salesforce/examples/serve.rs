//! A fake Salesforce to try clients on: `cargo run -p fake-salesforce --example serve -- --port 4711 --seed-org 75000`.
//!
//! Prints shell variables, then stays up on real time until it is interrupted.

use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

use fake_salesforce::standalone::{Options, start};

const USAGE: &str = "serve [--port N] [--seed-org ROWS] [--tls] [--ca-file PATH]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--port" => options.port = value()?.parse()?,
            "--seed-org" => options.rows = Some(value()?.parse()?),
            "--tls" => options.tls = true,
            "--ca-file" => options.ca_file = Some(value()?.into()),
            _ => return Err(format!("unknown: {argument}\n{USAGE}").into()),
        }
    }
    options.now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let started = start(&options)?;
    print!("{}", started.shell_lines());
    std::io::Write::flush(&mut std::io::stdout())?;
    loop {
        std::thread::park();
    }
}
