//! The list after SELECT, and rows rendered by it.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::{
    org::Row,
    schema::{CHILD_RELATIONSHIPS, FieldKind},
};

use super::{
    ast::{Name, Query, Selected},
    bind::Scope,
    filter::{Check, Filter, Key, Subject},
    path::{Leaf, Path, Source, Step, View, readable},
    plan::{Output, Plan},
    refusal::{Parsed, Refusal},
};

/// One entry of a rendered row.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A field of the row itself.
    Field(Path),
    /// A parent with its own entries.
    Parent(Step, Vec<Shape>),
    /// The rows that point to this one.
    Children(Arc<Children>),
}

/// A query within a query.
#[derive(Debug)]
pub struct Children {
    /// Name of the relationship.
    pub name: &'static str,
    /// The reference that points to the parent.
    pub reference: Path,
    /// Which rows, and what of them.
    pub plan: Plan,
}

/// LIMIT of FIELDS(ALL) and FIELDS(CUSTOM).
const MOST_WITH_FIELDS: usize = 200;

/// Checks the list after SELECT of a query without groups.
///
/// # Errors
/// `INVALID_FIELD`, `INVALID_TYPE`, `MALFORMED_QUERY`
pub fn of(scope: &Scope<'_>, query: &Query) -> Parsed<Vec<Shape>> {
    let mut shapes = Vec::new();
    for selected in &query.select {
        match selected {
            Selected::Field(_, Some(alias)) => {
                return Err(Refusal::malformed(alias.at, "only aggregate expressions use field aliasing"));
            }
            Selected::Field(name, None) => {
                let path = scope.path(name)?;
                add(&mut shapes, &path.steps, path.leaf, name)?;
            }
            Selected::Fields(which) => {
                if which.text != "STANDARD" && query.limit.is_none_or(|limit| limit > MOST_WITH_FIELDS) {
                    return Err(Refusal::malformed(
                        which.at,
                        format!("The SOQL FIELDS function must have a LIMIT of at most {MOST_WITH_FIELDS}"),
                    ));
                }
                let custom = |name: &str| name.ends_with("__c");
                for field in
                    scope.object.fields.iter().filter(|field| which.text == "ALL" || custom(field.name) == (which.text == "CUSTOM"))
                {
                    if let Some(leaf) = Leaf::seen(scope.org, scope.user(), scope.object, field.name) {
                        add(&mut shapes, &[], leaf, &Name { text: field.name.to_owned(), at: which.at })?;
                    }
                }
            }
            Selected::Children(children) => {
                let found = self::children(scope, children)?;
                if shapes.iter().any(|shape| matches!(shape, Shape::Children(other) if other.name == found.name)) {
                    return Err(Refusal::field(children.from.at, format!("duplicate subquery selected: {}", found.name)));
                }
                shapes.push(Shape::Children(Arc::new(found)));
            }
            Selected::Count(at) => return Err(Refusal::malformed(*at, "unexpected token: 'COUNT'")),
            Selected::Aggregate(call, _) => return Err(Refusal::malformed(call.at, format!("unexpected token: '{}'", call.shown))),
        }
    }
    Ok(shapes)
}

/// Puts a field where it belongs: a parent comes where it was named first, with everything that is asked of it.
fn add(shapes: &mut Vec<Shape>, steps: &[Step], leaf: Leaf, name: &Name) -> Parsed<()> {
    let Some((step, rest)) = steps.split_first() else {
        if shapes.iter().any(|shape| matches!(shape, Shape::Field(path) if path.leaf.name == leaf.name)) {
            return Err(Refusal::field(name.at, format!("duplicate field selected: {}", name.text)));
        }
        shapes.push(Shape::Field(Path { steps: Vec::new(), leaf }));
        return Ok(());
    };
    for shape in shapes.iter_mut() {
        if let Shape::Parent(known, inner) = shape
            && known == step
        {
            return add(inner, rest, leaf, name);
        }
    }
    let mut inner = Vec::new();
    add(&mut inner, rest, leaf, name)?;
    shapes.push(Shape::Parent(step.clone(), inner));
    Ok(())
}

fn children(scope: &Scope<'_>, query: &Query) -> Parsed<Children> {
    let unknown = || Refusal::no_relationship(query.from.at, &query.from.text, "FROM part of query call");
    let named = query.from.text.rsplit('.').next().unwrap_or_default();
    let (name, child, reference) = CHILD_RELATIONSHIPS
        .iter()
        .find(|(parent, name, ..)| *parent == scope.object.name && name.eq_ignore_ascii_case(named))
        .and_then(|(_, name, child, reference)| Some((*name, readable(scope.org, scope.user(), child)?, *reference)))
        .ok_or_else(unknown)?;
    let plan = Plan::over(scope.org, child, query, scope.view, scope.now_ms)?;
    if !matches!(plan.output, Output::Rows(_)) {
        return Err(Refusal::malformed(query.from.at, "Aggregate functions are not allowed in a nested query"));
    }
    let leaf = Leaf::of(child, reference).ok_or_else(unknown)?;
    Ok(Children { name, reference: Path { steps: Vec::new(), leaf }, plan })
}

/// A row as JSON.
#[must_use]
pub fn row(view: View<'_>, version: &str, row: &Row, shapes: &[Shape]) -> Json {
    let object = view.org.object_of(row.id).map_or("", |object| object.name);
    rendered(view, version, row, object, shapes)
}

fn rendered(view: View<'_>, version: &str, row: &Row, shown_as: &str, shapes: &[Shape]) -> Json {
    let object = view.org.object_of(row.id).map_or("", |object| object.name);
    let mut fields = Map::new();
    fields.insert(
        "attributes".to_owned(),
        json!({"type": shown_as, "url": format!("/services/data/v{version}/sobjects/{object}/{}", row.id)}),
    );
    for shape in shapes {
        match shape {
            Shape::Field(path) => {
                fields.insert(path.leaf.name.to_owned(), shown(view, row, &path.leaf));
            }
            Shape::Parent(step, inner) => {
                let parent = view.parent(row, step).map(|parent| rendered(view, version, parent, step.target.unwrap_or("Name"), inner));
                fields.insert(step.name.to_owned(), parent.unwrap_or(Json::Null));
            }
            Shape::Children(children) => {
                fields.insert(children.name.to_owned(), children.shown(view, version, row));
            }
        }
    }
    Json::Object(fields)
}

fn shown(view: View<'_>, row: &Row, leaf: &Leaf) -> Json {
    match view.leaf(row, leaf).to_json() {
        // A check box is never empty.
        Json::Null if leaf.kind == FieldKind::Boolean && !matches!(leaf.source, Source::Named(_)) => Json::Bool(false),
        value => value,
    }
}

impl Children {
    fn shown(&self, view: View<'_>, version: &str, parent: &Row) -> Json {
        let Output::Rows(shapes) = &self.plan.output else { return Json::Null };
        let of_parent = Filter::Test(Subject::Path(self.reference.clone()), vec![Check::Keys([Key::Id(parent.id)].into())]);
        let mut plan = self.plan.clone();
        plan.filter = Some(match plan.filter.take() {
            Some(filter) => Filter::All(vec![of_parent, filter]),
            None => of_parent,
        });
        let records: Vec<Json> = plan.rows(view).into_iter().map(|found| row(view, version, found, shapes)).collect();
        if records.is_empty() { Json::Null } else { json!({"totalSize": records.len(), "done": true, "records": records}) }
    }
}
