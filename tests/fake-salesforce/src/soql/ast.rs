//! A query as it was written, before anybody asks whether its names exist.

use chrono::NaiveDate;

use super::{period::Period, tokens::Quoted};

/// A name, or a path with dots, and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// As written.
    pub text: String,
    /// First byte in the query.
    pub at: usize,
}

/// `SELECT ... FROM ...`
#[derive(Clone, Debug)]
pub struct Query {
    /// What is asked for.
    pub select: Vec<Selected>,
    /// Of which object (or, within another query, by which relationship).
    pub from: Name,
    /// `FROM Contact c`
    pub alias: Option<Name>,
    /// `WHERE`
    pub condition: Option<Condition>,
    /// `GROUP BY`
    pub group: Vec<Name>,
    /// `HAVING`
    pub having: Option<Condition>,
    /// `ORDER BY`
    pub order: Vec<Ordering>,
    /// `LIMIT`
    pub limit: Option<usize>,
    /// `OFFSET`
    pub offset: Option<(usize, usize)>,
}

/// One entry of the list after SELECT.
#[derive(Clone, Debug)]
pub enum Selected {
    /// A field, perhaps of a parent; with an alias in grouped queries.
    Field(Name, Option<Name>),
    /// `FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`
    Fields(Name),
    /// `COUNT()`
    Count(usize),
    /// `MAX(CreatedDate) newest`
    Aggregate(Call, Option<Name>),
    /// `(SELECT ... FROM Contacts)`
    Children(Box<Query>),
}

/// An aggregate function over a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which.
    pub function: Function,
    /// Over what.
    pub field: Name,
    /// As written.
    pub shown: String,
    /// Where it begins.
    pub at: usize,
}

/// Aggregate functions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Function {
    /// How many are not empty.
    Count,
    /// How many different ones.
    CountDistinct,
    /// The smallest.
    Min,
    /// The biggest.
    Max,
    /// All together.
    Sum,
    /// The mean.
    Avg,
}

/// `WHERE` and `HAVING`.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `AND`
    All(Vec<Condition>),
    /// `OR`
    Any(Vec<Condition>),
    /// `NOT`
    Not(Box<Condition>),
    /// A comparison.
    Compare(Comparison),
}

/// `Phone IN ('1', '2')`
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What is looked at.
    pub subject: Subject,
    /// How.
    pub operator: Operator,
    /// Where the operator stands.
    pub operator_at: usize,
    /// With what it is compared.
    pub operand: Operand,
}

/// What a comparison or an ordering looks at.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A field, or an alias.
    Field(Name),
    /// An aggregate.
    Call(Call),
}

/// Operators of comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`, `<>`
    Different,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `LIKE`
    Like,
    /// `IN`
    In,
    /// `NOT IN`
    NotIn,
}

/// The right side of a comparison.
#[derive(Clone, Debug)]
pub enum Operand {
    /// One value.
    One(Literal),
    /// A list.
    Many(Vec<Literal>),
    /// The rows of another query.
    Rows(Box<Query>),
}

/// A value as written.
#[derive(Clone, Debug)]
pub struct Literal {
    /// What it is.
    pub value: Given,
    /// As written.
    pub text: String,
    /// Where.
    pub at: usize,
}

/// Kinds of literals.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number; whole ones also as such.
    Number(f64, Option<i64>),
    /// In quotes.
    Text(Quoted),
    /// A day.
    Day(NaiveDate),
    /// Milliseconds since 1970.
    Moment(i64),
    /// `LAST_N_DAYS:2`
    Period(Period),
    /// `:name`, or a name where a value should be: a variable of Apex.
    Variable,
}

/// One entry of `ORDER BY`.
#[derive(Clone, Debug)]
pub struct Ordering {
    /// By what.
    pub subject: Subject,
    /// `DESC`
    pub descending: bool,
    /// `NULLS LAST`
    pub nulls_last: bool,
}
