//! What a person sees who opens a record in the browser.
//!
//! SKELETON: signatures that the other rooms build on; the bodies are to be written.

use crate::org::Org;

/// Answers a GET of a page; None: not one of its paths.
#[must_use]
pub fn respond(org: &Org, now_ms: u64, uri: &http::Uri) -> Option<http::Response<Vec<u8>>> {
    let _ = (org, now_ms, uri);
    todo!()
}
