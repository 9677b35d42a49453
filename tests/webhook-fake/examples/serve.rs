//! `webhook-fake [port]`: the fake behind a loopback port (any free one unless told), until the process is ended.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a example may stop"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let port = match std::env::args().nth(1).map_or(Ok(0), |port| port.parse()) {
        Ok(port) => port,
        Err(why) => {
            eprintln!("usage: webhook-fake [port] ({why})");
            return ExitCode::FAILURE;
        }
    };
    match crm_fake::Server::start(Box::new(webhook_fake::WebhookFake::new()), port) {
        Ok(server) => {
            println!("{}", server.address());
            loop {
                std::thread::park();
            }
        }
        Err(why) => {
            eprintln!("cannot listen on port {port}: {why}");
            ExitCode::FAILURE
        }
    }
}
