//! What the REST API promises, in memory and over a real socket.

mod bodies;
mod composites;
mod control;
mod errors;
mod org;
mod paging;
mod rows;
mod sockets;
mod turned;
mod usage;
