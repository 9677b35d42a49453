//! `?columns=true`: which columns a query answers, as Salesforce's own command line asks before it prints a table.

use serde_json::{Value as Json, json};

use crate::{
    org::Org,
    schema::{FieldKind, ObjectType},
};

use super::{
    ast::Function,
    filter::Subject,
    path::{Leaf, Source},
    plan::{Output, Plan},
    shape::Shape,
};

/// The whole answer.
#[must_use]
pub fn metadata(org: &Org, plan: &Plan) -> Json {
    let object = org.object(plan.object);
    let (columns, by_id, grouped) = match &plan.output {
        Output::Count => (Vec::new(), false, false),
        Output::Rows(shapes) => (
            of_shapes(org, object, shapes),
            shapes.iter().any(|shape| matches!(shape, Shape::Field(path) if path.leaf.source == Source::Id)),
            false,
        ),
        Output::Groups(grouping) => {
            let columns = grouping.columns.iter().map(|(label, subject, written)| match subject {
                Subject::Call(place) => {
                    let call = grouping.calls.get(*place);
                    let kind = match call.map(|call| call.function) {
                        None | Some(Function::Count | Function::CountDistinct) => FieldKind::Int,
                        Some(Function::Sum | Function::Avg) => FieldKind::Double,
                        Some(Function::Min | Function::Max) => call.map_or(FieldKind::Int, |call| call.path.leaf.kind),
                    };
                    column(label, written, kind, true, None, &[])
                }
                Subject::Key(place) => {
                    let leaf = grouping.keys.get(*place).map(|path| &path.leaf);
                    column(
                        label,
                        written,
                        leaf.map_or(FieldKind::String, |leaf| leaf.kind),
                        false,
                        leaf.and_then(|leaf| updateable(object, leaf)),
                        &[],
                    )
                }
                Subject::Path(path) => column(label, written, path.leaf.kind, false, None, &[]),
            });
            (columns.collect(), false, !grouping.keys.is_empty())
        }
    };
    json!({
        "columnMetadata": columns,
        "entityName": plan.object,
        "groupBy": grouped,
        "idSelected": by_id,
        "keyPrefix": object.map(|object| object.prefix),
    })
}

fn of_shapes(org: &Org, object: Option<&ObjectType>, shapes: &[Shape]) -> Vec<Json> {
    let one = |shape: &Shape| match shape {
        Shape::Field(path) => column(path.leaf.name, path.leaf.name, path.leaf.kind, false, updateable(object, &path.leaf), &[]),
        Shape::Parent(step, inner) => {
            let joined = of_shapes(org, step.target.and_then(|target| org.object(target)), inner);
            column(step.name, step.name, FieldKind::Reference, false, None, &joined)
        }
        Shape::Children(children) => {
            let Output::Rows(inner) = &children.plan.output else { return Json::Null };
            let joined = of_shapes(org, org.object(children.plan.object), inner);
            column(children.name, children.name, FieldKind::Reference, true, None, &joined)
        }
    };
    shapes.iter().map(one).collect()
}

/// May the field be (created, changed)?
fn updateable(object: Option<&ObjectType>, leaf: &Leaf) -> Option<(bool, bool)> {
    let (_, field) = object?.field(leaf.name)?;
    Some((field.createable, field.updateable))
}

fn column(name: &str, written: &str, kind: FieldKind, aggregate: bool, writable: Option<(bool, bool)>, joined: &[Json]) -> Json {
    let number = matches!(kind, FieldKind::Int | FieldKind::Double);
    let boolean = kind == FieldKind::Boolean;
    let text = !number && !boolean && !matches!(kind, FieldKind::Date | FieldKind::DateTime);
    let apex = match kind {
        FieldKind::Boolean => "Boolean",
        FieldKind::Int => "Integer",
        FieldKind::Double => "Double",
        FieldKind::Date => "Date",
        FieldKind::DateTime => "Datetime",
        FieldKind::Id | FieldKind::Reference => "Id",
        _ => "String",
    };
    let (insertable, updatable) = writable.unwrap_or_default();
    json!({
        "aggregate": aggregate,
        "apexType": apex,
        "booleanType": boolean,
        "columnName": name,
        "custom": name.ends_with("__c"),
        "displayName": written,
        "foreignKeyName": Json::Null,
        "insertable": insertable,
        "joinColumns": joined,
        "numberType": number,
        "textType": text,
        "updatable": updatable,
    })
}
