//! A query that was checked against the schema, and the rows that it finds.

use std::collections::BTreeSet;

use crate::{
    id::Id,
    org::{Org, Row},
    schema::{FieldKind, ObjectType},
    value::Value,
};

use super::{
    ast::{self, Query, Selected},
    bind::Scope,
    filter::{Check, Filter, Key, Subject},
    grouping::Grouping,
    path::{Leaf, Path, Source, View, readable},
    refusal::{Parsed, Refusal},
    shape::{self, Shape},
};

/// How many comparisons a filter may have where no index helps, as each is made with each row. Salesforce's own bound is not published.
const MOST_TESTS: usize = 500;
/// Most fields behind ORDER BY (SOQL and SOSL Reference, ORDER BY); the wording of the refusal is not documented.
const MOST_ORDERED: usize = 32;
/// Biggest OFFSET.
const MOST_OFFSET: usize = 2_000;

/// A query that can be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Object behind FROM.
    pub object: &'static str,
    /// Which rows.
    pub filter: Option<Filter>,
    /// In which order; behind it, that of the ids.
    pub order: Vec<Sort>,
    /// How many at most.
    pub limit: Option<usize>,
    /// How many are passed over.
    pub offset: usize,
    /// What is answered.
    pub output: Output,
}

/// What a query answers.
#[derive(Clone, Debug)]
pub enum Output {
    /// `SELECT COUNT()`: nothing but how many there are.
    Count,
    /// Rows.
    Rows(Vec<Shape>),
    /// Groups, or one line over all rows.
    Groups(Grouping),
}

/// One entry of ORDER BY.
#[derive(Clone, Debug)]
pub struct Sort {
    /// By what.
    pub subject: Subject,
    /// From the biggest on?
    pub descending: bool,
    /// Empty ones behind the others?
    pub nulls_last: bool,
}

impl Plan {
    /// Checks a query.
    ///
    /// # Errors
    /// `INVALID_TYPE`, `INVALID_FIELD`, `MALFORMED_QUERY` and the others.
    pub fn of(org: &Org, query: &Query, view: Option<View<'_>>, now_ms: u64) -> Parsed<Self> {
        let object = readable(org, view.map(|view| view.user), &query.from.text);
        let object = object.ok_or_else(|| Refusal::no_object(query.from.at, &query.from.text))?;
        Self::over(org, object, query, view, now_ms)
    }

    /// Checks a query over a known object.
    ///
    /// # Errors
    /// As [`Plan::of`].
    pub fn over(org: &Org, object: &ObjectType, query: &Query, view: Option<View<'_>>, now_ms: u64) -> Parsed<Self> {
        let mut known_as = vec![object.name];
        known_as.extend(query.alias.as_ref().map(|alias| alias.text.as_str()));
        let scope = Scope { org, object, known_as: &known_as, view, now_ms };
        let offset = match query.offset {
            Some((offset, at)) if offset > MOST_OFFSET => {
                return Err(Refusal::new(at, "NUMBER_OUTSIDE_VALID_RANGE", format!("Maximum SOQL offset allowed is {MOST_OFFSET}")));
            }
            offset => offset.map_or(0, |(offset, _)| offset),
        };
        if query.order.len() > MOST_ORDERED {
            return Err(Refusal::whole("MALFORMED_QUERY", format!("ORDER BY takes at most {MOST_ORDERED} fields")));
        }
        let grouped = !query.group.is_empty() || query.select.iter().any(|selected| matches!(selected, Selected::Aggregate(..)));
        let output = match query.select.as_slice() {
            [Selected::Count(at)] if !query.group.is_empty() || !query.order.is_empty() => {
                return Err(Refusal::malformed(*at, "COUNT() cannot be used with GROUP BY or ORDER BY; use COUNT(fieldName)"));
            }
            [Selected::Count(_)] => Output::Count,
            _ if grouped => Output::Groups(Grouping::of(&scope, query)?),
            _ => Output::Rows(shape::of(&scope, query)?),
        };
        let filter = query.condition.as_ref().map(|condition| scope.filter(condition)).transpose()?;
        if filter.as_ref().is_some_and(|filter| filter.tests() > MOST_TESTS && candidates(org, object, filter).is_none()) {
            return Err(Refusal::whole("QUERY_TOO_COMPLICATED", "The filter conditions are too complicated."));
        }
        let order = if grouped { Vec::new() } else { query.order.iter().map(|order| sort(&scope, order)).collect::<Parsed<_>>()? };
        Ok(Self { object: object.name, filter, order, limit: query.limit, offset, output })
    }

    /// The one reference or id that a sub-select selects.
    #[must_use]
    pub fn only_reference(&self) -> Option<&Path> {
        match &self.output {
            Output::Rows(shapes) => match shapes.as_slice() {
                [Shape::Field(path)] if matches!(path.leaf.kind, FieldKind::Id | FieldKind::Reference) => Some(path),
                _ => None,
            },
            _ => None,
        }
    }

