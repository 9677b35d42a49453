//! GROUP BY, HAVING and the aggregate functions.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value as Json, json};

use crate::{org::Row, schema::FieldKind, value::Value};

use super::{
    ast::{self, Call, Function, Name, Query, Selected},
    bind::Scope,
    filter::{Filter, Key, Subject},
    path::{Leaf, Path, Source, View},
    plan::{Plan, Sort, compare},
    refusal::{Parsed, Refusal},
};

/// A query that answers groups.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// `GROUP BY`; empty: all rows are one group.
    pub keys: Vec<Path>,
    /// Aggregates that are shown, compared or sorted by.
    pub calls: Vec<Aggregate>,
    /// What is shown, under which name, and as it was written.
    pub columns: Vec<(String, Subject, String)>,
    having: Option<Filter>,
    order: Vec<Sort>,
}

/// An aggregate over a field.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Which.
    pub function: Function,
    /// Over what.
    pub path: Path,
}

impl Grouping {
    /// Checks a grouped query.
    ///
    /// # Errors
    /// `INVALID_FIELD`, `MALFORMED_QUERY`
    pub fn of(scope: &Scope<'_>, query: &Query) -> Parsed<Self> {
        if query.group.is_empty() && query.limit.is_some() {
            return Err(Refusal::whole("MALFORMED_QUERY", "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"));
        }
        let mut grouping = Self { keys: Vec::new(), calls: Vec::new(), columns: Vec::new(), having: None, order: Vec::new() };
        for name in &query.group {
            let path = scope.path(name)?;
            // Long texts, moments and fractions have too many values to be grouped by.
            if !path.leaf.groupable {
                return Err(Refusal::malformed(name.at, format!("field '{}' can not be grouped in a query call", path.leaf.name)));
            }
            grouping.keys.push(path);
        }
        let mut unnamed = 0;
        for selected in &query.select {
            let (label, subject, written, at) = match selected {
                Selected::Field(name, alias) => {
                    let key = grouping.key(scope, name)?;
                    let path = scope.path(name)?;
                    (alias.as_ref().map_or(path.leaf.name, |alias| &alias.text).to_owned(), Subject::Key(key), name.text.clone(), name.at)
                }
                Selected::Aggregate(call, alias) => {
                    let place = grouping.call(scope, call)?;
                    let label = alias.as_ref().map_or_else(
                        || {
                            unnamed += 1;
                            format!("expr{}", unnamed - 1)
                        },
                        |alias| alias.text.clone(),
                    );
                    (label, Subject::Call(place), call.shown.clone(), call.at)
                }
                Selected::Count(at) => return Err(Refusal::malformed(*at, "unexpected token: 'COUNT'")),
                Selected::Fields(which) => {
                    return Err(Refusal::malformed(which.at, "The SOQL FIELDS function is not supported with GROUP BY"));
                }
                Selected::Children(children) => {
                    return Err(Refusal::malformed(children.from.at, "Nested queries are not allowed in a grouped query"));
                }
            };
            if grouping.columns.iter().any(|(known, ..)| known.eq_ignore_ascii_case(&label)) {
                return Err(Refusal::malformed(at, format!("duplicate alias: {label}")));
            }
            grouping.columns.push((label, subject, written));
        }
        if let Some(having) = &query.having {
            grouping.having = Some(scope.condition(
                having,
                &mut |subject| {
                    let (at, (subject, leaf)) = match subject {
                        ast::Subject::Field(name) => (name.at, grouping.named(scope, name)?),
                        ast::Subject::Call(call) => {
                            let place = grouping.call(scope, call)?;
                            (call.at, (Subject::Call(place), grouping.leaf_of(place)))
                        }
                    };
                    Ok((subject, leaf, at))
                },
                false,
            )?);
        }
        for order in &query.order {
            let subject = match &order.subject {
                ast::Subject::Field(name) => grouping.named(scope, name)?.0,
                ast::Subject::Call(call) => Subject::Call(grouping.call(scope, call)?),
            };
            grouping.order.push(Sort { subject, descending: order.descending, nulls_last: order.nulls_last });
        }
        Ok(grouping)
    }

    /// A field of GROUP BY.
    fn key(&self, scope: &Scope<'_>, name: &Name) -> Parsed<usize> {
        let path = scope.path(name)?;
        self.keys
            .iter()
            .position(|key| *key == path)
            .ok_or_else(|| Refusal::malformed(name.at, format!("Field must be grouped or aggregated: {}", name.text)))
    }

    /// An alias, or a field of GROUP BY.
    fn named(&self, scope: &Scope<'_>, name: &Name) -> Parsed<(Subject, Leaf)> {
        if let Some((_, subject, _)) = self.columns.iter().find(|(label, ..)| label.eq_ignore_ascii_case(&name.text)) {
            let leaf = match subject {
                Subject::Key(place) => self.keys.get(*place).map(|path| path.leaf.clone()),
                Subject::Call(place) => Some(self.leaf_of(*place)),
                Subject::Path(path) => Some(path.leaf.clone()),
            };
            if let Some(leaf) = leaf {
                return Ok((subject.clone(), leaf));
            }
        }
        let place = self.key(scope, name)?;
        Ok((Subject::Key(place), scope.path(name)?.leaf))
    }

