//! The contract's interfaces that this connector exports. What it imports is the kit's.

#![allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction, reason = "generated code")]

wit_bindgen::generate!({
    path: [
        "../../../wit/wasi/io.wit",
        "../../../wit/wasi/clocks.wit",
        "../../../wit/wasi/random.wit",
        "../../../wit/wasi/filesystem.wit",
        "../../../wit/wasi/sockets.wit",
        "../../../wit/wasi/cli.wit",
        "../../../wit/wasi/http.wit",
        "../../../wit/base",
        "../../../wit/hooks",
        "../../../wit/crm",
    ],
    inline: "
        package pbx:odoo-connector;
        world odoo {
            include pbx:crm/connector@0.1.0;
            export pbx:crm/search@0.1.0;
            export pbx:crm/amending@0.1.0;
            export pbx:crm/users@0.1.0;
        }
    ",
    world: "pbx:odoo-connector/odoo",
    with: {
        "pbx:base/types@0.1.0": pbx_connector_kit::base_types,
        "pbx:crm/types@0.1.0": pbx_connector_kit::types,
        "pbx:crm/context@0.1.0": pbx_connector_kit::context,
        "pbx:crm/connector-log@0.1.0": pbx_connector_kit::connector_log,
        "wasi:io/error@0.2.12": pbx_connector_kit::wasi::io::error,
        "wasi:io/poll@0.2.12": pbx_connector_kit::wasi::io::poll,
        "wasi:io/streams@0.2.12": pbx_connector_kit::wasi::io::streams,
        "wasi:clocks/monotonic-clock@0.2.12": pbx_connector_kit::wasi::clocks::monotonic_clock,
        "wasi:http/types@0.2.12": pbx_connector_kit::wasi::http::types,
        "wasi:http/outgoing-handler@0.2.12": pbx_connector_kit::wasi::http::outgoing_handler,
    },
    additional_derives: [PartialEq],
    pub_export_macro: true,
    generate_all,
});
