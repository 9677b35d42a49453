//! May components that were built against one state of `pbx:base` and `pbx:crm` run on a host that speaks another? Compared is what the
//! component model compares when a component is linked, interface by interface; versions and `pbx:hooks` are left aside.
//!
//! * What components export must stay as it is: they cannot gain what they were built without.
//! * What they import may gain functions and types; what was there stays as it was.
//! * There may be new interfaces. Those that a component must export may not become more, those that it may export not less.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeOwner, WorldItem};

use super::sources::{Sources, world};

/// Worlds of components: what they must export, and what they may.
const WORLDS: [(&str, &str); 2] = [("connector", "connector-all"), ("plugin", "plugin-all")];

/// What of the newer state an older component would stumble over; nothing: it runs.
pub fn breaks(older: &Sources, newer: &Sources) -> Vec<String> {
    let (old, new) = (State::of(older), State::of(newer));
    let mut breaks = Vec::new();
    for (name, was) in &old.interfaces {
        match new.interfaces.get(name) {
            None => breaks.push(format!("{name} is gone")),
            Some(is) => compare(name, was, is, old.exported.contains(name), &mut breaks),
        }
    }
    for ((was, is), (must, may)) in old.worlds.iter().zip(&new.worlds).zip(WORLDS) {
        lacks(&was.imports, &is.imports, &format!("{must} may import no more"), &mut breaks);
        lacks(&is.mandatory, &was.mandatory, &format!("{must} must export now"), &mut breaks);
        lacks(&was.exports, &is.exports, &format!("{may} may export no more"), &mut breaks);
    }
    breaks
}

fn lacks(all: &BTreeSet<String>, among: &BTreeSet<String>, what: &str, breaks: &mut Vec<String>) {
    breaks.extend(all.difference(among).map(|name| format!("{what} {name}")));
}

fn compare(name: &str, was: &Interface, is: &Interface, exported: bool, breaks: &mut Vec<String>) {
    for (kind, was, is) in [("type", &was.types, &is.types), ("function", &was.functions, &is.functions)] {
        for (item, shape) in was {
            match is.get(item) {
                None => breaks.push(format!("{name}: the {kind} {item} is gone")),
                Some(now) if now != shape => breaks.push(format!("{name}: the {kind} {item} was {shape} and is {now}")),
                Some(_) => {}
            }
        }
        if exported {
            breaks.extend(is.keys().filter(|item| !was.contains_key(*item)).map(|item| format!("{name}: the {kind} {item} is new")));
        }
    }
}

struct State {
    /// Of the frozen packages, by "package/name".
    interfaces: BTreeMap<String, Interface>,
    /// Those of them that components export.
    exported: BTreeSet<String>,
    worlds: Vec<World>,
}

struct Interface {
    /// Name and shape, down to the names of other interfaces' types.
    types: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
}

struct World {
    imports: BTreeSet<String>,
    mandatory: BTreeSet<String>,
    exports: BTreeSet<String>,
}

impl State {
    fn of(sources: &Sources) -> Self {
        let resolve = sources.resolve();
        let frozen = |name: &str| name.starts_with("pbx:base/") || name.starts_with("pbx:crm/");
        let names = |items: &mut dyn Iterator<Item = &WorldItem>| -> BTreeSet<String> {
            let interface = |item: &WorldItem| match item {
                WorldItem::Interface { id, .. } => Some(name_of(&resolve, *id)),
                other => panic!("a world has something else than interfaces: {other:?}"),
            };
            items.filter_map(interface).filter(|name| frozen(name) || name.starts_with("wasi:")).collect()
        };
        let worlds = WORLDS.map(|(must, may)| {
            let (must, may) = (&resolve.worlds[world(&resolve, must)], &resolve.worlds[world(&resolve, may)]);
            World {
                imports: names(&mut may.imports.values()),
                mandatory: names(&mut must.exports.values()),
                exports: names(&mut may.exports.values()),
            }
        });
        let exported = worlds.iter().flat_map(|world| world.exports.iter().cloned()).collect();
        let interfaces = resolve.interfaces.iter().map(|(id, _)| (name_of(&resolve, id), Interface::of(&resolve, id)));
        Self { interfaces: interfaces.filter(|(name, _)| frozen(name)).collect(), exported, worlds: worlds.into() }
    }
}

impl Interface {
    fn of(resolve: &Resolve, id: InterfaceId) -> Self {
        let interface = &resolve.interfaces[id];
        let types = interface.types.iter().map(|(name, id)| (name.clone(), shape(resolve, &resolve.types[*id].kind)));
        let functions = interface.functions.iter().map(|(name, function)| (name.clone(), signature(resolve, function)));
        Self { types: types.collect(), functions: functions.collect() }
    }
}

/// "pbx:crm/types", without a version.
fn name_of(resolve: &Resolve, id: InterfaceId) -> String {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package.unwrap()].name;
    format!("{}:{}/{}", package.namespace, package.name, interface.name.as_deref().unwrap_or("?"))
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters: Vec<String> =
        function.params.iter().map(|parameter| format!("{}: {}", parameter.name, reference(resolve, &parameter.ty))).collect();
    let result = function.result.as_ref().map(|result| format!(" -> {}", reference(resolve, result))).unwrap_or_default();
    format!("{:?}({}){result}", function.kind, parameters.join(", "))
}

/// A type where it is used: one with a name by that, whatever `use` it came through.
fn reference(resolve: &Resolve, used: &Type) -> String {
    let Type::Id(id) = used else { return format!("{used:?}").to_lowercase() };
    let definition = &resolve.types[*id];
    match (&definition.name, &definition.owner, &definition.kind) {
        (_, _, TypeDefKind::Type(aliased @ Type::Id(_))) => reference(resolve, aliased),
        (Some(name), TypeOwner::Interface(owner), _) => format!("{}.{name}", name_of(resolve, *owner)),
        _ => shape(resolve, &definition.kind),
    }
}

/// What a type consists of.
fn shape(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let one = |used: &Type| reference(resolve, used);
    let maybe = |used: &Option<Type>| used.as_ref().map_or_else(|| "_".to_owned(), one);
    match kind {
        TypeDefKind::Record(record) => {
            let fields: Vec<String> = record.fields.iter().map(|field| format!("{}: {}", field.name, one(&field.ty))).collect();
            format!("record {{ {} }}", fields.join(", "))
        }
        TypeDefKind::Variant(variant) => {
            let cases: Vec<String> = variant.cases.iter().map(|case| format!("{}({})", case.name, maybe(&case.ty))).collect();
            format!("variant {{ {} }}", cases.join(", "))
        }
        TypeDefKind::Enum(cases) => {
            format!("enum {{ {} }}", cases.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Flags(flags) => {
            format!("flags {{ {} }}", flags.flags.iter().map(|flag| flag.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", tuple.types.iter().map(one).collect::<Vec<_>>().join(", ")),
        TypeDefKind::List(item) => format!("list<{}>", one(item)),
        TypeDefKind::Option(item) => format!("option<{}>", one(item)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err)),
        TypeDefKind::Type(aliased) => one(aliased),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", one(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", one(&Type::Id(*id))),
        other => panic!("the contract has no such type: {other:?}"),
    }
}
