//! The connector on a real Odoo: its functions run natively, and each request that they make must be one that they declared. Where Odoo is not
//! installed, nothing of this is tested, and one line says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice, reason = "tests")]
#![allow(clippy::result_large_err, reason = "failures are the contract's")]

mod account_and_users;
mod amending;
mod call_backs;
mod creating;
mod failing;
mod finding;
mod journalling;
mod office;
mod somebody_else;
mod wire;
