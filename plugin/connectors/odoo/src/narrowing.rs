//! Odoo stores all rows of a request or none, and does not say reliably which of them it refused. Here the sound ones are stored nevertheless.

use std::collections::{BTreeMap, BTreeSet};

use pbx_connector_kit::types::Failure;

use crate::{
    json2::Exchange,
    judgement,
    load::{Loaded, Objection},
};

/// What became of each row: its id, or why it was refused. A row that is missing is undecided.
pub type Fates = BTreeMap<usize, Result<String, Failure>>;

/// Rows that are tried together.
struct Part {
    rows: Vec<usize>,
    /// A refusal may be believed as to which rows it is about: it has not been found wrong yet.
    believed: bool,
    /// The refusal named others, and in a way in which it does not err.
    sound: bool,
}

/// After so many errors Odoo looks no further.
const MOST_NAMED: usize = 10;

/// Stores these rows by `attempt`, as far as Odoo takes them. `refused`: what it said when all of them were tried.
///
/// The requests of a call may not suffice. The last of them tries a single row, or those that are sound for certain, so that each call decides something:
/// the same rows, tried again and again, come to an end.
pub fn store(
    exchange: &mut Exchange<'_>,
    rows: Vec<usize>,
    refused: Option<&[Objection]>,
    attempt: impl Fn(&mut Exchange<'_>, &[usize]) -> Result<Loaded, Failure>,
) -> Fates {
    let mut fates = Fates::new();
    let all = Part { rows, believed: true, sound: false };
    let mut parts = match refused {
        Some(objections) => split(all, objections),
        None => vec![all],
    };
    while let Some(part) = parts.pop() {
        let part = if exchange.left() == 1 && !part.sound { Part { rows: part.rows.into_iter().take(1).collect(), ..part } } else { part };
        if part.rows.is_empty() || exchange.left() == 0 {
            continue;
        }
        match attempt(exchange, &part.rows) {
            Ok(Loaded::All(ids)) => fates.extend(part.rows.into_iter().zip(ids.into_iter().map(Ok))),
            Ok(Loaded::None(objections)) if part.rows.len() == 1 => {
                let failure = judgement::of_row(objections.first());
                fates.extend(part.rows.into_iter().map(|row| (row, Err(failure.clone()))));
            }
            Ok(Loaded::None(objections)) => parts.extend(split(part, &objections)),
            // What comes after it would meet the same.
            Err(failure) => {
                fates.extend(part.rows.into_iter().map(|row| (row, Err(failure.clone()))));
                break;
            }
        }
    }
    fates
}

/// In reverse order: those that nothing was said against come first, the others one by one; halves where the refusal names all or none.
fn split(part: Part, objections: &[Objection]) -> Vec<Part> {
    let half = part.rows.len() / 2;
    let named: BTreeSet<usize> = objections.iter().filter_map(|objection| objection.row).filter(|row| *row < part.rows.len()).collect();
    if named.is_empty() || named.len() == part.rows.len() || !part.believed {
        let (first, second) = part.rows.split_at(half);
        return [second, first].map(|rows| Part { rows: rows.to_vec(), believed: part.believed, sound: false }).into();
    }
    let (mut others, mut alone) = (Vec::new(), Vec::new());
    for (place, row) in part.rows.into_iter().enumerate() {
        if named.contains(&place) {
            alone.push(Part { rows: vec![row], believed: true, sound: false });
        } else {
            others.push(row);
        }
    }
    alone.reverse();
    // If these are refused as well, the wrong ones were named.
    let sound = named.len() < MOST_NAMED && named.iter().any(|row| *row > 0);
    alone.push(Part { rows: others, believed: false, sound });
    alone
}
