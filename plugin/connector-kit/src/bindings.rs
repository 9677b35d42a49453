//! The contract's shared interfaces, as Rust types.

#![allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction, reason = "generated code")]

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
    inline: "
        package pbx:connector-kit;
        world kit {
            import pbx:crm/types@0.1.0;
            import pbx:crm/context@0.1.0;
            import pbx:crm/connector-log@0.1.0;
            import wasi:http/outgoing-handler@0.2.12;
        }
    ",
    world: "pbx:connector-kit/kit",
    additional_derives: [PartialEq],
    // It holds a handle, which cannot be compared.
    additional_derives_ignore: ["stream-error"],
    generate_all,
});
