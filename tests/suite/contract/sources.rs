//! The contract's files as texts, which a test may alter before they are parsed.

use std::path::{Path, PathBuf};

use wit_parser::{Resolve, SourceMap, WorldId};

/// WASI's packages, each after those that it uses.
const WASI: [&str; 7] = ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"];
/// The version that both frozen packages bear.
pub const FROZEN: &str = "0.1.0";

/// Where the contract lies.
pub fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// Where the contract lies as it was released.
pub fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/fixtures/wit-{FROZEN}"))
}

/// The three packages, each a list of (file, text).
#[derive(Clone)]
pub struct Sources {
    packages: Vec<(&'static str, Vec<(String, String)>)>,
}

impl Sources {
    /// As it is today.
    pub fn today() -> Self {
        Self {
            packages: vec![
                ("base", texts(&wit().join("base"))),
                ("hooks", texts(&wit().join("hooks"))),
                ("crm", texts(&wit().join("crm"))),
            ],
        }
    }

    /// As it was released, over today's `pbx:hooks`, which is a draft: of that package it uses names alone.
    pub fn released() -> Self {
        let mut sources = Self::today();
        for (package, files) in sources.packages.iter_mut().filter(|(package, _)| *package != "hooks") {
            *files = texts(&frozen().join(*package));
        }
        sources
    }

    /// With another text in a file of a package, "crm/types.wit". What is replaced must stand there once.
    pub fn with(mut self, path: &str, from: &str, to: &str) -> Self {
        let (package, name) = path.split_once('/').unwrap();
        let (_, files) = self.packages.iter_mut().find(|(known, _)| *known == package).unwrap();
        let (_, text) = files.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("there is no {path}"));
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        *text = text.replace(from, to);
        self
    }

    /// With one more file.
    pub fn and(mut self, path: &str, text: &str) -> Self {
        let (package, name) = path.split_once('/').unwrap();
        let (_, files) = self.packages.iter_mut().find(|(known, _)| *known == package).unwrap();
        files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// With this version of all three packages, so that two of their states can lie side by side.
    pub fn renamed(mut self, version: &str) -> Self {
        for (_, files) in &mut self.packages {
            for (_, text) in files {
                for package in ["base", "hooks", "crm"] {
                    *text = own_version(text, package, version);
                }
            }
        }
        self
    }

    /// Parses all into one.
    pub fn resolve(&self) -> Resolve {
        let mut resolve = Resolve::default();
        for file in WASI {
            resolve.push_path(wit().join(format!("wasi/{file}.wit"))).expect("WASI's own files parse");
        }
        self.push_into(&mut resolve);
        resolve
    }

    /// Parses the packages into what is there already. Gives the id of `pbx:crm`.
    pub fn push_into(&self, resolve: &mut Resolve) -> wit_parser::PackageId {
        let ids = self.packages.iter().map(|(package, files)| {
            let mut map = SourceMap::default();
            for (name, text) in files {
                map.push(Path::new(&format!("{package}/{name}")), text.clone());
            }
            let group = map.parse().unwrap_or_else(|(map, why)| panic!("{package}: {}", why.render(&map)));
            resolve.push_group(group).unwrap_or_else(|why| panic!("{package}: {why:?}"))
        });
        ids.collect::<Vec<_>>().pop().unwrap()
    }
}

/// A world of `pbx:crm`.
pub fn world(resolve: &Resolve, name: &str) -> WorldId {
    let crm = resolve.packages.iter().find(|(_, package)| package.name.namespace == "pbx" && package.name.name == "crm").unwrap().0;
    resolve.select_world(&[crm], Some(name)).unwrap()
}

/// `pbx:<package>@...` and `pbx:<package>/...@...` with another version behind the "@".
fn own_version(text: &str, package: &str, version: &str) -> String {
    let mut renamed = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&format!("pbx:{package}")) {
        let (before, after) = rest.split_at(at);
        renamed.push_str(before);
        let end = after.find(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, ':' | '/' | '-'))).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        renamed.push_str(name);
        rest = after;
        if let Some(after) = after.strip_prefix('@') {
            // A version's last dot may belong to ".{": names of types follow it.
            let end = after.find(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-'))).unwrap_or(after.len());
            let end = if after[..end].ends_with('.') { end - 1 } else { end };
            renamed.push('@');
            renamed.push_str(version);
            rest = &after[end..];
        }
    }
    renamed + rest
}

fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "wit"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect();
    texts.sort();
    assert!(!texts.is_empty(), "{} has no WIT", folder.display());
    texts
}

#[test]
fn versions_are_told_apart_from_what_follows_them() {
    let text = "package pbx:crm@0.1.0;\nuse pbx:base/types@0.1.0.{moment};\ninclude pbx:hooks/listener@0.1.0-draft;\nexport pbx:base/texts@0.1.0;\n// pbx:base";
    assert_eq!(
        own_version(&own_version(text, "base", "0.0.7"), "crm", "0.0.7"),
        "package pbx:crm@0.0.7;\nuse pbx:base/types@0.0.7.{moment};\ninclude pbx:hooks/listener@0.1.0-draft;\nexport pbx:base/texts@0.0.7;\n// pbx:base"
    );
}
