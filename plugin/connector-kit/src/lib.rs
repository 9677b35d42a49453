//! The library that connector authors share. It exports nothing and decides nothing about any vendor.
//!
//! * [`Client`] sends one HTTP request after another below `context.base`, reads each answer whole and counts what was spent.
//! * Outside a component (tests), `native::answer_with` puts something else in the network's place.
//! * [`failure`] and [`status`] turn what went wrong into the contract's kinds of failure.
//! * [`json`] reads answers whose shape nobody guarantees.
//! * [`url`] escapes; [`time`] reads and writes times; [`text`] makes messages and cuts texts; [`catalogue`] reads message files; [`words`]
//!   has the contract's words.
//!
//! # One set of types
//!
//! The bindings of the contract's shared interfaces are made here once. A connector maps its own `generate!` onto them, and so can hand its
//! `Context` to this library and return this library's `Failure`:
//!
//! ```ignore
//! wit_bindgen::generate!({
//!     path: [/* wasi's files one by one, "../../../wit/base", "../../../wit/hooks", "../../../wit/crm" */],
//!     inline: "package example:connector; world connector { include pbx:crm/connector@0.1.0; }",
//!     world: "example:connector/connector",
//!     with: {
//!         "pbx:base/types@0.1.0": pbx_connector_kit::base_types,
//!         "pbx:crm/types@0.1.0": pbx_connector_kit::types,
//!         "pbx:crm/context@0.1.0": pbx_connector_kit::context,
//!         "pbx:crm/connector-log@0.1.0": pbx_connector_kit::connector_log,
//!         "wasi:io/error@0.2.12": pbx_connector_kit::wasi::io::error,
//!         "wasi:io/poll@0.2.12": pbx_connector_kit::wasi::io::poll,
//!         "wasi:io/streams@0.2.12": pbx_connector_kit::wasi::io::streams,
//!         "wasi:clocks/monotonic-clock@0.2.12": pbx_connector_kit::wasi::clocks::monotonic_clock,
//!         "wasi:http/types@0.2.12": pbx_connector_kit::wasi::http::types,
//!         "wasi:http/outgoing-handler@0.2.12": pbx_connector_kit::wasi::http::outgoing_handler,
//!     },
//!     generate_all,
//! });
//! ```

#![allow(clippy::result_large_err, reason = "failures are the contract's, and cross the border once a call")]

mod bindings;
pub mod catalogue;
pub mod failure;
mod http;
pub mod json;
pub mod status;
pub mod text;
pub mod time;
pub mod url;
pub mod words;

pub use bindings::{
    pbx::{
        base::types as base_types,
        crm::{connector_log, context, types},
    },
    wasi,
};
pub use failure::Effect;
#[cfg(not(target_arch = "wasm32"))]
pub use http::native;
pub use http::{Client, MAX_ANSWER, Request, Response};
