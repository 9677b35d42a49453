//! Components: what they may import, how they are checked and linked when they are installed.
//!
//! Everything that can be found wrong is found here, when an administrator installs a component, and never when the
//! phone rings.

pub(crate) mod connector;
pub(crate) mod plugin;
pub(crate) mod wasi;

pub use connector::PreparedConnector;
pub use plugin::PreparedPlugin;

use std::path::{Path, PathBuf};

use wasmtime::component::Component;

use crate::engine::SandboxEngine;

/// Interfaces that Rust's std drags into a component. Served empty; see [`wasi`].
pub const STD_IMPORTS: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Interfaces that a plugin may import beside [`STD_IMPORTS`].
pub const PLUGIN_IMPORTS: &[&str] = &[
    "pbx:base/types",
    "pbx:crm/connections",
    "pbx:crm/known-records",
    "pbx:crm/requests",
    "pbx:crm/types",
    "pbx:hooks/calls",
    "pbx:hooks/clients",
    "pbx:hooks/directory",
    "pbx:hooks/host",
    "pbx:hooks/live-calls",
    "pbx:hooks/log",
    "pbx:hooks/notes",
    "pbx:hooks/numbers",
    "pbx:hooks/phonebook",
    "pbx:hooks/replies",
    "pbx:hooks/settings",
    "pbx:hooks/telephony",
];

/// Interfaces that a connector may import beside [`STD_IMPORTS`].
pub const CONNECTOR_IMPORTS: &[&str] =
    &["pbx:base/types", "pbx:crm/connector-log", "pbx:crm/context", "pbx:crm/types", "wasi:http/outgoing-handler", "wasi:http/types"];

/// Where a component's bytes come from; errors name it.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Bytes that the firmware carries, under a name for error messages.
    Bytes {
        /// For error messages.
        name: String,
        /// The component.
        bytes: Vec<u8>,
    },
}

impl Source {
    /// Bytes under a name for error messages.
    #[must_use]
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes { name: name.into(), bytes: bytes.into() }
    }

    /// The file's path or the given name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// Why a component was not taken. Each names the component.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{component}: cannot read the component: {why}. Put the file there, or name another one.")]
    Read {
        /// Path or name.
        component: String,
        /// From the operating system.
        why: std::io::Error,
    },
    /// Longer than [`crate::limits::PLUGIN_FILE`] or [`crate::limits::CONNECTOR_FILE`].
    #[error("{component}: the component has {bytes} bytes; {allowed} are allowed.")]
    TooLarge {
        /// Path or name.
        component: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        allowed: usize,
    },
    /// Not WebAssembly, a core module, or cut short.
    #[error("{component}: this is no whole WebAssembly component: {why}. Copy or build it again.")]
    Broken {
        /// Path or name.
        component: String,
        /// From the parser.
        why: String,
    },
    /// It wants something that components of its kind do not get.
    #[error(
        "{component}: refused, because it imports `{import}`. A {kind} gets nothing but the interfaces of the contract and an empty \
         part of WASI; build it without what needs `{import}`."
    )]
    ForbiddenImport {
        /// Path or name.
        component: String,
        /// "plugin" or "connector".
        kind: &'static str,
        /// The offending interface, with its version.
        import: String,
    },
    /// An import has a type that this host does not have.
    #[error("{component}: does not fit this host ({contract}): {why}. It may need a newer host.")]
    Imports {
        /// Path or name.
        component: String,
        /// The contract that this host speaks.
        contract: &'static str,
        /// From the linker.
        why: String,
    },
    /// A mandatory interface is missing, or an interface has other types than this host's.
    #[error("{component}: its `{interface}` does not fit this host ({contract}): {why}. Build it against this host's `wit` folder.")]
    Exports {
        /// Path or name.
        component: String,
        /// The interface.
        interface: String,
        /// The contract that this host speaks.
        contract: &'static str,
        /// What is wrong.
        why: String,
    },
    /// Asked for its description, schema or texts, it failed or answered something impossible.
    #[error("{component}: its self-description is unusable: {why}")]
    Description {
        /// Path or name.
        component: String,
        /// What is wrong.
        why: String,
    },
}

/// The contract that this host speaks, for messages.
pub const CONTRACT: &str = "pbx:base and pbx:crm 0.1.0, pbx:hooks 0.1.0-draft";

/// Reads, checks and compiles; the checks come before the compilation, which costs seconds.
fn compile(
    engine: &SandboxEngine,
    source: &Source,
    kind: &'static str,
    file_limit: usize,
    allowed: &[&str],
) -> Result<Component, LoadError> {
    let component = source.name();
    let read;
    let bytes: &[u8] = match source {
        Source::File(path) => {
            read = std::fs::read(path).map_err(|why| LoadError::Read { component: component.clone(), why })?;
            &read
        }
        Source::Bytes { bytes, .. } => bytes,
    };
    if bytes.len() > file_limit {
        return Err(LoadError::TooLarge { component, bytes: bytes.len(), allowed: file_limit });
    }
    // `from_binary` and not `new`: no text format from outside, and a core module is an error, not a surprise.
    let compiled = Component::from_binary(engine.engine(), bytes)
        .map_err(|why| LoadError::Broken { component: component.clone(), why: format!("{why:#}") })?;
    for (import, _) in compiled.component_type().imports(engine.engine()) {
        let name = import.split('@').next().unwrap_or(import);
        if !STD_IMPORTS.contains(&name) && !allowed.contains(&name) {
            return Err(LoadError::ForbiddenImport { component, kind, import: import.to_owned() });
        }
    }
    Ok(compiled)
}
