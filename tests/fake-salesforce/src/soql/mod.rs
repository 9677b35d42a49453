//! SOQL: parsed, checked against the schema, run over the org.
//!
//! From text to answer: [`tokens`] cuts, [`grammar`] and [`condition`] read into [`ast`], [`path`] and [`bind`] check names and values
//! against the schema, [`plan`] finds rows, [`shape`] and [`grouping`] render them, [`refusal`] words what is wrong and where.
//! SOSL shares all but the first step.
//!
//! What is not in the grammar is refused with Salesforce's error: TYPEOF, functions of dates and places, `toLabel`, `FORMAT`,
//! ROLLUP and CUBE, USING SCOPE, WITH, several objects behind FROM.

pub mod ast;
pub mod bind;
pub mod columns;
pub mod condition;
pub mod filter;
pub mod grammar;
pub mod grouping;
pub mod path;
pub mod period;
pub mod plan;
pub mod refusal;
pub mod shape;
pub mod tokens;
pub mod user_record_access;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    error::ApiError,
    id::Id,
    org::{Context, Org},
};

use path::View;
use plan::{Output, Plan};

/// The answer of a query, still unrendered, so that a cursor over many rows is small.
#[derive(Clone, Debug)]
pub struct ResultSet {
    found: Found,
    plan: Arc<Plan>,
    user: Id,
    all: bool,
    now_ms: u64,
}

/// What a query found.
#[derive(Clone, Debug)]
enum Found {
    /// So many rows, none of which is shown.
    Count(usize),
    /// These rows.
    Rows(Arc<[Id]>),
    /// These lines of aggregates.
    Lines(Arc<[Json]>),
}

impl ResultSet {
    /// `totalSize`.
    #[must_use]
    pub fn total(&self) -> usize {
        match &self.found {
            Found::Count(count) => *count,
            _ => self.len(),
        }
    }

    /// How many records there are to page through (0 for `SELECT COUNT()`).
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.found {
            Found::Count(_) => 0,
            Found::Rows(ids) => ids.len(),
            Found::Lines(lines) => lines.len(),
        }
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records as JSON with their `attributes`, which name `version` (such as "66.0"). Values are those of this moment, as
    /// Salesforce's cursors too remember which rows there are and not what was in them.
    #[must_use]
    pub fn page(&self, org: &Org, version: &str, offset: usize, size: usize) -> Vec<Json> {
        match (&self.found, &self.plan.output) {
            (Found::Rows(ids), Output::Rows(shapes)) => {
                let view = View { org, user: self.user, all: self.all, now_ms: self.now_ms };
                let rows = ids.iter().skip(offset).take(size).filter_map(|id| org.row(*id));
                rows.map(|row| shape::row(view, version, row, shapes)).collect()
            }
            (Found::Lines(lines), _) => lines.iter().skip(offset).take(size).cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// Runs a query. `all`: `queryAll`, deleted rows included.
///
/// # Errors
/// `MALFORMED_QUERY`, `INVALID_TYPE`, `INVALID_FIELD` and the others as Salesforce words them.
pub fn run(org: &Org, context: &Context, text: &str, all: bool) -> Result<ResultSet, ApiError> {
    let view = View { org, user: context.user, all, now_ms: context.now_ms };
    let query = grammar::parse(text).map_err(|refusal| refusal.shown(text))?;
    if user_record_access::is_asked(&query) {
        let lines = user_record_access::lines(org, context.user, &query).map_err(|refusal| refusal.shown(text))?;
        let plan =
            Plan { object: user_record_access::NAME, filter: None, order: Vec::new(), limit: None, offset: 0, output: Output::Count };
        return Ok(ResultSet { found: Found::Lines(lines.into()), plan: Arc::new(plan), user: context.user, all, now_ms: context.now_ms });
    }
    let plan = Plan::of(org, &query, Some(view), context.now_ms).map_err(|refusal| refusal.shown(text))?;
    let found = match &plan.output {
        Output::Count => Found::Count(plan.rows(view).len()),
        Output::Rows(_) => Found::Rows(plan.rows(view).into_iter().map(|row| row.id).collect()),
        Output::Groups(grouping) => Found::Lines(grouping.lines(view, &plan).into()),
    };
    Ok(ResultSet { found, plan: Arc::new(plan), user: context.user, all, now_ms: context.now_ms })
}

/// The answer to `?columns=true`: `{"columnMetadata":[...]}`.
///
/// # Errors
/// As [`run`].
pub fn columns(org: &Org, text: &str) -> Result<Json, ApiError> {
    let query = grammar::parse(text).map_err(|refusal| refusal.shown(text))?;
    let plan = Plan::of(org, &query, None, 0).map_err(|refusal| refusal.shown(text))?;
    Ok(columns::metadata(org, &plan))
}

#[cfg(test)]
pub(crate) mod tests;
