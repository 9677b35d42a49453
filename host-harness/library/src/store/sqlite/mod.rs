//! The store in one SQLite file.
//!
//! One host owns the file: [`Database`] is its one writer, shared by all parts of the host that keep something. [`SqliteStore`] keeps work,
//! records, phonebooks and accounts in it. Commands of an administrator look into it while the host runs ([`Look`]), and leave orders there.
//!
//! The log of SQLite (WAL) with `synchronous=FULL`: what was acknowledged survives a power cut. `store.rs` takes changes into memory
//! (`layer.rs`), and `sync` writes all that wait in one transaction (`apply.rs`). `opening.rs` and `damage.rs` judge a file at start,
//! `schema.rs` brings it up to date, `maintain.rs` and `erase.rs` forget.

mod apply;
mod backup;
mod blank;
mod contents;
mod damage;
mod database;
mod erase;
mod error;
mod inspect;
mod layer;
mod look;
mod maintain;
mod opening;
mod place;
mod read;
mod rows;
mod schema;
mod store;
#[cfg(test)]
mod tests;

pub use database::{Database, Opened};
pub use error::{DatabaseError, OpenError};
pub use look::{ListFilter, Look, OrderReport, State, order};
pub use maintain::Fill;
pub use store::SqliteStore;
