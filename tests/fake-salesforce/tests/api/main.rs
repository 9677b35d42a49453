//! What the REST API promises, in memory and over a real socket.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod bodies;
mod composites;
mod control;
mod errors;
mod mangled;
mod org;
mod paging;
mod person;
mod rows;
mod sockets;
mod turned;
mod usage;
