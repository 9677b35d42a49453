//! The program `pbx-crm` as a library, so that its tests and those of other component authors can call what it does.

pub mod account;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod guests;
pub mod live;
pub mod logging;
pub mod player;
pub mod queue;
pub mod scenario;
pub mod store;
pub mod timeline;
pub mod watch;
