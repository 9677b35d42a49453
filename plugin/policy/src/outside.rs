//! The outside parties of a call, one group for each number: the CRM is asked, and a page opened, once for a number.

use crate::contract::pbx::base::types::Number;
use crate::contract::pbx::hooks::calls::{Call, Party};
use crate::involvement::Member;

/// All parties of a call that have the same number.
pub struct Outside<'a> {
    /// The one that joined first; what is decided for the number is noted under its id.
    pub first: &'a Party,
    /// `first` and the later ones.
    pub all: Vec<&'a Party>,
}

/// The groups in the order in which their first party joined.
pub fn groups(call: &Call) -> Vec<Outside<'_>> {
    let mut groups: Vec<Outside<'_>> = Vec::new();
    for party in &call.parties {
        match groups.iter_mut().find(|group| same_number(&group.first.number, &party.number)) {
            Some(group) => group.all.push(party),
            None => groups.push(Outside { first: party, all: vec![party] }),
        }
    }
    groups
}

/// Numbers as the same call has them, so that equal texts are enough. Numbers that cannot be looked up are never the same:
/// two hidden callers are two people.
pub fn same_number(a: &Number, b: &Number) -> bool {
    !a.forms.is_empty() && a.forms == b.forms && a.local_only == b.local_only
}

impl Outside<'_> {
    /// Is this whom the call is about?
    pub fn is_main(&self) -> bool {
        self.all.iter().any(|party| party.main)
    }

    /// Whom the call is about concerns every bound extension that takes part; somebody who joined later only those who
    /// talk with them.
    pub fn concerns(&self, call: &Call, member: &Member<'_>) -> bool {
        self.is_main() || self.all.iter().any(|party| member.talked_with(call, party).is_some())
    }
}
