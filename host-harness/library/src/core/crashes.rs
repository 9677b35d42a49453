//! A connector that crashes at one call after another, whatever it is asked, does so for a reason of its own, such as a bad update. It is asked no
//! more then, and its work waits for an administrator: else it would be buried piece by piece.
//!
//! One number, or one search, that a connector cannot stand is not that: its own work is buried after five crashes, and nobody who calls twice can
//! cut an office off from its CRM.

/// So many crashes in a row are the connector's own.
const IN_A_ROW: u32 = 5;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Crashes {
    in_a_row: u32,
    /// What the last one was about; none: about several things.
    about: Option<String>,
    /// Not all of them were about the same.
    differ: bool,
}

impl Crashes {
    /// A call crashed that was about one number or one search; none: about several. True: the connector crashes whatever it is asked.
    pub(super) fn one_more(&mut self, about: Option<String>) -> bool {
        self.differ |= about.is_none() || (self.in_a_row > 0 && self.about != about);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.about = about;
        self.in_a_row >= IN_A_ROW && self.differ
    }

    /// A call came to its end, or an administrator wants to begin anew.
    pub(super) fn none(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f31_five_in_a_row_about_different_things_are_the_connectors_own() {
        let mut crashes = Crashes::default();
        let judged: Vec<bool> = ["a", "a", "a", "b", "b"].iter().map(|what| crashes.one_more(Some((*what).to_owned()))).collect();
        assert_eq!(judged, [false, false, false, false, true]);
    }

    #[test]
    fn f31_one_number_is_not_and_a_call_that_ends_well_begins_anew() {
        let mut crashes = Crashes::default();
        for _ in 0..50 {
            assert!(!crashes.one_more(Some("+15550100".to_owned())));
        }
        crashes.none();
        for _ in 0..4 {
            assert!(!crashes.one_more(None));
        }
        assert!(crashes.one_more(Some("a".to_owned())), "several at once are not one number");
    }
}
