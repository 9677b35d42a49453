//! `serve [port]`: an Odoo with an empty company as the CRM of scenarios, behind a loopback port (any free one unless told), until the process is ended:
//!
//!     cargo run -p odoo-server --example serve -- 8080
//!     cargo run -- play --connector odoo --crm http://127.0.0.1:8080 tests/scenarios/pop/a-known-caller-pops-when-the-phone-rings.toml
//!
//! Each scenario wants a company of its own: start it anew for the next.

use std::process::ExitCode;

use odoo_server::{Instance, OdooCrm};

fn main() -> ExitCode {
    match serve() {
        Ok(server) => {
            println!("{}", server.address());
            loop {
                std::thread::park();
            }
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<crm_fake::Server, String> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse()).map_err(|why| format!("usage: serve [port] ({why})"))?;
    let instance = Instance::start().map_err(|why| why.to_string())?;
    let crm = OdooCrm::new(&instance).map_err(|why| why.to_string())?;
    crm_fake::Server::start(Box::new(crm), port).map_err(|why| format!("cannot listen on port {port}: {why}"))
}
