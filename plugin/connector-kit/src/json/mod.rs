//! JSON whose shape nobody guarantees.
//!
//! [`parse`] gives a [`Node`], which knows its place in the answer. Each step says what it expects and gives a [`Wrong`] with the place
//! if it finds something else. `null` is the same as absent.

mod node;
mod wrong;

pub use node::Node;
pub use wrong::Wrong;

use serde_json::Value;

/// Reads a whole body. Bodies nested more than 128 levels deep, numbers out of range and bytes that are no UTF-8 are refused; of a name that
/// stands twice the last counts. A byte order mark of UTF-8 is skipped, since some servers send one.
///
/// # Errors
/// [`Wrong`] at the line and column at which it stops being JSON.
pub fn parse(body: &[u8]) -> Result<Value, Wrong> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).map_err(|why| Wrong { place: format!("line {}, column {}", why.line(), why.column()), expected: "JSON" })
}
