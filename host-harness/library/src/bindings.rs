//! The contract in Rust, made from `wit/` by [`wasmtime::component::bindgen!`].
//!
//! Both worlds share the records of `pbx:base/types` and `pbx:crm/types`, so what a connector answers goes to the
//! plugin's hook without a conversion. The all-exports worlds are bound once; which optional interfaces a component really
//! has is looked up by name when it is installed (see [`crate::component`]).

/// World `pbx:crm/plugin-all`: hooks are synchronous.
pub mod plugin {
    wasmtime::component::bindgen!({
        path: [
            "../../wit/wasi/io.wit", "../../wit/wasi/clocks.wit", "../../wit/wasi/random.wit", "../../wit/wasi/filesystem.wit",
            "../../wit/wasi/sockets.wit", "../../wit/wasi/cli.wit", "../../wit/wasi/http.wit",
            "../../wit/base", "../../wit/hooks", "../../wit/crm",
        ],
        world: "pbx:crm/plugin-all",
        imports: { default: trappable },
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

/// World `pbx:crm/connector-all`: connectors run on fibers that are suspended while an HTTP answer is out.
pub mod connector {
    wasmtime::component::bindgen!({
        path: [
            "../../wit/wasi/io.wit", "../../wit/wasi/clocks.wit", "../../wit/wasi/random.wit", "../../wit/wasi/filesystem.wit",
            "../../wit/wasi/sockets.wit", "../../wit/wasi/cli.wit", "../../wit/wasi/http.wit",
            "../../wit/base", "../../wit/hooks", "../../wit/crm",
        ],
        world: "pbx:crm/connector-all",
        imports: { default: trappable },
        exports: { default: async },
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "pbx:base/types": super::plugin::pbx::base::types,
            "pbx:crm/types": super::plugin::pbx::crm::types,
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        },
    });
}

pub use plugin::exports::pbx::base as base_exports;
pub use plugin::exports::pbx::crm as crm_exports;
pub use plugin::exports::pbx::hooks as hooks_exports;
pub use plugin::pbx::{base, crm, hooks};
