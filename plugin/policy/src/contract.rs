//! The contract's types and functions, generated from the WIT files. They are plain Rust and compile natively too; only
//! the functions of the host need a host.

#![allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic, clippy::restriction, reason = "generated code")]

wit_bindgen::generate!({
    path: [
        "../../wit/wasi/io.wit",
        "../../wit/wasi/clocks.wit",
        "../../wit/wasi/random.wit",
        "../../wit/wasi/filesystem.wit",
        "../../wit/wasi/sockets.wit",
        "../../wit/wasi/cli.wit",
        "../../wit/wasi/http.wit",
        "../../wit/base",
        "../../wit/hooks",
        "../../wit/crm",
    ],
    world: "pbx:crm/plugin",
    generate_all,
    additional_derives: [PartialEq],
});