    fn call(&mut self, scope: &Scope<'_>, call: &Call) -> Parsed<usize> {
        let path = scope.path(&call.field)?;
        let kind = path.leaf.kind;
        let fits = match call.function {
            Function::Count | Function::CountDistinct => !matches!(kind, FieldKind::Boolean),
            Function::Min | Function::Max => {
                !matches!(kind, FieldKind::Boolean | FieldKind::Id | FieldKind::Reference | FieldKind::TextArea)
            }
            Function::Sum | Function::Avg => matches!(kind, FieldKind::Int | FieldKind::Double),
        };
        if !fits || !path.leaf.filterable {
            let operator = call.shown.split('(').next().unwrap_or_default();
            return Err(Refusal::malformed(call.at, format!("field {} does not support aggregate operator {operator}", path.leaf.name)));
        }
        self.calls.push(Aggregate { function: call.function, path });
        Ok(self.calls.len() - 1)
    }

    /// What comparisons need to know of an aggregate.
    fn leaf_of(&self, place: usize) -> Leaf {
        let whole = Leaf { source: Source::Id, name: "expr", kind: FieldKind::Int, filterable: true, sortable: true, groupable: false };
        match self.calls.get(place) {
            Some(Aggregate { function: Function::Count | Function::CountDistinct, .. }) | None => whole,
            Some(Aggregate { function: Function::Sum | Function::Avg, .. }) => Leaf { kind: FieldKind::Double, ..whole },
            Some(call) => call.path.leaf.clone(),
        }
    }

    /// The lines of the answer.
    #[must_use]
    pub fn lines(&self, view: View<'_>, plan: &Plan) -> Vec<Json> {
        let mut groups: BTreeMap<Vec<Key>, (Vec<Value>, Vec<Tally>)> = BTreeMap::new();
        let tallies = || self.calls.iter().map(|call| Tally::new(call.function)).collect::<Vec<_>>();
        if self.keys.is_empty() {
            groups.insert(Vec::new(), (Vec::new(), tallies()));
        }
        for row in plan.rows(view) {
            self.add(view, row, &mut groups, &tallies);
        }
        let mut lines: Vec<(Vec<Key>, Vec<Value>, Vec<Value>)> = Vec::new();
        for (keys, tallies) in groups.into_values() {
            let results: Vec<Value> = tallies.into_iter().map(Tally::result).collect();
            let value = |subject: &Subject| {
                Cow::Borrowed(
                    match subject {
                        Subject::Key(place) => keys.get(*place),
                        Subject::Call(place) => results.get(*place),
                        Subject::Path(_) => None,
                    }
                    .unwrap_or(&Value::Null),
                )
            };
            if self.having.as_ref().is_none_or(|having| having.holds(&value)) {
                let sorted = self.order.iter().map(|sort| Key::of(&value(&sort.subject))).collect();
                lines.push((sorted, keys, results));
            }
        }
        lines.sort_by(|(one, ..), (other, ..)| compare(&self.order, one, other));
        let lines = lines.into_iter().skip(plan.offset).take(plan.limit.unwrap_or(usize::MAX));
        lines.map(|(_, keys, results)| self.line(&keys, &results)).collect()
    }

    fn add(&self, view: View<'_>, row: &Row, groups: &mut BTreeMap<Vec<Key>, (Vec<Value>, Vec<Tally>)>, tallies: &dyn Fn() -> Vec<Tally>) {
        let values: Vec<Value> = self.keys.iter().map(|path| view.value(row, path).into_owned()).collect();
        let keys = values.iter().map(Key::of).collect();
        let (_, of_group) = groups.entry(keys).or_insert_with(|| (values, tallies()));
        for (tally, call) in of_group.iter_mut().zip(&self.calls) {
            tally.add(&view.value(row, &call.path));
        }
    }

    fn line(&self, keys: &[Value], results: &[Value]) -> Json {
        let mut fields = Map::new();
        fields.insert("attributes".to_owned(), json!({"type": "AggregateResult"}));
        for (label, subject, _) in &self.columns {
            let value = match subject {
                Subject::Key(place) => keys.get(*place),
                Subject::Call(place) => results.get(*place),
                Subject::Path(_) => None,
            };
            fields.insert(label.clone(), value.map_or(Json::Null, Value::to_json));
        }
        Json::Object(fields)
    }
}

/// An aggregate on its way.
struct Tally {
    function: Function,
    count: i64,
    sum: f64,
    whole: bool,
    seen: BTreeSet<Key>,
    extreme: Option<(Key, Value)>,
}

impl Tally {
    fn new(function: Function) -> Self {
        Self { function, count: 0, sum: 0.0, whole: true, seen: BTreeSet::new(), extreme: None }
    }

    fn add(&mut self, value: &Value) {
        let key = Key::of(value);
        if key == Key::Null {
            return;
        }
        self.count += 1;
        match self.function {
            Function::Count => {}
            Function::CountDistinct => drop(self.seen.insert(key)),
            Function::Sum | Function::Avg => {
                if let Key::Number(number) = key {
                    self.sum += number.0;
                    self.whole &= matches!(value, Value::Integer(_));
                }
            }
            Function::Min | Function::Max => {
                let better =
                    self.extreme.as_ref().is_none_or(|(best, _)| if self.function == Function::Min { key < *best } else { key > *best });
                if better {
                    self.extreme = Some((key, value.clone()));
                }
            }
        }
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "sums of whole numbers of 18 digits at most")]
    fn result(self) -> Value {
        match self.function {
            Function::Count => Value::Integer(self.count),
            Function::CountDistinct => Value::Integer(i64::try_from(self.seen.len()).unwrap_or(i64::MAX)),
            _ if self.count == 0 => Value::Null,
            Function::Sum if self.whole => Value::Integer(self.sum as i64),
            Function::Sum => Value::Double(self.sum),
            Function::Avg => Value::Double(self.sum / self.count as f64),
            Function::Min | Function::Max => self.extreme.map_or(Value::Null, |(_, value)| value),
        }
    }
}
