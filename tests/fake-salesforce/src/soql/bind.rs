//! Conditions against the schema: may the field be filtered, has the value the field's type, is the id one.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::{
    id::Id,
    org::Org,
    schema::{FieldKind, ObjectType},
};

use super::{
    ast::{self, Comparison, Condition, Given, Literal, Operand, Operator, Query},
    filter::{Check, Filter, Key, Number, Pattern, Side, Subject},
    path::{Leaf, Path, View},
    plan::Plan,
    refusal::{Parsed, Refusal},
};

/// Tells what a comparison looks at, what is known of it, and where it stands.
pub type Subjects<'s> = &'s mut dyn FnMut(&ast::Subject) -> Parsed<(Subject, Leaf, usize)>;

/// What names in a query may mean.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'o> {
    /// The org.
    pub org: &'o Org,
    /// The object behind FROM.
    pub object: &'o ObjectType,
    /// How the object may be called in paths.
    pub known_as: &'o [&'o str],
    /// For running sub-selects; None: the query is only looked at.
    pub view: Option<View<'o>>,
    /// The first day for date literals, in milliseconds since 1970.
    pub now_ms: u64,
}

impl Scope<'_> {
    /// Looks up a name.
    ///
    /// # Errors
    /// `INVALID_FIELD`
    pub fn path(&self, name: &ast::Name) -> Parsed<Path> {
        Path::resolve(self.org, self.user(), self.object, self.known_as, name)
    }

    /// Who asks.
    #[must_use]
    pub fn user(&self) -> Option<Id> {
        self.view.map(|view| view.user)
    }

    fn today(&self) -> NaiveDate {
        day_of(self.now_ms)
    }

    /// A WHERE.
    ///
    /// # Errors
    /// `INVALID_FIELD`, `INVALID_QUERY_FILTER_OPERATOR`, `MALFORMED_QUERY`
    pub fn filter(&self, condition: &Condition) -> Parsed<Filter> {
        let mut subject = |given: &ast::Subject| match given {
            ast::Subject::Field(name) => {
                let path = self.path(name)?;
                let leaf = path.leaf.clone();
                if !leaf.filterable {
                    return Err(Refusal::field(name.at, format!("field '{}' can not be filtered in a query call", leaf.name)));
                }
                Ok((Subject::Path(path), leaf, name.at))
            }
            ast::Subject::Call(call) => {
                Err(Refusal::malformed(call.at, "Aggregate expressions are only allowed in the HAVING clause of a query"))
            }
        };
        self.condition(condition, &mut subject, true)
    }

    /// A condition whose subjects are told by `subject`; `top`: it is not below OR or NOT.
    ///
    /// # Errors
    /// As [`Scope::filter`].
    pub fn condition(&self, condition: &Condition, subject: Subjects<'_>, top: bool) -> Parsed<Filter> {
        Ok(match condition {
            Condition::All(inner) => Filter::All(inner.iter().map(|inner| self.condition(inner, subject, top)).collect::<Parsed<_>>()?),
            Condition::Any(inner) => Filter::Any(inner.iter().map(|inner| self.condition(inner, subject, false)).collect::<Parsed<_>>()?),
            Condition::Not(inner) => Filter::Not(Box::new(self.condition(inner, subject, false)?)),
            Condition::Compare(comparison) => {
                let (subject, leaf, at) = subject(&comparison.subject)?;
                self.comparison(comparison, subject, &leaf, at, top)?
            }
        })
    }

    fn comparison(&self, given: &Comparison, subject: Subject, leaf: &Leaf, at: usize, top: bool) -> Parsed<Filter> {
        let invalid =
            |kind: &str| Refusal::new(given.operator_at, "INVALID_QUERY_FILTER_OPERATOR", format!("invalid operator on {kind} field"));
        let values = match &given.operand {
            Operand::One(literal) => std::slice::from_ref(literal),
            Operand::Many(literals) => literals.as_slice(),
            Operand::Rows(query) => {
                if !top {
                    return Err(Refusal::malformed(
                        given.operator_at,
                        "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.",
                    ));
                }
                let check = Check::Keys(self.sub_select(query, leaf, at)?);
                return Ok(negated(given.operator == Operator::NotIn, Filter::Test(subject, vec![check])));
            }
        };
        let text = Group::of(leaf.kind);
        let mut checks = Vec::new();
        let (mut texts, mut keys) = (Vec::new(), BTreeSet::new());
        for value in values {
            // Told only now: whatever is wrong with the form of the query comes first.
            if value.value == Given::Variable {
                return Err(Refusal::malformed(value.at, "Bind variables only allowed in Apex code"));
            }
            if given.operator == Operator::Like {
                match (text, &value.value) {
                    (Group::Text, Given::Text(quoted)) => checks.push(Check::Like(Pattern::new(quoted))),
                    (Group::Text, _) => return Err(Refusal::malformed(value.at, format!("unexpected token: '{}'", value.text))),
                    _ => return Err(invalid(text.name())),
                }
                continue;
            }
            let bound = self.bound(leaf, text, value)?;
            let side = match given.operator {
                Operator::Equal | Operator::Different | Operator::In | Operator::NotIn | Operator::Like => {
                    match bound {
                        Bound::Key(Key::Null) => checks.push(Check::Null),
                        Bound::Key(Key::Text(text)) => texts.push(text),
                        Bound::Key(key) => drop(keys.insert(key)),
                        Bound::Span(from, until) => checks.push(Check::Span(from, until)),
                    }
                    continue;
                }
                Operator::Less => Side::Less,
                Operator::AtMost => Side::AtMost,
                Operator::More => Side::More,
                Operator::AtLeast => Side::AtLeast,
            };
            if text == Group::Boolean {
                return Err(invalid("boolean"));
            }
            checks.push(match bound {
                Bound::Key(Key::Null) => return Err(Refusal::malformed(value.at, format!("unexpected token: '{}'", value.text))),
                Bound::Key(key) => Check::Range(side, key),
                Bound::Span(from, until) => match side {
                    Side::Less | Side::AtLeast => Check::Range(side, from),
                    Side::AtMost => Check::Range(Side::Less, until),
                    Side::More => Check::Range(Side::AtLeast, until),
                },
            });
        }
        if !texts.is_empty() {
            texts.sort_unstable();
            checks.push(Check::Texts(texts));
        }
        if !keys.is_empty() {
            checks.push(Check::Keys(keys));
        }
        Ok(negated(matches!(given.operator, Operator::Different | Operator::NotIn), Filter::Test(subject, checks)))
    }

    /// A value as the field's type has it.
    fn bound(&self, leaf: &Leaf, group: Group, literal: &Literal) -> Parsed<Bound> {
        let key =
            match (&literal.value, group) {
                (Given::Null, _) => Key::Null,
                // Salesforce stores no empty text.
                (Given::Text(quoted), Group::Text | Group::Id) if quoted.text.is_empty() => Key::Null,
                (Given::Text(quoted), Group::Text) => Key::Text(quoted.text.to_lowercase()),
                (Given::Text(quoted), Group::Id) => Key::Id(Id::parse(&quoted.text).ok_or_else(|| {
                    Refusal::new(literal.at, "INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {}", quoted.text))
                })?),
                (Given::Boolean(yes), Group::Boolean) => Key::Boolean(*yes),
                (Given::Number(number, _), Group::Double) | (Given::Number(number, Some(_)), Group::Int) => Key::Number(Number(*number)),
                (Given::Day(day), Group::Date) => Key::Day(*day),
                (Given::Moment(moment), Group::DateTime) => Key::Moment(*moment),
                (Given::Period(period), Group::Date) => {
                    let (from, until) = period.days(self.today());
                    return Ok(Bound::Span(Key::Day(from), Key::Day(until)));
                }
                (Given::Period(period), Group::DateTime) => {
                    let (from, until) = period.days(self.today());
                    return Ok(Bound::Span(Key::Moment(midnight(from)), Key::Moment(midnight(until))));
                }
                _ => {
                    let quotes = if matches!(group, Group::Text | Group::Id) { "should be" } else { "should not be" };
                    return Err(Refusal::field(
                        literal.at,
                        format!(
                            "value of filter criterion for field '{}' must be of type {} and {quotes} enclosed in quotes",
                            leaf.name,
                            group.name()
                        ),
                    ));
                }
            };
        Ok(Bound::Key(key))
    }

    /// The ids that a sub-select gives.
    fn sub_select(&self, query: &Query, leaf: &Leaf, at: usize) -> Parsed<BTreeSet<Key>> {
        if !matches!(leaf.kind, FieldKind::Id | FieldKind::Reference) {
            return Err(Refusal::field(
                at,
                format!("The left operand field in the where expression should be of type ID or reference: {}", leaf.name),
            ));
        }
        let plan = Plan::of(self.org, query, self.view, self.now_ms)?;
        let path = plan.only_reference().ok_or_else(|| {
            Refusal::malformed(query.from.at, "The inner select of a semi join must select exactly one field, of type ID or reference")
        })?;
        if leaf.kind == FieldKind::Id && plan.object == self.object.name {
            return Err(Refusal::malformed(query.from.at, "The inner and outer selects should not be on the same object type"));
        }
        let Some(view) = self.view else { return Ok(BTreeSet::new()) };
        Ok(plan.rows(view).into_iter().map(|row| Key::of(&view.value(row, path))).filter(|key| *key != Key::Null).collect())
    }
}

fn negated(not: bool, filter: Filter) -> Filter {
    if not { Filter::Not(Box::new(filter)) } else { filter }
}

/// A value to compare with.
enum Bound {
    /// One.
    Key(Key),
    /// From, until.
    Span(Key, Key),
}

/// Types that compare alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Group {
    Text,
    Id,
    Boolean,
    Int,
    Double,
    Date,
    DateTime,
}

impl Group {
    fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Id | FieldKind::Reference => Self::Id,
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Int => Self::Int,
            FieldKind::Double => Self::Double,
            FieldKind::Date => Self::Date,
            FieldKind::DateTime => Self::DateTime,
            _ => Self::Text,
        }
    }

    /// As errors call it.
    fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Id => "ID",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Double => "double",
            Self::Date => "date",
            Self::DateTime => "dateTime",
        }
    }
}

/// The day of a moment, in UTC.
#[must_use]
pub fn day_of(now_ms: u64) -> NaiveDate {
    i64::try_from(now_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default().date_naive()
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}
