//! The connector against fake Salesforce: its functions run natively, and each request that they make must be one that they declared.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice, reason = "tests")]
#![allow(clippy::result_large_err, reason = "failures are the contract's")]

mod account;
mod creating;
mod every_error;
mod failing;
mod finding;
mod journalling;
mod office;
