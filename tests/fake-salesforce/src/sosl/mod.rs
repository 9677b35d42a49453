//! SOSL: parsed, checked against the schema, run over the org's search index.
//!
//! [`search`] reads what stands in the braces, [`statement`] the rest; fields, conditions and orders are those of [`crate::soql`].
//! [`parameterized`] is the same search asked by JSON.

pub mod parameterized;
pub mod search;
pub mod statement;

use serde_json::Value as Json;

use crate::{
    error::ApiError,
    org::{Context, Org, Row},
    schema::ObjectType,
    soql::{
        ast::{Name, Query},
        path::{View, readable},
        plan::{Output, Plan},
        refusal::{Parsed, Refusal},
        shape,
    },
};

use statement::Statement;

pub use parameterized::{metadata, parameterized};

/// Most rows of one search.
pub const MOST_ROWS: usize = 2_000;

/// Runs a search; gives the elements of `searchRecords`.
///
/// # Errors
/// `MALFORMED_SEARCH`, `INVALID_SEARCH`, `INVALID_TYPE`, `INVALID_FIELD` as Salesforce words them.
pub fn run(org: &Org, context: &Context, version: &str, text: &str) -> Result<Vec<Json>, ApiError> {
    statement::parse(text).and_then(|statement| answer(org, context, version, &statement)).map_err(|refusal| refusal.shown(text))
}

/// Runs a statement.
fn answer(org: &Org, context: &Context, version: &str, statement: &Statement) -> Parsed<Vec<Json>> {
    // The index alone tells which rows there are: it may know a deleted one a while longer.
    let view = View { org, user: context.user, all: true, now_ms: context.now_ms };
    let everything: Vec<Query>;
    let returning = if statement.returning.is_empty() {
        let searchable = org.objects().filter(|object| object.searchable && org.may_read(context.user, object));
        everything = searchable.map(|object| statement::ids_of(Name { text: object.name.to_owned(), at: 0 })).collect();
        &everything
    } else {
        &statement.returning
    };
    // Everything is checked before anything is searched.
    let mut plans: Vec<(&ObjectType, Plan, Option<usize>)> = Vec::new();
    for query in returning {
        let object =
            readable(org, Some(context.user), &query.from.text).ok_or_else(|| Refusal::no_object(query.from.at, &query.from.text))?;
        if !object.searchable {
            return Err(Refusal::new(
                query.from.at,
                "INVALID_TYPE_FOR_OPERATION",
                format!("entity type {} does not support search", object.name),
            ));
        }
        let mut plan = Plan::over(org, object, query, Some(view), context.now_ms)?;
        let own = plan.limit.take();
        plan.limit = Some(own.unwrap_or(MOST_ROWS).min(MOST_ROWS));
        plans.push((object, plan, own));
    }
    let found: Vec<Vec<&Row>> = plans
        .iter()
        .map(|(object, plan, _)| {
            let ids = statement.search.found(&|term| org.search(context.now_ms, object, statement.group, term));
            plan.pick(view, ids.iter().filter_map(|id| org.row(*id)))
        })
        .collect();
    let sizes: Vec<(usize, bool)> = plans.iter().zip(&found).map(|((_, _, own), rows)| (rows.len(), own.is_some())).collect();
    let shares = shares(&sizes, statement.limit.unwrap_or(MOST_ROWS).min(MOST_ROWS));
    let mut records = Vec::new();
    for (((_, plan, _), rows), share) in plans.iter().zip(found).zip(shares) {
        if let Output::Rows(shapes) = &plan.output {
            records.extend(rows.into_iter().take(share).map(|row| shape::row(view, version, row, shapes)));
        }
    }
    Ok(records)
}

/// How many rows each object may give: those with a limit of their own are served first and in order, the others share what is left evenly
/// (SOQL and SOSL reference, LIMIT: of 20, two objects give 10 each). `sizes`: how many were found, and whether there was an own limit.
fn shares(sizes: &[(usize, bool)], limit: usize) -> Vec<usize> {
    let mut left = limit;
    let mut shares: Vec<usize> = Vec::new();
    for (size, own) in sizes {
        let share = if *own { (*size).min(left) } else { 0 };
        left -= share;
        shares.push(share);
    }
    let sharing = sizes.iter().filter(|(size, own)| !own && *size > 0).count();
    // What cannot be split goes to the first.
    let mut odd = left.checked_rem(sharing).unwrap_or_default();
    for ((size, own), share) in sizes.iter().zip(&mut shares) {
        if !own && *size > 0 {
            *share = left.checked_div(sharing).unwrap_or_default() + usize::from(odd > 0);
            odd = odd.saturating_sub(1);
        }
    }
    shares
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod share_tests {
    use super::shares;

    #[test]
    fn an_overall_limit_is_split_evenly() {
        assert_eq!(shares(&[(19, false), (35, false)], 20), [10, 10]);
        assert_eq!(shares(&[(19, false), (35, false), (9, false)], 20), [7, 7, 6]);
        assert_eq!(shares(&[(0, false), (35, false)], 20), [0, 20]);
        assert!(shares(&[], 20).is_empty());
    }

    #[test]
    fn own_limits_are_served_first() {
        assert_eq!(shares(&[(200, false), (20, true)], 100), [80, 20]);
        assert_eq!(shares(&[(20, true), (20, true)], 30), [20, 10]);
    }
}
