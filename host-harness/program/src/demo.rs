//! `demo`: an afternoon at a small office, against a CRM that listens on loopback and can be looked at.

use std::io::Write;
use std::path::Path;

use crm_fake::Server;

use crate::guests::Components;
use crate::player::crm::{self, Crm};
use crate::player::{PlayError, Stage, check};
use crate::{scenario, timeline};

/// The afternoon.
const AFTERNOON: &str = include_str!("../../../tests/scenarios/demo/an-afternoon.toml");
/// Its name in messages.
const FILE: &str = "tests/scenarios/demo/an-afternoon.toml";

/// Its connector.
pub const CONNECTOR: &str = "salesforce";

/// The components that the demo is played with.
#[must_use]
pub fn components() -> Components {
    Components::built_with(CONNECTOR).unwrap_or_else(Components::built)
}

/// Plays the afternoon over real HTTP on loopback and tells it.
///
/// Gives the CRM, which goes on listening as long as it is held, and whether everything came out right.
///
/// # Errors
/// A component was refused, or the CRM could not listen.
pub fn run(components: Components, out: &mut dyn Write) -> Result<(Server, bool), DemoError> {
    let stage = Stage::new(components)?;
    let server = Server::start(crm::built_in(stage.connector_id())?, 0).map_err(DemoError::Listen)?;
    let file = Path::new(FILE);
    let afternoon = scenario::parse(file, AFTERNOON).map_err(PlayError::from)?;
    let play = stage.play(file, AFTERNOON, &afternoon, Crm::remote(server.address())?)?;
    writeln!(out, "{}", timeline::render(&afternoon, &play)).map_err(DemoError::Write)?;
    let differences = check::check(&afternoon, AFTERNOON, &play);
    for difference in &differences {
        writeln!(out, "WRONG  {}", difference.show(file)).map_err(DemoError::Write)?;
    }
    if differences.is_empty() {
        writeln!(out, "All came out as it must.").map_err(DemoError::Write)?;
    }
    Ok((server, differences.is_empty()))
}

/// The demo could not be played.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// See there.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// No port could be had.
    #[error("the demo's CRM cannot listen on loopback: {0}")]
    Listen(std::io::Error),
    /// The terminal is gone.
    #[error("cannot write the timeline: {0}")]
    Write(std::io::Error),
}