    /// The rows found, in their order, within OFFSET and LIMIT.
    #[must_use]
    pub fn rows<'o>(&self, view: View<'o>) -> Vec<&'o Row> {
        let Some(object) = view.org.object(self.object) else { return Vec::new() };
        match self.filter.as_ref().and_then(|filter| candidates(view.org, object, filter)) {
            Some(ids) => self.pick(view, ids.iter().filter_map(|id| view.org.row(*id))),
            None => self.pick(view, view.org.rows(object)),
        }
    }

    /// Those of the given rows (in the order of their ids) that the query asks for.
    #[must_use]
    pub fn pick<'o>(&self, view: View<'o>, rows: impl Iterator<Item = &'o Row>) -> Vec<&'o Row> {
        let found = rows.filter(|row| view.all || !row.is_deleted).filter(|row| self.accepts(view, row)).filter(|row| view.sees(row));
        // Groups are cut after they were made, not the rows in them.
        let (offset, limit) =
            if matches!(self.output, Output::Groups(_)) { (0, usize::MAX) } else { (self.offset, self.limit.unwrap_or(usize::MAX)) };
        if self.order.is_empty() {
            return found.skip(offset).take(limit).collect();
        }
        let mut keyed: Vec<(Vec<Key>, &Row)> = found
            .map(|row| {
                let keys = self.order.iter().map(|sort| match &sort.subject {
                    Subject::Path(path) => Key::of(&view.value(row, path)),
                    _ => Key::Null,
                });
                (keys.collect(), row)
            })
            .collect();
        let by = |(one, row): &(Vec<Key>, &Row), (other, other_row): &(Vec<Key>, &Row)| {
            compare(&self.order, one, other).then(row.id.cmp(&other_row.id))
        };
        let wanted = offset.saturating_add(limit);
        if wanted < keyed.len() {
            // Those that nobody sees need no order.
            keyed.select_nth_unstable_by(wanted, by);
            keyed.truncate(wanted);
        }
        keyed.sort_unstable_by(by);
        keyed.into_iter().map(|(_, row)| row).skip(offset).take(limit).collect()
    }

    fn accepts(&self, view: View<'_>, row: &Row) -> bool {
        self.filter.as_ref().is_none_or(|filter| {
            filter.holds(&|subject| match subject {
                Subject::Path(path) => view.value(row, path),
                _ => std::borrow::Cow::Owned(Value::Null),
            })
        })
    }
}

/// Which of two comes first.
#[must_use]
pub fn compare(order: &[Sort], one: &[Key], other: &[Key]) -> std::cmp::Ordering {
    for (sort, (one, other)) in order.iter().zip(one.iter().zip(other)) {
        let by = match (one == &Key::Null, other == &Key::Null) {
            (true, true) => continue,
            (true, false) | (false, true) => {
                let first = (one == &Key::Null) != sort.nulls_last;
                if first { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }
            }
            _ if sort.descending => other.cmp(one),
            _ => one.cmp(other),
        };
        if by.is_ne() {
            return by;
        }
    }
    std::cmp::Ordering::Equal
}

fn sort(scope: &Scope<'_>, order: &ast::Ordering) -> Parsed<Sort> {
    let name = match &order.subject {
        ast::Subject::Field(name) => name,
        ast::Subject::Call(call) => {
            return Err(Refusal::malformed(call.at, "Aggregate expressions are only allowed in the ORDER BY of a grouped query"));
        }
    };
    let path = scope.path(name)?;
    if !path.leaf.sortable {
        return Err(Refusal::field(name.at, format!("field '{}' can not be sorted in a query call", path.leaf.name)));
    }
    Ok(Sort { subject: Subject::Path(path), descending: order.descending, nulls_last: order.nulls_last })
}

/// Ids of the rows that can meet a filter, where indexes tell; None: all must be looked at.
fn candidates(org: &Org, object: &ObjectType, filter: &Filter) -> Option<BTreeSet<Id>> {
    match filter {
        Filter::All(filters) => filters.iter().filter_map(|filter| candidates(org, object, filter)).min_by_key(BTreeSet::len),
        Filter::Any(filters) => {
            let mut all = BTreeSet::new();
            for filter in filters {
                all.extend(candidates(org, object, filter)?);
            }
            Some(all)
        }
        Filter::Not(_) => None,
        Filter::Test(Subject::Path(Path { steps, leaf }), checks) if steps.is_empty() => {
            let mut all = BTreeSet::new();
            for check in checks {
                match check {
                    Check::Keys(keys) => {
                        for key in keys {
                            let Key::Id(id) = key else { return None };
                            all.extend(by_index(org, object, leaf, &Value::Reference(*id))?);
                        }
                    }
                    Check::Texts(texts) => {
                        for text in texts {
                            all.extend(by_index(org, object, leaf, &Value::text(text))?);
                        }
                    }
                    _ => return None,
                }
            }
            Some(all)
        }
        Filter::Test(..) => None,
    }
}

fn by_index(org: &Org, object: &ObjectType, leaf: &Leaf, value: &Value) -> Option<Vec<Id>> {
    match (leaf.source, value) {
        (Source::Id, Value::Reference(id)) => {
            Some(if org.object_of(*id).is_some_and(|of| of.name == object.name) { vec![*id] } else { Vec::new() })
        }
        (Source::Place(place), _) => org.lookup(object, object.fields.get(place)?, value),
        _ => None,
    }
}
