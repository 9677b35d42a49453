//! What waits or is dead at the host, as an administrator would see it.

use std::path::Path;

use pbx_crm_host::store::sqlite::{Database, ListFilter, State};

/// The calls for which something is not done, and how many of these things are dead.
pub fn unfinished(folder: &Path) -> (Vec<String>, usize) {
    let look = Database::look(&folder.join("pbx-crm.db")).unwrap_or_else(|why| panic!("{why}"));
    let filter = ListFilter { states: [State::Pending, State::Leased, State::Dead].into(), ..ListFilter::default() };
    let items = look.list(&filter, 0, usize::MAX).unwrap_or_else(|why| panic!("{why}"));
    let dead = items.iter().filter(|item| !item.progress.state.is_unfinished()).count();
    let mut calls: Vec<String> = items.into_iter().filter_map(|item| item.call).collect();
    calls.sort_unstable();
    calls.dedup();
    (calls, dead)
}
