//! A connector that crashes at one call of a function after another, whatever it is about, does so for a reason of its own, such as a bad update. That
//! function is called no more then, and its work waits for an administrator: else it would be buried piece by piece. Other functions go on.
//!
//! One number that a connector cannot stand is not that: its own work is buried after five crashes, and nobody who calls twice can cut an office off
//! from its CRM. Calls about several things are parted to single ones, and those count.

use std::collections::{BTreeMap, BTreeSet};

/// So many crashes in a row are the connector's own.
const IN_A_ROW: u32 = 5;

/// Of one account.
#[derive(Debug, Default)]
pub(super) struct Crashes {
    in_a_row: BTreeMap<&'static str, Row>,
    ended: BTreeSet<String>,
}

/// Crashes of one function since it came to its end.
#[derive(Debug, Default)]
struct Row {
    count: u32,
    about: String,
    differ: bool,
}

impl Crashes {
    /// `ended`: functions that were given up before a restart.
    pub(super) fn new(ended: impl IntoIterator<Item = String>) -> Self {
        Self { in_a_row: BTreeMap::new(), ended: ended.into_iter().collect() }
    }

    /// A call crashed that was about one number; none: about several. True: the function is given up by this.
    pub(super) fn one_more(&mut self, function: &'static str, about: Option<String>) -> bool {
        let Some(about) = about else { return false };
        let row = self.in_a_row.entry(function).or_default();
        row.differ |= row.count > 0 && row.about != about;
        row.count = row.count.saturating_add(1);
        row.about = about;
        row.count >= IN_A_ROW && row.differ && self.ended.insert(function.to_owned())
    }

    /// A call came to its end.
    pub(super) fn none(&mut self, function: &str) {
        self.in_a_row.remove(function);
    }

    pub(super) fn has_ended(&self, function: &str) -> bool {
        self.ended.contains(function)
    }

    /// Functions that were given up.
    pub(super) fn ended(&self) -> Vec<String> {
        self.ended.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(what: &str) -> Option<String> {
        Some(what.to_owned())
    }

    #[test]
    fn f31_five_in_a_row_about_different_numbers_end_a_function_and_no_other() {
        let mut crashes = Crashes::default();
        let judged: Vec<bool> = ["a", "a", "a", "b", "b", "a"]
            .iter()
            .map(|what| {
                // Look-ups go on, and come to their end.
                crashes.none("find");
                crashes.one_more("write", about(what))
            })
            .collect();
        assert_eq!(judged, [false, false, false, false, true, false]);
        assert!(crashes.has_ended("write") && !crashes.has_ended("find"));
        assert!(Crashes::new(crashes.ended()).has_ended("write"), "a restart mends nothing");
    }

    #[test]
    fn f31_neither_one_number_nor_calls_about_several_end_it_and_a_call_that_ends_well_begins_anew() {
        let mut crashes = Crashes::default();
        for _ in 0..50 {
            assert!(!crashes.one_more("find", about("+15550100")));
            assert!(!crashes.one_more("find", None));
        }
        crashes.none("find");
        for what in ["a", "b", "c", "d"] {
            assert!(!crashes.one_more("find", about(what)));
        }
        assert!(crashes.one_more("find", about("e")));
    }
}
