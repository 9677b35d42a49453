//! The frozen packages: components of the release run on every later host of the series.

use wit_component::semver_check;
use wit_parser::Resolve;

use super::sources::{FROZEN, Sources, wit, world};
use super::successor::breaks;

/// Does the crate that components are made with say so too, of this world? It takes what the newer state lets a component import and wants of it
/// for what an older one offers; worlds with optional exports it cannot judge, since an older component may lack those that are new.
fn accepted(older: &Sources, newer: &Sources, name: &str) -> Result<(), String> {
    let mut resolve = Resolve::default();
    for file in ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"] {
        resolve.push_path(wit().join(format!("wasi/{file}.wit"))).unwrap();
    }
    // Two states of a package can only lie side by side under two versions, which the check leaves aside.
    let crm = older.clone().renamed("0.0.1").push_into(&mut resolve);
    let old = resolve.select_world(&[crm], Some(name)).unwrap();
    let crm = newer.clone().renamed("0.0.2").push_into(&mut resolve);
    let new = resolve.select_world(&[crm], Some(name)).unwrap();
    semver_check(resolve, old, new).map_err(|why| format!("{why:#}"))
}

#[test]
fn what_is_frozen_runs_on_todays_host() {
    let (released, today) = (Sources::released(), Sources::today());
    assert_eq!(breaks(&released, &today), Vec::<String>::new());
    accepted(&released, &today, "connector").unwrap();
}

#[test]
fn both_packages_bear_a_version_of_the_frozen_series() {
    let resolve = Sources::today().resolve();
    for (_, package) in resolve.packages.iter().filter(|(_, package)| package.name.namespace == "pbx") {
        let version = package.name.version.as_ref().unwrap();
        match package.name.name.as_str() {
            "base" | "crm" => assert!(version.pre.is_empty() && (version.major, version.minor) == (0, 1), "{version} after {FROZEN}"),
            // A draft until a PBX has driven it.
            "hooks" => {}
            other => panic!("pbx:{other} is neither frozen nor a draft"),
        }
    }
    assert!(resolve.worlds.get(world(&resolve, "connector")).is_some());
}

/// An alteration of today's contract, and whether components of before run on.
struct Change {
    what: &'static str,
    altered: Sources,
    /// What the comparison says of it; none: nothing.
    breaks: Option<&'static str>,
    /// What the crate's own check of the world `connector` says of it.
    by_the_crate: bool,
}

fn changes() -> Vec<Change> {
    let today = Sources::today;
    let change = |what, altered, breaks, by_the_crate| Change { what, altered, breaks, by_the_crate };
    let refused = |what, altered, says| change(what, altered, Some(says), false);
    // The crate does not see these: plugins are another world, and to it an export that is new in the newer state is the older one's lack.
    let only_ours = |what, altered, says| change(what, altered, Some(says), true);
    let fine = |what, altered| change(what, altered, None, true);
    vec![
        refused(
            "a field of a record of base",
            today().with("base/types.wit", "    local-only: bool,\n", "    local-only: bool,\n    ported: bool,\n"),
            "the type number was",
        ),
        refused(
            "a field of a record of crm",
            today().with("crm/types.wit", "    retired: bool,\n", "    retired: bool,\n    starred: bool,\n"),
            "the type entity was",
        ),
        refused(
            "a case of a variant",
            today().with("crm/types.wit", "    prospect,\n", "    prospect,\n    ticket,\n"),
            "the type role was",
        ),
        refused(
            "a case of an enum",
            today().with("base/types.wit", "    internal,\n", "    internal,\n    emergency,\n"),
            "the type direction was",
        ),
        refused(
            "a function in an interface that connectors export",
            today().with("crm/lookup.wit", "  exact-check: func(", "  by-name: func(name: string) -> u32;\n  exact-check: func("),
            "the function by-name is new",
        ),
        refused(
            "another parameter",
            today().with("crm/lookup.wit", "exact-check: func(context: context,", "exact-check: func(context: context, limit: u32,"),
            "the function exact-check was",
        ),
        refused(
            "one more interface that connectors must export",
            today().and("crm/new.wit", "interface new { go: func(); }").with(
                "crm/world.wit",
                "  export lookup;\n",
                "  export lookup;\n  export new;\n",
            ),
            "connector must export now pbx:crm/new",
        ),
        refused(
            "a function less in an interface that components import",
            today().with("crm/connector-log.wit", "  write: func(level: level, text: string, fields: extras);\n", ""),
            "the function write is gone",
        ),
        only_ours(
            "a function in an interface that plugins export",
            today().with("crm/crm-answers.wit", "  on-refused: func(", "  on-moved: func(key: work-key);\n  on-refused: func("),
            "the function on-moved is new",
        ),
        only_ours(
            "an ability less that connectors may have",
            today().with("crm/world.wit", "  export search;\n", ""),
            "connector-all may export no more pbx:crm/search",
        ),
        only_ours(
            "an import less of plugins",
            today().with("crm/world.wit", "  import known-records;\n", ""),
            "plugin may import no more pbx:crm/known-records",
        ),
        fine(
            "one more function in an interface that connectors import",
            today().with("crm/connector-log.wit", "  write: func(", "  flush: func();\n  write: func("),
        ),
        fine(
            "one more function in an interface that plugins import",
            today().with("crm/requests.wit", "  create: func(", "  forget: func(key: work-key);\n  create: func("),
        ),
        fine(
            "one more interface that connectors may export",
            today().and("crm/deals.wit", "interface deals { use context.{context}; count: func(context: context) -> u32; }").with(
                "crm/world.wit",
                "  export changes;\n",
                "  export changes;\n  export deals;\n",
            ),
        ),
        fine(
            "one more interface that connectors may import",
            today().and("crm/clock.wit", "interface clock { now: func() -> u64; }").with(
                "crm/world.wit",
                "  import connector-log;\n",
                "  import connector-log;\n  import clock;\n",
            ),
        ),
        fine(
            "one more type in an interface of types",
            today().with("crm/types.wit", "  /// A record of the CRM.\n", "  type deal-id = string;\n  /// A record of the CRM.\n"),
        ),
        fine(
            "a field of a record of the draft",
            today().with("hooks/calls.wit", "    trunk: option<string>,\n", "    trunk: option<string>,\n    hidden: bool,\n"),
        ),
        fine("other words", today().with("crm/lookup.wit", "/// Finding who calls.", "/// Finding out who calls.")),
    ]
}

#[test]
fn every_change_that_older_components_would_stumble_over_is_refused_and_every_other_one_is_not() {
    for Change { what, altered, breaks: expected, .. } in changes() {
        let found = breaks(&Sources::today(), &altered);
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{what}"),
            Some(says) => assert!(found.iter().any(|found| found.contains(says)), "{what}: {found:?}"),
        }
    }
}

#[test]
fn the_crate_that_makes_components_agrees_as_far_as_it_looks() {
    for Change { what, altered, by_the_crate, .. } in changes() {
        let told = accepted(&Sources::today(), &altered, "connector");
        assert_eq!(told.is_ok(), by_the_crate, "{what}: {told:?}");
    }
}
